"""Solving a clause: its plan run over the facts, solutions in columns, heads out as packed batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from dovetail.reasoning.rules.engine.clause import Absence, Atom, Clause, Condition, Making, Skolem, Slot
from dovetail.reasoning.rules.engine.comparing import compared
from dovetail.reasoning.rules.engine.facts import ANY, PAIRS, Facts, Key, keys_within
from dovetail.reasoning.rules.engine.numbering import Numbering
from dovetail.reasoning.rules.engine.plan import Focus, Plan, focus_atom, plan, plan_absence, plan_atoms
from dovetail.reasoning.rules.engine.relation import Batch, Keys, Run, batch, distinct, pack
from dovetail.reasoning.rules.engine.table import Table, distinct_rows, extend, rows_of, unit
from dovetail.reasoning.rules.language.expression import CREATES, calls, evaluate_rows
from dovetail.reasoning.rules.rule import Call, GroundTerm, term_text
from dovetail.reasoning.rules.skolem import skolem

Delta: TypeAlias = Mapping[Key, Sequence[Run]]
"""Changed facts by relation."""

Mask: TypeAlias = NDArray[np.bool_]

_ROW = "#row"
_TRUE, _FALSE = (ox.Literal(value) for value in (True, False))


class Solver:
    """Solves clauses over ``facts``; ``base`` is the graph that WHERE DATA and NOT DATA look at.

    With ``generalised`` a literal may be a subject and anything a predicate, as inside OWL 2 RL; without
    it, solutions whose head is no RDF triple are dropped.
    """

    def __init__(self, facts: Facts, base: Facts, numbering: Numbering, *, now: ox.Literal, generalised: bool) -> None:
        self.facts = facts
        self.base = base
        self.numbering = numbering
        self.now = now
        self.generalised = generalised
        self._plans: dict[tuple[Clause, Focus | None, bool, bool], Plan] = {}

    def solve(
        self, clause: Clause, focus: Focus | None = None, delta: Delta | None = None, *, absences: bool = True
    ) -> Iterator[tuple[Key, Batch]]:
        """The heads of the clause's solutions, by relation; a batch repeats nothing, two may.

        With a focus, only solutions in which the focused atom is one of ``delta``. Without
        ``absences``, negations are left out.
        """
        for table in self.solutions(clause, focus, delta, absences=absences):
            yield from self._heads(clause, table)

    def solutions(
        self, clause: Clause, focus: Focus | None = None, delta: Delta | None = None, *, absences: bool = True, whole: bool = False
    ) -> Iterator[Table]:
        """The solutions of a clause: columns for its head's variables, or (``whole``) for all of its atoms', and then nothing repeats."""
        facts = self.base if clause.rule.stated_only else self.facts
        key = clause, focus, absences, whole
        steps = self._plans.get(key)
        if steps is None:
            keep = frozenset[str]().union(*(atom.names for atom in clause.atoms)) if whole else frozenset[str]()
            steps = self._plans[key] = plan(clause, facts, focus, absences=absences, keep=keep)
        for start in self._entries(clause, focus, delta or {}):
            yield from self._run(clause.binding, steps, start, facts)

    def forget_plans(self) -> None:
        """Forget how clauses were solved, which may be gone."""
        self._plans.clear()

    def _entries(self, clause: Clause, focus: Focus | None, delta: Delta) -> Iterator[Table]:
        if focus is None:
            yield unit()
            return
        atom = focus_atom(clause, focus)
        key = self.facts.key(atom)
        if key in delta and (focus.atom is not None or key[1] != PAIRS or key[0] not in self.facts.split):
            keys = [key]
        else:
            keys = [one for one in delta if self._stands_for(key, one, body=focus.atom is not None)]
        for one in keys:
            for table in _extend_by_key(unit(), delta.get(one, ()), one, atom):
                if focus.atom is None or focus.absence is not None:
                    table.values = None
                if focus.absence is not None:
                    table = table.only(clause.absences[focus.absence].shared)
                if table.size:
                    yield table

    def _stands_for(self, key: Key, one: Key, *, body: bool) -> bool:
        """Whether an open key covers a relation; bodies do not see private ones, and nothing sees a mirror twice."""
        if one[1] == PAIRS and one[0] in self.facts.split:
            return False
        return one[0] not in self.facts.private or not body if key == ANY else key == (one[0], PAIRS) and not body

    def _run(self, constants: Mapping[str, int], steps: Plan, table: Table, facts: Facts) -> Iterator[Table]:
        if not steps:
            yield table
            return
        step, *rest = steps
        for found in self._step(constants, step.part, table, facts):
            if found.size:
                yield from self._run(constants, tuple(rest), found.only(step.keep), facts)

    def _step(self, constants: Mapping[str, int], part: Atom | Condition | Making | Absence, table: Table, facts: Facts) -> Iterator[Table]:
        if isinstance(part, Atom):
            if isinstance(part.predicate, str):
                yield from _extend_by_any(table, part, facts)
            else:
                key = facts.key(part)
                yield from extend(table, facts.runs(key), part.left, part.right if key[1] == PAIRS else None)
        elif isinstance(part, Condition):
            yield table.take(self._true(constants, part, table))
        elif isinstance(part, Making):
            yield self._made(constants, part, table)
        else:
            yield table.take(~self._present(constants, part, table, facts))

    def project(self, atoms: Sequence[Atom], names: frozenset[str], *, stated_only: bool) -> Table:
        """The distinct values of some variables of a conjunction of atoms."""
        facts = self.base if stated_only else self.facts
        tables = list(self._run({}, plan_atoms(atoms, facts, names), unit(), facts))
        columns = [np.concatenate([np.empty(0, np.int64), *(t.columns[name] for t in tables)]) for name in sorted(names)]
        size = sum(table.size for table in tables)
        if not names or not size:
            return Table(min(size, 1), dict(zip(sorted(names), columns, strict=True)))
        rows, _ = distinct_rows(columns)
        return Table(len(rows[0]), dict(zip(sorted(names), rows, strict=True)))

    # ------------------------------------------------------------------ expressions

    def _true(self, constants: Mapping[str, int], test: Condition, table: Table) -> Mask:
        def column(name: str) -> Keys:
            return rows_of(table, [name], constants)[0]

        mask = compared(test.expression, column, self.numbering)
        if mask is not None:
            return np.broadcast_to(mask, table.size)
        names = sorted(test.names)
        # IF gives the effective boolean value, and an error where there is none.
        condition = Call("IF", (test.expression, _TRUE, _FALSE))
        columns, where = self._distinct(constants, names, table)
        rows = self._terms(columns)
        truth = [value == _TRUE for value in evaluate_rows(condition, tuple(names), rows, now=self.now)]
        return np.array(truth, np.bool_)[where]

    def _made(self, constants: Mapping[str, int], making: Making, table: Table) -> Table:
        names = sorted(making.names)
        if not isinstance(making.expression, Skolem) and any(call.function in CREATES for call in calls(making.expression)):
            columns, where = rows_of(table, names, constants), np.arange(table.size)  # a new term for each solution
            rows = self._terms(columns) if columns else [()] * table.size
        else:
            columns, where = self._distinct(constants, names, table)
            rows = self._terms(columns)
        values: Sequence[GroundTerm | None]
        if isinstance(making.expression, Skolem):
            made = making.expression
            values = [skolem(made.rule, made.label, dict(zip(names, map(term_text, row), strict=True))) for row in rows]
        else:
            values = evaluate_rows(making.expression, tuple(names), rows, now=self.now)
        numbers = np.array([-1 if value is None else self.numbering.number(value) for value in values], np.int64)[where]
        if making.target in table.columns:
            return table.take(table.columns[making.target] == numbers)
        table = Table(table.size, {**table.columns, making.target: numbers}, table.values)
        return table.take(numbers >= 0)

    def _distinct(self, constants: Mapping[str, int], names: Sequence[str], table: Table) -> tuple[list[Keys], Keys]:
        if not names:
            return [], np.zeros(table.size, np.int64)
        return distinct_rows(rows_of(table, names, constants))

    def _terms(self, columns: list[Keys]) -> list[tuple[GroundTerm, ...]]:
        if not columns:
            return [()]
        return list(zip(*([self.numbering.term(n) for n in column.tolist()] for column in columns), strict=True))

    # ------------------------------------------------------------------ negation

    def _present(self, constants: Mapping[str, int], absence: Absence, table: Table, facts: Facts) -> Mask:
        """Which rows have a solution of the negation's body."""
        facts = self.base if absence.stated_only else facts
        columns = {name: column for name, column in table.columns.items() if name in absence.shared}
        start = Table(table.size, {**columns, _ROW: np.arange(table.size)})
        known = {*columns, *constants}
        present = np.zeros(table.size, np.bool_)
        for found in self._run(constants, plan_absence(absence, facts, known, _ROW), start, facts):
            present[found.columns[_ROW]] = True
        return present

    # ------------------------------------------------------------------ heads

    def _heads(self, clause: Clause, table: Table) -> Iterator[tuple[Key, Batch]]:
        predicate, left, right = (
            table.columns[slot] if isinstance(slot, str) else np.full(table.size, slot, np.int64) if place else slot
            for place, slot in enumerate(clause.head.slots)
        )
        assert not isinstance(left, int) and not isinstance(right, int)
        values = table.values
        if clause.weight != 1.0:
            values = np.full(table.size, clause.weight) if values is None else values * clause.weight
        if not self.generalised and not clause.proper:
            proper = self.numbering.nodes(left)
            if not isinstance(predicate, int):
                proper &= self.numbering.iris(predicate)
                predicate = predicate[proper]
            if not proper.all():
                left, right = left[proper], right[proper]
                values = None if values is None else values[proper]
        key = self.facts.key(clause.head)
        if isinstance(predicate, int):
            if len(left):
                yield key, batch(keys_within(key, left, right), values)
            return
        for one in distinct(predicate).tolist():
            rows = predicate == one
            yield (one, PAIRS), batch(pack(left[rows], right[rows]), None if values is None else values[rows])


def _extend_by_key(table: Table, runs: Sequence[Run], key: Key, atom: Atom) -> Iterator[Table]:
    """A table joined with one relation by an atom, which may leave predicate or class open or name others."""
    predicate, own = key
    fitting = _fixed(table, atom.predicate, predicate)
    if fitting is not None and own == PAIRS:
        yield from extend(fitting, runs, atom.left, atom.right)
    elif fitting is not None:
        fitting = _fixed(fitting, atom.right, own)
        if fitting is not None:
            yield from extend(fitting, runs, atom.left, None)


def _fixed(table: Table, slot: Slot, number: int) -> Table | None:
    """The solutions in which a slot is this number; None if there can be none."""
    if isinstance(slot, int):
        return table if slot == number else None
    if slot in table.columns:
        return table.take(table.columns[slot] == number)
    return Table(table.size, {**table.columns, slot: np.full(table.size, number, np.int64)}, table.values)


def _extend_by_any(table: Table, atom: Atom, facts: Facts) -> Iterator[Table]:
    """A table joined with every relation by an atom whose predicate is open."""
    keys = facts.open_keys()
    assert isinstance(atom.predicate, str)
    if atom.predicate in table.columns:
        present = set(distinct(table.columns[atom.predicate]).tolist())
        keys = [key for key in keys if key[0] in present]
    for key in keys:
        yield from _extend_by_key(table, facts.runs(key), key, atom)
