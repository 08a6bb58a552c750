"""Scores as probabilities, by a curve fitted on edges that are held out from the graph itself.

The softmax over all candidates that are not yet known to be true says how far the first stands out; Platt's curve says how often such a
candidate is the one that is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dovetail.models.link_graph import Floats, LinkGraph, Rows
from dovetail.nlp.reliability import EDGE, Judged, calibration_error, fit_platt
from dovetail.reasoning.links.protocol import Answers, LinkPredictor, Scored, scored

HELD_OUT = 300
"""Edges held out at most; of a graph so small that a tenth is less, a tenth."""
FEWEST = 20
"""Edges held out from which a curve is fitted, up to a quarter of a small graph; with fewer, DEFAULT serves."""
WORK = 10**8
"""Edges held out times the size of the graph and of that of its relations, at most (but at least FEWEST)."""
CANDIDATES = 10
"""First candidates of a question that a curve is fitted on and judged by."""


@dataclass(frozen=True, slots=True)
class Curve:
    """p = sigmoid(slope * logit(share) + shift) (Platt 1999), of shares up to ``ceiling``."""

    slope: float
    shift: float
    ceiling: float = 1 - EDGE

    def __call__(self, shares: Floats) -> Floats:
        """Shares of a softmax, of any shape -> probabilities. What has no share has none."""
        kept = np.clip(shares, EDGE, self.ceiling)
        found = 1 / (1 + np.exp(-self.slope * np.log(kept / (1 - kept)) - self.shift))
        return np.where(shares > 0, found, 0.0).astype(np.float32)


DEFAULT = Curve(0.5, -1.0, ceiling=0.99)
"""For graphs too small to hold anything out: even a candidate far ahead of all others is right no more than four times of five."""


def held_out(graph: LinkGraph, *, seed: int = 0) -> Rows:
    """Rows of edges to hold out, drawn from those whose ends have others too: (edges,), ascending."""
    degree = np.bincount(graph.heads, minlength=graph.entity_count) + np.bincount(graph.tails, minlength=graph.entity_count)
    fit = np.flatnonzero((degree[graph.heads] > 1) & (degree[graph.tails] > 1))
    size = graph.entity_count + 2 * len(graph.heads) + len(graph.relation_edges.sources)
    most = max(WORK // max(size, 1), FEWEST)
    share = max(len(graph.heads) // 10, min(FEWEST, len(graph.heads) // 4))
    count = min(HELD_OUT, most, share, len(fit))
    return np.sort(np.random.default_rng(seed).permutation(fit)[:count])


def shares(scores: Floats, known: Sequence[Rows]) -> Floats:
    """The softmax of scores (n, entities) over what is not ``known`` of each question: (n, entities)."""
    masked = scores.astype(np.float32, copy=True)
    for row, answers in zip(masked, known, strict=True):
        row[answers] = -np.inf
    masked -= np.maximum(masked.max(1, keepdims=True), np.finfo(np.float32).min)
    odds = np.exp(masked)
    return np.asarray(odds / np.maximum(odds.sum(1, keepdims=True), np.finfo(np.float32).tiny), np.float32)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The first candidates of some questions: their shares, and which of them is right, (questions, CANDIDATES) each."""

    shares: Floats
    right: NDArray[np.bool_]

    @classmethod
    def of(cls, some: Scored) -> Candidates:
        """Those of scored questions."""
        found = shares(some.scores, some.others)
        first = np.argsort(-found, axis=1, kind="stable")[:, :CANDIDATES]
        return cls(np.take_along_axis(found, first, 1), first == some.answers[:, None])

    @classmethod
    def joined(cls, parts: Iterable[Candidates]) -> Candidates:
        """Those of several lots of questions."""
        pairs = [(part.shares, part.right) for part in parts]
        return cls(*(np.concatenate(column) for column in zip(*pairs, strict=True)))


def fit_curve(candidates: Candidates) -> Curve:
    """The curve of candidates by whether they were right; DEFAULT where there are too few."""
    return Curve(*fit_platt(_judged(candidates.shares, candidates.right))) if len(candidates.shares) >= 2 * FEWEST else DEFAULT


def curve_by(predictor: LinkPredictor, graph: LinkGraph, rows: Rows) -> Curve:
    """The curve of a predictor that was made of ``graph`` less ``rows``, by these."""
    if len(rows) < FEWEST:
        return DEFAULT
    asked = scored(predictor, graph.triples[rows], Answers(graph.triples, relations=graph.relation_count))
    return fit_curve(Candidates.joined(map(Candidates.of, asked)))


def error_of(curve: Curve, candidates: Candidates) -> float:
    """The expected calibration error of a curve on candidates."""
    return calibration_error(_judged(curve(candidates.shares), candidates.right))


def _judged(values: Floats, right: NDArray[np.bool_]) -> list[Judged]:
    said = values > 0
    return [Judged(float(value), bool(so)) for value, so in zip(values[said], right[said], strict=True)]
