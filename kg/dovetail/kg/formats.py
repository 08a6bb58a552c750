"""The graph to a file and back.

    export:  store -> choose layers -> sort -> exporter -> temporary file -> rename
    import:  file -> guards -> importer -> blank nodes renamed, layers set -> all of it, or nothing

The formats themselves are in `rdf_formats.py`, `tables.py` and `graphml.py`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, cast

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store
from rdflib import URIRef
from rdflib.namespace import RDFS, SKOS

from dovetail.kg import graphml, rdf_formats, tables  # noqa: F401  # they fill the registry
from dovetail.kg.errors import InputError
from dovetail.kg.format_registry import EXPORTERS, IMPORTERS, Exporter, find_format
from dovetail.kg.guards import MAX_BYTES, check_file, located_message
from dovetail.kg.names import Layer

__all__ = ["EXPORTERS", "IMPORTERS", "export_graph", "import_graph", "load_vocabulary", "vocabulary_names"]

QUADS_IN_ONE_TRANSACTION = 100_000
VOCABULARY_SUFFIXES = (".jsonld", ".nq", ".nt", ".owl", ".rdf", ".trig", ".ttl", ".xml")
SKOS_XL = "http://www.w3.org/2008/05/skos-xl#"


def export_graph(
    store: Store,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    format: str | None = None,
    layers: Sequence[Layer] | None = None,
) -> int:
    """The number of triples written to a file, which is there whole or not at all, or to a binary stream.

    Without ``format`` the suffix of the file decides. Without ``layers``, formats that name graphs
    hold every graph of the store; Turtle, N-Triples and GraphML what is known (vocabulary, stated,
    inferred). The same graph gives the same bytes. All of it passes through memory, to be sorted.

    >>> import sys
    >>> store = Store()
    >>> store.add(Quad(NamedNode("urn:s"), NamedNode("urn:p"), Literal("茶", language="zh"),
    ...                NamedNode(Layer.STATED.value)))
    >>> from io import BytesIO
    >>> stream = BytesIO()
    >>> export_graph(store, stream, format="ntriples")
    1
    >>> print(stream.getvalue().decode(), end="")
    <urn:s> <urn:p> "茶"@zh .
    """
    path = Path(target) if isinstance(target, (str, os.PathLike)) else None
    exporter = find_format(EXPORTERS, path, name=format)
    quads = _chosen_quads(store, exporter, exporter.layers if layers is None else layers)
    if path is None:
        exporter.write(store, quads, cast(BinaryIO, target))
    else:
        with _whole_file(path) as out:
            exporter.write(store, quads, out)
    return len(quads)


def _chosen_quads(store: Store, exporter: Exporter, layers: Sequence[Layer] | None) -> list[Quad]:
    """The quads of ``layers`` (``None``: all), sorted by graph, subject, predicate and object."""
    if layers is None:
        quads = list(store)
    else:
        graphs = {NamedNode(layer.value) for layer in layers}
        quads = [quad for graph in graphs for quad in store.quads_for_pattern(None, None, None, graph)]
    if not exporter.graphs:
        quads = [Quad(*triple) for triple in {quad.triple for quad in quads}]
    return sorted(quads, key=lambda quad: (str(quad.graph_name), str(quad.triple)))


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file beside ``path`` that takes its place when the block ends well, and vanishes otherwise."""
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it")
    part = path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.part")
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as out:  # a pipe or a device: there is nothing to replace
                yield out
            return
        with part.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        if path.exists():
            part.chmod(path.stat().st_mode & 0o777)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # after a rename there is none
            part.unlink()


def import_graph(
    path: str | os.PathLike[str],
    *,
    into: Store,
    layer: Layer | None,
    format: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> int:
    """The number of triples read from a file into a store: all of them or, with an `InputError`, none.

    Everything `export_graph` writes is read, and RDF/XML. With a ``layer``, every triple goes there;
    with ``None`` triples keep their named graphs, and those in none go to the stated layer. Blank
    nodes are named after the file's content: those of two files never meet, and reading a file twice
    is reading it once. Nothing is fetched from anywhere; files past ``max_bytes`` are refused. The
    file is read twice when it holds more than 100,000 triples, instead of kept in memory.

    >>> from tempfile import TemporaryDirectory
    >>> store = Store()
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "tea.ttl")
    ...     _ = file.write_text("<urn:s> <urn:p> [] .")
    ...     import_graph(file, into=store, layer=Layer.VOCABULARY)
    ...     import_graph(file, into=store, layer=Layer.VOCABULARY)
    1
    1
    >>> len(store)
    1
    """
    path = Path(path)
    importer = find_format(IMPORTERS, path, name=format)
    check_file(path, max_bytes)
    try:
        with path.open("rb") as file:
            prefix = _content_hash(file)
        quads = _placed(importer.read(path), prefix=prefix, layer=layer)
        batch: list[Quad] = []
        count = 0
        for count, quad in enumerate(quads, 1):
            if count <= QUADS_IN_ONE_TRANSACTION:
                batch.append(quad)
            elif batch:
                batch = []
    except SyntaxError as error:
        raise InputError(f"{path}: {located_message(error)}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if count <= QUADS_IN_ONE_TRANSACTION:
        into.extend(batch)
        return count
    try:
        into.bulk_extend(_placed(importer.read(path), prefix=prefix, layer=layer))
    except SyntaxError as error:
        raise InputError(f"{path} changed while it was read; read it again: {located_message(error)}") from error
    return count


def _content_hash(file: BinaryIO) -> str:
    content = blake2b(digest_size=12)
    while piece := file.read(2**20):
        content.update(piece)
    return content.hexdigest()


def _placed(quads: Iterator[Quad], *, prefix: str, layer: Layer | None) -> Iterator[Quad]:
    """Quads in their graphs, with blank nodes named by ``prefix`` and order of appearance."""
    default = NamedNode((layer or Layer.STATED).value)
    renamed: dict[BlankNode, BlankNode] = {}

    def fresh(node: BlankNode) -> BlankNode:
        return renamed.setdefault(node, BlankNode(f"f{prefix}x{len(renamed)}"))

    for quad in quads:
        subject, predicate, term, graph = quad
        if isinstance(subject, BlankNode):
            subject = fresh(subject)
        if isinstance(term, BlankNode):
            term = fresh(term)
        if layer is not None or isinstance(graph, DefaultGraph):
            graph = default
        elif isinstance(graph, BlankNode):
            graph = fresh(graph)
        yield Quad(subject, predicate, term, graph)


def load_vocabulary(path: str | os.PathLike[str], store: Store) -> int:
    """The number of triples read from an ontology, thesaurus or list of names into the vocabulary layer.

    Turtle, TriG, N-Triples, N-Quads, JSON-LD or RDF/XML, by the suffix of the file; `InputError` for
    anything that is not, and for a file without a triple.

    >>> from tempfile import TemporaryDirectory
    >>> store = Store()
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "tea.nt")
    ...     _ = file.write_text('<urn:tea> <http://www.w3.org/2000/01/rdf-schema#label> "tea" .')
    ...     load_vocabulary(file, store)
    1
    """
    path = Path(path)
    if path.suffix.lower() not in VOCABULARY_SUFFIXES:
        raise InputError(f"{path}: a vocabulary is a file that ends in one of {' '.join(VOCABULARY_SUFFIXES)}")
    count = import_graph(path, into=store, layer=Layer.VOCABULARY)
    if count == 0:
        raise InputError(f"{path}: the vocabulary has no triples")
    return count


def vocabulary_names(store: Store) -> Iterator[tuple[URIRef, str, str]]:
    """What the vocabulary layer calls things, sorted: IRI, name, and ``label`` or ``alternative``.

    Labels are rdfs:label and skos:prefLabel, alternatives skos:altLabel, of SKOS or SKOS-XL, in
    every language. Names are stripped; the same name twice comes once, as a label if it is one.

    >>> store = Store()
    >>> for name, text in [(SKOS.prefLabel, "tea"), (SKOS.altLabel, "chai"), (SKOS.altLabel, "tea ")]:
    ...     store.add(Quad(NamedNode("urn:tea"), NamedNode(name), Literal(text),
    ...                    NamedNode(Layer.VOCABULARY.value)))
    >>> list(vocabulary_names(store))
    [(rdflib.term.URIRef('urn:tea'), 'chai', 'alternative'), (rdflib.term.URIRef('urn:tea'), 'tea', 'label')]
    """
    names: dict[tuple[str, str], str] = {}
    for iri, name, kind in each_vocabulary_name(store):
        names.setdefault((iri, name), kind)
    for (iri, name), kind in sorted(names.items()):
        yield URIRef(iri), name, kind


def each_vocabulary_name(store: Store) -> Iterator[tuple[str, str, str]]:
    """The same, in no order and one at a time, for vocabularies that fill the memory; labels come before alternatives.

    >>> list(each_vocabulary_name(Store()))
    []
    """
    graph = NamedNode(Layer.VOCABULARY.value)
    for predicate, kind in (
        (RDFS.label, "label"),
        (SKOS.prefLabel, "label"),
        (SKOS_XL + "prefLabel", "label"),
        (SKOS.altLabel, "alternative"),
        (SKOS_XL + "altLabel", "alternative"),
    ):
        for quad in store.quads_for_pattern(None, NamedNode(predicate), None, graph):
            if not isinstance(quad.subject, NamedNode):
                continue
            for text in _texts(store, quad, graph):
                yield quad.subject.value, text, kind


def _texts(store: Store, quad: Quad, graph: NamedNode) -> Iterator[str]:
    """The name that a quad gives, itself or through a SKOS-XL label."""
    term = quad.object
    if isinstance(term, Literal):
        if text := term.value.strip():
            yield text
    elif quad.predicate.value.startswith(SKOS_XL) and isinstance(term, (NamedNode, BlankNode)):
        form = NamedNode(SKOS_XL + "literalForm")
        for named in store.quads_for_pattern(term, form, None, graph):
            if isinstance(named.object, Literal) and (text := named.object.value.strip()):
                yield text
