"""Literals in text: a table of what is found, and the laws of their offsets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dovetail.nlp.literals import find_literals

TABLE = Path(__file__).parents[1] / "tables" / "literals.txt"


def rows() -> list[tuple[str, str]]:
    lines = TABLE.read_text("utf-8").splitlines()
    pairs = (line.split("⇒") for line in lines if line and not line.startswith("#"))
    return [(text.strip(), expected.strip()) for text, expected in pairs]


@pytest.mark.parametrize(("text", "expected"), rows())
def test_table(text: str, expected: str) -> None:
    found = []
    for m in find_literals(text):
        datatype = str(m.value.datatype).replace("#", ":").rsplit(":", 1)[-1]
        found.append("|".join([text[m.start : m.end], m.kind, str(m.value), datatype, m.unit or ""]))
    assert " ; ".join(found) == expected


PIECES = st.sampled_from(
    "1867 7 44 US$5 CHF4 3.5 1,000 0 00 99999 November may Feb. BC AD - – / . , : ( ) $ € US$ % km °C million dozen hundred three"
    " twenty a half and one years hours s m USD dollars ٣ ² \n th + é".split(" ")
)
PROSE = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join), st.lists(PIECES, max_size=12).map(" ".join))


@given(PROSE)
def test_mentions_are_inside_the_text_in_order_and_apart(text: str) -> None:
    end = 0
    for mention in find_literals(text):
        assert end <= mention.start < mention.end <= len(text)
        assert text[mention.start : mention.end].strip() == text[mention.start : mention.end]
        assert mention.value.ill_typed is not True
        end = mention.end


def test_hostile_text_is_read_in_linear_time() -> None:
    scales = ("5 million" + " million" * 5_000, "hundred " * 5_000, "twenty million " * 2_000)
    digits = ("1 " * 5_000, "9" * 100_000, "1-" * 50_000, "$" * 100_000)
    for text in (*scales, *digits, "one " * 5_000, "5" + " " * 100_000 + "km"):
        find_literals(text)
