"""What a miner is told, what it finds, and what it says while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyoxigraph as ox

from dovetail.reasoning.rules.rule import Rule

Example: TypeAlias = tuple[ox.Triple, ...]
"""One instance of a rule in the graph: the head's triple, then the body's."""


@dataclass(frozen=True, slots=True)
class MiningProgress:
    """Where a search stands: the bodies it has counted, and those whose join was too large to count."""

    stage: str
    seconds: float
    rules: int
    bodies: int
    too_large: int
    samples: int
    clock_stopped: bool


@dataclass(frozen=True, slots=True)
class MiningOptions:
    """Which rules are worth having, and how long to look for them.

    The search stops after ``seconds``; unless it is that clock that stops it, the same seed finds the same rules.
    ``measure`` is the confidence that becomes a rule's weight and that ``min_confidence`` bounds. A rule must be surer
    than each shorter rule it contains, by the part ``min_gain`` of its confidence at least. A body whose join passes
    ``max_join`` rows is left out and counted in the progress. Relations in ``ignore`` (IRIs) are as if absent. For each
    head relation the best ``per_relation`` closed rules are kept and as many with constants; the best ``top`` of all
    are returned (None: all). ``samples`` bounds the random paths drawn; None draws until nearly all are known.
    """

    seconds: float = 60.0
    max_body: int = 3
    min_support: int = 5
    min_confidence: float = 0.1
    min_head_coverage: float = 0.0
    min_gain: float = 0.01
    measure: Literal["standard", "pca"] = "standard"
    constants: bool = True
    seed: int = 0
    top: int | None = 1_000
    ignore: frozenset[str] = frozenset()
    examples: int = 2
    samples: int | None = None
    max_join: int = 10_000_000
    per_relation: int = 1_000
    on_progress: Callable[[MiningProgress], None] | None = None


@dataclass(frozen=True, slots=True)
class MinedRule:
    """A rule with how often it is right in the graph it was mined from.

    Every solution of the body foretells one head triple; ``body_size`` counts these triples, ``support`` those of
    them that the graph has. ``standard_confidence`` is their ratio. ``pca_confidence`` takes a foretold triple that
    is absent for wrong only where the graph knows another value: its subject has some value of the head's relation
    (or, for a relation with more distinct objects than subjects, its object has some subject). ``head_coverage`` is
    the part of the head relation's triples that the rule finds.

    Source: Galárraga et al., AMIE (WWW 2013), AMIE+ (VLDB Journal 2015).
    """

    rule: Rule
    support: int
    body_size: int
    standard_confidence: float
    pca_confidence: float
    head_coverage: float
    examples: tuple[Example, ...] = ()
