"""Platt's curve keeps the order of scores and has an inverse."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dovetail.models.confidence import calibrated, score_of

scores = st.floats(0.001, 0.999)
slopes = st.floats(0.2, 5.0)
shifts = st.floats(-3.0, 3.0)


@given(st.lists(scores, min_size=2, max_size=20), slopes, shifts)
def test_probabilities_keep_the_order_of_scores(values: list[float], slope: float, shift: float) -> None:
    chances = calibrated(torch.tensor(sorted(values), dtype=torch.float64), slope, shift)
    assert bool((chances.diff() >= 0).all()) and bool(((chances >= 0) & (chances <= 1)).all())


@given(scores, slopes, shifts)
def test_score_of_is_the_inverse(score: float, slope: float, shift: float) -> None:
    chance = float(calibrated(torch.tensor(score, dtype=torch.float64), slope, shift))
    assert score_of(chance, slope, shift) == pytest.approx(score, abs=1e-3) or not 1e-5 < chance < 1 - 1e-5


def test_what_scores_nothing_is_impossible() -> None:
    assert calibrated(torch.tensor([0.0, 1.0]), 0.5, 2.0).tolist()[0] == 0.0
