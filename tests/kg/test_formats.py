"""Files that cannot be used, each with the words of the refusal; and files left as they were."""

# ruff: noqa: E501  # one case a line

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store, Triple
from rdflib import URIRef

from dovetail.kg import formats, tables
from dovetail.kg.errors import InputError
from dovetail.kg.formats import export_graph, import_graph, load_vocabulary, vocabulary_names
from dovetail.kg.names import Layer

RDF_START = '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="urn:e:">'
GOOD_XML = f'{RDF_START}<r:Description r:about="urn:s" e:p="ok"/></r:RDF>'
BOMB = (
    "<!DOCTYPE r:RDF ["
    + '<!ENTITY a0 "'
    + "ha" * 20
    + '">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 20}">' for n in range(1, 15))
    + f']>{RDF_START}<r:Description r:about="urn:s" e:p="&a14;"/></r:RDF>'
)
HEADER = "subject,predicate,object,object_kind,datatype,language,graph\r\n"
GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph>'
NESTED = 30_000

BAD_FILES: list[tuple[str, str | bytes, str]] = [
    ("turtle: syntax in the middle", "a.ttl <urn:a> <urn:b> <urn:c> .\n<urn:a> x:p 1 .", "line 2, column 9: The prefix x: has not been declared"),
    ("turtle: relative", "a.ttl <a> <urn:b> <urn:c> .", "line 1, column 1: No scheme found in an absolute IRI (a relative IRI: declare"),
    ("turtle: unfinished", "a.ttl <urn:a> <urn:b> 'x", "line 1, column"),
    ("turtle: not text", b"a.ttl <urn:a> <urn:b> '\xff' .", "line 1, column 18: Invalid UTF-8"),
    ("turtle: a web page", "a.ttl <!doctype html><html></html>", "line 1, column 1: "),
    ("turtle: bottomless terms", "a.ttl " + "<urn:a> <urn:b> <<( " * NESTED + "<urn:c>" + " )>>" * NESTED + ".", "triple terms inside one another"),
    ("turtle: bottomless, strings that seem to close", "a.ttl " + "<urn:a> <urn:b> \"\"\">>\"\"\", '>>', e:\\# , <<( " * NESTED, "triple terms inside one another"),
    ("turtle: other triple term", "a.ttl <urn:a> <urn:b> <<( <urn:s> <urn:p> 1 )>> .", "can only be kept as what one rdf:reifies names"),
    ("rdf12: one reifier of two", "a.trig12 <urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies> <<(<urn:s> <urn:p> 1)>>, <<(<urn:s> <urn:p> 2)>> .", "<urn:a> reifies two triples"),
    ("ntriples: space in IRI", "a.nt <urn:a> <urn:b> <urn:c d> .", "line 1, column 17: Invalid IRI code point ' '"),
    ("nquads: five", "a.nq <urn:a> <urn:b> <urn:c> <urn:d> <urn:e> .", "line 1, column"),
    ("trig: open", "a.trig <urn:g> { <urn:a> <urn:b> <urn:c> ", "line 1, column"),
    ("jsonld: not JSON", 'a.jsonld {"@id": 3,\n "x" }', "line 2, column 6: Expecting ':' delimiter"),
    ("jsonld: not UTF-8", b'a.jsonld {"@id": "\xff"}', "byte 10 is not UTF-8"),
    ("jsonld: bottomless", "a.jsonld " + "[" * NESTED, "too many JSON values inside one another"),
    ("jsonld: not JSON-LD", 'a.jsonld {"@id": 3, "urn:p": 4}', "a.jsonld: "),
    ("jsonld: remote context", 'a.jsonld {"@context": "https://schema.org/", "@id": "urn:s"}', "the JSON-LD @context 'https://schema.org/' is in another file"),
    ("jsonld: in a list", 'a.jsonld {"@context": [{}, "http://x/"]}', "@context 'http://x/'"),
    ("jsonld: file", 'a.jsonld {"@context": "file:///etc/passwd"}', "@context 'file:///etc/passwd'"),
    ("jsonld: relative", 'a.jsonld {"@context": "context.jsonld"}', "@context 'context.jsonld'"),
    ("jsonld: nested", 'a.jsonld {"urn:p": [{"@context": "http://x/", "urn:q": 1}]}', "@context 'http://x/'"),
    ("jsonld: scoped", 'a.jsonld {"@context": {"p": {"@id": "urn:p", "@context": "http://x/"}}}', "@context 'http://x/'"),
    ("jsonld: imported", 'a.jsonld {"@context": {"@import": "http://x/"}}', "the JSON-LD @import 'http://x/'"),
    ("jsonld: hidden by a doubled key", 'a.jsonld {"@context": "http://x/", "@context": {}}', "@context 'http://x/'"),
    ("jsonld: hidden by an escape", 'a.jsonld {"\\u0040context": "http://x/"}', "@context 'http://x/'"),
    ("rdfxml: bomb", "a.rdf " + BOMB, "a.rdf: line 1: XML with a DOCTYPE is refused"),
    ("rdfxml: bomb in UTF-16", b"a.rdf " + BOMB.encode("utf-16"), "XML with a DOCTYPE is refused"),
    ("rdfxml: bomb in big-endian UTF-16", b"a.rdf " + ('<?xml version="1.0" encoding="UTF-16"?>' + BOMB).encode("utf-16-be"), "DOCTYPE is refused"),
    ("rdfxml: bomb in another encoding", b"a.rdf " + ('<?xml version="1.0" encoding="latin-1"?>' + BOMB).encode(), "DOCTYPE is refused"),
    ("rdfxml: bomb after a comment", "a.rdf <?xml version='1.0'?>\n<!-- <r/> -->\n" + BOMB, "line 3: XML with a DOCTYPE is refused"),
    ("rdfxml: bomb after an instruction", "a.owl <?a <r/> ?>" + BOMB, "XML with a DOCTYPE is refused"),
    ("rdfxml: bomb with a mark", b"a.xml \xef\xbb\xbf" + BOMB.encode(), "XML with a DOCTYPE is refused"),
    ("rdfxml: bomb inside the root", "a.rdf " + RDF_START + BOMB, "a.rdf: line 1, column"),
    ("rdfxml: bomb in small letters", "a.rdf " + BOMB.replace("DOCTYPE", "doctype"), "a.rdf: line 1, column"),
    ("rdfxml: entity", f"a.rdf {GOOD_XML.replace('ok', '&ok;')}", "undefined entity"),
    ("rdfxml: unclosed", f"a.rdf {RDF_START}\n<r:Description>", "line 2, column 16: no element found"),
    ("rdfxml: prefix", f"a.rdf {RDF_START}<q:x/></r:RDF>", "unbound prefix"),
    ("rdfxml: empty", "a.rdf ", "line 1, column 1: no element found"),
    ("rdfxml: UTF-16", b"a.rdf " + GOOD_XML.encode("utf-16"), "UTF-8"),
    ("rdfxml: no such encoding", b"a.rdf <?xml version='1.0' encoding='klingon'?><a/>", "a.rdf: line 1"),
    ("rdfxml: relative", f"a.rdf {RDF_START}<r:Description r:about='x' e:p=''/></r:RDF>", "a relative IRI: declare a base"),
    ("rdfxml: bottomless", "a.rdf " + RDF_START + "<r:Description><e:p>" * NESTED, "elements inside one another"),
    ("rdfxml: OWL/XML", 'a.owl <Ontology xmlns="http://www.w3.org/2002/07/owl#"/>', "this is OWL/XML, not RDF/XML"),
    ("graphml: bomb", "a.graphml " + BOMB, "XML with a DOCTYPE is refused"),
    ("graphml: bomb in UTF-16", b"a.graphml " + BOMB.encode("utf-16"), "XML with a DOCTYPE is refused"),
    ("graphml: other XML", "a.graphml <svg/>", "the root element is not that of GraphML"),
    ("graphml: from elsewhere", f"a.graphml {GRAPHML}<edge source='urn:a' target='urn:b'/></graph></graphml>", "edge from 'urn:a' to 'urn:b' has no 'predicate'"),
    ("graphml: not an IRI", f"a.graphml {GRAPHML}<edge source='n0' target='urn:b'><data key='predicate'>urn:p</data></edge></graph></graphml>", "edge from 'n0' to 'urn:b': No scheme"),
    ("graphml: literals", f"a.graphml {GRAPHML}<node id='urn:a'><data key='literals'>[</data></node></graph></graphml>", "node 'urn:a': Expecting value"),
    ("graphml: bottomless literals", f"a.graphml {GRAPHML}<node id='urn:a'><data key='literals'>{'[' * NESTED}</data></node></graph></graphml>", "node 'urn:a': "),
    ("csv: no header", "a.csv urn:a,urn:b,urn:c\r\n", "line 1, column 1: the columns 'urn:a,urn:b,urn:c', where"),
    ("csv: empty", "a.csv ", "the columns '', where"),
    ("csv: short row", f"a.csv {HEADER}urn:a,urn:b\r\n", "line 2, column 1: 2 columns, where 7 were expected"),
    ("csv: kind", f"a.csv {HEADER}urn:a,urn:b,c,text,,,\r\n", "object_kind 'text', where iri, literal or bnode"),
    ("csv: kind and object", f"a.csv {HEADER}urn:a,urn:b,_:c,iri,,,\r\n", "'_:c' is not of the kind iri"),
    ("csv: IRI after a text of two lines", f'a.csv {HEADER}urn:a,urn:b,"x\r\ny",literal,,,\r\na,urn:b,c,literal,,,\r\n', "line 4, column 1: No scheme"),
    ("csv: language", f"a.csv {HEADER}urn:a,urn:b,c,literal,,en_US,\r\n", "line 2, column 1: "),
    ("csv: direction", f"a.csv {HEADER}urn:a,urn:b,c,literal,,en--up,\r\n", "line 2, column 1: "),
    ("csv: datatype and language", f"a.csv {HEADER}urn:a,urn:b,c,literal,urn:d,en,\r\n", "both the datatype 'urn:d' and the language 'en'"),
    ("csv: quote", f'a.csv {HEADER}urn:a,urn:b,"c', "unexpected end of data"),
    ("csv: not UTF-8", b"a.csv " + HEADER.encode() + b"urn:a,urn:b,\xff,literal,,,\r\n", "utf-8"),
    ("parquet: not", "a.parquet PAR1 or so, but not really", "a.parquet: "),
    ("suffix", "a.n3 <urn:a> <urn:b> <urn:c> .", "does not say which format it has; end it in one of .csv .graphml"),
]  # fmt: skip


@pytest.fixture
def store() -> Store:
    store = Store()
    store.add(Quad(NamedNode("urn:s"), NamedNode("urn:p"), Literal("here before"), NamedNode(Layer.STATED.value)))
    return store


@pytest.mark.parametrize(("case", "file", "message"), BAD_FILES, ids=[case for case, *_ in BAD_FILES])
def test_a_bad_file_is_one_clear_line_and_changes_nothing(case: str, file: str | bytes, message: str, store: Store, tmp_path: Path) -> None:
    name, _, content = (file if isinstance(file, bytes) else file.encode()).partition(b" ")
    path = tmp_path / name.decode()
    path.write_bytes(content)
    before = list(store)
    with pytest.raises(InputError) as refusal:
        import_graph(path, into=store, layer=None)
    assert message in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert list(store) == before


def test_the_bomb_is_small() -> None:
    assert 1_500 < len(BOMB) < 1_700


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ttl", b"\xef\xbb\xbf<urn:s> <urn:p> 'ok' ."),
        ("a.TTL", b"<urn:s> <urn:p> 'ok' ."),
        ("a.nt", b'<urn:s> <urn:p> "ok" .'),
        ("a.nq", b'<urn:s> <urn:p> "ok" <urn:g> .'),
        ("a.trig", b"<urn:g> { <urn:s> <urn:p> 'ok' }"),
        ("a.rdf", GOOD_XML.encode()),
        ("a.owl", b"<?xml version='1.0'?><!-- no <!DOCTYPE here -->" + GOOD_XML.encode()),
        ("a.xml", b"\xef\xbb\xbf" + GOOD_XML.encode()),
        ("a.jsonld", b'{"@context": {"p": "urn:p"}, "@id": "urn:s", "p": "ok"}'),
    ],
)
def test_a_vocabulary_is_read_into_its_layer(name: str, content: bytes, tmp_path: Path) -> None:
    store = Store()
    (tmp_path / name).write_bytes(content)
    assert load_vocabulary(tmp_path / name, store) == 1
    (quad,) = store
    assert quad.graph_name == NamedNode(Layer.VOCABULARY.value)
    assert str(quad.object) == '"ok"'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ttl", "", "the vocabulary has no triples"),
        ("a.csv", "", "a vocabulary is a file that ends in one of .jsonld .nq"),
        ("a.ttl", "<urn:s>", "line 1, column"),
    ],
)
def test_a_broken_vocabulary_is_one_clear_line(name: str, content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        load_vocabulary(tmp_path / name, Store())


def test_what_is_not_a_file_or_is_too_large_is_refused(tmp_path: Path, store: Store) -> None:
    with pytest.raises(InputError, match=r"there is no file .*none\.ttl"):
        import_graph(tmp_path / "none.ttl", into=store, layer=None)
    (tmp_path / "folder.ttl").mkdir()
    with pytest.raises(InputError, match="is not a file"):
        import_graph(tmp_path / "folder.ttl", into=store, layer=None)
    (tmp_path / "large.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    with pytest.raises(InputError, match="has 25 bytes, more than the limit of 24"):
        import_graph(tmp_path / "large.ttl", into=store, layer=None, max_bytes=24)
    with pytest.raises(InputError, match="no format named 'n3'; try one of csv, graphml, jsonld"):
        import_graph(tmp_path / "large.ttl", into=store, layer=None, format="n3")


def test_a_large_file_is_read_in_two_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "QUADS_IN_ONE_TRANSACTION", 3)
    store = Store()
    lines = "".join(f"_:b{n} <urn:p> _:b{n + 1} .\n" for n in range(10))
    (tmp_path / "a.nt").write_text(lines)
    assert import_graph(tmp_path / "a.nt", into=store, layer=Layer.STATED) == 10
    assert len(store) == 10
    (tmp_path / "b.nt").write_text(lines + "broken")
    with pytest.raises(InputError, match="line 11"):
        import_graph(tmp_path / "b.nt", into=store, layer=Layer.STATED)
    assert len(store) == 10


def test_triples_in_no_graph_are_stated_and_named_graphs_kept(tmp_path: Path) -> None:
    store = Store()
    (tmp_path / "a.trig").write_text("<urn:a> <urn:b> 1 . <urn:g> { <urn:a> <urn:b> 2 }")
    import_graph(tmp_path / "a.trig", into=store, layer=None)
    assert sorted(str(quad.graph_name) for quad in store) == ["<urn:dovetail:layer:stated>", "<urn:g>"]


def test_an_interrupted_export_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    path = tmp_path / "graph.csv"
    path.write_text("precious")
    store.add(Quad(NamedNode("urn:z"), NamedNode("urn:p"), Triple(*(NamedNode("urn:t"),) * 3)))
    with pytest.raises(InputError, match=r"<urn:z> has the triple term .* export as trig or nquads"):
        export_graph(store, path)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["graph.csv"]


def test_an_export_replaces_the_file_behind_a_link_and_keeps_its_mode(tmp_path: Path, store: Store) -> None:
    path, link = tmp_path / "graph.nt", tmp_path / "link.nt"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    assert export_graph(store, link) == 1
    assert link.is_symlink()
    assert path.read_text() == '<urn:s> <urn:p> "here before" .\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("target", "format", "message"),
    [
        ("graph.xyz", None, "does not say which format it has"),
        ("graph", None, "name a format: csv, graphml, jsonld, nquads, ntriples, parquet, rdf12, trig, turtle"),
        ("graph.ttl", "n3", "no format named 'n3'"),
        ("none/graph.ttl", None, "cannot be written: No such file"),
        (".", "turtle", "is a folder"),
    ],
)
def test_an_export_that_cannot_be_written_says_so(target: str, format: str | None, message: str, tmp_path: Path, store: Store) -> None:
    with pytest.raises(InputError, match=message):
        export_graph(store, tmp_path / target, format=format)


def test_a_stream_needs_a_format(store: Store) -> None:
    with pytest.raises(InputError, match="a stream needs a format"):
        export_graph(store, BytesIO())


def test_jsonld_refuses_what_it_cannot_hold(store: Store) -> None:
    store.add(Quad(NamedNode("urn:z"), NamedNode("urn:p"), Triple(*(NamedNode("urn:t"),) * 3)))
    with pytest.raises(InputError, match=r"JSON-LD cannot hold .* \(RDF 1.2\)"):
        export_graph(store, BytesIO(), format="jsonld")


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match="pip install pyarrow"):
        export_graph(store, BytesIO(), format="parquet")


def test_parquet_of_something_else_is_refused(tmp_path: Path) -> None:
    import pyarrow  # type: ignore[import-untyped]  # it has none
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="the columns are"):
        import_graph(tmp_path / "a.parquet", into=Store(), layer=None)
    row = {name: ["x"] for name in tables.COLUMNS}
    parquet.write_table(pyarrow.table(row), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="row 1: object_kind 'x'"):
        import_graph(tmp_path / "b.parquet", into=Store(), layer=None)


@pytest.mark.parametrize("name", sorted(formats.EXPORTERS))
def test_every_format_goes_through_a_pipe(name: str, store: Store) -> None:
    program = (
        "import sys; from pyoxigraph import *; from dovetail.kg.formats import export_graph; store = Store();"
        "store.add(Quad(NamedNode('urn:s'), NamedNode('urn:p'), Literal('here before'),"
        "               NamedNode('urn:dovetail:layer:stated')));"
        f"export_graph(store, sys.stdout.buffer, format={name!r})"
    )
    root = Path(formats.__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    piped = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, timeout=60)
    stream = BytesIO()
    export_graph(store, stream, format=name)
    assert piped.stdout == stream.getvalue()


XL = "http://www.w3.org/2008/05/skos-xl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"


def vocabulary(*triples: tuple[NamedNode | BlankNode, str, NamedNode | BlankNode | Literal]) -> Iterator[Quad]:
    for subject, predicate, term in triples:
        yield Quad(subject, NamedNode(predicate), term, NamedNode(Layer.VOCABULARY.value))


def test_vocabulary_names_are_those_of_rdfs_skos_and_skos_xl() -> None:
    tea, label = NamedNode("urn:tea"), BlankNode()
    store = Store()
    store.extend(
        vocabulary(
            (tea, "http://www.w3.org/2000/01/rdf-schema#label", Literal("tea")),
            (tea, SKOS + "prefLabel", Literal("茶", language="zh")),
            (tea, SKOS + "altLabel", Literal(" tea ")),
            (tea, SKOS + "altLabel", Literal("cuppa")),
            (tea, SKOS + "altLabel", Literal(" ")),
            (tea, XL + "altLabel", label),
            (label, XL + "literalForm", Literal("شاي", language="ar")),
            (BlankNode(), SKOS + "prefLabel", Literal("nobody")),
        )
    )
    store.add(Quad(tea, NamedNode(SKOS + "altLabel"), Literal("char"), NamedNode(Layer.STATED.value)))
    assert list(vocabulary_names(store)) == [
        (URIRef("urn:tea"), "cuppa", "alternative"),
        (URIRef("urn:tea"), "tea", "label"),
        (URIRef("urn:tea"), "شاي", "alternative"),
        (URIRef("urn:tea"), "茶", "label"),
    ]
