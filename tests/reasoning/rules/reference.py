"""The rules' meaning, as simply as it can be said: one solution at a time, all rules again until nothing is new.

Follows section 5 of the W3C draft word for word and shares only the reader, the layers and the expressions with
the engine. It is what the engine is measured against, so it is slow on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypeAlias

import pyoxigraph as ox

from dovetail.reasoning.rules.language.expression import evaluate_rows, true_rows
from dovetail.reasoning.rules.language.parse_triples import triple_term
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.rule import (
    Assign,
    BodyPart,
    Expression,
    Filter,
    Fresh,
    GroundTerm,
    Negation,
    Node,
    Pattern,
    Rule,
    RuleSet,
    TripleTerm,
    Variable,
    variables,
)

Fact: TypeAlias = tuple[Node, Node, Node]
"""A ground triple, of which any part may be any term."""
Solution: TypeAlias = dict[str, Node]

NOW = ox.Literal("2026-01-01T00:00:00Z", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#dateTime"))


def naive(rules: RuleSet, base: Iterable[ox.Triple], *, generalised: bool = False) -> set[ox.Triple]:
    """What the rules add to the base, its DATA included.

    ``generalised`` lets facts with literals as subjects and any predicate be derived and used on the way; RDF
    cannot hold them, so that they are not among those returned (``naive_facts`` has them).
    """
    facts = naive_facts(rules, {fact_of(triple) for triple in base}, generalised=generalised)
    triples = (triple_term(*fact) for fact in facts)
    return {triple for triple in triples if isinstance(triple, ox.Triple)}


def naive_facts(rules: RuleSet, base: set[Fact], *, generalised: bool = False) -> set[Fact]:
    """The same over facts of any shape."""
    known = base | {fact_of(triple) for triple in rules.facts}
    for layer in stratify(rules):
        for rule in (rule for rule in layer if rule.runs_once):
            known |= set(conclusions(rule, known, base, generalised=generalised))
        general = [rule for rule in layer if not rule.runs_once]
        while new := {fact for rule in general for fact in conclusions(rule, known, base, generalised=generalised)} - known:
            known |= new
    return known - base


def conclusions(rule: Rule, known: set[Fact], base: set[Fact], *, generalised: bool = False) -> Iterator[Fact]:
    """What one rule says of what is known."""
    for solution in solutions(rule.body, {}, base if rule.stated_only else known, base):
        made: dict[Fresh, Node] = {}
        for pattern in rule.head:
            subject, predicate, value = (filled(node, solution, made) for node in pattern.nodes)
            if generalised or isinstance(triple_term(subject, predicate, value), ox.Triple):
                yield subject, predicate, value


def solutions(body: Iterable[BodyPart], start: Solution, known: set[Fact], base: set[Fact]) -> list[Solution]:
    """The solutions of a body that begin with ``start``, joined from left to right."""
    found = [start]
    for part in body:
        found = [after for before in found for after in step(part, before, known, base)]
    return found


def step(part: BodyPart, solution: Solution, known: set[Fact], base: set[Fact]) -> Iterator[Solution]:
    """What one part of a body makes of one solution."""
    if isinstance(part, Pattern):
        for fact in known:
            extended = match_all(part.nodes, fact, solution)
            if extended is not None:
                yield extended
    elif isinstance(part, Filter):
        if holds(part.expression, row_of(part.expression, solution)):
            yield solution
    elif isinstance(part, Negation):
        if not solutions(part.body, solution, base if part.stated_only else known, base):
            yield solution
    elif isinstance(part, Assign):
        value = computed(part.expression, row_of(part.expression, solution))
        if value is not None:
            yield {**solution, part.variable.name: value}


def match_all(nodes: Iterable[Node], terms: Iterable[Node], solution: Solution) -> Solution | None:
    """The solution extended so that the nodes are the terms; None if it cannot be."""
    for node, term in zip(nodes, terms, strict=True):
        extended = match(node, term, solution)
        if extended is None:
            return None
        solution = extended
    return solution


def match(node: Node, term: Node, solution: Solution) -> Solution | None:
    if isinstance(node, Variable):
        if node.name not in solution:
            return {**solution, node.name: term}
        return solution if solution[node.name] == term else None
    if isinstance(node, TripleTerm) and isinstance(term, ox.Triple | TripleTerm):
        return match_all((node.subject, node.predicate, node.object), (term.subject, term.predicate, term.object), solution)
    return solution if node == term else None


def filled(node: Node, solution: Solution, made: dict[Fresh, Node]) -> Node:
    """The term that a head's node is in a solution."""
    if isinstance(node, Variable):
        return solution[node.name]
    if isinstance(node, Fresh):
        return made.setdefault(node, ox.BlankNode())
    if isinstance(node, TripleTerm):
        return triple_term(*(filled(inner, solution, made) for inner in (node.subject, node.predicate, node.object)))
    return node


Row: TypeAlias = tuple[tuple[str, GroundTerm], ...]


def row_of(expression: Expression, solution: Solution) -> Row:
    """The bindings that an expression uses."""
    used = {variable.name for variable in variables(expression)}
    return tuple((name, term) for name, term in solution.items() if name in used and not isinstance(term, TripleTerm | Variable | Fresh))


def computed(expression: Expression, row: Row) -> GroundTerm | None:
    return evaluate_rows(expression, tuple(name for name, _ in row), [tuple(term for _, term in row)], now=NOW)[0]


@cache
def holds(expression: Expression, row: Row) -> bool:
    return true_rows(expression, tuple(name for name, _ in row), [tuple(term for _, term in row)], now=NOW)[0]


def fact_of(triple: ox.Triple) -> Fact:
    return (triple.subject, triple.predicate, triple.object)


def isomorphic(left: Iterable[ox.Triple], right: Iterable[ox.Triple]) -> bool:
    """Whether two graphs are one but for the names of their blank nodes."""
    return canonical(left) == canonical(right)


def canonical(triples: Iterable[ox.Triple]) -> set[ox.Quad]:
    dataset = ox.Dataset(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return set(dataset)
