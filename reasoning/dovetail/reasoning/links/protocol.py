"""How well links are predicted: the place of each true triple among all that could stand there.

Both directions, every entity a candidate, other true answers left out, and ties counted against the answer (rank = 1 + the number
of other candidates that score as high or higher; Sun et al., A re-evaluation of knowledge graph completion, ACL 2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dovetail.models.link_graph import Floats, Rows

BATCH = 64


class LinkPredictor(Protocol):
    """What gives every entity a score as the answer to (head, relation, ?)."""

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,) heads, (batch,) relations, or relations + their number for inverses -> (batch, entities)."""


class Answers:
    """The known tails of (head, query), inverses included.

    >>> Answers(np.array([[0, 0, 1], [0, 0, 2]]), relations=1).of(0, 0).tolist()
    [1, 2]
    """

    def __init__(self, triples: Rows, *, relations: int) -> None:
        self.relations = relations
        forth = triples[:, 0] * 2 * relations + triples[:, 1]
        back = triples[:, 2] * 2 * relations + triples[:, 1] + relations
        keys = np.concatenate([forth, back])
        order = np.argsort(keys, kind="stable")
        self.keys = keys[order]
        self.tails = np.concatenate([triples[:, 2], triples[:, 0]])[order]

    def of(self, head: int, query: int) -> Rows:
        """Tails that are true."""
        low, high = np.searchsorted(self.keys, [head * 2 * self.relations + query, head * 2 * self.relations + query + 1])
        return np.asarray(self.tails[low:high])

    def of_each(self, heads: Rows, queries: Rows) -> list[Rows]:
        """The same of many questions, (batch,) each."""
        return [self.of(int(head), int(query)) for head, query in zip(heads, queries, strict=True)]


def questions(targets: Rows, relations: int) -> tuple[Rows, Rows, Rows]:
    """Each target asked both ways, those of one relation together: heads, queries, answers, (2 targets,) each."""
    heads = np.concatenate([targets[:, 0], targets[:, 2]])
    queries = np.concatenate([targets[:, 1], targets[:, 1] + relations])
    answers = np.concatenate([targets[:, 2], targets[:, 0]])
    order = np.argsort(queries, kind="stable")
    return heads[order], queries[order], answers[order]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of some questions (batch, entities), what answers them (batch,), and what else is true of each."""

    scores: Floats
    answers: Rows
    others: Sequence[Rows]

    def ranks(self) -> NDArray[np.int64]:
        """The place of each answer, (batch,)."""
        high = self.scores >= self.scores[np.arange(len(self.answers)), self.answers][:, None]
        for row, others in zip(high, self.others, strict=True):
            row[others] = False
        high[np.arange(len(self.answers)), self.answers] = True
        return np.asarray(high.sum(1))


def scored(predictor: LinkPredictor, targets: Rows, known: Answers, *, batch: int = BATCH) -> Iterator[Scored]:
    """The scores of each target asked both ways, in the order of ``questions``."""
    heads, queries, answers = questions(targets, known.relations)
    for low in range(0, len(heads), batch):
        some = slice(low, low + batch)
        true = known.of_each(heads[some], queries[some])
        others = [all_[all_ != answer] for all_, answer in zip(true, answers[some], strict=True)]
        yield Scored(predictor.scores(heads[some], queries[some]), answers[some], others)


def ranks(predictor: LinkPredictor, targets: Rows, known: Answers) -> NDArray[np.int64]:
    """The rank of each answer of ``questions``: (2 targets,)."""
    return np.concatenate([np.zeros(0, np.int64), *(some.ranks() for some in scored(predictor, targets, known))])


def measures(found: NDArray[np.int64]) -> Mapping[str, float]:
    """Mean reciprocal rank and hits.

    >>> measures(np.array([1, 2]))
    {'mrr': 0.75, 'hits@1': 0.5, 'hits@3': 1.0, 'hits@10': 1.0}
    """
    return {"mrr": float((1 / found).mean()), **{f"hits@{k}": float((found <= k).mean()) for k in (1, 3, 10)}}
