"""Layers of rules: against the definition, and the circles that have none."""

from __future__ import annotations

from itertools import product

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg import RuleError
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.parse_triples import triple_term
from dovetail.reasoning.rules.language.strata import dependencies, may_match, stratify
from dovetail.reasoning.rules.rule import Negation, Node, Pattern, Rule, RuleSet, TripleTerm, Variable

TERMS = [ox.NamedNode("urn:a"), ox.NamedNode("urn:b")]
NODES: st.SearchStrategy[Node] = st.sampled_from([Variable("x"), Variable("y"), *TERMS])
PATTERNS = st.builds(Pattern, NODES, NODES, NODES | st.builds(triple_term, NODES, st.sampled_from(TERMS), NODES))
PROPERTIES = [ox.NamedNode(f"urn:p{number}") for number in range(5)]
LITTLE = st.builds(Pattern, st.just(Variable("x")), st.sampled_from([*PROPERTIES, Variable("y")]), NODES)
RULES = st.lists(
    st.builds(
        lambda said, asked, denied: ((said,), (*asked, *(Negation((pattern,)) for pattern in denied))),
        LITTLE,
        st.lists(LITTLE, max_size=2),
        st.lists(LITTLE, max_size=1),
    ),
    max_size=5,
).map(lambda parts: RuleSet(tuple(Rule(f"rule-{number}", head, body) for number, (head, body) in enumerate(parts, start=1))))


def strata_by_definition(rules: RuleSet) -> dict[str, int] | None:
    """The smallest numbers that satisfy the W3C's inequalities; None if there are none."""
    numbers = {rule.name: 0 for rule in rules.rules}
    edges = [
        (one.name, other.name, dependency.closed)
        for one, other in product(rules.rules, repeat=2)
        for dependency in dependencies(one)
        if any(may_match(dependency.asks, said) for said in other.head)
    ]
    for _ in range(len(numbers) + 1):
        for one, other, closed in edges:
            numbers[one] = max(numbers[one], numbers[other] + closed)
    return None if any(numbers[one] < numbers[other] + closed for one, other, closed in edges) else numbers


@settings(deadline=None)
@given(RULES)
def test_layers_are_those_of_the_definition(rules: RuleSet) -> None:
    expected = strata_by_definition(rules)
    if expected is None:
        with pytest.raises(RuleError, match="no order of running"):
            stratify(rules)
    else:
        layers = stratify(rules)
        assert {rule.name: number for number, layer in enumerate(layers) for rule in layer} == expected
        assert all(layer == sorted(layer, key=lambda rule: rule.name) for layer in layers)


@settings(deadline=None)
@given(PATTERNS, PATTERNS)
def test_patterns_with_an_instance_in_common_may_match(asked: Pattern, said: Pattern) -> None:
    assert may_match(asked, said) == bool(instances(asked) & instances(said))


def instances(pattern: Pattern) -> set[Node]:
    """The ground triples a pattern stands for, over two terms and their triple terms."""
    universe: list[Node] = [*TERMS, *(triple_term(*parts) for parts in product(TERMS, repeat=3))]
    names = [Variable("x"), Variable("y")]

    def filled(node: Node, values: dict[Variable, Node]) -> Node:
        if isinstance(node, Variable):
            return values[node]
        if isinstance(node, TripleTerm):
            return triple_term(filled(node.subject, values), filled(node.predicate, values), filled(node.object, values))
        return node

    found = (dict(zip(names, chosen, strict=True)) for chosen in product(universe, repeat=2))
    return {triple_term(*(filled(node, values) for node in pattern.nodes)) for values in found}


CIRCLES = [
    ("RULE :a { ?x :p 1 } WHERE { ?x :q 1 NOT { ?x :p ?y } }", "urn:a -> NOT urn:a (line 1: each would have to wait"),
    (
        "RULE :a { :k :p 1 } WHERE {}\nRULE :b { ?x :r 1 } WHERE { ?x :p 1 NOT { ?x :s 1 } }\nRULE :c { ?x :s 1 } WHERE { ?x :r 1 }",
        "urn:b -> NOT urn:c -> urn:b (lines 2, 3: each would",
    ),
    ("RULE :a { [] :p ?x } WHERE { ?x :p ?y }", "urn:a -> urn:a (line 1: urn:a makes terms"),
    ("RULE :n { ?x :n ?m } WHERE { ?x :n ?n SET(?m := ?n + 1) }", "urn:n -> urn:n (line 1: urn:n makes terms"),
]


@pytest.mark.parametrize(("text", "circle"), CIRCLES)
def test_a_circle_is_spelt(text: str, circle: str) -> None:
    with pytest.raises(RuleError) as caught:
        stratify(parse_rules(f"PREFIX : <urn:> {text}"))
    assert str(caught.value).startswith(f"no order of running: {circle}")


def test_the_base_graph_is_always_ready() -> None:
    stated = "RULE { ?x :p ?m } WHERE DATA { ?x :p ?n SET(?m := ?n + 1) }"
    rules = parse_rules(f"PREFIX : <urn:> {stated} RULE {{ ?x :q 1 }} WHERE {{ ?x :r 1 NOT DATA {{ ?x :q 1 }} }}")
    assert len(stratify(rules)) == 1


def test_a_triple_term_taken_from_the_body_may_go_round() -> None:
    rules = parse_rules("PREFIX : <urn:> RULE { ?y :said <<( ?a ?p ?b )>> } WHERE { ?x :said <<( ?a ?p ?b )>> ; :told ?y }")
    assert [len(layer) for layer in stratify(rules)] == [1]


def test_thousands_of_rules_have_layers() -> None:
    text = "\n".join(f"RULE {{ ?x a :C{number + 1} }} WHERE {{ ?x a :C{number} NOT {{ ?x :p ?y }} }}" for number in range(1_000))
    assert [len(layer) for layer in stratify(parse_rules(f"PREFIX : <urn:> {text}"))] == [1_000]
    with pytest.raises(RuleError, match="rule-1 -> NOT rule-1 "):
        stratify(parse_rules(f"PREFIX : <urn:> {text.replace('?x :p ?y', '?y ?x ?y')}"))
