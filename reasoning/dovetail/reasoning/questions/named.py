"""The entities of a graph by what they are called."""

from __future__ import annotations

from collections import Counter, defaultdict

import pyoxigraph as ox
from rdflib import RDF, BNode, URIRef

from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.facts import LAYERS, NOT_RELATIONS
from dovetail.reasoning.questions.surfaces import normal_name

ENTITIES_PER_NAME = 5


def entities_by_name(graph: KnowledgeGraph) -> dict[str, tuple[URIRef | BNode, ...]]:
    """The entities with each name in normal form, those with most statements first: what the graph says something of."""
    said: Counter[str] = Counter()
    other: set[str] = set()
    for layer in LAYERS:
        for quad in graph.store.quads_for_pattern(None, None, None, ox.NamedNode(layer.value)):
            predicate = URIRef(quad.predicate.value)
            other.add(quad.predicate.value)
            if predicate == RDF.type and isinstance(quad.object, ox.NamedNode):
                other.add(quad.object.value)
            if predicate == RDF.type or predicate not in NOT_RELATIONS:
                said.update(term.value for term in (quad.subject, quad.object) if isinstance(term, ox.NamedNode | ox.BlankNode))
    found: dict[str, set[URIRef | BNode]] = defaultdict(set)
    for entity, name in graph.all_names():
        if said[str(entity)] and str(entity) not in other:
            found[normal_name(name)].add(entity)
    return {
        name: tuple(sorted(entities, key=lambda entity: (-said[str(entity)], str(entity)))[:ENTITIES_PER_NAME])
        for name, entities in found.items()
        if name
    }
