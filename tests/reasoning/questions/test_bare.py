"""Graphs that are only a file: what is read, what it is called, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import URIRef

from dovetail.kg import InputError, KnowledgeGraph, Layer, Statement
from dovetail.reasoning.questions.bare import open_any

TURTLE = """
@prefix : <http://x.example/> .
:Marie_Curie :birthPlace :Warsaw ; a :FilmDirector ; <http://www.wikidata.org/prop/direct/P106> :Chemist .
<http://x.example/Alien_(film)> :directedBy [ <http://xmlns.com/foaf/0.1/name> "Ridley Scott" ] .
:Warsaw <http://www.w3.org/2000/01/rdf-schema#label> "Warszawa"@pl .
"""
NQUADS = "<urn:x:a> <urn:x:knows> <urn:x:b> <urn:x:g> .\n<urn:x:a> <urn:x:likes> <urn:x:b> <urn:dovetail:layer:predicted> .\n"


def names(graph: KnowledgeGraph) -> set[str]:
    return {name for _, name in graph.all_names()}


def test_everything_in_turtle_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "g.ttl").write_text(TURTLE, "utf-8")
    graph, passages = open_any(tmp_path / "g.ttl")
    assert len(passages) == 0
    assert names(graph) >= {
        "Marie Curie",
        "birth place",
        "Film Director",
        "Chemist",
        "Alien (film)",
        "Alien",
        "directed by",
        "Ridley Scott",
    }
    assert "occupation" in names(graph)  # the catalogue knows P106
    assert "Warszawa" in names(graph) and "Warsaw" not in names(graph)  # what has a label keeps it
    curie = URIRef("http://x.example/Marie_Curie")
    assert {graph.label(s.object) for s in graph.statements_about(curie)} >= {"Warszawa", "Chemist"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.nt", "<urn:x:a> <urn:x:knows> <urn:x:b> .\n"),
        ("g.nq", NQUADS),
        ("g.trig", "<urn:x:g> { <urn:x:a> <urn:x:knows> <urn:x:b> }"),
        ("g.jsonld", '{"@id": "urn:x:a", "urn:x:knows": {"@id": "urn:x:b"}}'),
        ("g.TTL", "<urn:x:a> <urn:x:knows> <urn:x:b> ."),
        (
            "g.rdf",
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="urn:x:">'
            '<rdf:Description rdf:about="urn:x:a"><x:knows rdf:resource="urn:x:b"/></rdf:Description></rdf:RDF>',
        ),
    ],
)
def test_every_format_is_read_as_stated(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    graph, _ = open_any(tmp_path / name)
    [said] = graph.statements_about(URIRef("urn:x:a"), layers=[Layer.STATED])
    assert (said.predicate, said.object) == (URIRef("urn:x:knows"), URIRef("urn:x:b"))
    assert "knows" in names(graph)


def test_layers_of_a_file_stay_layers(tmp_path: Path) -> None:
    (tmp_path / "g.nq").write_text(NQUADS, "utf-8")
    graph, _ = open_any(tmp_path / "g.nq")
    counts = graph.summary().triples_by_layer
    assert (counts[Layer.STATED], counts[Layer.PREDICTED]) == (1, 1)


def test_a_table_of_names(tmp_path: Path) -> None:
    rows = [
        "head\trelation\ttail",
        "Kismet\tdirected_by\tWilliam Dieterle",
        "Donald_A._Bailey\t__people__person__born_in\tLviv",
        "A B\tis\tA_B",
    ]
    (tmp_path / "g.tsv").write_text("\ufeff" + "\r\n".join(rows) + "\r\n\r\n", "utf-8")
    graph, passages = open_any(tmp_path / "g.tsv")
    assert len(passages) == 0
    assert names(graph) >= {"Kismet", "William Dieterle", "directed by", "Donald A. Bailey", "Donald_A._Bailey", "born in", "Lviv"}
    assert "head" not in names(graph)
    assert graph.summary().triples_by_layer[Layer.STATED] == 3
    same = graph.statements_about(URIRef("urn:dovetail:entity:thing:A_B"), layers=[Layer.STATED])
    assert [str(s.object) for s in same] == ["urn:dovetail:entity:thing:A%5FB"]  # two names, two things


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("g.tsv", b"a\tb\n", "line 1 is not head, relation and tail"),
        ("g.tsv", b"a\tb\tc\nx\t\ty\n", "line 2 is not"),
        ("g.tsv", b"\xff\xfe\t\xe9\tc\n", "not UTF-8"),
        ("g.tsv", b"", "holds no statements"),
        ("g.ttl", b"", "holds no statements"),
        ("g.ttl", b"<urn:a> <urn:b>", "line 1"),
        ("g.docx", b"x", "a graph is a folder made by dovetail build, or a file that ends in one of"),
        ("g.csv", b"a,b,c", ".tsv"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        open_any(tmp_path / name)


def test_a_folder_is_opened_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no graph at"):
        open_any(tmp_path / "nothing")
    folder = tmp_path / "graph"
    KnowledgeGraph.open(folder, create=True).close()
    with pytest.raises(InputError, match="has no passages to answer from"):
        open_any(folder)
    with KnowledgeGraph.open(folder) as graph:
        graph.add([Statement(URIRef("urn:x:a"), URIRef("urn:x:b"), URIRef("urn:x:c"))])
    graph, passages = open_any(folder)  # facts without documents: there is nothing to build passages from
    assert len(passages) == 0
    assert graph.read_only
    graph.close()
