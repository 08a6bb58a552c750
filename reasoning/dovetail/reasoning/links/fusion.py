"""Several experts as one: a small gate weighs them for each question, by what the graph and the question are like.

    experts -> evidence (questions, entities, experts, EVIDENCE) ─┐
    graph and question -> circumstances (questions, ...) ─ gate ──┴─► score = sum of attention x evidence, + what a candidate is

Fixed weights fail across graphs: rules are nearly all on a thesaurus and little on a sparse graph of facts. The gate sees no entity and no
relation, only such figures as the degree of the entity asked about and how far an expert's first answer stands out, so that what
it learnt on some graphs holds on others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from dovetail.models.link_graph import Floats, Rows
from dovetail.reasoning.links.experts.registry import EXPERTS
from dovetail.reasoning.links.protocol import LinkPredictor
from dovetail.reasoning.links.view import LinkView

EVIDENCE = 3
"""Numbers per expert and candidate: its score within the question, the reciprocal of its rank, and whether it says anything."""

CIRCUMSTANCES = 6 + 2 * len(EXPERTS)
CANDIDATE = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of ``n`` questions: ``experts`` (n, entities, EXPERTS, EVIDENCE), ``circumstances`` (n, CIRCUMSTANCES), ``candidates``
    (n, entities, CANDIDATE).
    """

    experts: Floats
    circumstances: Floats
    candidates: Floats


class Gate(nn.Module):
    """Attention over experts: at most a few hundred parameters."""

    def __init__(self, hidden: int = 16) -> None:
        super().__init__()
        count = len(EXPERTS)
        self.attend = nn.Sequential(nn.Linear(CIRCUMSTANCES, hidden), nn.ReLU(), nn.Linear(hidden, count * EVIDENCE + CANDIDATE))
        self.weights = nn.Parameter(torch.ones(count, EVIDENCE))
        self.candidate = nn.Parameter(torch.zeros(CANDIDATE))

    def forward(self, experts: Tensor, circumstances: Tensor, candidates: Tensor) -> Tensor:
        """(n, entities, EXPERTS, EVIDENCE), (n, CIRCUMSTANCES), (n, entities, CANDIDATE) -> (n, entities)."""
        return self.parts(experts, circumstances, candidates).sum(-1)

    def parts(self, experts: Tensor, circumstances: Tensor, candidates: Tensor) -> Tensor:
        """What each expert adds to a score and, last, what a candidate adds by itself: (n, entities, EXPERTS + 1)."""
        attention = self.attend(circumstances)
        own = nn.functional.softplus(attention[:, :-CANDIDATE].view(-1, 1, len(EXPERTS), EVIDENCE)) * self.weights
        itself = candidates * (self.candidate + attention[:, None, -CANDIDATE:])
        return torch.cat([(experts * own).sum(-1), itself.sum(-1, keepdim=True)], dim=-1)


class Fusion:
    """The experts of one graph, by their names in EXPERTS, and the gate that weighs them. One that is not there gives no evidence.

    ``trust``: how far each is to be trusted on this graph, and what a candidate adds by itself, beside what the gate says, (EXPERTS + 1,).
    """

    def __init__(self, view: LinkView, experts: Mapping[str, LinkPredictor], gate: Gate, trust: Floats | None = None) -> None:
        self.view = view
        self.experts = experts
        self.gate = gate.eval()
        self.trust = np.ones(len(EXPERTS) + 1, np.float32) if trust is None else trust
        graph = view.graph
        labels = 2 * graph.relation_count
        heads, queries, _ = graph.both_ways
        self._degree = np.bincount(heads, minlength=graph.entity_count)
        self._size = np.bincount(queries, minlength=labels)
        self._has = sparse.csc_matrix((np.ones(len(heads), np.int64), (heads, queries)), (graph.entity_count, labels))

    def evidence(self, heads: Rows, queries: Rows) -> Evidence:
        """What the experts say of these questions."""
        count = self.view.graph.entity_count
        experts = np.zeros((len(heads), count, len(EXPERTS), EVIDENCE), np.float32)
        stands_out = np.zeros((len(heads), 2 * len(EXPERTS)), np.float32)
        for place, name in enumerate(EXPERTS):
            if name in self.experts:
                scores = self.experts[name].scores(heads, queries)
                experts[:, :, place], stands_out[:, 2 * place : 2 * place + 2] = _seen(name, scores)
        return Evidence(experts, np.concatenate([self._circumstances(heads, queries), stands_out], 1), self._candidates(queries))

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,) heads, (batch,) relations or inverses -> (batch, entities)."""
        return np.asarray(self.parts(heads, queries).sum(-1))

    def parts(self, heads: Rows, queries: Rows) -> Floats:
        """What each expert adds to the scores and, last, what a candidate adds by itself: (batch, entities, EXPERTS + 1)."""
        seen = self.evidence(heads, queries)
        with torch.inference_mode():
            found = self.gate.parts(*map(torch.from_numpy, (seen.experts, seen.circumstances, seen.candidates)))
        return np.asarray(found.numpy() * self.trust, np.float32)

    def _circumstances(self, heads: Rows, queries: Rows) -> Floats:
        graph = self.view.graph
        columns = (
            np.full(len(heads), np.log(graph.entity_count + 1) / 10),
            np.full(len(heads), len(graph.heads) / max(graph.entity_count, 1) / 10),
            np.full(len(heads), np.log(graph.relation_count + 1) / 6),
            np.log(self._size[queries] + 1) / 8,
            np.log(self._degree[heads] + 1) / 5,
            np.log1p(np.asarray(self._has[heads, queries]).ravel()),
        )
        return np.stack(columns, 1).astype(np.float32)

    def _candidates(self, queries: Rows) -> Floats:
        """Whether a candidate answers other questions of the relation, and its degree."""
        graph = self.view.graph
        inverse = (queries + graph.relation_count) % (2 * graph.relation_count)
        answers = self._has[:, inverse].toarray().T
        degree = np.broadcast_to(np.log(self._degree + 1) / 5, answers.shape)
        return np.stack([np.minimum(answers, 1), degree], -1).astype(np.float32)


def _seen(name: str, scores: Floats) -> tuple[Floats, Floats]:
    """An expert's scores (n, entities) as evidence (n, entities, EVIDENCE), and how sure it is, (n, 2)."""
    top = np.partition(scores, -2, axis=1)[:, -2:] if scores.shape[1] > 1 else np.repeat(scores, 2, axis=1)
    scaled = EXPERTS[name].scale(scores, top.max(1), top.min(1))
    return np.stack([scaled.values, _reciprocal_ranks(scores), scaled.said], -1).astype(np.float32), scaled.sure.astype(np.float32)


def _reciprocal_ranks(scores: Floats) -> Floats:
    """1 for the best of each row, 1/2 for the next; equals share the worse place."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, 1)
    places = np.arange(1, scores.shape[1] + 1)
    last = np.concatenate([ordered[:, 1:] != ordered[:, :-1], np.ones((len(scores), 1), bool)], 1)
    ranks = np.where(last, places, scores.shape[1] + 1)
    ranks = np.minimum.accumulate(ranks[:, ::-1], axis=1)[:, ::-1]
    found = np.empty(scores.shape, np.float32)
    np.put_along_axis(found, order, (1.0 / ranks).astype(np.float32), 1)
    return found
