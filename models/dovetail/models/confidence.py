"""Raw scores of the network as probabilities, by Platt's curve: p = sigmoid(slope * logit(score) + shift).

Source: Platt, Probabilistic outputs for support vector machines (Advances in Large Margin Classifiers, 1999). The slope is positive, so
that what comes first stays first. A slope of 1 and a shift of 0 change nothing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

EDGE = 1e-6
"""Scores are kept this far from 0 and 1, where the logit is infinite."""


def calibrated(scores: Tensor, slope: float, shift: float | Tensor) -> Tensor:
    """Probabilities of scores between 0 and 1, of any shape (one shift, or one that broadcasts); those of 0 stay 0.

    >>> [round(p, 3) for p in calibrated(torch.tensor([0.0, 0.5, 0.9]), 1.0, 0.0).tolist()]
    [0.0, 0.5, 0.9]
    """
    chances = torch.sigmoid(slope * torch.logit(scores, eps=EDGE) + shift)
    return torch.where(scores > 0, chances, torch.zeros_like(chances))


def pair_scores(each: Tensor, related: Tensor, penalty: Tensor) -> Tensor:
    """Scores of relations of pairs, (pairs, relations): means of what each scores, and of being related at all, (pairs,).

    The mean is the geometric one, less ``penalty`` logits, (pairs,).

    >>> [[round(s, 3) for s in row] for row in pair_scores(torch.tensor([[0.9, 0.4]]), torch.tensor([0.9]), torch.tensor([0.0])).tolist()]
    [[0.9, 0.6]]
    """
    return calibrated((each * related.unsqueeze(1)).sqrt(), 1.0, -penalty.unsqueeze(1))


def score_of(probability: float, slope: float, shift: float) -> float:
    """The score that has a probability: the inverse of ``calibrated``.

    >>> round(score_of(float(calibrated(torch.tensor(0.7), 2.0, -0.5)), 2.0, -0.5), 3)
    0.7
    """
    kept = min(max(probability, EDGE), 1 - EDGE)
    return 1 / (1 + math.exp(-(math.log(kept / (1 - kept)) - shift) / slope))
