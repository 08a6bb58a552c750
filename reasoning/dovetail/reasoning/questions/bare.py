"""Graphs that are only a file: RDF, or a table of triples, in memory, with a name for everything in it.

    path -> open_any -> folder: the graph and its passages, as they are
                     -> file:   statements (stated layer) -> names for what has none (vocabulary layer) -> the graph, and no passages

What has no label is called by one of the other properties that hold names, by the packaged catalogue where it holds the IRI, or by
the last part of its IRI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pyoxigraph as ox
from rdflib import DCTERMS, FOAF, RDF, RDFS, SDO, SKOS

from dovetail.kg.errors import InputError
from dovetail.kg.formats import IMPORTERS, import_graph
from dovetail.kg.guards import MAX_BYTES, check_file
from dovetail.kg.names import DT, ENTITY, Layer
from dovetail.kg.passages import PassageIndex
from dovetail.kg.store import KnowledgeGraph
from dovetail.nlp.catalogue import load_catalogue

TABLES = (".tsv",)
RDF_FORMATS = ("jsonld", "nquads", "ntriples", "rdfxml", "trig", "turtle")
HEADERS = frozenset({("head", "relation", "tail"), ("subject", "predicate", "object"), ("s", "p", "o"), ("h", "r", "t")})
NAMES = tuple(ox.NamedNode(str(p)) for p in (SKOS.prefLabel, RDFS.label))
OTHER_NAMES = tuple(ox.NamedNode(p) for p in (str(FOAF.name), str(SDO.name), "http://schema.org/name", str(DCTERMS.title)))
LABEL, ALTERNATIVE, TYPE = (ox.NamedNode(str(p)) for p in (RDFS.label, SKOS.altLabel, RDF.type))
_UNSAFE = re.compile(r"[^\w.~-]|_")
STATED, VOCABULARY = (ox.NamedNode(layer.value) for layer in (Layer.STATED, Layer.VOCABULARY))


def open_any(path: Path) -> tuple[KnowledgeGraph, PassageIndex]:
    """The graph at ``path`` with its passages, to be read: a graph's folder, a file of RDF, or a ``.tsv`` of triples.

    A file is loaded into memory, and has no passages; nor has a folder whose graph was made without documents. In a ``.tsv``, each
    line is head, relation and tail, as names: what has the same name is the same. Named graphs of a file that are no layers of
    Dovetail's are read as stated. InputError: nothing there, nothing in it, or something else; a folder of documents whose
    passages are gone.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "films.tsv")
    ...     _ = file.write_text("Kismet\\tdirected_by\\tWilliam Dieterle\\n")
    ...     graph, passages = open_any(file)
    >>> [(graph.label(e), name) for e, name in graph.all_names() if "Kismet" in name], len(passages)
    ([('Kismet', 'Kismet')], 0)
    """
    if path.is_dir() or not path.exists():
        return _open_folder(path)
    suffix = path.suffix.lower()
    check_file(path, MAX_BYTES)
    graph = KnowledgeGraph()
    if suffix in TABLES:
        with graph.changing() as store:
            store.bulk_extend(table_quads(path))
    elif suffix in known_suffixes():
        with graph.changing() as store:
            import_graph(path, into=store, layer=None)
            _into_layers(store)
            store.bulk_extend(list(_made_names(store)))
    else:
        raise InputError(f"{path}: a graph is a folder made by dovetail build, or a file that ends in one of {' '.join(known_suffixes())}")
    if not len(graph.store):
        raise InputError(f"{path} holds no statements")
    return graph, PassageIndex(None)


def known_suffixes() -> tuple[str, ...]:
    """How the names of the files that ``open_any`` reads end.

    >>> ".ttl" in known_suffixes(), ".tsv" in known_suffixes(), ".csv" in known_suffixes()
    (True, True, False)
    """
    return tuple(sorted({*TABLES, *(suffix for name in RDF_FORMATS for suffix in IMPORTERS[name].suffixes)}))


def _open_folder(path: Path) -> tuple[KnowledgeGraph, PassageIndex]:
    index = path / "passages" / "passages.db"
    graph = KnowledgeGraph.open(path, read_only=True)
    try:
        if index.exists():
            return graph, PassageIndex(index)
        facts = any(any(graph.store.quads_for_pattern(None, None, None, layer)) for layer in (STATED, VOCABULARY))
        if facts and not graph.fingerprints():
            return graph, PassageIndex(None)
        raise InputError(f"{path} has no passages to answer from; build again from its documents, which makes them")
    except BaseException:
        graph.close()
        raise


# ---------------------------------------------------------------------- tables


def table_quads(path: Path) -> Iterator[ox.Quad]:
    """The statements of a ``.tsv`` of triples, and the names of what they are about. A first line of column names is passed over.

    Underscores in names stand for spaces; the name as it is written is kept beside, as an alternative.
    """
    entities: dict[str, ox.NamedNode] = {}
    relations: dict[str, ox.NamedNode] = {}
    for number, (head, relation, tail) in _rows(path):
        if number == 1 and (head.lower(), relation.lower(), tail.lower()) in HEADERS:
            continue
        for name in (head, tail):
            if name not in entities:
                entities[name] = ox.NamedNode(f"{ENTITY}thing:{_spelled(name)}")
                yield from _named(entities[name], name, underscores_to_spaces(name))
        if relation not in relations:
            relations[relation] = ox.NamedNode(f"{DT}relation:{_spelled(relation)}")
            yield from _named(relations[relation], relation, readable(re.split(r"__+|[/.#]", relation.strip("_/.#"))[-1]))
        yield ox.Quad(entities[head], relations[relation], entities[tail], STATED)


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, str, str]]]:
    with path.open(encoding="utf-8-sig", newline="\n") as lines:
        try:
            for number, line in enumerate(lines, 1):
                cells = [cell.strip() for cell in line.split("\t")]
                if cells == [""]:
                    continue
                if len(cells) != 3 or not all(cells):
                    raise InputError(
                        f"{path}: line {number} is not head, relation and tail, with one tab between them: {line.strip()[:60]!r}"
                    )
                yield number, (cells[0], cells[1], cells[2])
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is not UTF-8 text: save it as UTF-8") from error


def _named(term: ox.NamedNode, written: str, shown: str) -> Iterator[ox.Quad]:
    yield ox.Quad(term, LABEL, ox.Literal(shown), VOCABULARY)
    if written != shown:
        yield ox.Quad(term, ALTERNATIVE, ox.Literal(written), VOCABULARY)


def _spelled(name: str) -> str:
    """A name as part of an IRI, no two names alike."""
    return _UNSAFE.sub(lambda match: "_" if match[0] == " " else "%5F" if match[0] == "_" else quote(match[0], safe=""), name)


def underscores_to_spaces(name: str) -> str:
    """A name that is written without spaces, with them.

    >>> underscores_to_spaces("Donald_A._Bailey"), underscores_to_spaces("snake_case in Python")
    ('Donald A. Bailey', 'snake_case in Python')
    """
    return name if " " in name else " ".join(name.replace("_", " ").split()) or name


# ---------------------------------------------------------------------- RDF


def _into_layers(store: ox.Store) -> None:
    """Moves what is in named graphs that are no layers to the stated layer."""
    layers = {ox.NamedNode(layer.value) for layer in Layer}
    for name in [graph for graph in store.named_graphs() if graph not in layers]:
        quads = list(store.quads_for_pattern(None, None, None, name))
        store.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object, STATED) for quad in quads)
        store.remove_graph(name)


def _made_names(store: ox.Store) -> Iterator[ox.Quad]:
    """A label for everything in statements that has none. Blank nodes are named by what names them, or not at all."""
    graphs = [STATED, VOCABULARY, ox.NamedNode(Layer.INFERRED.value), ox.NamedNode(Layer.PREDICTED.value)]
    named = {quad.subject for graph in graphs for name in NAMES for quad in store.quads_for_pattern(None, name, None, graph)}
    terms: dict[ox.NamedNode | ox.BlankNode, None] = {}
    for graph in graphs:
        for quad in store.quads_for_pattern(None, None, None, graph):
            for term in (quad.subject, quad.predicate, quad.object):
                if isinstance(term, ox.NamedNode | ox.BlankNode) and term not in named:
                    terms[term] = None
    catalogue = load_catalogue()
    known = {str(kind.iri): kind.name for kind in catalogue.entities}
    known |= {str(relation.iri): relation.name for relation in catalogue.relations}
    for term in terms:
        given = sorted({name for other in OTHER_NAMES for name in _texts(store, term, other)})
        if given:
            yield from (ox.Quad(term, ALTERNATIVE if place else LABEL, ox.Literal(name), VOCABULARY) for place, name in enumerate(given))
        elif isinstance(term, ox.NamedNode):
            shown = known.get(term.value) or readable(local_part(term.value))
            yield ox.Quad(term, LABEL, ox.Literal(shown), VOCABULARY)
            if bare := re.sub(r"\s*\([^()]*\)$", "", shown):
                yield from () if bare == shown else (ox.Quad(term, ALTERNATIVE, ox.Literal(bare), VOCABULARY),)


def _texts(store: ox.Store, term: ox.NamedNode | ox.BlankNode, predicate: ox.NamedNode) -> Iterator[str]:
    for quad in store.quads_for_pattern(term, predicate, None, None):
        if isinstance(quad.object, ox.Literal) and quad.object.value.strip():
            yield quad.object.value.strip()


def local_part(iri: str) -> str:
    """The last part of an IRI, without what spells characters in it.

    >>> local_part("http://x.example/onto#birthPlace"), local_part("urn:x:%C3%89mile")
    ('birthPlace', 'Émile')
    """
    text = iri.rstrip("/#")
    return unquote(text[max(text.rfind(mark) for mark in "/#:") + 1 :]) or iri


def readable(name: str) -> str:
    """A name from a program or an IRI as words: parted at underscores, or else where a capital begins a word.

    >>> readable("birthPlace"), readable("Marie_Curie"), readable("FilmDirector"), readable("XMLFile"), readable("McDonald")
    ('birth place', 'Marie Curie', 'Film Director', 'XML File', 'McDonald')
    """
    if re.search(r"[_\s]", name):
        return " ".join(name.replace("_", " ").split()) or name
    parted = re.sub(r"(?<=[^\W\d_A-Z])(?<!\bMc)(?<!\bMac)(?=[A-Z])|(?<=[A-Z])(?=[A-Z][^\W\d_A-Z])", " ", name)
    lower = name[:1].islower()
    return " ".join(part.lower() if lower and part[:2].istitle() else part for part in parted.split())
