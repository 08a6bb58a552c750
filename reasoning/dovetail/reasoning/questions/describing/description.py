"""What describing gives back: facts and sentences about one thing by aspect, what disagrees, or the middle of a domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dovetail.reasoning.questions.answer import Quote


@dataclass(frozen=True, slots=True)
class DescribedFact:
    """One statement about what is described. ``inverse``: what is described is its object, and ``value`` its subject.

    ``layer`` says who says so: "stated", "vocabulary" or "inferred". Times are as written in the graph, where the graph has any.
    """

    relation: str
    relation_iri: str
    value: str
    value_iri: str | None
    inverse: bool
    layer: str
    evidence: tuple[Quote, ...]
    since: str | None = None
    until: str | None = None
    denied: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; times and denial only where there are any."""
        fact: dict[str, Any] = {
            "relation": self.relation,
            "relation_iri": self.relation_iri,
            "value": self.value,
            "value_iri": self.value_iri,
            "inverse": self.inverse,
            "layer": self.layer,
            "evidence": [quote.to_json() for quote in self.evidence],
        }
        fact |= {key: value for key, value in (("since", self.since), ("until", self.until)) if value is not None}
        return {**fact, "denied": True} if self.denied else fact


@dataclass(frozen=True, slots=True)
class Aspect:
    """One side of a thing: the relations that mean much the same, and the sentences that tell most of it."""

    title: str
    facts: tuple[DescribedFact, ...]
    sentences: tuple[Quote, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "title": self.title,
            "facts": [fact.to_json() for fact in self.facts],
            "sentences": [quote.to_json() for quote in self.sentences],
        }


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Values that cannot all be right, each with what says so."""

    relation: str
    values: tuple[DescribedFact, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"relation": self.relation, "values": [fact.to_json() for fact in self.values]}


@dataclass(frozen=True, slots=True)
class Description:
    """What a graph and its documents say about one thing. No sentence is in it twice, nor two that say the same."""

    name: str
    iri: str
    kinds: tuple[str, ...]
    also_called: tuple[str, ...]
    documents: int
    aspects: tuple[Aspect, ...]
    disagreements: tuple[Disagreement, ...]

    def to_json(self) -> dict[str, Any]:
        """What ``dovetail describe --json`` prints."""
        return {
            "name": self.name,
            "iri": self.iri,
            "kinds": list(self.kinds),
            "also_called": list(self.also_called),
            "documents": self.documents,
            "aspects": [aspect.to_json() for aspect in self.aspects],
            "disagreements": [one.to_json() for one in self.disagreements],
        }


@dataclass(frozen=True, slots=True)
class CentralEntity:
    """An entity that a domain speaks of: in so many of its ``sentences``, of ``elsewhere`` more in other domains."""

    name: str
    iri: str
    kinds: tuple[str, ...]
    sentences: int
    elsewhere: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "name": self.name,
            "iri": self.iri,
            "kinds": list(self.kinds),
            "sentences": self.sentences,
            "elsewhere": self.elsewhere,
        }


@dataclass(frozen=True, slots=True)
class DomainDescription:
    """What the documents of one domain are about: their central entities and sentences, the most central first."""

    domain: str
    documents: int
    entities: tuple[CentralEntity, ...]
    sentences: tuple[Quote, ...]

    def to_json(self) -> dict[str, Any]:
        """What ``dovetail describe --domain --json`` prints."""
        return {
            "domain": self.domain,
            "documents": self.documents,
            "entities": [entity.to_json() for entity in self.entities],
            "sentences": [quote.to_json() for quote in self.sentences],
        }
