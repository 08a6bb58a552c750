"""Solutions as columns, and how one atom extends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dovetail.reasoning.rules.engine.relation import Keys, Run, Values, batch, holds, lefts, pack, rights

CHUNK = 1 << 22
"""Rows made at once by one join; a larger one is worked off in pieces, so that memory stays bounded."""

_SMALL = 128  # rows below which taking duplicates out costs more than it saves


@dataclass(slots=True)
class Table:
    """Solutions: for each variable a column of term numbers ``(size,)``, and each row's confidence where kept."""

    size: int
    columns: dict[str, Keys]
    values: Values | None = None

    def take(self, rows: Keys | NDArray[np.bool_]) -> Table:
        """The rows at these places (or marked in a mask)."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        values = None if self.values is None else self.values[rows]
        size = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else len(rows)
        return Table(size, columns, values)

    def scaled(self, values: Values | None) -> Table:
        """The table with each row's confidence multiplied."""
        if values is not None:
            self.values = values if self.values is None else self.values * values
        return self

    def only(self, names: frozenset[str]) -> Table:
        """The table without the columns that nothing needs any more, and without the rows that thereby repeat."""
        if self.columns.keys() <= names:
            return self
        self.columns = {name: column for name, column in self.columns.items() if name in names}
        if not self.columns:
            best = None if self.values is None or not self.size else self.values.max(keepdims=True)
            return Table(min(self.size, 1), {}, best)
        if self.size < _SMALL or len(self.columns) > 2:
            return self
        first, *second = self.columns
        keys = pack(self.columns[first], self.columns[second[0]]) if second else self.columns[first]
        distinct = batch(keys, self.values)
        columns = {first: lefts(distinct.keys), second[0]: rights(distinct.keys)} if second else {first: distinct.keys}
        return Table(len(distinct), columns, distinct.values)


def unit() -> Table:
    """One solution that binds nothing."""
    return Table(1, {})


def scan(runs: Sequence[Run], left: int | str, right: int | str | None) -> Iterator[Table]:
    """The facts of a relation that fit two slots, as solutions; ``right`` is None for a class."""
    for run in runs:
        keys, values = run.keys, run.values
        if right is None:
            found = Table(len(run), {}, values)
            fits = keys == left if isinstance(left, int) else None
            columns = {} if isinstance(left, int) else {left: keys}
        else:
            found = Table(len(run), {}, values)
            fits, columns = _fitting(keys, left, right)
        found.columns = columns
        yield found if fits is None else found.take(fits)


def _fitting(keys: Keys, left: int | str, right: int | str) -> tuple[NDArray[np.bool_] | None, dict[str, Keys]]:
    """Which pairs fit the slots (None: all), and the columns they give."""
    columns: dict[str, Keys] = {}
    fits = None
    if isinstance(left, int):
        fits = lefts(keys) == left
    else:
        columns[left] = lefts(keys)
    if isinstance(right, int):
        fits = rights(keys) == right if fits is None else fits & (rights(keys) == right)
    elif right == left:
        fits = rights(keys) == columns[right]
    else:
        columns[right] = rights(keys)
    return fits, columns


def extend(table: Table, runs: Sequence[Run], left: int | str, right: int | str | None) -> Iterator[Table]:
    """The solutions of a table joined with the facts that fit two slots (``right`` is None for a class).

    A slot is a number or a variable; the variables that the table lacks become columns.
    """
    knows = table.columns

    def known(slot: int | str | None) -> bool:
        return isinstance(slot, int) or slot in knows

    def column(slot: int | str) -> Keys:
        return knows[slot] if isinstance(slot, str) else np.full(table.size, slot, np.int64)

    if not runs or not table.size:
        return
    if known(left) and (right is None or known(right)):
        keys = column(left) if right is None else pack(column(left), column(right))
        found, values = holds(runs, keys)
        if found.all():
            yield table.scaled(values)
        elif found.any():
            yield table.take(found).scaled(None if values is None else values[found])
    elif right is not None and (known(left) or known(right)):
        backwards = not known(left)
        needles, target = (column(right), left) if backwards else (column(left), right)
        assert isinstance(target, str)
        for run in runs:
            yield from _match(table, run, needles, target, backwards)
    else:
        for found_table in scan(runs, left, right):
            yield from _cross(table, found_table)


def _match(table: Table, run: Run, needles: Keys, target: str, backwards: bool) -> Iterator[Table]:
    low, high = run.spans(needles, backwards)
    counts = high - low
    for first, last in _pieces(counts):
        part = counts[first:last]
        total = int(part.sum())
        if not total:
            continue
        if total == len(part) and int(part.max()) == 1:
            rows = np.arange(first, last)
            places = low[first:last]
        else:
            rows = np.repeat(np.arange(first, last), part)
            offsets = low[first:last] - (np.cumsum(part) - part)
            places = np.arange(total) + np.repeat(offsets, part)
        joined = table.take(rows)
        joined.columns[target] = rights(run.sorted_by(backwards)[places])
        yield joined.scaled(None if run.values is None else run.values_at(places, backwards))


def _pieces(counts: Keys) -> Iterator[tuple[int, int]]:
    """Stretches of rows that together make about CHUNK rows."""
    if int(counts.sum()) <= CHUNK:
        yield 0, len(counts)
        return
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        base = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, base + CHUNK, "right")))
        yield start, end
        start = end


def _cross(table: Table, other: Table) -> Iterator[Table]:
    if not table.columns and table.size == 1 and table.values is None:
        yield other
        return
    step = max(1, CHUNK // max(1, other.size))
    for start in range(0, table.size, step):
        rows = np.arange(start, min(start + step, table.size))
        joined = table.take(np.repeat(rows, other.size))
        for name, column in other.columns.items():
            joined.columns[name] = np.tile(column, len(rows))
        yield joined.scaled(None if other.values is None else np.tile(other.values, len(rows)))


def rows_of(table: Table, names: Sequence[str], constants: Mapping[str, int]) -> list[Keys]:
    """The columns of these variables; those that the table lacks are constants."""
    return [table.columns[n] if n in table.columns else np.full(table.size, constants[n], np.int64) for n in names]


def distinct_rows(columns: Sequence[Keys]) -> tuple[list[Keys], Keys]:
    """The distinct rows of some columns, and for each row the place of its like among them."""
    stacked = np.stack(columns, axis=1)
    order = np.lexsort(stacked.T[::-1])
    ordered = stacked[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    where = np.empty(len(order), np.int64)
    where[order] = np.cumsum(new) - 1
    return list(ordered[new].T), where
