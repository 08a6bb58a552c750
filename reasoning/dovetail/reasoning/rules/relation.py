"""Relations as log-structured sorted runs of packed integers.

A pair (left, right) of term numbers is one int64, ``left << 32 | right``; a run holds distinct ones in
order. New facts come as a new run, and the last two are merged while the last is at least half as long,
so that there are logarithmically many. A class is a relation of single numbers, which are not packed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Keys: TypeAlias = NDArray[np.int64]
Values: TypeAlias = NDArray[np.float64]

_LOW = (1 << 32) - 1
_DENSE = 4_096  # needles from which a table of starts beats binary search
_BETTER = 1.0 + 1e-12  # what counts as a higher confidence, so that rounding cannot go round in circles


def pack(left: Keys | int, right: Keys | int) -> Keys:
    """Pairs as single numbers that sort by left, then right."""
    return np.asarray(left) << 32 | right


def lefts(keys: Keys) -> Keys:
    """The left numbers of packed pairs."""
    return keys >> 32


def rights(keys: Keys) -> Keys:
    """The right numbers of packed pairs."""
    return keys & _LOW


def flip(keys: Keys) -> Keys:
    """Packed pairs turned round; not sorted."""
    return (keys & _LOW) << 32 | keys >> 32


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Distinct keys in order, and the confidence of each where confidences are kept."""

    keys: Keys
    values: Values | None = None

    def __len__(self) -> int:
        return len(self.keys)


def batch(keys: Keys, values: Values | None = None) -> Batch:
    """A batch of any keys; of equal ones the highest confidence counts.

    >>> batch(np.array([3, 1, 3]), np.array([0.2, 0.5, 0.4])).values
    array([0.5, 0.4])
    """
    if values is None:
        return Batch(distinct(keys))
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(firsts(keys))
    best = np.maximum.reduceat(values[order], starts) if len(starts) else values
    return Batch(keys[starts], best)


def union(batches: Sequence[Batch]) -> Batch:
    """All keys of some batches."""
    if len(batches) == 1:
        return batches[0]
    values = [b.values for b in batches if b.values is not None]
    return batch(np.concatenate([b.keys for b in batches]), np.concatenate(values) if values else None)


def firsts(ordered: Keys) -> NDArray[np.bool_]:
    """Where a sorted array begins a new value."""
    mask = np.empty(len(ordered), np.bool_)
    mask[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=mask[1:])
    return mask


def distinct(numbers: Keys) -> Keys:
    """The distinct numbers in order; ``np.unique`` takes far longer."""
    ordered = np.sort(numbers)
    return ordered[firsts(ordered)]


def find(ordered: Keys, wanted: Keys) -> tuple[Keys, NDArray[np.bool_]]:
    """Where each wanted key would stand in a sorted array, and whether it does."""
    places = np.searchsorted(ordered, wanted)
    if not len(ordered):
        return places, np.zeros(len(wanted), np.bool_)
    np.minimum(places, len(ordered) - 1, out=places)
    return places, ordered[places] == wanted


class Run:
    """Distinct keys in order, with the round in which each came and, where kept, its confidence."""

    __slots__ = ("_fanouts", "_flipped", "_order", "_starts", "keys", "rounds", "values")

    def __init__(self, keys: Keys, rounds: NDArray[np.int32], values: Values | None) -> None:
        self.keys = keys
        self.rounds = rounds
        self.values = values
        self._flipped: Keys | None = None
        self._order: Keys | None = None
        self._starts: list[Keys | None] = [None, None]
        self._fanouts = [0.0, 0.0]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def flipped(self) -> Keys:
        """The pairs turned round, in order."""
        if self._flipped is None:
            self._flipped = flip(self.keys)
            if self.values is None:
                self._flipped.sort()
            else:
                self._order = np.argsort(self._flipped, kind="stable")
                self._flipped = self._flipped[self._order]
        return self._flipped

    def sorted_by(self, backwards: bool) -> Keys:
        """The pairs in order of their left number, or of their right one."""
        return self.flipped if backwards else self.keys

    def fanout(self, backwards: bool) -> float:
        """How many pairs there are for one left (right) number, on average."""
        if not self._fanouts[backwards]:
            groups = lefts(self.sorted_by(backwards))
            self._fanouts[backwards] = len(groups) / max(1, np.count_nonzero(groups[1:] != groups[:-1]) + 1)
        return self._fanouts[backwards]

    def spans(self, needles: Keys, backwards: bool) -> tuple[Keys, Keys]:
        """Where the pairs of each needle begin and end in ``sorted_by(backwards)``."""
        ordered = self.sorted_by(backwards)
        if len(needles) < _DENSE or not len(ordered):
            return np.searchsorted(ordered, needles << 32), np.searchsorted(ordered, (needles + 1) << 32)
        starts = self._starts[backwards]
        if starts is None:
            top = int(ordered[-1] >> 32)
            if len(needles) * 8 < top:
                order = np.argsort(needles)
                low, high = np.empty_like(needles), np.empty_like(needles)
                in_order = needles[order]
                low[order] = np.searchsorted(ordered, in_order << 32)
                high[order] = np.searchsorted(ordered, (in_order + 1) << 32)
                return low, high
            starts = np.zeros(top + 3, np.int32 if len(ordered) < 2**31 else np.int64)
            np.cumsum(np.bincount(ordered >> 32, minlength=top + 2), out=starts[1:])
            self._starts[backwards] = starts
        within = np.minimum(needles, len(starts) - 2)
        return starts[within].astype(np.int64), starts[within + 1].astype(np.int64)

    def values_at(self, places: Keys, backwards: bool) -> Values:
        """The confidences of the pairs at these places of ``sorted_by(backwards)``."""
        assert self.values is not None
        if backwards:
            _ = self.flipped
            assert self._order is not None
            places = self._order[places]
        return self.values[places]

    def without(self, keep: NDArray[np.bool_]) -> Run:
        """The run with only the facts marked in ``keep``."""
        run = Run(self.keys[keep], self.rounds[keep], None if self.values is None else self.values[keep])
        if self._flipped is not None and self.values is None:
            gone = np.sort(flip(self.keys[~keep]))
            rest = np.ones(len(self._flipped), np.bool_)
            rest[np.searchsorted(self._flipped, gone)] = False
            run._flipped = self._flipped[rest]
        return run


def run_of(facts: Batch, stamp: int) -> Run:
    """A batch as a run of facts that came in round ``stamp``."""
    return Run(facts.keys, np.full(len(facts), stamp, np.int32), None if facts.values is None else facts.values.copy())


def merged(older: Run, newer: Run) -> Run:
    """Both runs as one; they share no key."""
    places = np.searchsorted(older.keys, newer.keys)
    places += np.arange(len(newer.keys))
    rest = np.ones(len(older) + len(newer), np.bool_)
    rest[places] = False

    def woven(first: NDArray[np.generic], second: NDArray[np.generic]) -> NDArray[np.generic]:
        out = np.empty(len(rest), first.dtype)
        out[places], out[rest] = second, first
        return out

    run = Run(
        woven(older.keys, newer.keys),  # type: ignore[arg-type]  # of the type that came in
        woven(older.rounds, newer.rounds),  # type: ignore[arg-type]
        None if older.values is None or newer.values is None else woven(older.values, newer.values),  # type: ignore[arg-type]
    )
    if older._flipped is not None and run.values is None:
        both = np.concatenate((older._flipped, newer.flipped))
        both.sort(kind="stable")  # two sorted stretches: merged in one pass
        run._flipped = both
    return run


class Relation:
    """A set of facts of one predicate (or class), growing and shrinking.

    What ``remove`` takes out stays readable as the past until ``settle``: deleting what followed from
    a fact needs the fact.
    """

    __slots__ = ("past", "runs")

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self.runs: list[Run] = [run for run in runs if len(run)]
        self.past: list[Run] = []

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def read(self, with_past: bool = False) -> Sequence[Run]:
        """The runs of what holds, and on request of what held before."""
        return [*self.runs, *self.past] if with_past else self.runs

    @property
    def keys(self) -> Keys:
        """Every key, in order."""
        if len(self.runs) == 1:
            return self.runs[0].keys
        return np.sort(np.concatenate([np.empty(0, np.int64), *(run.keys for run in self.runs)]))

    def add(self, facts: Batch, stamp: int) -> Batch:
        """Add facts that came in round ``stamp``, and return those that are new or surer than before."""
        fresh = np.ones(len(facts), np.bool_)
        better = np.zeros(len(facts), np.bool_)
        for run in self.runs:
            places, known = find(run.keys, facts.keys)
            fresh &= ~known
            if facts.values is not None and run.values is not None:
                known &= facts.values > run.values[places] * _BETTER
                run.values[places[known]] = facts.values[known]
                run.rounds[places[known]] = stamp
                better |= known
        new = facts if fresh.all() else select(facts, fresh)
        if len(new):
            self.runs.append(run_of(new, stamp))
            while len(self.runs) > 1 and 2 * len(self.runs[-1]) >= len(self.runs[-2]):
                last = self.runs.pop()
                self.runs[-1] = merged(self.runs[-1], last)
        return select(facts, fresh | better) if better.any() else new

    def remove(self, keys: Keys) -> Batch:
        """Take facts out, into the past; returns those that were there."""
        gone: list[Batch] = []
        for place, run in enumerate(self.runs):
            places, known = find(run.keys, keys)
            if known.any():
                keep = np.ones(len(run), np.bool_)
                keep[places[known]] = False
                gone.append(Batch(run.keys[~keep], None if run.values is None else run.values[~keep]))
                self.past.append(Run(gone[-1].keys, run.rounds[~keep], gone[-1].values))
                self.runs[place] = run.without(keep)
        self.runs = [run for run in self.runs if len(run)]
        return union(gone) if gone else Batch(np.empty(0, np.int64))

    def settle(self) -> None:
        """Forget the past."""
        self.past.clear()


def select(facts: Batch, mask: NDArray[np.bool_]) -> Batch:
    """The facts marked."""
    return Batch(facts.keys[mask], None if facts.values is None else facts.values[mask])


def holds(runs: Sequence[Run], keys: Keys) -> tuple[NDArray[np.bool_], Values | None]:
    """Which keys are in one of the runs, and with what confidence where that is kept."""
    found = np.zeros(len(keys), np.bool_)
    values: Values | None = None
    for run in runs:
        places, known = find(run.keys, keys)
        if run.values is not None:
            values = np.zeros(len(keys)) if values is None else values
            values[known] = run.values[places[known]]
        found |= known
    return found, values


def rounds_of(runs: Sequence[Run], keys: Keys) -> NDArray[np.int32]:
    """The round in which each key came; -1 for those that are in no run."""
    rounds = np.full(len(keys), -1, np.int32)
    for run in runs:
        places, known = find(run.keys, keys)
        rounds[known] = run.rounds[places[known]]
    return rounds
