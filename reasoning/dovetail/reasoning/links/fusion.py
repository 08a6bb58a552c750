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
from dovetail.reasoning.links.protocol import LinkPredictor
from dovetail.reasoning.links.view import LinkView

EXPERTS = ("network", "rules", "cases", "text")
"""In the order of their evidence. An expert that is not there gives none."""

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
        attention = self.attend(circumstances)
        own = nn.functional.softplus(attention[:, :-CANDIDATE].view(-1, 1, len(EXPERTS), EVIDENCE)) * self.weights
        scores: Tensor = (experts * own).sum((-1, -2)) + (candidates * (self.candidate + attention[:, None, -CANDIDATE:])).sum(-1)
        return scores


class Fusion:
    """The experts of one graph and the gate that weighs them."""

    def __init__(self, view: LinkView, experts: Mapping[str, LinkPredictor], gate: Gate) -> None:
        self.view = view
        self.experts = experts
        self.gate = gate.eval()
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
        seen = self.evidence(heads, queries)
        with torch.inference_mode():
            found = self.gate(*map(torch.from_numpy, (seen.experts, seen.circumstances, seen.candidates)))
        return np.asarray(found.numpy(), np.float32)

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
    """An expert's scores (n, entities) as evidence (n, entities, EVIDENCE), and how far its first answer stands out, (n, 2)."""
    top = np.partition(scores, -2, axis=1)[:, -2:] if scores.shape[1] > 1 else np.repeat(scores, 2, axis=1)
    best, second = top.max(1), top.min(1)
    if name == "network":
        shifted = scores - best[:, None]
        value = np.maximum(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)), -15.0) / 5
        sure = np.stack([value.max(1), (best - second) / 5], 1)
    elif name == "text":
        value = (scores - best[:, None]) * 4
        sure = np.stack([best, (best - second) * 4], 1)
    else:
        value = np.log(scores + 1e-4) / 5
        sure = np.stack([value.max(1), value.max(1) - np.log(second + 1e-4) / 5], 1)
    said = np.full(scores.shape, 1.0) if name == "network" else scores != 0
    return np.stack([value, _reciprocal_ranks(scores), said], -1).astype(np.float32), sure.astype(np.float32)


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


def contributions(gate: Gate, seen: Evidence, question: int, entity: int) -> dict[str, float]:
    """What each expert adds to a candidate's score, and under "candidate" what it adds by itself; together they are the score."""
    with torch.inference_mode():
        attention = gate.attend(torch.from_numpy(seen.circumstances[question : question + 1]))[0]
        own = nn.functional.softplus(attention[:-CANDIDATE].view(len(EXPERTS), EVIDENCE)) * gate.weights
        parts = (torch.from_numpy(seen.experts[question, entity]) * own).sum(-1)
        itself = (torch.from_numpy(seen.candidates[question, entity]) * (gate.candidate + attention[-CANDIDATE:])).sum()
    return {**{name: float(part) for name, part in zip(EXPERTS, parts, strict=True)}, "candidate": float(itself)}
