"""N-Triples read straight into an index, as a graph would have them."""

from __future__ import annotations

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg import InputError, KnowledgeGraph, Layer, TripleIndex, import_graph, ntriples, read_ntriples

XSD = "http://www.w3.org/2001/XMLSchema#"

IRIS = st.sampled_from(
    "<urn:x:a> <urn:x:é> <http://x.org/a?b#c> <http://x.org:80/%20> <http://[::1]/> <urn:x:\\u0061> <urn:x:\U00010300> <A:>".split()
)
BLANKS = st.sampled_from(["_:b", "_:b.1", "_:0", "_:é", "_:a-"])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\\\n\r'), max_size=4)
ODD_TEXTS = ["a b", "\\n", "\\u00e9", "\\'", "\\\\", '\\"', " .\\n", "\x7f", "\ufffe", "\ufb01", "\U0001f60b", "# ."]
TAGS = st.sampled_from(["", "@en", "@EN-us", "@zh-Hant", "@de-1996", "@ar--rtl"])
KINDS = "string integer int decimal date dateTime double boolean token".split()
TYPES = st.sampled_from(["", *(f"^^<{XSD}{name}>" for name in KINDS), "^^<urn:t>"])
VALUES = st.sampled_from(
    "007 7 -7 -0 0 1.50 0.5 -0.5 -0.0 .5 5. 1e3 1.5E3 12345678901234567890123 123456789.123456789 2020-01-01 2020-02-30 2020-01-01+00:00 "
    "2020-12-31T23:59:59Z 2020-12-31T24:00:00 0000-01-01T00:00:00 0001-01-01T00:00:60 true 1 x".split()
)
LITERALS = st.one_of(st.tuples(TEXT | st.sampled_from(ODD_TEXTS), TAGS), st.tuples(VALUES, TYPES)).map(lambda pair: '"{}"{}'.format(*pair))
SPACES = st.sampled_from([" ", " ", " ", "\t", "  ", ""])
ENDS = st.sampled_from([" .\n", " .\n", ".\n", " .\r\n", "\t.\n", " . # so .\n", " .\r", " .\n\n", " .\n# it is .\n", " .\n \n"])
LINES = st.tuples(st.one_of(IRIS, BLANKS), SPACES, IRIS, SPACES, st.one_of(IRIS, BLANKS, LITERALS), ENDS).map("".join)
FILES = st.tuples(st.sampled_from(["", "\ufeff", "# hello\r\n"]), st.lists(LINES, max_size=8).map("".join)).map("".join)


def by_way_of_a_graph(text: bytes) -> TripleIndex:
    graph = KnowledgeGraph()
    with graph.changing() as store:
        # Not `store.load`, which gives blank nodes other names.
        stated = ox.NamedNode(Layer.STATED.value)
        quads = ox.parse(text.removeprefix(b"\xef\xbb\xbf"), ox.RdfFormat.N_TRIPLES)
        store.extend(ox.Quad(quad.subject, quad.predicate, quad.object, stated) for quad in quads)
    return graph.index()


def same(one: TripleIndex, other: TripleIndex) -> bool:
    arrays = ("subjects", "predicates", "objects", "by_subject", "by_object", "subject_starts", "object_starts")
    pairs = [(one.terms.text_bytes, other.terms.text_bytes), *((getattr(one, name), getattr(other, name)) for name in arrays)]
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


@settings(deadline=None, max_examples=300)
@given(FILES, st.integers(3, 40))
def test_it_is_the_index_of_a_graph_with_the_same_file(text: str, block_bytes: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ntriples, "_BLOCK_BYTES", block_bytes)
        file = Path(folder, "x.nt")
        file.write_bytes(text.encode())
        assert same(read_ntriples(file), by_way_of_a_graph(text.encode()))


def test_every_way_to_write_a_line_and_none(tmp_path: Path) -> None:
    file = tmp_path / "x.nt"
    for text, triples in [
        (b"", 0),
        (b"\n# nothing .\n", 0),
        (b"<a:b> <a:b> <a:b> .", 1),
        (b"<a:b> <a:b> <a:b> .\n" * 3, 1),
        (b"<a:b><a:b><a:b>.<", None),
        (b'<a:b> <a:b> "' + b"long " * 100_000 + b'" .\n<a:b> <a:b> <a:b> .', 2),
    ]:
        file.write_bytes(text)
        if triples is None:
            with pytest.raises(InputError, match="line 1"):
                read_ntriples(file)
        else:
            assert len(read_ntriples(file)) == triples


def test_a_packed_file_is_the_same_file(tmp_path: Path) -> None:
    text = b"<a:b> <a:b> <a:c> .\n" * 3 + b"_:x <a:b> <a:c>. # odd\n"
    packed = tmp_path / "x.nt.gz"
    packed.write_bytes(gzip.compress(text))
    assert same(read_ntriples(packed), by_way_of_a_graph(text))
    packed.write_bytes(gzip.compress(text * 50)[:-20])
    with pytest.raises(InputError, match=r"x\.nt\.gz cannot be read"):
        read_ntriples(packed)
    packed.write_bytes(gzip.compress(b"# " + b"bomb" * 10_000))
    with pytest.raises(InputError, match="more than the limit of 10,000"):
        read_ntriples(packed, max_bytes=10_000)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("<a:b> <a:b> <a:b>", "line 1004, column 1: Quads must be followed by a dot"),
        ('"a" <a:b> <a:b> .', "line 1003, column 1: The subject of a triple must be an IRI or a blank node"),
        ("<a:b> _:b <a:b> .", "line 1003, column 7: The predicate of a triple must be an IRI"),
        ('<a:b> "b" <a:b> .', "line 1003, column 7: The predicate of a triple must be an IRI"),
        ("<a:b> <a:b> <a b> .", "line 1003, column 13: "),
        ("<a:b> <a:b> <b> .", r"line 1003, column 13: No scheme found in an absolute IRI \(a relative IRI"),
        ("<a:b> <a:b> <http://x:y/> .", "line 1003, column 13: Invalid character 'y'"),
        ("<a:b> <a:b> <a:%zz> .", "line 1003, column 13: Invalid IRI percent encoding '%zz'"),
        ('<a:b> <a:b> "x"@123 .', "line 1003, column 17: A language code should always start with a letter"),
        ('<a:b> <a:b> "x"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .', "line 1003, column 18: The datatype"),
        ('<a:b> <a:b> "x"y" .', "line 1003, column 1"),
        ('<a:b> <a:b> "x .', "line 1003, column 13"),
        ("<a:b> <a:b> <a:b> . <a:b> <a:b> <a:b> .", "line 1003, column 21: Only a single triple"),
        ("<a:b> <a:b> <<( <a:b> <a:b> <a:b> )>> .", "can only be kept as what one rdf:reifies names"),
        ("<a:b> <a:b> " + "<<( <a:b> <a:b> " * 600 + "<a:b>" + " )>>" * 600 + " .", "more than 500 triple terms"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "x.nt"
    good = "<urn:x:a> <urn:x:p> <urn:x:b> .\n"
    file.write_text("# first\n\n" + good * 1000 + line + "\n" + good * 1000)
    with pytest.raises(InputError, match=message):
        read_ntriples(file)


@pytest.mark.parametrize("value", [b'"\xff"', b"<a:\xff>", b"<a:\xc2\x80>", b'"\xed\xa0\x80"'])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, value: bytes) -> None:
    (tmp_path / "x.nt").write_bytes(b"<a:b> <a:b> <a:b> .\n<a:b> <a:b> " + value + b" .\n")
    with pytest.raises(InputError, match="line 2"):
        read_ntriples(tmp_path / "x.nt")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        read_ntriples(tmp_path / "none.nt")
    with pytest.raises(InputError, match="is not a file"):
        read_ntriples(tmp_path)


def test_reified_triples_are_as_an_import_has_them(tmp_path: Path) -> None:
    file = tmp_path / "x.nt"
    triple = "<urn:x:a> <urn:x:b> <urn:x:c>"
    file.write_text(f"<urn:x:r> <http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies> <<( {triple} )>> .\n{triple} .")
    graph = KnowledgeGraph()
    with graph.changing() as store:
        import_graph(file, into=store, layer=Layer.STATED)
    assert len(graph.index()) == 4
    assert same(read_ntriples(file), graph.index())
