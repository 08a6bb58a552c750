"""The miner counts as the definitions do, misses nothing it promises, and obeys the clock, the seed and its bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, BNode, Literal

from dovetail.kg import InputError, Term
from dovetail.reasoning.rules.mining import MinedRule, MiningOptions, MiningProgress, mine_rules
from dovetail.reasoning.rules.rule import Node, Pattern
from tests.reasoning.rules.mined import Atom, as_atoms, as_rule, closed_bodies, definition, index_of, name, solutions, triples_of

THINGS = [name(text) for text in "abcde"]
TRIPLES = st.tuples(
    st.sampled_from([*THINGS, BNode("n")]),
    st.sampled_from([name("p"), name("q"), name("r"), RDF.type]),
    st.sampled_from([*THINGS, BNode("n"), Literal("one"), name("Class")]),
)
PLAIN = st.tuples(st.sampled_from(THINGS[:4]), st.sampled_from([name("p"), name("q")]), st.sampled_from(THINGS[:4]))
ALL = MiningOptions(
    seconds=600, min_support=1, min_confidence=0.0, min_gain=0.0, per_relation=100_000, top=None, examples=1, samples=8_192
)


@settings(deadline=None, max_examples=25)
@given(st.sets(TRIPLES, min_size=4, max_size=14), st.integers(0, 9), st.sampled_from([1, 2, 3]))
def test_counts_are_what_they_are_defined_to_be(facts: set[tuple[Term, Term, Term]], seed: int, max_body: int) -> None:
    index = index_of(facts)
    stated = triples_of(index)
    rules = mine_rules(index, options=replace(ALL, seed=seed, max_body=max_body))
    for mined in rules[:: max(1, len(rules) // 25)]:
        right = definition(mined.rule, stated)
        assert (mined.support, mined.body_size) == (right.support, right.body_size)
        assert mined.standard_confidence == right.support / right.body_size
        assert mined.pca_confidence == right.support / right.known
        assert mined.head_coverage == right.support / right.head_size
        assert len(patterns(mined)) <= max_body
        assert mined.rule.head[0] not in mined.rule.body


@settings(deadline=None, max_examples=25)
@given(st.sets(TRIPLES, min_size=4, max_size=14))
def test_examples_are_instances_in_the_graph(facts: set[tuple[Term, Term, Term]]) -> None:
    index = index_of(facts)
    stated = triples_of(index)
    rules = mine_rules(index, options=replace(ALL, max_body=2, examples=2))
    for mined in rules[:: max(1, len(rules) // 25)]:
        assert len(mined.examples) == min(2, mined.support) or len(mined.examples) == 1
        for head, *body in mined.examples:
            assert {(t.subject, t.predicate, t.object) for t in (head, *body)} <= stated
            found = [solution for solution in solutions(mined.rule, {(t.subject, t.predicate, t.object) for t in body})]
            assert (head.subject, head.object) in {instance(mined.rule.head[0], solution) for solution in found}


def instance(head: Pattern, solution: dict[str, Node]) -> tuple[Node, Node]:
    subject, value = (solution.get(getattr(node, "name", ""), node) for node in (head.subject, head.object))
    return subject, value


def patterns(mined: MinedRule) -> list[Pattern]:
    return [part for part in mined.rule.body if isinstance(part, Pattern)]


BODIES = {length: closed_bodies(("p", "q"), length) for length in (1, 2, 3)}


@settings(deadline=None, max_examples=15)
@given(st.sets(PLAIN, min_size=4, max_size=9))
def test_every_closed_rule_worth_having_is_found(facts: set[tuple[Term, Term, Term]]) -> None:
    index = index_of(facts)
    stated = triples_of(index)
    found = {
        (str(mined.rule.head[0].predicate), atoms): mined
        for mined in mine_rules(index, options=replace(ALL, constants=False, examples=0))
        if (atoms := as_atoms(patterns(mined)))
    }
    confidences: dict[tuple[Atom, ...], float] = {}
    for head in ("p", "q"):
        confidences.clear()
        for body in (body for length in (1, 2, 3) for body in BODIES[length] if (head, "x", "y") not in body):
            right = definition(as_rule(head, body, stated), stated)
            if right.support and not wasted(head, body):
                confidences[body] = right.support / right.body_size
        wanted = {body for body, confidence in confidences.items() if all(confidences.get(b, 0) < confidence for b in inside(body))}
        assert wanted == {atoms for predicate, atoms in found if predicate == str(as_rule(head, (), stated).head[0].predicate)}


def wasted(head: str, body: Iterable[Atom]) -> bool:
    """Whether the body says of X and Y only what the head does: beside one atom, two that are fulfilled by the head's own triple."""
    return any(a[1:] == b[1:] and "x" in a[1:] and "y" not in a[1:] and head == p for a, b in combinations(body, 2) for p in (a[0], b[0]))


def inside(body: tuple[Atom, ...]) -> list[tuple[Atom, ...]]:
    return [part for size in range(1, len(body)) for part in combinations(body, size)]
