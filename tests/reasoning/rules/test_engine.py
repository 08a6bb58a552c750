"""The engine does what the rules mean, from scratch and after any changes."""

from __future__ import annotations

import math

import numpy as np
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.engine.materialization import Materialization, saturate
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.parse_triples import triple_term
from dovetail.reasoning.rules.profiles.packs import load_pack
from dovetail.reasoning.rules.proofs.proof import Proof, prove, steps
from dovetail.reasoning.rules.rule import Pattern, Rule, RuleSet
from tests.reasoning.rules import programs
from tests.reasoning.rules.reference import Fact, Solution, fact_of, filled, isomorphic, match_all, naive, solutions


def inferred(known: Materialization) -> set[ox.Triple]:
    return set(known.triples(known.inferred()[0]))


@given(programs.graphs, programs.programs())
@settings(max_examples=150, deadline=None)
def test_the_engine_derives_what_the_naive_evaluator_derives(facts: list[ox.Triple], rules: RuleSet) -> None:
    assert inferred(saturate(facts, rules)) == naive(rules, set(facts))


def test_a_schema_that_rests_on_a_negation_waits_for_what_is_negated() -> None:
    rules = parse_rules("""PREFIX : <urn:> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        RULE { ?c :blocked true } WHERE { ?c :flag ?f }
        RULE { ?c rdfs:subClassOf ?d } WHERE { ?c :kindOf ?d NOT { ?c :blocked true } }
        RULE { ?x a ?d } WHERE { ?c rdfs:subClassOf ?d . ?x a ?c }""")
    a, b, c, x, y = (ox.NamedNode(f"urn:{name}") for name in "ABCxy")
    kind, flag = ox.NamedNode("urn:kindOf"), ox.NamedNode("urn:flag")
    facts = [ox.Triple(a, kind, c), ox.Triple(b, kind, c), ox.Triple(a, flag, a)]
    facts += [ox.Triple(x, programs.TYPE, a), ox.Triple(y, programs.TYPE, b)]
    known = saturate(facts, rules)
    assert inferred(known) == naive(rules, set(facts))
    known.remove([ox.Triple(a, flag, a)])
    assert ox.Triple(x, programs.TYPE, c) in known
    known.insert([ox.Triple(b, flag, b)])
    assert ox.Triple(y, programs.TYPE, c) not in known


@given(programs.graphs, programs.programs(making=True))
@settings(max_examples=80, deadline=None)
def test_made_terms_are_those_of_the_naive_evaluator(facts: list[ox.Triple], rules: RuleSet) -> None:
    assert isomorphic(inferred(saturate(facts, rules)), naive(rules, set(facts)))


@given(programs.graphs, programs.graphs, programs.programs(making=True))
@settings(max_examples=80, deadline=None)
def test_made_terms_after_changes_are_as_from_scratch(facts: list[ox.Triple], other: list[ox.Triple], rules: RuleSet) -> None:
    known = saturate(facts, rules)
    known.update(other, facts[::2])
    assert inferred(known) == inferred(saturate(list({*facts[1::2], *other}), rules))


@given(programs.graphs, programs.programs())
@settings(max_examples=50, deadline=None)
def test_saturating_twice_adds_nothing(facts: list[ox.Triple], rules: RuleSet) -> None:
    first = inferred(saturate(facts, rules))
    if not any(rule.stated_only or any(getattr(part, "stated_only", False) for part in rule.body) for rule in rules.rules):
        assert inferred(saturate([*facts, *first], rules)) == set()


@given(programs.graphs, programs.graphs, programs.programs(negation=False))
@settings(max_examples=50, deadline=None)
def test_without_negation_more_facts_never_mean_fewer_conclusions(facts: list[ox.Triple], more: list[ox.Triple], rules: RuleSet) -> None:
    everything = list({*facts, *more})
    assert inferred(saturate(facts, rules)) | set(facts) <= inferred(saturate(everything, rules)) | set(everything)


changes = st.lists(st.tuples(st.lists(programs.triples, max_size=4), st.lists(programs.triples, max_size=4)), max_size=4)


@given(programs.graphs, programs.programs(), changes)
@settings(max_examples=150, deadline=None)
def test_after_any_changes_all_is_as_from_scratch(
    facts: list[ox.Triple], rules: RuleSet, steps: list[tuple[list[ox.Triple], list[ox.Triple]]]
) -> None:
    known, stated = saturate(facts, rules), set(facts)
    for added, removed in steps:
        known.update(added, removed)
        stated = (stated - set(removed)) | set(added)
        assert inferred(known) == inferred(saturate(stated, rules))


@given(programs.graphs, programs.programs(), programs.programs())
@settings(max_examples=80, deadline=None)
def test_exchanging_rules_is_as_starting_with_the_new_ones(facts: list[ox.Triple], before: RuleSet, after: RuleSet) -> None:
    known = saturate(facts, before)
    known.set_rules(after)
    assert inferred(known) == inferred(saturate(facts, after))


@st.composite
def weighted_graphs(draw: st.DrawFn) -> dict[ox.Triple, float]:
    facts = draw(programs.graphs)
    return {fact: draw(st.sampled_from([1.0, 0.9, 0.6, 0.25])) for fact in facts}


def best_confidences(rules: RuleSet, stated: dict[ox.Triple, float]) -> dict[ox.Triple, float]:
    """For each fact the confidence of its best proof, by trying all rules until nothing gets surer."""
    best = {fact_of(triple): confidence for triple, confidence in stated.items()}
    base = dict(best)
    while True:
        before = dict(best)
        for rule in rules.rules:
            known = base if rule.stated_only else before
            for solution in solutions(rule.body, {}, set(known), set(base)):
                confidence = rule.weight
                for part in rule.body:
                    if isinstance(part, Pattern):
                        s, p, o = (filled(node, solution, {}) for node in part.nodes)
                        confidence *= known[s, p, o]
                s, p, o = (filled(node, solution, {}) for node in rule.head[0].nodes)
                best[s, p, o] = max(best.get((s, p, o), 0.0), confidence)
        if all(abs(before.get(fact, 0.0) - confidence) < 1e-12 for fact, confidence in best.items()):
            return {triple: confidence for fact, confidence in best.items() if isinstance(triple := triple_term(*fact), ox.Triple)}


@given(weighted_graphs(), programs.programs(negation=False, weights=True))
@settings(max_examples=80, deadline=None)
def test_a_confidence_is_that_of_the_best_proof(stated: dict[ox.Triple, float], rules: RuleSet) -> None:
    known = saturate(list(stated), rules, confidence=np.array(list(stated.values())))
    expected = best_confidences(rules, stated)
    assert {*inferred(known), *stated} == expected.keys()
    for triple, confidence in expected.items():
        assert known.confidence(triple) == pytest.approx(confidence)


@given(weighted_graphs(), weighted_graphs(), programs.programs(negation=False, weights=True))
@settings(max_examples=80, deadline=None)
def test_confidences_after_changes_are_as_from_scratch(
    stated: dict[ox.Triple, float], other: dict[ox.Triple, float], rules: RuleSet
) -> None:
    known = saturate(list(stated), rules, confidence=np.array(list(stated.values())))
    coming = {triple: confidence for triple, confidence in other.items() if triple not in stated}
    known.update(list(coming), list(stated)[::2], confidence=list(coming.values()))
    now = {**dict(list(stated.items())[1::2]), **coming}
    scratch = saturate(list(now), rules, confidence=np.array(list(now.values())))
    assert inferred(known) == inferred(scratch)
    for triple in {*now, *inferred(scratch)}:
        assert known.confidence(triple) == pytest.approx(scratch.confidence(triple))


def follows(rule: Rule, fact: Fact, premises: list[Fact], stated: set[Fact], known: set[Fact]) -> bool:
    """Whether a rule really gives a fact from these premises: read off the rule alone, by matching."""
    positive = [part for part in rule.body if isinstance(part, Pattern)]
    found: list[Solution] = [{}]
    for pattern, premise in zip(positive, premises, strict=True):
        found = [extended for solution in found if (extended := match_all(pattern.nodes, premise, solution)) is not None]
    rest = [part for part in rule.body if not isinstance(part, Pattern)]
    for solution in found:
        complete = solutions(rest, solution, stated if rule.stated_only else known, stated)
        if any(match_all(pattern.nodes, fact, whole) is not None for whole in complete for pattern in rule.head):
            return True
    return False


def check_proof(proof: Proof, rules: RuleSet, stated: dict[Fact, float], known: set[Fact]) -> None:
    """Replays a proof; knows nothing of the engine."""
    if proof.rule is None:
        assert stated[proof.fact] == pytest.approx(proof.confidence)
        return
    rule = next(rule for rule in rules.rules if rule.name == proof.rule)
    assert follows(rule, proof.fact, [premise.fact for premise in proof.premises], set(stated), known)
    assert proof.confidence == pytest.approx(rule.weight * math.prod(premise.confidence for premise in proof.premises))
    for premise in proof.premises:
        check_proof(premise, rules, stated, known)


@given(weighted_graphs(), programs.programs(negation=False, weights=True))
@settings(max_examples=150, deadline=None)
def test_the_proof_of_a_sure_fact_is_its_best_one(stated: dict[ox.Triple, float], rules: RuleSet) -> None:
    known = saturate(list(stated), rules, confidence=np.array(list(stated.values())))
    facts = {fact_of(triple): confidence for triple, confidence in stated.items()}
    for triple in inferred(known):
        proof = prove(known, triple)
        check_proof(proof, rules, facts, set())
        assert proof.confidence == pytest.approx(known.confidence(triple))


@given(programs.graphs, programs.programs(), changes)
@settings(max_examples=80, deadline=None)
def test_proofs_replay_from_scratch_and_after_changes(
    facts: list[ox.Triple], rules: RuleSet, steps_: list[tuple[list[ox.Triple], list[ox.Triple]]]
) -> None:
    known, stated = saturate(facts, rules), set(facts)
    for added, removed in [([], []), *steps_]:
        known.update(added, removed)
        stated = (stated - set(removed)) | set(added)
        everything = {fact_of(triple) for triple in stated | inferred(known)}
        for triple in inferred(known):
            check_proof(prove(known, triple), rules, {fact_of(triple): 1.0 for triple in stated}, everything)
        told = list(steps(known))
        assert {step.fact for step in told} == {fact_of(triple) for triple in inferred(known)}


LONELY = parse_rules("RULE { ?x <urn:lonely> ?x } WHERE { ?x a <urn:A> NOT { ?x <urn:p> ?y } }")


@given(programs.graphs, changes)
@settings(max_examples=50, deadline=None)
def test_a_negation_beside_a_profile_sees_what_the_profile_infers(
    facts: list[ox.Triple], steps_: list[tuple[list[ox.Triple], list[ox.Triple]]]
) -> None:
    profile = load_pack("rdfs").rules
    both = RuleSet((*profile.rules, *LONELY.rules), (*profile.facts, *LONELY.facts))
    known, stated = saturate(facts, both), set(facts)
    for added, removed in [([], []), *steps_]:
        known.update(added, removed)
        stated = (stated - set(removed)) | set(added)
        closed = stated | inferred(saturate(stated, profile))
        assert {triple for triple in inferred(known) if triple.predicate.value == "urn:lonely"} == naive(LONELY, closed)


def test_a_negation_that_a_profile_leads_back_to_itself_is_refused() -> None:
    profile = load_pack("rdfs").rules
    p, q = ox.NamedNode("urn:p"), ox.NamedNode("urn:lonely")
    back = ox.Triple(q, ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subPropertyOf"), p)
    with pytest.raises(RuleError, match="its own conclusion"):
        saturate([back, ox.Triple(p, programs.TYPE, programs.CLASSES[0])], RuleSet((*profile.rules, *LONELY.rules)))
