"""Laws of the formats: what is written is what is read, and the same graph is the same bytes."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import networkx  # type: ignore[import-untyped]  # it has no stubs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BaseDirection,
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
)
from rdflib.namespace import PROV, RDF, RDFS, XSD

from dovetail.kg.formats import EXPORTERS, IMPORTERS, export_graph, import_graph
from dovetail.kg.names import DT, OA, PREFIXES, Layer

NAMED = ["csv", "graphml", "jsonld", "nquads", "parquet", "rdf12", "trig"]
SINGLE = ["ntriples", "turtle"]
EVERY_LAYER = tuple(Layer)

iris = st.sampled_from(
    [
        "urn:s",
        "http://example.com/",
        "http://example.com/a?b=c&d='e'#f",
        "http://example.com/été/北京/שלום",
        "http://example.com/../b//c/./%20(x)",
        "http://[::1]:80/",
        "skos:broader",
        "dt:term",
        "mailto:a@b.example",
        "urn:uuid:_:x",
        "http://www.wikidata.org/prop/direct/P31",
        "urn:dovetail:term:1.5-x.",
        str(RDF.type),
        str(RDFS.label),
        str(RDF.first),
        str(RDF.rest),
        str(RDF.nil),
        str(RDF.subject),
        str(RDF.predicate),
        str(RDF.object),
        str(RDF.Statement),
    ]
).map(NamedNode)
blanks = st.sampled_from(["a", "b0", "x.y"]).map(BlankNode)
texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [
            "",
            " ",
            "a\x00b",
            "\x01\x0b\x1f\x7f\x85",
            "\r",
            "\r\n\n",
            '"\'\\"""',
            "]]>&amp;<b/>",
            "\\u0001",
            "\ufeff\ufffe\uffff",
            "\u2028\u200f",
            "مرحبا بالعالم",
            "שלום",
            "居里夫人",
            "=1+1",
            "𝒳",
            "-0",
            "1e3",
            "true",
        ]
    ),
)
datatypes = st.sampled_from(
    [
        *map(str, (XSD.string, XSD.integer, XSD.decimal, XSD.double, XSD.boolean, XSD.date, XSD.byte, XSD.dateTime)),
        *map(str, (RDF.JSON, RDF.HTML, RDF.XMLLiteral)),
        "http://example.com/odd?datatype#",
        "urn:d",
    ]
).map(NamedNode)
languages = st.sampled_from(["en", "zh-hant", "ar", "x-private", "de-1996", "sl-rozaj-biske"])
literals = st.one_of(
    texts.map(Literal),
    st.builds(lambda text, kind: Literal(text, datatype=kind), texts, datatypes),
    st.builds(lambda text, language: Literal(text, language=language), texts, languages),
)
directed = st.builds(
    lambda text, language, direction: Literal(text, language=language, direction=direction),
    texts,
    languages,
    st.sampled_from([BaseDirection.LTR, BaseDirection.RTL]),
)
layers = st.sampled_from([NamedNode(layer.value) for layer in Layer])


def stores(*, rdf12: bool, single: bool) -> st.SearchStrategy[Store]:
    objects = st.one_of(iris, blanks, literals, directed) if rdf12 else st.one_of(iris, blanks, literals)
    graphs = layers if single else st.one_of(layers, iris, blanks)
    return st.lists(st.builds(Quad, st.one_of(iris, blanks), iris, objects, graphs), max_size=6).map(filled)


def filled(quads: list[Quad]) -> Store:
    store = Store()
    store.extend(quads)
    return store


def canonical(store: Store) -> Dataset:
    dataset = Dataset(store)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def exported(store: Store, name: str, *, chosen: tuple[Layer, ...] | None = None) -> bytes:
    stream = BytesIO()
    export_graph(store, stream, format=name, layers=chosen)
    return stream.getvalue()


def imported(content: bytes, name: str, *, times: int = 1, layer: Layer | None = None) -> Store:
    store = Store()
    with TemporaryDirectory() as folder:
        file = Path(folder, "graph")
        file.write_bytes(content)
        for _ in range(times):
            import_graph(file, into=store, layer=layer, format=name)
    return store


@pytest.mark.parametrize("name", NAMED)
def test_a_dataset_is_the_same_after_export_and_import(name: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(stores(rdf12=name != "jsonld", single=name == "graphml"))
    def law(store: Store) -> None:
        content = exported(store, name, chosen=EVERY_LAYER if name == "graphml" else None)
        assert canonical(imported(content, name)) == canonical(store)

    law()


@pytest.mark.parametrize("name", SINGLE)
def test_a_graph_is_the_same_after_export_and_import(name: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(stores(rdf12=True, single=True))
    def law(store: Store) -> None:
        union = filled([Quad(quad.subject, quad.predicate, quad.object, NamedNode(Layer.INFERRED.value)) for quad in store])
        content = exported(store, name, chosen=EVERY_LAYER)
        assert canonical(imported(content, name, layer=Layer.INFERRED)) == canonical(union)

    law()


@pytest.mark.parametrize("name", [*NAMED, *SINGLE])
def test_bytes_do_not_depend_on_the_order_of_insertion(name: str) -> None:
    @settings(max_examples=25, deadline=None)
    @given(stores(rdf12=name != "jsonld", single=True), st.randoms(use_true_random=False))
    def law(store: Store, random: object) -> None:
        quads = list(store)
        random.shuffle(quads)  # type: ignore[attr-defined]  # Hypothesis gives a Random
        assert exported(store, name) == exported(filled(quads), name)

    law()


@pytest.mark.parametrize("name", [*NAMED, *SINGLE])
def test_reading_a_file_twice_is_reading_it_once(name: str) -> None:
    @settings(max_examples=15, deadline=None)
    @given(stores(rdf12=name != "jsonld", single=True))
    def law(store: Store) -> None:
        content = exported(store, name)
        assert Dataset(imported(content, name, times=2)) == Dataset(imported(content, name))

    law()


def test_every_exporter_has_a_law_and_an_importer() -> None:
    assert sorted([*NAMED, *SINGLE]) == sorted(EXPORTERS)
    assert sorted([*EXPORTERS, "rdfxml"]) == sorted(IMPORTERS)


def test_blank_nodes_of_two_files_never_meet(tmp_path: Path) -> None:
    store = Store()
    for name, content in [("a.nt", "_:x <urn:p> _:y ."), ("b.nt", "_:x <urn:p> _:y .\n_:x <urn:p> <urn:o> .")]:
        (tmp_path / name).write_text(content)
        import_graph(tmp_path / name, into=store, layer=Layer.STATED)
    assert len(store) == 3
    assert len({quad.subject for quad in store}) == 2


STATED, PROVENANCE = NamedNode(Layer.STATED.value), NamedNode(Layer.PROVENANCE.value)
CURIE, WON, PRIZE = NamedNode("urn:curie"), NamedNode("urn:won"), NamedNode("urn:prize")


def provenance(subject: str, predicate: str, term: NamedNode | Literal) -> Quad:
    return Quad(NamedNode(subject), NamedNode(predicate), term, PROVENANCE)


@pytest.fixture
def curie() -> Store:
    """One relation with two sentences of one document and one of another as evidence."""
    decimal = NamedNode(str(XSD.decimal))
    quads = [
        Quad(CURIE, WON, PRIZE, STATED),
        Quad(CURIE, NamedNode(str(RDFS.label)), Literal("Marie Curie\x0b"), STATED),
        Quad(CURIE, NamedNode(str(RDFS.label)), Literal("居里夫人", language="zh"), STATED),
        Quad(CURIE, NamedNode(str(RDF.type)), NamedNode("urn:Person"), STATED),
        provenance("urn:st", str(RDF.type), NamedNode(str(RDF.Statement))),
        provenance("urn:st", str(RDF.subject), CURIE),
        provenance("urn:st", str(RDF.predicate), WON),
        provenance("urn:st", str(RDF.object), PRIZE),
    ]
    for number, (document, confidence) in enumerate([("urn:d1", "0.5"), ("urn:d1", "0.4"), ("urn:d2", "0.8")]):
        quads += [
            provenance("urn:st", str(PROV.wasDerivedFrom), NamedNode(f"urn:ev{number}")),
            provenance(f"urn:ev{number}", str(PROV.hadPrimarySource), NamedNode(f"urn:sent{number}")),
            provenance(f"urn:ev{number}", str(DT.confidence), Literal(confidence, datatype=decimal)),
            provenance(f"urn:sent{number}", str(OA.hasSource), NamedNode(document)),
        ]
    return filled(quads)


def test_rdf12_replaces_reification_by_a_triple_term(curie: Store) -> None:
    content = exported(curie, "rdf12")
    assert b"reifies <<( <urn:curie> <urn:won> <urn:prize> )>>" in content.replace(b"rdf:reifies", b"reifies")
    terms = [quad.object for quad in parse(content, format=RdfFormat.TRIG)]
    assert Triple(CURIE, WON, PRIZE) in terms
    assert str(RDF.subject).encode() not in content
    assert b"rdf:subject" not in content
    assert Dataset(imported(content, "rdf12")) == Dataset(curie)
    assert Dataset(imported(content, "trig")) == Dataset(curie)


def test_graphml_is_what_other_programs_read(curie: Store, tmp_path: Path) -> None:
    export_graph(curie, tmp_path / "g.graphml")
    graph = networkx.read_graphml(tmp_path / "g.graphml")
    assert sorted(graph.nodes) == ["urn:Person", "urn:curie", "urn:prize"]
    assert graph.nodes["urn:curie"]["label"] == "Marie Curie\\u000b"
    assert graph.nodes["urn:curie"]["type"] == "urn:Person"
    assert [entry["value"] for entry in json.loads(graph.nodes["urn:curie"]["literals"])] == ["Marie Curie\x0b", "居里夫人"]
    edge = graph.edges["urn:curie", "urn:prize"]
    assert edge == {
        "id": "e1",
        "label": "won",
        "predicate": "urn:won",
        "graph": str(Layer.STATED.value),
        "confidence": 0.9,
    }


def test_turtle_holds_what_is_known_and_declares_the_prefixes(curie: Store) -> None:
    content = exported(curie, "turtle").decode()
    assert "urn:ev0" not in content
    assert all(f"@prefix {name}: <{iri}> ." in content for name, iri in PREFIXES.items())
    assert "urn:ev0" in exported(curie, "trig").decode()
    assert exported(curie, "ntriples", chosen=(Layer.PREDICTED,)) == b""
