"""Confidence that means what it says: how far it is off, and the curve that puts it right.

A confidence of 0.8 is calibrated if four of five answers given with it are right. Raw scores of a network seldom are. Platt's curve
(Advances in Large Margin Classifiers, 1999) maps them to probabilities: p = sigmoid(slope * logit(score) + shift).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

BINS = 15
"""As in Guo et al., On Calibration of Modern Neural Networks (ICML 2017)."""

EDGE = 1e-6
"""Scores are kept this far from 0 and 1, where the logit is infinite."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A prediction: how sure it was, and whether it is right."""

    confidence: float
    right: bool


def calibration_error(predictions: Sequence[Judged], *, bins: int = BINS) -> float:
    """Expected calibration error: over ``bins`` bins of equal width, the mean distance of accuracy and mean confidence, weighted by size.

    0 where there are no predictions.

    >>> calibration_error([Judged(0.75, True)] * 3 + [Judged(0.75, False)])
    0.0
    >>> calibration_error([Judged(0.9, False)])
    0.9
    """
    if not predictions:
        return 0.0
    confidence = np.array([p.confidence for p in predictions])
    right = np.array([p.right for p in predictions], dtype=float)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    distance = np.abs(np.bincount(place, confidence - right, bins))
    return float(distance.sum() / len(predictions))


def fit_platt(predictions: Sequence[Judged]) -> tuple[float, float]:
    """Slope and shift of Platt's curve, by Newton's method on the log-likelihood; targets are smoothed as Platt does.

    The curve that changes nothing, (1, 0), where there are not both right and wrong predictions.

    >>> slope, shift = fit_platt([Judged(0.8, i % 2 == 0) for i in range(100)] + [Judged(0.2, i % 10 == 0) for i in range(100)])
    >>> round(platt(0.8, slope, shift), 2), round(platt(0.2, slope, shift), 2)
    (0.5, 0.1)
    """
    right = np.array([p.right for p in predictions], dtype=bool)
    positive, negative = int(right.sum()), int((~right).sum())
    if not positive or not negative:
        return 1.0, 0.0
    score = np.clip(np.array([p.confidence for p in predictions]), EDGE, 1 - EDGE)
    features = np.stack([np.log(score / (1 - score)), np.ones(len(score))], axis=1)
    target = np.where(right, (positive + 1) / (positive + 2), 1 / (negative + 2))
    weights = np.array([1.0, 0.0])
    loss = _loss(features, target, weights)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-features @ weights))
        curvature = features.T @ (features * (chance * (1 - chance))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, features.T @ (target - chance))
        while (tried := _loss(features, target, weights + step)) > loss and float(np.abs(step).max()) > 1e-9:
            step = step / 2  # too far from the optimum, Newton's step may overshoot
        weights, loss = weights + step, tried
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(weights[0]), float(weights[1])


def _loss(features: Array, target: Array, weights: Array) -> float:
    """The mean cross-entropy; log(1 + exp x) - target x."""
    logits = features @ weights
    return float(np.mean(np.logaddexp(0.0, logits) - target * logits))


def platt(score: float, slope: float, shift: float) -> float:
    """The probability that Platt's curve gives a score.

    >>> platt(0.25, 1.0, 0.0)
    0.25
    """
    kept = min(max(score, EDGE), 1 - EDGE)
    return 1 / (1 + math.exp(-slope * math.log(kept / (1 - kept)) - shift))
