"""The engine does what the rules mean, from scratch and after any changes."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.reasoning.rules.materialization import Materialization, saturate
from dovetail.reasoning.rules.rule import RuleSet
from tests.reasoning.rules import programs
from tests.reasoning.rules.reference import naive


def inferred(known: Materialization) -> set[ox.Triple]:
    return set(known.triples(known.inferred()[0]))


@given(programs.graphs, programs.programs())
@settings(max_examples=300, deadline=None)
def test_the_engine_derives_what_the_naive_evaluator_derives(facts: list[ox.Triple], rules: RuleSet) -> None:
    assert inferred(saturate(facts, rules)) == naive(rules, set(facts))


@given(programs.graphs, programs.programs())
@settings(max_examples=100, deadline=None)
def test_saturating_twice_adds_nothing(facts: list[ox.Triple], rules: RuleSet) -> None:
    first = inferred(saturate(facts, rules))
    if not any(rule.stated_only or any(getattr(part, "stated_only", False) for part in rule.body) for rule in rules.rules):
        assert inferred(saturate([*facts, *first], rules)) == set()


@given(programs.graphs, programs.graphs, programs.programs(negation=False))
@settings(max_examples=100, deadline=None)
def test_without_negation_more_facts_never_mean_fewer_conclusions(facts: list[ox.Triple], more: list[ox.Triple], rules: RuleSet) -> None:
    everything = list({*facts, *more})
    assert inferred(saturate(facts, rules)) | set(facts) <= inferred(saturate(everything, rules)) | set(everything)


changes = st.lists(st.tuples(st.lists(programs.triples, max_size=4), st.lists(programs.triples, max_size=4)), max_size=4)


@given(programs.graphs, programs.programs(), changes)
@settings(max_examples=400, deadline=None)
def test_after_any_changes_all_is_as_from_scratch(
    facts: list[ox.Triple], rules: RuleSet, steps: list[tuple[list[ox.Triple], list[ox.Triple]]]
) -> None:
    known, stated = saturate(facts, rules), set(facts)
    for added, removed in steps:
        known.update(added, removed)
        stated = (stated - set(removed)) | set(added)
        assert inferred(known) == inferred(saturate(stated, rules))


@given(programs.graphs, programs.programs(), programs.programs())
@settings(max_examples=200, deadline=None)
def test_exchanging_rules_is_as_starting_with_the_new_ones(facts: list[ox.Triple], before: RuleSet, after: RuleSet) -> None:
    known = saturate(facts, before)
    known.set_rules(after)
    assert inferred(known) == inferred(saturate(facts, after))
