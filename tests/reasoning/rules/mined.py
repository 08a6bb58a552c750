"""What the statistics of a mined rule mean, one solution at a time, and every small closed rule there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, permutations

import pyoxigraph as ox
from rdflib import URIRef

from dovetail.kg import KnowledgeGraph, Statement, Term, TripleIndex
from dovetail.kg.terms import to_ox
from dovetail.reasoning.rules.rule import Call, Filter, Node, Pattern, Rule, Variable

Fact = tuple[str, str, str]


def name(text: str) -> URIRef:
    return URIRef(f"urn:x:{text}")


def index_of(facts: Iterable[tuple[Term, Term, Term]]) -> TripleIndex:
    graph = KnowledgeGraph()
    graph.add([Statement(s, p, o) for s, p, o in facts if not isinstance(s, ox.Literal)])  # type: ignore[arg-type]  # names are IRIs
    return graph.index()


def triples_of(index: TripleIndex) -> set[tuple[Node, Node, Node]]:
    return {(to_ox(s), to_ox(p), to_ox(o)) for s, p, o in index.decode(index.triples())}


def solutions(rule: Rule, facts: set[tuple[Node, Node, Node]]) -> Iterator[dict[str, Node]]:
    """Every way to make the body true."""
    filters = [part for part in rule.body if isinstance(part, Filter)]
    for found in matches([part for part in rule.body if isinstance(part, Pattern)], {}, facts):
        if all(differs(part, found) for part in filters):
            yield found


def matches(patterns: list[Pattern], found: dict[str, Node], facts: set[tuple[Node, Node, Node]]) -> Iterator[dict[str, Node]]:
    """Every way to make all patterns facts, with what is found already."""
    if not patterns:
        yield found
        return
    first, *rest = patterns
    for fact in facts:
        more = dict(found)
        if all((more.setdefault(a.name, b) if isinstance(a, Variable) else a) == b for a, b in zip(first.nodes, fact, strict=True)):
            yield from matches(rest, more, facts)


def differs(part: Filter, found: dict[str, Node]) -> bool:
    match part:
        case Filter(Call("!", (Call("SAMETERM", (Variable(one), Variable(other))),))):
            return found[one] != found[other]
    raise AssertionError(part)


def put(node: Node, found: dict[str, Node]) -> Node:
    return found[node.name] if isinstance(node, Variable) else node


@dataclass(frozen=True, slots=True)
class Definition:
    support: int
    body_size: int
    known: int
    head_size: int


def definition(rule: Rule, facts: set[tuple[Node, Node, Node]]) -> Definition:
    """The counts that a mined rule's statistics are made of, by their definition."""
    head = rule.head[0]
    foretold = {(put(head.subject, found), put(head.object, found)) for found in solutions(rule, facts)}
    stated = {(s, o) for s, p, o in facts if p == head.predicate}
    subjects, objects = {s for s, _ in stated}, {o for _, o in stated}
    known = {(s, o) for s, o in foretold if (s in subjects if len(subjects) >= len(objects) else o in objects)}
    return Definition(len(foretold & stated), len(foretold), len(known), len(stated))


Atom = tuple[str, str, str]


def spelling(atoms: Iterable[Atom]) -> tuple[Atom, ...]:
    """One spelling for all bodies that differ in the names Z and W."""
    atoms = list(atoms)
    inner = sorted({v for _, s, o in atoms for v in (s, o)} - {"x", "y"})
    ways = (dict(zip(inner, names, strict=True)) for names in permutations(("z", "w")[: len(inner)]))
    return min(tuple(sorted((p, way.get(s, s), way.get(o, o)) for p, s, o in atoms)) for way in ways)


def closed_bodies(relations: tuple[str, ...], length: int) -> list[tuple[Atom, ...]]:
    """The bodies of all closed connected rules over these relations: every variable is in two atoms, the head counted."""
    places = [(p, s, o) for p in relations for s, o in permutations("xyzw", 2)]
    found = set()
    for atoms in combinations(places, length):
        ends = [v for _, s, o in atoms for v in (s, o)]
        closed = all(ends.count(v) + (v in "xy") >= 2 for v in {*ends, "x", "y"})
        if closed and connected(atoms):
            found.add(spelling(atoms))
    return sorted(found)


def connected(atoms: Iterable[Atom]) -> bool:
    reached = {"x", "y"}
    for _ in range(3):
        for _, s, o in atoms:
            if s in reached or o in reached:
                reached |= {s, o}
    return all(s in reached for _, s, _ in atoms)


def as_rule(head: str, atoms: tuple[Atom, ...], facts: set[tuple[Node, Node, Node]]) -> Rule:
    """The rule, with a filter around each stop of a path from which the path can return in this graph."""

    def pattern(p: str, s: str, o: str) -> Pattern:
        return Pattern(Variable(s), ox.NamedNode(name(p)), Variable(o))

    def filters() -> Iterator[Filter]:
        for stop in ("z", "w"):
            around = [atom for atom in atoms if stop in atom[1:]]
            ends = [o if s == stop else s for _, s, o in around]
            if len(set(ends)) == 2 == len(around) and steps(around[0], stop, facts) & steps(around[1], stop, facts):
                yield Filter(Call("!", (Call("SAMETERM", (Variable(ends[0]), Variable(ends[1]))),)))

    return Rule("rule-1", (pattern(head, "x", "y"),), (*(pattern(*atom) for atom in atoms), *filters()))


def steps(atom: Atom, stop: str, facts: set[tuple[Node, Node, Node]]) -> set[tuple[Node, Node]]:
    """The pairs that make an atom true, the one at ``stop`` first."""
    pairs = {(s, o) for s, p, o in facts if p == ox.NamedNode(name(atom[0]))}
    return pairs if atom[1] == stop else {(o, s) for s, o in pairs}


def wasted(head: str, body: tuple[Atom, ...]) -> bool:
    """Whether of three atoms the head's triple itself fulfils one: one around X and Y, two around a third thing."""
    ends = [{*atom[1:]} for atom in body]
    around = [atom for atom in body if {*atom[1:]} != {"x", "y"}]
    double = {"x", "y"} in ends and len(around) == 2 and {*around[0][1:]} == {*around[1][1:]}
    return double and bool({(head, "x", "z"), (head, "z", "y")} & {*around})


def as_atoms(patterns: Iterable[object]) -> tuple[Atom, ...] | None:
    """The atoms of a body without constants and filters, else None."""
    atoms = []
    for part in patterns:
        match part:
            case Pattern(Variable(s), ox.NamedNode(value=p), Variable(o)):
                atoms.append((p.removeprefix("urn:x:"), s, o))
            case _:
                return None
    return spelling(atoms)
