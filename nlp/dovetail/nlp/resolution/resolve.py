"""The resolved layer made anew, and decisions of a person that it then follows."""

from __future__ import annotations

from datetime import UTC, datetime

from rdflib import URIRef

from dovetail.kg.errors import InputError
from dovetail.kg.resolution import MERGE, SPLIT, Decision, decide, decisions, write_resolution
from dovetail.kg.store import KnowledgeGraph
from dovetail.nlp.resolution.entities import read_entities
from dovetail.nlp.resolution.groups import group


def resolve(graph: KnowledgeGraph) -> tuple[int, int]:
    """Make the resolved layer what rules and decisions make of what is stated; returns how many links are new and how many went."""
    return write_resolution(graph, group(read_entities(graph.store), decisions(graph)))


def merge(graph: KnowledgeGraph, one: URIRef, other: URIRef, *, reason: str = "") -> tuple[Decision, ...]:
    """Decide that two entities are one, and resolve again. What was decided against it, between any of their group, is undone.

    InputError where they are one entity. Returns the decisions that were written.
    """
    if one == other:
        raise InputError(f"{one} is one entity already; name two")
    date = _now()
    left, right = set(graph.same(one)), set(graph.same(other))
    new = [
        Decision(old.one, old.other, MERGE, date, reason)
        for old in decisions(graph)
        if old.verdict == SPLIT and ((old.one in left and old.other in right) or (old.one in right and old.other in left))
    ]
    new.append(Decision(one, other, MERGE, date, reason))
    return _decided(graph, new)


def split(graph: KnowledgeGraph, one: URIRef, others: tuple[URIRef, ...] = (), *, reason: str = "") -> tuple[Decision, ...]:
    """Decide that an entity is none of ``others`` (all that it is one with, where none is named), and resolve again.

    InputError where there is nobody to split it from. Returns the decisions that were written.
    """
    parted = others or tuple(URIRef(each) for each in graph.same(one) if each != one)
    if not parted:
        raise InputError(f"{graph.label(one)!r} was merged with nothing; see: dovetail info --entity {one}")
    if one in parted:
        raise InputError(f"{one} cannot be split from itself; name two")
    return _decided(graph, [Decision(one, other, SPLIT, _now(), reason) for other in parted])


def _decided(graph: KnowledgeGraph, new: list[Decision]) -> tuple[Decision, ...]:
    distinct = {frozenset((d.one, d.other)): d for d in new}
    decide(graph, distinct.values())
    resolve(graph)
    return tuple(distinct.values())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
