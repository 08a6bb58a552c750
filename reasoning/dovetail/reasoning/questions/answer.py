"""What asking gives back: answers with their evidence and proof, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dovetail.kg.statement import Evidence


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


def quote_of(evidence: Evidence) -> Quote:
    """A piece of evidence as a quote."""
    return Quote(evidence.document, evidence.start, evidence.end, evidence.quote)


@dataclass(frozen=True, slots=True)
class ProofStep:
    """One statement on the way from the question to the answer, with what to call its three terms.

    ``since`` and ``until`` bound the time for which it holds, where a document says. ``rule`` and ``because`` tell what an inferred
    statement follows from; ``predicted`` is the probability of one that a model holds likely and no document states.
    """

    subject: str
    predicate: str
    object: str
    labels: tuple[str, str, str]
    evidence: tuple[Quote, ...]
    since: str | None = None
    until: str | None = None
    rule: str | None = None
    because: tuple[ProofStep, ...] = ()
    predicted: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; what is not known is left out, but for the evidence."""
        step: dict[str, Any] = {
            "subject": self.subject,
            "predicate": self.predicate,
            "object": self.object,
            "labels": list(self.labels),
            "evidence": [quote.to_json() for quote in self.evidence],
        }
        known = {"since": self.since, "until": self.until, "rule": self.rule, "predicted": self.predicted}
        step |= {name: value for name, value in known.items() if value is not None}
        return {**step, "because": [one.to_json() for one in self.because]} if self.because else step


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another value that documents give where only one can be right."""

    text: str
    evidence: tuple[Quote, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"text": self.text, "evidence": [quote.to_json() for quote in self.evidence]}


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer: its text, the entity it names if the graph knows it, and why it is believed.

    ``experts`` holds what each source says for it, between 0 and 1: the plan that leads to it, the graph's paths, passages, vectors,
    the walk over names (ppr), and the link reasoner where a step is predicted. ``conflicts`` are what other documents say instead.
    """

    text: str
    iri: str | None
    probability: float
    evidence: tuple[Quote, ...]
    proof: tuple[ProofStep, ...]
    experts: Mapping[str, float]
    conflicts: tuple[Conflict, ...] = ()

    @property
    def predicted(self) -> bool:
        """Whether the proof rests on a fact that no document states and no rule proves."""
        return any(step.predicted is not None for step in self.proof)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the proof is null where no statements of the graph were used."""
        answer: dict[str, Any] = {
            "text": self.text,
            "iri": self.iri,
            "probability": round(self.probability, 4),
            "evidence": [quote.to_json() for quote in self.evidence],
            "proof": {"path": [step.to_json() for step in self.proof]} if self.proof else None,
            "experts": {name: round(value, 4) for name, value in self.experts.items()},
        }
        answer |= {"predicted": True} if self.predicted else {}
        return {**answer, "conflicts": [one.to_json() for one in self.conflicts]} if self.conflicts else answer


@dataclass(frozen=True, slots=True)
class LinkedName:
    """A name in the question, and the entities it may mean, best first."""

    text: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedQuery:
    """What is asked of the graph: its kind, in words, as SPARQL, and the chance that it is what the question means."""

    kind: str
    sentence: str
    sparql: str
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"kind": self.kind, "sentence": self.sentence, "sparql": self.sparql, "confidence": round(self.confidence, 4)}


@dataclass(frozen=True, slots=True)
class Plan:
    """How the question was understood.

    ``kind`` is what sort of answer is wanted, ``query`` what is asked of the graph, if anything, and ``alternatives`` the next likely
    queries. ``near`` holds, for each name of ``unknown``, known names like it. ``passages`` are those that were read, for an explanation.
    """

    kind: str
    choices: tuple[str, ...]
    names: tuple[LinkedName, ...]
    unknown: tuple[str, ...]
    passages: tuple[Mapping[str, Any], ...] = ()
    query: PlannedQuery | None = None
    alternatives: tuple[PlannedQuery, ...] = ()
    near: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plan: dict[str, Any] = {
            "kind": self.kind,
            "choices": list(self.choices),
            "names": [{"text": name.text, "candidates": list(name.candidates)} for name in self.names],
            "unknown": list(self.unknown),
            "query": None if self.query is None else self.query.to_json(),
        }
        plan |= {"alternatives": [one.to_json() for one in self.alternatives]} if self.alternatives else {}
        plan |= {"near": {name: list(known) for name, known in self.near.items()}} if self.near else {}
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

    def to_html(self) -> str:
        """A fragment of HTML that shows the answers with their quotes and proofs."""
        from dovetail.reasoning.questions.html import answer_html  # late: it reads these classes

        return answer_html(self)
