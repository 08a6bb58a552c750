"""The inferred layer: what rules prove, which rules those are, and whether it still is what they prove.

The layer is described in the provenance layer at its own IRI. Whatever changes what was stated takes the
mark away that the layer is current, before the change; inferring puts it back, after everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox
from rdflib.namespace import XSD

from dovetail.kg.names import DT, Layer
from dovetail.kg.provenance import ATTRIBUTED_TO, CONFIDENCE, GRAPHS, decimal, node, reification, statement_node

if TYPE_CHECKING:
    from dovetail.kg.store import KnowledgeGraph

_INFERRED, _PROVENANCE = GRAPHS[Layer.INFERRED], GRAPHS[Layer.PROVENANCE]
_PROFILE, _RULES, _THRESHOLD, _LIMIT = (node(DT[name]) for name in ("profile", "rules", "minimumConfidence", "maximumFacts"))

CURRENT = ox.Quad(_INFERRED, node(DT["current"]), ox.Literal(True), _PROVENANCE)
"""In the store exactly while the inferred layer is what its rules prove of the other layers."""

_BULK = 5_000  # quads from which bulk loading beats a transaction


@dataclass(frozen=True, slots=True)
class Inference:
    """What the inferred layer was made with: a rule pack's name, rules as text, what was too unsure to keep, and the limit."""

    profile: str | None
    rules: str
    min_confidence: float
    max_facts: int


def read_inference(graph: KnowledgeGraph) -> Inference | None:
    """What the inferred layer was made with; None where nothing was inferred.

    >>> from dovetail.kg import KnowledgeGraph
    >>> read_inference(KnowledgeGraph()) is None
    True
    """
    said = {q.predicate: q.object.value for q in _record(graph) if isinstance(q.object, ox.Literal)}
    if _RULES not in said:
        return None
    return Inference(said.get(_PROFILE), said[_RULES], float(said[_THRESHOLD]), int(said[_LIMIT]))


def is_current(graph: KnowledgeGraph) -> bool:
    """Whether the inferred layer is what its rules prove of what is stated now; True where there are no rules."""
    return CURRENT in graph.store or read_inference(graph) is None


def write_inferences(
    graph: KnowledgeGraph,
    triples: Iterable[ox.Triple],
    confidences: Iterable[float] | None,
    inference: Inference,
) -> tuple[int, int]:
    """Make the inferred layer hold these triples and nothing else; returns how many are new and how many went.

    ``confidences`` has one number for each triple; None means that all are certain.
    """
    old = {*graph.store.quads_for_pattern(None, None, None, _INFERRED), *_notes(graph)}
    wanted = _quads(triples, confidences)
    record = _described(inference)
    if not old:
        count = 0

        def counted() -> Iterator[ox.Quad]:
            nonlocal count
            for quad in wanted:
                count += quad.graph_name == _INFERRED
                yield quad

        with graph.changing() as store:
            store.bulk_extend(counted())
            _replace(store, set(_record(graph)), record)
        return count, 0
    new = set(wanted)
    gone, come = old - new, new - old
    with graph.changing() as store:
        _replace(store, gone | set(_record(graph)), come | record)
    return sum(q.graph_name == _INFERRED for q in come), sum(q.graph_name == _INFERRED for q in gone)


def _replace(store: ox.Store, gone: set[ox.Quad], come: set[ox.Quad]) -> None:
    """Exchange quads, atomically where they are few; the mark goes first and comes last."""
    store.remove(CURRENT)
    for quad in gone:
        store.remove(quad)
    store.bulk_extend(come) if len(come) >= _BULK else store.extend(come)
    store.add(CURRENT)


def _quads(triples: Iterable[ox.Triple], confidences: Iterable[float] | None) -> Iterator[ox.Quad]:
    if confidences is None:
        yield from (ox.Quad(t.subject, t.predicate, t.object, _INFERRED) for t in triples)
        return
    for t, confidence in zip(triples, confidences, strict=True):
        yield ox.Quad(t.subject, t.predicate, t.object, _INFERRED)
        if confidence < 1.0 and not isinstance(t.subject, ox.Triple) and not isinstance(t.object, ox.Triple):
            triple = t.subject, t.predicate, t.object
            about = statement_node(*triple, Layer.INFERRED)
            yield from reification(triple, about)
            yield ox.Quad(about, ATTRIBUTED_TO, _INFERRED, _PROVENANCE)
            yield ox.Quad(about, CONFIDENCE, decimal(confidence), _PROVENANCE)


def _notes(graph: KnowledgeGraph) -> Iterator[ox.Quad]:
    for about in list(graph.store.quads_for_pattern(None, ATTRIBUTED_TO, _INFERRED, _PROVENANCE)):
        yield from graph.store.quads_for_pattern(about.subject, None, None, _PROVENANCE)


def _record(graph: KnowledgeGraph) -> Iterator[ox.Quad]:
    return graph.store.quads_for_pattern(_INFERRED, None, None, _PROVENANCE)


def _described(inference: Inference) -> set[ox.Quad]:
    threshold = ox.Literal(str(inference.min_confidence), datatype=node(XSD.decimal))
    said = {(_RULES, ox.Literal(inference.rules)), (_THRESHOLD, threshold), (_LIMIT, ox.Literal(inference.max_facts))}
    if inference.profile is not None:
        said.add((_PROFILE, ox.Literal(inference.profile)))
    return {ox.Quad(_INFERRED, predicate, value, _PROVENANCE) for predicate, value in said}
