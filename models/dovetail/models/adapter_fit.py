"""Fitting the residuals of an adapter: regularised logistic regression beside logits that stay as they are.

minimise over w  sum_i weight_i · BCE(base_i + x_i · w, target_i) + strength / 2 · |w|²

Convex, so L-BFGS (Liu & Nocedal, Mathematical Programming 1989) finds the same answer every time; w = 0 is the extractor as it was,
and ``strength`` says how dear it is to leave it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from dovetail.models.adapter import MentionPlaces, mention_residual, mention_size
from dovetail.models.extractor import SHAPE_FEATURES

MAX_ITERATIONS = 30


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of n things and labels: ``base`` logits, ``targets`` 0 or 1, ``weights`` at least 0; all (n,) or (n, labels)."""

    base: Tensor
    targets: Tensor
    weights: Tensor

    def at(self, rows: Tensor) -> Evidence:
        """The same for some of the things: ``rows`` (m,)."""
        return Evidence(self.base[rows], self.targets[rows], self.weights[rows])

    def loss(self, added: Tensor) -> Tensor:
        """Weighted cross-entropy with ``added`` to the base logits."""
        losses = F.binary_cross_entropy_with_logits(self.base + added, self.targets, reduction="none")
        return (losses * self.weights).sum()


def fit_linear(features: Tensor, evidence: Evidence, *, strength: float, begin: Tensor | None = None) -> Tensor:
    """Residual weights of labels over ``features`` (n, dim): (dim + 1, labels), the bias last. ``begin``: where to start."""
    size = (features.shape[1] + 1, evidence.base.shape[1])

    def loss(weights: Tensor) -> Tensor:
        return evidence.loss(features @ weights[:-1] + weights[-1])

    return _minimise(loss, torch.zeros(size) if begin is None else begin, strength)


def fit_mention(places: MentionPlaces, evidence: Evidence, *, strength: float, begin: Tensor | None = None) -> Tensor:
    """Residual weights of mentions, as ``mention_residual`` takes them."""
    start = torch.zeros(mention_size(places.words.shape[1] - SHAPE_FEATURES)) if begin is None else begin
    return _minimise(lambda weights: evidence.loss(mention_residual(places, weights)), start, strength)


def _minimise(loss: Callable[[Tensor], Tensor], begin: Tensor, strength: float) -> Tensor:
    weights = begin.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([weights], max_iter=MAX_ITERATIONS, history_size=8, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(weights) + strength / 2 * (weights**2).sum()
        value.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return value

    with torch.enable_grad():
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weights.detach()
