"""A snapshot of a graph as links are predicted on it: things and relations by number, literals left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dovetail.kg.dictionary import Ids
from dovetail.kg.index import TripleIndex, arranged
from dovetail.models.link_graph import LinkGraph


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
    def made_of(cls, graph: LinkGraph) -> LinkView:
        """A graph of bare numbers, with terms made up for them."""
        count, total = graph.entity_count, graph.entity_count + graph.relation_count
        texts = [b"<urn:x:%09d>" % number for number in range(total)]
        pairs = np.stack([graph.heads, graph.tails], 1).astype(np.int64)
        columns = {count + r: [pairs[graph.relations == r]] for r in range(graph.relation_count)}
        return cls(arranged(columns, texts), graph, np.arange(count), np.arange(count, total))
