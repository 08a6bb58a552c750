"""Building a graph: incremental, exact in forgetting, the same whoever reads, and whole after a kill."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import URIRef
from rdflib.query import ResultRow

from dovetail.kg import Document, InputError, KnowledgeGraph, entity_iri
from dovetail.kg.passages import open_passages
from dovetail.nlp.build import BuildEvent, BuildOptions, build_graph
from dovetail.nlp.resolution import resolve

TEXTS = {
    "science/curie.txt": "Marie Curie was born in Warsaw on 7 November 1867. Curie studied at the University of Paris.",
    "science/tesla.txt": "Nikola Tesla was born in Smiljan, Croatia. Tesla worked for Thomas Edison in New York City.",
    "sport/broncos.txt": "The Denver Broncos defeated the Carolina Panthers in Santa Clara. The Broncos were coached by Gary Kubiak.",
    "places/warsaw.txt": "Warsaw is the capital of Poland. It stands on the Vistula River. Frédéric Chopin lived in Warsaw.",
}


def corpus(folder: Path, texts: dict[str, str] | None = None) -> Path:
    for name, text in (TEXTS if texts is None else texts).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def quads(graph: KnowledgeGraph) -> list[str]:
    return sorted(str(quad) for quad in graph.store)


def built(*sources: Path, options: BuildOptions | None = None) -> KnowledgeGraph:
    graph = KnowledgeGraph()
    build_graph(sources, graph, options=options)
    return graph


def test_a_build_reads_what_is_new_or_changed_only(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus")
    events: list[BuildEvent] = []
    with KnowledgeGraph.open(tmp_path / "graph", create=True) as graph:
        first = build_graph([folder], graph, on_event=events.append)
        assert (first.read, first.unchanged, first.skipped) == (4, 0, ())
        assert [e.document for e in events] == [f"corpus/{name}" for name in sorted(TEXTS)]
        revision = graph.revision
        assert (build_graph([folder], graph).unchanged, graph.revision) == (4, revision)
        (folder / "sport/broncos.txt").write_text("Gary Kubiak coached the Denver Broncos.")
        (folder / "places/warsaw.txt").unlink()
        again = build_graph([folder], graph)
        assert (again.read, again.replaced, again.unchanged, again.missing) == (1, 1, 2, ("corpus/places/warsaw.txt",))
        changed = {**TEXTS, "sport/broncos.txt": "Gary Kubiak coached the Denver Broncos."}
        other = built(corpus(tmp_path / "other" / "corpus", changed))
        assert _without_source(quads(graph)) == _without_source(quads(other))


def values(graph: KnowledgeGraph, sparql: str) -> set[str]:
    """The first column of a query's rows."""
    return {str(row[0]) for row in graph.query(sparql) if isinstance(row, ResultRow)}


def _without_source(lines: list[str]) -> list[str]:
    """Where a document lay on this disk is the one thing that two copies of a corpus differ in."""
    return [line for line in lines if "<http://purl.org/dc/terms/source>" not in line]


def test_forgetting_a_document_is_never_having_read_it(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus")
    graph = built(folder)
    graph.forget(["corpus/science/tesla.txt"])
    (folder / "science/tesla.txt").unlink()
    assert quads(graph) == quads(built(folder))


def test_processes_and_order_change_nothing(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus")
    assert quads(built(folder, options=BuildOptions(workers=2))) == quads(built(folder, options=BuildOptions(workers=1)))


def test_every_quote_stands_in_its_document_and_passages_cover_it(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus", {"a.txt": "Heading\n\n" + " ".join(TEXTS.values()) + "\n\n" + "Warsaw is a city in Poland. " * 60})
    with KnowledgeGraph.open(tmp_path / "graph", create=True) as graph:
        build_graph([folder], graph)
        document: Document = graph.document("corpus/a.txt")
        statements = [
            s for e in {q.subject for q in graph.store if "layer:stated" in str(q.graph_name)} for s in graph.statements_about(_iri(e))
        ]
        assert statements
        for statement in statements:
            for evidence in statement.evidence:
                assert document.text[evidence.start : evidence.end] == evidence.quote
        with open_passages(graph) as passages:
            found = passages.all()
            assert all(document.text[p.start : p.end] == p.text for p in found)
            assert len(found) > 2
            covered = "".join(p.text for p in found)
            assert covered.replace(" ", "").replace("\n", "") == document.text.replace(" ", "").replace("\n", "")


def _iri(node: object) -> URIRef:
    assert isinstance(node, ox.NamedNode)
    return URIRef(node.value)


def test_a_lost_passage_index_is_made_again(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus")
    with KnowledgeGraph.open(tmp_path / "graph", create=True) as graph:
        build_graph([folder], graph)
        before = quads(graph)
        (tmp_path / "graph" / "passages" / "passages.db").unlink()
        assert build_graph([folder], graph).read == 4
        assert quads(graph) == before
        with open_passages(graph) as passages:
            assert len(passages) == 4


def test_names_are_linked_to_a_vocabulary(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus")
    vocabulary = tmp_path / "thesaurus.ttl"
    vocabulary.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        '<urn:t:warszawa> skos:prefLabel "Warszawa"@pl ; skos:altLabel "Warsaw"@en .\n'
    )
    graph = built(folder, options=BuildOptions(vocabularies=(vocabulary,)))
    assert values(graph, "SELECT ?place WHERE { ?who rdfs:label 'Marie Curie' ; wdt:P19 ?place }") == {"urn:t:warszawa"}
    assert values(graph, "SELECT ?x WHERE { ?x rdfs:label 'Poland' ; a ?type }") == {"urn:dovetail:entity:place:Poland"}


def test_two_people_with_one_name_stay_two(tmp_path: Path) -> None:
    texts = {
        "people/John Smith (politician).txt": "John Smith was born in London. John Smith was a member of parliament for Leeds.",
        "people/John Smith (footballer).txt": "John Smith was born in Glasgow. John Smith played football for Arsenal.",
        "places/Leeds.txt": "Leeds is a city in England. John Smith and Mary Jones were born in Leeds.",
    }
    graph = built(corpus(tmp_path / "corpus", texts))
    resolve(graph)
    people = values(graph, "SELECT ?x WHERE { ?x rdfs:label 'John Smith' ; a wd:Q5 }")
    names = ("John Smith (politician)", "John Smith (footballer)", "John Smith")
    assert people == {str(entity_iri(name, "person")) for name in names}
    assert not values(graph, "SELECT ?x WHERE { ?x rdfs:label 'John Smith' ; owl:sameAs ?y }")


def test_a_label_file_gives_labels_of_ones_own(tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(
        '{"entities": {"river": {"name": "river", "description": "A stream of water.", "iri": "urn:t:River"}, "city": "A large town."}}'
    )
    graph = built(corpus(tmp_path / "corpus"), options=BuildOptions(labels=labels))
    assert any("Vistula" in name for name in values(graph, "SELECT ?name WHERE { ?x a <urn:t:River> ; rdfs:label ?name }"))


@pytest.mark.parametrize(
    ("content", "message"), [("{", "is not a label file"), ('{"a": 3}', "neither a description"), ("[]", "is not a label file")]
)
def test_a_broken_label_file_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(content)
    with pytest.raises(InputError, match=message):
        built(corpus(tmp_path / "corpus"), options=BuildOptions(labels=labels))


DOVETAIL = str(Path(sys.executable).with_name("dovetail"))


@pytest.mark.slow
def test_a_build_killed_at_any_moment_and_started_again_is_whole(tmp_path: Path) -> None:
    rng = random.Random(7)
    texts = {f"d{i % 4}/t{i:03}.txt": " ".join(rng.sample(list(TEXTS.values()), 3)) + f" Number {i}." for i in range(300)}
    folder = corpus(tmp_path / "corpus", texts)
    once = built(folder)
    resolve(once)  # as the command does
    whole = quads(once)
    for attempt in range(10):
        graph = tmp_path / f"graph{attempt}"
        workers = str(1 + attempt % 2)
        command = [DOVETAIL, "build", str(folder), "--graph", str(graph), "--workers", workers]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(rng.uniform(3, 25))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with KnowledgeGraph.open(graph, read_only=True) as resumed:
            assert quads(resumed) == whole, f"attempt {attempt}"
