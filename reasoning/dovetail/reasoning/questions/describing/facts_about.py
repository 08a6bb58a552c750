"""The facts about one thing as a description tells them, and those that disagree.

graph, entity -> facts_about   -> DescribedFact (with sentences and times)
              -> disagreements -> Disagreement (values of a relation that has one value at most; what is both said and denied)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

import pyoxigraph as ox
from rdflib import OWL, RDF, BNode, Literal, URIRef

from dovetail.kg.names import WDT, Layer
from dovetail.kg.provenance import GRAPHS
from dovetail.kg.statement import UNKNOWN_TIME, Qualifiers, Statement, Term
from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.terms import to_ox
from dovetail.reasoning.questions.answer import quote_of
from dovetail.reasoning.questions.describing.description import DescribedFact, Disagreement
from dovetail.reasoning.questions.facts import NOT_RELATIONS

SINGLE = frozenset({WDT.P569, WDT.P570, WDT.P19, WDT.P20, WDT.P21, WDT.P22, WDT.P25, WDT.P571, WDT.P577})
"""Dates and places of birth and death, sex, father, mother, inception, publication: of each there is one."""
LEAST_SUBJECTS = 10
ONE_VALUE = 0.9
"""A relation that has one value for so many of at least LEAST_SUBJECTS subjects is taken to have one at most."""
_LAYERS = (Layer.STATED, Layer.VOCABULARY, Layer.INFERRED)


def facts_about(graph: KnowledgeGraph, entity: URIRef | BNode) -> list[DescribedFact]:
    """What is held true of ``entity`` and of what is one with it: names and types left out, the best supported first."""
    group = set(graph.same(entity))
    times = _times(graph, entity)
    found: dict[tuple[str, str, bool], DescribedFact] = {}
    for statement in graph.statements_about(entity):
        if statement.predicate in NOT_RELATIONS or (statement.subject in group and statement.object in group):
            continue
        fact = _fact(graph, statement, inverse=statement.subject not in group, times=times)
        key = fact.relation_iri, fact.value_iri or fact.value, fact.inverse
        before = found.get(key)
        found[key] = fact if before is None or len(before.evidence) < len(fact.evidence) else before
    return sorted(found.values(), key=lambda fact: (fact.inverse, -len(fact.evidence), fact.relation, fact.value))


def disagreements(graph: KnowledgeGraph, entity: URIRef | BNode, facts: Sequence[DescribedFact]) -> list[Disagreement]:
    """Where ``facts`` about ``entity`` cannot all be right: two values of one time for what has one, or what is said and denied.

    A year and a day in it agree, and so do a place and another that the graph joins to it.
    """
    by_relation: defaultdict[str, list[DescribedFact]] = defaultdict(list)
    for fact in facts:
        if not fact.inverse:
            by_relation[fact.relation_iri].append(fact)
    found = []
    for relation, values in sorted(by_relation.items()):
        if len(values) > 1 and _single(graph, URIRef(relation)):
            against = [pair for pair in combinations(values, 2) if not _agree(graph, *pair)]
            if against:
                found.append(Disagreement(values[0].relation, tuple(fact for fact in values if any(fact in pair for pair in against))))
    return [*found, *_denied(graph, entity, facts)]


def _fact(
    graph: KnowledgeGraph, statement: Statement, *, inverse: bool, times: dict[tuple[Term, URIRef, Term], Qualifiers], denied: bool = False
) -> DescribedFact:
    value = statement.subject if inverse else statement.object
    value = value if isinstance(value, Literal) else graph.canonical(value)
    said = times.get((statement.subject, statement.predicate, statement.object))
    since, until = (_time(said.start or said.at), _time(said.end or said.at)) if said else (None, None)
    quotes = tuple(dict.fromkeys(map(quote_of, statement.evidence)))
    iri = None if isinstance(value, Literal) else str(value)
    layer = "stated" if quotes or denied else _layer(graph, statement)
    return DescribedFact(
        graph.label(statement.predicate), str(statement.predicate), graph.label(value), iri, inverse, layer, quotes, since, until, denied
    )


def _layer(graph: KnowledgeGraph, statement: Statement) -> str:
    terms = to_ox(statement.subject), to_ox(statement.predicate), to_ox(statement.object)
    quad = [ox.Quad(*terms, GRAPHS[layer]) for layer in _LAYERS]  # type: ignore[arg-type]  # a subject and a predicate
    return next((layer.name.lower() for layer, one in zip(_LAYERS, quad, strict=True) if one in graph.store), "inferred")


def _times(graph: KnowledgeGraph, entity: URIRef | BNode) -> dict[tuple[Term, URIRef, Term], Qualifiers]:
    """When what is stated of an entity holds, where the documents say; the first time of several."""
    found: dict[tuple[Term, URIRef, Term], Qualifiers] = {}
    for claim in graph.claims_about(entity):
        said = claim.qualifiers
        if said.stated and (said.start or said.end or said.at):
            found.setdefault((claim.subject, claim.predicate, claim.object), said)
    return found


def _time(term: Term | None) -> str | None:
    return None if term is None or term == UNKNOWN_TIME else str(term)


def _denied(graph: KnowledgeGraph, entity: URIRef | BNode, facts: Sequence[DescribedFact]) -> list[Disagreement]:
    """What one document says and another denies."""
    group = set(graph.same(entity))
    found = []
    for claim in graph.claims_about(entity):
        if claim.qualifiers.polarity != "negated":
            continue
        denied = _fact(graph, claim, inverse=claim.subject not in group, times={}, denied=True)
        said = next((f for f in facts if (f.relation_iri, f.value, f.inverse) == (denied.relation_iri, denied.value, denied.inverse)), None)
        if said is not None:
            found.append(Disagreement(said.relation, (said, denied)))
    return found


def _single(graph: KnowledgeGraph, relation: URIRef) -> bool:
    """Whether a relation has at most one value: it is said to, it is known to, or it nearly always has."""
    node, functional = ox.NamedNode(relation), ox.NamedNode(OWL.FunctionalProperty)
    if relation in SINGLE or any(graph.store.quads_for_pattern(node, ox.NamedNode(RDF.type), functional, None)):
        return True
    counts = Counter(quad.subject for quad in graph.store.quads_for_pattern(None, node, None, GRAPHS[Layer.STATED]))
    return len(counts) >= LEAST_SUBJECTS and sum(n == 1 for n in counts.values()) >= ONE_VALUE * len(counts)


def _agree(graph: KnowledgeGraph, one: DescribedFact, other: DescribedFact) -> bool:
    if one.value.casefold() == other.value.casefold():
        return True
    if one.value_iri is None or other.value_iri is None:
        return one.value.startswith(other.value) or other.value.startswith(one.value)
    if (one.since or one.until or other.since or other.until) and (one.since, one.until) != (other.since, other.until):
        return True
    nodes = [ox.NamedNode(iri) for iri in (one.value_iri, other.value_iri) if ":" in iri]
    pairs = [nodes, nodes[::-1]] if len(nodes) == 2 else []
    return any(next(graph.store.quads_for_pattern(a, None, b, GRAPHS[layer]), None) for a, b in pairs for layer in _LAYERS)
