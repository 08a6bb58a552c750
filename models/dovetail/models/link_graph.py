"""A graph as the link network reads it: edges by the node they arrive at, and the graph of its relations.

Every relation r has an inverse r + relations, so that a triple is two edges. Two relations are joined where they share an entity,
in one of four ways (head-head, tail-tail, head-tail, tail-head; Galkin et al., ULTRA, ICLR 2024), or where their names mean
nearly the same. Each edge carries how exclusive it is, seen from either end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int32]
Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

HEAD_HEAD, TAIL_TAIL, HEAD_TAIL, TAIL_HEAD, TEXT = range(5)
RELATION_LABELS = 5
"""How two relations may be joined."""

TEXT_NEIGHBOURS = 4
TEXT_ROWS = 1_000
"""Relations whose names are compared with all others at once."""

MOST_LABELS = 3_000
"""An entity with edges of more labels joins no relations: it says nothing of any, and their pairs would fill the memory."""


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Edges sorted by the node they arrive at.

    Those of node ``v`` lie from ``starts[v]`` up to ``starts[v + 1]``. ``sources``, ``labels``: (edges,). ``shares``: (edges, 2), the
    part of its source's edges with this label that an edge is, and the part of its target's. ``inverse``: (labels,) label of
    an edge read backwards; every edge is there both ways, with its shares swapped.
    """

    starts: Ints
    sources: Ints
    labels: Ints
    shares: Floats
    inverse: Ints

    @property
    def nodes(self) -> int:
        """How many nodes."""
        return len(self.starts) - 1


@dataclass(frozen=True)
class LinkGraph:
    """``heads``, ``relations``, ``tails``: (triples,) numbers below ``entity_count`` and ``relation_count``.

    ``relation_vectors``: (relations, dim) unit vectors of what relations are called, where that is known.

    >>> graph = LinkGraph(np.array([0, 0]), np.array([0, 1]), np.array([1, 2]), 3, 2)
    >>> graph.edges.sources[graph.edges.starts[1] : graph.edges.starts[2]].tolist()
    [0]
    """

    heads: NDArray[np.integer]
    relations: NDArray[np.integer]
    tails: NDArray[np.integer]
    entity_count: int
    relation_count: int
    relation_vectors: Floats | None = None

    @cached_property
    def triples(self) -> Rows:
        """Head, relation and tail of every triple: (triples, 3)."""
        return np.stack([self.heads, self.relations, self.tails], 1).astype(np.int64)

    @cached_property
    def both_ways(self) -> tuple[Rows, Rows, Rows]:
        """Heads, labels and tails of every triple and, after all of them, of every triple backwards: (2 triples,) each."""
        heads, relations, tails = (column.astype(np.int64) for column in (self.heads, self.relations, self.tails))
        return (
            np.concatenate([heads, tails]),
            np.concatenate([relations, relations + self.relation_count]),
            np.concatenate([tails, heads]),
        )

    @cached_property
    def edges(self) -> Adjacency:
        """Between entities; labels are relations and their inverses."""
        count = self.relation_count
        sources, labels, targets = self.both_ways
        inverse = np.concatenate([np.arange(count, 2 * count), np.arange(count)])
        out = _counts(sources * np.int64(2 * count) + labels)
        into = _counts(targets * np.int64(2 * count) + labels)
        return _adjacency(sources, labels, targets, np.stack([1 / out, 1 / into], 1), self.entity_count, inverse)

    @cached_property
    def relation_edges(self) -> Adjacency:
        """Between relations and their inverses; labels are HEAD_HEAD and so on."""
        count = 2 * self.relation_count
        ones = np.ones(2 * len(self.heads), np.float32)
        heads, labels, tails = self.both_ways
        head, tail = (sparse.csr_matrix((ones, (labels, end)), shape=(count, self.entity_count)) for end in (heads, tails))
        for matrix in (head, tail):
            matrix.sum_duplicates()
            matrix.data[:] = np.bincount(matrix.indices, minlength=self.entity_count)[matrix.indices] <= MOST_LABELS
            matrix.eliminate_zeros()
        parts = []
        for label, (one, other) in enumerate(((head, head), (tail, tail), (head, tail), (tail, head))):
            shared = (one @ other.T).tocoo()  # (source relation, target relation): entities at both ends
            sizes = np.asarray(one.sum(1)).ravel(), np.asarray(other.sum(1)).ravel()  # above 0 where anything is shared
            kept = shared.row != shared.col if one is other else np.ones(shared.nnz, bool)
            rows, columns, weight = shared.row[kept], shared.col[kept], shared.data[kept]
            parts.append((rows, np.full(len(rows), label), columns, np.stack([weight / sizes[0][rows], weight / sizes[1][columns]], 1)))
        if self.relation_vectors is not None:
            parts.append(_text_edges(self.relation_vectors))
        sources, kinds, targets, shares = (np.concatenate(column) for column in zip(*parts, strict=True))
        inverse = np.array([HEAD_HEAD, TAIL_TAIL, TAIL_HEAD, HEAD_TAIL, TEXT])
        return _adjacency(sources, kinds, targets, shares, count, inverse)

    def without(self, rows: NDArray[np.integer]) -> LinkGraph:
        """The graph less the triples in these ``rows``."""
        kept = np.ones(len(self.heads), bool)
        kept[rows] = False
        return replace(self, heads=self.heads[kept], relations=self.relations[kept], tails=self.tails[kept])


def _counts(keys: NDArray[np.integer]) -> NDArray[np.int64]:
    """For each key how often it occurs: (n,) -> (n,)."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(keys) else np.zeros(0, np.int64)
    lengths = np.diff(np.concatenate([starts, [len(keys)]]))
    counts = np.empty(len(keys), np.int64)
    counts[order] = np.repeat(lengths, lengths)
    return counts


def _adjacency(
    sources: NDArray[np.integer],
    labels: NDArray[np.integer],
    targets: NDArray[np.integer],
    shares: NDArray[np.floating],
    nodes: int,
    inverse: NDArray[np.integer],
) -> Adjacency:
    order = np.argsort(targets, kind="stable")
    starts = np.zeros(nodes + 1, np.int32)
    np.cumsum(np.bincount(targets, minlength=nodes), out=starts[1:])
    near, kinds = sources[order].astype(np.int32), labels[order].astype(np.int32)
    return Adjacency(starts, near, kinds, shares[order].astype(np.float32), inverse.astype(np.int32))


def _text_edges(vectors: Floats) -> tuple[Rows, Ints, Rows, Floats]:
    """Each relation with those that its name is nearest to, both ways; inverses likewise."""
    count = len(vectors)
    few = min(TEXT_NEIGHBOURS, count - 1)
    pairs = [np.zeros(0, np.int64)]
    for low in range(0, count, TEXT_ROWS):
        rows = np.arange(low, min(low + TEXT_ROWS, count))
        near = vectors[rows] @ vectors.T
        near[np.arange(len(rows)), rows] = -1.0
        best = np.argsort(-near, axis=1)[:, :few]
        sources, targets = np.repeat(rows, few), best.ravel()
        pairs += [sources * count + targets, targets * count + sources]
    rows, columns = np.divmod(np.unique(np.concatenate(pairs)), count)
    cosines = np.einsum("ij,ij->i", vectors[rows], vectors[columns]).astype(np.float32)
    sources, targets = np.concatenate([rows, rows + count]), np.concatenate([columns, columns + count])
    shares = np.repeat(np.concatenate([cosines, cosines])[:, None], 2, axis=1)
    return sources, np.full(len(sources), TEXT, np.int32), targets, shares
