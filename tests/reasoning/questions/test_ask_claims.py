"""What documents deny or hold possible is no fact to answer with: the tiny world, with other senses of where Marie Curie was born."""

from __future__ import annotations

import pytest
from rdflib import URIRef

from dovetail.kg import Document, DocumentRecord, Evidence, KnowledgeGraph, Qualifiers, Statement
from dovetail.reasoning import InferenceOptions, infer, parse_rules
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.facts import fact_paths
from tests.reasoning.tiny import BIRTHPLACE, MARIE, PIERRE, POLAND, WARSAW, WordCounter, world

QUESTION = "Where was Pierre Curie born?"
TEXT = "Pierre Curie was not born in Warsaw."


def graph_that_says(qualifiers: Qualifiers) -> Asker:
    """The tiny world, and a document on where Pierre Curie was born or not."""
    graph, passages = world()
    evidence = Evidence("other", 0, len(TEXT), TEXT, 0.9, "hand@1")
    said = Statement(PIERRE, BIRTHPLACE, WARSAW, evidence=(evidence,), qualifiers=qualifiers)
    graph.put_documents([DocumentRecord(Document("other", "Other", TEXT, "other"), [said], "1")])
    return Asker(graph, passages, WordCounter())


UNSTATED = [Qualifiers("negated"), Qualifiers(modality="possible"), Qualifiers(modality="hypothetical"), Qualifiers("negated", "reported")]


@pytest.mark.parametrize("qualifiers", UNSTATED)
def test_no_fact_comes_of_what_is_denied_or_merely_possible(qualifiers: Qualifiers) -> None:
    asker = graph_that_says(qualifiers)
    assert WARSAW not in {path.answer for path in fact_paths(QUESTION, [PIERRE], asker.graph, WordCounter()) if len(path.edges) == 1}
    answers = asker.ask(QUESTION, explain=True).answers
    used = {(step.labels[0], step.labels[2]) for given in answers for step in given.proof}
    assert ("Pierre Curie", "Warsaw") not in used
    assert len(asker.graph.claims_about(PIERRE)) == 1


def test_a_fact_comes_of_what_is_reported() -> None:
    asker = graph_that_says(Qualifiers(modality="reported"))
    assert WARSAW in {path.answer for path in fact_paths(QUESTION, [PIERRE], asker.graph, WordCounter()) if len(path.edges) == 1}


@pytest.mark.parametrize("qualifiers", UNSTATED)
def test_nothing_follows_from_it(qualifiers: Qualifiers) -> None:
    graph = graph_that_says(qualifiers).graph
    rules = parse_rules(f"RULE {{ ?who <urn:x:from> ?land }} WHERE {{ ?who <{BIRTHPLACE}> ?town . ?town <urn:x:in> ?land }}")
    graph.add([Statement(WARSAW, URIRef("urn:x:in"), POLAND)])
    infer(graph, options=InferenceOptions(rules=rules))
    rows = graph.query("SELECT ?who { ?who <urn:x:from> ?land }").bindings
    assert [str(value) for row in rows for value in row.values()] == [str(MARIE)]
    assert graph.evidence_for(PIERRE, BIRTHPLACE, WARSAW) == []


def test_it_is_asked_for_by_its_sense() -> None:
    graph: KnowledgeGraph = graph_that_says(Qualifiers("negated")).graph
    rows = graph.query(
        """SELECT ?quote { ?claim rdf:subject <urn:dovetail:entity:person:Pierre_Curie> ; dt:polarity "negated" ;
             prov:wasDerivedFrom/prov:hadPrimarySource/oa:exact ?quote }"""
    )
    assert [str(value) for row in rows.bindings for value in row.values()] == [TEXT]
