"""Whether a graph with blanks to fill fits into a graph: its blank nodes stand for any terms, triple terms included.

    patterns, component by component -> the most bound pattern next -> candidates -> backtrack

Finding such terms is NP-complete; patterns that share no blank node are taken apart, which is what graphs allow in practice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import pyoxigraph as ox

from dovetail.reasoning.rules.rule import GroundTerm

Fact: TypeAlias = tuple[GroundTerm, GroundTerm, GroundTerm]
"""A triple of which any part may be any term."""
Binding: TypeAlias = Mapping[ox.BlankNode, GroundTerm]


class Knowledge(Protocol):
    """What patterns are matched with: facts, of which not all need be listed."""

    def holds(self, fact: Fact) -> bool:
        """Whether a fact holds."""
        ...

    def candidates(self, pattern: Fact, blanks: frozenset[ox.BlankNode]) -> Iterable[Fact]:
        """The facts that may match a pattern, of which ``blanks`` are open."""
        ...


def fits(patterns: Iterable[Fact], knowledge: Knowledge) -> bool:
    """Whether some terms for the blank nodes of the patterns make all of them hold.

    >>> a, p, x = ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.BlankNode("x")
    >>> fits([(a, p, x), (x, p, x)], Facts([(a, p, a)])), fits([(x, p, x)], Facts([(a, p, p)]))
    (True, False)
    """
    open_patterns: list[Fact] = []
    for pattern in patterns:
        if blanks_of(pattern):
            open_patterns.append(pattern)
        elif not knowledge.holds(pattern):
            return False
    return all(_solvable(part, knowledge) for part in _apart(open_patterns))


class Facts:
    """Facts by predicate, all of them listed."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.all = frozenset(facts)
        self.by_predicate: defaultdict[GroundTerm, list[Fact]] = defaultdict(list)
        for fact in self.all:
            self.by_predicate[fact[1]].append(fact)

    def holds(self, fact: Fact) -> bool:
        """Whether it is one of them."""
        return fact in self.all

    def candidates(self, pattern: Fact, blanks: frozenset[ox.BlankNode]) -> Iterable[Fact]:
        """Those of the same predicate."""
        return self.by_predicate.get(pattern[1], ())

    def objects(self, subject: GroundTerm, predicate: GroundTerm) -> Iterator[GroundTerm]:
        """What a subject has for a predicate."""
        return (o for s, _, o in self.by_predicate.get(predicate, ()) if s == subject)


def blanks_of(fact: Fact | ox.Triple) -> frozenset[ox.BlankNode]:
    """The blank nodes of a fact, those inside triple terms included."""
    found: set[ox.BlankNode] = set()
    for term in fact if isinstance(fact, tuple) else (fact.subject, fact.predicate, fact.object):
        if isinstance(term, ox.BlankNode):
            found.add(term)
        elif isinstance(term, ox.Triple):
            found |= blanks_of(term)
    return frozenset(found)


def _apart(patterns: Sequence[Fact]) -> Iterator[list[Fact]]:
    """The patterns, those together that share a blank node directly or through others."""
    graph: nx.Graph[object] = nx.Graph()
    for place, pattern in enumerate(patterns):
        graph.add_edges_from((place, blank) for blank in blanks_of(pattern))
    for component in nx.connected_components(graph):
        yield [patterns[place] for place in sorted(node for node in component if isinstance(node, int))]


def _solvable(patterns: list[Fact], knowledge: Knowledge) -> bool:
    """Depth first, without recursion: a component can be as long as a list."""
    stack = [_choices(patterns, {}, knowledge)]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            continue
        rest, binding = step
        if not rest:
            return True
        stack.append(_choices(rest, binding, knowledge))
    return False


def _choices(patterns: list[Fact], binding: Binding, knowledge: Knowledge) -> Iterator[tuple[list[Fact], Binding]]:
    """The ways to satisfy the most bound pattern, each with the patterns that remain."""
    place = min(range(len(patterns)), key=lambda n: len(blanks_of(patterns[n]) - binding.keys()))
    rest = patterns[:place] + patterns[place + 1 :]
    blanks = blanks_of(patterns[place]) - binding.keys()
    if not blanks:
        fact = filled(patterns[place], binding)
        if fact is not None and knowledge.holds(fact):
            yield rest, binding
        return
    for fact in knowledge.candidates(tuple(binding.get(t, t) if isinstance(t, ox.BlankNode) else t for t in patterns[place]), blanks):  # type: ignore[arg-type]  # three terms stay three
        found = dict(binding)
        if all(_match(term, value, found) for term, value in zip(patterns[place], fact, strict=True)):
            yield rest, found


def filled(fact: Fact, binding: Binding) -> Fact | None:
    """The fact with its blank nodes replaced; None if a triple term cannot hold the replacement."""
    terms = [_filled(term, binding) for term in fact]
    return None if None in terms else tuple(terms)  # type: ignore[return-value]  # three terms stay three


def _filled(term: GroundTerm, binding: Binding) -> GroundTerm | None:
    if isinstance(term, ox.BlankNode):
        return binding.get(term, term)
    if not isinstance(term, ox.Triple):
        return term
    subject, inner = _filled(term.subject, binding), _filled(term.object, binding)
    if inner is None or not isinstance(subject, ox.NamedNode | ox.BlankNode):
        return None
    return ox.Triple(subject, term.predicate, inner)


def _match(term: GroundTerm, value: GroundTerm, binding: dict[ox.BlankNode, GroundTerm]) -> bool:
    if isinstance(term, ox.BlankNode):
        return binding.setdefault(term, value) == value
    if isinstance(term, ox.Triple) and isinstance(value, ox.Triple):
        return all(
            _match(part, other, binding)
            for part, other in ((term.subject, value.subject), (term.predicate, value.predicate), (term.object, value.object))
        )
    return term == value
