"""The nouns of the graph: a document, a statement, and the evidence that joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from rdflib import BNode, Literal, URIRef

Term: TypeAlias = URIRef | BNode | Literal


@dataclass(frozen=True, slots=True)
class Document:
    """One text as it was read. Every offset in Dovetail counts characters of ``text``.

    ``id`` is unique in a graph and does not depend on the machine: the path below (and with) the
    name of the corpus folder, followed by ``#row`` where one file holds many documents.
    """

    id: str
    title: str
    text: str
    source: str
    domain: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentence of a document that supports a statement: ``quote == text[start:end]``.

    ``confidence`` is the extractor's own, between 0 and 1; ``extractor`` is its name and version.
    """

    document: str
    start: int
    end: int
    quote: str
    confidence: float
    extractor: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A triple with the evidence for it. Without evidence it is what a person asserted."""

    subject: URIRef | BNode
    predicate: URIRef
    object: Term
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()
