"""Calibration error against its definition, and Platt's curve against a general optimiser."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from dovetail.nlp.reliability import BINS, Judged, calibration_error, fit_platt, platt

judged = st.builds(Judged, st.floats(0, 1), st.booleans())


@given(st.lists(judged, max_size=40), st.integers(1, 20))
def test_calibration_error_is_the_weighted_distance_of_each_bin(predictions: list[Judged], bins: int) -> None:
    expected = 0.0
    for b in range(bins):
        inside = [p for p in predictions if min(int(p.confidence * bins), bins - 1) == b]
        if inside:
            accuracy = sum(p.right for p in inside) / len(inside)
            confidence = sum(p.confidence for p in inside) / len(inside)
            expected += len(inside) / len(predictions) * abs(accuracy - confidence)
    assert calibration_error(predictions, bins=bins) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30)
@given(st.lists(judged, min_size=5, max_size=60).filter(lambda ps: len({p.right for p in ps}) == 2 and len({p.confidence for p in ps}) > 1))
def test_platts_curve_is_the_most_likely(predictions: list[Judged]) -> None:
    positive = sum(p.right for p in predictions)
    targets = [(positive + 1) / (positive + 2) if p.right else 1 / (len(predictions) - positive + 2) for p in predictions]

    def loss(weights: npt.NDArray[np.float64]) -> float:
        total = 0.0
        for p, target in zip(predictions, targets, strict=True):
            score = min(max(p.confidence, 1e-6), 1 - 1e-6)
            logit = weights[0] * math.log(score / (1 - score)) + weights[1]
            total += float(np.logaddexp(0, logit)) - target * logit
        return total / len(predictions)

    found = loss(np.array(fit_platt(predictions)))
    assert found <= minimize(loss, np.array([1.0, 0.0])).fun + 1e-6
    assert found <= loss(np.array([1.0, 0.0])) + 1e-9


@pytest.mark.parametrize("predictions", [[], [Judged(0.3, True)] * 5, [Judged(0.3, False)] * 5])
def test_where_all_are_right_or_none_the_curve_changes_nothing(predictions: list[Judged]) -> None:
    slope, shift = fit_platt(predictions)
    assert [platt(score, slope, shift) for score in (0.1, 0.9)] == pytest.approx([0.1, 0.9])


def test_a_curve_fitted_on_one_half_calibrates_the_other() -> None:
    generator = np.random.default_rng(7)
    scores = generator.uniform(0.3, 1.0, 4000)
    right = generator.uniform(size=4000) < scores**3  # overconfident
    predictions = [Judged(float(s), bool(r)) for s, r in zip(scores, right, strict=True)]
    slope, shift = fit_platt(predictions[::2])
    before = calibration_error(predictions[1::2])
    after = calibration_error([Judged(platt(p.confidence, slope, shift), p.right) for p in predictions[1::2]])
    assert before > 0.15 and after < 0.04 and BINS == 15
