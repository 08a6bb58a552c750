"""How far each expert is to be trusted on one graph, learnt from edges that are held out from it.

The gate was trained on other graphs. Whether the names of this one mean anything, or its rules hold, a few hundred of its own edges say:
each expert's part of the score is multiplied by a number that makes the edges likelier, held near 1 by a prior, where that helps with
others of the edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from dovetail.models.link_graph import Floats, Rows
from dovetail.reasoning.links.fusion import Fusion
from dovetail.reasoning.links.protocol import Answers, LinkPredictor, Scored, measures, scored

FIRST = 20
"""Candidates that each part of the score puts forward."""
PRIOR = 2.0
"""Weight of the squared logarithms of the factors, in questions."""
STEPS = 150
WORTH = 0.01
"""What factors must add to the mean reciprocal rank of questions that they were not fitted to."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said of some questions: ``parts`` (n, entities, EXPERTS + 1), answers (n,), and what else is true of each."""

    parts: NDArray[np.float16]
    answers: Rows
    others: tuple[Rows, ...]

    def some(self, rows: slice) -> Heard:
        """The same of some of the questions."""
        return Heard(self.parts[rows], self.answers[rows], self.others[rows])

    def scored(self, trust: Floats) -> Scored:
        """The scores that these parts come to."""
        return Scored(self.parts.astype(np.float32) @ trust, self.answers, self.others)


def listen(fusion: Fusion, targets: Rows, known: Answers) -> Heard:
    """What all experts say of each target, asked both ways."""
    parts: list[NDArray[np.float16]] = []

    class Listening(LinkPredictor):
        def scores(self, heads: Rows, queries: Rows) -> Floats:
            said = fusion.parts(heads, queries)
            parts.append(said.astype(np.float16))
            return np.asarray(said.sum(-1))

    asked = list(scored(Listening(), targets, known, batch=16))
    answers = np.concatenate([some.answers for some in asked])
    return Heard(np.concatenate(parts), answers, tuple(others for some in asked for others in some.others))


def fit_trust(heard: Heard) -> Floats:
    """The factors (EXPERTS + 1,) under which the answers are likeliest; all 1 where those of half of the questions do not serve the others.

    To serve, they must raise the mean reciprocal rank by WORTH.
    """
    plain = np.ones(heard.parts.shape[-1], np.float32)
    halves = heard.some(slice(0, None, 2)), heard.some(slice(1, None, 2))
    gains = [_rank(theirs, _likeliest(own)) - _rank(theirs, plain) for own, theirs in (halves, halves[::-1])]
    return _likeliest(heard) if sum(gains) / 2 >= WORTH else plain


def _rank(heard: Heard, trust: Floats) -> float:
    return measures(heard.scored(trust).ranks())["mrr"]


def _likeliest(heard: Heard) -> Floats:
    parts, hidden = _first(heard)
    logs = torch.zeros(parts.shape[-1], requires_grad=True)
    optimizer = torch.optim.Adam([logs], lr=0.05)
    answers = torch.zeros(len(parts), dtype=torch.long)
    for _ in range(STEPS):
        scores = (parts * logs.exp()).sum(-1).masked_fill(hidden, -1e9)
        loss = F.cross_entropy(scores, answers) + PRIOR / len(parts) * (logs**2).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
    return np.asarray(logs.detach().exp().numpy(), np.float32)


def _first(heard: Heard) -> tuple[torch.Tensor, torch.Tensor]:
    """The parts of the answer, first, and of the candidates that each part puts forward, and which of these do not count."""
    count = min(FIRST, heard.parts.shape[1])
    found = np.zeros((len(heard.answers), 1 + count * heard.parts.shape[2], heard.parts.shape[2]), np.float32)
    hidden = np.ones(found.shape[:2], bool)
    for row, (parts, answer, others) in enumerate(zip(heard.parts, heard.answers, heard.others, strict=True)):
        best = np.unique(np.argpartition(-parts, count - 1, axis=0)[:count])
        chosen = np.concatenate([[answer], np.setdiff1d(best, np.append(others, answer))])
        found[row, : len(chosen)] = parts[chosen]
        hidden[row, : len(chosen)] = False
    return torch.from_numpy(found), torch.from_numpy(hidden)
