"""The entities of the stated layer with all that decides whether two are one: kind, names, and facts that a thing has once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from urllib.parse import unquote

import pyoxigraph as ox
from rdflib.namespace import RDF, RDFS, SKOS

from dovetail.kg.names import ENTITY, WDT, Layer
from dovetail.kg.provenance import GRAPHS, node

ONCE = {
    str(WDT.P569): "date of birth",
    str(WDT.P570): "date of death",
    str(WDT.P571): "date of foundation",
    str(WDT.P577): "date of publication",
}
"""Relations that have one value: two things with different ones are two."""

_STATED, _VOCABULARY = GRAPHS[Layer.STATED], GRAPHS[Layer.VOCABULARY]
_QUALIFIER = re.compile(r"\s*\(([^()]+)\)$")


@dataclass(frozen=True, slots=True)
class Entity:
    """``name`` is what it is called, ``qualifier`` what stands in parentheses after it in a title, ``aliases`` its other names.

    ``minted`` is False for the terms of a vocabulary. ``facts`` are pairs of a relation of ``ONCE`` and a value.
    """

    iri: str
    kinds: frozenset[str]
    name: str
    aliases: frozenset[str] = frozenset()
    qualifier: str = ""
    minted: bool = True
    facts: frozenset[tuple[str, str]] = frozenset()


def read_entities(store: ox.Store) -> list[Entity]:
    """The entities that documents speak of, by IRI. A term of a vocabulary has the kinds of what shares a type with it."""
    types: dict[str, set[str]] = defaultdict(set)
    for quad in store.quads_for_pattern(None, node(RDF.type), None, _STATED):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            types[quad.subject.value].add(quad.object.value)
    kinds_of: dict[str, Counter[str]] = defaultdict(Counter)
    for iri, classes in types.items():
        if iri.startswith(ENTITY):
            for one in classes:
                kinds_of[one][_minted(iri)[0]] += 1
    kind_of = {one: min(counts, key=lambda kind: (-counts[kind], kind)) for one, counts in kinds_of.items()}
    labels, aliases = _names(store, node(RDFS.label), types), _names(store, node(SKOS.altLabel), types)
    preferred = _names(store, node(SKOS.prefLabel), types)
    facts: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for predicate in ONCE:
        for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, _STATED):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                facts[quad.subject.value].add((predicate, quad.object.value))
    found = []
    for iri, classes in sorted(types.items()):
        minted = iri.startswith(ENTITY)
        kind, own = _minted(iri) if minted else ("", "")
        kinds = frozenset([kind]) if minted else frozenset(kind_of.get(one, one) for one in classes)
        qualifier = _QUALIFIER.search(own)
        called = labels[iri] | preferred[iri]
        name = _QUALIFIER.sub("", own) if minted else min(called, default="", key=lambda text: (-len(text), text))
        if name:
            others = frozenset((called | aliases[iri]) - {name})
            found.append(Entity(iri, kinds, name, others, qualifier[1] if qualifier else "", minted, frozenset(facts[iri])))
    return found


def _minted(iri: str) -> tuple[str, str]:
    """The kind and name that an IRI was minted from."""
    kind, _, name = iri.removeprefix(ENTITY).partition(":")
    return unquote(kind), unquote(name).replace("_", " ")


def _names(store: ox.Store, predicate: ox.NamedNode, wanted: dict[str, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for layer in (_STATED, _VOCABULARY):
        for quad in store.quads_for_pattern(None, predicate, None, layer):
            if isinstance(quad.subject, ox.NamedNode) and quad.subject.value in wanted and isinstance(quad.object, ox.Literal):
                found[quad.subject.value].add(quad.object.value)
    return found
