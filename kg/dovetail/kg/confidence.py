"""How sure each stated triple is, for all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from dovetail.kg.index import TripleIndex
from dovetail.kg.names import Layer, digest
from dovetail.kg.provenance import ASSERTION, ATTRIBUTED_TO, CONFIDENCE, DERIVED_FROM, GRAPHS, SOURCE_SENTENCE

if TYPE_CHECKING:
    from dovetail.kg.store import KnowledgeGraph

_PROVENANCE = GRAPHS[Layer.PROVENANCE]
_EVIDENCE = f"SELECT ?st ?place ?c {{ GRAPH {_PROVENANCE} {{ ?st {DERIVED_FROM} ?e . ?e {CONFIDENCE} ?c ; {SOURCE_SENTENCE} ?place }} }}"
_ASSERTED = f"SELECT ?st ?c {{ GRAPH {_PROVENANCE} {{ ?st {ATTRIBUTED_TO} {ASSERTION} ; {CONFIDENCE} ?c }} }}"


def stated_confidences(graph: KnowledgeGraph, index: TripleIndex) -> NDArray[np.float64] | None:
    """The confidence of each triple of an index of ``graph``, ``(triples,)``; None if all are certain.

    As ``combined_confidence`` says, from the best evidence of each document. What no document states and
    nobody asserted with a confidence is certain, and so is what the vocabulary says.

    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> from rdflib import URIRef
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(URIRef("urn:a"), URIRef("urn:p"), URIRef("urn:b"), 0.5)])
    1
    >>> stated_confidences(graph, graph.index())
    array([0.5])
    """
    doubts = _doubts(graph.store)
    for quad in graph.store.quads_for_pattern(None, None, None, GRAPHS[Layer.VOCABULARY]) if doubts else ():
        doubts.pop(digest(str(quad.subject), str(quad.predicate), str(quad.object)), None)
    if not doubts:
        return None
    text = index.terms.text
    texts = [text(number) for number in range(len(index.terms))]
    rows = zip(index.subjects.tolist(), index.predicates.tolist(), index.objects.tolist(), strict=True)
    doubt = np.fromiter((doubts.get(digest(texts[s], texts[p], texts[o]), 0.0) for s, p, o in rows), np.float64, len(index))
    return 1.0 - doubt


def _doubts(store: ox.Store) -> dict[str, float]:
    """For each statement that is not certain, by the digest that names it, the product of (1 - confidence) over its sources."""
    best: dict[tuple[str, str], float] = {}
    for name, sentence, confidence in _rows(store, _EVIDENCE):
        source = name[-33:-1], sentence.partition("#")[0]
        best[source] = max(best.get(source, 0.0), _number(confidence))
    for name, confidence in _rows(store, _ASSERTED):
        best[name[-33:-1], ""] = _number(confidence)
    doubts: dict[str, float] = {}
    for (name, _), sure in sorted(best.items()):
        doubts[name] = doubts.get(name, 1.0) * (1.0 - sure)
    return {name: doubt for name, doubt in doubts.items() if doubt > 0.0}


def _number(cell: str) -> float:
    # Result tables write 0.5 bare, but 1 as a typed string, because bare it would be an integer.
    return float(cell.split('"')[1] if cell[0] == '"' else cell)


def _rows(store: ox.Store, sparql: str) -> list[list[str]]:
    """The rows of a result table whose cells are IRIs and decimals, as they are written."""
    answer = store.query(sparql)
    assert isinstance(answer, ox.QuerySolutions)
    table = answer.serialize(format=ox.QueryResultsFormat.TSV)
    assert isinstance(table, bytes)
    return [line.split("\t") for line in table.decode().splitlines()[1:]]
