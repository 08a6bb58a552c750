"""Names as an expert: where in the space of meanings the answer should lie, learnt from the graph's own links.

For each relation, kernel ridge regression from the vectors of heads to those of tails; a candidate scores by its cosine to what is
foretold. With few links that is little more than the mean of the tails: what sort of thing an answer is.
"""

from __future__ import annotations

import numpy as np

from dovetail.models.link_graph import Floats, Rows
from dovetail.reasoning.links.view import LinkView

RIDGE = 1.0
EXAMPLES = 1_000
"""Links of a relation that are learnt from, evenly spread over all."""


class TextExpert:
    """Scores by the meaning of names; 0 for what has none. ``vectors``: (entities, dim) unit vectors, zero where nothing is known."""

    def __init__(self, view: LinkView, vectors: Floats) -> None:
        self.view = view
        self.vectors = vectors
        self._fitted: dict[int, tuple[Floats, Floats, Floats]] = {}

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,) heads, (batch,) relations or inverses -> (batch, entities)."""
        found = np.zeros((len(heads), self.view.graph.entity_count), np.float32)
        for query in np.unique(queries):
            rows = np.flatnonzero(queries == query)
            mean, known, weights = self._fit(int(query))
            foretold = mean + (self.vectors[heads[rows]] @ known.T) @ weights
            foretold /= np.maximum(np.linalg.norm(foretold, axis=1, keepdims=True), 1e-6)
            found[rows] = foretold @ self.vectors.T
        return found

    def _fit(self, query: int) -> tuple[Floats, Floats, Floats]:
        """The mean of the tails, the vectors of heads, and their weights (heads, dim)."""
        if query not in self._fitted:
            graph, count = self.view.graph, self.view.graph.relation_count
            rows = np.flatnonzero(graph.relations == query % count)
            rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), EXAMPLES)).astype(np.int64)] if len(rows) else rows
            heads, tails = (graph.heads[rows], graph.tails[rows]) if query < count else (graph.tails[rows], graph.heads[rows])
            known, wanted = self.vectors[heads], self.vectors[tails]
            mean = wanted.mean(0) if len(rows) else np.zeros(self.vectors.shape[1], np.float32)
            kernel = known @ known.T + RIDGE * np.eye(len(rows), dtype=np.float32)
            self._fitted[query] = mean, known, np.linalg.solve(kernel, wanted - mean).astype(np.float32)
        return self._fitted[query]
