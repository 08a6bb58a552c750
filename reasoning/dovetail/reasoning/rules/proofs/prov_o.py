"""Proofs as PROV-O, the W3C's vocabulary of provenance.

    statement (inferred) --prov:wasDerivedFrom--> statement (inferred, stated or vocabulary) --> evidence --> sentence
              |--prov:wasGeneratedBy--> activity --prov:used, qualifiedAssociation/hadPlan--> rule

Statements have the nodes that they have in the provenance layer, one for each layer that holds a triple, and so have
evidence and sentences; the premises of a fact are those of one proof of it. The activity is the run of one rule, whatever
it gave: what a fact was made from stands with the fact. Helper facts are entities like all others.

W3C: PROV-O, The PROV Ontology (2013), https://www.w3.org/TR/prov-o/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO

import pyoxigraph as ox
from rdflib.namespace import PROV

from dovetail.kg import provenance as prov
from dovetail.kg.inference import read_inference
from dovetail.kg.names import PREFIXES, Layer, digest, iri_part
from dovetail.kg.provenance import ATTRIBUTED_TO, CONFIDENCE, DERIVED_FROM, ENTITY, GRAPHS, TYPE, node
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.write import write_rules
from dovetail.reasoning.rules.proofs.proof import Fact, Step
from dovetail.reasoning.rules.rule import GroundTerm, RuleSet

_ACTIVITY, _ASSOCIATION, _PLAN, _AGENT = (node(PROV[name]) for name in ("Activity", "Association", "Plan", "SoftwareAgent"))
_GENERATED_BY, _USED, _VALUE = (node(PROV[name]) for name in ("wasGeneratedBy", "used", "value"))
_ASSOCIATED, _QUALIFIED, _WITH, _HAD_PLAN = (
    node(PROV[name]) for name in ("wasAssociatedWith", "qualifiedAssociation", "agent", "hadPlan")
)
_PROVENANCE, _ENGINE = GRAPHS[Layer.PROVENANCE], GRAPHS[Layer.INFERRED]
_VOCABULARY = GRAPHS[Layer.VOCABULARY]
_BEHIND = frozenset({DERIVED_FROM, prov.SOURCE_SENTENCE, prov.HAS_SOURCE})
_LEFT_OUT = frozenset({prov.TEXT, prov.METADATA, prov.FINGERPRINT})


def write_prov(
    steps: Iterable[Step], output: BinaryIO, *, graph: KnowledgeGraph | None = None, format: ox.RdfFormat = ox.RdfFormat.TURTLE
) -> None:
    """Write steps of proofs (``proof_steps`` of one, or ``steps`` for all there are) as PROV-O, one by one.

    With the graph whose proofs they are come its sentences and the text of its rules. Formats that know
    graphs put everything in the provenance layer.

    >>> from io import BytesIO
    >>> a, b = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    >>> write_prov([Step((b, a, a), 1.0, "rule-1", ((a, a, b),), (True,))], out := BytesIO())
    >>> "prov:wasGeneratedBy" in out.getvalue().decode()
    True
    """
    quads = prov_quads(steps, graph=graph)
    statements = quads if format.supports_datasets else (quad.triple for quad in quads)
    ox.serialize(statements, output, format, prefixes=None if format is ox.RdfFormat.N_QUADS else PREFIXES)


def prov_quads(steps: Iterable[Step], *, graph: KnowledgeGraph | None = None) -> Iterator[ox.Quad]:
    """The quads of ``write_prov``; what several steps share comes once."""
    described: set[GroundTerm] = set()
    activities: dict[str, ox.NamedNode] = {}
    texts = _texts(graph)
    yield _said(_ENGINE, TYPE, _AGENT)
    for step in steps:
        if step.rule not in activities:
            activities[step.rule] = activity = ox.NamedNode("urn:dovetail:activity:" + digest(_rule(step.rule).value))
            yield from _run(step.rule, activity, texts.get(step.rule, ()))
        about = _about(step.fact, Layer.INFERRED)
        yield from _entity(step.fact, about, _ENGINE)
        if step.confidence < 1.0:
            yield _said(about, CONFIDENCE, prov.decimal(step.confidence))
        yield _said(about, _GENERATED_BY, activities[step.rule])
        for premise, stated in dict.fromkeys(zip(step.premises, step.stated, strict=True)):
            layer = _layer(premise, graph) if stated else Layer.INFERRED
            source = _about(premise, layer)
            yield _said(about, DERIVED_FROM, source)
            if stated and source not in described:
                described.add(source)
                yield from _leaf(premise, source, layer, graph, described)


def _about(fact: Fact, layer: Layer) -> ox.NamedNode:
    return prov.statement_node(*fact, layer)  # type: ignore[arg-type]  # a triple term too has its text


def _entity(fact: Fact, about: ox.NamedNode, who: ox.NamedNode | None) -> Iterator[ox.Quad]:
    yield _said(about, TYPE, ENTITY)
    yield from prov.reification(fact, about)  # type: ignore[arg-type]  # any term may be the object of rdf:subject
    if who is not None:
        yield _said(about, ATTRIBUTED_TO, who)


def _run(name: str, activity: ox.NamedNode, texts: Iterable[str]) -> Iterator[ox.Quad]:
    """The run of a rule, and the rule."""
    rule = _rule(name)
    association = ox.NamedNode("urn:dovetail:association:" + digest(rule.value))
    for kind in (ENTITY, _PLAN):
        yield _said(rule, TYPE, kind)
    for text in texts:
        yield _said(rule, _VALUE, ox.Literal(text))
    yield _said(activity, TYPE, _ACTIVITY)
    yield _said(activity, _USED, rule)
    yield _said(activity, _ASSOCIATED, _ENGINE)
    yield _said(activity, _QUALIFIED, association)
    yield _said(association, TYPE, _ASSOCIATION)
    yield _said(association, _WITH, _ENGINE)
    yield _said(association, _HAD_PLAN, rule)


def _rule(name: str) -> ox.NamedNode:
    """The node of a rule: its own IRI if it has one."""
    return ox.NamedNode(name if ":" in name else f"urn:dovetail:rule:{iri_part(name)}")


def _texts(graph: KnowledgeGraph | None) -> dict[str, list[str]]:
    """What a graph's own rules say, each as a rule file of its own."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    inference = None if graph is None else read_inference(graph)
    if inference is not None:
        rules = parse_rules(inference.rules, source="the graph's rules")
        for rule in rules.rules:
            found[rule.name].append(write_rules(RuleSet((replace(rule, name="rule-1"),), (), rules.prefixes)))
    return found


# ---------------------------------------------------------------------- what proofs rest on


def _layer(fact: Fact, graph: KnowledgeGraph | None) -> Layer:
    """The layer that a stated fact is in: the documents' rather than the vocabulary's where it is in both."""
    if graph is not None:
        for layer in (Layer.STATED, Layer.VOCABULARY):
            if ox.Quad(*fact, GRAPHS[layer]) in graph.store:  # type: ignore[arg-type]  # stated in RDF
                return layer
    return Layer.STATED


def _leaf(fact: Fact, about: ox.NamedNode, layer: Layer, graph: KnowledgeGraph | None, described: set[GroundTerm]) -> Iterator[ox.Quad]:
    """A stated fact, and what the graph has behind it: evidence, sentences, documents without their texts."""
    own = list(_entity(fact, about, _VOCABULARY if layer is Layer.VOCABULARY else None))
    yield from own
    waiting = [about] if graph is not None else []
    while waiting and graph is not None:
        for quad in graph.store.quads_for_pattern(waiting.pop(), None, None, _PROVENANCE):
            if quad.predicate not in _LEFT_OUT and quad not in own:
                yield quad
            if quad.predicate in _BEHIND and quad.object not in described:
                described.add(quad.object)
                waiting.append(quad.object)  # type: ignore[arg-type]  # evidence, a sentence or a document: all IRIs


def _said(about: ox.NamedNode, predicate: ox.NamedNode, value: GroundTerm) -> ox.Quad:
    return ox.Quad(about, predicate, value, _PROVENANCE)
