"""RDF's own formats, through pyoxigraph: Turtle, TriG, N-Triples, N-Quads, JSON-LD, RDF/XML, RDF 1.2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse, serialize
from rdflib.namespace import RDF

from dovetail.kg.errors import InputError
from dovetail.kg.format_registry import KNOWLEDGE, exporter, importer
from dovetail.kg.guards import check_json_ld, check_triple_terms, check_xml
from dovetail.kg.names import PREFIXES

REIFIES = NamedNode(str(RDF) + "reifies")
REIFICATION = (NamedNode(str(RDF.subject)), NamedNode(str(RDF.predicate)), NamedNode(str(RDF.object)))
UTF8_MARK = b"\xef\xbb\xbf"
OWL_XML_ROOT = "http://www.w3.org/2002/07/owl# Ontology"


@exporter("turtle", ".ttl", layers=KNOWLEDGE, graphs=False)
def write_turtle(_: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """Turtle: one graph, grouped by subject."""
    serialize((quad.triple for quad in quads), out, RdfFormat.TURTLE, prefixes=PREFIXES)


@exporter("ntriples", ".nt", layers=KNOWLEDGE, graphs=False)
def write_ntriples(_: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """N-Triples: one triple a line."""
    serialize((quad.triple for quad in quads), out, RdfFormat.N_TRIPLES)


@exporter("trig", ".trig")
def write_trig(_: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """TriG: Turtle with named graphs."""
    serialize(quads, out, RdfFormat.TRIG, prefixes=PREFIXES)


@exporter("nquads", ".nq")
def write_nquads(_: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """N-Quads: one quad a line."""
    serialize(quads, out, RdfFormat.N_QUADS)


@exporter("jsonld", ".jsonld", ".json")
def write_jsonld(_: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """Expanded JSON-LD with named graphs. It holds nothing of RDF 1.2 (text with a base direction)."""
    try:
        serialize(quads, out, RdfFormat.JSON_LD)
    except OSError as error:
        if "RDF 1.2" not in str(error):
            raise
        raise InputError("JSON-LD cannot hold text with a base direction or triple terms (RDF 1.2); export as trig or nquads") from error


@exporter("rdf12", ".trig12")
def write_rdf12(_: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """TriG of RDF 1.2: every reified statement as ``reifier rdf:reifies <<( s p o )>>``."""
    serialize(_with_triple_terms(quads), out, RdfFormat.TRIG, prefixes=PREFIXES)


def _with_triple_terms(quads: Iterable[Quad]) -> Iterator[Quad]:
    """Sorted quads, each complete plain reification replaced by one triple with a triple term."""
    for (subject, graph), about in groupby(quads, key=lambda quad: (quad.subject, quad.graph_name)):
        group = list(about)
        parts = [[quad.object for quad in group if quad.predicate == name] for name in REIFICATION]
        if all(len(part) == 1 for part in parts):
            (s,), (p,), (o,) = parts
            if isinstance(p, NamedNode) and not isinstance(s, (Literal, Triple)):
                group = [quad for quad in group if quad.predicate not in REIFICATION]
                group.append(Quad(subject, REIFIES, Triple(s, p, o), graph))
                group.sort(key=str)
        yield from group


def without_triple_terms(quads: Iterable[Quad], path: Path) -> Iterator[Quad]:
    """Quads as rdflib can read them: ``rdf:reifies`` as plain reification, and no other triple terms."""
    reified: dict[tuple[str, str], Triple] = {}
    for quad in quads:
        term = quad.object
        if not isinstance(term, Triple):
            yield quad
            continue
        if quad.predicate != REIFIES or isinstance(term.object, Triple):
            raise InputError(
                f"{path}: the triple term {term} can only be kept as what one rdf:reifies names, and {quad.subject} has it otherwise"
            )
        if reified.setdefault((str(quad.subject), str(quad.graph_name)), term) != term:
            raise InputError(f"{path}: {quad.subject} reifies two triples; give each a reifier of its own")
        for predicate, part in zip(REIFICATION, (term.subject, term.predicate, term.object), strict=True):
            yield Quad(quad.subject, predicate, part, quad.graph_name)


def _parse(path: Path, rdf_format: RdfFormat) -> Iterator[Quad]:
    with path.open("rb") as file:
        if file.read(len(UTF8_MARK)) != UTF8_MARK:
            file.seek(0)
        yield from without_triple_terms(parse(file, rdf_format), path)


def _turtle_like(rdf_format: RdfFormat) -> Callable[[Path], Iterator[Quad]]:
    def read(path: Path) -> Iterator[Quad]:
        with path.open("rb") as file:
            check_triple_terms(file, path=path)
        yield from _parse(path, rdf_format)

    return read


importer("turtle", ".ttl")(_turtle_like(RdfFormat.TURTLE))
importer("trig", ".trig")(_turtle_like(RdfFormat.TRIG))
importer("rdf12", ".trig12")(_turtle_like(RdfFormat.TRIG))
importer("ntriples", ".nt")(_turtle_like(RdfFormat.N_TRIPLES))
importer("nquads", ".nq")(_turtle_like(RdfFormat.N_QUADS))


@importer("jsonld", ".jsonld", ".json")
def read_jsonld(path: Path) -> Iterator[Quad]:
    """The quads of JSON-LD whose contexts are all inside it."""
    check_json_ld(path)
    yield from _parse(path, RdfFormat.JSON_LD)


@importer("rdfxml", ".rdf", ".owl", ".xml")
def read_rdfxml(path: Path) -> Iterator[Quad]:
    """The triples of RDF/XML in UTF-8 that has no DOCTYPE."""
    if check_xml(path) == OWL_XML_ROOT:
        raise InputError(f"{path}: this is OWL/XML, not RDF/XML; save it as RDF/XML or Turtle")
    yield from _parse(path, RdfFormat.RDF_XML)
