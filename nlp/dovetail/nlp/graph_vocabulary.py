"""The vocabulary of a graph as arrays beside it, made once and mapped by every process that reads documents."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox
from rdflib import RDF, RDFS, URIRef

from dovetail.kg.formats import each_vocabulary_name, load_vocabulary
from dovetail.kg.names import Layer
from dovetail.kg.provenance import GRAPHS
from dovetail.kg.store import KnowledgeGraph
from dovetail.nlp.vocabulary import Content, Vocabulary, VocabularyName

SCHEMA = (str(RDF), str(RDFS), "http://www.w3.org/2002/07/owl#", "http://www.w3.org/2004/02/skos/core#")
"""Namespaces whose classes say what a term is to its vocabulary, not what it is in the world."""


def read_vocabulary(paths: Iterable[Path]) -> Vocabulary:
    """The names in RDF files, in memory; InputError for a file that cannot be used."""
    store = ox.Store()
    for path in paths:
        load_vocabulary(path, store)
    return Vocabulary.of(_names(store, frozenset()), types=_types(store))


@contextmanager
def vocabulary_folder(graph: KnowledgeGraph, *, without: frozenset[str]) -> Iterator[tuple[Path | None, str]]:
    """The folder of the vocabulary of ``graph`` (None where it has no names), and the name of its content.

    The entities in ``without`` are left out.

    It lies beside the store, where others that were left there go; a graph in memory has it in a folder that goes with the context.
    """
    content = Content()
    names = 0
    for name in _names(graph.store, without):
        content.add(str(name.iri), name.name, str(name.preferred))
        names += 1
    if not names:
        yield None, ""
        return
    for iri, kind in _types(graph.store):
        content.add(str(iri), str(kind))
    if graph.path is None:
        with TemporaryDirectory(prefix="dovetail-") as scratch:
            yield _made(graph.store, Path(scratch) / content.digest(), without), content.digest()
        return
    home = graph.path / "vocabulary"
    folder = home / content.digest()
    try:
        Vocabulary.open(folder)
    except (OSError, ValueError, KeyError):
        shutil.rmtree(home, ignore_errors=True)
        _made(graph.store, folder, without)
    yield folder, content.digest()


def _made(store: ox.Store, folder: Path, without: frozenset[str]) -> Path:
    Vocabulary.of(_names(store, without), types=_types(store)).save(folder)
    return folder


def _names(store: ox.Store, without: frozenset[str]) -> Iterator[VocabularyName]:
    for iri, name, kind in each_vocabulary_name(store):
        if iri not in without:
            yield VocabularyName(URIRef(iri), name, kind == "label")


def _types(store: ox.Store) -> Iterator[tuple[URIRef, URIRef]]:
    for quad in store.quads_for_pattern(None, ox.NamedNode(RDF.type), None, GRAPHS[Layer.VOCABULARY]):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode) and not quad.object.value.startswith(SCHEMA):
            yield URIRef(quad.subject.value), URIRef(quad.object.value)
