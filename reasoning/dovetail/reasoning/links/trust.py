"""How far each expert is to be trusted on one graph, learnt from edges that are held out from it.

The gate was trained on other graphs. Whether the names of this one mean anything, or its rules hold, a few hundred of its own edges say:
each expert's part of the score is multiplied by a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from dovetail.models.link_graph import Floats, Rows
from dovetail.reasoning.links.experts.registry import EXPERTS
from dovetail.reasoning.links.fusion import Fusion
from dovetail.reasoning.links.protocol import Answers, LinkPredictor, Scored, measures, scored

FIRST = 20
"""Candidates that each part of the score puts forward."""
PRIOR = 2.0
"""Weight of the squared logarithms of the factors, in questions."""
STEPS = 150
WORTH = 0.01
"""What factors must add to the mean reciprocal rank of questions that they were not fitted to."""
LEANINGS = (1.0, 0.5, 0.25, 0.0)
"""Shares of what all others say that are tried beside the network."""


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
    """How far to trust each part, (EXPERTS + 1,): the best of what the gate says, more of the network than it says, and factors fitted.

    Factors are judged by those of one half of the questions on the other half, and have to be better than all else by WORTH.
    """
    leaning = [_leaning(share) for share in LEANINGS]
    found = [_rank(heard, trust) for trust in leaning]
    halves = heard.some(slice(0, None, 2)), heard.some(slice(1, None, 2))
    fitted = sum(_rank(theirs, _likeliest(own)) for own, theirs in (halves, halves[::-1])) / 2
    return _likeliest(heard) if fitted >= max(found) + WORTH else leaning[int(np.argmax(found))]


def _leaning(share: float) -> Floats:
    """All parts but the network's, times ``share``."""
    trust = np.full(len(EXPERTS) + 1, share, np.float32)
    trust[list(EXPERTS).index("network")] = 1.0
    return trust


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
