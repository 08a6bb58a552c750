"""Comparisons on facts that the graph states: which relation, which value, which choice."""

from __future__ import annotations

import pytest
from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from dovetail.kg import Evidence
from dovetail.reasoning.questions.decide import compare_facts
from dovetail.reasoning.questions.facts import Edge, FactPath


def stated(subject: str, relation: str, value: Literal, confidence: float = 0.9) -> FactPath:
    name, kind = URIRef(f"urn:x:{subject}"), URIRef(f"urn:x:{relation}")
    quote = f"{subject} {relation} {value}"
    evidence = Evidence(f"{subject}.txt", 0, len(quote), quote, confidence, "hand@1")
    return FactPath(value, frozenset({str(value)}), (Edge((name, kind, value), value),), ((evidence,),), 0.5)


YEAR = [
    stated("Alpha", "founded", Literal("1834", datatype=XSD.gYear)),
    stated("Beta", "founded", Literal("1966-05", datatype=XSD.gYearMonth)),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which was founded first, Alpha or Beta?", "Alpha"),
        ("Which is younger, Alpha or Beta?", "Beta"),
        ("Which is larger, Alpha or Beta?", None),
        ("Which is red, Alpha or Beta?", None),
    ],
)
def test_facts_of_two_documents_are_compared(question: str, answer: str | None) -> None:
    found = compare_facts(question, ("Alpha", "Beta"), [[YEAR[0]], [YEAR[1]]])
    assert (found[0].text if found else None) == answer
    if found:
        assert [path.edges[0].triple[0] for path in found[1]] == [URIRef("urn:x:Alpha"), URIRef("urn:x:Beta")]


def test_only_the_same_relation_is_compared_and_the_surest_value_counts() -> None:
    other = stated("Beta", "closed", Literal("1700", datatype=XSD.gYear))
    assert compare_facts("Which is older, Alpha or Beta?", ("Alpha", "Beta"), [[YEAR[0]], [other]]) is None
    unsure = stated("Alpha", "founded", Literal("1999", datatype=XSD.gYear), 0.3)
    found = compare_facts("Which is older, Alpha or Beta?", ("Alpha", "Beta"), [[unsure, YEAR[0]], [YEAR[1]]])
    assert found is not None and found[0].text == "Alpha"
