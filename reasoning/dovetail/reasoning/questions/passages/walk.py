"""A random walk between passages and the names in them, that starts at what a question is about.

    NameGraph          -> transitions -> Transitions (two sparse matrices)
    Transitions, seeds -> personalised_pagerank -> one score per passage

Source: Haveliwala, Topic-Sensitive PageRank (WWW 2002); the walk over passages and entities follows HippoRAG
(Gutiérrez et al., NeurIPS 2024), with names as they are written in place of entities found by a language model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array

from dovetail.reasoning.questions.passages.structure import Ints, NameGraph

Floats = npt.NDArray[np.float64]

HEAD_EDGE = 6.0
"""From a name, the walk steps to a passage that it heads so many times more often than to one that mentions it."""
PLAIN_NAME = 0.1
"""How often a passage leads to a name that heads none, beside one that does (1). Measured: .1 before .3 and 1."""
RESTART = 0.3
"""The chance at each step to start again at the question (measured: .3 before .5, HippoRAG's value, and .7)."""
STEPS = 50
SETTLED = 1e-4
"""The walk has settled when a step moves less of it than this between passages."""


def rarity(frequency: Ints, passages: int) -> Floats:
    """The inverse document frequency of names, above 0."""
    return np.log1p(passages / np.maximum(frequency, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """The chances to step. ``through`` (t,) are the names that the walk can pass: those of two passages or more.

    ``to_names`` (t, n) leads from passages to them, ``to_passages`` (n, t) back; ``from_names`` (n, m) leads from any name.
    """

    through: Ints
    to_names: csr_array
    to_passages: csr_array
    from_names: csc_array


def transitions(graph: NameGraph) -> Transitions:
    """The steps of ``graph``, ready for many walks."""
    held = graph.held
    rows, frequency = held.rows, held.frequency
    shape = len(graph.passages), len(graph.names)
    trust = np.full(len(graph.names), PLAIN_NAME)
    trust[held.columns[graph.heads]] = 1.0
    # A name of one passage leads nowhere else: it is a place to start from, never one to pass through.
    trust[frequency < 2] = 0.0
    forward = _shares((trust * rarity(frequency, len(graph.passages)))[held.columns], rows, shape[0])
    backward = _shares(np.where(graph.heads, HEAD_EDGE, 1.0), held.columns, shape[1])
    through = np.flatnonzero(trust)
    from_names = csc_array((backward, (rows, held.columns)), shape=shape)
    to_names = csr_array((forward, (held.columns, rows)), shape=shape[::-1])[through]
    return Transitions(through, to_names, csr_array(from_names[:, through]), from_names)


def _shares(weights: Floats, groups: Ints, count: int) -> Floats:
    """``weights`` as parts of the sum of their group; 0 in a group that sums to 0."""
    sums = np.bincount(groups, weights, minlength=count)[groups]
    return np.divide(weights, sums, out=np.zeros(len(weights)), where=sums > 0)


def without_passages(steps: Transitions, there: npt.NDArray[np.bool_]) -> Transitions:
    """The steps between the passages that are ``there`` (n,) only: what led to another is shared among those."""
    from_names = steps.from_names.copy()
    from_names.data *= there[from_names.indices]
    columns = np.repeat(np.arange(from_names.shape[1]), np.diff(from_names.indptr))
    from_names.data = _shares(from_names.data, columns, from_names.shape[1])
    return Transitions(steps.through, steps.to_names, csr_array(from_names[:, steps.through]), from_names)


def personalised_pagerank(steps: Transitions, passages: Floats, names: Floats, *, restart: float = RESTART) -> tuple[Floats, Floats]:
    """Where a walk is found that starts again at the seeds, with chance ``restart``, at each step.

    ``passages`` (n,) and ``names`` (m,) weigh the seeds; the two results, of the same shapes, sum to 1 together.
    From a node without edges the walk starts again. Without any seed all is 0.
    """
    total = float(passages.sum() + names.sum())
    if total <= 0:
        return np.zeros(len(passages)), np.zeros(len(names))
    start_p, start_n = passages / total, names / total
    seeds = np.flatnonzero(start_n)  # those that no walk passes are left for as soon as it starts there
    from_seeds = csr_array(steps.from_names[:, seeds])
    at_p, at_n, at_seeds = start_p, np.zeros(len(steps.through)), start_n[seeds]
    for _ in range(STEPS):
        step_n = (1.0 - restart) * (steps.to_names @ at_p)
        step_p = (1.0 - restart) * (steps.to_passages @ at_n + from_seeds @ at_seeds)
        back = 1.0 - float(step_n.sum() + step_p.sum())
        before, at_p, at_n, at_seeds = at_p, step_p + back * start_p, step_n, back * start_n[seeds]
        if float(np.abs(at_p - before).sum()) < SETTLED:
            break
    at_names = np.zeros(len(names))
    at_names[steps.through] = at_n
    at_names[seeds] += at_seeds
    return at_p, at_names
