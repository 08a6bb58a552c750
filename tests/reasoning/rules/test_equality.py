"""What union-find says of owl:sameAs is what the rules for equality say."""

from __future__ import annotations

import itertools

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.namespace import OWL, RDF

from dovetail.reasoning.rules.engine.materialization import saturate
from dovetail.reasoning.rules.engine.options import SaturationOptions
from dovetail.reasoning.rules.profiles.packs import load_pack
from dovetail.reasoning.rules.proofs.proof import prove
from tests.reasoning.rules import programs

SAME, TYPE = ox.NamedNode(OWL.sameAs), ox.NamedNode(RDF.type)
KINDS = [ox.NamedNode(OWL[name]) for name in ("FunctionalProperty", "InverseFunctionalProperty", "TransitiveProperty", "SymmetricProperty")]

equal = st.one_of(
    st.builds(ox.Triple, st.sampled_from(programs.ENTITIES), st.just(SAME), st.sampled_from(programs.ENTITIES)),
    st.builds(ox.Triple, st.sampled_from(programs.PROPERTIES), st.just(SAME), st.sampled_from(programs.PROPERTIES)),
    st.builds(ox.Triple, st.sampled_from(programs.CLASSES), st.just(SAME), st.sampled_from(programs.CLASSES)),
    st.builds(ox.Triple, st.sampled_from(programs.PROPERTIES), st.just(TYPE), st.sampled_from(KINDS)),
)
graphs = st.lists(st.one_of(programs.triples, equal), max_size=10, unique=True)

OWL_RL = load_pack("owl-rl").rules


@given(graphs)
@settings(max_examples=60, deadline=None)
def test_union_find_says_what_the_rules_say(facts: list[ox.Triple]) -> None:
    by_names = saturate(facts, OWL_RL, options=SaturationOptions(generalised=True))
    by_rules = saturate(facts, OWL_RL, options=SaturationOptions(generalised=True, equality=False))
    found = set(by_names.triples(by_names.inferred()[0]))
    assert found == set(by_rules.triples(by_rules.inferred()[0]))


def test_many_names_for_one_thing_are_worked_out_at_once_and_still_proved() -> None:
    people = [ox.NamedNode(f"urn:name{number}") for number in range(30)]
    knows, other = ox.NamedNode("urn:knows"), ox.NamedNode("urn:other")
    facts = [ox.Triple(a, SAME, b) for a, b in itertools.pairwise(people)] + [ox.Triple(people[0], knows, other)]
    known = saturate(facts, OWL_RL, options=SaturationOptions(generalised=True))
    assert len(known.inferred()[0]) == 30 * 30 - 29 + 29 + len(saturate([], OWL_RL).inferred()[0])
    proof = prove(known, ox.Triple(people[3], knows, other))
    assert proof.rule is not None and proof.rule.endswith("eq-rep-s")


def test_taking_an_equality_back_takes_back_what_it_said() -> None:
    a, b, knows, c = (ox.NamedNode(f"urn:{name}") for name in ("a", "b", "knows", "c"))
    known = saturate([ox.Triple(a, SAME, b), ox.Triple(a, knows, c)], OWL_RL, options=SaturationOptions(generalised=True))
    assert ox.Triple(b, knows, c) in known
    known.remove([ox.Triple(a, SAME, b)])
    assert ox.Triple(b, knows, c) not in known
