"""Proofs as PROV-O and as lines of JSON: complete, readable, and the same whichever way they are written."""

from __future__ import annotations

import json
from io import BytesIO, StringIO

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF, RDFS
from rdflib.term import Node

from dovetail.kg import provenance as prov
from dovetail.kg.names import DT, OA, Layer
from dovetail.kg.provenance import GRAPHS
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.rules.engine.materialization import saturate
from dovetail.reasoning.rules.infer import explain, materialize, standing_options
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.proofs.proof import Step, proof_steps, steps
from dovetail.reasoning.rules.proofs.proof_json import write_steps
from dovetail.reasoning.rules.proofs.prov_o import prov_quads, write_prov
from dovetail.reasoning.rules.rule import RuleSet, term_text
from tests.reasoning.rules import programs
from tests.reasoning.rules.family import X, family, node


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return family()


@pytest.fixture(scope="module")
def exported(graph: KnowledgeGraph) -> Graph:
    write_prov(proof_steps(explain(graph, X.Ada, X.related, X.Dee)), out := BytesIO(), graph=graph)
    return Graph().parse(data=out.getvalue(), format="turtle")


def about(name: str, predicate: str, value: str, layer: Layer = Layer.STATED) -> URIRef:
    return URIRef(prov.statement_node(node(name), node(predicate), node(value), layer).value)


def test_a_fact_comes_from_its_premises_by_a_rule_that_can_be_read(exported: Graph) -> None:
    fact = about("Ada", "ancestorOf", "Dee", Layer.INFERRED)
    assert (fact, RDF.type, PROV.Entity) in exported
    assert [exported.value(fact, part) for part in (RDF.subject, RDF.predicate, RDF.object)] == [X.Ada, X.ancestorOf, X.Dee]
    assert set(exported.objects(fact, PROV.wasDerivedFrom)) == {
        about("Ada", "parentOf", "Bea"),
        about("Bea", "ancestorOf", "Dee", Layer.INFERRED),
    }
    assert exported.value(fact, DT.confidence) == Literal("0.51", datatype=URIRef("http://www.w3.org/2001/XMLSchema#decimal"))
    activity = exported.value(fact, PROV.wasGeneratedBy)
    assert (activity, PROV.used, X.step) in exported
    association = exported.value(activity, PROV.qualifiedAssociation)
    assert (association, PROV.hadPlan, X.step) in exported
    assert (X.step, RDF.type, PROV.Plan) in exported
    text = exported.value(X.step, PROV.value)
    assert "WEIGHT 0.9" in str(text)
    (rule,) = parse_rules(str(text)).rules
    assert rule.weight == 0.9 and len(rule.body) == 2


def test_a_stated_fact_comes_from_its_sentences(exported: Graph) -> None:
    quotes = {
        str(exported.value(sentence, OA.exact))
        for evidence in exported.objects(about("Ada", "parentOf", "Bea"), PROV.wasDerivedFrom)
        for sentence in exported.objects(evidence, PROV.hadPrimarySource)
    }
    assert quotes == {"Ada is the mother of Bea.", "Ada has a daughter, Bea.", "Bea, said Ada, is mine."}
    assert set(exported.objects(None, DCTERMS.identifier)) == {Literal("family.txt")}
    assert not list(exported.objects(None, DT.text)), "documents are named, not copied"


def test_what_a_person_and_the_vocabulary_say_is_said_to_be_theirs(exported: Graph) -> None:
    assert (about("Carl", "parentOf", "Dee"), PROV.wasAttributedTo, DT.assertion) in exported
    domain = prov.statement_node(node("parentOf"), prov.node(RDFS.domain), node("Person"), Layer.VOCABULARY)
    assert (URIRef(domain.value), PROV.wasAttributedTo, Layer.VOCABULARY.value) in exported


def test_all_proofs_of_a_graph_go_into_its_provenance_layer(graph: KnowledgeGraph) -> None:
    known = materialize(graph, options=standing_options(graph))
    write_prov(steps(known), out := BytesIO(), graph=graph, format=ox.RdfFormat.N_QUADS)
    store = ox.Store()
    store.load(out.getvalue(), ox.RdfFormat.N_QUADS)
    assert set(store.named_graphs()) == {GRAPHS[Layer.PROVENANCE]}
    inferred = list(graph.store.quads_for_pattern(None, None, None, GRAPHS[Layer.INFERRED]))
    assert len(inferred) > 50
    for quad in inferred:
        fact = prov.statement_node(quad.subject, quad.predicate, quad.object, Layer.INFERRED)  # type: ignore[arg-type]  # no triple terms here
        assert any(store.quads_for_pattern(fact, prov.node(PROV.wasGeneratedBy), None)), quad


@given(programs.graphs, programs.programs())
@settings(max_examples=40, deadline=None)
def test_steps_can_be_read_off_either_export(facts: list[ox.Triple], rules: RuleSet) -> None:
    told = list(steps(saturate(facts, rules)))
    expected = {(*map(term_text, step.fact), step.rule, frozenset(tuple(map(term_text, p)) for p in step.premises)) for step in told}
    assert read_prov(told) == expected
    count = write_steps(told, out := StringIO())
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert count == len(lines) == len(told)
    assert {(*line["triple"], line["rule"], frozenset(map(tuple, line["premises"]))) for line in lines} == expected


def read_prov(told: list[Step]) -> set[tuple[object, ...]]:
    """The steps that an export holds, by the vocabulary of PROV-O alone."""
    quads = list(prov_quads(told))
    assert len(quads) == len(set(quads)), "nothing is said twice"
    read = Graph().parse(data=ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES), format="nt")

    def triple(entity: Node) -> tuple[str, ...]:
        return tuple(read.value(entity, part).n3() for part in (RDF.subject, RDF.predicate, RDF.object))  # type: ignore[union-attr]

    found: set[tuple[object, ...]] = set()
    for entity, activity in read.subject_objects(PROV.wasGeneratedBy):
        rule = str(read.value(activity, PROV.used)).removeprefix("urn:dovetail:rule:")
        found.add((*triple(entity), rule, frozenset(map(triple, read.objects(entity, PROV.wasDerivedFrom)))))
    return found
