"""Evaluation asks each question twice: as it is, and without the documents that support its answer."""

from __future__ import annotations

from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.corpus import Question
from dovetail.reasoning.questions.evaluate import documents_ranked, evaluate_questions
from tests.reasoning.tiny import WordCounter, world

QUESTIONS = [
    Question("1", "Where was Marie Curie born?", ("Warsaw",), frozenset({"Marie Curie"}), ""),
    Question("2", "Who married Marie Curie?", ("Pierre Curie",), frozenset({"Pierre Curie"}), ""),
]


def asker() -> Asker:
    return Asker(*world(), WordCounter())


def test_answers_are_surer_than_where_their_documents_are_left_out() -> None:
    metrics = evaluate_questions(QUESTIONS, asker(), name="tiny").metrics
    assert metrics["abstention_auroc"] == 1.0
    assert metrics["recall@5"] == metrics["all@5"] == 1.0


def test_questions_whose_documents_are_unknown_are_asked_once() -> None:
    alone = [Question(one.id, one.question, one.answers, frozenset(), "") for one in QUESTIONS]
    metrics = evaluate_questions(alone, asker(), name="tiny").metrics
    assert "abstention_auroc" not in metrics and "recall@5" not in metrics


def test_documents_come_once_best_first() -> None:
    ranked = documents_ranked(asker(), "Where was Marie Curie born?")
    assert ranked[0] == "Marie Curie" and sorted(ranked) == sorted(set(ranked))
