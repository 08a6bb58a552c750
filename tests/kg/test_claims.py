"""What is said with qualifiers: kept with its evidence, out of every layer where it is denied or merely possible."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Dataset, Store
from rdflib import XSD, Literal, URIRef

from dovetail.kg import Document, DocumentRecord, Evidence, InputError, KnowledgeGraph, Layer, Qualifiers, Statement
from dovetail.kg.confidence import stated_confidences
from dovetail.kg.formats import export_graph, import_graph
from dovetail.kg.graphml import confidences_of_relations
from dovetail.kg.statement import PLAIN, UNKNOWN_TIME

EX = "urn:x:"
TEXT = "Cook led Apple. "
COOK, LED, APPLE = (URIRef(EX + name) for name in ("cook", "led", "apple"))
YEARS = [Literal(year, datatype=XSD.gYear) for year in ("1997", "2011")]
DENIED, MAYBE, UNTIL = Qualifiers("negated"), Qualifiers(modality="possible"), Qualifiers(start=YEARS[0], end=YEARS[1])


def says(document: str, qualifiers: Qualifiers = PLAIN, *, confidence: float = 0.5, subject: URIRef = COOK) -> Statement:
    return Statement(subject, LED, APPLE, evidence=(Evidence(document, 0, 15, TEXT[:15], confidence, "hand@1"),), qualifiers=qualifiers)


def record(name: str, *statements: Statement) -> DocumentRecord:
    return DocumentRecord(Document(name, name, TEXT, name), statements, "f")


def put(*records: DocumentRecord, asserted: list[Statement] | None = None) -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add(asserted or [])
    graph.put_documents(records)
    return graph


def dump(graph: KnowledgeGraph) -> list[str]:
    return sorted(map(str, graph.store))


# -------------------------------------------------------------------- laws

TIMES = st.sampled_from([None, *YEARS, UNKNOWN_TIME])
SENSES = st.builds(
    Qualifiers,
    st.sampled_from(["affirmed", "negated"]),
    st.sampled_from(["asserted", "reported", "possible", "hypothetical"]),
    TIMES,
    TIMES,
    TIMES,
)
SUBJECTS = st.sampled_from([COOK, APPLE])
ASSERTED = st.lists(st.builds(Statement, SUBJECTS, st.just(LED), st.just(APPLE), qualifiers=SENSES), max_size=2)


@st.composite
def corpora(draw: st.DrawFn) -> list[DocumentRecord]:
    found = []
    for name in draw(st.lists(st.sampled_from(["a", "b", "c d"]), unique=True, min_size=1)):
        statements = st.builds(says, st.just(name), SENSES, confidence=st.sampled_from([0.25, 0.5, 1.0]), subject=SUBJECTS)
        found.append(record(name, *draw(st.lists(statements, max_size=4))))
    return found


@settings(deadline=None, max_examples=60)
@given(corpora(), ASSERTED, st.data())
def test_forgetting_some_is_never_having_read_them(found: list[DocumentRecord], asserted: list[Statement], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from([r.document.id for r in found])))
    graph = put(*found, asserted=asserted)
    graph.forget(gone)
    assert dump(graph) == dump(put(*(r for r in found if r.document.id not in gone), asserted=asserted))


@settings(deadline=None, max_examples=40)
@given(corpora())
def test_only_what_is_affirmed_and_not_merely_possible_is_stated(found: list[DocumentRecord]) -> None:
    graph = put(*found)
    statements = [statement for r in found for statement in r.statements]
    stated = {(s.subject, s.predicate, s.object) for s in statements if s.qualifiers.stated}
    read = [s for thing in (COOK, APPLE) for s in graph.statements_about(thing)]
    assert {(s.subject, s.predicate, s.object) for s in read} == stated
    assert len(graph.index()) == len(stated)
    places = {(s.subject, e.document) for s in statements if s.qualifiers.stated for e in s.evidence}
    assert {(s.subject, e.document) for s in read for e in s.evidence} == places


@settings(deadline=None, max_examples=40)
@given(corpora())
def test_claims_come_back_as_they_went_in(found: list[DocumentRecord]) -> None:
    said = {(s.subject, s.qualifiers, e.document) for r in found for s in r.statements if s.qualifiers != PLAIN for e in s.evidence}
    claims = put(*found).claims_about(APPLE)
    assert {(c.subject, c.qualifiers, e.document) for c in claims for e in c.evidence} == said
    assert len(claims) == len({(subject, qualifiers) for subject, qualifiers, _ in said})


@pytest.mark.parametrize("name", ["csv", "jsonld", "nquads", "parquet", "rdf12", "trig"])
def test_claims_survive_a_file(name: str) -> None:
    graph = put(record("a", says("a", UNTIL), says("a", DENIED)), record("b", says("b", MAYBE)))
    stream = BytesIO()
    export_graph(graph.store, stream, format=name)
    again = Store()
    with TemporaryDirectory() as folder:
        file = Path(folder, "graph")
        file.write_bytes(stream.getvalue())
        import_graph(file, into=again, layer=None, format=name)
    assert Dataset(again) == Dataset(graph.store)


# -------------------------------------------------------------------- stories


def test_one_document_affirms_and_another_denies() -> None:
    graph = put(record("a", says("a")), record("b", says("b", DENIED, confidence=0.8)))
    [stated] = graph.statements_about(COOK)
    assert [e.document for e in stated.evidence] == ["a"]
    assert stated.confidence == 0.5
    [denied] = graph.claims_about(COOK)
    assert (denied.qualifiers, denied.confidence, [e.document for e in denied.evidence]) == (DENIED, 0.8, ["b"])
    graph.forget(["a"])
    assert graph.statements_about(COOK) == []
    assert graph.claims_about(COOK) == [denied]
    graph.forget(["b"])
    assert dump(graph) == []


def test_the_confidence_of_what_is_stated_counts_each_piece_of_evidence_once() -> None:
    graph = put(record("a", says("a", UNTIL)), record("b", says("b", Qualifiers(modality="reported"))), record("c", says("c", DENIED)))
    [stated] = graph.statements_about(COOK)
    assert stated.confidence == 0.75
    found = stated_confidences(graph, graph.index())
    assert found is not None
    assert found.tolist() == [0.75]
    assert list(confidences_of_relations(graph.store).values()) == [0.75]
    assert graph.summary().extractors == {"hand@1": 3}


def test_a_person_may_deny() -> None:
    graph = put(asserted=[Statement(COOK, LED, APPLE, 0.9, qualifiers=DENIED)])
    assert graph.statements_about(COOK) == []
    assert [c.confidence for c in graph.claims_about(COOK)] == [0.9]
    with pytest.raises(InputError, match="only stated triples have qualifiers"):
        graph.add([Statement(COOK, LED, APPLE, qualifiers=DENIED)], layer=Layer.PREDICTED)


def test_evidence_added_later_may_deny_too() -> None:
    graph = put(record("a", says("a")))
    assert graph.add([says("a", DENIED), says("a", UNTIL)]) == 0
    assert [c.qualifiers for c in graph.claims_about(COOK)] == [UNTIL, DENIED]
    assert len(graph.statements_about(COOK)) == 1


def test_the_summary_counts_claims() -> None:
    graph = put(record("a", says("a"), says("a", UNTIL), says("a", DENIED), says("a", Qualifiers("negated", "possible", at=YEARS[0]))))
    assert graph.summary().claims == {"negated": 2, "possible": 1, "dated": 2}
    assert graph.summary().relations == {LED: 1}


def test_quads_are_those_the_contract_names() -> None:
    """The IRIs are public: other programs query them."""
    graph = put(record("a", says("a", UNTIL), says("a", DENIED)))
    rows = graph.query(
        """SELECT ?start ?quote {
             ?statement a rdf:Statement ; rdf:subject <urn:x:cook> ; rdf:predicate <urn:x:led> ; rdf:object <urn:x:apple> ;
                dt:polarity "affirmed" ; dt:modality "asserted" ; pq:P580 ?start ; pq:P582 ?end ;
                prov:wasDerivedFrom/prov:hadPrimarySource/oa:exact ?quote .
             FILTER (?end < "2012"^^xsd:gYear) }"""
    )
    assert [[str(value) for value in row.values()] for row in rows.bindings] == [["1997", TEXT[:15]]]
    denied = graph.query('SELECT ?o { ?statement dt:polarity "negated" ; rdf:object ?o ; rdf:subject <urn:x:cook> }')
    assert [str(value) for row in denied.bindings for value in row.values()] == [str(APPLE)]
    only_denied = put(record("a", says("a", DENIED)))
    assert not only_denied.query("ASK { <urn:x:cook> <urn:x:led> ?thing }").askAnswer
