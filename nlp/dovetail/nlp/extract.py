"""One document through the pipeline: its statements with evidence, and its passages with vectors.

The result depends on the document, the options and the vocabulary only, never on what is read beside it: that is what
makes a build resumable and ``forget`` exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS, SKOS
from spacy.language import Language
from spacy.tokens import Doc, Span

from dovetail.kg.names import document_iri
from dovetail.kg.passages import NewPassage
from dovetail.kg.provenance import DocumentRecord
from dovetail.kg.statement import PLAIN, Document, Evidence, Qualifiers, Statement, Term
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.coreference import clean_surface
from dovetail.nlp.mentions import LITERALS, literal_of
from dovetail.nlp.quantities import measured

TYPE, LABEL, ALTERNATIVE, SUBJECT = RDF.type, RDFS.label, SKOS.altLabel, DCTERMS.subject  # rdflib looks each up anew

SEGMENT = 50_000
"""Characters a spaCy Doc holds at most; longer documents are read in segments that end between sentences."""

PASSAGE_WORDS = 160
SHORT_PASSAGE_WORDS = 25
"""Passages have about PASSAGE_WORDS at most; a paragraph below SHORT_PASSAGE_WORDS (a heading, say) joins the next."""


TITLE_WEIGHT = 0.5
"""Of a title in its passages' vectors. HotpotQA, even rows, cosine alone, recall@5: 0 gives .60, 0.2 .64, 0.5 .68, 0.8 .67."""

Vector: TypeAlias = npt.NDArray[np.float32]
Triple: TypeAlias = tuple[URIRef, URIRef, Term]


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one document gave."""

    record: DocumentRecord
    passages: tuple[NewPassage, ...]
    words: int


@dataclass(frozen=True, slots=True)
class SentenceVector:
    """A sentence's place in the document, its length in words, and the sum of their vectors (dim,)."""

    start: int
    end: int
    words: int
    vector: Vector


def extract(document: Document, nlp: Language, catalogue: Catalogue, *, extractor: str, fingerprint: str) -> Extraction:
    """Read one document. ``extractor`` is the name and version that evidence carries."""
    facts: dict[tuple[Triple, Qualifiers], list[Evidence]] = {}
    sentences: list[SentenceVector] = []
    title: Vector | None = None
    words = 0
    for offset, text in segments(document.text):
        doc = nlp.make_doc(text)
        doc._.title = document.title
        doc = nlp(doc)
        words += sum(not t.is_space and not t.is_punct for t in doc)
        for fact, evidence in _facts(doc, catalogue, _Source(document, offset, extractor)):
            facts.setdefault(fact, []).append(evidence)
        sentences.extend(_places(doc, offset))
        title = doc._.read.mean(len(doc._.windows), 0, len(document.title)) if document.title else None
    ordered = sorted(facts.items(), key=lambda item: (item[0][0], repr(item[0][1])))
    statements = [Statement(*triple, evidence=tuple(found), qualifiers=sense) for (triple, sense), found in ordered]
    passages = tuple(passages_of(document, sentences, title))
    return Extraction(DocumentRecord(document, statements, fingerprint), passages, words)


def segments(text: str) -> Iterator[tuple[int, str]]:
    """``text`` in pieces of at most SEGMENT characters with their offsets, cut after a paragraph, a sentence or a word."""
    start = 0
    while len(text) - start > SEGMENT:
        window = text[start : start + SEGMENT]
        cut = max(window.rfind("\n\n") + 2, SEGMENT // 2)
        if cut == SEGMENT // 2:
            ends = [m.end() for m in re.finditer(r"[.!?]\s|[。！？]", window[SEGMENT // 2 :])] or [
                m.end() for m in re.finditer(r"\s", window[SEGMENT // 2 :])
            ]
            cut = SEGMENT // 2 + ends[-1] if ends else SEGMENT
        yield start, window[:cut]
        start += cut
    yield start, text[start:]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the text of a spaCy Doc stands."""

    document: Document
    offset: int
    extractor: str

    def evidence(self, sentence: Span, confidence: float, *, last: Span | None = None) -> Evidence:
        """Where ``sentence`` stands, or the text from it to the ``last`` sentence."""
        start, end = self.offset + sentence.start_char, self.offset + (last or sentence).end_char
        quote = self.document.text[start:end]
        start, end = start + len(quote) - len(quote.lstrip()), end - len(quote) + len(quote.rstrip())
        return Evidence(self.document.id, start, end, self.document.text[start:end], confidence, self.extractor)


def _facts(doc: Doc, catalogue: Catalogue, source: _Source) -> Iterator[tuple[tuple[Triple, Qualifiers], Evidence]]:
    """What a Doc says, in which sense, with its evidence, in the order of the text: types, names, its subject, relations."""
    classes = {e.key: e.iri for e in catalogue.entities}
    properties = {r.key: r.iri for r in catalogue.relations}
    confidence_at = {(m.start, m.end): float(m._.confidence) for c in doc._.clusters or () for m in c.mentions}
    sentence_of = {token: sentence for sentence in doc.sents for token in range(sentence.start, sentence.end)}
    entity_at = {(e.start, e.end): URIRef(e.kb_id_) for e in doc.ents}
    for cluster in doc._.clusters or ():
        named: set[str] = set()
        for mention in cluster.mentions:
            entity = entity_at[(mention.start, mention.end)]
            evidence = source.evidence(sentence_of[mention.start], confidence_at[(mention.start, mention.end)])
            yield ((entity, TYPE, classes[cluster.label]), PLAIN), evidence
            if not named:
                yield ((entity, LABEL, Literal(cluster.name)), PLAIN), evidence
                named.add(cluster.name)
                if cluster.is_title:
                    yield ((document_iri(source.document.id), SUBJECT, entity), PLAIN), evidence
            surface = clean_surface(mention.text)
            if surface not in named:
                named.add(surface)
                yield ((entity, ALTERNATIVE, Literal(surface)), PLAIN), evidence
        entity_at |= {(r.span.start, r.span.end): entity for r in cluster.references}  # facts only: a pronoun is no name
    values = {(s.start, s.end): literal_of(s) for s in doc.spans.get(LITERALS, ())}
    relations = doc._.relations or ()
    senses = [a.qualifiers for a in doc._.assertions] or [PLAIN] * len(relations)  # in a pipeline without that component
    for relation, sense in zip(relations, senses, strict=True):
        head = entity_at[(relation.head.start, relation.head.end)]
        place = (relation.tail.start, relation.tail.end)
        tail: Term = entity_at[place] if place in entity_at else values[place]
        if isinstance(tail, Literal) and relation.tail._.unit is not None:
            tail, sense = measured(tail, relation.tail._.unit, sense)
        if tail != head:
            fact = (head, properties[relation.label], tail), sense
            first, last = sorted((sentence_of[relation.head.start], sentence_of[relation.tail.start]), key=lambda s: s.start)
            yield fact, source.evidence(first, relation.confidence, last=last)


def _places(doc: Doc, offset: int) -> Iterator[SentenceVector]:
    """The sentences of a Doc with their vectors."""
    window = 0
    for sentence in doc.sents:
        while sentence.start_char >= doc._.windows[window][1]:
            window += 1
        start = doc._.windows[window][0]
        words = len(sentence)
        vector = doc._.read.mean(window, sentence.start_char - start, sentence.end_char - start) * words
        yield SentenceVector(offset + sentence.start_char, offset + sentence.end_char, words, vector)


def passages_of(document: Document, sentences: Sequence[SentenceVector], title: Vector | None) -> Iterator[NewPassage]:
    """Paragraphs, headings joined to what follows and long ones cut between sentences into parts of about the same length.

    A passage's vector is the mean over its tokens plus TITLE_WEIGHT of the title's, each of length one.
    """
    for paragraph in _paragraphs(document.text, sentences):
        words = sum(s.words for s in paragraph)
        share = words / max(round(words / PASSAGE_WORDS), 1)
        held: list[SentenceVector] = []
        for sentence in paragraph:
            if held and sum(s.words for s in held) + sentence.words / 2 > share:
                yield _passage(document, held, title)
                held = []
            held.append(sentence)
        yield _passage(document, held, title)


def _paragraphs(text: str, sentences: Sequence[SentenceVector]) -> Iterator[list[SentenceVector]]:
    """Runs of sentences between blank lines; one below SHORT_PASSAGE_WORDS takes the next along."""
    held: list[SentenceVector] = []
    for sentence in sentences:
        parted = held and "\n\n" in text[held[-1].end - 2 : sentence.start]  # a sentence may end with its line breaks
        if parted and sum(s.words for s in held) >= SHORT_PASSAGE_WORDS:
            yield held
            held = []
        held.append(sentence)
    if held:
        yield held


def _passage(document: Document, sentences: Sequence[SentenceVector], title: Vector | None) -> NewPassage:
    text = document.text[sentences[0].start : sentences[-1].end]
    start = sentences[0].start + len(text) - len(text.lstrip())
    vector = _unit(np.sum([s.vector for s in sentences], axis=0))
    if title is not None:
        vector = _unit(vector + TITLE_WEIGHT * _unit(title))
    return NewPassage(document.title, start, start + len(text.strip()), text.strip(), vector)


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / (float(np.linalg.norm(vector)) or 1.0), dtype=np.float32)
