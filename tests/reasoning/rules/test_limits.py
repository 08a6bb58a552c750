"""What would never end, or is wrong, is said in one line; what was stated stays as it was."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from rdflib import RDF, Literal, URIRef

from dovetail.kg import KnowledgeGraph, Layer, Statement
from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.engine.materialization import saturate
from dovetail.reasoning.rules.engine.options import RuleLimit, SaturationOptions
from dovetail.reasoning.rules.infer import InferenceOptions, infer, refresh
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.profiles.packs import load_pack

EXPLODES = "RULE <urn:all-pairs> { ?x <urn:p> ?y } WHERE { ?x a <urn:A> . ?y a <urn:A> }"
TYPE = ox.NamedNode(RDF.type)


def name(number: int) -> ox.NamedNode:
    return ox.NamedNode(f"urn:n{number}")


def test_a_rule_that_explodes_is_named_and_the_graph_stays_as_it_was() -> None:
    graph = KnowledgeGraph()
    graph.add([Statement(URIRef(f"urn:n{number}"), RDF.type, URIRef("urn:A")) for number in range(60)])
    infer(graph, options=InferenceOptions(rules=parse_rules("RULE { ?x a <urn:B> } WHERE { ?x a <urn:A> }")))
    before = set(graph.store)
    with pytest.raises(RuleLimit, match=r"urn:all-pairs .* past 1,000 facts"):
        infer(graph, options=InferenceOptions(rules=parse_rules(EXPLODES), max_facts=1_000))
    assert set(graph.store) == before


def test_the_limit_of_a_run_holds_for_its_refreshes() -> None:
    graph = KnowledgeGraph()
    graph.add([Statement(URIRef(f"urn:n{number}"), RDF.type, URIRef("urn:A")) for number in range(20)])
    infer(graph, options=InferenceOptions(rules=parse_rules(EXPLODES), max_facts=1_000))
    graph.add([Statement(URIRef(f"urn:n{number}"), RDF.type, URIRef("urn:A")) for number in range(20, 60)])
    with pytest.raises(RuleLimit):
        refresh(graph)
    assert len(list(graph.store.quads_for_pattern(None, None, None, ox.NamedNode(Layer.INFERRED.value)))) == 400


def test_counting_up_for_ever_is_refused_before_it_starts() -> None:
    counting = parse_rules("RULE <urn:next> { ?x <urn:age> ?b } WHERE { ?x <urn:age> ?a SET(?b := ?a + 1) }")
    graph = KnowledgeGraph()
    graph.add([Statement(URIRef("urn:x"), URIRef("urn:age"), Literal(1))])
    with pytest.raises(RuleError, match="urn:next"):
        infer(graph, options=InferenceOptions(rules=counting))


def test_growing_blank_nodes_for_ever_is_refused_before_it_starts() -> None:
    graph = KnowledgeGraph()
    graph.add([Statement(URIRef("urn:x"), RDF.type, URIRef("urn:Person"))])
    mothers = parse_rules("RULE <urn:mother> { ?x <urn:m> [ a <urn:Person> ] } WHERE { ?x a <urn:Person> }")
    with pytest.raises(RuleError, match="urn:mother"):
        infer(graph, options=InferenceOptions(rules=mothers))


def test_a_list_that_bites_its_tail_ends() -> None:
    facts = """<urn:C> <http://www.w3.org/2002/07/owl#intersectionOf> _:a .
        _:a <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> <urn:A> .
        _:a <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:b .
        _:b <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> <urn:B> .
        _:b <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:a .
        <urn:x> a <urn:C> ."""
    triples = [quad.triple for quad in ox.parse(facts.encode(), format=ox.RdfFormat.TURTLE)]
    known = saturate(triples, load_pack("owl-rl").rules, options=SaturationOptions(generalised=True))
    assert ox.Triple(name(0), TYPE, name(1)) not in known
    assert ox.Triple(ox.NamedNode("urn:x"), TYPE, ox.NamedNode("urn:B")) in known


def test_a_conclusion_with_a_literal_as_subject_is_left_out() -> None:
    known = saturate([ox.Triple(name(0), name(1), ox.Literal("x"))], parse_rules("RULE { ?o <urn:of> ?s } WHERE { ?s ?p ?o }"))
    assert not len(known.inferred()[0])


def test_a_conclusion_with_a_triple_term_as_subject_is_left_out() -> None:
    rules = parse_rules(
        "RULE { ?x <urn:says> <<( ?x <urn:p> ?y )>> } WHERE { ?x <urn:p> ?y } "
        "RULE { ?t <urn:of> ?x } WHERE { ?x <urn:says> ?t }"
    )
    known = saturate([ox.Triple(name(0), ox.NamedNode("urn:p"), name(1))], rules)
    (found,) = known.triples(known.inferred()[0])
    assert found.predicate == ox.NamedNode("urn:says")


def test_ten_thousand_rules_run_one_after_the_other() -> None:
    rules = parse_rules("\n".join(f"RULE {{ ?x <urn:p{n + 1}> ?y }} WHERE {{ ?x <urn:p{n}> ?y }}" for n in range(10_000)))
    known = saturate([ox.Triple(name(0), ox.NamedNode("urn:p0"), name(1))], rules)
    assert ox.Triple(name(0), ox.NamedNode("urn:p10000"), name(1)) in known


def test_twelve_joins_in_one_rule() -> None:
    body = " . ".join(f"?v{step} <urn:next> ?v{step + 1}" for step in range(12))
    ring = [ox.Triple(name(step), ox.NamedNode("urn:next"), name((step + 1) % 20)) for step in range(20)]
    known = saturate(ring, parse_rules(f"RULE {{ ?v0 <urn:far> ?v12 }} WHERE {{ {body} }}"))
    assert ox.Triple(name(0), ox.NamedNode("urn:far"), name(12)) in known and len(known.inferred()[0]) == 20


def test_an_ontology_that_contradicts_itself_is_reported_with_proofs() -> None:
    graph = KnowledgeGraph()
    owl = "http://www.w3.org/2002/07/owl#"
    graph.add([
        Statement(URIRef("urn:Cat"), URIRef(owl + "disjointWith"), URIRef("urn:Dog")),
        Statement(URIRef("urn:tom"), RDF.type, URIRef("urn:Cat"), 0.9),
        Statement(URIRef("urn:tom"), RDF.type, URIRef("urn:Dog"), 0.5),
    ])
    before = set(graph.store.quads_for_pattern(None, None, None, ox.NamedNode(Layer.STATED.value)))
    (found,) = infer(graph, options=InferenceOptions(profile="owl-rl")).contradictions
    assert found.thing == ox.NamedNode("urn:tom") and found.rule.endswith("cax-dw")
    assert found.proof is not None and found.proof.confidence == pytest.approx(0.45) and len(found.proof.premises) == 3
    assert set(graph.store.quads_for_pattern(None, None, None, ox.NamedNode(Layer.STATED.value))) == before


def test_a_change_that_goes_too_far_is_undone() -> None:
    facts = [ox.Triple(name(number), TYPE, ox.NamedNode("urn:A")) for number in range(20)]
    known = saturate(facts, parse_rules(EXPLODES), options=SaturationOptions(max_facts=1_000))
    before = set(known.triples(known.inferred()[0]))
    with pytest.raises(RuleLimit):
        known.insert(ox.Triple(name(number), TYPE, ox.NamedNode("urn:A")) for number in range(20, 60))
    assert set(known.triples(known.inferred()[0])) == before and len(known.stated()[0]) == 20
    known.remove(facts[10:])
    assert len(known.inferred()[0]) == 100


def test_confidences_may_begin_with_a_change() -> None:
    knows, a, b, c = (ox.NamedNode(f"urn:{word}") for word in ("knows", "a", "b", "c"))
    known = saturate([ox.Triple(a, knows, b)], parse_rules("RULE { ?x <urn:knows> ?z } WHERE { ?x <urn:knows> ?y . ?y <urn:knows> ?z }"))
    known.insert([ox.Triple(b, knows, c)], confidence=[0.5])
    assert known.confidence(ox.Triple(a, knows, c)) == 0.5 and known.confidence(ox.Triple(a, knows, b)) == 1.0
