"""A world small enough to draw: three documents, what they state, and an encoder that counts words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rdflib import RDF, RDFS, Literal, URIRef

from dovetail.kg.names import WDT, entity_iri
from dovetail.kg.passages import NewPassage, PassageIndex
from dovetail.kg.provenance import DocumentRecord
from dovetail.kg.statement import Document, Evidence, Statement, Term
from dovetail.kg.store import KnowledgeGraph

TEXTS = {
    "Marie Curie": "Marie Curie was a physicist. She was born in Warsaw on 7 November 1867. Marie Curie discovered polonium.",
    "Pierre Curie": "Pierre Curie was a physicist. He was born in Paris on 15 May 1859. Pierre Curie married Marie Curie in 1895.",
    "Warsaw": "Warsaw is a city on the Vistula. It is the capital of Poland and has 1,863,056 people.",
}

MARIE, PIERRE = entity_iri("Marie Curie", "person"), entity_iri("Pierre Curie", "person")
WARSAW, POLAND = entity_iri("Warsaw", "place"), entity_iri("Poland", "place")
PERSON, PLACE = URIRef("urn:x:person"), URIRef("urn:x:city")
BIRTHPLACE, SPOUSE, CAPITAL_OF = WDT.P19, WDT.P26, WDT.P1376

FACTS: tuple[tuple[str, str, URIRef, URIRef, Term], ...] = (
    ("Marie Curie", "born in Warsaw", MARIE, BIRTHPLACE, WARSAW),
    ("Pierre Curie", "married", PIERRE, SPOUSE, MARIE),
    ("Warsaw", "capital of Poland", WARSAW, CAPITAL_OF, POLAND),
    ("Marie Curie", "Marie Curie was", MARIE, RDF.type, PERSON),
    ("Pierre Curie", "Pierre Curie was", PIERRE, RDF.type, PERSON),
    ("Warsaw", "Warsaw is", WARSAW, RDF.type, PLACE),
    ("Marie Curie", "born in Warsaw", WARSAW, RDF.type, PLACE),
    ("Warsaw", "Poland", POLAND, RDF.type, PLACE),
    ("Marie Curie", "Marie Curie was", MARIE, RDFS.label, Literal("Marie Curie")),
    ("Pierre Curie", "Pierre Curie was", PIERRE, RDFS.label, Literal("Pierre Curie")),
    ("Warsaw", "Warsaw is", WARSAW, RDFS.label, Literal("Warsaw")),
    ("Warsaw", "Poland", POLAND, RDFS.label, Literal("Poland")),
)
LABELS = {BIRTHPLACE: "place of birth born", SPOUSE: "spouse married", CAPITAL_OF: "capital of", PERSON: "person", PLACE: "city"}


class WordCounter:
    """An encoder whose vectors count the words of a text: texts with the same words are alike."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One L2-normalised row per text."""
        rows = np.zeros((len(texts), 384), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[sum(ord(c) * 31**i for i, c in enumerate(word[:12])) % 384] += 1
            row /= max(float(np.linalg.norm(row)), 1.0)
        return rows


def evidence(title: str, holding: str) -> Evidence:
    """The sentence of a document that holds a phrase."""
    text = TEXTS[title]
    at = text.index(holding)
    start = text.rfind(". ", 0, at) + 2 if ". " in text[:at] else 0
    end = text.index(".", at) + 1
    return Evidence(f"tiny#{title}", start, end, text[start:end], 0.9, "hand@1")


def world(*, facts: bool = True) -> tuple[KnowledgeGraph, PassageIndex]:
    """The graph and the passages of the three documents; with ``facts=False``, documents only."""
    graph, passages = KnowledgeGraph(), PassageIndex(None)
    if facts:
        graph.add(Statement(term, RDFS.label, Literal(label)) for term, label in LABELS.items())
    for title, text in TEXTS.items():
        document = Document(f"tiny#{title}", title, text, "tiny")
        by_triple: dict[tuple[URIRef, URIRef, Term], list[Evidence]] = {}
        for where, holding, s, p, o in FACTS:
            if facts and where == title:
                by_triple.setdefault((s, p, o), []).append(evidence(title, holding))
        stated = [Statement(*triple, evidence=tuple(some)) for triple, some in by_triple.items()]
        graph.put_documents([DocumentRecord(document, stated, "1")])
        [vector] = WordCounter().encode([f"{title}. {text}"])
        passages.put(document.id, [NewPassage(title, 0, len(text), text, vector)])
    passages.commit()
    return graph, passages
