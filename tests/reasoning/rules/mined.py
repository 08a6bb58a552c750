"""What the statistics of a mined rule mean, one solution at a time, and every small closed rule there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, permutations, product

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
    patterns = [part for part in rule.body if isinstance(part, Pattern)]
    for chosen in product(facts, repeat=len(patterns)):
        found: dict[str, Node] = {}
        pairs = [pair for pattern, fact in zip(patterns, chosen, strict=True) for pair in zip(pattern.nodes, fact, strict=True)]
        if all((found.setdefault(node.name, term) if isinstance(node, Variable) else node) == term for node, term in pairs):
            if all(differs(part, found) for part in rule.body if isinstance(part, Filter)):
                yield found


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
    """The bodies of all closed connected rules over these relations, but for those in which a path turns back."""
    places = [(p, s, o) for p in relations for s, o in permutations("xyzw", 2)]
    found = set()
    for atoms in combinations(places, length):
        ends = [v for _, s, o in atoms for v in (s, o)]
        closed = all(ends.count(v) + (v in "xy") >= 2 for v in {*ends, "x", "y"})
        if closed and connected(atoms) and not any(turns_back(a, b) for a, b in combinations(atoms, 2)):
            found.add(spelling(atoms))
    return sorted(found)


def connected(atoms: Iterable[Atom]) -> bool:
    reached = {"x", "y"}
    for _ in range(3):
        for _, s, o in atoms:
            if s in reached or o in reached:
                reached |= {s, o}
    return all(s in reached for _, s, _ in atoms)


def turns_back(one: Atom, other: Atom) -> bool:
    return one[0] == other[0] and (one[1] == other[1]) != (one[2] == other[2])


def as_rule(head: str, atoms: Iterable[Atom]) -> Rule:
    def pattern(p: str, s: str, o: str) -> Pattern:
        return Pattern(Variable(s), ox.NamedNode(name(p)), Variable(o))

    return Rule("rule-1", (pattern(head, "x", "y"),), tuple(pattern(*atom) for atom in atoms))


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
