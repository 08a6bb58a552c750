"""Similar cases as an expert: what holds of entities that have much in common with the one asked about.

Two entities are alike by what they are linked to, and by which relations they have at all; what is rare counts for more. After
Das et al., Case-based reasoning for natural language queries over knowledge bases (EMNLP 2021), with answers instead of paths:
paths are what rules are for.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import sparse

from dovetail.models.link_graph import Floats, Rows
from dovetail.reasoning.links.view import LinkView

NEIGHBOURS = 50
"""Similar entities that are asked."""

RELATION_WEIGHT = 0.3
"""Of having a relation at all, beside having it with the same entity."""


class CaseExpert:
    """Scores by the answers of similar entities: the sum of their likeness, 0 where none has the answer."""

    def __init__(self, view: LinkView) -> None:
        self.view = view
        self.heads, self.queries, self.tails = view.graph.both_ways
        self._order = np.argsort(self.queries, kind="stable")
        self._starts = np.searchsorted(self.queries[self._order], np.arange(2 * view.graph.relation_count + 1))

    @cached_property
    def features(self) -> sparse.csr_matrix:
        """(entities, features), rows of length one."""
        count = self.view.graph.entity_count
        linked = _weighted(self.heads, self.queries * count + self.tails, count)
        kinds = _weighted(self.heads, self.queries, count)
        stacked = sparse.hstack([linked, RELATION_WEIGHT * kinds], format="csr")
        lengths = np.sqrt(np.asarray(stacked.multiply(stacked).sum(1)).ravel())
        return sparse.csr_matrix(sparse.diags(1 / np.maximum(lengths, 1e-9)) @ stacked)

    @cached_property
    def has_relation(self) -> sparse.csr_matrix:
        """Which entities have which relations and inverses: (entities, labels) of ones."""
        shape = self.view.graph.entity_count, 2 * self.view.graph.relation_count
        found = sparse.csr_matrix((np.ones(len(self.heads), np.float32), (self.heads, self.queries)), shape)
        found.sum_duplicates()
        found.data[:] = 1.0
        return found

    @cached_property
    def joined(self) -> sparse.csr_matrix:
        """Which entities an edge joins: (entities, entities) of ones."""
        count = self.view.graph.entity_count
        found = sparse.csr_matrix((np.ones(len(self.heads), np.float32), (self.heads, self.tails)), (count, count))
        found.sum_duplicates()
        found.data[:] = 1.0
        return found

    def edges(self, query: int) -> tuple[Rows, Rows]:
        """The heads and tails of a relation or inverse, (edges,) each."""
        rows = self._order[self._starts[query] : self._starts[query + 1]]
        return self.heads[rows], self.tails[rows]

    def likeness(self, entities: Rows) -> Floats:
        """How alike each of ``entities`` (n,) is to every entity, between 0 and 1: (n, entities). Of itself 0."""
        found = (self.features[entities] @ self.features.T).toarray()
        found[np.arange(len(entities)), entities] = 0.0
        return np.asarray(found, np.float32)

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,) heads, (batch,) relations or inverses -> (batch, entities)."""
        count = self.view.graph.entity_count
        found = np.zeros((len(heads), count), np.float32)
        likeness = self.likeness(heads)
        for query in np.unique(queries):
            rows = np.flatnonzero(queries == query)
            asked, tails = self.edges(int(query))
            known, places = np.unique(asked, return_inverse=True)
            near = nearest(likeness[np.ix_(rows, known)])
            table = sparse.csr_matrix((np.ones(len(tails), np.float32), (places, tails)), (len(known), count))
            found[rows] = (sparse.csr_matrix(near) @ table).toarray()
        return found


def nearest(likeness: Floats) -> Floats:
    """The likeness (n, candidates) of the NEIGHBOURS most alike of each row, 0 for all others."""
    if likeness.shape[1] <= NEIGHBOURS:
        return likeness
    least = np.partition(likeness, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS]
    return np.where(likeness < least[:, None], np.float32(0.0), likeness)


def _weighted(entities: Rows, features: Rows, count: int) -> sparse.csr_matrix:
    """Which entities have which features, each weighted by how rare it is: log(entities / those that have it)."""
    distinct, places = np.unique(features, return_inverse=True)
    table = sparse.csr_matrix((np.ones(len(entities), np.float32), (entities, places)), (count, len(distinct)))
    table.sum_duplicates()
    table.data[:] = 1.0
    rarity = np.log((count + 1) / np.asarray(table.sum(0)).ravel()).astype(np.float32)
    return sparse.csr_matrix(table @ sparse.diags(rarity))
