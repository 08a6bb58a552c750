"""Likelihoods against brute force: every possible world, and every proof there is."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.engine.materialization import Materialization, saturate
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.proofs.likelihood import chance_of_any, likelihood
from dovetail.reasoning.rules.proofs.proof import Proof, parts, prove
from dovetail.reasoning.rules.rule import RuleSet
from tests.reasoning.rules import programs
from tests.reasoning.rules.reference import fact_of, naive
from tests.reasoning.rules.test_engine import check_proof, inferred, weighted_graphs

small = weighted_graphs().map(lambda graph: dict(list(graph.items())[:6]))


def known_of(stated: dict[ox.Triple, float], rules: RuleSet) -> Materialization:
    return saturate(list(stated), rules, confidence=np.array(list(stated.values())))


def worlds(stated: dict[ox.Triple, float], rules: RuleSet) -> dict[ox.Triple, float]:
    """For each fact the chance of the worlds in which it holds: stated facts are there or not, each by itself."""
    chances: dict[ox.Triple, float] = {}
    sure = [fact for fact, confidence in stated.items() if confidence == 1.0]
    unsure = [fact for fact, confidence in stated.items() if confidence < 1.0]
    for there in itertools.product([True, False], repeat=len(unsure)):
        world = {*sure, *itertools.compress(unsure, there)}
        chance = math.prod(stated[fact] if kept else 1 - stated[fact] for fact, kept in zip(unsure, there, strict=True))
        for fact in world | naive(rules, world):
            chances[fact] = chances.get(fact, 0.0) + chance
    return chances


@given(small, programs.programs(negation=False))
@settings(max_examples=60, deadline=None)
def test_with_all_proofs_it_is_the_chance_of_the_worlds_in_which_a_fact_holds(stated: dict[ox.Triple, float], rules: RuleSet) -> None:
    known, expected = known_of(stated, rules), worlds(stated, rules)
    for triple in inferred(known):
        found = likelihood(known, triple)
        if found.complete:
            assert found.probability == pytest.approx(expected[triple])
        else:
            assert found.probability <= expected[triple] + 1e-9


@given(small, programs.programs(negation=False, weights=True), st.integers(1, 4))
@settings(max_examples=80, deadline=None)
def test_the_proofs_replay_from_the_best_down(stated: dict[ox.Triple, float], rules: RuleSet, k: int) -> None:
    known = known_of(stated, rules)
    facts = {fact_of(triple): confidence for triple, confidence in stated.items()}
    for triple in inferred(known):
        found = likelihood(known, triple, k=k)
        confidences = [proof.confidence for proof in found.proofs]
        assert 1 <= len(confidences) <= k
        assert confidences[0] == pytest.approx(prove(known, triple).confidence)
        assert confidences == sorted(confidences, key=lambda confidence: -round(confidence, 9))
        assert max(confidences) - 1e-9 <= found.probability
        for proof in found.proofs:
            assert proof.fact == fact_of(triple)
            check_proof(proof, rules, facts, set())
        grounds = [frozenset((part.fact, part.rule) for part in parts(proof)) for proof in found.proofs]
        assert len(set(grounds)) == len(grounds)


def triple_of(proof: Proof) -> ox.Triple:
    return ox.Triple(*proof.fact)  # type: ignore[arg-type]  # stated in RDF


@given(small, programs.programs(negation=False))
@settings(max_examples=60, deadline=None)
def test_no_ground_is_missed(stated: dict[ox.Triple, float], rules: RuleSet) -> None:
    """The sets of stated facts that suffice and of which none can be left out, found by trying all sets."""
    known = known_of(stated, rules)
    if any(rule.stated_only for rule in rules.rules):
        return
    enough = {
        frozenset(world): naive(rules, set(world)) for size in range(len(stated) + 1) for world in itertools.combinations(stated, size)
    }
    for triple in inferred(known):
        found = likelihood(known, triple)
        if not found.complete:
            continue
        sufficient = {world for world, follows in enough.items() if triple in follows or triple in world}
        smallest = {world for world in sufficient if not any(less < world for less in sufficient)}
        grounds = {frozenset(triple_of(part) for part in parts(proof) if part.rule is None) for proof in found.proofs}
        assert smallest <= grounds
        assert all(any(less <= ground for less in smallest) for ground in grounds)


@given(
    st.lists(st.frozensets(st.sampled_from("abcdef"), min_size=1), min_size=1, max_size=5),
    st.lists(st.floats(0.05, 1.0), min_size=6, max_size=6),
)
def test_the_chance_of_any_is_that_of_all_outcomes(supports: list[frozenset[str]], chances: list[float]) -> None:
    chance = dict(zip("abcdef", chances, strict=True))
    expected = 0.0
    for there in itertools.product([True, False], repeat=6):
        happened = set(itertools.compress("abcdef", there))
        if any(support <= happened for support in supports):
            expected += math.prod(chance[e] if e in happened else 1 - chance[e] for e in "abcdef")
    assert chance_of_any(supports, chance) == pytest.approx(expected)  # type: ignore[arg-type]  # letters are hashable


CASES = [
    ("two ways that share nothing: noisy-or", "a p b 0.5, a q b 0.8", 0.9, [0.8, 0.5]),
    ("two ways that share a fact", "a s c 0.5, c s b 0.5, c t b 0.5", 0.375, [0.25, 0.25]),
    ("a weak way adds what it can", "a p b 0.9, a u b 0.5", 1 - 0.1 * (1 - 0.5 * 0.4), [0.9, 0.2]),
    ("one fact used twice counts once", "a v a 0.5", 0.5, [0.25]),
    ("a way round does not add to what it starts from", "a p b 0.5, b sym b 1.0", 0.5, [0.5]),
]
RULES = parse_rules(
    """PREFIX : <urn:> RULE { ?x :r ?y } WHERE { ?x :p ?y } RULE { ?x :r ?y } WHERE { ?x :q ?y }
    RULE { ?x :r ?z } WHERE { ?x :s ?y . ?y :s ?z } RULE { ?x :r ?z } WHERE { ?x :s ?y . ?y :t ?z }
    RULE WEIGHT 0.4 { ?x :r ?y } WHERE { ?x :u ?y } RULE { ?x :w ?y } WHERE { ?x :v ?y } RULE { ?x :r :b } WHERE { ?x :v ?x . ?x :w ?x }
    RULE { ?y :back ?x } WHERE { ?x :r ?y } RULE { ?x :r ?y } WHERE { ?y :back ?x }"""
)


@pytest.mark.parametrize(("name", "facts", "probability", "confidences"), CASES, ids=[name for name, *_ in CASES])
def test_likelihoods_that_one_can_work_out(name: str, facts: str, probability: float, confidences: list[float]) -> None:
    stated = {}
    for s, p, o, confidence in (line.split() for line in facts.split(", ")):
        stated[ox.Triple(*(ox.NamedNode(f"urn:{part}") for part in (s, p, o)))] = float(confidence)
    found = likelihood(known_of(stated, RULES), ox.Triple(*(ox.NamedNode(f"urn:{part}") for part in "arb")))
    assert found.probability == pytest.approx(probability)
    assert [proof.confidence for proof in found.proofs] == pytest.approx(confidences)
    assert found.complete


def chain(length: int) -> tuple[Materialization, ox.Triple]:
    node = [ox.NamedNode(f"urn:n{place}") for place in range(length + 1)]
    edge, path = ox.NamedNode("urn:edge"), ox.NamedNode("urn:path")
    rules = parse_rules(
        "PREFIX : <urn:> RULE { ?x :path ?y } WHERE { ?x :edge ?y } RULE { ?x :path ?z } WHERE { ?x :path ?y . ?y :path ?z }"
    )
    facts = [ox.Triple(node[place], edge, node[place + 1]) for place in range(length)]
    return saturate(facts, rules, confidence=np.full(length, 0.99)), ox.Triple(node[0], path, node[length])


def test_the_same_ground_reached_in_very_many_ways_is_one_proof() -> None:
    known, triple = chain(12)  # 58,786 proofs
    found = likelihood(known, triple)
    assert found.probability == pytest.approx(0.99**12)
    assert len(found.proofs) == 1


@pytest.mark.parametrize("k", [0, 11])
def test_how_many_proofs_can_be_counted_is_said(k: int) -> None:
    known, triple = chain(1)
    with pytest.raises(InputError, match=f"between 1 and 10 proofs can be counted together, not {k}"):
        likelihood(known, triple, k=k)


def test_more_proofs_never_make_a_fact_less_likely() -> None:
    properties = [ox.NamedNode(f"urn:p{place}") for place in range(8)]
    rules = parse_rules("PREFIX : <urn:> " + " ".join(f"RULE {{ ?x :r ?y }} WHERE {{ ?x :p{place} ?y }}" for place in range(8)))
    a, r = ox.NamedNode("urn:a"), ox.NamedNode("urn:r")
    known = known_of({ox.Triple(a, p, a): 0.1 * (place + 1) for place, p in enumerate(properties)}, rules)
    found = [likelihood(known, ox.Triple(a, r, a), k=k) for k in range(1, 11)]
    assert [f.probability for f in found] == pytest.approx([1 - math.prod(0.2 + 0.1 * i for i in range(min(k, 8))) for k in range(1, 11)])
    assert [f.complete for f in found] == [False] * 8 + [True] * 2
