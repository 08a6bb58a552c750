"""What a graph knows of the facts in proofs: what their terms are called, and who stated them."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from dovetail.kg import provenance as prov
from dovetail.kg.names import Layer
from dovetail.kg.provenance import GRAPHS, EvidenceReader
from dovetail.kg.statement import Evidence
from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.terms import from_ox
from dovetail.reasoning.rules.proofs.proof import Fact
from dovetail.reasoning.rules.rule import GroundTerm


@dataclass(frozen=True, slots=True)
class Source:
    """Who stated a fact: any of ``document``, ``asserted`` (a person) and ``vocabulary``; nobody, where the graph does not hold it.

    ``evidence``: the sentences of its documents, the surest first.
    """

    stated_by: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Background:
    """Reads labels and sources from a graph, remembering those it has met.

    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> from rdflib import URIRef
    >>> graph = KnowledgeGraph()
    >>> added = graph.add([Statement(URIRef("urn:Ada"), URIRef("urn:knows"), URIRef("urn:Bob"))])
    >>> ada, knows, bob = (ox.NamedNode(f"urn:{name}") for name in ("Ada", "knows", "Bob"))
    >>> Background(graph).label(ada), Background(graph).source((ada, knows, bob)).stated_by
    ('Ada', ('asserted',))
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._graph = graph
        self._evidence = EvidenceReader(graph.store)
        self._labels: dict[GroundTerm, str] = {}

    def label(self, term: GroundTerm) -> str:
        """What to call a term on a screen."""
        if isinstance(term, ox.Triple):
            return f"({' → '.join(map(self.label, (term.subject, term.predicate, term.object)))})"
        if term not in self._labels:
            self._labels[term] = self._graph.label(from_ox(term))
        return self._labels[term]

    def source(self, fact: Fact) -> Source:
        """Who stated a fact."""
        s, p, o = fact
        if isinstance(s, ox.Literal | ox.Triple) or not isinstance(p, ox.NamedNode):
            return Source()  # no RDF triple: only rules say such things
        store = self._graph.store
        found = ["vocabulary"] if ox.Quad(s, p, o, GRAPHS[Layer.VOCABULARY]) in store else []
        if ox.Quad(s, p, o, GRAPHS[Layer.STATED]) not in store:
            return Source(tuple(found))
        # What nothing is known about was stated by whoever made the graph.
        evidence = () if isinstance(o, ox.Triple) else self._evidence.of(about := prov.statement_node(s, p, o))
        if not evidence or ox.Quad(about, prov.ATTRIBUTED_TO, prov.ASSERTION, GRAPHS[Layer.PROVENANCE]) in store:
            found.insert(0, "asserted")
        if evidence:
            found.insert(0, "document")
        return Source(tuple(found), tuple(sorted(evidence, key=lambda e: (-e.confidence, e.document, e.start, e.end, e.extractor))))
