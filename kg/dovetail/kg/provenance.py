"""Documents and statements as quads, and quads as documents and evidence.

statement node --prov:wasDerivedFrom--> evidence --prov:hadPrimarySource--> sentence --oa:hasSource--> document

What is said with qualifiers (denied, held possible, for a time) has a statement node of its own, which carries them; its
evidence is the plain node's too where the triple is stated, and nobody else's where it is not.

Every node is named by what it says, so writing the same thing twice writes the same quads, and the
quads of a set of documents are the union of the quads of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, unquote

import pyoxigraph as ox
from rdflib import BNode, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF, XSD

from dovetail.kg.errors import InputError
from dovetail.kg.names import DT, OA, PQ, Layer, digest, document_iri
from dovetail.kg.statement import PLAIN, Document, Evidence, Qualifiers, Statement, Term
from dovetail.kg.terms import OxTerm, from_ox, iri, to_ox

OxTriple: TypeAlias = tuple[ox.NamedNode | ox.BlankNode, ox.NamedNode, OxTerm]


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document with everything it states. ``fingerprint`` changes when it must be read again.

    Each statement carries evidence from this document only. Blank nodes belong to the document:
    they become IRIs named after it, so that documents cannot share one by accident.
    """

    document: Document
    statements: Sequence[Statement]
    fingerprint: str


def node(term: URIRef) -> ox.NamedNode:
    """The Oxigraph spelling of an IRI of ours."""
    return ox.NamedNode(term)


GRAPHS = {layer: node(layer.value) for layer in Layer}
TYPE, ASSERTION = node(RDF.type), node(DT["assertion"])
SUBJECT, PREDICATE, OBJECT = node(RDF.subject), node(RDF.predicate), node(RDF.object)
DERIVED_FROM, SOURCE_SENTENCE = node(PROV.wasDerivedFrom), node(PROV.hadPrimarySource)
ATTRIBUTED_TO, CONFIDENCE = node(PROV.wasAttributedTo), node(DT["confidence"])
HAS_SOURCE, START, END, EXACT = (node(OA[n]) for n in ("hasSource", "start", "end", "exact"))
IDENTIFIER, TITLE, SOURCE = (node(DCTERMS[n]) for n in ("identifier", "title", "source"))
DOMAIN, TEXT, FINGERPRINT, METADATA = (node(DT[n]) for n in ("domain", "text", "fingerprint", "metadata"))
STATEMENT, ENTITY = node(RDF.Statement), node(PROV.Entity)
POLARITY, MODALITY = node(DT["polarity"]), node(DT["modality"])
UNIT, WRITTEN = node(DT["unit"]), node(DT["written"])
TIMES = {"start": node(PQ.P580), "end": node(PQ.P582), "at": node(PQ.P585)}
"""Wikidata's qualifiers: start time, end time, point in time."""
EXTRACTOR = "urn:dovetail:extractor:"
_PROVENANCE = GRAPHS[Layer.PROVENANCE]


def document_node(document: str) -> ox.NamedNode:
    """The node of the document with this id."""
    return node(document_iri(document))


def statement_node(s: OxTerm, p: OxTerm, o: OxTerm, layer: Layer = Layer.STATED, *, qualifiers: Qualifiers = PLAIN) -> ox.NamedNode:
    """The node that speaks of this triple in this layer, in this sense."""
    parts = [str(s), str(p), str(o)]
    if layer is not Layer.STATED:
        parts.append(str(layer.value))
    if qualifiers != PLAIN:
        parts += [f"{predicate.value} {value}" for predicate, value in qualifier_pairs(qualifiers)]
    return ox.NamedNode("urn:dovetail:statement:" + digest(*parts))


def qualifier_pairs(qualifiers: Qualifiers) -> Iterator[tuple[ox.NamedNode, OxTerm]]:
    """What a statement node says of the sense: polarity and modality always, then times, unit and what was written if given."""
    yield POLARITY, ox.Literal(qualifiers.polarity)
    yield MODALITY, ox.Literal(qualifiers.modality)
    for name, predicate in TIMES.items():
        time: Term | None = getattr(qualifiers, name)
        if time is not None:
            yield predicate, to_ox(time)
    if qualifiers.unit is not None:
        yield UNIT, ox.Literal(qualifiers.unit)
    if qualifiers.written is not None:
        yield WRITTEN, to_ox(qualifiers.written)


def triple_of(statement: Statement, document: str | None = None) -> OxTriple:
    """The triple of a statement, its blank nodes named after ``document`` where one is given."""

    def stored(term: Term) -> OxTerm:
        if document is not None and isinstance(term, BNode):
            return ox.NamedNode("urn:dovetail:blank:" + digest(document, str(term)))
        return to_ox(term)

    subject = stored(statement.subject)
    if isinstance(subject, ox.Literal):
        raise InputError(f"a literal cannot be the subject of a statement: {statement.subject!r}")
    return subject, iri(statement.predicate), stored(statement.object)


def record_quads(record: DocumentRecord) -> set[ox.Quad]:
    """Every quad this document supports."""
    try:
        return _record_quads(record)
    except ValueError as error:  # a lone surrogate
        raise InputError(f"document {record.document.id!r} holds text that cannot be stored: {error}") from None


def _record_quads(record: DocumentRecord) -> set[ox.Quad]:
    document = record.document
    quads = set(_document_quads(document, record.fingerprint))
    best: dict[tuple[ox.NamedNode, ox.NamedNode, str], float] = {}
    for statement in record.statements:
        if not statement.evidence:
            raise InputError(
                f"a statement of document {document.id!r} has no evidence: {statement.subject} "
                f"{statement.predicate} {statement.object}; what a person asserts goes to add()"
            )
        triple = triple_of(statement, document.id)
        about = statement_node(*triple, qualifiers=statement.qualifiers)
        quads.update(_said_of(triple, statement.qualifiers))
        for evidence in statement.evidence:
            check_evidence(evidence, document)
            sentence = _sentence_node(evidence)
            quads.update(_sentence_quads(sentence, evidence))
            key = about, sentence, evidence.extractor
            best[key] = max(best.get(key, 0.0), evidence.confidence)
            if statement.qualifiers != PLAIN and statement.qualifiers.stated:
                quads.add(_said(statement_node(*triple), DERIVED_FROM, _evidence_node(*key)))
    # One extractor may find a statement twice in a sentence; what it is surest of counts.
    for (about, sentence, extractor), confidence in best.items():
        quads.update(_evidence_quads(about, sentence, extractor, confidence))
    return quads


def assertion_quads(statement: Statement, layer: Layer) -> set[ox.Quad]:
    """The quads of a statement that no document makes: a person's, a rule's or a model's.

    In the vocabulary, and for what rules are certain of, the triple stands alone.
    """
    triple = triple_of(statement)
    if statement.qualifiers != PLAIN:
        return _qualified_assertion(triple, statement, layer)
    quads = {ox.Quad(*triple, GRAPHS[layer])}
    if layer is Layer.STATED or (layer is not Layer.VOCABULARY and statement.confidence < 1.0):
        about = statement_node(*triple, layer)
        who = ASSERTION if layer is Layer.STATED else GRAPHS[layer]
        quads.update(reification(triple, about))
        quads.add(_said(about, ATTRIBUTED_TO, who))
        quads.add(_said(about, CONFIDENCE, decimal(statement.confidence)))
    return quads


def evidence_quads(statement: Statement) -> set[ox.Quad]:
    """The quads of a statement whose evidence lies in documents already stored."""
    triple = triple_of(statement)
    about = statement_node(*triple, qualifiers=statement.qualifiers)
    quads = set(_said_of(triple, statement.qualifiers))
    for evidence in statement.evidence:
        sentence = _sentence_node(evidence)
        quads.update(_sentence_quads(sentence, evidence))
        quads.update(_evidence_quads(about, sentence, evidence.extractor, evidence.confidence))
        if statement.qualifiers != PLAIN and statement.qualifiers.stated:
            quads.add(_said(statement_node(*triple), DERIVED_FROM, _evidence_node(about, sentence, evidence.extractor)))
    return quads


def _qualified_assertion(triple: OxTriple, statement: Statement, layer: Layer) -> set[ox.Quad]:
    if layer is not Layer.STATED:
        raise InputError(f"only stated triples have qualifiers, not {layer.name.lower()} ones: {statement.subject} {statement.predicate}")
    quads = set(_said_of(triple, statement.qualifiers))
    nodes = [statement_node(*triple, qualifiers=statement.qualifiers)]
    if statement.qualifiers.stated:
        nodes.append(statement_node(*triple))
    for about in nodes:
        quads |= {_said(about, ATTRIBUTED_TO, ASSERTION), _said(about, CONFIDENCE, decimal(statement.confidence))}
    return quads


def _said_of(triple: OxTriple, qualifiers: Qualifiers) -> Iterator[ox.Quad]:
    """The nodes for a triple in a sense, and the triple itself where it is stated."""
    if qualifiers.stated:
        yield ox.Quad(*triple, GRAPHS[Layer.STATED])
        yield from reification(triple, statement_node(*triple))
    if qualifiers != PLAIN:
        about = statement_node(*triple, qualifiers=qualifiers)
        yield from reification(triple, about)
        for predicate, value in qualifier_pairs(qualifiers):
            yield _said(about, predicate, value)


def reification(triple: OxTriple, about: ox.NamedNode) -> Iterator[ox.Quad]:
    """The four quads that say which triple ``about`` speaks of."""
    yield _said(about, TYPE, STATEMENT)
    for part, term in zip((SUBJECT, PREDICATE, OBJECT), triple, strict=True):
        yield _said(about, part, term)


def decimal(confidence: float) -> ox.Literal:
    """A confidence as it is stored: three decimals."""
    if not 0.0 <= confidence <= 1.0:
        raise InputError(f"a confidence lies between 0 and 1, not {confidence!r}")
    return _DECIMALS[round(confidence * 1000)]


_DECIMALS = tuple(ox.Literal(f"{n / 1000:.3f}".rstrip("0").rstrip("."), datatype=node(XSD.decimal)) for n in range(1001))


def read_document(store: ox.Store, about: ox.NamedNode) -> Document:
    """The document that node ``about`` describes."""
    values: dict[str, str] = {}
    for quad in store.quads_for_pattern(about, None, None, _PROVENANCE):
        if isinstance(quad.object, ox.Literal):
            values[quad.predicate.value] = quad.object.value
    metadata: dict[str, str] = json.loads(values.get(METADATA.value, "{}"))
    return Document(
        id=values[IDENTIFIER.value],
        title=values[TITLE.value],
        text=values[TEXT.value],
        source=values[SOURCE.value],
        domain=values.get(DOMAIN.value, ""),
        metadata=metadata,
    )


class EvidenceReader:
    """Reads evidence from a store, remembering the sentences it has met."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._sentences: dict[str, tuple[str, int, int, str]] = {}

    def of(self, about: ox.NamedNode) -> tuple[Evidence, ...]:
        """The evidence for a statement node, by document and place."""
        found = [self._read(link) for link in self._objects(about, DERIVED_FROM)]
        return tuple(sorted(found, key=lambda e: (e.document, e.start, e.end, e.extractor)))

    def qualifiers(self, about: ox.NamedNode) -> Qualifiers:
        """The sense in which a statement node speaks of its triple."""
        values = {quad.predicate: quad.object for quad in self._describe(about)}
        if POLARITY not in values:
            return PLAIN
        polarity, modality, unit = (values[p].value if p in values else None for p in (POLARITY, MODALITY, UNIT))  # type: ignore[union-attr]  # literals, as written
        written = from_ox(values[WRITTEN]) if WRITTEN in values else None
        times = {name: from_ox(values[p]) for name, p in TIMES.items() if p in values}
        return Qualifiers(polarity, modality, **times, unit=unit, written=written)  # type: ignore[arg-type]  # as written

    def confidence(self, about: ox.NamedNode) -> float | None:
        """The confidence written at a node itself, the highest where there are several."""
        said = [float(c.value) for c in self._objects(about, CONFIDENCE) if isinstance(c, ox.Literal)]
        return max(said, default=None)

    def _read(self, link: OxTerm) -> Evidence:
        assert isinstance(link, ox.NamedNode)
        values = {quad.predicate: quad.object for quad in self._describe(link)}
        sentence, extractor = values[SOURCE_SENTENCE], values[ATTRIBUTED_TO]
        assert isinstance(sentence, ox.NamedNode) and isinstance(extractor, ox.NamedNode)
        return Evidence(
            *self._sentence(sentence),
            confidence=self.confidence(link) or 0.0,
            extractor=extractor_name(extractor.value),
        )

    def _sentence(self, sentence: ox.NamedNode) -> tuple[str, int, int, str]:
        known = self._sentences.get(sentence.value)
        if known is None:
            values = {quad.predicate: quad.object for quad in self._describe(sentence)}
            document = next(self._objects(values[HAS_SOURCE], IDENTIFIER))
            place = [values[part] for part in (START, END, EXACT)]
            name, start, end, exact = (t.value for t in (document, *place) if isinstance(t, ox.Literal))
            known = self._sentences[sentence.value] = (name, int(start), int(end), exact)
        return known

    def _describe(self, about: ox.NamedNode) -> Iterator[ox.Quad]:
        return self._store.quads_for_pattern(about, None, None, _PROVENANCE)

    def _objects(self, about: ox.NamedNode | OxTerm | ox.Triple, predicate: ox.NamedNode) -> Iterator[OxTerm]:
        assert isinstance(about, ox.NamedNode)
        for quad in self._store.quads_for_pattern(about, predicate, None, _PROVENANCE):
            assert not isinstance(quad.object, ox.Triple)
            yield quad.object


def combined_confidence(evidence: Sequence[Evidence], asserted: float | None = None) -> float:
    """How sure independent documents make us together: 1 - product of (1 - each one's best).

    >>> twice = [Evidence("a", 0, 1, "x", c, "e") for c in (0.3, 0.5)]
    >>> combined_confidence([*twice, Evidence("b", 0, 1, "x", 0.5, "e")])
    0.75
    """
    best: dict[str, float] = {}
    for item in evidence:
        best[item.document] = max(best.get(item.document, 0.0), item.confidence)
    doubt = 1.0 - (asserted or 0.0)
    for _, confidence in sorted(best.items()):
        doubt *= 1.0 - confidence
    return round(1.0 - doubt, 12)


def extractor_name(extractor: str) -> str:
    """The name and version behind an extractor's IRI."""
    return unquote(extractor.removeprefix(EXTRACTOR))


def _said(about: ox.NamedNode, predicate: ox.NamedNode, value: OxTerm) -> ox.Quad:
    return ox.Quad(about, predicate, value, _PROVENANCE)


def _document_quads(document: Document, fingerprint: str) -> Iterator[ox.Quad]:
    about = document_node(document.id)
    yield _said(about, TYPE, ENTITY)
    for predicate, value in (
        (IDENTIFIER, document.id),
        (TITLE, document.title),
        (SOURCE, document.source),
        (TEXT, document.text),
        (FINGERPRINT, fingerprint),
    ):
        yield _said(about, predicate, ox.Literal(value))
    if document.domain:
        yield _said(about, DOMAIN, ox.Literal(document.domain))
    if document.metadata:
        value = json.dumps(dict(document.metadata), ensure_ascii=False, sort_keys=True)
        yield _said(about, METADATA, ox.Literal(value, datatype=node(RDF.JSON)))


def check_evidence(evidence: Evidence, document: Document) -> None:
    """Raise InputError unless ``evidence`` quotes ``document``."""
    if evidence.document != document.id:
        raise InputError(f"document {document.id!r} has a statement with evidence from {evidence.document!r}")
    if document.text[evidence.start : evidence.end] != evidence.quote or evidence.start < 0:
        raise InputError(f"{document.id!r} does not say {evidence.quote!r} at {evidence.start}-{evidence.end}")


def _sentence_node(evidence: Evidence) -> ox.NamedNode:
    where = document_iri(evidence.document)
    return ox.NamedNode(f"{where}#char={evidence.start},{evidence.end}")


def _sentence_quads(sentence: ox.NamedNode, evidence: Evidence) -> Iterator[ox.Quad]:
    yield _said(sentence, HAS_SOURCE, document_node(evidence.document))
    yield _said(sentence, START, ox.Literal(evidence.start))
    yield _said(sentence, END, ox.Literal(evidence.end))
    yield _said(sentence, EXACT, ox.Literal(evidence.quote))


def _evidence_node(about: ox.NamedNode, sentence: ox.NamedNode, extractor: str) -> ox.NamedNode:
    return ox.NamedNode("urn:dovetail:evidence:" + digest(about.value, sentence.value, extractor))


def _evidence_quads(about: ox.NamedNode, sentence: ox.NamedNode, extractor: str, confidence: float) -> Iterator[ox.Quad]:
    link = _evidence_node(about, sentence, extractor)
    yield _said(about, DERIVED_FROM, link)
    yield _said(link, SOURCE_SENTENCE, sentence)
    yield _said(link, CONFIDENCE, decimal(confidence))
    yield _said(link, ATTRIBUTED_TO, ox.NamedNode(EXTRACTOR + quote(extractor, safe="@+")))
