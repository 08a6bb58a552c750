"""Axioms that rules do not derive, proved by contradiction: what must be impossible if the axiom is to hold.

    p a owl:TransitiveProperty      <=  x p y . y p z . not (x p z)     is contradictory, for new x, y, z
    x a [ owl:complementOf C ]      <=  x a C                           is contradictory

A denial is a list of alternatives, each a list of facts about new nodes; the axiom holds if the graph contradicts
every alternative. Class expressions of the axiom are described in the graph that the facts are added to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations, product
from typing import TypeAlias

import pyoxigraph as ox
from rdflib.namespace import OWL as _OWL
from rdflib.namespace import RDF as _RDF
from rdflib.namespace import RDFS as _RDFS

from dovetail.reasoning.rules.profiles.matching import Fact
from dovetail.reasoning.rules.rule import GroundTerm

Alternatives: TypeAlias = list[list[Fact]]
Descriptions: TypeAlias = Mapping[GroundTerm, Mapping[str, GroundTerm]]
"""Per described node (class expression, list cell) its one object for each predicate, by local name."""


def owl(name: str) -> ox.NamedNode:
    """A term of OWL by its local name."""
    return ox.NamedNode(str(_OWL[name]))


TYPE, FIRST, REST, NIL = (ox.NamedNode(str(_RDF[name])) for name in ("type", "first", "rest", "nil"))
SUBCLASS, SUBPROPERTY, DOMAIN, RANGE = (
    ox.NamedNode(str(_RDFS[name])) for name in ("subClassOf", "subPropertyOf", "domain", "range")
)


def denial(axiom: Fact, described: Descriptions) -> Alternatives:
    """What the negation of an axiom (a triple) comes to.

    >>> a, b = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    >>> denial((a, owl("differentFrom"), b), {}) == [[(a, owl("sameAs"), b)]]
    True
    """
    s, p, o = axiom
    if p == TYPE:
        return _CHARACTERISTICS[o](s) if o in _CHARACTERISTICS else deny_class(s, o, described)
    if p in _AXIOMS:
        return _AXIOMS[p](s, o, described)
    return [_without(s, p, o)]


def deny_class(x: GroundTerm, c: GroundTerm, described: Descriptions) -> Alternatives:
    """What it comes to that ``x`` is not of class ``c``, as deep as its description goes."""
    has = described.get(c, {})
    if "complementOf" in has:
        return [[(x, TYPE, has["complementOf"])]]
    if "intersectionOf" in has:
        return [facts for part in members(has["intersectionOf"], described) for facts in deny_class(x, part, described)]
    if "unionOf" in has:
        parts = [deny_class(x, part, described) for part in members(has["unionOf"], described)]
        return [[fact for facts in choice for fact in facts] for choice in product(*parts)]
    if "oneOf" in has:
        return [[(x, owl("differentFrom"), y) for y in members(has["oneOf"], described)]]
    if "onProperty" in has:
        return _deny_restriction(x, has, described) or _outside(x, c)
    return _outside(x, c)


def _deny_restriction(x: GroundTerm, has: Mapping[str, GroundTerm], described: Descriptions) -> Alternatives | None:
    p, y, z = has["onProperty"], ox.BlankNode(), ox.BlankNode()
    if "allValuesFrom" in has:
        return [[(x, p, y), *facts] for facts in deny_class(y, has["allValuesFrom"], described)]
    if "someValuesFrom" in has:
        only, out = ox.BlankNode(), ox.BlankNode()
        return [
            [
                (x, TYPE, only),
                (only, owl("onProperty"), p),
                (only, owl("allValuesFrom"), out),
                (out, owl("complementOf"), has["someValuesFrom"]),
            ]
        ]
    if "hasValue" in has:
        return [_without(x, p, has["hasValue"])]
    limit = has.get("maxCardinality", has.get("maxQualifiedCardinality"))
    if not isinstance(limit, ox.Literal) or limit.value not in ("0", "1"):
        return None
    more: list[Fact] = [(x, p, y)] if limit.value == "0" else [(x, p, y), (x, p, z), (y, owl("differentFrom"), z)]
    kinds: list[Fact] = [(o, TYPE, has["onClass"]) for _, q, o in more if q == p] if "onClass" in has else []
    return [more + kinds]


PAIRWISE: dict[GroundTerm, ox.NamedNode] = {
    owl("AllDifferent"): owl("differentFrom"),
    owl("AllDisjointClasses"): owl("disjointWith"),
    owl("AllDisjointProperties"): owl("propertyDisjointWith"),
}
"""The relation that a node of each type says of every two of its members."""


def pairs(first: GroundTerm, relation: ox.NamedNode, described: Descriptions) -> list[Fact]:
    """The axioms of a list whose members are pairwise related."""
    return [(a, relation, b) for a, b in combinations(members(first, described), 2)]


def members(cell: GroundTerm, described: Descriptions) -> list[GroundTerm]:
    """The members of a described list; descriptions are never circular."""
    found = []
    while cell in described:
        found.append(described[cell]["first"])
        cell = described[cell]["rest"]
    return found


# ---- What denies each kind of axiom, for new individuals x, y, z and classes


def _outside(x: GroundTerm, c: GroundTerm) -> Alternatives:
    out = ox.BlankNode()
    return [[(out, owl("complementOf"), c), (x, TYPE, out)]]


def _without(s: GroundTerm, p: GroundTerm, o: GroundTerm) -> list[Fact]:
    n = ox.BlankNode()
    target = owl("targetValue" if isinstance(o, ox.Literal) else "targetIndividual")
    return [(n, owl("sourceIndividual"), s), (n, owl("assertionProperty"), p), (n, target, o)]


def _subclass(c: GroundTerm, d: GroundTerm, described: Descriptions) -> Alternatives:
    x = ox.BlankNode()
    return [[(x, TYPE, c), *facts] for facts in deny_class(x, d, described)]


def _subproperty(p: GroundTerm, q: GroundTerm, _: Descriptions) -> Alternatives:
    x, y = ox.BlankNode(), ox.BlankNode()
    return [[(x, p, y), *_without(x, q, y)]]


def _domain(p: GroundTerm, c: GroundTerm, described: Descriptions) -> Alternatives:
    x, y = ox.BlankNode(), ox.BlankNode()
    return [[(x, p, y), *facts] for facts in deny_class(x, c, described)]


def _range(p: GroundTerm, c: GroundTerm, described: Descriptions) -> Alternatives:
    x, y = ox.BlankNode(), ox.BlankNode()
    return [[(x, p, y), *facts] for facts in deny_class(y, c, described)]


def _inverse(p: GroundTerm, q: GroundTerm, _: Descriptions) -> Alternatives:
    x, y = ox.BlankNode(), ox.BlankNode()
    return [[(x, p, y), *_without(y, q, x)], [(x, q, y), *_without(y, p, x)]]


def _disjoint(c: GroundTerm, d: GroundTerm, _: Descriptions) -> Alternatives:
    x = ox.BlankNode()
    return [[(x, TYPE, c), (x, TYPE, d)]]


def _disjoint_properties(p: GroundTerm, q: GroundTerm, _: Descriptions) -> Alternatives:
    x, y = ox.BlankNode(), ox.BlankNode()
    return [[(x, p, y), (x, q, y)]]


_AXIOMS: dict[GroundTerm, Callable[[GroundTerm, GroundTerm, Descriptions], Alternatives]] = {
    owl("sameAs"): lambda x, y, _: [[(x, owl("differentFrom"), y)]],
    owl("differentFrom"): lambda x, y, _: [[(x, owl("sameAs"), y)]],
    SUBCLASS: _subclass,
    owl("equivalentClass"): lambda c, d, described: _subclass(c, d, described) + _subclass(d, c, described),
    owl("disjointWith"): _disjoint,
    SUBPROPERTY: _subproperty,
    owl("equivalentProperty"): lambda p, q, described: _subproperty(p, q, described) + _subproperty(q, p, described),
    owl("propertyDisjointWith"): _disjoint_properties,
    owl("inverseOf"): _inverse,
    DOMAIN: _domain,
    RANGE: _range,
}


_Shape: TypeAlias = Callable[[GroundTerm, ox.BlankNode, ox.BlankNode, ox.BlankNode], Iterable[Fact]]


def _characteristic(facts: _Shape) -> Callable[[GroundTerm], Alternatives]:
    return lambda p: [list(facts(p, ox.BlankNode(), ox.BlankNode(), ox.BlankNode()))]


_CHARACTERISTICS: dict[GroundTerm, Callable[[GroundTerm], Alternatives]] = {
    owl("TransitiveProperty"): _characteristic(lambda p, x, y, z: [(x, p, y), (y, p, z), *_without(x, p, z)]),
    owl("SymmetricProperty"): _characteristic(lambda p, x, y, z: [(x, p, y), *_without(y, p, x)]),
    owl("AsymmetricProperty"): _characteristic(lambda p, x, y, z: [(x, p, y), (y, p, x)]),
    owl("ReflexiveProperty"): _characteristic(lambda p, x, y, z: _without(x, p, x)),
    owl("IrreflexiveProperty"): _characteristic(lambda p, x, y, z: [(x, p, x)]),
    owl("FunctionalProperty"): _characteristic(lambda p, x, y, z: [(x, p, y), (x, p, z), (y, owl("differentFrom"), z)]),
    owl("InverseFunctionalProperty"): _characteristic(lambda p, x, y, z: [(x, p, z), (y, p, z), (x, owl("differentFrom"), y)]),
}
