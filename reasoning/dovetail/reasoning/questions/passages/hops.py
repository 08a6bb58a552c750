"""Passages that answer a question together: what one adds to another.

    candidates, their scores alone -> partner_features -> Partners (of each candidate, beside each of the best)

A question of two steps names what its first passage is about; the second passage shares a name with the first that the
question does not know, and says what of the question the first leaves unsaid. Both are seen here, from names and words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dovetail.reasoning.questions.passages.structure import Incidence, Ints, NameGraph
from dovetail.reasoning.questions.passages.walk import rarity

Floats = npt.NDArray[np.float64]

PARTNERS = 5
"""How many of the best passages each candidate is seen beside."""
PAIR_FEATURES = (
    "is one",
    "partner's score",
    "link",
    "is named there",
    "names it",
    "adds",
    "adds, linked",
    "adds, is named there",
    "adds, names it",
    "same document",
)
"""Of a candidate and a partner: the rarest name they share that the question does not have, that name if it heads the candidate,
that name if it heads the partner, the share of the question's words that only the candidate has, and products of these."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a question has: the columns of its names, and of its words in their weights, which are shares of one."""

    names: Ints
    words: Ints
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Partners:
    """``features`` (n, p, 10) of n candidates beside p partners; ``valid`` (n, p) is false for a candidate beside itself."""

    features: Floats
    valid: npt.NDArray[np.bool_]


def partner_features(graph: NameGraph, asked: Asked, candidates: Ints, scores: Floats) -> Partners:
    """What each of ``candidates`` (n,), places in ``graph``, is beside the PARTNERS that have the highest ``scores`` (n,)."""
    best = np.argsort(-scores, kind="stable")[:PARTNERS]
    count = len(candidates)
    features = np.zeros((count, len(best), len(PAIR_FEATURES)))
    if not count:
        return Partners(features, np.zeros((0, 0), dtype=bool))
    said = _present(graph.words, candidates, asked.words)
    bridges = np.unique(np.concatenate([_columns(graph.held, place) for place in candidates[best]]))
    bridges = bridges[~np.isin(bridges, asked.names)]
    held = _present(graph.held, candidates, bridges)
    heading = _present(graph.held, candidates, bridges, only=graph.heads)
    rare = rarity(graph.held.frequency[bridges], len(graph.passages)) / np.log1p(len(graph.passages))
    for at, partner in enumerate(best):
        shared = held * (rare * held[partner])
        adds = said @ (asked.weights * ~said[partner])
        link, named, names = (some.max(axis=1, initial=0.0) for some in (shared, shared * heading, shared * heading[partner]))
        apart = graph.documents[candidates] != graph.documents[candidates[partner]]
        pair = np.stack([link, named, names, adds, adds * link, adds * named, adds * names], axis=1) * apart[:, None]
        features[:, at, 0] = 1.0
        features[:, at, 1] = scores[partner] - scores.max()
        features[:, at, 2:9] = pair
        features[:, at, 9] = ~apart
    valid = np.arange(count)[:, None] != best
    return Partners(features, valid)


def _columns(incidence: Incidence, row: int) -> Ints:
    return incidence.columns[incidence.starts[row] : incidence.starts[row + 1]]


def _present(incidence: Incidence, rows: Ints, columns: Ints, only: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.bool_]:
    """Which of ``columns`` (c,) stand in which of ``rows`` (r,): (r, c); where given, of the edges in ``only``."""
    lengths = incidence.starts[rows + 1] - incidence.starts[rows]
    row = np.repeat(np.arange(len(rows)), lengths)
    edges = np.arange(len(row)) + np.repeat(incidence.starts[rows] - np.cumsum(lengths) + lengths, lengths)
    place = np.full(len(incidence.labels), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    at = place[incidence.columns[edges]]
    wanted = at >= 0 if only is None else (at >= 0) & only[edges]
    present = np.zeros((len(rows), len(columns)), dtype=bool)
    present[row[wanted], at[wanted]] = True
    return present
