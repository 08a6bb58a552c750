"""One search for rules while it runs: the graph, the clock, and the best rules so far."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from dovetail.kg import TripleIndex
from dovetail.reasoning.rules.mining.candidate import Atom, Body, Candidate, canonical, shorter
from dovetail.reasoning.rules.mining.options import MiningOptions, MiningProgress
from dovetail.reasoning.rules.mining.relations import Ints, Relations

UNSEEN = 5
"""Counterexamples a rule is thought to have beside those seen, when rules are ranked (AnyBURL's pessimism)."""
_REPORT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How often a rule's body holds, how often its head does too, and how often the head could be known to be wrong."""

    support: int
    body: int
    known: int

    def confidence(self, measure: str) -> float:
        """The chosen confidence."""
        return self.support / (self.body if measure == "standard" else self.known)

    def cautious(self, measure: str) -> float:
        """The chosen confidence if a few more counterexamples turned up: by this, rules are ranked."""
        return self.support / ((self.body if measure == "standard" else self.known) + UNSEEN)


class Search:
    """What the stages of a search share."""

    def __init__(self, index: TripleIndex, options: MiningOptions) -> None:
        self.options = options
        self.started = time.monotonic()
        self.relations = Relations(index, options.ignore)
        self.found: dict[Candidate, Counts] = {}
        self.seen: set[tuple[int, ...]] = set()
        self.stage = ""
        self.bodies = self.too_large = self.samples = 0
        self.clock_stopped = False
        self._reported = self.started
        needed = np.ceil(options.min_head_coverage * self.relations.sizes - 1e-9).astype(np.int64)
        self.floor: Ints = np.maximum(needed, max(options.min_support, 1))

    @property
    def out_of_time(self) -> bool:
        """Whether the clock has run out; on the way, progress is reported now and then."""
        now = time.monotonic()
        self.clock_stopped |= now - self.started > self.options.seconds
        if now - self._reported > _REPORT_SECONDS:
            self.report()
        return self.clock_stopped

    def report(self) -> None:
        """Tell the caller where the search stands."""
        self._reported = time.monotonic()
        if self.options.on_progress is not None:
            seconds = self._reported - self.started
            self.options.on_progress(
                MiningProgress(self.stage, seconds, len(self.found), self.bodies, self.too_large, self.samples, self.clock_stopped)
            )

    def hopeless(self, body: int) -> bool:
        """Whether no head can be frequent enough beside a body of that size."""
        return self.options.measure == "standard" and body * self.options.min_confidence > int(self.relations.sizes.max(initial=0))

    def promising(self, support: Ints, body: Ints | int) -> Ints:
        """The letters whose rules may pass, by their supports and the body's sizes."""
        passing = support >= self.floor
        if self.options.measure == "standard":
            passing &= support >= self.options.min_confidence * np.asarray(body)
        return np.flatnonzero(passing)

    def offer(self, head: Atom, body: Body, counts: Counts) -> None:
        """Keep a rule that is good enough, and says something that its own body does not."""
        if counts.confidence(self.options.measure) < self.options.min_confidence or head in body.atoms:
            return
        if len(body.atoms) > self.options.max_body:
            return
        self.found[canonical(Candidate(head, body))] = counts
        if len(self.found) > 2 * self.options.capacity:
            self.found = dict(self.ranked()[: self.options.capacity])

    def ranked(self) -> list[tuple[Candidate, Counts]]:
        """The rules so far, best first."""
        measure = self.options.measure

        def rank(item: tuple[Candidate, Counts]) -> tuple[float, int, int, Candidate]:
            candidate, counts = item
            return -counts.cautious(measure), -counts.support, len(candidate.body.atoms), candidate

        return sorted(self.found.items(), key=rank)

    def best(self) -> list[tuple[Candidate, Counts]]:
        """The rules so far, best first, without those that are no surer than a shorter rule they contain."""
        measure = self.options.measure
        kept = []
        for candidate, counts in self.ranked():
            confidence = counts.confidence(measure)
            wider = (self.found.get(other) for other in shorter(candidate))
            if all(other is None or other.confidence(measure) < confidence for other in wider):
                kept.append((candidate, counts))
                if len(kept) == self.options.top:
                    break
        return kept
