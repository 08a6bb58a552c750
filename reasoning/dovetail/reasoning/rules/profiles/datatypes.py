"""What literals denote: the datatypes of OWL 2 RL, rdf:XMLLiteral and rdf:JSON, with the values that each holds.

Two literals denote the same exactly if their values are equal; a value names its space, so 1 as a decimal, a double
and a string are three values. Lexical forms are read as they are: " 3 " is no xsd:int.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import pyoxigraph as ox

from dovetail.reasoning.rules.profiles.lexical import (
    DECIMAL,
    FLOATING,
    NAME,
    NAME_START,
    TEXT,
    base64_bytes,
    canonical_xml,
    date_time,
    double,
    fits,
    json_value,
    no_lexical_form,
    reader,
    single,
)

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"

Value: TypeAlias = tuple[str, Hashable]
"""A value space by name, and the value in it."""


@dataclass(frozen=True, slots=True)
class Datatype:
    """What a datatype holds: the values of one space that lie in ``low``..``high`` and that ``holds`` accepts.

    ``read`` takes a lexical form to the value, or raises `ValueError`. ``parents`` are the datatypes of the same space
    that hold all its values; for numbers the bounds say that too.
    """

    space: str
    read: Callable[[str], Hashable]
    holds: Callable[[Hashable], bool] = lambda _: True
    parents: frozenset[str] = frozenset()
    low: Decimal = Decimal("-Infinity")
    high: Decimal = Decimal("Infinity")
    whole: bool = False


def value_of(literal: ox.Literal) -> Value | None:
    """What the literal denotes, None where its lexical form is not one of its datatype; opaque if the datatype is unknown.

    >>> def value(text, datatype):
    ...     return value_of(ox.Literal(text, datatype=ox.NamedNode(XSD + datatype)))
    >>> value("010", "integer") == value("10.0", "decimal"), value(" 3 ", "int")
    (True, None)
    """
    if literal.language is not None:
        space = "langString" if literal.direction is None else "dirLangString"
        return space, (literal.value, literal.language.lower(), str(literal.direction))
    datatype = DATATYPES.get(literal.datatype.value)
    if datatype is None:
        return opaque(literal)
    try:
        value = datatype.read(literal.value)
    except ValueError:
        return None
    return (datatype.space, value) if _holds(datatype, value) else None


def opaque(literal: ox.Literal) -> Value:
    """The value of a literal of which nothing is known but its text."""
    return ("", (literal.value, literal.datatype.value))


def holds(datatype: str, value: Value) -> bool | None:
    """Whether the datatype with this IRI holds the value; None where that is unknown.

    >>> holds(XSD + "byte", ("decimal", Decimal(200)))
    False
    """
    space, inner = value
    if datatype == RDFS + "Literal":
        return True
    if not space or datatype not in DATATYPES.keys() | _UNIONS.keys():
        return None
    if datatype in _UNIONS:
        return space in _UNIONS[datatype]
    known = DATATYPES[datatype]
    return known.space == space and _holds(known, inner)


def _holds(datatype: Datatype, value: Hashable) -> bool:
    if isinstance(value, Decimal):
        return datatype.low <= value <= datatype.high and (not datatype.whole or value == value.to_integral_value())
    return datatype.holds(value)


def is_datatype(iri: str) -> bool:
    """Whether this is a datatype whose values are known.

    >>> is_datatype(XSD + "byte"), is_datatype("urn:shoe-size")
    (True, False)
    """
    return iri in DATATYPES or iri in _UNIONS


def disjoint(datatypes: Collection[str]) -> bool:
    """Whether no value is in all of these known datatypes.

    >>> disjoint([XSD + "string", XSD + "integer"]), disjoint([XSD + "byte", XSD + "positiveInteger"])
    (True, False)
    """
    spaces = [_UNIONS.get(iri) or {DATATYPES[iri].space} for iri in datatypes]
    numbers = [DATATYPES[iri] for iri in datatypes if iri in DATATYPES and DATATYPES[iri].space == "decimal"]
    low, high, _ = _bounds(numbers)
    return not frozenset.intersection(*map(frozenset, spaces)) or low > high


def includes(datatype: str, parts: Iterable[str]) -> bool:
    """Whether every value that is in all of ``parts`` is in ``datatype``; all are known datatypes.

    >>> includes(XSD + "unsignedShort", [XSD + "short", XSD + "unsignedInt"])
    True
    """
    parts = list(parts)
    if datatype in parts or datatype == RDFS + "Literal" or disjoint(parts):
        return True
    known = [DATATYPES[iri] for iri in parts if iri in DATATYPES]
    if datatype in _UNIONS:
        return any(part.space in _UNIONS[datatype] for part in known)
    whole = DATATYPES[datatype]
    if whole.space == "decimal":
        numbers = [part for part in known if part.space == "decimal"]
        low, high, integral = _bounds(numbers)
        return bool(numbers) and whole.low <= low and high <= whole.high and (integral or not whole.whole)
    return any(datatype in part.parents for part in known)


def _bounds(numbers: Collection[Datatype]) -> tuple[Decimal, Decimal, bool]:
    low = max((part.low for part in numbers), default=Decimal("-Infinity"))
    high = min((part.high for part in numbers), default=Decimal("Infinity"))
    return low, high, any(part.whole for part in numbers)


# ---- The datatypes


def _integer(low: int | None = None, high: int | None = None) -> Datatype:
    return Datatype(
        "decimal",
        reader(r"[+-]?[0-9]+", Decimal),
        low=Decimal("-Infinity") if low is None else Decimal(low),
        high=Decimal("Infinity") if high is None else Decimal(high),
        whole=True,
    )


def _string(pattern: str, *parents: str) -> Datatype:
    return Datatype("string", reader(TEXT, str), fits(pattern), frozenset(XSD + parent for parent in parents))


_OF_XSD = {
    "decimal": Datatype("decimal", reader(DECIMAL, Decimal)),
    "integer": _integer(),
    "nonNegativeInteger": _integer(0),
    "nonPositiveInteger": _integer(None, 0),
    "positiveInteger": _integer(1),
    "negativeInteger": _integer(None, -1),
    "long": _integer(-(2**63), 2**63 - 1),
    "int": _integer(-(2**31), 2**31 - 1),
    "short": _integer(-(2**15), 2**15 - 1),
    "byte": _integer(-(2**7), 2**7 - 1),
    "unsignedLong": _integer(0, 2**64 - 1),
    "unsignedInt": _integer(0, 2**32 - 1),
    "unsignedShort": _integer(0, 2**16 - 1),
    "unsignedByte": _integer(0, 2**8 - 1),
    "float": Datatype("float", reader(FLOATING, single)),
    "double": Datatype("double", reader(FLOATING, double)),
    "boolean": Datatype("boolean", reader("true|false|1|0", lambda text: text in ("true", "1"))),
    "hexBinary": Datatype("hexBinary", reader(r"(?:[0-9a-fA-F]{2})*", bytes.fromhex)),
    "base64Binary": Datatype("base64Binary", reader(r"[A-Za-z0-9+/= ]*", base64_bytes)),
    "anyURI": Datatype("anyURI", reader(TEXT, str)),
    "dateTime": Datatype("dateTime", date_time),
    "dateTimeStamp": Datatype(
        "dateTime",
        date_time,
        lambda moment: isinstance(moment, tuple) and moment[-1] is not None,
        frozenset({XSD + "dateTime"}),
    ),
    "string": Datatype("string", reader(TEXT, str)),
    "normalizedString": _string(r"[^\t\n\r]*", "string"),
    "token": _string(r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?", "string", "normalizedString"),
    "language": _string(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*", "string", "normalizedString", "token", "NMTOKEN"),
    "NMTOKEN": _string(f"[:{NAME}]+", "string", "normalizedString", "token"),
    "Name": _string(f"[:{NAME_START}][:{NAME}]*", "string", "normalizedString", "token", "NMTOKEN"),
    "NCName": _string(f"[{NAME_START}][{NAME}]*", "string", "normalizedString", "token", "NMTOKEN", "Name"),
}

DATATYPES = {XSD + name: datatype for name, datatype in _OF_XSD.items()} | {
    RDF + "langString": Datatype("langString", no_lexical_form),
    RDF + "dirLangString": Datatype("dirLangString", no_lexical_form),
    RDF + "XMLLiteral": Datatype("XMLLiteral", canonical_xml),
    RDF + "JSON": Datatype("JSON", json_value),
}
"""The known datatypes by IRI."""

_UNIONS = {
    RDF + "PlainLiteral": frozenset({"string", "langString"}),
    RDFS + "Literal": frozenset(datatype.space for datatype in DATATYPES.values()),
}
