"""What is in a graph, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyoxigraph as ox
from rdflib import RDF, URIRef

from dovetail.kg import provenance as prov
from dovetail.kg.dictionary import Ids
from dovetail.kg.names import Layer

if TYPE_CHECKING:
    from dovetail.kg.store import KnowledgeGraph


Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """Counts, each mapping from the most frequent down.

    ``entities`` counts those with a type; one of two types is counted under both in
    ``entities_by_type``. ``extractors`` counts pieces of evidence by extractor and version.
    """

    documents: int
    entities: int
    triples_by_layer: Mapping[Layer, int]
    entities_by_type: Mapping[URIRef, int]
    relations: Mapping[URIRef, int]
    documents_by_domain: Mapping[str, int]
    extractors: Mapping[str, int]


def summarise(graph: KnowledgeGraph) -> GraphSummary:
    """The summary of a graph; types and relations are those of the vocabulary, stated and inferred layers."""
    store = graph.store
    index = graph.index()
    kind = index.terms.id(RDF.type)
    typed = index.triples(p=-1 if kind is None else kind)
    return GraphSummary(
        documents=len(graph.fingerprints()),
        entities=len(set(typed[:, 0].tolist())),
        triples_by_layer={layer: _count(store, layer) for layer in Layer},
        entities_by_type=_ranked({_iri(index.terms[t]): n for t, n in _tally(typed[:, 2])}),
        relations=_ranked({_iri(index.terms[p]): n for p, n in _tally(index.predicates)}),
        documents_by_domain=_ranked(
            Counter(
                quad.object.value
                for quad in store.quads_for_pattern(None, prov.DOMAIN, None, prov.GRAPHS[Layer.PROVENANCE])
                if isinstance(quad.object, ox.Literal)
            )
        ),
        extractors=_extractors(store),
    )


def _count(store: ox.Store, layer: Layer) -> int:
    answer = store.query(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{layer.value}> {{ ?s ?p ?o }} }}")
    assert isinstance(answer, ox.QuerySolutions)
    count = next(answer)[0]
    assert isinstance(count, ox.Literal)
    return int(count.value)


def _extractors(store: ox.Store) -> dict[str, int]:
    answer = store.query(
        f"SELECT ?extractor (COUNT(*) AS ?n) {{ GRAPH <{Layer.PROVENANCE.value}> "
        f"{{ ?link {prov.ATTRIBUTED_TO} ?extractor }} }} GROUP BY ?extractor"
    )
    assert isinstance(answer, ox.QuerySolutions)
    found: dict[str, int] = {}
    for extractor, count in answer:
        assert isinstance(extractor, ox.NamedNode) and isinstance(count, ox.Literal)
        if extractor.value.startswith(prov.EXTRACTOR):
            found[prov.extractor_name(extractor)] = int(count.value)
    return _ranked(found)


def _tally(ids: Ids) -> list[tuple[int, int]]:
    counts = np.bincount(ids) if len(ids) else np.zeros(0, np.int64)
    return [(int(n), int(counts[n])) for n in np.flatnonzero(counts)]


def _iri(term: object) -> URIRef:
    return URIRef(str(term))


def _ranked(counts: Mapping[Key, int]) -> dict[Key, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))))
