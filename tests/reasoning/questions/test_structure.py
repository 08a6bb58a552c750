"""Which names and words stand in which passages: what changed is read again, and nothing else makes a difference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg.passages import Passage
from dovetail.reasoning.questions.passages.structure import (
    NameGraph,
    build_structure,
    load_structure,
    save_structure,
    update_structure,
)


def passage(number: int, title: str, text: str) -> Passage:
    return Passage(number, f"d{number}", title, 0, len(text), text)


def names(graph: NameGraph, row: int, *, heads: bool = False) -> list[str]:
    at = slice(graph.held.starts[row], graph.held.starts[row + 1])
    return [graph.names[column] for column, head in zip(graph.held.columns[at], graph.heads[at], strict=True) if head or not heads]


def assert_same(one: NameGraph, other: NameGraph) -> None:
    assert one.names == other.names and one.known == other.known and one.words.labels == other.words.labels
    for part in ("passages", "prints", "documents", "heads", "proper"):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
    for mine, theirs in ((one.held, other.held), (one.words, other.words)):
        np.testing.assert_array_equal(mine.starts, theirs.starts)
        np.testing.assert_array_equal(mine.columns, theirs.columns)


STORY = [
    passage(1, "Jaws", "Jaws is a film by Steven Spielberg."),
    passage(2, "Steven Spielberg", "Steven Spielberg was born in Cincinnati."),
    passage(3, "", "Cincinnati is a city on the Ohio River."),
]


def test_a_title_heads_its_passage_and_so_does_the_name_that_one_without_opens_with() -> None:
    graph = build_structure(STORY)
    assert [names(graph, row, heads=True) for row in range(3)] == [["jaws"], ["steven spielberg"], ["cincinnati"]]
    assert names(graph, 1) == ["cincinnati", "steven spielberg"]


def test_without_titles_they_lead_nowhere() -> None:
    graph = build_structure([passage(1, "Bread", "It is made of flour.")], titles=False)
    assert graph.names == () and "bread" not in graph.words.labels


def test_a_name_that_the_graph_knows_is_found_written_small_if_it_has_several_words() -> None:
    graph = build_structure([passage(1, "", "it may cause lung cancer and gout")], ["lung cancer", "gout", "flu"])
    assert graph.names == ("lung cancer",) and graph.known == ("flu", "gout", "lung cancer")


def test_words_are_kept_without_their_endings() -> None:
    assert build_structure([passage(1, "", "he directed films")]).words.labels == ("direct", "film", "he")


TITLES = st.sampled_from(["", "Ann", "Bob Ann", "Dora", "Orff"])
TEXTS = st.lists(st.sampled_from(["Ann", "Bob", "Carl", "Orff", "of", "and", "met", "bobs", "went."]), max_size=6).map(" ".join)
PASSAGES = st.dictionaries(st.integers(1, 9), st.tuples(TITLES, TEXTS), max_size=5)


NAMES = st.sets(st.sampled_from(["bob", "carl orff", "met went", "nobody", "ann and bob"]))


@given(PASSAGES, PASSAGES, NAMES, NAMES)
@settings(max_examples=200, deadline=None)
def test_bringing_up_to_date_gives_what_building_anew_gives(
    before: dict[int, tuple[str, str]], after: dict[int, tuple[str, str]], known: set[str], since: set[str]
) -> None:
    old, new = ([passage(number, *some[number]) for number in sorted(some)] for some in (before, after))
    assert_same(update_structure(build_structure(old, known), new, since), build_structure(new, since))


@given(PASSAGES, st.sets(st.integers(1, 9)), st.tuples(TITLES, TEXTS))
@settings(max_examples=200, deadline=None)
def test_so_it_does_where_most_passages_stay(before: dict[int, tuple[str, str]], gone: set[int], added: tuple[str, str]) -> None:
    old = [passage(number, *before[number]) for number in sorted(before)]
    new = [one for one in old if one.id not in gone] + [passage(10, *added)]
    assert_same(update_structure(build_structure(old), new), build_structure(new))


def test_a_passage_that_no_change_concerns_is_not_read_again() -> None:
    marked = replace(graph := build_structure(STORY), heads=np.ones_like(graph.heads))
    updated = update_structure(marked, [*STORY, passage(4, "River", "A river.")])
    assert names(updated, 1, heads=True) == names(updated, 1) == ["cincinnati", "steven spielberg"]
    assert names(updated, 3, heads=True) == ["river"]


def test_a_saved_structure_comes_back_with_its_key(tmp_path: Path) -> None:
    path = tmp_path / "snapshot" / "names.npz"
    save_structure(build_structure(STORY), path, "r1")
    stored = load_structure(path)
    assert stored is not None and stored[1] == "r1"
    assert_same(stored[0], build_structure(STORY))
    path.write_bytes(b"damaged")
    assert load_structure(path) is None
    assert load_structure(tmp_path / "none.npz") is None


def test_an_empty_structure_is_one_as_well(tmp_path: Path) -> None:
    path = tmp_path / "names.npz"
    save_structure(build_structure([]), path, "r")
    stored = load_structure(path)
    assert stored is not None
    assert_same(stored[0], build_structure([]))
    assert_same(update_structure(stored[0], STORY), build_structure(STORY))
