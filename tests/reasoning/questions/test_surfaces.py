"""Names as they are written: one normal form, the longest known name at each place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dovetail.reasoning.questions.surfaces import NameTable, lead_name, normal_name, proper_names, proper_spans, title_names


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("The  Beatles", "beatles"),
        ("Café Müller", "cafe muller"),
        ("St. Maurice's Abbey", "st maurice s abbey"),
        ("A-ha", "ha"),
        ("The", "the"),
        ("!!!", ""),
        ("北京", "北京"),
        ("Kenneth_Peach", "kenneth peach"),
    ],
)
def test_normal_name(name: str, normal: str) -> None:
    assert normal_name(name) == normal


@given(st.text(max_size=30))
def test_a_normal_form_has_no_space_around_it_nor_two_together(name: str) -> None:
    assert normal_name(name) == " ".join(normal_name(name).split())


@pytest.mark.parametrize(
    ("title", "names"),
    [("Mercury (planet)", ["mercury planet", "mercury"]), ("Paris", ["paris"]), ("", []), ("(Untitled)", ["untitled"])],
)
def test_title_names(title: str, names: list[str]) -> None:
    assert title_names(title) == names


TABLE = NameTable(["new york", "new york times", "york", "who", "chicago"])


@pytest.mark.parametrize(
    ("text", "lower", "found"),
    [
        ("He read the New York Times in York.", False, ["new york times", "york"]),
        ("he lives in new york", False, []),
        ("he lives in new york", True, ["new york"]),
        ("Who was it?", True, []),
        ("From Chicago, by New York", False, ["chicago", "new york"]),
    ],
)
def test_the_longest_known_name_at_each_place(text: str, lower: bool, found: list[str]) -> None:
    occurrences = TABLE.occurrences(text, lower=lower)
    assert [o.name for o in occurrences] == found
    assert all(normal_name(text[o.start : o.end]) == o.name for o in occurrences)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("It was the Bank of England.", ["bank of england"]),
        ("She met Ludwig van Beethoven there.", ["ludwig van beethoven"]),
        ("Nothing here. Really.", []),
        ("In the end, Ørsted won.", ["ørsted"]),
    ],
)
def test_proper_names(text: str, names: list[str]) -> None:
    assert list(proper_names(text)) == names
    assert [normal_name(text[start:end]) for start, end in proper_spans(text)] == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Jaws is a film.", "jaws"),
        ("The Salt March, also known as the Dandi March, was a march.", "salt march"),
        ("In 1930 he left Paris.", None),
        ("it rained", None),
        ("", None),
        ("During the war Ann Bell sang.", None),
    ],
)
def test_the_name_that_a_text_opens_with(text: str, name: str | None) -> None:
    assert lead_name(text) == name


def test_names_joined_by_underscores_are_found_as_words() -> None:
    assert [o.name for o in NameTable(["kenneth peach"]).occurrences("Who married Kenneth_Peach?")] == ["kenneth peach"]
