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
    def answers(self) -> dict[int, sparse.csr_matrix]:
        """For each relation and inverse its edges as a matrix (entities, entities)."""
        count = self.view.graph.entity_count
        found = {}
        for query in np.unique(self.queries):
            rows = self.queries == query
            found[int(query)] = sparse.csr_matrix((np.ones(rows.sum(), np.float32), (self.heads[rows], self.tails[rows])), (count, count))
        return found

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,) heads, (batch,) relations or inverses -> (batch, entities)."""
        found = np.zeros((len(heads), self.view.graph.entity_count), np.float32)
        likeness = (self.features[heads] @ self.features.T).toarray()
        likeness[np.arange(len(heads)), heads] = 0.0
        for query in np.unique(queries):
            rows = np.flatnonzero(queries == query)
            table = self.answers.get(int(query))
            if table is None:
                continue
            asked = np.flatnonzero(np.diff(table.indptr))
            near = likeness[np.ix_(rows, asked)]
            if len(asked) > NEIGHBOURS:
                least = np.partition(near, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS]
                near[near < least[:, None]] = 0.0
            found[rows] = (sparse.csr_matrix(near) @ table[asked]).toarray()
        return found


def _weighted(entities: Rows, features: Rows, count: int) -> sparse.csr_matrix:
    """Which entities have which features, each weighted by how rare it is: log(entities / those that have it)."""
    distinct, places = np.unique(features, return_inverse=True)
    table = sparse.csr_matrix((np.ones(len(entities), np.float32), (entities, places)), (count, len(distinct)))
    table.sum_duplicates()
    table.data[:] = 1.0
    rarity = np.log((count + 1) / np.asarray(table.sum(0)).ravel()).astype(np.float32)
    return sparse.csr_matrix(table @ sparse.diags(rarity))
