"""The resolved layer: which names were judged to mean one thing, why, which were kept apart, and what a person decided.

    member --owl:sameAs--> canonical          one link for every member of a group but the canonical one
    provenance: each judgement with its rule, score and name; each decision of a person, with its date and reason

The layer is a function of what is stated and of the decisions. Whatever changes what was stated takes the mark away that the layer is
current, before the change; resolving puts it back, after everything else. Decisions outlive every document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyoxigraph as ox
from rdflib import URIRef
from rdflib.namespace import DCTERMS, OWL

from dovetail.kg.names import DT, Layer, digest
from dovetail.kg.provenance import ATTRIBUTED_TO, CONFIDENCE, GRAPHS, OBJECT, SUBJECT, TYPE, decimal, node, reification, statement_node
from dovetail.kg.terms import to_ox

if TYPE_CHECKING:
    from dovetail.kg.dictionary import Ids
    from dovetail.kg.index import TripleIndex
    from dovetail.kg.store import KnowledgeGraph

_RESOLVED, _PROVENANCE = GRAPHS[Layer.RESOLVED], GRAPHS[Layer.PROVENANCE]
SAME, _DIFFERENT = node(OWL.sameAs), node(OWL.differentFrom)
_RULE, _NAME, _DECISION, _VERDICT, _ONE, _OTHER, _REASON = (
    node(DT[name]) for name in ("rule", "name", "Decision", "verdict", "one", "other", "reason")
)
_DATE = node(DCTERMS.date)

RESOLVED_CURRENT = ox.Quad(_RESOLVED, node(DT["current"]), ox.Literal(True), _PROVENANCE)
"""In the store exactly while the resolved layer is what the rules and decisions make of what is stated."""

MERGE, SPLIT = "merge", "split"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Two entities that a rule found to be one, or kept apart. ``name`` is what they share; ``score`` is 0 for those kept apart."""

    one: URIRef
    other: URIRef
    rule: str
    name: str
    score: float = 0.0

    @property
    def merged(self) -> bool:
        """Whether the two were found to be one."""
        return self.score > 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about two entities: ``merge`` or ``split``. ``date`` is as ISO 8601 writes it."""

    one: URIRef
    other: URIRef
    verdict: str
    date: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Groups of entities that are one, the canonical one first, and the judgements behind them."""

    groups: tuple[tuple[URIRef, ...], ...]
    judgements: tuple[Judgement, ...]


def is_resolved(graph: KnowledgeGraph) -> bool:
    """Whether the resolved layer is what the rules and decisions make of what is stated now.

    >>> from dovetail.kg import KnowledgeGraph
    >>> is_resolved(KnowledgeGraph())
    False
    """
    return RESOLVED_CURRENT in graph.store


def write_resolution(graph: KnowledgeGraph, resolution: Resolution) -> tuple[int, int]:
    """Make the resolved layer hold this and nothing else; returns how many links are new and how many went.

    >>> from dovetail.kg import KnowledgeGraph
    >>> graph = KnowledgeGraph()
    >>> one, other = URIRef("urn:x:who"), URIRef("urn:x:WHO")
    >>> write_resolution(graph, Resolution(((one, other),), (Judgement(other, one, "acronym", "WHO", 0.9),)))
    (1, 0)
    >>> graph.canonical(other), graph.same(one)
    (rdflib.term.URIRef('urn:x:who'), [rdflib.term.URIRef('urn:x:who'), rdflib.term.URIRef('urn:x:WHO')])
    """
    old = {*graph.store.quads_for_pattern(None, None, None, _RESOLVED), *_notes(graph)}
    new = set(_quads(resolution))
    gone, come = old - new, new - old
    with graph.changing(stated=False) as store:
        store.remove(RESOLVED_CURRENT)
        for quad in gone:
            store.remove(quad)
        store.extend(come)
        store.add(RESOLVED_CURRENT)
    return sum(q.graph_name == _RESOLVED for q in come), sum(q.graph_name == _RESOLVED for q in gone)


def judgements(graph: KnowledgeGraph, entity: URIRef) -> list[Judgement]:
    """Why the members of the entity's group are one, and what they were kept apart from, best first.

    >>> from dovetail.kg import KnowledgeGraph
    >>> judgements(KnowledgeGraph(), URIRef("urn:x:a"))
    []
    """
    found = set()
    for member in map(to_ox, graph.same(entity)):
        for part in (SUBJECT, OBJECT):
            for quad in graph.store.quads_for_pattern(None, part, member, _PROVENANCE):
                said = {q.predicate: q.object for q in graph.store.quads_for_pattern(quad.subject, None, None, _PROVENANCE)}
                if said.get(ATTRIBUTED_TO) == _RESOLVED:
                    score = float(_value(said[CONFIDENCE]))
                    one, other = URIRef(_value(said[SUBJECT])), URIRef(_value(said[OBJECT]))
                    found.add(Judgement(one, other, _value(said[_RULE]), _value(said[_NAME]), score))
    return sorted(found, key=lambda j: (-j.score, j.one, j.other))


def decisions(graph: KnowledgeGraph) -> list[Decision]:
    """What a person decided, the oldest first.

    >>> from dovetail.kg import KnowledgeGraph
    >>> graph = KnowledgeGraph()
    >>> decide(graph, [Decision(URIRef("urn:x:a"), URIRef("urn:x:b"), SPLIT, "2030-01-01T00:00:00", "father and son")])
    >>> [(decision.verdict, decision.reason) for decision in decisions(graph)]
    [('split', 'father and son')]
    """
    found = []
    for quad in graph.store.quads_for_pattern(None, TYPE, _DECISION, _PROVENANCE):
        said = {q.predicate: _value(q.object) for q in graph.store.quads_for_pattern(quad.subject, None, None, _PROVENANCE)}
        found.append(Decision(URIRef(said[_ONE]), URIRef(said[_OTHER]), said[_VERDICT], said[_DATE], said.get(_REASON, "")))
    return sorted(found, key=lambda d: (d.date, d.one, d.other))


def decide(graph: KnowledgeGraph, new: Iterable[Decision]) -> None:
    """Write down decisions. There is one about two entities, the latest; what it means for the layer is for resolving to say.

    >>> from dovetail.kg import KnowledgeGraph
    >>> decide(KnowledgeGraph(), [])
    """
    with graph.changing(stated=False) as store:
        store.remove(RESOLVED_CURRENT)
        for decision in new:
            one, other = sorted((decision.one, decision.other))
            about = ox.NamedNode("urn:dovetail:decision:" + digest(one, other))
            for quad in list(store.quads_for_pattern(about, None, None, _PROVENANCE)):
                store.remove(quad)
            said = [(_VERDICT, decision.verdict), (_DATE, decision.date), (_REASON, decision.reason)]
            store.add(ox.Quad(about, TYPE, _DECISION, _PROVENANCE))
            store.add(ox.Quad(about, _ONE, node(decision.one), _PROVENANCE))
            store.add(ox.Quad(about, _OTHER, node(decision.other), _PROVENANCE))
            store.extend(ox.Quad(about, predicate, ox.Literal(value), _PROVENANCE) for predicate, value in said if value)


def _quads(resolution: Resolution) -> Iterator[ox.Quad]:
    for head, *members in resolution.groups:
        for member in members:
            yield ox.Quad(node(member), SAME, node(head), _RESOLVED)
    for judgement in resolution.judgements:
        triple = node(judgement.one), SAME if judgement.merged else _DIFFERENT, node(judgement.other)
        about = statement_node(*triple, Layer.RESOLVED)
        yield from reification(triple, about)
        yield ox.Quad(about, ATTRIBUTED_TO, _RESOLVED, _PROVENANCE)
        yield ox.Quad(about, CONFIDENCE, decimal(judgement.score), _PROVENANCE)
        yield ox.Quad(about, _RULE, ox.Literal(judgement.rule), _PROVENANCE)
        yield ox.Quad(about, _NAME, ox.Literal(judgement.name), _PROVENANCE)


def _notes(graph: KnowledgeGraph) -> Iterator[ox.Quad]:
    for about in list(graph.store.quads_for_pattern(None, ATTRIBUTED_TO, _RESOLVED, _PROVENANCE)):
        yield from graph.store.quads_for_pattern(about.subject, None, None, _PROVENANCE)


def _value(term: object) -> str:
    assert isinstance(term, ox.NamedNode | ox.BlankNode | ox.Literal)
    return term.value


def canonical_terms(store: ox.Store, index: TripleIndex) -> Ids:
    """For each term of an index the number of the one that stands for it: (terms,)."""
    found = np.arange(len(index.terms))
    for quad in store.quads_for_pattern(None, SAME, None, _RESOLVED):
        member, head = index.terms.find(str(quad.subject).encode()), index.terms.find(str(quad.object).encode())
        if member is not None and head is not None:
            found[member] = head
    return found
