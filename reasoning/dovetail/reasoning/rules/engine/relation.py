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


def firsts(in_order: Keys) -> NDArray[np.bool_]:
    """Where a sorted array begins a new value."""
    mask = np.empty(len(in_order), np.bool_)
    mask[:1] = True
    np.not_equal(in_order[1:], in_order[:-1], out=mask[1:])
    return mask


def ordered(keys: Keys) -> Keys:
    """The keys in order. What is sorted here mostly comes in sorted stretches, which a stable sort only merges."""
    return np.sort(keys, kind="stable")


def distinct(numbers: Keys) -> Keys:
    """The distinct numbers in order; ``np.unique`` takes far longer."""
    if len(numbers) >= _DENSE:
        top = int(numbers.max())
        if top < 8 * len(numbers):  # term numbers, not pairs: marking them beats sorting
            seen = np.zeros(top + 1, np.bool_)
            seen[numbers] = True
            return np.flatnonzero(seen)
    numbers = ordered(numbers)
    return numbers[firsts(numbers)]


def find(in_order: Keys, wanted: Keys) -> tuple[Keys, NDArray[np.bool_]]:
    """Where each wanted key would stand in a sorted array, and whether it does."""
    places = in_order.searchsorted(wanted)
    if not len(in_order):
        return places, np.zeros(len(wanted), np.bool_)
    np.minimum(places, len(in_order) - 1, out=places)
    return places, in_order[places] == wanted


class Run:
    """Distinct keys in order and, where kept, the confidence of each."""

    __slots__ = ("_flipped", "_order", "_starts", "keys", "values")

    def __init__(self, keys: Keys, values: Values | None = None) -> None:
        self.keys = keys
        self.values = values
        self._flipped: Keys | None = None
        self._order: Keys | None = None
        self._starts: list[Keys | None] = [None, None]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def flipped(self) -> Keys:
        """The pairs turned round, in order."""
        if self._flipped is None:
            self._flipped = flip(self.keys)
            if self.values is None:
                self._flipped.sort(kind="stable")
            else:
                self._order = np.argsort(self._flipped, kind="stable")
                self._flipped = self._flipped[self._order]
        return self._flipped

    def sorted_by(self, backwards: bool) -> Keys:
        """The pairs in order of their left number, or of their right one."""
        return self.flipped if backwards else self.keys

    def spans(self, needles: Keys, backwards: bool) -> tuple[Keys, Keys]:
        """Where the pairs of each needle begin and end in ``sorted_by(backwards)``."""
        keys = self.sorted_by(backwards)
        if len(needles) < _DENSE or not len(keys):
            return np.searchsorted(keys, needles << 32), np.searchsorted(keys, (needles + 1) << 32)
        starts = self._starts[backwards]
        if starts is None:
            top = int(keys[-1] >> 32)
            if len(needles) * 8 < top:
                order = np.argsort(needles)
                low, high = np.empty_like(needles), np.empty_like(needles)
                in_order = needles[order]
                low[order] = np.searchsorted(keys, in_order << 32)
                high[order] = np.searchsorted(keys, (in_order + 1) << 32)
                return low, high
            starts = np.zeros(top + 3, np.int32 if len(keys) < 2**31 else np.int64)
            np.cumsum(np.bincount(keys >> 32, minlength=top + 2), out=starts[1:])
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
        run = Run(self.keys[keep], None if self.values is None else self.values[keep])
        if self._flipped is not None and self.values is None:
            gone = ordered(flip(self.keys[~keep]))
            rest = np.ones(len(self._flipped), np.bool_)
            rest[np.searchsorted(self._flipped, gone)] = False
            run._flipped = self._flipped[rest]
        return run


def run_of(facts: Batch) -> Run:
    """A batch as a run, whose confidences may be raised later."""
    return Run(facts.keys, None if facts.values is None else facts.values.copy())


def merged(older: Run, newer: Run) -> Run:
    """Both runs as one; they share no key."""
    keys = np.concatenate((older.keys, newer.keys))
    if older.values is not None and newer.values is not None:
        order = np.argsort(keys, kind="stable")
        return Run(keys[order], np.concatenate((older.values, newer.values))[order])
    keys.sort(kind="stable")  # two sorted stretches: merged in one pass
    run = Run(keys)
    if older._flipped is not None:
        run._flipped = np.concatenate((older._flipped, newer.flipped))
        run._flipped.sort(kind="stable")
    return run


class Relation:
    """A set of facts of one predicate (or class), growing and shrinking.

    What ``remove`` takes out stays readable as the past until ``settle``: deleting what followed from
    a fact needs the fact. When facts came is kept as a log, which is only sorted when somebody asks.
    """

    __slots__ = ("_log", "_logged", "_rounds", "past", "runs")

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self.runs: list[Run] = [run for run in runs if len(run)]
        self.past: list[Run] = []
        self._log: list[tuple[Keys, int]] = []
        self._logged = 0
        self._rounds = np.empty(0, np.int64), np.empty(0, np.int32)

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
        return ordered(np.concatenate([np.empty(0, np.int64), *(run.keys for run in self.runs)]))

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
                better |= known
        new = facts if fresh.all() else select(facts, fresh)
        moved = select(facts, fresh | better) if better.any() else new
        self._log.append((moved.keys, stamp))
        self._logged += len(moved)
        if self._logged > 1_000_000 + 2 * len(self):
            self._sort_log()
        if len(new):
            self.runs.append(run_of(new))
            while len(self.runs) > 1 and 2 * len(self.runs[-1]) >= len(self.runs[-2]):
                last = self.runs.pop()
                self.runs[-1] = merged(self.runs[-1], last)
        return moved

    def remove(self, keys: Keys) -> Batch:
        """Take facts out, into the past; returns those that were there."""
        gone: list[Batch] = []
        for place, run in enumerate(self.runs):
            places, known = find(run.keys, keys)
            if known.any():
                keep = np.ones(len(run), np.bool_)
                keep[places[known]] = False
                gone.append(Batch(run.keys[~keep], None if run.values is None else run.values[~keep]))
                self.past.append(run_of(gone[-1]))
                self.runs[place] = run.without(keep)
        self.runs = [run for run in self.runs if len(run)]
        return union(gone) if gone else Batch(np.empty(0, np.int64))

    def rounds(self, keys: Keys) -> NDArray[np.int32]:
        """The round in which each fact last came, or became surer; 0 for those that were there from the start."""
        self._sort_log()
        places, known = find(self._rounds[0], keys)
        rounds = np.zeros(len(keys), np.int32)
        rounds[known] = self._rounds[1][places[known]]
        return rounds

    def _sort_log(self) -> None:
        """Bring the log in order of facts, of each the last entry."""
        if not self._log:
            return
        keys = np.concatenate([self._rounds[0], *(part for part, _ in self._log)])
        stamps = np.concatenate([self._rounds[1], *(np.full(len(part), stamp, np.int32) for part, stamp in self._log)])
        order = np.argsort(keys, kind="stable")
        last = np.ones(len(order), np.bool_)
        last[:-1] = firsts(keys[order])[1:]
        self._rounds = keys[order][last], stamps[order][last]
        self._log.clear()
        self._logged = 0

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
