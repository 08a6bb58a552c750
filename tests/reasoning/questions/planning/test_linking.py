"""Names in questions: whole, small, partial, misspelt."""

from __future__ import annotations

import pytest

from dovetail.reasoning.questions.planning.fact_view import FactView
from dovetail.reasoning.questions.planning.linking import NameFinder
from dovetail.reasoning.questions.planning.readings import readings_of
from tests.reasoning.questions.planning.films import film_graph


@pytest.fixture(scope="module")
def finder() -> NameFinder:
    graph = film_graph()
    return NameFinder(graph, FactView.of(graph))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Who directed Alien?", ["alien"]),
        ("who directed alien", ["alien"]),
        ("Which films did Ridley Scott direct?", ["ridley scott"]),
        ("Which films did Scott direct?", ["ridley scott"]),
        ("Which films did Ridly Scott direct?", ["ridley scott"]),
        ("Which is older, Alien or Gladiator?", ["alien", "gladiator"]),
        ("Which films did Hitchcock direct?", []),
    ],
)
def test_names_are_found(finder: NameFinder, question: str, names: list[str]) -> None:
    assert sorted(one.name for one in finder.mentions(question)) == names


def test_unknown_names_have_near_ones(finder: NameFinder) -> None:
    assert finder.near("Sigorney Weaver") == ["Sigourney Weaver"]


def test_each_name_in_turn_is_the_topic(finder: NameFinder) -> None:
    question = "Was Alien directed by Ridley Scott?"
    read = readings_of(question, finder.mentions(question))
    assert {(one.text, one.written) for one in read} == {
        ("Was [MASK] directed by [MASK]?", "Alien"),
        ("Was [MASK] directed by [MASK]?", "Ridley Scott"),
        ("Was [MASK] directed by [MASK]?", ""),
    }
