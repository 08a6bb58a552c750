"""One derivation for each fact, found again from what is known: nothing is stored for it but the round in which a fact came.

A derivation counts only if all of its premises were there before the fact, so that following derivations down always
ends at stated facts. With confidences it must also reach the confidence that the fact has: then it is the best there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dovetail.reasoning.rules.engine.clause import TRIPLE_PARTS, Atom, Clause
from dovetail.reasoning.rules.engine.facts import ANY, PAIRS, Key, keys_within
from dovetail.reasoning.rules.engine.fixpoint import Engine
from dovetail.reasoning.rules.engine.plan import Focus
from dovetail.reasoning.rules.engine.relation import Batch, Keys, Values, firsts, holds, run_of
from dovetail.reasoning.rules.engine.table import Table

Mask: TypeAlias = NDArray[np.bool_]

_EQUAL = 1.0 - 1e-9  # what counts as reaching a confidence


@dataclass(frozen=True, slots=True)
class Triples:
    """Facts as three columns of term numbers."""

    subjects: Keys
    predicates: Keys
    objects: Keys

    def __len__(self) -> int:
        return len(self.subjects)

    def take(self, rows: Keys) -> Triples:
        """The facts at these places."""
        return Triples(self.subjects[rows], self.predicates[rows], self.objects[rows])


@dataclass(frozen=True, slots=True)
class Derivations:
    """Facts that one clause derives, each from the premises in its row, with the whole solution.

    ``stated`` says of each premise in which rows it is simply stated; ``confidences`` are the facts', where kept.
    """

    clause: Clause
    facts: Triples
    premises: tuple[Triples, ...]
    stated: tuple[Mask, ...]
    solution: Mapping[str, Keys]
    confidences: Values | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Facts of a relation that need a derivation, when each came, and its confidence where that is kept."""

    key: Key
    keys: Keys
    ranks: Keys
    values: Values | None

    def take(self, mask: Mask) -> _Wanted:
        """The facts marked."""
        return _Wanted(self.key, self.keys[mask], self.ranks[mask], None if self.values is None else self.values[mask])


def derivations(engine: Engine, wanted: Mapping[Key, Keys]) -> Iterator[Derivations]:
    """One derivation for each wanted fact that is not simply stated, in batches by clause.

    Rules with fewer premises come first, then those written first.
    """
    for key, keys in wanted.items():
        ranks, values = _rank(engine, key, keys)
        left = _Wanted(key, keys, ranks, values).take(ranks > 0)
        for clause in engine.deriving(key) if len(left.keys) else ():
            done = np.zeros(len(left.keys), np.bool_)
            for table in engine.solver.solutions(clause, Focus(), {key: [run_of(Batch(left.keys))]}, whole=True):
                found = _best(engine, clause, table, left, done)
                if found is not None:
                    yield found
                    if done.all():
                        break
            if done.any():
                left = left.take(~done)
                if not len(left.keys):
                    break
        assert not len(left.keys), f"{len(left.keys)} facts that nothing derives"


def stated(engine: Engine, key: Key, keys: Keys) -> tuple[Mask, Values | None]:
    """Which facts are stated, and with what confidence where that is kept."""
    relation = engine.base.relations.get(key)
    return holds(() if relation is None else relation.runs, keys)


def _rank(engine: Engine, key: Key, keys: Keys) -> tuple[Keys, Values | None]:
    """When each fact came: 0 for what is stated as surely as it is known, -1 for what does not hold; and its confidence."""
    held, best = holds(engine.facts.runs(key), keys)
    ranks = np.full(len(keys), -1, np.int64)
    if held.any():
        ranks[held] = engine.facts.relations[key].rounds(keys[held])
    known, values = stated(engine, key, keys)
    known &= held
    if values is not None:
        assert best is not None
        known &= values >= best * _EQUAL
    ranks[known] = 0
    return ranks, best


def _best(engine: Engine, clause: Clause, table: Table, wanted: _Wanted, done: Mask) -> Derivations | None:
    """Of the solutions in a table, for each fact wanted the one whose premises came first; marks those facts done."""
    head = columns_of(clause.head, table)
    keys = keys_within(wanted.key, head.subjects, head.objects)
    places = np.searchsorted(wanted.keys, keys)
    good = ~done[places]
    ranks = wanted.ranks[places]
    latest = np.zeros(len(keys), np.int64)
    product = np.full(len(keys), clause.rule.weight) if wanted.values is not None else None
    hidden = {engine.numbering.number(part) for part in TRIPLE_PARTS}
    premises: list[tuple[Triples, Keys]] = []
    for atom in clause.premises:
        triples = columns_of(atom, table)
        rounds, values = came(engine, atom, triples, stated_only=clause.rule.stated_only)
        good &= (rounds >= 0) & (rounds < ranks)
        if not good.any():
            return None
        np.maximum(latest, rounds, out=latest)
        if product is not None and values is not None:
            product *= values
        if atom.predicate not in hidden:
            premises.append((triples, rounds))
    if wanted.values is not None and product is not None:
        good &= product >= wanted.values[places] * _EQUAL
    rows = np.flatnonzero(good)
    if not len(rows):
        return None
    rows = rows[np.lexsort((latest[rows], places[rows]))]
    rows = rows[firsts(places[rows])]
    done[places[rows]] = True
    solution = {name: column[rows] for name, column in table.columns.items()}
    return Derivations(
        clause,
        head.take(rows),
        tuple(triples.take(rows) for triples, _ in premises),
        tuple(rounds[rows] == 0 for _, rounds in premises),
        solution,
        None if wanted.values is None else wanted.values[places[rows]],
    )


def columns_of(atom: Atom, table: Table) -> Triples:
    """The facts that an atom is in the solutions of a table, row by row."""
    columns = [table.columns[slot] if isinstance(slot, str) else np.full(table.size, slot, np.int64) for slot in atom.slots]
    return Triples(columns[1], columns[0], columns[2])


def came(engine: Engine, atom: Atom, triples: Triples, *, stated_only: bool) -> tuple[Keys, Values | None]:
    """When each premise came, and its confidence where that is kept."""
    ranks = np.full(len(triples), -1, np.int64)
    values = np.ones(len(triples)) if engine.weighted else None
    for key, rows in _by_key(engine, atom, triples):
        keys = keys_within(key, triples.subjects[rows], triples.objects[rows])
        if stated_only:
            known, sure = stated(engine, key, keys)
            ranks[rows] = np.where(known, 0, -1)
        else:
            ranks[rows], sure = _rank(engine, key, keys)
        if sure is not None and values is not None:
            values[rows] = sure
    return ranks, values


def _by_key(engine: Engine, atom: Atom, triples: Triples) -> Iterator[tuple[Key, Keys]]:
    """The rows of facts by the relation they are kept in."""
    key = engine.facts.key(atom)
    if key != ANY and (key[1] != PAIRS or key[0] not in engine.facts.split):
        yield key, np.arange(len(triples))
        return
    split = np.isin(triples.predicates, list(engine.facts.split))
    owners = np.where(split, triples.objects, PAIRS)
    order = np.lexsort((owners, triples.predicates))
    new = np.ones(len(order), np.bool_)
    new[1:] = (triples.predicates[order][1:] != triples.predicates[order][:-1]) | (owners[order][1:] != owners[order][:-1])
    for rows in np.split(order, np.flatnonzero(new)[1:]):
        if len(rows):
            yield (int(triples.predicates[rows[0]]), int(owners[rows[0]])), rows
