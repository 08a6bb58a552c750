"""How far to go from the shipped heads, by cross-validation on the examples.

Each fold is judged by heads that were fitted without it, at every step of a path from strong to weak regularisation. What is reported
for a fold is at the step that is best on the other folds, so that the choice does not flatter the figure. A fold is a run of examples,
since those from one document mostly stand together, and one should not be judged by heads that have seen the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from torch import Tensor

from dovetail.nlp.measures import Counts

W = TypeVar("W")


class Task(Protocol[W]):
    """Something to fit: heads along a path of ``steps`` from some examples, and how well heads do on others."""

    steps: int
    columns: Tensor
    """The labels that are fitted, as positions in the catalogue."""

    def fit(self, examples: Sequence[int]) -> list[W]:
        """Heads fitted to these examples at each step, the most cautious first."""
        ...

    def counts(self, examples: Sequence[int], heads: W | None) -> Counts:
        """What is right on these examples; None is the shipped heads."""
        ...


@dataclass(frozen=True, slots=True)
class Judged(Generic[W]):
    """Figures on examples that were held out, and the heads fitted to all examples at the best ``step`` (0: the shipped heads, None)."""

    before: Counts
    after: Counts
    step: int
    heads: W | None


def total(counts: Sequence[Counts]) -> Counts:
    """The sum.

    >>> total([Counts(1, 2, 3), Counts(1, 1, 1)])
    Counts(true=2, found=3, gold=4)
    """
    return Counts(sum(c.true for c in counts), sum(c.found for c in counts), sum(c.gold for c in counts))


def cross_validate(task: Task[W], examples: int, *, folds: int) -> Judged[W]:
    """Choose the step and fit all examples. Where held-out examples do not get better, the shipped heads stay."""
    folds = min(folds, examples)
    parts = [list(range(examples * fold // folds, examples * (fold + 1) // folds)) for fold in range(folds)]
    by_step: list[list[Counts]] = []  # of each fold
    for part in parts:
        held = set(part)
        fitted = task.fit([i for i in range(examples) if i not in held]) if len(part) < examples else []
        by_step.append([task.counts(part, None), *(task.counts(part, heads) for heads in fitted)])
    before = total([counts[0] for counts in by_step])
    if any(len(counts) <= task.steps for counts in by_step):  # one example cannot be held out of itself
        return Judged(before, before, 0, None)
    after = total([by_step[fold][best_step(by_step[:fold] + by_step[fold + 1 :])] for fold in range(folds)])
    step = best_step(by_step)
    if step == 0 or after.f1 <= before.f1:
        return Judged(before, before, 0, None)
    return Judged(before, after, step, task.fit(range(examples))[step - 1])


def best_step(by_step: Sequence[Sequence[Counts]]) -> int:
    """The step with the best F1 over these folds; the most cautious of equals."""
    scores = [total([counts[step] for counts in by_step]).f1 for step in range(len(by_step[0]))]
    return max(range(len(scores)), key=lambda step: (scores[step], -step))
