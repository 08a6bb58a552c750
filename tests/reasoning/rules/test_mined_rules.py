"""What a mined rule is good for: a file to read and change, predictions, and answers with reasons."""

from __future__ import annotations

from dataclasses import replace

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, BNode, Literal, URIRef

from dovetail.kg import InputError, Term
from dovetail.kg.terms import to_ox
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.mining import MiningOptions, RuleAnswers, mine_rules, predictions, write_mined
from dovetail.reasoning.rules.rule import Node
from tests.reasoning.rules.mined import index_of, name, put, solutions, triples_of

THINGS = [*(name(text) for text in "abcd"), BNode("n")]
TRIPLES = st.tuples(
    st.sampled_from(THINGS),
    st.sampled_from([name("p"), name("q"), RDF.type]),
    st.sampled_from([*THINGS, Literal('two\n\n"lines"'), name("Class")]),
)
GRAPHS = st.sets(TRIPLES, min_size=4, max_size=10)
ALL = MiningOptions(seconds=600, min_support=1, min_confidence=0.0, top=40, samples=4_096)


@settings(deadline=None, max_examples=20)
@given(GRAPHS)
def test_the_file_reads_back(facts: set[tuple[Term, Term, Term]]) -> None:
    rules = mine_rules(index_of(facts), options=ALL)
    text = write_mined(rules)
    assert [replace(rule, line=0) for rule in parse_rules(text).rules] == [mined.rule for mined in rules]
    assert text.count("\n# right ") + text.startswith("# right ") == len(rules)


@settings(deadline=None, max_examples=20)
@given(GRAPHS)
def test_predictions_are_what_follows_and_is_not_stated(facts: set[tuple[Term, Term, Term]]) -> None:
    index = index_of(facts)
    stated = triples_of(index)
    for mined in mine_rules(index, options=ALL):
        head = mined.rule.head[0]
        follows = {(put(head.subject, found), head.predicate, put(head.object, found)) for found in solutions(mined.rule, stated)}
        wanted = {triple for triple in follows - stated if not isinstance(triple[0], ox.Literal)}
        found = predictions(index, mined.rule)
        assert len(found) == len(wanted) and {(t.subject, t.predicate, t.object) for t in found} == wanted
        assert predictions(index, mined.rule, 1) == found[:1]


@settings(deadline=None, max_examples=20)
@given(GRAPHS, st.sampled_from(THINGS[:4]), st.sampled_from([name("p"), name("q"), RDF.type]))
def test_answers_are_what_the_rules_foretell(facts: set[tuple[Term, Term, Term]], start: URIRef, relation: URIRef) -> None:
    index = index_of(facts)
    stated = triples_of(index)
    rules = mine_rules(index, options=ALL)
    answers = RuleAnswers(index, rules)
    tails: dict[Node, set[str]] = {}
    heads: dict[Node, set[str]] = {}
    for mined in rules:
        head = mined.rule.head[0]
        for found in solutions(mined.rule, stated):
            subject, value = put(head.subject, found), put(head.object, found)
            if (subject, head.predicate) == (to_ox(start), to_ox(relation)):
                tails.setdefault(value, set()).add(mined.rule.name)
            if (value, head.predicate) == (to_ox(start), to_ox(relation)):
                heads.setdefault(subject, set()).add(mined.rule.name)
    for wanted, given_ in ((tails, answers.tails(start, relation, top=99)), (heads, answers.heads(relation, start, top=99))):
        assert {to_ox(one.answer): {mined.rule.name for mined in one.rules} for one in given_} == wanted
        surest = [[mined.support / (mined.body_size + 5) for mined in one.rules][:4] for one in given_]
        assert surest == sorted(surest, reverse=True)


def test_a_person_may_change_the_file() -> None:
    index = index_of([(name("ann"), name("worksIn"), name("bonn")), (name("bob"), name("worksIn"), name("bonn"))])
    text = """RULE WEIGHT 0.7 { ?who <urn:x:near> ?other }
    WHERE { ?who <urn:x:worksIn> ?town . ?other <urn:x:worksIn> ?town . FILTER(!sameTerm(?who, ?other)) }"""
    assert sorted(map(str, predictions(index, parse_rules(text).rules[0]))) == [
        "<urn:x:ann> <urn:x:near> <urn:x:bob>",
        "<urn:x:bob> <urn:x:near> <urn:x:ann>",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RULE { ?x <urn:p> 1 . ?x <urn:q> 1 } WHERE { ?x <urn:r> ?y }", "one triple in its head, not 2"),
        ("RULE { ?x <urn:p> 1 } WHERE { ?x <urn:r> ?y FILTER(?y > 2) }", "filters !SAMETERM"),
        ("RULE { ?x <urn:p> 1 } WHERE { ?x ?r ?y }", "names its relations"),
    ],
)
def test_a_rule_that_no_miner_writes_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        predictions(index_of([]), parse_rules(text).rules[0])


def test_a_rule_over_things_unknown_here() -> None:
    index = index_of([(name("ann"), name("worksIn"), name("bonn"))])
    rules = parse_rules("""RULE { ?x <urn:new> <urn:thing> } WHERE { ?x <urn:x:worksIn> ?y }
    RULE { ?x <urn:new> <urn:thing> } WHERE { ?x <urn:x:worksIn> <urn:nowhere> }
    RULE { ?x <urn:new> <urn:thing> } WHERE { ?x <urn:never> ?y }""").rules
    assert [[str(triple) for triple in predictions(index, rule)] for rule in rules] == [["<urn:x:ann> <urn:new> <urn:thing>"], [], []]
