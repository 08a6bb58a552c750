"""Retrieval in the tiny world: three searches, one order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dovetail.kg.passages import PassageIndex
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.passages.fusion import fit_logistic
from dovetail.reasoning.questions.passages.retrieval import Retriever, entity_names, structure_of
from tests.reasoning.tiny import TEXTS, WordCounter, world


def titles(retriever: Retriever, question: str) -> list[str]:
    return [scored.passage.title for scored in retriever.retrieve(question).passages]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Who married Marie Curie?", "Pierre Curie"),
        ("What is the capital of Poland?", "Warsaw"),
        ("What did Marie Curie discover?", "Marie Curie"),
    ],
)
def test_the_passage_that_answers_comes_first_or_second(question: str, first: str) -> None:
    graph, passages = world()
    assert first in titles(Retriever(graph, passages, WordCounter()), question)[:2]


def test_it_works_without_an_encoder_and_without_titles() -> None:
    graph, passages = world()
    assert "Warsaw" in titles(Retriever(graph, passages, None, titles=False), "Which city is on the Vistula?")


def test_an_empty_graph_finds_nothing() -> None:
    with KnowledgeGraph() as graph, PassageIndex(None) as passages:
        found = Retriever(graph, passages, WordCounter()).retrieve("Who discovered polonium?")
    assert found.passages == () and found.seeds == ()


def test_the_names_of_what_the_documents_say_the_kind_of() -> None:
    assert entity_names(world()[0]) == {"marie curie", "pierre curie", "warsaw", "poland"}


def test_the_structure_is_kept_beside_the_graph_until_it_moves(tmp_path: Path) -> None:
    with KnowledgeGraph.open(tmp_path / "g", create=True) as graph, PassageIndex(tmp_path / "g" / "passages" / "p.db") as passages:
        structure_of(graph, passages)
        kept = tmp_path / "g" / "snapshot" / "names.npz"
        before = kept.stat().st_mtime_ns
        structure_of(graph, passages)
        assert kept.stat().st_mtime_ns == before
        passages.remove(["anything"])
        structure_of(graph, passages)
        assert kept.stat().st_mtime_ns != before


def test_a_logistic_regression_finds_the_side_of_a_line() -> None:
    x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    weights, intercept = fit_logistic(x, np.array([0.0, 0.0, 1.0, 1.0]), weights=np.ones(4), ridge=0.1)
    assert weights[0] > 0 and abs(intercept) < 1e-6


@pytest.mark.parametrize("encoder", [WordCounter(), None])
def test_documents_can_be_left_out_as_if_they_were_not_there(encoder: WordCounter | None) -> None:
    graph, passages = world()
    question = "Who married Marie Curie in Warsaw?"
    found = Retriever(graph, passages, encoder).retrieve(question, without=frozenset({"tiny#Pierre Curie", "tiny#Warsaw", "tiny#none"}))
    assert [scored.passage.title for scored in found.passages] == ["Marie Curie"]
    assert [seed.name for seed in found.seeds] == ["marie curie", "warsaw"]
    found = Retriever(graph, passages, encoder).retrieve(question, without=frozenset(f"tiny#{title}" for title in TEXTS))
    assert found.passages == () and found.seeds == ()


def test_the_vector_of_the_question_may_come_from_the_caller() -> None:
    graph, passages = world()
    question = "Who married Marie Curie?"
    [vector] = WordCounter().encode([question])
    given = Retriever(graph, passages, None).retrieve(question, vector=vector)
    assert given == Retriever(graph, passages, WordCounter()).retrieve(question)
