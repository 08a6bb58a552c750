"""What people see of proofs: as lines, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings

from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.rules.engine.materialization import saturate
from dovetail.reasoning.rules.infer import explain
from dovetail.reasoning.rules.proofs.proof import Proof, parts, prove
from dovetail.reasoning.rules.proofs.proof_json import proof_json
from dovetail.reasoning.rules.proofs.proof_text import DEEPEST, proof_lines, without_helpers
from dovetail.reasoning.rules.rule import RuleSet, term_text
from tests.reasoning.rules import programs
from tests.reasoning.rules.family import TEXT, X, family, node

TABLE = Path(__file__).parents[2] / "tables" / "proofs.txt"


def blocks() -> list[tuple[str, list[str]]]:
    parts = TABLE.read_text("utf-8").split("\n? ")[1:]
    return [(question, lines) for question, *lines in (part.rstrip("\n").splitlines() for part in parts)]


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return family()


@pytest.mark.parametrize(("question", "expected"), blocks(), ids=[question for question, _ in blocks()])
def test_a_proof_reads(graph: KnowledgeGraph, question: str, expected: list[str]) -> None:
    subject, predicate, value = question.split()
    assert list(proof_lines(explain(graph, X[subject], X[predicate], X[value]), graph)) == expected


@pytest.mark.parametrize("width", [40, 60, 200])
def test_no_line_is_wider_than_asked_for_if_words_allow_it(graph: KnowledgeGraph, width: int) -> None:
    lines = list(proof_lines(explain(graph, X.Ada, X.related, X.Dee), graph, width=width))
    assert max(map(len, lines)) <= width
    words = " ".join(" ".join(line.strip("│├└─ ") for line in lines).split())
    assert "WEIGHT 0.9 { ?x :ancestorOf ?z } WHERE { ?x :parentOf ?y . ?y :ancestorOf ?z }" in words


def chain(length: int) -> Proof:
    proof = Proof((node("n0"), node("p"), node("n0")), 1.0)
    for place in range(length):
        proof = Proof((node("n0"), node("p"), node(f"n{place}")), 1.0, "rule-1", (proof,))
    return proof


def test_a_deep_proof_ends_with_how_much_more_there_is() -> None:
    lines = list(proof_lines(chain(5_000), KnowledgeGraph()))
    assert len(lines) == 2 * DEEPEST + 2
    assert lines[-1].strip() == f"… proved in {5_000 - DEEPEST:,} more steps"


def test_shared_parts_are_said_once_however_often_they_are_used() -> None:
    proof = Proof((node("a0"), node("p"), node("b")), 1.0)
    for level in range(1, 60):  # 2**59 ways down
        proof = Proof((node(f"a{level}"), node("p"), node("b")), 1.0, "rule-1", (proof, proof))
    assert sum(1 for _ in proof_lines(proof, KnowledgeGraph())) < 4 * DEEPEST
    assert len(list(parts(proof))) == 60
    facts = proof_json(proof, KnowledgeGraph())["facts"]
    assert isinstance(facts, list) and len(facts) == 60


def test_json_tells_the_whole_proof(graph: KnowledgeGraph) -> None:
    proof = explain(graph, X.Ada, X.elder, X.Carl)
    facts = json.loads(json.dumps(proof_json(proof, graph)))["facts"]
    assert facts[0] == {
        "triple": ["<urn:x:Ada>", "<urn:x:elder>", "<urn:x:Carl>"],
        "labels": ["Ada", "elder", "Carl"],
        "confidence": pytest.approx(0.63 * 0.7),
        "rule": "rule-5",
        "binding": {"x": "<urn:x:Ada>", "y": "<urn:x:Bea>", "z": "<urn:x:Carl>"},
        "premises": facts[0]["premises"],
        "stated_by": [],
        "evidence": [],
    }
    helper, bea = (facts[number] for number in facts[0]["premises"])
    assert helper["triple"][1] == "<urn:dovetail:helper:old>"
    assert bea["rule"] is None and bea["stated_by"] == ["document"]
    (evidence,) = bea["evidence"]
    assert evidence["quote"] == TEXT[evidence["start"] : evidence["end"]] == "Bea is the mother of Carl."


@given(programs.graphs, programs.programs())
@settings(max_examples=40, deadline=None)
def test_json_holds_every_part_of_a_proof_and_its_premises_come_later(facts: list[ox.Triple], rules: RuleSet) -> None:
    known = saturate(facts, rules)
    for triple in known.triples(known.inferred()[0][:5]):
        proof = prove(known, triple)
        told = proof_json(proof, KnowledgeGraph())["facts"]
        assert isinstance(told, list)
        by_fact = {tuple(map(term_text, part.fact)): part for part in parts(proof)}
        assert tuple(told[0]["triple"]) == tuple(map(term_text, proof.fact))
        assert {tuple(fact["triple"]) for fact in told} == by_fact.keys()
        for number, fact in enumerate(told):
            part = by_fact[tuple(fact["triple"])]
            assert (fact["rule"], fact["confidence"]) == (part.rule, part.confidence)
            assert all(number < premise for premise in fact["premises"])
            assert [told[premise]["triple"] for premise in fact["premises"]] == [[*map(term_text, p.fact)] for p in part.premises]


def test_helpers_of_helpers_give_way_to_what_they_rest_on() -> None:
    cell = ox.NamedNode("urn:dovetail:helper:cell")
    stated = [Proof((node(name), node("rest"), node("nil")), 1.0) for name in "abc"]
    first = Proof((node("a"), cell, node("a")), 1.0, "list", (stated[0],))
    second = Proof((node("a"), cell, node("b")), 1.0, "list", (first, stated[1]))
    whole = without_helpers(Proof((node("x"), node("p"), node("y")), 0.5, "rule-1", (second, stated[2], first)))
    assert whole.premises == tuple(stated)
    assert (whole.rule, whole.confidence) == ("rule-1", 0.5)
