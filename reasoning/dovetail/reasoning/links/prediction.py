"""What is probably true but missing, and why: predictions with their explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rdflib import BNode, URIRef

from dovetail.kg.statement import Evidence
from dovetail.reasoning.rules.mining import MinedRule

Node: TypeAlias = URIRef | BNode
Triple: TypeAlias = tuple[Node, URIRef, Node]


@dataclass(frozen=True, slots=True)
class PathStep:
    """A fact on the way, as the graph has it, and the sentences that state it."""

    triple: Triple
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """An entity of which the same is true, and how much it has in common with the one asked about (0 to 1)."""

    entity: Node
    likeness: float


@dataclass(frozen=True, slots=True)
class LinkExplanation:
    """Why a link is predicted: chains of facts that join its ends, rules that foretell it, similar cases, and how alike the names are.

    ``names``: cosine of what both ends are called; None where one has no name.
    """

    paths: tuple[tuple[PathStep, ...], ...] = ()
    rules: tuple[MinedRule, ...] = ()
    cases: tuple[SimilarCase, ...] = ()
    names: float | None = None

    @property
    def grounds(self) -> str:
        """What there is to go by, in a few words."""
        found = [
            name for name, there in (("facts that join the two", self.paths), ("rules", self.rules), ("similar cases", self.cases)) if there
        ]
        if found:
            return ", ".join(found)
        return "no path: by text only" if self.names is not None else "no path: by the shape of the graph only"


@dataclass(frozen=True, slots=True)
class Prediction:
    """A triple that the graph does not have, and the probability that it is true.

    ``experts``: what each expert adds to the score, and under "candidate" what the answer adds by being often an answer.
    """

    subject: Node
    predicate: URIRef
    object: Node
    probability: float
    experts: Mapping[str, float]
    explanation: LinkExplanation = LinkExplanation()

    @property
    def triple(self) -> Triple:
        """Subject, predicate and object."""
        return self.subject, self.predicate, self.object
