"""Queries: what they see, what is refused before they run, and that they stop."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDFS, XSD, BNode, Literal, URIRef
from rdflib.query import Result

from dovetail.kg import InputError, KnowledgeGraph, Layer, QueryError, QueryTimeout, Statement, Term
from dovetail.kg.sparql import check
from dovetail.kg.terms import to_ox

A, B, P = URIRef("urn:x:a"), URIRef("urn:x:b"), URIRef("urn:x:p")
ODD = Literal('tab\t "quoted" \\ line\nend \x01 \U0001d11e')


def table(result: Result) -> list[tuple[Any, ...]]:
    """Rows, or triples; rdflib's types allow for less."""
    return [tuple(row) for row in cast(Iterable[Sequence[object]], result)]


ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?q }"
ENDLESS_ASK = ENDLESS.replace("SELECT (COUNT(*) AS ?n)", "ASK").replace("}", 'FILTER(STR(?a) = CONCAT(STR(?q), "x")) }')


@pytest.fixture(params=["memory", "disk"])
def graph(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KnowledgeGraph]:
    opened = KnowledgeGraph() if request.param == "memory" else KnowledgeGraph.open(tmp_path / "g", create=True)
    with opened as graph:
        graph.add([Statement(A, RDFS.label, ODD), Statement(A, P, Literal(7)), Statement(A, P, Literal("sept", lang="fr"))])
        graph.add([Statement(B, P, A)], layer=Layer.INFERRED)
        yield graph


@pytest.mark.parametrize("timeout", [30.0, None])
def test_all_four_forms(graph: KnowledgeGraph, timeout: float | None) -> None:
    rows = graph.query("SELECT ?x ?y { ?x <urn:x:p> ?y OPTIONAL { ?x rdfs:label ?l } } ORDER BY ?y", timeout=timeout)
    assert [str(v) for v in rows.vars or ()] == ["x", "y"]
    assert set(table(rows)) == {(B, A), (A, Literal(7)), (A, Literal("sept", lang="fr"))}
    assert table(graph.query("SELECT ?l { ?x rdfs:label ?l }", timeout=timeout)) == [(ODD,)]
    assert graph.query("ASK { <urn:x:b> ?p <urn:x:a> }", timeout=timeout).askAnswer is True
    assert graph.query("ASK { <urn:x:b> ?p 8 }", timeout=timeout).askAnswer is False
    made = graph.query("CONSTRUCT { ?y <urn:x:q> ?x } WHERE { ?x <urn:x:p> ?y FILTER(isIRI(?y)) }", timeout=timeout)
    assert list(made) == [(A, URIRef("urn:x:q"), B)]
    assert (A, RDFS.label, ODD) in set(graph.query("DESCRIBE <urn:x:a>", timeout=timeout))


def test_layers_are_one_graph_unless_named(graph: KnowledgeGraph) -> None:
    def count(sparql: str) -> int:
        [[n]] = table(graph.query(sparql))
        return int(n)

    assert count("SELECT (COUNT(*) AS ?n) { ?s <urn:x:p> ?o }") == 3
    assert count("SELECT (COUNT(*) AS ?n) { GRAPH <urn:dovetail:layer:inferred> { ?s ?p ?o } }") == 1
    assert count("SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }") == 3
    assert count("SELECT (COUNT(*) AS ?n) FROM <urn:dovetail:layer:inferred> { ?s ?p ?o }") == 1


def test_unbound_values_are_absent(graph: KnowledgeGraph) -> None:
    assert table(graph.query("SELECT ?x ?none { ?x rdfs:label ?l OPTIONAL { ?x <urn:x:none> ?none } }")) == [(A, None)]


@pytest.mark.parametrize(
    ("sparql", "message"),
    [
        ("SELECT * { SERVICE <http://x.example/> { ?s ?p ?o } }", "SERVICE is refused"),
        ("SELECT * { service silent <http://x.example/> { ?s ?p ?o } }", "SERVICE is refused"),
        ("ASK { FILTER NOT EXISTS { { SELECT ?s { SERVICE ?x { ?s ?p ?o } } } } }", "SERVICE is refused"),
        ("SELECT * { # \r SERVICE <http://x.example/> { ?s ?p ?o } }", "SERVICE is refused"),
        ("SELECT * { \\u0053ERVICE <http://x.example/> { ?s ?p ?o } }", "SERVICE is refused"),
        ('SELECT * { ?s ?p "\\u005Cu0022 } SERVICE <http://x.example/> {} #" }', "code point escape"),
        ("SELECT * FROM <http://x.example/> { ?s ?p ?o }", "FROM <http://x.example/> is refused"),
        ("SELECT * FROM NAMED <FILE:///etc/passwd> { ?s ?p ?o }", "is refused"),
        ("PREFIX x: <https://x.example/> ASK FROM x:y { ?s ?p ?o }", "FROM <https://x.example/y> is refused"),
        ("BASE <http://x.example/> ASK FROM <y> { ?s ?p ?o }", "FROM <http://x.example/y> is refused"),
        ("LOAD <http://x.example/>", "LOAD is refused"),
        ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "INSERT DATA is refused"),
        ("DELETE WHERE { ?s ?p ?o }", "DELETE WHERE is refused"),
        ("DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "DELETE/INSERT is refused"),
        ("CLEAR ALL", "CLEAR is refused"),
        ("DROP GRAPH <urn:x>", "DROP is refused"),
        ("SELECT * {\n ?s ?p ?o .\n FILTER(?o > ) }", "not SPARQL: line [123], column"),
        ("SELEC * { ?s ?p ?o }", "not SPARQL: line 1, column 1 in 'SELEC"),
        ("", "not SPARQL: line 1"),
        ("SELECT * { ?s nix:p ?o }", "prefix nix: is not declared"),
        ("SELECT ?s { ?s ?p ?o } GROUP BY ?p", "line 1, column .*unbound"),
        ("SELECT * { " + "{" * 3000 + "}" * 3000 + "}", "too deep|not SPARQL"),
    ],
)
@pytest.mark.parametrize("timeout", [30.0, None])
def test_refused(graph: KnowledgeGraph, sparql: str, message: str, timeout: float | None) -> None:
    before = len(graph.store)
    with pytest.raises(QueryError, match=message) as error:
        graph.query(sparql, timeout=timeout)
    assert "\n" not in str(error.value)
    assert len(graph.store) == before


@pytest.mark.parametrize(
    "sparql",
    [
        'SELECT ?service { ?service ?p "SERVICE <http://x.example/> {}" } # SERVICE <x> {}',
        "PREFIX service: <urn:service:> SELECT * { ?s service:p <urn:SERVICE#1> }",
        'SELECT * { ?s ?p """a "quote" SERVICE <x>""" }',
        "PREFIX rdfs: <urn:mine:> SELECT * { ?s rdfs:label ?o }",
    ],
)
def test_not_refused(graph: KnowledgeGraph, sparql: str) -> None:
    assert list(graph.query(sparql)) == []


@pytest.mark.parametrize(
    "sparql", [ENDLESS, ENDLESS.replace("SELECT (COUNT(*) AS ?n)", "ASK").replace("}", 'FILTER(STR(?a) = CONCAT(STR(?q), "x")) }')]
)
def test_an_endless_query_is_stopped(graph: KnowledgeGraph, sparql: str) -> None:
    graph.add(Statement(URIRef(f"urn:x:{n}"), P, Literal(n)) for n in range(200))
    began = time.monotonic()
    with pytest.raises(QueryTimeout, match=r"stopped after 0\.3 s"):
        graph.query(sparql, timeout=0.3)
    assert time.monotonic() - began < 1.3
    assert graph.query("ASK { ?s ?p ?o }").askAnswer


def test_an_endless_flow_of_rows_is_stopped(graph: KnowledgeGraph) -> None:
    graph.add(Statement(URIRef(f"urn:x:{n}"), P, Literal(n)) for n in range(200))
    with pytest.raises(QueryTimeout):
        graph.query("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }", timeout=0.3)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
def test_a_time_limit_is_a_time(graph: KnowledgeGraph, timeout: float) -> None:
    with pytest.raises(InputError, match="time limit"):
        graph.query("ASK {}", timeout=timeout)


def test_frame(graph: KnowledgeGraph) -> None:
    pytest.importorskip("pandas")
    table = graph.query_frame("SELECT ?s ?n ?none { ?s <urn:x:p> ?n FILTER(isNumeric(?n)) OPTIONAL { ?s <urn:x:none> ?none } }")
    assert list(table.columns) == ["s", "n", "none"]
    assert table.to_dict("records") == [{"s": "urn:x:a", "n": 7, "none": None}]
    with pytest.raises(InputError, match="SELECT"):
        graph.query_frame("ASK {}")


def test_frame_without_pandas(graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="pip install pandas"):
        graph.query_frame("SELECT * { ?s ?p ?o }")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LITERALS = st.one_of(
    TEXTS.map(Literal),
    TEXTS.map(lambda text: Literal(text, lang="en")),
    TEXTS.map(lambda text: Literal(text, datatype=URIRef("urn:x:type"))),
    st.integers().map(Literal),
    st.floats().map(Literal),
    st.sampled_from(["int", "decimal", "float", "date", "duration", "gYear"]).flatmap(
        lambda kind: st.text("0123456789-.PYTMDe", max_size=6).map(lambda t: Literal(t, datatype=XSD[kind], normalize=False))
    ),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(LITERALS, max_size=5))
def test_the_child_answers_as_this_process_does(values: list[Term]) -> None:
    graph = KnowledgeGraph()
    graph.add([Statement(A, P, value) for value in values] + [Statement(A, P, BNode("x"))])
    for sparql in ("SELECT ?o { GRAPH ?g { <urn:x:a> <urn:x:p> ?o } }", "CONSTRUCT WHERE { <urn:x:a> <urn:x:p> ?o }"):
        here, there = ({tuple(map(str, map(to_ox, row))) for row in table(graph.query(sparql, timeout=limit))} for limit in (None, 30.0))
        assert here == there


def test_check_tells_the_form() -> None:
    assert [check(q).form for q in ("SELECT * {}", "ASK {}", "CONSTRUCT WHERE {}", "DESCRIBE <urn:a>")] == [
        "SELECT",
        "ASK",
        "CONSTRUCT",
        "DESCRIBE",
    ]
    assert check("SELECT * FROM <urn:a> {}").names_graphs
    assert not check("SELECT * FROM NAMED <urn:a> {}").names_graphs
