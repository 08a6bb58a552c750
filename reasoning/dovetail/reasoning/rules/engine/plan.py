"""The order in which a clause's parts are looked at: what is known first, then what is rare."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dovetail.reasoning.rules.engine.clause import Absence, Atom, Clause, Condition, Making
from dovetail.reasoning.rules.engine.facts import ANY, PAIRS, Facts
from dovetail.reasoning.rules.engine.relation import Run, lefts, rights

_SAMPLE = 1_024
_UNCONNECTED = 1e9  # the price of a join that shares no variable


@dataclass(frozen=True, slots=True)
class Focus:
    """Where a clause is entered: from changed facts instead of from all.

    ``atom`` enters by the atom at that place of its body; with ``absence``, of that negation's body;
    with neither, by the head.
    """

    atom: int | None = None
    absence: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One part to look at, and the variables still needed after it."""

    part: Atom | Condition | Making | Absence
    keep: frozenset[str]


Plan: TypeAlias = tuple[Step, ...]


def plan(clause: Clause, facts: Facts, focus: Focus | None, *, absences: bool = True, keep: frozenset[str] = frozenset()) -> Plan:
    """The steps that solve a clause, after those variables are bound that its focus binds; ``keep`` are wanted besides its head's."""
    atoms = [atom for place, atom in enumerate(clause.atoms) if focus is None or focus.absence is not None or focus.atom != place]
    parts: list[Condition | Making | Absence] = [*clause.makings, *clause.tests, *(clause.absences if absences else ())]
    known = set(clause.binding)
    if focus is not None:
        known |= focus_atom(clause, focus).names
        if focus.absence is not None:
            known &= clause.absences[focus.absence].shared | clause.binding.keys()
    return _pruned(list(_ordered(atoms, parts, known, facts)), clause.head.names | keep)


def plan_atoms(atoms: Sequence[Atom], facts: Facts, keep: frozenset[str]) -> Plan:
    """The steps that join some atoms, keeping these variables."""
    return _pruned(list(_ordered(list(atoms), [], set(), facts)), keep)


def plan_absence(absence: Absence, facts: Facts, known: Collection[str], row: str) -> Plan:
    """The steps that look for solutions of a negation's body, keeping only which row each belongs to."""
    return _pruned(list(_ordered(list(absence.atoms), list(absence.tests), set(known), facts)), frozenset([row]))


def focus_atom(clause: Clause, focus: Focus) -> Atom:
    """The atom by which a clause is entered."""
    if focus.absence is not None:
        assert focus.atom is not None
        return clause.absences[focus.absence].atoms[focus.atom]
    return clause.head if focus.atom is None else clause.atoms[focus.atom]


def needs(part: Atom | Condition | Making | Absence) -> frozenset[str]:
    """The variables whose values a part reads or checks."""
    if isinstance(part, Atom | Condition):
        return part.names
    return part.names | {part.target} if isinstance(part, Making) else part.shared


def _ordered(
    atoms: list[Atom], parts: list[Condition | Making | Absence], known: set[str], facts: Facts
) -> Iterator[Atom | Condition | Making | Absence]:
    parts = list(parts)
    while atoms or parts:
        ready = next((part for part in parts if _inputs(part) <= known), None)
        if ready is not None:
            parts.remove(ready)
            if isinstance(ready, Making):
                known.add(ready.target)
            yield ready
            continue
        # What an assignment makes may be joined on, but only once it is made.
        waiting = {part.target for part in parts if isinstance(part, Making)} - known
        able = [atom for atom in atoms if not atom.names & waiting]
        assert able, "a rule that is well-formed can always go on"
        best = min(able, key=lambda atom: _price(atom, facts, known))
        atoms.remove(best)
        known |= best.names
        yield best


def _inputs(part: Condition | Making | Absence) -> frozenset[str]:
    return part.shared if isinstance(part, Absence) else part.names


def _pruned(parts: Sequence[Atom | Condition | Making | Absence], last: frozenset[str]) -> Plan:
    keep, steps = last, []
    for part in reversed(parts):
        steps.append(Step(part, keep))
        keep = keep | needs(part)
    return tuple(reversed(steps))


def _price(atom: Atom, facts: Facts, known: set[str]) -> float:
    """About how many facts an atom gives for each solution so far."""
    key = facts.key(atom)
    size = facts.size(key)
    left = isinstance(atom.left, int) or atom.left in known
    right = isinstance(atom.right, int) or atom.right in known
    if key == ANY:
        return size / 4 + (0 if left or right or not known else _UNCONNECTED)
    if key[1] != PAIRS:
        return 0.5 if left else size + (_UNCONNECTED if known else 0)
    if left and right:
        return 0.5
    if not left and not right:
        return size + (_UNCONNECTED if known else 0)
    runs = facts.runs(key)
    return fanout(max(runs, key=len), backwards=right) if runs else 0.0


def fanout(run: Run, *, backwards: bool) -> float:
    """About how many pairs of a run share their left number (or, ``backwards``, their right one)."""
    if not backwards:
        groups = lefts(run.keys)
        return len(run) / (np.count_nonzero(groups[1:] != groups[:-1]) + 1)
    step = max(1, len(run) // _SAMPLE)
    sample = np.sort(rights(run.keys[::step]))
    seen = np.count_nonzero(sample[1:] != sample[:-1]) + 1
    # Few repeats in a sample mean about as many values as facts; many mean about as many as were seen.
    share = seen / len(sample)
    return len(run) / max(1.0, share * share * len(run) + (1 - share) * seen)
