"""Which questions (entity, relation, ?) are worth asking of a graph: how likely an entity has an answer that is not there yet.

An entity without an edge of a relation has one, as far as one can tell, as often as the entities most like it do; one with k edges has
another as often as those with k have more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dovetail.models.link_graph import Floats, LinkGraph, Rows
from dovetail.reasoning.links.experts.cases import CaseExpert, nearest


@dataclass(frozen=True, slots=True)
class Plausible:
    """Questions, the likeliest to have an answer first: ``heads`` and ``queries`` (n,), and the chance that there is one, (n,)."""

    heads: Rows
    queries: Rows
    chances: Floats


class Questions:
    """The questions of one graph."""

    def __init__(self, graph: LinkGraph, cases: CaseExpert) -> None:
        self.graph = graph
        self.cases = cases
        heads, queries, _ = graph.both_ways
        labels = 2 * graph.relation_count
        keys, counts = np.unique(heads * labels + queries, return_counts=True)
        self._keys, self._counts = keys, counts
        largest = int(counts.max(initial=0)) + 2
        held = np.zeros((labels, min(largest, 64)), np.int64)  # how many entities have k edges of a label
        np.add.at(held, (keys % labels, np.minimum(counts, held.shape[1] - 1)), 1)
        self._at_least = held[:, ::-1].cumsum(1)[:, ::-1]

    def chances(self, entities: Rows) -> Floats:
        """How likely each of ``entities`` (n,) has an answer to each relation and inverse that is not there yet: (n, labels)."""
        labels = 2 * self.graph.relation_count
        near = nearest(self.cases.likeness(entities))
        total = np.maximum(near.sum(1, keepdims=True), 1e-9)
        has = self.cases.has_relation
        found = np.asarray(near @ has / total, np.float32) if has.nnz else np.zeros((len(entities), labels), np.float32)
        for row, entity in enumerate(entities.tolist()):
            low, high = np.searchsorted(self._keys, [entity * labels, (entity + 1) * labels])
            queries, counts = self._keys[low:high] % labels, np.minimum(self._counts[low:high], self._at_least.shape[1] - 2)
            found[row, queries] = self._at_least[queries, counts + 1] / np.maximum(self._at_least[queries, counts], 1)
        return found

    def of(self, entities: Rows, *, top: int, queries: Rows | None = None, batch: int = 256) -> Plausible:
        """The ``top`` likeliest questions about any of ``entities``, of any relation or inverse, or of ``queries`` only."""
        heads, asked, chances = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for low in range(0, len(entities), batch):
            some = self.chances(entities[low : low + batch])
            if queries is not None:
                some = some[:, queries]
            rows, columns = np.nonzero(some > 0)
            best = np.argsort(-some[rows, columns], kind="stable")[:top]
            heads.append(entities[low + rows[best]])
            asked.append(columns[best] if queries is None else queries[columns[best]])
            chances.append(some[rows[best], columns[best]])
        joined = np.concatenate(heads), np.concatenate(asked), np.concatenate(chances)
        order = np.argsort(-joined[2], kind="stable")[:top]
        return Plausible(joined[0][order], joined[1][order], joined[2][order])
