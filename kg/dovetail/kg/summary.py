"""What is in a graph, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox
from rdflib import URIRef

from dovetail.kg import provenance as prov
from dovetail.kg.names import Layer

if TYPE_CHECKING:
    from dovetail.kg.store import KnowledgeGraph


CLAIMS = ("negated", "possible", "hypothetical", "reported", "dated")


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """Counts, each mapping from the most frequent down; types and relations are those of the stated layer.

    ``entities`` counts what has a type; one of two types is counted under both in
    ``entities_by_type``. ``extractors`` counts pieces of evidence by extractor and version. ``claims`` counts what is said
    in another sense than plainly: negated, possible, hypothetical, reported, dated; one may be several of these.
    """

    documents: int
    entities: int
    triples_by_layer: Mapping[Layer, int]
    entities_by_type: Mapping[URIRef, int]
    relations: Mapping[URIRef, int]
    documents_by_domain: Mapping[str, int]
    extractors: Mapping[str, int]
    claims: Mapping[str, int]


def summarise(graph: KnowledgeGraph) -> GraphSummary:
    """The summary of a graph; a second or two for a million quads."""
    store = graph.store
    stated, provenance = Layer.STATED.value, Layer.PROVENANCE.value
    types = _counts(store, f"?key (COUNT(*) AS ?n) {{ GRAPH <{stated}> {{ ?s a ?key }} }} GROUP BY ?key")
    relations = _counts(store, f"?key (COUNT(*) AS ?n) {{ GRAPH <{stated}> {{ ?s ?key ?o }} }} GROUP BY ?key")
    domains = _counts(store, f"?key (COUNT(*) AS ?n) {{ GRAPH <{provenance}> {{ ?d {prov.DOMAIN} ?key }} }} GROUP BY ?key")
    extractors = _counts(store, f"?key (COUNT(*) AS ?n) {{ GRAPH <{provenance}> {{ ?e {prov.ATTRIBUTED_TO} ?key }} }} GROUP BY ?key")
    entities = _counts(store, f"(1 AS ?key) (COUNT(DISTINCT ?s) AS ?n) {{ GRAPH <{stated}> {{ ?s a ?o }} }}")
    return GraphSummary(
        documents=len(graph.fingerprints()),
        entities=sum(n for _, n in entities),
        triples_by_layer={layer: _size(store, layer) for layer in Layer},
        entities_by_type={URIRef(key): n for key, n in types},
        relations={URIRef(key): n for key, n in relations},
        documents_by_domain=dict(domains),
        extractors={prov.extractor_name(key): n for key, n in extractors if key.startswith(prov.EXTRACTOR)},
        claims={kind: n for kind in CLAIMS if (n := _claims(store, kind))},
    )


def _claims(store: ox.Store, kind: str) -> int:
    times = "|".join(map(str, prov.TIMES.values()))
    path, value = {"negated": (str(prov.POLARITY), '"negated"'), "dated": (times, "?time")}.get(kind, (str(prov.MODALITY), f'"{kind}"'))
    [(_, n)] = _counts(store, f"(1 AS ?key) (COUNT(DISTINCT ?s) AS ?n) {{ GRAPH <{Layer.PROVENANCE.value}> {{ ?s {path} {value} }} }}")
    return n


def _size(store: ox.Store, layer: Layer) -> int:
    [(_, n)] = _counts(store, f"(1 AS ?key) (COUNT(*) AS ?n) {{ GRAPH <{layer.value}> {{ ?s ?p ?o }} }}")
    return n


def _counts(store: ox.Store, projection: str) -> list[tuple[str, int]]:
    """Keys and their counts, from the highest down."""
    answer = store.query(f"SELECT {projection}")
    assert isinstance(answer, ox.QuerySolutions)
    found = []
    for key, n in answer:
        assert isinstance(key, ox.NamedNode | ox.BlankNode | ox.Literal) and isinstance(n, ox.Literal)
        found.append((key.value, int(n.value)))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
