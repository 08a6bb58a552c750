"""What one passage adds to another: the name they share, and the words of the question that the other lacks."""

from __future__ import annotations

import numpy as np
import pytest

from dovetail.kg.passages import Passage
from dovetail.reasoning.questions.passages.fusion import best_partner
from dovetail.reasoning.questions.passages.hops import PAIR_FEATURES, Asked, Partners, partner_features
from dovetail.reasoning.questions.passages.structure import build_structure

TEXTS = [
    ("a", "Jaws", "Jaws is a film directed by Steven Spielberg."),
    ("b", "Steven Spielberg", "Steven Spielberg was born in Cincinnati."),
    ("c", "Bread", "Bread was born of flour."),
    ("a", "Jaws", "The music of Jaws was born later."),
]
GRAPH = build_structure([Passage(i + 1, document, title, i, i + len(text), text) for i, (document, title, text) in enumerate(TEXTS)])


def asked(names: list[str], words: list[str]) -> Asked:
    columns = [GRAPH.words.labels.index(word) for word in words]
    return Asked(np.array([GRAPH.names.index(name) for name in names]), np.array(columns), np.full(len(words), 1 / len(words)))


def beside_jaws(candidate: int) -> dict[str, float]:
    partners = partner_features(GRAPH, asked(["jaws"], ["direct", "born"]), np.arange(4), np.array([2.0, 1.0, 0.0, 0.0]))
    assert partners.features.shape == (4, 4, len(PAIR_FEATURES))
    assert not partners.valid.diagonal().any() and partners.valid.sum() == 12
    return dict(zip(PAIR_FEATURES, partners.features[candidate, 0].tolist(), strict=True))


def test_a_passage_about_a_name_that_the_partner_has_and_the_question_has_not() -> None:
    pair = beside_jaws(1)
    assert pair["link"] == pair["is named there"] > 0 and pair["names it"] == 0
    assert pair["adds"] == pytest.approx(0.5) and pair["adds, linked"] == pytest.approx(0.5 * pair["link"])


def test_a_passage_with_words_of_the_question_and_no_name_in_common() -> None:
    pair = beside_jaws(2)
    assert pair["link"] == 0 and pair["adds"] == pytest.approx(0.5)


def test_a_passage_of_the_same_document_is_only_that() -> None:
    pair = beside_jaws(3)
    assert pair["same document"] == 1 and pair["adds"] == 0 and pair["link"] == 0


def test_no_candidates_have_no_partners() -> None:
    empty = build_structure([])
    partners = partner_features(empty, Asked(*(np.zeros(0, dtype=np.int64),) * 2, np.zeros(0)), np.zeros(0, dtype=np.int64), np.zeros(0))
    assert best_partner(partners, np.zeros(len(PAIR_FEATURES))).shape == (0,)


def test_the_best_partner_counts_and_none_is_worth_nothing() -> None:
    features = np.array([[[30.0], [1.0]], [[-30.0], [99.0]]])
    worth = best_partner(Partners(features, np.array([[True, True], [True, False]])), np.array([1.0]))
    assert worth == pytest.approx([30.0, 0.0])
