"""The facts of a graph as plain dictionaries, for answers computed by brute force: nothing here knows how questions are answered.

KnowledgeGraph -> read_facts -> Facts    what is stated, inferred and brought, with entities that are one taken together
Facts -> follow, named, kinds            where a path leads, what to call an entity, what it is
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, SKOS
from rdflib.namespace import DCTERMS

from dovetail.kg import KnowledgeGraph
from dovetail.kg.names import DT, Layer
from dovetail.kg.terms import to_ox

LAYERS = tuple(layer.value for layer in (Layer.STATED, Layer.INFERRED, Layer.VOCABULARY))
LABELS = tuple(map(str, (SKOS.prefLabel, RDFS.label)))
NAMES = (*LABELS, str(SKOS.altLabel))
NO_FACTS = frozenset(map(str, (*NAMES, RDF.type, RDFS.comment, SKOS.definition, DCTERMS.subject, OWL.sameAs, RDFS.subClassOf)))
MOST_WORDS = 8
COMMON_NOUNS = frozenset(("genre", "occupation", "religion", "language", "chemical", "disease", "species", "field of study", "product"))
"""The types whose members may be written small; all others have names."""

Links: TypeAlias = Mapping[str, Mapping[str, frozenset[str]]]
Range: TypeAlias = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Value:
    """A date or number as the graph writes it, the first and the last number it may be, and its unit."""

    text: str
    low: Decimal
    high: Decimal
    unit: str
    dated: bool


UNCLEAR = Value("", Decimal(-1), Decimal(-1), "", True)
"""A value that cannot be put in order: what has one is compared with nothing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """``forth`` and ``back`` hold, for each relation, what each entity leads to and what leads to it; ``values`` its dates and numbers.

    ``types`` are labels, ``type_iris`` the types with a label; ``names`` only those that mean one entity and can be read.
    """

    forth: Links
    back: Links
    values: Mapping[str, Mapping[str, tuple[Value, ...]]]
    types: Mapping[str, frozenset[str]]
    type_iris: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    names: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    neighbours: Mapping[str, frozenset[str]]


def read_facts(graph: KnowledgeGraph) -> Facts:
    """Everything that a graph states, infers and was given, read once."""
    one = _canonical(graph)
    forth: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    back: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    values: dict[str, dict[str, set[Value]]] = defaultdict(lambda: defaultdict(set))
    types, called, near = (defaultdict[str, set[str]](set) for _ in range(3))
    chosen: dict[str, tuple[int, str]] = {}
    units = _units(graph)
    for s, p, o in _triples(graph):
        subject = one.get(s, s)
        if p in NAMES and isinstance(o, ox.Literal):
            called[form(o.value)].add(subject)
            if p in LABELS and s == subject:
                chosen[s] = min(chosen.get(s, (9, "")), (LABELS.index(p), o.value)) if s in chosen else (LABELS.index(p), o.value)
        elif p == str(RDF.type) and isinstance(o, ox.NamedNode):
            types[subject].add(o.value)
        elif p not in NO_FACTS and isinstance(o, ox.NamedNode):
            value = one.get(o.value, o.value)
            forth[p][subject].add(value)
            back[p][value].add(subject)
            near[subject].add(value)
            near[value].add(subject)
        elif p not in NO_FACTS and isinstance(o, ox.Literal) and (read := read_value(o, units.get((s, p, str(o)), ""))):
            values[p][subject].add(read)
    labels = {entity: label for entity, (_, label) in chosen.items()}
    classes = {iri for some in types.values() for iri in some}
    used = {*forth, *values, *classes}
    type_iris: dict[str, set[str]] = defaultdict(set)
    for iri in classes:
        type_iris[labels.get(iri, "")].add(iri)
    kinds = {entity: frozenset(labels.get(iri, "") for iri in some) for entity, some in types.items()}
    return Facts(
        {p: {s: frozenset(some) for s, some in links.items()} for p, links in forth.items()},
        {p: {o: frozenset(some) for o, some in links.items()} for p, links in back.items()},
        {p: {s: tuple(sorted(some, key=lambda v: (v.low, v.text))) for s, some in held.items()} for p, held in values.items()},
        kinds,
        {label: tuple(sorted(some)) for label, some in type_iris.items()},
        labels,
        {
            entity: label
            for entity, label in labels.items()
            if entity not in used and len(called[form(label)]) == 1 and readable(label) and _proper(label, kinds.get(entity, frozenset()))
        },
        {entity: (entity, *sorted(member for member, head in one.items() if head == entity)) for entity in set(one.values())},
        {entity: frozenset(some) for entity, some in near.items()},
    )


def _triples(graph: KnowledgeGraph) -> Iterator[tuple[str, str, ox.NamedNode | ox.Literal]]:
    for layer in LAYERS:
        for quad in graph.store.quads_for_pattern(None, None, None, ox.NamedNode(layer)):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
                yield quad.subject.value, quad.predicate.value, quad.object


def _canonical(graph: KnowledgeGraph) -> dict[str, str]:
    links = graph.store.quads_for_pattern(None, ox.NamedNode(OWL.sameAs), None, ox.NamedNode(Layer.RESOLVED.value))
    return {q.subject.value: q.object.value for q in links if isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode)}


def _units(graph: KnowledgeGraph) -> dict[tuple[str, str, str], str]:
    """The unit of each quantity that has one, by its triple."""
    said = f"?n <{DT.unit}> ?u ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o"
    rows = graph.query(f"SELECT ?s ?p ?o ?u {{ GRAPH <{Layer.PROVENANCE.value}> {{ {said} }} }}", timeout=None)
    return {(str(row[0]), str(row[1]), str(to_ox(row[2]))): str(row[3]) for row in rows}  # type: ignore[index, misc]  # rows of a SELECT


def read_value(literal: ox.Literal, unit: str) -> Value | None:
    """A date or number to compare; None for a day of no year. What is neither, a century for one, is UNCLEAR.

    >>> year = ox.Literal("1867", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#gYear"))
    >>> read_value(year, "").low, read_value(year, "").high
    (Decimal('18670101'), Decimal('18671231'))
    """
    kind = literal.datatype.value.rpartition("#")[2]
    found = re.match(r"(-?\d{4,})(?:-(\d\d)(?:-(\d\d))?)?(?!\d)", literal.value)
    if kind in ("date", "gYear", "gYearMonth", "dateTime") and found is not None:
        year, month, day = found.groups()
        first, last = (int(year) * 10000 + int(month or m) * 100 + int(day or d) for m, d in ((1, 1), (12, 31)))
        return Value(literal.value, Decimal(first), Decimal(last), "", True)
    if kind in ("decimal", "integer", "double", "float", "int", "long", "nonNegativeInteger"):
        number = Decimal(literal.value) if re.fullmatch(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?", literal.value) else None
        return Value(literal.value, number, number, unit, False) if number is not None else UNCLEAR
    return None if kind == "gMonthDay" else UNCLEAR


def readable(label: str) -> bool:
    """Whether a label reads as a name within a sentence.

    >>> readable("Marie Curie"), readable("the former"), readable('him."'), readable("X"), readable("M. K. Muthu")
    (True, False, False, False, True)
    """
    words = label.split()
    if not 3 <= len(label) <= 60 or len(words) > MOST_WORDS or " ".join(words) != label or label.count("(") != label.count(")"):
        return False
    if not re.fullmatch(r"[^\W_][\w ,.'’&/()–:!+-]*", label) or label[-1] in ",'’&/–:-" or re.search(r"[-–] | [-–,.]|,,|\d{5}", label):
        return False
    return words[0] not in ("the", "a", "an", "his", "her", "its", "their", "this", "that") and any(c.isalpha() for c in label)


def _proper(label: str, types: frozenset[str]) -> bool:
    """Whether a label is a name: capital, and of a person more than one word; or a common noun of a type that has those."""
    if "person" in types and " " not in label:
        return False
    return label[0].isupper() or label[0].isdigit() or bool(types and types <= COMMON_NOUNS)


def form(name: str) -> str:
    """A name in small letters and without signs."""
    return " ".join(re.findall(r"\w+", name.casefold())) or name


def follow(facts: Facts, path: Iterable[str], start: str) -> frozenset[str]:
    """Where the single steps of a path, tried side by side, lead from ``start``; not back to it."""
    found: set[str] = set()
    for step in path:
        links = facts.back if step.startswith("^") else facts.forth
        found |= links.get(step.strip("^<>"), {}).get(start, frozenset())
    return frozenset(found - {start})


def starts(facts: Facts, path: Iterable[str]) -> list[str]:
    """Every entity that a path leads on from, sorted."""
    return sorted({one for step in path for one in (facts.back if step.startswith("^") else facts.forth).get(step.strip("^<>"), {})})


def kinds(facts: Facts, entity: str) -> frozenset[str]:
    """The labels of an entity's types."""
    return facts.types.get(entity, frozenset())


def hull(values: Iterable[Value]) -> Range:
    """From the least to the greatest that values may be."""
    some = list(values)
    return min(value.low for value in some), max(value.high for value in some)
