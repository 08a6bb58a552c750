"""A linear-chain conditional random field: the likelihood of a path of labels, the best path, and how probable a span is.

Scores are ``emissions`` (batch, length, labels) and ``transitions`` (labels, labels), from the row's label to the column's. ``mask``
(batch, length) is true for the characters of a text, which stand on the left. A path starts after and ends before a silent border, whose
scores are ``border`` (2, labels): first row into the first label, second row out of the last.

Source: Lafferty, McCallum & Pereira, Conditional random fields (ICML 2001); Rabiner, A tutorial on hidden Markov models (1989), for the
recursions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

FORBIDDEN = -1e4
"""Score of a transition that no text may take."""


def forward_scores(emissions: Tensor, mask: Tensor, transitions: Tensor, border: Tensor) -> Tensor:
    """Log-sum over all paths that end in each label at each character: (batch, length, labels)."""
    alphas = [border[0] + emissions[:, 0]]
    for i in range(1, emissions.shape[1]):
        step = torch.logsumexp(alphas[-1].unsqueeze(2) + transitions, 1) + emissions[:, i]
        alphas.append(torch.where(mask[:, i].unsqueeze(1), step, alphas[-1]))
    return torch.stack(alphas, 1)


def backward_scores(emissions: Tensor, mask: Tensor, transitions: Tensor, border: Tensor) -> Tensor:
    """Log-sum over all ways to go on after each label at each character, up to the end of the text: (batch, length, labels)."""
    length = emissions.shape[1]
    betas = [border[1].expand(emissions.shape[0], -1)]
    for i in range(length - 1, 0, -1):
        step = torch.logsumexp(transitions + (emissions[:, i] + betas[-1]).unsqueeze(1), 2)
        betas.append(torch.where(mask[:, i].unsqueeze(1), step, betas[-1]))
    return torch.stack(betas[::-1], 1)


def log_partition(emissions: Tensor, mask: Tensor, transitions: Tensor, border: Tensor) -> Tensor:
    """Log-sum over all paths: (batch,)."""
    return torch.logsumexp(forward_scores(emissions, mask, transitions, border)[:, -1] + border[1], 1)


def path_score(emissions: Tensor, mask: Tensor, path: Tensor, transitions: Tensor, border: Tensor) -> Tensor:
    """Score of a path (batch, length): (batch,). Its log-likelihood is this less ``log_partition``."""
    own = emissions.gather(2, path.unsqueeze(2)).squeeze(2) * mask
    steps = transitions[path[:, :-1], path[:, 1:]] * mask[:, 1:]
    last = path.gather(1, mask.sum(1, keepdim=True) - 1).squeeze(1)
    return own.sum(1) + steps.sum(1) + border[0][path[:, 0]] + border[1][last]


def best_paths(emissions: Tensor, mask: Tensor, transitions: Tensor, border: Tensor) -> list[list[int]]:
    """The path with the highest score of each text (Viterbi)."""
    score = border[0] + emissions[:, 0]
    came: list[Tensor] = []
    stay = torch.arange(emissions.shape[2]).expand(emissions.shape[0], -1)
    for i in range(1, emissions.shape[1]):
        best, where = (score.unsqueeze(2) + transitions).max(1)
        inside = mask[:, i].unsqueeze(1)
        score = torch.where(inside, best + emissions[:, i], score)
        came.append(torch.where(inside, where, stay))
    label = (score + border[1]).argmax(1)
    path = [label]
    for where in reversed(came):
        label = where.gather(1, label.unsqueeze(1)).squeeze(1)
        path.append(label)
    lengths = mask.sum(1).tolist()
    return [row[:length] for row, length in zip(torch.stack(path[::-1], 1).tolist(), lengths, strict=True)]


def segment_log_probability(scores: tuple[Tensor, Tensor, Tensor], transitions: Tensor, start: int, labels: Sequence[int]) -> float:
    """Log of the probability that one text's path has ``labels`` from the character ``start`` on, whatever it has elsewhere.

    ``scores``: emissions, forward and backward scores of the text, each (length, labels), without padding.
    """
    emissions, forward, backward = scores
    total = forward[start, labels[0]] + backward[start + len(labels) - 1, labels[-1]] - torch.logsumexp(forward[0] + backward[0], 0)
    for i in range(1, len(labels)):
        total = total + transitions[labels[i - 1], labels[i]] + emissions[start + i, labels[i]]
    return float(total)
