"""All proofs of a graph at once: every step replays, and following steps down ends at what is stated."""

from __future__ import annotations

import numpy as np
import pyoxigraph as ox
import pytest
from hypothesis import given, settings

from dovetail.reasoning.rules.engine.materialization import saturate
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.proofs.proof import Proof, Step, parts, proof_steps, prove, steps
from dovetail.reasoning.rules.rule import RuleSet
from tests.reasoning.rules import programs
from tests.reasoning.rules.reference import Fact, fact_of
from tests.reasoning.rules.test_engine import follows, inferred, weighted_graphs


@given(weighted_graphs(), programs.programs(negation=False, weights=True))
@settings(max_examples=100, deadline=None)
def test_every_step_replays_and_gives_its_confidence(stated: dict[ox.Triple, float], rules: RuleSet) -> None:
    known = saturate(list(stated), rules, confidence=np.array(list(stated.values())))
    base = {fact_of(triple): confidence for triple, confidence in stated.items()}
    told = {step.fact: step for step in steps(known)}
    assert {fact_of(triple) for triple in inferred(known)} <= told.keys()
    for step in told.values():
        rule = next(rule for rule in rules.rules if rule.name == step.rule)
        assert follows(rule, step.fact, list(step.premises), set(base), base.keys() | told.keys())
        confidence = rule.weight
        for premise, simply in zip(step.premises, step.stated, strict=True):
            confidence *= base[premise] if simply else told[premise].confidence
        assert step.confidence == pytest.approx(confidence)


@given(programs.graphs, programs.programs())
@settings(max_examples=60, deadline=None)
def test_following_steps_down_never_comes_back(facts: list[ox.Triple], rules: RuleSet) -> None:
    left = {step.fact: step for step in steps(saturate(facts, rules))}
    proved: set[Fact] = set()
    while left:
        ready = [fact for fact, step in left.items() if all(s or p in proved for p, s in zip(step.premises, step.stated, strict=True))]
        assert ready, "every step that is left waits for another one"
        proved.update(ready)
        for fact in ready:
            del left[fact]


@given(programs.graphs, programs.programs())
@settings(max_examples=40, deadline=None)
def test_the_steps_of_a_proof_are_its_inferred_parts(facts: list[ox.Triple], rules: RuleSet) -> None:
    known = saturate(facts, rules)
    for triple in inferred(known):
        proof = prove(known, triple)
        told = list(proof_steps(proof))
        assert [step.fact for step in told] == [part.fact for part in parts(proof) if part.rule is not None]
        assert told[-1] == Step(proof.fact, proof.confidence, proof.rule or "", tuple(p.fact for p in proof.premises), told[-1].stated)
        seen: set[Fact] = set()
        for step in told:
            assert all(stated or premise in seen for premise, stated in zip(step.premises, step.stated, strict=True))
            seen.add(step.fact)


def test_the_parts_of_a_proof_come_once_and_after_their_premises() -> None:
    a = ox.NamedNode("urn:a")
    stated = Proof((a, a, a), 1.0)
    left, right = Proof((a, a, a), 0.5, "left", (stated,)), Proof((a, a, a), 0.5, "right", (stated, stated))
    whole = Proof((a, a, a), 0.25, "both", (left, right))
    assert list(parts(whole)) == [stated, left, right, whole]


def test_a_fact_that_becomes_stated_is_no_longer_proved_by_the_rule_that_gave_it() -> None:
    """Also where proofs remember what they know of the schema."""
    rules = parse_rules(
        """PREFIX : <urn:> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        RULE :sub { ?x rdfs:subClassOf ?z } WHERE { ?x rdfs:subClassOf ?y . ?y rdfs:subClassOf ?z }
        RULE :is { ?i a ?y } WHERE { ?i a ?x . ?x rdfs:subClassOf ?y }"""
    )
    a, b, c, i = (ox.NamedNode(f"urn:{name}") for name in "abci")
    below, kind = programs.SUBCLASS, programs.TYPE
    known = saturate([ox.Triple(a, below, b), ox.Triple(b, below, c), ox.Triple(i, kind, a)], rules)
    assert prove(known, ox.Triple(a, below, c)).rule == "urn:sub"
    known.insert([ox.Triple(a, below, c)])
    assert prove(known, ox.Triple(a, below, c)).rule is None
    known.remove([ox.Triple(b, below, c)])
    ways = {part.fact: part.rule for part in parts(prove(known, ox.Triple(i, kind, c)))}
    assert ways == {(i, kind, c): "urn:is", (i, kind, a): None, (a, below, c): None}
