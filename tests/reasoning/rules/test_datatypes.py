"""What literals denote."""

from __future__ import annotations

from decimal import Decimal

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dovetail.reasoning.rules.profiles.datatypes import DATATYPES, RDF, RDFS, XSD, Value, disjoint, holds, includes, value_of

INTEGERS = [XSD + name for name in "integer long int short byte unsignedInt unsignedByte positiveInteger nonPositiveInteger".split()]


def literal(text: str) -> ox.Literal:
    lexical, _, name = text.rpartition("^^")
    space = RDF if name in ("JSON", "XMLLiteral") else XSD
    return ox.Literal(lexical, datatype=ox.NamedNode(space + name))


@pytest.mark.parametrize(
    "texts",
    [
        "10^^integer 010^^byte +10.0^^decimal",
        "1^^boolean true^^boolean",
        "0a^^hexBinary 0A^^hexBinary",
        "1E400^^double INF^^double",
        "2000-01-01T00:00:00Z^^dateTime 2000-01-01T00:00:00.0+00:00^^dateTimeStamp 1999-12-31T24:00:00Z^^dateTime",
        "a^^string a^^token a^^NCName",
        "<a/>^^XMLLiteral <a></a>^^XMLLiteral",
        '[1,"x"]^^JSON [1.0,"\\u0078"]^^JSON',
    ],
)
def test_same_value(texts: str) -> None:
    values = {value_of(literal(text)) for text in texts.split()}
    assert len(values) == 1 and None not in values


@pytest.mark.parametrize(
    "texts",
    [
        "1^^integer 1^^float 1^^double 1^^string 1^^boolean 1^^anyURI",
        "0^^double -0^^double",
        "ab^^hexBinary ab==^^base64Binary ab^^string",
        "2000-01-01T00:00:00Z^^dateTime 2000-01-01T00:00:00^^dateTime 2000-01-01T01:00:00+01:00^^dateTime",
        '[1,2]^^JSON [2,1]^^JSON "1"^^JSON 1^^JSON true^^JSON "True"^^JSON null^^JSON 0^^JSON -0^^JSON',
    ],
)
def test_different_values(texts: str) -> None:
    values = {value_of(literal(text)) for text in texts.split()}
    assert len(values) == len(texts.split()) and None not in values


@pytest.mark.parametrize(
    "text",
    [
        " 3 ^^int",
        "3.0^^integer",
        "128^^byte",
        "-1^^nonNegativeInteger",
        "1e3^^decimal",
        "inf^^double",
        "TRUE^^boolean",
        "abc^^hexBinary",
        "a^^base64Binary",
        "a b ^^token",
        "1a^^Name",
        "a:b^^NCName",
        "en-^^language",
        "2001-02-29T00:00:00^^dateTime",
        "2000-01-01T00:00:00^^dateTimeStamp",
        "2000-01-01T24:00:01Z^^dateTime",
        "\x00^^string",
        "<a>^^XMLLiteral",
        "<!DOCTYPE a><a/>^^XMLLiteral",
        "[1,]^^JSON",
        "NaN^^JSON",
        "[" * 100_000 + "^^JSON",
    ],
    ids=lambda text: text[:30].encode("unicode_escape").decode(),
)
def test_denotes_nothing(text: str) -> None:
    assert value_of(literal(text)) is None


def test_language_tags() -> None:
    chat = [value_of(ox.Literal("chat", language=tag)) for tag in ("en", "EN", "fr")]
    assert chat[0] == chat[1] != chat[2]
    assert chat[0] is not None and holds(RDF + "langString", chat[0]) and holds(XSD + "string", chat[0]) is False
    assert holds(RDF + "PlainLiteral", chat[0]) and holds(RDFS + "Literal", chat[0])
    assert disjoint([RDF + "langString", RDF + "dirLangString"])


@given(st.sampled_from(INTEGERS), st.integers(-(2**65), 2**65))
def test_integers_are_held_between_bounds(datatype: str, number: int) -> None:
    value: Value = ("decimal", Decimal(number))
    read = value_of(ox.Literal(str(number), datatype=ox.NamedNode(datatype)))
    assert read == (value if holds(datatype, value) else None)


@given(st.sets(st.sampled_from(sorted(DATATYPES)), min_size=1, max_size=3), st.sampled_from(sorted(DATATYPES)), st.integers(-300, 300))
def test_a_value_of_all_parts_is_of_the_whole(parts: set[str], whole: str, number: int) -> None:
    """Laws of includes and disjoint, tried on a number and on its text."""
    for value in (("decimal", Decimal(number)), ("string", str(number)), ("string", f"n{number}")):
        if all(holds(part, value) for part in parts):
            assert not disjoint(parts)
            assert holds(whole, value) or not includes(whole, parts)
