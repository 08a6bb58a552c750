"""The walk over names: chances sum to 1, it reaches what a name leads to, and its structure is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg.passages import Passage
from dovetail.reasoning.questions.passages.walk import (
    NameGraph,
    build_structure,
    load_structure,
    personalised_pagerank,
    save_structure,
    transitions,
)

STORY = [
    ("Jaws", "Jaws is a film by Steven Spielberg."),
    ("Steven Spielberg", "Steven Spielberg was born in Cincinnati."),
    ("Cincinnati", "Cincinnati is a city on the Ohio River."),
    ("Bread", "Bread is made of flour."),
]


def graph(rows: list[tuple[str, str]], *, titles: bool = True) -> NameGraph:
    passages = [Passage(i + 1, f"d{i}", title, 0, len(text), text) for i, (title, text) in enumerate(rows)]
    return build_structure(passages, {}, titles=titles)


def test_a_walk_from_a_name_follows_the_names_in_passages() -> None:
    structure = graph(STORY)
    seeds = np.array([1.0 if name == "jaws" else 0.0 for name in structure.names])
    found, _ = personalised_pagerank(transitions(structure), np.zeros(4), seeds)
    assert np.argsort(-found).tolist()[:3] == [0, 1, 2]
    assert found[3] == 0


def test_without_titles_they_lead_nowhere() -> None:
    assert "jaws" in graph(STORY).names
    assert "bread" not in graph(STORY, titles=False).names


def test_mentions_known_to_the_graph_are_names() -> None:
    passage = Passage(9, "d", "", 0, 20, "he wrote it in prose")
    assert build_structure([passage], {9: ["The Prose Edda"]}).names == ("prose edda",)


TEXT = st.lists(st.sampled_from(["Ann", "Bob", "Carl Orff", "and", "met", "went."]), max_size=6).map(" ".join)


@given(st.lists(st.tuples(st.sampled_from(["", "Ann", "Bob", "Dora"]), TEXT), min_size=1, max_size=6), st.data())
@settings(max_examples=60, deadline=None)
def test_the_chances_of_a_walk_sum_to_one(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    structure = graph(rows)
    weights = st.floats(0, 5)
    passages = np.array(data.draw(st.lists(weights, min_size=len(rows), max_size=len(rows))))
    names = np.array(data.draw(st.lists(weights, min_size=len(structure.names), max_size=len(structure.names))))
    at_passages, at_names = personalised_pagerank(transitions(structure), passages, names)
    assert (at_passages >= 0).all() and (at_names >= 0).all()
    expected = 1.0 if passages.sum() + names.sum() > 0 else 0.0
    assert at_passages.sum() + at_names.sum() == pytest.approx(expected)


def test_a_saved_structure_comes_back_for_the_same_key_only(tmp_path: Path) -> None:
    structure = graph(STORY)
    path = tmp_path / "snapshot" / "names.npz"
    save_structure(structure, path, "r1")
    again = load_structure(path, "r1")
    assert again is not None and again.names == structure.names
    np.testing.assert_array_equal(again.forward, structure.forward)
    assert load_structure(path, "r2") is None
    path.write_bytes(b"damaged")
    assert load_structure(path, "r1") is None
    assert load_structure(tmp_path / "none.npz", "r1") is None
