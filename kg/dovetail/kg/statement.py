"""The nouns of the graph: a document, a statement with its qualifiers, and the evidence that joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import TypeAlias

from rdflib import BNode, Literal, URIRef

from dovetail.kg.names import DT

Term: TypeAlias = URIRef | BNode | Literal
Polarity: TypeAlias = OneOf["affirmed", "negated"]
Modality: TypeAlias = OneOf["asserted", "reported", "possible", "hypothetical"]

UNKNOWN_TIME = DT["unknown"]
"""A time that there is but that is not given, as the end of what "the former director" held (Wikidata's "unknown value")."""


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
class Qualifiers:
    """In which sense a triple is said: whether it holds, how sure whoever says so is, and when.

    ``modality``: asserted; reported, as what others say; possible; hypothetical, under a condition, asked or planned.
    Times are ``xsd:date``, ``xsd:gYearMonth`` or ``xsd:gYear`` literals, or ``UNKNOWN_TIME``: ``start`` and ``end`` bound a
    period, each belonging to it; ``at`` is when something happened. Of a quantity, ``unit`` is the UCUM code of what the object
    counts (an ISO 4217 code for money), and ``written`` the number with the unit that the text has, where that is another.
    """

    polarity: Polarity = "affirmed"
    modality: Modality = "asserted"
    start: Term | None = None
    end: Term | None = None
    at: Term | None = None
    unit: str | None = None
    written: Literal | None = None

    @property
    def stated(self) -> bool:
        """Whether the triple itself is a fact: affirmed, and no less than reported."""
        return self.polarity == "affirmed" and self.modality in ("asserted", "reported")


PLAIN = Qualifiers()


@dataclass(frozen=True, slots=True)
class Statement:
    """A triple with the evidence for it. Without evidence it is what a person asserted.

    One whose ``qualifiers`` deny it or only hold it possible is kept, but its triple is in no layer.
    """

    subject: URIRef | BNode
    predicate: URIRef
    object: Term
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()
    qualifiers: Qualifiers = PLAIN
