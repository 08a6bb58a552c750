"""What things are called: the labels and alternative labels of the vocabulary, stated and inferred layers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import pyoxigraph as ox
from rdflib import RDFS, SKOS, BNode, Literal, URIRef

from dovetail.kg import provenance as prov
from dovetail.kg.names import Layer
from dovetail.kg.provenance import GRAPHS
from dovetail.kg.statement import Term
from dovetail.kg.terms import OxTerm, from_ox, to_ox

_LAYERS = (Layer.VOCABULARY, Layer.STATED, Layer.INFERRED)
_LABELS = tuple(prov.node(p) for p in (SKOS.prefLabel, RDFS.label))
_NAMES = (*_LABELS, prov.node(SKOS.altLabel))


def best_label(store: ox.Store, term: Term) -> str:
    """The vocabulary's label, else the one with most evidence, else the local name; ties go to English, then A to Z."""
    if isinstance(term, Literal):
        return str(term)
    node = to_ox(term)
    found: list[tuple[bool, bool, int, str]] = []
    for layer in _LAYERS:
        stated = layer is not Layer.VOCABULARY
        for predicate in _LABELS:
            for quad in store.quads_for_pattern(node, predicate, None, GRAPHS[layer]):  # type: ignore[arg-type]
                if isinstance(quad.object, ox.Literal):
                    foreign = not (quad.object.language or "en").startswith("en")
                    behind = _evidence(store, node, predicate, quad.object) if stated else 0
                    found.append((stated, foreign, -behind, quad.object.value))
    return min(found)[3] if found else local_name(term)


def all_names(store: ox.Store, entity: URIRef | BNode | None = None) -> Iterator[tuple[URIRef | BNode, str]]:
    """Each entity (or only this one) with each of its names, sorted."""
    subject = None if entity is None else to_ox(entity)
    found = {
        (quad.subject, quad.object.value)
        for layer in _LAYERS
        for predicate in _NAMES
        for quad in store.quads_for_pattern(subject, predicate, None, GRAPHS[layer])  # type: ignore[arg-type]
        if isinstance(quad.object, ox.Literal) and not isinstance(quad.subject, ox.Triple)
    }
    for node, name in sorted(found, key=lambda pair: (str(pair[0]), pair[1])):
        yield (BNode(node.value) if isinstance(node, ox.BlankNode) else URIRef(node.value)), name


def entities_named(store: ox.Store, name: str) -> list[URIRef | BNode]:
    """What a name means, sorted: what has it for a label, else for an alternative label, else with other capitals.

    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(URIRef("urn:x:warsaw"), RDFS.label, Literal("Warsaw", lang="en"))])
    1
    >>> entities_named(graph.store, "warsaw")
    [rdflib.term.URIRef('urn:x:warsaw')]
    """
    layers, names = " ".join(f"<{layer.value}>" for layer in _LAYERS), " ".join(map(str, _NAMES))
    answer = store.query(
        f"SELECT DISTINCT ?e ?p ?n {{ VALUES ?g {{ {layers} }} VALUES ?p {{ {names} }} GRAPH ?g {{ ?e ?p ?n }}"
        f" FILTER(LCASE(STR(?n)) = LCASE({ox.Literal(name)})) }}"
    )
    assert isinstance(answer, ox.QuerySolutions)
    found = [((row["n"].value != name, row["p"] not in _LABELS), row["e"]) for row in answer]
    best = min((rank for rank, _ in found), default=None)
    terms = {from_ox(entity) for rank, entity in found if rank == best}
    return sorted((term for term in terms if not isinstance(term, Literal)), key=str)


def local_name(term: URIRef | BNode) -> str:
    """The last part of an IRI, made readable.

    >>> local_name(URIRef("http://x.example/onto#Nobel_Prize"))
    'Nobel Prize'
    """
    if isinstance(term, BNode):
        return f"_:{term}"
    text = str(term).rstrip("/#")
    return unquote(text[max(text.rfind(mark) for mark in "/#:") + 1 :]).replace("_", " ") or str(term)


def _evidence(store: ox.Store, subject: OxTerm, predicate: ox.NamedNode, value: OxTerm) -> int:
    about = prov.statement_node(subject, predicate, value)
    return sum(1 for _ in store.quads_for_pattern(about, prov.DERIVED_FROM, None, GRAPHS[Layer.PROVENANCE]))
