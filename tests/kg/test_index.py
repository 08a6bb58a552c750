"""The integer snapshot answers as the graph does."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, XSD, BNode, Literal, URIRef

from dovetail.kg import TRUSTED, InputError, KnowledgeGraph, Layer, Statement, Term, TripleIndex

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
NODES = st.sampled_from([URIRef("urn:x:a"), URIRef("urn:x:ab"), URIRef("urn:x:é"), BNode("b1"), BNode("b2")])
PREDICATES = st.sampled_from([URIRef("urn:x:p"), URIRef("urn:x:a"), RDF.type])
OBJECTS: st.SearchStrategy[Term] = st.one_of(
    NODES,
    TEXTS.map(Literal),
    st.sampled_from(["en", "de-at"]).flatmap(lambda tag: TEXTS.map(lambda text: Literal(text, lang=tag))),
    st.integers(-3, 3).map(Literal),
    st.booleans().map(Literal),
    st.sampled_from(["1.50", "0.0"]).map(lambda t: Literal(t, datatype=XSD.decimal, normalize=False)),
    st.sampled_from(["5", "x"]).map(lambda t: Literal(t, datatype=XSD.int, normalize=False)),
    st.floats(allow_nan=False).map(Literal),
)
STATEMENTS = st.lists(st.builds(Statement, NODES, PREDICATES, OBJECTS), max_size=12)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(TRUSTED), STATEMENTS))
def test_lookups_agree_with_looking_at_everything(layers: dict[Layer, list[Statement]]) -> None:
    graph = KnowledgeGraph()
    for layer, statements in layers.items():
        graph.add(statements, layer=layer)
    index = graph.index()
    everything = [tuple(row) for row in index.triples().tolist()]
    assert len(everything) == len(set(everything)) == len(index)
    assert everything == sorted(everything, key=lambda t: (t[1], t[0], t[2]))

    inside = {
        (q.subject, q.predicate, q.object) for layer in TRUSTED for q in graph.store.quads_for_pattern(None, None, None, layer_node(layer))
    }
    assert len(everything) == len(inside)
    decoded = list(index.decode(index.triples()))
    assert {tuple(map(index.terms.id, triple)) for triple in decoded} == set(everything)
    for subject, predicate, value in decoded:
        assert isinstance(subject, URIRef | BNode) and isinstance(predicate, URIRef)
        assert (subject, predicate, value) in {(s.subject, s.predicate, s.object) for s in graph.statements_about(subject)}

    picks = [None, *range(len(index.terms)), len(index.terms) + 5]
    for s, p, o in itertools.islice(itertools.product(picks, repeat=3), 0, None, max(1, len(picks) ** 3 // 300)):
        wanted = [t for t in everything if s in (None, t[0]) and p in (None, t[1]) and o in (None, t[2])]
        assert [tuple(row) for row in index.triples(s, p, o).tolist()] == wanted


def layer_node(layer: Layer) -> ox.NamedNode:
    return ox.NamedNode(layer.value)


@settings(deadline=None, max_examples=60)
@given(STATEMENTS)
def test_every_term_is_found_and_made_again(statements: list[Statement]) -> None:
    graph = KnowledgeGraph()
    graph.add(statements)
    terms = graph.index().terms
    texts = [terms.text(n) for n in range(len(terms))]
    assert texts == sorted(set(texts), key=str.encode)
    for number, term in enumerate(terms):
        assert terms.id(term) == number
        assert isinstance(term, Literal) == (number < terms.first_iri)
        assert isinstance(term, BNode) == (number >= terms.first_blank)
    for statement in statements:
        assert statement.subject in terms and statement.object in terms
    assert terms.id(URIRef("urn:x:nothing")) is None
    assert Literal("nothing at all") not in terms
    with pytest.raises(IndexError):
        terms[len(terms)]


def example(path: Path) -> KnowledgeGraph:
    graph = KnowledgeGraph.open(path, create=True)
    a, b, p = URIRef("urn:x:a"), URIRef("urn:x:b"), URIRef("urn:x:p")
    graph.add([Statement(a, p, b), Statement(b, p, Literal("two\nlines"))])
    graph.add([Statement(a, p, b), Statement(b, p, a)], layer=Layer.INFERRED)
    return graph


def test_a_triple_of_two_layers_comes_once(tmp_path: Path) -> None:
    with example(tmp_path / "g") as graph:
        assert len(graph.index()) == 3
        assert len(graph.index([Layer.STATED])) == 2
        assert len(graph.index([Layer.PREDICTED])) == 0
        assert len(graph.index([Layer.PROVENANCE])) > 0
        with pytest.raises(InputError):
            graph.index([])


def test_it_is_kept_beside_the_store_and_mapped_until_the_graph_changes(tmp_path: Path) -> None:
    with example(tmp_path / "g") as graph:
        first = graph.index()
        assert isinstance(first.subjects, np.memmap)
        [kept] = (tmp_path / "g" / "snapshot").iterdir()
        assert kept.name == f"{graph.revision}-inferred-stated-vocabulary"
        stamp = kept.stat().st_mtime_ns
    with KnowledgeGraph.open(tmp_path / "g", read_only=True) as reader:
        assert reader.index().triples().tolist() == first.triples().tolist()
        assert kept.stat().st_mtime_ns == stamp
    with KnowledgeGraph.open(tmp_path / "g") as graph:
        graph.clear(Layer.INFERRED)
        assert len(graph.index()) == 2
        [now] = (tmp_path / "g" / "snapshot").iterdir()
        assert now != kept


def test_an_empty_index_is_kept_too(tmp_path: Path) -> None:
    with KnowledgeGraph.open(tmp_path / "g", create=True) as graph:
        assert (len(graph.index()), len(graph.index().terms)) == (0, 0)
        assert graph.index().relations.tolist() == []
    with KnowledgeGraph.open(tmp_path / "g") as graph:
        assert graph.index().triples(1, 2, 3).shape == (0, 3)


def test_a_damaged_snapshot_is_made_again(tmp_path: Path) -> None:
    with example(tmp_path / "g") as graph:
        graph.index()
    for victim in ("objects.npy", "term_bytes.npy", "term_offsets.npy"):
        [kept] = (tmp_path / "g" / "snapshot").iterdir()
        (kept / victim).write_bytes((kept / victim).read_bytes()[:-3])
        with KnowledgeGraph.open(tmp_path / "g") as graph:
            assert len(list(graph.index().decode(graph.index().triples()))) == 3
        with KnowledgeGraph.open(tmp_path / "g") as graph:
            assert isinstance(graph.index().objects, np.memmap)


@pytest.mark.skipif(os.name != "posix", reason="file permissions")
def test_where_nothing_may_be_written_it_stays_in_memory(tmp_path: Path) -> None:
    with example(tmp_path / "g"):
        pass
    (tmp_path / "g" / "snapshot").touch()  # a file where the folder should be
    with KnowledgeGraph.open(tmp_path / "g", read_only=True) as graph:
        assert len(graph.index()) == 3


def test_views_for_other_libraries(tmp_path: Path) -> None:
    with example(tmp_path / "g") as graph:
        index = graph.index()
        assert index.edge_index.shape == (2, 3)
        assert index.edge_type.tolist() == [0, 0, 0]
        assert [index.terms[p] for p in index.relations] == [URIRef("urn:x:p")]
        network = index.to_networkx()
        assert network.number_of_edges() == 3
        assert network.has_edge(URIRef("urn:x:a"), URIRef("urn:x:b"), key=URIRef("urn:x:p"))
        assert Literal("two\nlines") in network


def test_importing_the_graph_is_light() -> None:
    code = (
        "import sys, dovetail.kg; print([m for m in ('torch', 'spacy', 'pandas', 'networkx', 'rdflib.plugins.sparql') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "kg")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_saving_twice_keeps_the_first(tmp_path: Path) -> None:
    with example(tmp_path / "g") as graph:
        index = graph.index()
        index.save(tmp_path / "s" / "one")
        index.save(tmp_path / "s" / "one")
        assert [p.name for p in (tmp_path / "s").iterdir()] == ["one"]
        assert len(TripleIndex.load(tmp_path / "s" / "one")) == 3
