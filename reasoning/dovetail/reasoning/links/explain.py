"""Why a link is predicted: chains of facts, rules, similar cases, names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias, cast

import numpy as np
from rdflib import URIRef

from dovetail.kg.statement import Evidence
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.link_graph import LinkGraph, Rows
from dovetail.reasoning.links.experts.cases import CaseExpert
from dovetail.reasoning.links.experts.registry import Known
from dovetail.reasoning.links.experts.rules import RuleExpert
from dovetail.reasoning.links.prediction import LinkExplanation, Node, PathStep, SimilarCase, Triple

Hop: TypeAlias = tuple[int, int, int]
"""Source, relation or inverse, target."""

SHOWN = 3
"""Paths, rules and cases of one explanation at most."""
MOST_NEIGHBOURS = 300
"""Of either end; of more, those with fewest edges are followed."""
LENGTH = 0.5
"""What a path counts for by each further fact."""


class Explainer:
    """Explains links of one graph."""

    def __init__(self, graph: KnowledgeGraph, known: Known, rules: RuleExpert, cases: CaseExpert) -> None:
        self.graph = graph
        self.known = known
        self.rules = rules
        self.cases = cases

    def explain(self, head: int, query: int, tail: int) -> LinkExplanation:
        """Why ``tail`` may complete (``head``, ``query``, ?)."""
        paths = tuple(tuple(self._step(hop) for hop in path) for path in best_paths(self.known.view.graph, head, query, tail)[:SHOWN])
        return LinkExplanation(paths, self.rules.fired(head, query, tail)[:SHOWN], self._cases(head, query, tail), self._names(head, tail))

    def triple(self, hop: Hop) -> Triple:
        """A hop as the triple that it goes along."""
        source, label, target = hop
        view, count = self.known.view, self.known.view.graph.relation_count
        subject, value = (source, target) if label < count else (target, source)
        terms = view.index.terms
        return (
            cast(Node, terms[view.entities[subject]]),
            cast(URIRef, terms[view.relations[label % count]]),
            cast(Node, terms[view.entities[value]]),
        )

    def _step(self, hop: Hop) -> PathStep:
        """The evidence is of the names that are one with either end, too."""
        subject, predicate, value = self.triple(hop)
        found: list[Evidence] = []
        for one in self.graph.same(subject):
            for other in self.graph.same(value):
                found += self.graph.evidence_for(one, predicate, other)
        return PathStep((subject, predicate, value), tuple(found))

    def _cases(self, head: int, query: int, tail: int) -> tuple[SimilarCase, ...]:
        heads, tails = self.cases.edges(query)
        same = np.unique(heads[tails == tail])
        likeness = self.cases.likeness(np.array([head]))[0, same]
        best = [place for place in np.argsort(-likeness, kind="stable")[:SHOWN] if likeness[place] > 0]
        view = self.known.view
        return tuple(SimilarCase(cast(Node, view.index.terms[view.entities[same[place]]]), float(likeness[place])) for place in best)

    def _names(self, head: int, tail: int) -> float | None:
        one, other = self.known.entities[head], self.known.entities[tail]
        return float(one @ other) if one.any() and other.any() else None


def best_paths(graph: LinkGraph, head: int, query: int, tail: int) -> list[tuple[Hop, ...]]:
    """Chains of at most three edges from ``head`` to ``tail``, the most telling first, one of each sequence of relations.

    A path through entities with few edges tells more than one over a hub. The edge that is asked about is no path.
    """
    count = graph.relation_count
    asked = {(head, query, tail), (tail, (query + count) % (2 * count), head)}
    found: dict[tuple[int, ...], tuple[float, tuple[Hop, ...]]] = {}
    for path in _paths(graph, head, tail):
        if asked.isdisjoint(path):
            relations = tuple(label for _, label, _ in path)
            worth = _worth(graph, path)
            if relations not in found or worth > found[relations][0]:
                found[relations] = worth, path
    return [path for _, path in sorted(found.values(), key=lambda pair: (-pair[0], pair[1]))]


def _worth(graph: LinkGraph, path: tuple[Hop, ...]) -> float:
    between = np.array([target for _, _, target in path[:-1]], np.int64)
    degrees = np.diff(graph.edges.starts)[between]
    return float(LENGTH ** len(path) / np.prod(np.log2(degrees + 2.0)))


def _paths(graph: LinkGraph, head: int, tail: int) -> Iterator[tuple[Hop, ...]]:
    from_head, to_tail = _near(graph, head), _near(graph, tail)
    for label in _labels(graph, head, tail):
        yield ((head, label, tail),)
    for middle in np.intersect1d(from_head, to_tail).tolist():
        if middle not in (head, tail):
            for first in _labels(graph, head, middle):
                for second in _labels(graph, middle, tail):
                    yield (head, first, middle), (middle, second, tail)
    wanted = np.setdiff1d(to_tail, [head, tail])
    for one in np.setdiff1d(from_head, [head, tail]).tolist():
        for other in np.intersect1d(_near(graph, one), wanted).tolist():
            if other != one:
                for first in _labels(graph, head, one):
                    for second in _labels(graph, one, other):
                        for third in _labels(graph, other, tail):
                            yield (head, first, one), (one, second, other), (other, third, tail)


def _near(graph: LinkGraph, entity: int) -> Rows:
    edges = graph.edges
    found = np.unique(edges.sources[edges.starts[entity] : edges.starts[entity + 1]]).astype(np.int64)
    if len(found) > MOST_NEIGHBOURS:
        found = np.sort(found[np.argsort(np.diff(edges.starts)[found], kind="stable")[:MOST_NEIGHBOURS]])
    return found


def _labels(graph: LinkGraph, source: int, target: int) -> list[int]:
    edges = graph.edges
    rows = slice(edges.starts[target], edges.starts[target + 1])
    return [int(label) for label in np.unique(edges.labels[rows][edges.sources[rows] == source])]
