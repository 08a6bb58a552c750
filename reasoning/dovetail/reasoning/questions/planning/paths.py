"""Paths of a graph that a question may ask for: a beam of steps that exist, each with what the network says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dovetail.models.question_network import MOST_HOPS
from dovetail.reasoning.questions.planning.fact_view import FactView, leaving

BEAM = 16
FRONTIER = 2000
"""Of more nodes than this, so many tell which steps lead on."""
MISSING = 6
"""So many likely steps are tried where no fact takes them."""
USUAL = 500
"""So many facts of a relation tell what it leads to."""
SECOND_NODE = 0.3
"""Log-odds against each further node that a name may mean."""

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GraphPath:
    """Steps from a node, as numbers (relation r at 2r, against it at 2r + 1), the nodes they lead to, and their log-probability."""

    node: int
    steps: tuple[int, ...]
    ends: Ids
    score: float


def paths_from(view: FactView, nodes: tuple[int, ...], steps: Floats, *, beam: int = BEAM, beyond: bool = False) -> Iterator[GraphPath]:
    """The likeliest paths of each length up to MOST_HOPS; ``steps`` (MOST_HOPS, 2 · relations) are log-probabilities of each step.

    ``beyond``: those too whose facts are missing, wherever things like those on the way have some.
    """
    for rank, node in enumerate(nodes):
        level = [GraphPath(node, (), np.array([node]), -SECOND_NODE * rank)]
        for hop in range(MOST_HOPS):
            grown = [longer for path in level for longer in _longer(view, path, steps[hop], beyond=beyond)]
            grown.sort(key=lambda path: (-path.score, path.steps))
            level = [_arrived(view, path) for path in grown[:beam]]
            yield from level


def reached(view: FactView, nodes: Ids, step: int) -> Ids:
    """Where one step leads from ``nodes``: distinct nodes, ascending."""
    return np.unique(view.follow(nodes, ~(step // 2) if step % 2 else step // 2).ends)


def usual_ends(view: FactView, step: int) -> Ids:
    """Some nodes that a step leads to, from anywhere."""
    rows = view.index.rows(p=view.index.terms.id(view.relations[step // 2]))[:USUAL]
    ends = view.index.subjects if step % 2 else view.index.objects
    return np.unique(view.canonical[ends[rows]]).astype(np.int64)


def _arrived(view: FactView, path: GraphPath) -> GraphPath:
    ends = reached(view, path.ends, path.steps[-1])
    return replace(path, ends=ends[leaving(ends, path.node)])


def possible_steps(view: FactView, nodes: Ids) -> list[int]:
    """The steps that lead on from any of ``nodes``."""
    forth, back = view.offers(nodes[:FRONTIER])
    return sorted([*(2 * np.flatnonzero(forth)).tolist(), *(2 * np.flatnonzero(back) + 1).tolist()])


def _longer(view: FactView, path: GraphPath, step: Floats, *, beyond: bool) -> Iterator[GraphPath]:
    possible = set(possible_steps(view, path.ends))
    if beyond:
        missing = set(np.argsort(-step)[:MISSING].tolist())
        possible |= missing & set(possible_steps(view, usual_ends(view, path.steps[-1]))) if path.steps else missing
    for number in sorted(possible):
        yield replace(path, steps=(*path.steps, number), score=path.score + float(step[number]))
