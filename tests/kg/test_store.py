"""The graph is a set union over documents; this file says so in laws, then in small stories."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, SKOS, XSD, BNode, Literal, URIRef

from dovetail.kg import (
    Document,
    DocumentRecord,
    Evidence,
    GraphError,
    InputError,
    KnowledgeGraph,
    Layer,
    Statement,
    Term,
)

EX = "urn:x:"
SENTENCES = ("Oxygen is a gas. ", 'It "burns"\n\\ at night. ', "\u0001 \ufffe \\u0041 𝄞 was here. ")
TEXT = "".join(SENTENCES)
PLACES = [(TEXT.index(s), TEXT.index(s) + len(s) - 1) for s in SENTENCES]


def spot(document: str, place: int, confidence: float = 0.5, extractor: str = "hand@1") -> Evidence:
    start, end = PLACES[place]
    return Evidence(document, start, end, TEXT[start:end], confidence, extractor)


def record(name: str, *statements: Statement, mark: str = "f") -> DocumentRecord:
    return DocumentRecord(Document(name, f"Title of {name}", TEXT, f"/{name}"), statements, mark)


def says(document: str, s: str, p: str, o: str, *, confidence: float = 0.5, place: int = 0) -> Statement:
    return Statement(URIRef(EX + s), URIRef(EX + p), URIRef(EX + o), evidence=(spot(document, place, confidence),))


def dump(graph: KnowledgeGraph) -> list[str]:
    return sorted(map(str, graph.store))


# -------------------------------------------------------------------- laws

LAW = settings(deadline=None, max_examples=40)  # machines differ, and some are busy

TERMS: st.SearchStrategy[Term] = st.sampled_from(
    [
        URIRef(EX + "a"),
        URIRef(EX + "b"),
        BNode("b0"),
        Literal("x"),
        Literal("x", lang="en-GB"),
        Literal("x", datatype=XSD.string),
        Literal("01", datatype=XSD.integer, normalize=False),
        Literal("1", datatype=XSD.integer),
        Literal("2020-01-01", datatype=XSD.date),
        Literal(SENTENCES[2]),
    ]
)
SUBJECTS = st.sampled_from([URIRef(EX + "a"), URIRef(EX + "b"), BNode("b0")])
PREDICATES = st.sampled_from([URIRef(EX + "p"), RDF.type, RDFS.label])


@st.composite
def records(draw: st.DrawFn) -> list[DocumentRecord]:
    found = []
    for name in draw(st.lists(st.sampled_from(["a.txt", "b/c d.txt", "ä#3", "d"]), unique=True, min_size=1)):
        evidence = st.builds(
            spot,
            st.just(name),
            st.integers(0, 2),
            st.sampled_from([0.0, 0.25, 0.875, 1.0]),
            st.sampled_from(["hand@1", "läuft schon/2"]),
        )
        statements = st.builds(Statement, SUBJECTS, PREDICATES, TERMS, evidence=st.lists(evidence, min_size=1, max_size=3).map(tuple))
        found.append(record(name, *draw(st.lists(statements, max_size=5)), mark=draw(st.sampled_from(["f", "g"]))))
    return found


def put(found: Sequence[DocumentRecord], asserted: Sequence[Statement] = ()) -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add(asserted)
    graph.put_documents(found)
    return graph


ASSERTED = st.lists(st.builds(Statement, SUBJECTS, PREDICATES, TERMS), max_size=3)


@LAW
@given(records(), ASSERTED, st.data())
def test_forgetting_some_is_never_having_read_them(found: list[DocumentRecord], asserted: list[Statement], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from([r.document.id for r in found])))
    graph = put(found, asserted)
    forgotten = graph.forget(gone)
    rest = put([r for r in found if r.document.id not in gone], asserted)
    assert dump(graph) == dump(rest)
    assert forgotten.documents == len(gone)


@LAW
@given(records(), ASSERTED)
def test_order_and_repetition_do_not_matter(found: list[DocumentRecord], asserted: list[Statement]) -> None:
    once = put(found, asserted)
    again = KnowledgeGraph()
    for item in reversed([*found, *found]):
        again.put_documents([item])
        again.add(asserted)
    assert dump(once) == dump(again)


@LAW
@given(records(), records())
def test_putting_replaces(old: list[DocumentRecord], new: list[DocumentRecord]) -> None:
    graph = put(old)
    graph.put_documents(new)
    names = {r.document.id for r in new}
    assert dump(graph) == dump(put([*(r for r in old if r.document.id not in names), *new]))


@LAW
@given(records())
def test_documents_and_evidence_come_back_as_they_went_in(found: list[DocumentRecord]) -> None:
    graph = put(found)
    by_name = sorted(found, key=lambda r: r.document.id)
    assert list(graph.documents()) == [r.document for r in by_name]
    assert graph.fingerprints() == {r.document.id: r.fingerprint for r in by_name}
    for item in found:
        for statement in item.statements:
            if isinstance(statement.subject, BNode) or isinstance(statement.object, BNode):
                continue
            read = graph.evidence_for(statement.subject, statement.predicate, statement.object)
            places = {(e.document, e.start, e.end, e.quote, e.extractor) for e in read}
            assert {(e.document, e.start, e.end, e.quote, e.extractor) for e in statement.evidence} <= places


# -------------------------------------------------------------------- stories


def test_confidence_joins_documents_and_takes_the_best_within_one() -> None:
    first = says("a", "o2", "is", "gas", confidence=0.5)
    graph = put(
        [
            record("a", first, says("a", "o2", "is", "gas", confidence=0.2, place=1)),
            record("b", says("b", "o2", "is", "gas", confidence=0.5)),
        ]
    )
    [read] = graph.statements_about(URIRef(EX + "gas"))
    assert (read.subject, read.predicate, read.object) == (first.subject, first.predicate, first.object)
    assert read.confidence == 0.75
    assert [(e.document, e.start) for e in read.evidence] == [("a", 0), ("a", PLACES[1][0]), ("b", 0)]


def test_what_a_person_says_outlives_the_document_that_says_it_too() -> None:
    graph = put([record("a", says("a", "o2", "is", "gas"), says("a", "o2", "in", "air"))])
    assert graph.add([Statement(URIRef(EX + "o2"), URIRef(EX + "is"), URIRef(EX + "gas"), 0.9)]) == 0
    assert graph.forget(["a"]).statements == 1
    [left] = graph.statements_about(URIRef(EX + "o2"))
    assert (str(left.predicate), left.confidence, left.evidence) == (EX + "is", 0.9, ())


def test_forgetting_counts_what_went() -> None:
    def typed(name: str, thing: str) -> Statement:
        return Statement(URIRef(EX + thing), RDF.type, URIRef(EX + "T"), evidence=(spot(name, 0),))

    graph = put([record("a", typed("a", "x"), typed("a", "y")), record("b", typed("b", "y"))])
    gone = graph.forget(["a"])
    assert (gone.documents, gone.statements, gone.entities) == (1, 1, 1)


def test_a_wrong_document_gets_a_near_match() -> None:
    graph = put([record("notes/oxygen.txt"), record("notes/iron.txt")])
    with pytest.raises(InputError, match=r"no document 'notes/oxigen.txt' in the graph; did you mean 'notes/oxygen.txt'"):
        graph.forget(["notes/oxigen.txt", "notes/iron.txt"])
    assert len(graph.fingerprints()) == 2
    with pytest.raises(InputError, match="it has 2"):
        graph.document("zzzzzzzz")


def test_documents_with_similar_names_are_two() -> None:
    graph = put([record("a b"), record("a_b"), record("a%20b")])
    assert sorted(graph.fingerprints()) == ["a b", "a%20b", "a_b"]
    assert [d.id for d in graph.documents()] == ["a b", "a%20b", "a_b"]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (says("other", "s", "p", "o"), "evidence from 'other'"),
        (Statement(URIRef(EX), URIRef(EX), Literal("x")), "has no evidence"),
        (Statement(URIRef(EX), URIRef(EX), Literal("x"), evidence=(Evidence("a", 0, 3, "Oxo", 1, "e"),)), "does not say 'Oxo'"),
        (Statement(URIRef(EX), URIRef(EX), Literal("x"), evidence=(spot("a", 0, 1.5),)), "between 0 and 1"),
        (Statement(URIRef("no iri"), URIRef(EX), Literal("x"), evidence=(spot("a", 0),)), "not an absolute IRI"),
    ],
)
def test_a_record_that_cannot_be_is_refused_whole(statement: Statement, message: str) -> None:
    graph = KnowledgeGraph()
    with pytest.raises(InputError, match=message):
        graph.put_documents([record("ok", says("ok", "s", "p", "o")), record("a", statement)])
    assert dump(graph) == []


def test_stated_with_evidence_can_be_added_to_a_document_and_goes_with_it() -> None:
    graph = put([record("a")])
    with pytest.raises(InputError, match="no document 'b'"):
        graph.add([says("b", "s", "p", "o")])
    assert graph.add([says("a", "s", "p", "o")]) == 1
    graph.forget(["a"])
    assert dump(graph) == []


def test_layers_stay_apart() -> None:
    graph = KnowledgeGraph()
    a, p, b = URIRef(EX + "a"), URIRef(EX + "p"), URIRef(EX + "b")
    assert graph.add([Statement(a, p, b, 0.25)], layer=Layer.PREDICTED) == 1
    assert graph.statements_about(a) == []
    assert [s.confidence for s in graph.statements_about(a, layers=[Layer.PREDICTED])] == [0.25]
    assert graph.add([Statement(a, p, b)], layer=Layer.INFERRED) == 1
    assert [s.confidence for s in graph.statements_about(b)] == [1.0]
    assert graph.clear(Layer.PREDICTED) == 1
    assert graph.clear(Layer.INFERRED) == 1
    assert dump(graph) == []
    with pytest.raises(InputError, match="forget"):
        graph.clear(Layer.STATED)
    with pytest.raises(InputError, match="provenance"):
        graph.add([Statement(a, p, b)], layer=Layer.PROVENANCE)
    with pytest.raises(InputError, match="inferred"):
        graph.add([says("a", "s", "p", "o")], layer=Layer.INFERRED)


def test_labels_prefer_the_vocabulary_then_evidence_then_the_alphabet(tmp_path: Path) -> None:
    o2 = URIRef(EX + "o2")

    def named(document: str, name: str) -> Statement:
        return Statement(o2, RDFS.label, Literal(name), evidence=(spot(document, 0),))

    graph = put([record("a", named("a", "Zauberluft"), named("a", "Oxygen")), record("b", named("b", "Oxygen"))])
    graph.add([Statement(o2, SKOS.altLabel, Literal("O₂"))])
    assert graph.label(o2) == "Oxygen"
    assert graph.names(o2) == ["Oxygen", "O₂", "Zauberluft"]
    assert list(graph.all_names()) == [(o2, "Oxygen"), (o2, "O₂"), (o2, "Zauberluft")]
    words = tmp_path / "words.ttl"
    words.write_text(f'<{o2}> <{SKOS.prefLabel}> "Sauerstoff"@de, "dioxygen"@en .', encoding="utf-8")
    assert graph.load_vocabulary(words) == 2
    assert graph.label(o2) == "dioxygen"
    assert graph.label(URIRef("http://x.example/onto#Nobel_Prize")) == "Nobel Prize"
    assert graph.label(Literal("7 days")) == "7 days"


def test_the_revision_moves_with_every_change_and_only_then() -> None:
    graph = KnowledgeGraph()
    seen = [graph.revision]
    item = record("a", says("a", "s", "p", "o"))
    graph.put_documents([item])
    seen.append(graph.revision)
    graph.put_documents([item])
    assert graph.revision == seen[-1]
    graph.forget(["a"])
    seen.append(graph.revision)
    assert len(set(seen)) == 3


# rdflib 7.6 warns of its own use of Dataset.default_context.
@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")
def test_rdflib_sees_the_union_of_the_layers() -> None:
    graph = put([record("a", says("a", "s", "p", "o"))])
    graph.add([Statement(URIRef(EX + "s"), URIRef(EX + "p"), URIRef(EX + "q"))], layer=Layer.INFERRED)
    assert len(list(graph.dataset.triples((URIRef(EX + "s"), None, None)))) == 2
    names = {context.identifier for context in graph.dataset.contexts()}
    assert Layer.STATED.value in names


def test_a_closed_graph_says_so() -> None:
    graph = KnowledgeGraph()
    graph.close()
    graph.close()
    with pytest.raises(GraphError, match="closed"):
        graph.fingerprints()


def test_the_summary_counts() -> None:
    def typed(name: str, thing: str) -> Statement:
        return Statement(URIRef(EX + thing), RDF.type, URIRef(EX + "Gas"), evidence=(spot(name, 0),))

    tagged = DocumentRecord(Document("b", "B", TEXT, "/b", domain="science"), [typed("b", "o2")], "f")
    graph = put([record("a", typed("a", "o2"), typed("a", "n2"), says("a", "o2", "is", "gas")), tagged])
    found = graph.summary()
    assert (found.documents, found.entities) == (2, 2)
    assert found.triples_by_layer[Layer.STATED] == 3
    assert found.triples_by_layer[Layer.VOCABULARY] == 0
    assert found.entities_by_type == {URIRef(EX + "Gas"): 2}
    assert found.relations == {RDF.type: 2, URIRef(EX + "is"): 1}
    assert found.documents_by_domain == {"science": 1}
    assert found.extractors == {"hand@1": 4}


def test_quads_are_those_the_contract_names() -> None:
    """The IRIs are public: other programs query them."""
    graph = put([record("a", says("a", "s", "p", "o", confidence=0.87))])
    rows = graph.query(
        """SELECT ?text ?confidence ?id WHERE {
             ?statement a rdf:Statement ; rdf:subject <urn:x:s> ; rdf:predicate <urn:x:p> ; rdf:object <urn:x:o> ;
                prov:wasDerivedFrom ?evidence .
             ?evidence prov:hadPrimarySource ?sentence ; dt:confidence ?confidence ;
                prov:wasAttributedTo <urn:dovetail:extractor:hand%401> .
             ?sentence oa:hasSource ?document ; oa:start 0 ; oa:end ?end ; oa:exact ?text .
             ?document a prov:Entity ; dcterms:identifier ?id ; dt:text ?whole ; dt:fingerprint "f" .
             GRAPH <urn:dovetail:layer:stated> { <urn:x:s> <urn:x:p> <urn:x:o> } }""".replace("%40", "@")
    )
    assert [[str(value) for value in row.values()] for row in rows.bindings] == [["Oxygen is a gas.", "0.87", "a"]]


def test_half_a_character_is_refused() -> None:
    broken = DocumentRecord(Document("a", "A", "\ud83d", "/a"), [], "f")
    with pytest.raises(InputError, match="document 'a' holds text that cannot be stored"):
        put([broken])
    with pytest.raises(InputError, match="cannot be stored"):
        put([], [Statement(URIRef(EX), URIRef(EX), Literal("\ud83d"))])


def test_the_store_keeps_text_exactly() -> None:
    graph = put([record("a", Statement(URIRef(EX), URIRef(EX), Literal(TEXT), evidence=(spot("a", 2),)))])
    graph.put_documents([record("a", mark="g")])
    assert graph.document("a").text == TEXT
    assert not any(isinstance(q.object, ox.Literal) and "rdf:" in q.object.value for q in graph.store)
