"""Every way to derive one fact in one step, the surest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dovetail.reasoning.rules.engine.clause import TRIPLE_PARTS, Clause
from dovetail.reasoning.rules.engine.facts import Key
from dovetail.reasoning.rules.engine.fixpoint import Engine, Numbers
from dovetail.reasoning.rules.engine.plan import Focus
from dovetail.reasoning.rules.engine.relation import Batch, Keys, holds, run_of
from dovetail.reasoning.rules.proofs.derive import came, columns_of, stated

MOST = 1_000
"""Ways that are looked at for one fact, by confidence."""


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """One step to a fact: by a clause from premises, or (without a clause) because it is stated.

    ``value`` is what the step makes of the best that is known of its premises. With ``stated_only``
    the premises count only as stated.
    """

    clause: Clause | None
    premises: tuple[Numbers, ...]
    solution: dict[str, int]
    value: float

    @property
    def stated_only(self) -> bool:
        """Whether the premises must be stated ones."""
        return self.clause is not None and self.clause.rule.stated_only


def alternatives(engine: Engine, fact: Numbers) -> list[Alternative]:
    """The ways to a fact, the surest first, then those from earlier premises; at most ``MOST``."""
    own = stated_way(engine, fact)
    found = [] if own is None else [(-own.value, 0, own)]
    key, place = _place(engine, fact)
    for clause in engine.deriving(key):
        found += _ways(engine, clause, key, place)
    return [way for _, _, way in sorted(found, key=lambda entry: entry[:2])[:MOST]]


def stated_way(engine: Engine, fact: Numbers) -> Alternative | None:
    """The fact's being stated, if it is."""
    known, values = stated(engine, *_place(engine, fact))
    if not known[0]:
        return None
    return Alternative(None, (), {}, 1.0 if values is None else float(values[0]))


def confidence_of(engine: Engine, fact: Numbers) -> float:
    """How sure a fact is that holds."""
    key, place = _place(engine, fact)
    _, values = holds(engine.facts.runs(key), place)
    return 1.0 if values is None else float(values[0])


def _ways(engine: Engine, clause: Clause, key: Key, place: Keys) -> list[tuple[float, int, Alternative]]:
    """The solutions of a clause for a fact, each with what it is sorted by."""
    hidden = {engine.numbering.number(part) for part in TRIPLE_PARTS}
    found = []
    for table in engine.solver.solutions(clause, Focus(), {key: [run_of(Batch(place))]}, whole=True):
        latest = np.zeros(table.size, np.int64)
        product = np.full(table.size, clause.rule.weight)
        there = np.ones(table.size, np.bool_)
        premises = []
        for atom in clause.premises:
            triples = columns_of(atom, table)
            rounds, values = came(engine, atom, triples, stated_only=clause.rule.stated_only)
            there &= rounds >= 0
            np.maximum(latest, rounds, out=latest)
            if values is not None:
                product *= values
            if atom.predicate not in hidden:
                premises.append(triples)
        rows = np.flatnonzero(there)
        rows = rows[np.lexsort((latest[rows], -product[rows]))][:MOST]
        for row in rows.tolist():
            needed = tuple((int(t.subjects[row]), int(t.predicates[row]), int(t.objects[row])) for t in premises)
            solution = {**clause.binding, **{name: int(column[row]) for name, column in table.columns.items()}}
            value = float(product[row])
            found.append((-value, int(latest[row]), Alternative(clause, needed, solution, value)))
    return found


def _place(engine: Engine, fact: Numbers) -> tuple[Key, Keys]:
    key, place = engine.facts.place(*fact)
    return key, np.array([place], np.int64)
