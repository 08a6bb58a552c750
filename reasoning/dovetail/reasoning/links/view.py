"""A snapshot of a graph as links are predicted on it: things and relations by number, literals left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdflib import OWL, RDF, RDFS, SKOS
from rdflib.namespace import DCTERMS

from dovetail.kg.dictionary import Ids
from dovetail.kg.index import TripleIndex, arranged
from dovetail.kg.resolution import canonical_terms
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.link_graph import LinkGraph

_SPEAKING = (str(RDFS), str(OWL), str(RDF))
_LINKS = frozenset(f"<{term}>" for term in (RDF.type, RDFS.subClassOf, RDFS.subPropertyOf))
_NO_LINKS = frozenset(f"<{term}>" for term in (DCTERMS.subject, SKOS.inScheme, SKOS.prefLabel, SKOS.altLabel))


@dataclass(frozen=True, slots=True)
class LinkView:
    """``entities`` and ``relations``: for each number of ``graph`` its term in ``index``, ascending."""

    index: TripleIndex
    graph: LinkGraph
    entities: Ids
    relations: Ids

    @classmethod
    def of(cls, index: TripleIndex) -> LinkView:
        """The triples of a snapshot whose objects are no literals.

        >>> from rdflib import Literal, URIRef
        >>> from dovetail.kg import KnowledgeGraph, Statement
        >>> graph = KnowledgeGraph()
        >>> a, b, knows, age = (URIRef(f"urn:x:{name}") for name in ("a", "b", "knows", "age"))
        >>> _ = graph.add([Statement(a, knows, b), Statement(a, age, Literal(7))])
        >>> view = LinkView.of(graph.index())
        >>> view.graph.entity_count, view.graph.relation_count
        (2, 1)
        """
        kept = index.objects >= index.terms.first_iri
        subjects, predicates, objects = (column[kept] for column in (index.subjects, index.predicates, index.objects))
        entities, relations = np.unique(np.concatenate([subjects, objects])), np.unique(predicates)
        heads, tails = np.searchsorted(entities, subjects), np.searchsorted(entities, objects)
        graph = LinkGraph(heads, np.searchsorted(relations, predicates), tails, len(entities), len(relations))
        return cls(index, graph, entities, relations)

    @classmethod
    def of_graph(cls, graph: KnowledgeGraph) -> LinkView:
        """What a graph holds true: entities that are one taken together, and nothing of how it speaks about itself.

        Left out are the terms of RDF, RDFS and OWL but for types and subclasses, and which document is about what.
        """
        index = graph.index()
        canonical = canonical_terms(graph.store, index)
        relations = [p for p in index.relations.tolist() if _is_link(index.terms.text(p))]
        rows = np.flatnonzero((index.objects >= index.terms.first_iri) & np.isin(index.predicates, relations))
        ends = np.stack([canonical[index.subjects[rows]], canonical[index.objects[rows]]], 1)
        used, places = np.unique(np.concatenate([ends.ravel(), index.predicates[rows]]), return_inverse=True)
        ends, predicates = places[: 2 * len(rows)].reshape(-1, 2), places[2 * len(rows) :]
        return cls.of(arranged(_columns(ends, predicates), [index.terms.text(term).encode() for term in used]))

    @classmethod
    def made_of(cls, graph: LinkGraph) -> LinkView:
        """A graph of bare numbers, with terms made up for them."""
        count, total = graph.entity_count, graph.entity_count + graph.relation_count
        texts = [b"<urn:x:%09d>" % number for number in range(total)]
        pairs = np.stack([graph.heads, graph.tails], 1).astype(np.int64)
        return cls(arranged(_columns(pairs, graph.relations + np.int64(count)), texts), graph, np.arange(count), np.arange(count, total))

    def without(self, rows: Ids) -> LinkView:
        """The same entities and relations, by the same numbers, less the triples of ``graph`` in ``rows``."""
        graph, terms = self.graph.without(rows), self.index.terms
        pairs = np.stack([self.entities[graph.heads], self.entities[graph.tails]], 1).astype(np.int64)
        columns = _columns(pairs, self.relations[graph.relations])
        return LinkView(arranged(columns, [terms.text(n).encode() for n in range(len(terms))]), graph, self.entities, self.relations)


def _columns(pairs: NDArray[np.int64], predicates: Ids) -> dict[int, list[NDArray[np.int64]]]:
    """The pairs of each predicate, as ``arranged`` takes them."""
    order = np.argsort(predicates, kind="stable")
    found, starts = np.unique(predicates[order], return_index=True)
    parts = np.split(pairs[order], starts[1:])
    return {int(predicate): [part] for predicate, part in zip(found, parts, strict=False)}


def _is_link(predicate: str) -> bool:
    return predicate in _LINKS or not (predicate in _NO_LINKS or predicate[1:].startswith(_SPEAKING))
