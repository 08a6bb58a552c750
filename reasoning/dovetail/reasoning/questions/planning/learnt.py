"""What questions with known answers teach about a graph: which words go with which paths.

    (question, answers) pairs -> Planner.candidates -> those whose answers are right -> listwise training -> LearntPaths (a hashed table)

A candidate's score is a weighted sum of what the network says, and a weight for every pair of a phrase of the question and a part of the
path. Both start from the network alone, so that a path no question has shown is still found. Source: hashed conjunctions after
Weinberger et al., Feature Hashing (ICML 2009); weak supervision by answers after Berant et al. (EMNLP 2013).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import embedding_bag, log_softmax

from dovetail.kg.errors import InputError

BITS = 18
ROUNDS = 30
RATE = 0.05
DECAY = 1e-3
PARTS = ("prior", "hops", "steps")

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The candidates of one question: hashed features of each, what the network says of each (n, PARTS), and which are right (n,)."""

    features: tuple[Ids, ...]
    parts: Floats
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LearntPaths:
    """Weights (2 ** BITS,) of hashed features and of PARTS (3,)."""

    weights: NDArray[np.float32]
    scales: Floats

    def score(self, features: Ids, parts: Floats) -> float:
        """The log-odds of a candidate."""
        return float(self.weights[features].sum() + self.scales @ parts)

    def save(self, path: Path) -> None:
        """Writes the weights that are not 0."""
        path.parent.mkdir(parents=True, exist_ok=True)
        places = np.flatnonzero(self.weights)
        partial = path.with_name(path.name + ".partial.npz")
        np.savez(partial, places=places, values=self.weights[places], scales=self.scales)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> LearntPaths:
        """What was saved. Raises InputError where the file is damaged."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                weights = np.zeros(2**BITS, dtype=np.float32)
                weights[stored["places"]] = stored["values"]
                return cls(weights, stored["scales"])
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise InputError(f"cannot read what was learnt from questions in {path} ({error}): delete it, or train again") from error


def features_of(masked: str, steps: Sequence[str], topic: str) -> Ids:
    """The hashed features of a candidate: phrases of the question with parts of the path, and the look of the topic.

    ``steps`` are relations, those taken backwards with a caret, ``topic`` the name that was masked, as it is written in the question.
    """
    words = ["^", *re.findall(r"\[MASK\]|\w+|[^\w\s]", masked.lower().replace("[mask]", "[MASK]")), "$"]
    phrases = {
        *words,
        *(f"{a} {b}" for a, b in pairwise(words)),
        *(" ".join(words[i : i + 3]) for i in range(len(words) - 2)),
    }
    whole = " ".join(steps)
    parts = (whole, f"last {steps[-1]}", f"first {steps[0]}", f"length {len(steps)}")
    look = (
        f"name {topic.lower()}" if " " not in topic else "name of several words",
        f"capital {topic[:1].isupper()} {topic.islower()}",
        f"words {len(topic.split())}",
    )
    every = [f"{phrase}|{part}" for phrase in sorted(phrases) for part in parts]
    every += [whole, *look, *(f"{one}|{len(steps)}" for one in look), *(f"{one}|first {steps[0]}" for one in look)]
    return np.array([zlib.crc32(one.encode()) % 2**BITS for one in every], dtype=np.int64)


def fit(lessons: Iterable[Lesson], *, seed: int = 0, on_round: Callable[[int, float], None] | None = None) -> LearntPaths:
    """Weights that put right candidates before wrong ones: minus the log of the chance of a right one, by Adam with decay."""
    useful = [lesson for lesson in lessons if lesson.right.any() and not lesson.right.all()]
    torch.manual_seed(seed)
    table = torch.zeros(2**BITS, 1, requires_grad=True)
    scales = torch.ones(len(PARTS), dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam([table, scales], lr=RATE)
    made = [
        (
            torch.from_numpy(np.concatenate(lesson.features)),
            torch.tensor(np.cumsum([0, *map(len, lesson.features)])[:-1]),
            torch.tensor(lesson.parts, dtype=torch.float32),
            torch.tensor(lesson.right),
        )
        for lesson in useful
    ]
    for number in range(ROUNDS):
        total = torch.zeros(())
        for features, starts, parts, right in made:
            scores = embedding_bag(features, table, starts, mode="sum").squeeze(-1) + parts @ scales
            total = total - torch.logsumexp(log_softmax(scores, 0)[right], 0)
        loss = total / max(len(made), 1) + DECAY * (table**2).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not type backward
        optimiser.step()
        if on_round is not None:
            on_round(number, float(loss.detach()))
    weights = table.detach().squeeze(-1).numpy().copy()
    weights[np.abs(weights) < 1e-4] = 0.0
    return LearntPaths(weights, scales.detach().double().numpy())
