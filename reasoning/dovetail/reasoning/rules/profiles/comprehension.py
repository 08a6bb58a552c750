"""What a graph describes with blank nodes: class expressions and lists, apart from what it claims of them.

In the OWL 2 semantics each class expression over the names in use has a meaning, and each list exists; so these
descriptions are not in question when a graph is asked for, and only the rest of it is to be proved. A description
that is about itself (a circular list), or is two expressions at once, is a claim like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib.namespace import OWL, RDF, RDFS

from dovetail.reasoning.rules.profiles.matching import Fact
from dovetail.reasoning.rules.rule import GroundTerm

_CLASSES = {str(iri) for iri in (OWL.Class, OWL.Restriction, OWL.DataRange, RDFS.Class, RDFS.Datatype, RDF.List)}
_QUALIFIED = ("minQualifiedCardinality", "maxQualifiedCardinality", "qualifiedCardinality")
_VALUES = ("someValuesFrom", "allValuesFrom", "hasValue", "hasSelf", "minCardinality", "maxCardinality", "cardinality")
_SHAPES = {
    frozenset({"first", "rest"}),
    *(frozenset({name}) for name in ("unionOf", "intersectionOf", "complementOf", "datatypeComplementOf", "oneOf")),
    *(frozenset({"onProperty", name}) for name in _VALUES),
    *(frozenset({"onProperty", name, on}) for name in _QUALIFIED for on in ("onClass", "onDataRange")),
}
_LOCAL = {str(OWL[name]): name for shape in _SHAPES for name in shape if name not in ("first", "rest")} | {
    str(RDF.first): "first",
    str(RDF.rest): "rest",
}


@dataclass(frozen=True, slots=True)
class Described:
    """The facts that only describe; per described node its parts by local name; and what the graph claims."""

    facts: tuple[Fact, ...]
    parts: dict[GroundTerm, dict[str, GroundTerm]]
    claims: tuple[Fact, ...]


def described(graph: Collection[Fact]) -> Described:
    """A graph, its descriptions and its claims apart.

    >>> first, rest, nil, a = (ox.NamedNode(str(iri)) for iri in (RDF.first, RDF.rest, RDF.nil, "urn:a"))
    >>> cell = ox.BlankNode("cell")
    >>> described([(cell, first, a), (cell, rest, nil)]).parts == {cell: {"first": a, "rest": nil}}
    True
    >>> described([(cell, first, a), (cell, rest, cell)]).parts
    {}
    """
    parts: defaultdict[GroundTerm, dict[str, GroundTerm]] = defaultdict(dict)
    twice: set[GroundTerm] = set()
    for s, p, o in graph:
        name = _local(p)
        if isinstance(s, ox.BlankNode) and name and parts[s].setdefault(name, o) != o:
            twice.add(s)
    shaped = {node: has for node, has in parts.items() if frozenset(has) in _SHAPES and node not in twice}
    founded: dict[GroundTerm, dict[str, GroundTerm]] = {}
    while more := {node: has for node, has in shaped.items() if node not in founded and _rests_on(has, founded)}:
        founded |= more
    facts = tuple(fact for fact in graph if fact[0] in founded and (_local(fact[1]) or _names_kind(fact)))
    return Described(facts, founded, tuple(fact for fact in graph if fact not in set(facts)))


def _rests_on(has: dict[str, GroundTerm], founded: dict[GroundTerm, dict[str, GroundTerm]]) -> bool:
    return all(not isinstance(part, ox.BlankNode) or part in founded for part in has.values())


def _local(predicate: GroundTerm) -> str:
    return _LOCAL.get(predicate.value, "") if isinstance(predicate, ox.NamedNode) else ""


def _names_kind(fact: Fact) -> bool:
    """Whether the fact only says that a node is a class, a restriction, a list."""
    _, p, o = fact
    return isinstance(p, ox.NamedNode) and p.value == str(RDF.type) and isinstance(o, ox.NamedNode) and o.value in _CLASSES
