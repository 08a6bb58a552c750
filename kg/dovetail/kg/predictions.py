"""The predicted layer: what models believe, each triple with its probability and why, and whether it is still of what is stated.

It is described in the provenance layer as the inferred layer is. Whatever changes what was stated takes the mark away that the layer
is current; predicting again puts it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pyoxigraph as ox
from rdflib import RDF, BNode, URIRef

from dovetail.kg.names import DT, Layer
from dovetail.kg.provenance import GRAPHS, assertion_quads, node, statement_node, triple_of
from dovetail.kg.statement import Statement, Term
from dovetail.kg.terms import to_ox

if TYPE_CHECKING:
    from dovetail.kg.store import KnowledgeGraph

_PREDICTED, _PROVENANCE = GRAPHS[Layer.PREDICTED], GRAPHS[Layer.PROVENANCE]
_EXPLANATION = node(DT["explanation"])

PREDICTED_CURRENT = ox.Quad(_PREDICTED, node(DT["current"]), ox.Literal(True), _PROVENANCE)
"""In the store exactly while the predicted layer was made of what is stated now."""


def write_predictions(graph: KnowledgeGraph, predictions: Iterable[tuple[Statement, Mapping[str, object]]]) -> int:
    """Make the predicted layer hold these statements, each with its explanation as JSON, and nothing else; returns how many they are.

    >>> from dovetail.kg import KnowledgeGraph
    >>> graph = KnowledgeGraph()
    >>> a, likes, b = (URIRef(f"urn:x:{name}") for name in ("a", "likes", "b"))
    >>> write_predictions(graph, [(Statement(a, likes, b, 0.7), {"grounds": "rules"})])
    1
    >>> read_prediction(graph, a, likes, b)
    (0.7, {'grounds': 'rules'})
    """
    quads: set[ox.Quad] = set()
    count = 0
    for statement, explanation in predictions:
        text = ox.Literal(json.dumps(explanation, ensure_ascii=False, sort_keys=True), datatype=node(RDF.JSON))
        quads |= assertion_quads(statement, Layer.PREDICTED)
        quads.add(ox.Quad(statement_node(*triple_of(statement), Layer.PREDICTED), _EXPLANATION, text, _PROVENANCE))
        count += 1
    graph.clear(Layer.PREDICTED)
    with graph.changing(stated=False) as store:
        store.extend(quads)
        store.add(PREDICTED_CURRENT)
    return count


def read_prediction(
    graph: KnowledgeGraph, subject: URIRef | BNode, predicate: URIRef, object: Term
) -> tuple[float, Mapping[str, object]] | None:
    """The probability of a predicted triple and why it is predicted; None where it is not."""
    triple = to_ox(subject), to_ox(predicate), to_ox(object)
    if ox.Quad(*triple, _PREDICTED) not in graph.store:  # type: ignore[arg-type]  # a triple's three parts
        return None
    about = statement_node(*triple, Layer.PREDICTED)
    said = {quad.predicate: quad.object.value for quad in graph.store.quads_for_pattern(about, None, None, _PROVENANCE)}  # type: ignore[union-attr]
    return float(said.get(node(DT["confidence"]), 1.0)), json.loads(said.get(_EXPLANATION, "{}"))


def drop_stale_predictions(graph: KnowledgeGraph) -> int:
    """Empty the predicted layer where what is stated has changed since it was made; returns how many triples went.

    >>> from dovetail.kg import KnowledgeGraph
    >>> drop_stale_predictions(KnowledgeGraph())
    0
    """
    return 0 if PREDICTED_CURRENT in graph.store else graph.clear(Layer.PREDICTED)
