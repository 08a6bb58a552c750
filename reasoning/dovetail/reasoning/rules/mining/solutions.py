"""The solutions of a mined rule in the graph: its examples, and what it foretells.

    rule -> atoms over numbers -> bindings, one atom after another -> head triples that the graph has, or has not
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

import numpy as np
import pyoxigraph as ox

from dovetail.kg import InputError, TripleIndex
from dovetail.kg.terms import from_ox, to_ox
from dovetail.reasoning.rules.mining.candidate import Atom, Body, Candidate
from dovetail.reasoning.rules.mining.options import Example
from dovetail.reasoning.rules.mining.relations import Ints, Relations
from dovetail.reasoning.rules.rule import Call, Filter, GroundTerm, Node, Pattern, Rule, Variable

Bindings: TypeAlias = dict[int, Ints]
"""For each variable its value in every solution."""

_NAMES = {-1: "x", -2: "y", -3: "z", -4: "w"}
_ROWS_AT_ONCE = 1_024


def to_rule(relations: Relations, candidate: Candidate, *, name: str, weight: float) -> Rule:
    """The rule that a candidate stands for, its weight to four digits."""
    terms = relations.index.terms

    def node(number: int) -> Node:
        return Variable(_NAMES[number]) if number < 0 else to_ox(terms[number])

    def pattern(atom: Atom) -> Pattern:
        return Pattern(node(atom[1]), to_ox(terms[atom[0]]), node(atom[2]))

    different = (Filter(Call("!", (Call("SAMETERM", (Variable(_NAMES[a]), Variable(_NAMES[b]))),))) for a, b in candidate.body.differ)
    return Rule(name, (pattern(candidate.head),), (*map(pattern, candidate.body.atoms), *different), float(f"{weight:.4g}"))


def examples(relations: Relations, candidate: Candidate, limit: int) -> tuple[Example, ...]:
    """Up to so many triples of the graph that the rule finds, each with the triples it finds them by."""
    letter = relations.letter(candidate.head[0])
    subjects, objects = relations.links(letter).ends()
    found: list[Example] = []
    start, size = 0, 1
    while start < len(subjects) and len(found) < limit:
        bindings = _bound(candidate.head, subjects[start : start + size], objects[start : start + size])
        solutions = solve(relations, candidate.body, bindings)
        for row in np.flatnonzero(np.diff(solutions[-1], prepend=-1))[: limit - len(found)]:
            number = {name: int(column[row]) for name, column in solutions.items()}
            atoms = [(number.get(s, s), r, number.get(o, o)) for r, s, o in (candidate.head, *candidate.body.atoms)]
            found.append(tuple(ox.Triple(*map(to_ox, triple)) for triple in relations.index.decode(atoms)))  # type: ignore[arg-type]  # stated triples
        start, size = start + size, min(2 * size, _ROWS_AT_ONCE)
    return tuple(found)


def predictions(index: TripleIndex, rule: Rule, limit: int | None = None) -> list[ox.Triple]:
    """The triples that a mined rule foretells and the graph has not, each once; at most ``limit``.

    The rule may have been edited since: any body of triples, and filters that two variables differ.

    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> from rdflib import URIRef
    >>> lives, works, a, b = (URIRef(f"urn:x:{name}") for name in ("lives", "works", "a", "b"))
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(a, works, b)])
    1
    >>> x, y = Variable("x"), Variable("y")
    >>> rule = Rule("rule-1", (Pattern(x, to_ox(lives), y),), (Pattern(x, to_ox(works), y),))
    >>> [str(triple) for triple in predictions(graph.index(), rule)]
    ['<urn:x:a> <urn:x:lives> <urn:x:b>']
    """
    relations = Relations(index)
    numbering = Numbering(index)
    candidate = numbering.candidate(rule)
    known = {candidate.head[0]} & set(relations.names)
    seen: set[tuple[int, int]] = set()

    def new() -> Iterator[ox.Triple]:
        for bindings in _in_parts(relations, candidate.body):
            count = len(next(iter(bindings.values()))) if bindings else 1
            subjects, objects = (_column(bindings, term, count) for term in candidate.head[1:])
            if known:
                absent = ~relations.has(relations.letter(candidate.head[0]), subjects, objects)
                subjects, objects = subjects[absent], objects[absent]
            for pair in zip(subjects.tolist(), objects.tolist(), strict=True):
                subject = numbering.term(pair[0])
                if pair not in seen and not isinstance(subject, ox.Literal):
                    seen.add(pair)
                    yield ox.Triple(subject, numbering.term(candidate.head[0]), numbering.term(pair[1]))  # type: ignore[arg-type]  # an IRI

    return list(islice(new(), limit))


def solve(relations: Relations, body: Body, bindings: Bindings, *, keep: frozenset[int] | None = None) -> Bindings:
    """Every solution of the body that agrees with a row of ``bindings``, in the order of these rows.

    With ``keep``, only these variables (of the bindings or the body), and each solution for them once, in any order.
    """
    left = list(body.atoms)
    while left:
        # What is known at both ends only filters, so it comes first.
        atom = max(left, key=lambda atom: sum(term >= 0 or term in bindings for term in atom[1:]))
        left.remove(atom)
        bindings = _join(relations, bindings, atom)
        if keep is not None and left:
            later = keep.union(*(atom[1:] for atom in left), *body.differ)
            bindings = _distinct(relations, {name: column for name, column in bindings.items() if name in later})
    for one, other in body.differ:
        bindings = _rows(bindings, np.flatnonzero(bindings[one] != bindings[other]))
    return bindings if keep is None else _distinct(relations, {name: bindings[name] for name in sorted(keep)})


def _distinct(relations: Relations, bindings: Bindings) -> Bindings:
    """Each row once."""
    columns = list(bindings.values())
    if (relations.things + 1) ** len(columns) >= 1 << 63:
        return bindings  # too many to pack into one number; repeats cost time, nothing else
    keys = columns[0]
    for column in columns[1:]:
        keys = keys * relations.things + column
    order = np.argsort(keys, kind="stable")
    return _rows(bindings, order[np.diff(keys[order], prepend=-1) > 0])


def _in_parts(relations: Relations, body: Body) -> Iterator[Bindings]:
    """The solutions of a body, some rows of its first atom at a time."""
    if not {atom[0] for atom in body.atoms} <= set(relations.names):
        return
    first, *rest = body.atoms
    subjects, objects = relations.links(relations.letter(first[0])).ends()
    for start in range(0, len(subjects), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        yield solve(relations, Body(tuple(rest), body.differ), _bound(first, subjects[rows], objects[rows]))


def _bound(atom: Atom, subjects: Ints, objects: Ints) -> Bindings:
    """The bindings that make an atom these triples."""
    _, s, o = atom
    fits = np.ones(len(subjects), np.bool_)
    for term, column in ((s, subjects), (o, objects)):
        if term >= 0:
            fits &= column == term
    if s == o:
        fits &= subjects == objects
    return {term: column[fits] for term, column in ((s, subjects), (o, objects)) if term < 0}


def _join(relations: Relations, bindings: Bindings, atom: Atom) -> Bindings:
    relation, s, o = atom
    letter = relations.letter(relation)
    count = len(next(iter(bindings.values())))
    if all(term >= 0 or term in bindings for term in (s, o)):
        return _rows(bindings, np.flatnonzero(relations.has(letter, _column(bindings, s, count), _column(bindings, o, count))))
    if s >= 0 or s in bindings:
        places, found = relations.fan(letter, _column(bindings, s, count))
        return _rows(bindings, places) | {o: found}
    if o >= 0 or o in bindings:
        places, found = relations.fan(letter ^ 1, _column(bindings, o, count))
        return _rows(bindings, places) | {s: found}
    table = _bound(atom, *relations.links(letter).ends())
    size = len(table[s])
    return _rows(bindings, np.repeat(np.arange(count), size)) | {name: np.tile(column, count) for name, column in table.items()}


def _rows(bindings: Bindings, places: Ints) -> Bindings:
    return {name: column[places] for name, column in bindings.items()}


def _column(bindings: Bindings, term: int, count: int) -> Ints:
    return bindings[term] if term < 0 else np.full(count, term, np.int64)


class Numbering:
    """Numbers for the terms and variables of a rule; terms that the index has not come after its own."""

    def __init__(self, index: TripleIndex) -> None:
        self.index = index
        self.strangers: list[GroundTerm] = []
        self.variables: dict[str, int] = {}

    def candidate(self, rule: Rule) -> Candidate:
        """The rule over numbers."""
        if len(rule.head) != 1:
            raise InputError(f"{rule.name}: a mined rule has one triple in its head, not {len(rule.head)}")
        atoms = [self.atom(part) for part in rule.body if isinstance(part, Pattern)]
        differ = [self.differ(rule, part) for part in rule.body if not isinstance(part, Pattern)]
        head = self.atom(rule.head[0])
        inside = {term for atom in atoms for term in atom if term < 0}
        if not atoms or not inside.issuperset(term for term in head if term < 0):
            raise InputError(f"{rule.name}: its head has a variable that its body has not")
        return Candidate(head, Body(tuple(atoms), tuple(differ)))

    def differ(self, rule: Rule, part: object) -> tuple[int, int]:
        """The two variables that a filter tells apart."""
        match part:
            case Filter(Call("!", (Call("SAMETERM", (Variable(one), Variable(other))),))):
                return self.node(Variable(one)), self.node(Variable(other))
        raise InputError(f"{rule.name}: a mined rule has triples and filters !SAMETERM(?a, ?b) only, not {part}")

    def atom(self, pattern: Pattern) -> Atom:
        """A pattern over numbers."""
        if not isinstance(pattern.predicate, ox.NamedNode):
            raise InputError(f"a mined rule names its relations, unlike {pattern}")
        return self.node(pattern.predicate), self.node(pattern.subject), self.node(pattern.object)

    def node(self, node: Node) -> int:
        """The number of a variable (below 0) or a term."""
        if isinstance(node, Variable):
            return self.variables.setdefault(node.name, -1 - len(self.variables))
        if not isinstance(node, ox.NamedNode | ox.Literal | ox.BlankNode):
            raise InputError(f"a mined rule has plain terms only, not {node}")
        number = self.index.terms.id(from_ox(node))
        if number is not None:
            return number
        if node not in self.strangers:
            self.strangers.append(node)
        return len(self.index.terms) + self.strangers.index(node)

    def term(self, number: int) -> GroundTerm:
        """The term of a number."""
        size = len(self.index.terms)
        return to_ox(self.index.terms[number]) if number < size else self.strangers[number - size]
