"""What asking gives back: answers with their evidence and proof, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a document: ``quote == text[start:end]`` of the document as read."""

    document: str
    start: int
    end: int
    quote: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"document": self.document, "start": self.start, "end": self.end, "quote": self.quote}


@dataclass(frozen=True, slots=True)
class ProofStep:
    """One statement on the way from the question to the answer, with what to call its three terms."""

    subject: str
    predicate: str
    object: str
    labels: tuple[str, str, str]
    evidence: tuple[Quote, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "subject": self.subject,
            "predicate": self.predicate,
            "object": self.object,
            "labels": list(self.labels),
            "evidence": [quote.to_json() for quote in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer: its text, the entity it names if the graph knows it, and why it is believed.

    ``experts`` holds what each source says for it: graph, passages, vectors, ppr, each between 0 and 1.
    """

    text: str
    iri: str | None
    probability: float
    evidence: tuple[Quote, ...]
    proof: tuple[ProofStep, ...]
    experts: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the proof is null where no statements of the graph were used."""
        return {
            "text": self.text,
            "iri": self.iri,
            "probability": round(self.probability, 4),
            "evidence": [quote.to_json() for quote in self.evidence],
            "proof": {"path": [step.to_json() for step in self.proof]} if self.proof else None,
            "experts": {name: round(value, 4) for name, value in self.experts.items()},
        }


@dataclass(frozen=True, slots=True)
class LinkedName:
    """A name in the question, and the entities it may mean, best first."""

    text: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the question was understood. ``passages`` are the ids of the documents read, for an explanation."""

    kind: str
    choices: tuple[str, ...]
    names: tuple[LinkedName, ...]
    unknown: tuple[str, ...]
    passages: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plan: dict[str, Any] = {
            "kind": self.kind,
            "choices": list(self.choices),
            "names": [{"text": name.text, "candidates": list(name.candidates)} for name in self.names],
            "unknown": list(self.unknown),
        }
        return {**plan, "passages": [dict(passage) for passage in self.passages]} if self.passages else plan


@dataclass(frozen=True, slots=True)
class Answer:
    """The answers to a question, the most probable first; none where ``abstained``, unless more were asked for."""

    question: str
    answers: tuple[GivenAnswer, ...]
    abstained: bool
    plan: Plan
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """What ``dovetail ask --json`` prints."""
        return {
            "question": self.question,
            "answers": [answer.to_json() for answer in self.answers],
            "abstained": self.abstained,
            "plan": self.plan.to_json(),
            "seconds": round(self.seconds, 4),
        }
