"""GraphML, for programs that draw and measure networks (Gephi, yEd, Cytoscape, networkx).

Entities are nodes, with their IRI (or ``_:name``) as id; relations are edges. The literals of an
entity are one node attribute, ``literals``: a JSON list of objects with the keys ``predicate``,
``value``, ``datatype``, ``language`` and ``graph`` (absent where empty). JSON can escape the
characters that XML cannot hold, so nothing is lost. ``label``, ``type`` and ``confidence`` are
there for the reader and are not read back.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser
from xml.sax.saxutils import escape

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple
from rdflib.namespace import PROV, RDF, RDFS, SKOS

from dovetail.kg.errors import InputError
from dovetail.kg.format_registry import KNOWLEDGE, exporter, importer
from dovetail.kg.guards import XML_PIECE_BYTES, check_xml, located
from dovetail.kg.names import DT, OA, Layer
from dovetail.kg.tables import literal, quad_row, resource

NAMESPACE = "{http://graphml.graphdrawing.org/xmlns}"
HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="type" for="node" attr.name="type" attr.type="string"/>
<key id="literals" for="node" attr.name="literals" attr.type="string"/>
<key id="relation" for="edge" attr.name="label" attr.type="string"/>
<key id="predicate" for="edge" attr.name="predicate" attr.type="string"/>
<key id="confidence" for="edge" attr.name="confidence" attr.type="double"/>
<key id="graph" for="edge" attr.name="graph" attr.type="string"/>
<graph id="G" edgedefault="directed">
"""
TAIL = "</graph>\n</graphml>\n"
NAMES = (NamedNode(str(RDFS.label)), NamedNode(str(SKOS.prefLabel)))
TYPE = NamedNode(str(RDF.type))
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@exporter("graphml", ".graphml", layers=KNOWLEDGE)
def write_graphml(store: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """GraphML, with the confidence that the provenance of ``store`` gives each relation."""
    confidences = confidences_of_relations(store)
    literals: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    types: defaultdict[str, list[str]] = defaultdict(list)
    labels: dict[str, tuple[bool, str]] = {}
    nodes: dict[str, None] = {}
    edges: list[Quad] = []
    for quad in quads:
        subject, predicate, value, kind, datatype, language, graph = quad_row(quad)
        nodes[subject] = None
        if kind == "literal":
            entry = {"predicate": predicate, "value": value, "datatype": datatype, "language": language, "graph": graph}
            literals[subject].append({key: text for key, text in entry.items() if text or key == "value"})
            if quad.predicate in NAMES:
                # English, or no language, before the others; then the alphabet.
                name = (language not in ("", "en"), value)
                labels[subject] = min(name, labels.get(subject, name))
        else:
            nodes[value] = None
            edges.append(quad)
            if quad.predicate == TYPE:
                types[subject].append(value)

    def label(iri: str) -> str:
        return labels[iri][1] if iri in labels else re.split(r"[/#:](?=.)", iri)[-1]

    out.write(HEAD.encode())
    for node in sorted(nodes):
        data = _data("label", label(node)) + _data("type", " ".join(sorted(set(types[node]))))
        if node in literals:
            data += _data("literals", _ILLEGAL.sub(_escaped, json.dumps(literals[node], ensure_ascii=False)))
        out.write(f"<node id={_quoted(node)}>{data}</node>\n".encode())
    for number, quad in enumerate(edges):
        confidence = confidences.get(quad.triple)
        source, predicate, target, *_, graph = quad_row(quad)
        data = _data("relation", label(predicate)) + _data("predicate", predicate) + _data("graph", graph)
        if confidence is not None:
            data += _data("confidence", f"{confidence:.6g}")
        out.write(f'<edge id="e{number}" source={_quoted(source)} target={_quoted(target)}>{data}</edge>\n'.encode())
    out.write(TAIL.encode())


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _quoted(text: str) -> str:
    return '"' + escape(text, {'"': "&quot;"}) + '"'


def _data(key: str, text: str) -> str:
    if not text:
        return ""
    text = escape(_ILLEGAL.sub(_escaped, text), {"\r": "&#13;"})
    return f'<data key="{key}">{text}</data>'


def confidences_of_relations(store: Store) -> dict[Triple, float]:
    """The confidence of every statement in the provenance whose object is not a literal.

    It is 1 - prod over documents of (1 - best confidence within that document); what a person
    asserted counts as one more document.
    """
    objects: dict[str, defaultdict[object, list[object]]] = {}
    provenance = NamedNode(str(Layer.PROVENANCE.value))
    for name in (RDF.subject, RDF.predicate, RDF.object, PROV.wasDerivedFrom, PROV.hadPrimarySource):
        objects[name] = _objects(store, str(name), provenance)
    for name in (OA.hasSource, DT.confidence):
        objects[name] = _objects(store, str(name), provenance)
    result: dict[Triple, float] = {}
    qualified = _objects(store, str(DT.polarity), provenance)  # their triples have a plain statement too, or are not stated
    for statement, (subject, *_) in objects[RDF.subject].items():
        if statement in qualified:
            continue
        predicate, term = (next(iter(objects[name][statement]), None) for name in (RDF.predicate, RDF.object))
        if not isinstance(predicate, NamedNode) or term is None or isinstance(term, Literal):
            continue
        best: dict[str, float] = {}
        for evidence in [statement, *objects[PROV.wasDerivedFrom][statement]]:
            confidence = max((_number(term) for term in objects[DT.confidence][evidence]), default=0.0)
            sources = [document for sentence in objects[PROV.hadPrimarySource][evidence] for document in objects[OA.hasSource][sentence]]
            for source in sources or [evidence]:
                best[str(source)] = max(confidence, best.get(str(source), 0.0))
        doubt = 1.0
        for source in sorted(best):
            doubt *= 1 - best[source]
        if any(best.values()):
            result[Triple(subject, predicate, term)] = 1 - doubt  # type: ignore[arg-type]  # as the store had them
    return result


def _objects(store: Store, predicate: str, graph: NamedNode) -> defaultdict[object, list[object]]:
    found: defaultdict[object, list[object]] = defaultdict(list)
    for quad in store.quads_for_pattern(None, NamedNode(predicate), None, graph):
        found[quad.subject].append(quad.object)
    return found


def _number(term: object) -> float:
    try:
        return min(1.0, max(0.0, float(term.value))) if isinstance(term, Literal) else 0.0
    except ValueError:
        return 0.0


@importer("graphml", ".graphml")
def read_graphml(path: Path) -> Iterator[Quad]:
    """The quads of GraphML that `write_graphml` wrote."""
    if check_xml(path) != f"{NAMESPACE[1:-1]} graphml":
        raise InputError(f"{path}: the root element is not that of GraphML")
    for element in _elements(path):
        if element.tag == NAMESPACE + "node":
            where = f"node {element.get('id')!r}"
            make = _literal_quads
        elif element.tag == NAMESPACE + "edge":
            where = f"edge from {element.get('source')!r} to {element.get('target')!r}"
            make = _edge_quads
        else:
            continue
        data = {item.get("key"): item.text or "" for item in element.iterfind(NAMESPACE + "data")}
        try:
            yield from make(element, data)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{path}: {where}: {error}") from error
        except KeyError as error:
            raise InputError(f"{path}: {where} has no {error}; only GraphML that Dovetail exported can be read") from error


def _elements(path: Path) -> Iterator[Element]:
    parser: XMLPullParser[Element] = XMLPullParser(("end",))
    with path.open("rb") as file:
        while piece := file.read(XML_PIECE_BYTES):
            try:
                parser.feed(piece)
            except ParseError as error:  # the file changed since it was checked
                raise located(str(error), line=error.position[0], column=error.position[1] + 1) from error
            for event in parser.read_events():
                _, element = cast("tuple[str, Element]", event)  # only "start-ns" events hold anything else
                yield element
                if element.tag in (NAMESPACE + "node", NAMESPACE + "edge"):
                    element.clear()


def _edge_quads(element: Element, data: Mapping[str | None, str]) -> Iterable[Quad]:
    yield Quad(
        resource(element.attrib["source"]),
        NamedNode(data["predicate"]),
        resource(element.attrib["target"]),
        _graph(data.get("graph", "")),
    )


def _literal_quads(element: Element, data: Mapping[str | None, str]) -> Iterable[Quad]:
    for entry in json.loads(data.get("literals", "[]")):
        yield Quad(
            resource(element.attrib["id"]),
            NamedNode(entry["predicate"]),
            literal(entry["value"], datatype=entry.get("datatype", ""), language=entry.get("language", "")),
            _graph(entry.get("graph", "")),
        )


def _graph(text: str) -> NamedNode | DefaultGraph:
    # A blank graph name is as good as an IRI here; pyoxigraph types them alike.
    return resource(text) if text else DefaultGraph()  # type: ignore[return-value]
