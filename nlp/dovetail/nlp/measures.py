"""What every evaluation reports, and the most memory that it took."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """Figures for one set: ``n`` rows or questions, metrics as fractions of one, wall seconds, peak memory of this process."""

    set: str
    n: int
    metrics: Mapping[str, float]
    seconds: float
    peak_mb: float


def result(name: str, n: int, metrics: Mapping[str, float], *, seconds: float) -> EvaluationResult:
    """The result of an evaluation that ends now, rounded as it is printed.

    >>> result("wikigold/dev", 170, {"entity_f1": 2 / 3}, seconds=1.234).metrics
    {'entity_f1': 0.6667}
    """
    rounded = {key: round(value, 4) for key, value in metrics.items()}
    return EvaluationResult(name, n, rounded, round(seconds, 2), peak_megabytes())


def peak_megabytes() -> float:
    """The most memory this process has had, in MiB; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0.0
    import resource

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found, what is annotated, and what is both.

    >>> counts = Counts(true=2, found=4, gold=3)
    >>> counts.precision, round(counts.recall, 3), round(counts.f1, 3)
    (0.5, 0.667, 0.571)
    """

    true: int
    found: int
    gold: int

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 1 where nothing was found."""
        return self.true / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what is annotated that was found; 1 where nothing is annotated."""
        return self.true / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 where nothing is right."""
        return 2 * self.true / (self.found + self.gold) if self.true else 0.0
