"""Whether a graph with blanks to fill fits into a graph: its blank nodes stand for any terms, triple terms included.

    patterns, component by component, the most bound pattern next -> candidates -> backtrack

Finding such terms is NP-complete; patterns that share no blank node are taken apart, which is what graphs allow in practice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeAlias

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
    """Facts by predicate, and by predicate with subject or object."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.all = frozenset(facts)
        self.by_predicate: defaultdict[GroundTerm, list[Fact]] = defaultdict(list)
        self._by_end: defaultdict[tuple[GroundTerm, GroundTerm, bool], list[Fact]] = defaultdict(list)
        for fact in self.all:
            s, p, o = fact
            self.by_predicate[p].append(fact)
            self._by_end[p, s, True].append(fact)
            self._by_end[p, o, False].append(fact)

    def holds(self, fact: Fact) -> bool:
        """Whether it is one of them."""
        return fact in self.all

    def candidates(self, pattern: Fact, blanks: frozenset[ox.BlankNode]) -> Iterable[Fact]:
        """Those of the same predicate, and of the same subject or else object where that is closed."""
        s, p, o = pattern
        if not _blanks(s) & blanks:
            return self._by_end.get((p, s, True), ())
        if not _blanks(o) & blanks:
            return self._by_end.get((p, o, False), ())
        return self.by_predicate.get(p, ())

    def objects(self, subject: GroundTerm, predicate: GroundTerm) -> Iterator[GroundTerm]:
        """What a subject has for a predicate."""
        return (o for _, _, o in self._by_end.get((predicate, subject, True), ()))


def blanks_of(fact: Fact) -> frozenset[ox.BlankNode]:
    """The blank nodes of a fact, those inside triple terms included."""
    return frozenset().union(*map(_blanks, fact))


def _blanks(term: GroundTerm) -> frozenset[ox.BlankNode]:
    if isinstance(term, ox.BlankNode):
        return frozenset({term})
    return _blanks(term.subject) | _blanks(term.object) if isinstance(term, ox.Triple) else frozenset()


def _apart(patterns: Sequence[Fact]) -> Iterator[list[Fact]]:
    """The patterns, those together that share a blank node directly or through others."""
    import networkx as nx  # type: ignore[import-untyped]  # it ships no types; slow to import, and not needed before

    graph: nx.Graph[object] = nx.Graph()
    for place, pattern in enumerate(patterns):
        graph.add_edges_from((place, blank) for blank in blanks_of(pattern))
    for component in nx.connected_components(graph):
        yield [patterns[place] for place in sorted(node for node in component if isinstance(node, int))]


def _solvable(patterns: list[Fact], knowledge: Knowledge) -> bool:
    """Depth first, with a stack of our own: a component can be as long as a list."""
    plan = list(_ordered(patterns))
    binding: dict[ox.BlankNode, GroundTerm] = {}
    stack = [_matches(plan[0], binding, knowledge)]
    while stack:
        if not next(stack[-1], False):
            stack.pop()
        elif len(stack) == len(plan):
            return True
        else:
            stack.append(_matches(plan[len(stack)], binding, knowledge))
    return False


def _ordered(patterns: list[Fact]) -> Iterator[Fact]:
    """The patterns, each next one with as few blank nodes as can be that none before it has."""
    where: defaultdict[ox.BlankNode, list[int]] = defaultdict(list)
    for place, pattern in enumerate(patterns):
        for blank in blanks_of(pattern):
            where[blank].append(place)
    missing = [len(blanks_of(pattern)) for pattern in patterns]
    waiting = [(count, place) for place, count in enumerate(missing)]
    heapify(waiting)
    done: set[int] = set()
    while waiting:
        _, place = heappop(waiting)  # old entries of a place come after its latest
        if place in done:
            continue
        done.add(place)
        yield patterns[place]
        for blank in blanks_of(patterns[place]):
            for other in where.pop(blank, ()):
                missing[other] -= 1
                heappush(waiting, (missing[other], other))


def _matches(pattern: Fact, binding: dict[ox.BlankNode, GroundTerm], knowledge: Knowledge) -> Iterator[bool]:
    """Binds what is open in the pattern, in one way after the other; after the last it is open again."""
    blanks = blanks_of(pattern) - binding.keys()
    bound = filled(pattern, binding)
    if bound is None:
        return
    if not blanks:
        if knowledge.holds(bound):
            yield True
        return
    for fact in knowledge.candidates(bound, blanks):
        if all(_match(term, value, binding) for term, value in zip(pattern, fact, strict=True)):
            yield True
        for blank in blanks:
            binding.pop(blank, None)


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
