"""The walk over names: chances sum to 1, it reaches what a name leads to, and passages can be left out of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg.passages import Passage
from dovetail.reasoning.questions.passages.structure import NameGraph, build_structure
from dovetail.reasoning.questions.passages.walk import personalised_pagerank, transitions, without_passages

STORY = [
    ("Jaws", "Jaws is a film by Steven Spielberg."),
    ("Steven Spielberg", "Steven Spielberg was born in Cincinnati."),
    ("Cincinnati", "Cincinnati is a city on the Ohio River."),
    ("Bread", "Bread is made of flour."),
]


def graph(rows: list[tuple[str, str]]) -> NameGraph:
    return build_structure([Passage(i + 1, f"d{i}", title, 0, len(text), text) for i, (title, text) in enumerate(rows)])


def seeds(structure: NameGraph, *names: str) -> np.ndarray:
    return np.array([float(name in names) for name in structure.names])


def test_a_walk_from_a_name_follows_the_names_in_passages() -> None:
    structure = graph(STORY)
    found, _ = personalised_pagerank(transitions(structure), np.zeros(4), seeds(structure, "jaws"))
    assert np.argsort(-found).tolist()[:3] == [0, 1, 2]
    assert found[3] == 0


def test_a_passage_left_out_is_not_reached_nor_what_only_it_leads_to() -> None:
    structure = graph(STORY)
    steps = without_passages(transitions(structure), np.array([True, False, True, True]))
    found, _ = personalised_pagerank(steps, np.zeros(4), seeds(structure, "jaws"))
    assert found[0] > 0 and found[1:].tolist() == [0, 0, 0]


TEXT = st.lists(st.sampled_from(["Ann", "Bob", "Carl Orff", "and", "met", "went."]), max_size=6).map(" ".join)
ROWS = st.lists(st.tuples(st.sampled_from(["", "Ann", "Bob", "Dora"]), TEXT), min_size=1, max_size=6)


@given(ROWS, st.data())
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
