"""Rules fitted to a graph: specialised to its schema, freed of what cannot fire, and put in order.

A rule such as ``?c1 rdfs:subClassOf ?c2 . ?x a ?c1 => ?x a ?c2`` reads and writes every class there is. Once
the schema is known it is many clauses about one class each (partial evaluation), which depend on each other
far less: their strongly connected components are small and mostly not recursive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dovetail.reasoning.rules.engine.clause import TRIPLE_PARTS, Absence, Atom, Clause
from dovetail.reasoning.rules.engine.facts import ANY, PAIRS, Facts, Key
from dovetail.reasoning.rules.engine.relation import holds as held
from dovetail.reasoning.rules.engine.relation import pack
from dovetail.reasoning.rules.engine.solve import Solver

MOST_COPIES = 20_000
"""Instances of one rule above which it stays general: joining is then cheaper than having so many."""

if TYPE_CHECKING:
    import networkx as nx  # type: ignore[import-untyped]  # it ships no types

_Node: TypeAlias = Key | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Component:
    """Clauses whose heads depend on each other, or on nothing later."""

    clauses: tuple[Clause, ...]
    recursive: bool


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


def prepare(clauses: Sequence[Clause], solver: Solver, *, weighted: bool) -> Program:
    """The program of these clauses for the present facts."""
    schema: set[Key] = set()
    special: list[Clause] = []
    for clause in clauses:
        special.extend(_specialised(clause, solver, schema, weighted=weighted))
    # What one rule makes of two schema facts it may make once.
    special = list({clause.identity: clause for clause in special}.values())
    parts = [(solver.numbering.number(part), PAIRS) for part in TRIPLE_PARTS]
    able, possible = _able(special, solver.facts, parts)
    for clause in able:
        for atom, stated_only in _read(clause):
            if isinstance(atom.predicate, int) and _is_open(atom, solver.facts):
                (solver.base if stated_only else solver.facts).mirror(atom.predicate)
    mirrors = frozenset((predicate, PAIRS) for predicate in solver.facts.mirrored)
    strata = sorted({clause.stratum for clause in able})
    components = [c for number in strata for c in _components([x for x in able if x.stratum == number], solver.facts, parts)]
    return Program(tuple(components), frozenset(schema), frozenset(possible), tuple(able), mirrors)


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
        keys = np.array([atom.left], np.int64) if key[1] != PAIRS else pack(np.array([atom.left]), atom.right)
        _, values = held(facts.runs(key), keys)
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


def _read(clause: Clause) -> Iterator[tuple[Atom, bool]]:
    """The atoms that a clause looks up, and whether among stated facts only."""
    yield from ((atom, clause.rule.stated_only) for atom in clause.atoms)
    for absence in clause.absences:
        yield from ((atom, clause.rule.stated_only or absence.stated_only) for atom in absence.atoms)


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


# ---------------------------------------------------------------------- order


def _components(clauses: Sequence[Clause], facts: Facts, parts: Sequence[Key]) -> Iterator[Component]:
    """The components of one stratum, in which nothing that is derived is negated."""
    import networkx as nx  # slow to import, and needed only where rules run

    graph: nx.DiGraph[_Node] = nx.DiGraph()
    own: defaultdict[_Node, list[Clause]] = defaultdict(list)
    keys: set[Key] = set()
    for clause in clauses:
        head = _written(clause.head, facts)
        graph.add_node(head)
        own[head].append(clause)
        if head[0] != "writes":
            keys.add(facts.key(clause.head))
        for atom, stated_only in _read(clause):
            if not stated_only:
                keys.add(facts.key(atom))
                graph.add_edge(facts.key(atom), head)
        if clause.makes_triples:
            graph.add_edges_from((head, part) for part in parts)
    _tie(graph, keys, facts)
    whole = nx.condensation(graph)
    for number in nx.lexicographical_topological_sort(whole):
        members = whole.nodes[number]["members"]
        found = [clause for node in sorted(members, key=repr) for clause in own.get(node, ())]
        if found:
            node = next(iter(members))
            yield Component(tuple(found), len(members) > 1 or graph.has_edge(node, node))


def _written(head: Atom, facts: Facts) -> _Node:
    """The node of what a head writes: an open one is not the same as what reads all."""
    key = facts.key(head)
    return ("writes", key[0]) if key == ANY or (key[1] == PAIRS and key[0] in facts.split) else key


def _tie(graph: nx.DiGraph[_Node], keys: Iterable[Key], facts: Facts) -> None:
    """Edges between relations and the nodes that stand for many of them."""
    nodes = list(graph.nodes)
    concrete = [key for key in keys if key != ANY and (key[1] != PAIRS or key[0] not in facts.split)]
    for key in concrete:
        if ANY in graph and key[0] not in facts.private:
            graph.add_edge(key, ANY)
        if (key[0], PAIRS) in graph and key[1] != PAIRS:
            graph.add_edge(key, (key[0], PAIRS))
    for node in nodes:
        if node[0] != "writes":
            continue
        for key in concrete:
            if node[1] in (ANY[0], key[0]):
                graph.add_edge(node, key)
        for other in nodes:
            if other == ANY or (other[0] != "writes" and other[1] == PAIRS and node[1] in (ANY[0], other[0])):
                graph.add_edge(node, other)


def identities(clauses: Iterable[Clause]) -> dict[tuple[object, ...], Clause]:
    """Clauses by what they say."""
    return {clause.identity: clause for clause in clauses}


def absences_of(clause: Clause) -> Iterator[tuple[int, Absence]]:
    """The negations of a clause that look at all facts, with their places."""
    return ((place, absence) for place, absence in enumerate(clause.absences) if not absence.stated_only)
