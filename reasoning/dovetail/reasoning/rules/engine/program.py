"""Rules fitted to a graph: specialised to its schema, freed of what cannot fire, and put in order.

A rule such as ``?c1 rdfs:subClassOf ?c2 . ?x a ?c1 => ?x a ?c2`` reads and writes every class there is. Once
the schema is known it is many clauses about one class each (partial evaluation), which depend on each other
far less: their strongly connected components are small and mostly not recursive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dovetail.reasoning.rules.engine.clause import TRIPLE_PARTS, Atom, Clause
from dovetail.reasoning.rules.engine.components import Component, components, looked_up
from dovetail.reasoning.rules.engine.facts import ANY, PAIRS, Facts, Key, keys_within
from dovetail.reasoning.rules.engine.relation import holds as held
from dovetail.reasoning.rules.engine.solve import Solver

MOST_COPIES = 20_000
"""Instances of one rule above which it stays general: joining is then cheaper than having so many."""


@dataclass(frozen=True, slots=True)
class Program:
    """Clauses in components, each after all that it depends on.

    ``schema`` are the relations whose facts the specialisation used up: when one of them changes, the
    program must be made anew. ``possible`` are those in which there can be facts at all, and ``mirrors`` repeat others.
    """

    components: tuple[Component, ...]
    schema: frozenset[Key]
    possible: frozenset[Key]
    clauses: tuple[Clause, ...]
    mirrors: frozenset[Key]

    def allows(self, key: Key) -> bool:
        """Whether the program reckons with facts in a relation."""
        return key in self.possible or key in self.mirrors or ANY in self.possible or (key[0], PAIRS) in self.possible


def prepare(clauses: Sequence[Clause], solver: Solver, *, weighted: bool, layered: bool) -> Program:
    """The program of these clauses for the present facts; ``layered`` says that their strata are those of the W3C."""
    schema: set[Key] = set()
    special: list[Clause] = []
    for clause in clauses:
        special.extend(_specialised(clause, solver, schema, weighted=weighted))
    # What one rule makes of two schema facts it may make once.
    special = list({clause.identity: clause for clause in special}.values())
    parts = [(solver.numbering.number(part), PAIRS) for part in TRIPLE_PARTS]
    able, possible = _able(special, solver.facts, parts)
    for clause in able:
        for atom, stated_only in looked_up(clause):
            if isinstance(atom.predicate, int) and _is_open(atom, solver.facts):
                (solver.base if stated_only else solver.facts).mirror(atom.predicate)
    mirrors = frozenset((predicate, PAIRS) for predicate in solver.facts.mirrored)
    strata = sorted({clause.stratum for clause in able})
    ordered = [c for number in strata for c in components([x for x in able if x.stratum == number], solver.facts, parts, layered=layered)]
    return Program(tuple(ordered), frozenset(schema), frozenset(possible), tuple(able), mirrors)


def _specialised(clause: Clause, solver: Solver, schema: set[Key], *, weighted: bool) -> Iterator[Clause]:
    """The clause once for each way its schema atoms can bind what stands for predicates and classes."""
    facts = solver.facts
    structural = _structural(clause, facts)
    fixed = {place for place, atom in enumerate(clause.atoms) if atom.names & structural and not _is_open(atom, facts)}
    if not fixed:
        yield clause
        return
    given = frozenset().union(*(clause.atoms[place].names for place in fixed))
    fixed |= {place for place, atom in enumerate(clause.atoms) if atom.names and atom.names <= given and not _is_open(atom, facts)}
    atoms = [clause.atoms[place] for place in sorted(fixed)]
    found = solver.project(atoms, structural & given, stated_only=clause.rule.stated_only)
    if found.size > MOST_COPIES:
        yield clause
        return
    schema.update(facts.key(atom) for atom in atoms)
    names = list(found.columns)
    done = frozenset(place for place in fixed if clause.atoms[place].names <= structural)
    for row in zip(*(column.tolist() for column in found.columns.values()), strict=True):
        binding = {**clause.binding, **dict(zip(names, row, strict=True))}
        weight = _weight([clause.atoms[place].bound(binding) for place in done], facts) if weighted else 1.0
        yield clause.specialised(binding, drop=done, weight=weight)


def _weight(atoms: Iterable[Atom], facts: Facts) -> float:
    """The confidence of ground facts together."""
    weight = 1.0
    for atom in atoms:
        key = facts.key(atom)
        assert isinstance(atom.left, int) and isinstance(atom.right, int)
        _, values = held(facts.runs(key), keys_within(key, np.array([atom.left]), atom.right))
        weight *= 1.0 if values is None else float(values[0])
    return weight


def _structural(clause: Clause, facts: Facts) -> frozenset[str]:
    """The variables that stand for predicates, or for objects of predicates that are split."""
    found = set()
    for atom in (*clause.atoms, clause.head, *(atom for absence in clause.absences for atom in absence.atoms)):
        if isinstance(atom.predicate, str):
            found.add(atom.predicate)
        elif atom.predicate in facts.split and isinstance(atom.right, str):
            found.add(atom.right)
    return frozenset(found)


def _is_open(atom: Atom, facts: Facts) -> bool:
    return isinstance(atom.predicate, str) or (atom.predicate in facts.split and isinstance(atom.right, str))


# ---------------------------------------------------------------------- what can fire


def _able(clauses: Sequence[Clause], facts: Facts, parts: Sequence[Key]) -> tuple[list[Clause], set[Key]]:
    """The clauses all of whose atoms may come to have facts, and the relations that may."""
    possible = {key for key in facts.stored() if facts.size(key)}
    predicates = {key[0] for key in possible}
    blocked: defaultdict[Key, list[Clause]] = defaultdict(list)
    able: list[Clause] = []
    ready = list(clauses)

    def missing(clause: Clause) -> Key | None:
        """A relation that the clause reads and that cannot have facts so far."""
        for key in () if clause.rule.stated_only or ANY in possible else map(facts.key, clause.atoms):
            a_class = key[1] == PAIRS and key[0] in facts.split and key[0] in predicates
            if key not in possible and (key[0], PAIRS) not in possible and not a_class and not (key == ANY and possible):
                return key
        return None

    while ready:
        clause = ready.pop()
        lacking = missing(clause)
        if lacking is not None:
            blocked[lacking].append(clause)
            continue
        able.append(clause)
        opened = [*_opened(clause, facts, predicates), *(parts if clause.makes_triples else ())]
        for key in opened:
            if key in possible:
                continue
            possible.add(key)
            predicates.add(key[0])
            if key == ANY:
                released = list(blocked)
            elif key[1] == PAIRS and key[0] in facts.split:
                released = [one for one in blocked if one[0] == key[0]]
            else:
                released = [key, (key[0], PAIRS), ANY]
            for one in released:
                ready += blocked.pop(one, [])
    order = {id(clause): place for place, clause in enumerate(clauses)}
    return sorted(able, key=lambda clause: order[id(clause)]), possible


def _opened(clause: Clause, facts: Facts, predicates: set[int]) -> Iterator[Key]:
    """The relations that a clause may give their first fact."""
    key = facts.key(clause.head)
    same = [atom for atom in clause.atoms if atom.predicate == clause.head.predicate]
    if key != ANY or not same:
        yield key
    elif all(atom.right != clause.head.right for atom in same):
        # The predicate is one that has facts already, but perhaps of other objects.
        yield from ((predicate, PAIRS) for predicate in facts.split & predicates)


def identities(clauses: Iterable[Clause]) -> dict[tuple[object, ...], Clause]:
    """Clauses by what they say."""
    return {clause.identity: clause for clause in clauses}
