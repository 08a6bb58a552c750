"""Measures, against values worked out by hand."""

from __future__ import annotations

import pytest

from dovetail.reasoning.questions.metrics import answer_f1, auroc, calibration_error, exact_match, normal_answer, recall_at


@pytest.mark.parametrize(
    ("text", "normal"),
    [("The Beatles", "beatles"), ("  a  man, a plan ", "man plan"), ("U.S.", "us"), ("Anthem", "anthem"), ("", ""), ("1,000", "1000")],
)
def test_normal_answer(text: str, normal: str) -> None:
    assert normal_answer(text) == normal


@pytest.mark.parametrize(
    ("answer", "gold", "em", "f1"),
    [
        ("Paris", ["paris."], 1, 1),
        ("the city of Paris", ["Paris"], 0, 0.5),
        ("Paris", ["London", "Paris, France"], 0, 2 / 3),
        ("Rome", ["Paris"], 0, 0),
        ("", ["Paris"], 0, 0),
        ("Paris", [], 0, 0),
    ],
)
def test_exact_match_and_f1(answer: str, gold: list[str], em: float, f1: float) -> None:
    assert exact_match(answer, gold) == em
    assert answer_f1(answer, gold) == pytest.approx(f1)


def test_recall_counts_the_first_k() -> None:
    assert [recall_at(["x", "a", "b"], {"a", "b"}, k) for k in (1, 2, 3)] == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("scores", "right", "area"),
    [
        ([1, 2, 3], [False, False, True], 1.0),
        ([1, 1], [True, False], 0.5),
        ([3, 1], [False, True], 0.0),
        ([1], [True], None),
        ([], [], None),
    ],
)
def test_auroc(scores: list[float], right: list[bool], area: float | None) -> None:
    assert auroc(scores, right) == area


def test_calibration_error_is_nothing_where_chances_hold() -> None:
    assert calibration_error([0.5, 0.5, 1.0], [True, False, True]) == 0
    assert calibration_error([0.9] * 10, [True] * 5 + [False] * 5) == pytest.approx(0.4)
    assert calibration_error([], []) == 0
