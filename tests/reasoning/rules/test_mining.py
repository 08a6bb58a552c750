"""The miner counts as the definitions do, misses nothing it promises, and obeys the clock, the seed and its bounds."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, BNode, Literal

from dovetail.kg import InputError, Term
from dovetail.kg.terms import to_ox
from dovetail.reasoning.rules.mining import MinedRule, MiningOptions, MiningProgress, mine_rules
from dovetail.reasoning.rules.rule import Node, Pattern, Variable
from tests.reasoning.rules.mined import Atom, as_atoms, as_rule, closed_bodies, definition, index_of, name, solutions, triples_of, wasted

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
            found = solutions(mined.rule, {(t.subject, t.predicate, t.object) for t in body})
            assert (head.subject, head.object) in {instance(mined.rule.head[0], solution) for solution in found}


def instance(head: Pattern, solution: dict[str, Node]) -> tuple[Node, Node]:
    subject, value = (solution.get(getattr(node, "name", ""), node) for node in (head.subject, head.object))
    return subject, value


def patterns(mined: MinedRule) -> list[Pattern]:
    return [part for part in mined.rule.body if isinstance(part, Pattern)]


BODIES = {length: closed_bodies(("p", "q"), length) for length in (1, 2, 3)}


@settings(deadline=None, max_examples=30)
@given(st.sets(PLAIN, min_size=4, max_size=9))
def test_every_closed_rule_worth_having_is_found(facts: set[tuple[Term, Term, Term]]) -> None:
    index = index_of(facts)
    stated = triples_of(index)
    rules = mine_rules(index, options=replace(ALL, constants=False, examples=0))
    for head in ("p", "q"):
        bodies = [body for length in (1, 2, 3) for body in BODIES[length] if (head, "x", "y") not in body and not wasted(head, body)]
        counts = {body: definition(as_rule(head, body, stated), stated) for body in bodies}
        confidences = {body: right.support / right.body_size for body, right in counts.items() if right.support}
        wanted = {body for body, confidence in confidences.items() if all(confidences.get(part, 0.0) < confidence for part in inside(body))}
        assert wanted == {as_atoms(patterns(mined)) for mined in rules if mined.rule.head[0].predicate == to_ox(name(head))}


def inside(body: tuple[Atom, ...]) -> list[tuple[Atom, ...]]:
    return [part for size in range(1, len(body)) for part in combinations(body, size)]


def town(count: int = 8) -> list[tuple[Term, Term, Term]]:
    """People who live where they work, but for the last; each has the next for a friend, and back; the first half are bakers."""
    facts: list[tuple[Term, Term, Term]] = []
    for n in range(count):
        person, place = name(f"person{n}"), name(f"town{n % 3}")
        facts += [(person, name("worksIn"), place), (person, RDF.type, name("Person"))]
        facts += [(person, name("knows"), name(f"person{n ^ 1}"))]
        facts += [(person, name("livesIn"), place)] * (n < count - 1)
        facts += [(person, name("trade"), Literal("bread")), (person, RDF.type, name("Baker"))] if n < count // 2 else []
    return facts


BAKERS = [name(f"person{n}") for n in range(4)]


def test_the_rules_of_a_small_town() -> None:
    rules = mine_rules(index_of(town()), options=MiningOptions(min_support=3, top=None, max_body=2))
    shown = {(str(m.rule.head[0]), *map(str, m.rule.body)): (m.support, m.body_size, m.rule.weight) for m in rules}

    def triple(subject: str, predicate: str, value: Node) -> str:
        return str(Pattern(Variable(subject), to_ox(name(predicate)), value))

    x, y = Variable("x"), Variable("y")
    assert shown[triple("x", "livesIn", y), triple("x", "worksIn", y)] == (7, 8, 0.875)
    assert shown[triple("x", "knows", y), str(Pattern(y, to_ox(name("knows")), x))] == (8, 8, 1.0)
    baker = str(Pattern(x, to_ox(RDF.type), to_ox(name("Baker"))))
    assert shown[triple("x", "trade", to_ox(Literal("bread"))), baker] == (4, 4, 1.0)
    assert shown[baker, triple("x", "trade", Variable("z"))] == (4, 4, 1.0)
    assert (baker, triple("x", "trade", to_ox(Literal("bread")))) not in shown  # no surer than with any trade at all


def test_a_type_of_one_end_makes_a_rule_surer() -> None:
    facts = [fact for fact in town() if fact[1] != name("livesIn") or fact[0] in BAKERS]
    rules = mine_rules(index_of(facts), options=MiningOptions(min_support=3, max_body=2, top=None))
    wide = Pattern(Variable("x"), to_ox(name("worksIn")), Variable("y"))
    baker = Pattern(Variable("x"), to_ox(RDF.type), to_ox(name("Baker")))
    found = {mined.rule.body: mined for mined in rules if mined.rule.head[0].predicate == to_ox(name("livesIn"))}
    assert (found[wide,].support, found[wide,].body_size) == (4, 8)
    assert [scores(mined) for body, mined in found.items() if {*body} == {wide, baker}] == [(4, 4)]


def test_a_type_is_always_a_certain_one() -> None:
    rules = mine_rules(index_of(town()), options=replace(ALL, max_body=2, examples=0))
    atoms = [atom for mined in rules for atom in (mined.rule.head[0], *patterns(mined))]
    classes = [atom.object for atom in atoms if atom.predicate == to_ox(RDF.type)]
    assert classes and not any(isinstance(one, Variable) for one in classes)


def test_the_bounds_hold() -> None:
    bounds = MiningOptions(min_support=4, min_confidence=0.6, min_head_coverage=0.5, top=6, ignore=frozenset({str(name("knows"))}))
    rules = mine_rules(index_of(town()), options=bounds)
    assert 0 < len(rules) <= 6
    for mined in rules:
        assert mined.support >= 4 and mined.standard_confidence >= 0.6 and mined.head_coverage >= 0.5
        assert to_ox(name("knows")) not in [atom.predicate for atom in (mined.rule.head[0], *patterns(mined))]


def test_only_the_best_are_kept_for_each_relation() -> None:
    index = index_of(town())
    everything = mine_rules(index, options=replace(ALL, max_body=2, examples=0))
    few = mine_rules(index, options=replace(ALL, max_body=2, examples=0, per_relation=2))
    for kind in {kind_of(mined) for mined in everything}:
        best = [scores(mined) for mined in everything if kind_of(mined) == kind][:2]
        assert [scores(mined) for mined in few if kind_of(mined) == kind] == best


def kind_of(mined: MinedRule) -> tuple[Node, bool]:
    """The head's relation, and whether the rule is closed."""
    head = mined.rule.head[0]
    return head.predicate, isinstance(head.subject, Variable) and isinstance(head.object, Variable)


def scores(mined: MinedRule) -> tuple[int, int]:
    return mined.support, mined.body_size


def test_the_weight_is_the_confidence_asked_for() -> None:
    facts = [fact for fact in town() if fact[:2] != (name("person1"), name("livesIn"))]
    for measure in ("standard", "pca"):
        rules = mine_rules(index_of(facts), options=MiningOptions(min_support=3, measure=measure, max_body=1))
        assert any(mined.standard_confidence < mined.pca_confidence for mined in rules)
        for mined in rules:
            asked = mined.pca_confidence if measure == "pca" else mined.standard_confidence
            assert mined.rule.weight == pytest.approx(asked, rel=1e-3)


def test_the_same_seed_finds_the_same_rules() -> None:
    index = index_of(town())
    options = MiningOptions(min_support=2, samples=4_096, seed=3, top=None)
    assert mine_rules(index, options=options) == mine_rules(index, options=options)


def test_the_clock_stops_it_and_it_says_so() -> None:
    said: list[MiningProgress] = []
    assert mine_rules(index_of(town()), options=MiningOptions(seconds=0.0, on_progress=said.append)) == []
    assert said[-1].clock_stopped
    mine_rules(index_of(town(4)), options=MiningOptions(seconds=600, on_progress=said.append, max_body=2, samples=4_096))
    assert not said[-1].clock_stopped and said[-1].bodies > 0 and said[-1].samples == 4_096


def test_a_join_that_is_too_large_is_left_out_and_counted() -> None:
    said: list[MiningProgress] = []
    narrow = replace(ALL, max_body=2, examples=0)
    rules = mine_rules(index_of(town()), options=replace(narrow, max_join=3, on_progress=said.append))
    assert said[-1].too_large > 0
    everything = mine_rules(index_of(town()), options=narrow)
    assert {spoken(mined) for mined in rules} < {spoken(mined) for mined in everything}


def spoken(mined: MinedRule) -> tuple[object, ...]:
    return mined.rule.head, mined.rule.body, mined.support, mined.body_size


def test_a_graph_without_relations_has_no_rules() -> None:
    assert mine_rules(index_of([])) == []
    assert mine_rules(index_of([(name("a"), RDF.type, name("Class"))])) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (MiningOptions(max_body=4), "one to three atoms in its body, not 4"),
        (MiningOptions(min_support=0), "1 or more, not 0"),
        (MiningOptions(min_confidence=1.5), "min_confidence must lie between 0 and 1, not 1.5"),
        (MiningOptions(measure="best"), "no confidence named 'best'"),  # type: ignore[arg-type]  # what is refused
    ],
)
def test_impossible_wishes_are_refused(options: MiningOptions, said: str) -> None:
    with pytest.raises(InputError, match=said):
        mine_rules(index_of(town()), options=options)
