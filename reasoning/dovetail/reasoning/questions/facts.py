"""Answers that the graph states: paths of one or two statements from what a question names.

    question, linked entities -> fact_paths -> FactPath (answer, statements on the way, match with the question)

A path matches when its relations' labels mean what the question asks. The entities that the question names are no answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest

import pyoxigraph as ox
from rdflib import RDF, RDFS, BNode, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, SKOS, XSD

from dovetail.kg.names import Layer
from dovetail.kg.statement import Evidence, Term
from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.terms import from_ox, to_ox
from dovetail.nlp.literals import find_literals
from dovetail.nlp.quantities import si_value
from dovetail.reasoning.questions.metrics import normal_answer
from dovetail.reasoning.questions.passages.retrieval import Encoder
from dovetail.reasoning.questions.reading.kinds import kind_of_type

LAYERS = (Layer.STATED, Layer.VOCABULARY, Layer.INFERRED)
NOT_RELATIONS = frozenset(
    {RDF.type, RDFS.label, RDFS.comment, SKOS.altLabel, SKOS.prefLabel, SKOS.definition, DCTERMS.subject, OWL.sameAs, RDFS.subClassOf}
)
_NO_RELATIONS = frozenset(map(str, NOT_RELATIONS))
MOST_EDGES = 60
"""An entity with more statements than this leads nowhere in particular; the rest of them are not followed."""
MOST_PATHS = 40


@dataclass(frozen=True, slots=True)
class Edge:
    """A statement seen from one end: ``triple`` is as stated, ``other`` the far end."""

    triple: tuple[URIRef | BNode, URIRef, Term]
    other: Term


@dataclass(frozen=True, slots=True)
class FactPath:
    """An answer the graph leads to; ``match`` is how well the path says what was asked, as a cosine.

    ``forms`` are the normal forms of how the answer may be written, ``evidence`` what each edge is stated by.
    """

    answer: Term
    forms: frozenset[str]
    edges: tuple[Edge, ...]
    evidence: tuple[tuple[Evidence, ...], ...]
    match: float


def fact_paths(question: str, entities: Sequence[URIRef | BNode], graph: KnowledgeGraph, encoder: Encoder | None) -> list[FactPath]:
    """The paths from ``entities`` that match ``question`` best, best first. None without an encoder."""
    if encoder is None or not entities:
        return []
    named = {one for entity in entities for one in graph.same(entity)}
    paths: list[tuple[Edge, ...]] = []
    for entity in entities:
        for first in _edges(graph, entity):
            if first.other not in named:
                paths.append((first,))
            if not isinstance(first.other, Literal):
                paths.extend(
                    (first, second) for second in _edges(graph, first.other) if not _returns(first, second) and second.other not in named
                )
    if not paths:
        return []
    labels = {edge.triple[1]: graph.label(edge.triple[1]) for path in paths for edge in path}
    spoken = [" ".join(labels[edge.triple[1]] for edge in path) for path in paths]
    distinct = sorted(set(spoken))
    vectors = encoder.encode([question, *distinct])
    match = dict(zip(distinct, (vectors[1:] @ vectors[0]).tolist(), strict=True))
    order = sorted(range(len(paths)), key=lambda i: (-match[spoken[i]], len(paths[i]), str(paths[i][-1].other)))[:MOST_PATHS]
    return [_path(graph, paths[i], match[spoken[i]]) for i in order]


def _path(graph: KnowledgeGraph, edges: tuple[Edge, ...], match: float) -> FactPath:
    answer = edges[-1].other
    evidence = tuple(tuple(graph.evidence_for(*edge.triple)) for edge in edges)
    if isinstance(answer, Literal):
        quotes = [some.quote for some in evidence[-1]]
        texts = [str(answer)] + [q[m.start : m.end] for q in quotes for m in find_literals(q) if answer in (m.value, si_value(m))]
    else:
        texts = graph.names(answer) or [graph.label(answer)]
    return FactPath(answer, frozenset(filter(None, map(normal_answer, texts))), edges, evidence, float(match))


def _returns(first: Edge, second: Edge) -> bool:
    """Whether the second step undoes the first: the same statement, or the same relation to another with the same value."""
    reverse = (first.triple[2] == first.other) != (second.triple[2] == second.other)
    return first.triple == second.triple or (first.triple[1] == second.triple[1] and reverse)


def _edges(graph: KnowledgeGraph, node: URIRef | BNode) -> list[Edge]:
    """The relations of ``node`` and of what is one with it in both directions, in a fixed order, at most MOST_EDGES."""
    found = {(quad.subject, quad.predicate, quad.object): own for one in graph.same(node) for quad, own in _quads(graph, one)}
    edges = []
    for subject, predicate, value in nsmallest(MOST_EDGES, found, key=str):  # only these are worth making terms of
        triple = from_ox(subject), URIRef(predicate.value), from_ox(value)
        assert not isinstance(triple[0], Literal)
        edges.append(Edge((triple[0], *triple[1:]), triple[2] if found[subject, predicate, value] else triple[0]))
    return edges


def _quads(graph: KnowledgeGraph, node: URIRef | BNode) -> Iterator[tuple[ox.Quad, bool]]:
    """What is stated with a node, and whether it is the subject."""
    term = to_ox(node)
    assert not isinstance(term, ox.Literal)
    for layer in LAYERS:
        name = ox.NamedNode(layer.value)
        for own, quads in (
            (True, graph.store.quads_for_pattern(term, None, None, name)),
            (False, graph.store.quads_for_pattern(None, None, term, name)),
        ):
            for quad in quads:
                plain = not isinstance(quad.subject, ox.Triple) and not isinstance(quad.object, ox.Triple)
                if plain and quad.predicate.value not in _NO_RELATIONS:
                    yield quad, own


def answer_kind(graph: KnowledgeGraph, term: Term) -> str | None:
    """The kind of answer that a term is: by its datatype, or by the labels of its types."""
    if isinstance(term, Literal):
        if term.datatype in (XSD.date, XSD.gYear, XSD.gYearMonth, XSD.gMonthDay, XSD.dateTime):
            return "date"
        return "number" if isinstance(term.value, int | float) or term.datatype in (XSD.decimal, XSD.integer, XSD.double) else None
    node = to_ox(term)
    assert not isinstance(node, ox.Literal)
    quads = graph.store.quads_for_pattern(node, ox.NamedNode(RDF.type), None, None)
    kinds = {kind_of_type(graph.label(from_ox(quad.object))) for quad in quads}
    return min((kind for kind in kinds if kind), default=None)
