"""One search for rules while it runs: the graph, the clock, and the best rules so far."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dovetail.kg import TripleIndex
from dovetail.reasoning.rules.mining.candidate import Atom, Body, Candidate, canonical, shorter
from dovetail.reasoning.rules.mining.options import MiningOptions, MiningProgress
from dovetail.reasoning.rules.mining.relations import Ints, Relations, Sparse

UNSEEN = 5
"""Counterexamples a rule is thought to have beside those seen, when rules are ranked (AnyBURL's pessimism)."""
_REPORT_SECONDS = 1.0
_ROUNDING = 1e-9
Number = TypeVar("Number", float, NDArray[np.float64])


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
        # For each head relation the closed rules and the others apart, or a few wide rules would drown in many narrow ones.
        self.found: dict[tuple[int, bool], dict[Candidate, Counts]] = {}
        self.bar = np.zeros((2, self.relations.letters))
        self.seen: set[tuple[int, ...]] = set()
        self.stage = ""
        self.bodies = self.too_large = self.samples = 0
        self.clock_stopped = False
        self._reported = self._until = self.started
        needed = np.ceil(options.min_head_coverage * self.relations.sizes - 1e-9).astype(np.int64)
        self.floor: Ints = np.maximum(needed, max(options.min_support, 1))

    @cached_property
    def kinds(self) -> tuple[Ints, Sparse]:
        """The classes with enough things to matter, and a matrix (classes, things) that has 1 where a thing is of a class."""
        kind = self.relations.type_letter
        if kind is None:
            return np.empty(0, np.int64), None
        links = self.relations.links(kind ^ 1)
        chosen = np.flatnonzero((np.diff(links.matrix.indptr) >= self.options.min_support) & (links.rows < self.relations.first_blank))
        return links.rows[chosen], links.matrix[chosen].astype(np.int64)

    def begin(self, stage: str, share: float) -> None:
        """Start a stage, which may take this share of the time that is left."""
        now = time.monotonic()
        self.stage = stage
        self._until = now + share * max(self.started + self.options.seconds - now, 0.0)

    @property
    def out_of_time(self) -> bool:
        """Whether the clock has run out for this stage; on the way, progress is reported now and then."""
        now = time.monotonic()
        self.clock_stopped |= now > self._until
        if now - self._reported > _REPORT_SECONDS:
            self.report()
        return now > self._until

    def report(self) -> None:
        """Tell the caller where the search stands."""
        self._reported = time.monotonic()
        if self.options.on_progress is not None:
            seconds, rules = self._reported - self.started, sum(map(len, self.found.values()))
            progress = MiningProgress(self.stage, seconds, rules, self.bodies, self.too_large, self.samples, self.clock_stopped)
            self.options.on_progress(progress)

    def hopeless(self, body: int) -> bool:
        """Whether no head can be frequent enough beside a body of that size."""
        return self.options.measure == "standard" and body * self.options.min_confidence > int(self.relations.sizes.max(initial=0))

    def promising(self, letters: Ints, support: Ints, body: Ints | int, *, closed: bool) -> NDArray[np.bool_]:
        """Which rules may be worth keeping, by the letters of their heads, their supports and the sizes of their bodies."""
        passing = support >= self.floor[letters]
        size = np.asarray(body) if self.options.measure == "standard" else support
        passing &= support >= self.options.min_confidence * size
        passing &= support >= self.bar[int(closed), letters] * (size + UNSEEN)
        return passing

    def surer(self, confidence: Number) -> Number:
        """The least confidence that is worth another atom beside a rule with this one."""
        return confidence * (1.0 + max(self.options.min_gain, _ROUNDING))

    def offer(self, head: Atom, body: Body, counts: Counts) -> None:
        """Keep a rule that is good enough, and says something that its own body does not."""
        if counts.confidence(self.options.measure) < self.options.min_confidence or head in body.atoms:
            return
        candidate = Candidate(head, body)
        bar = self.bar[int(candidate.closed), self.relations.letter(head[0])]
        if len(body.atoms) > self.options.max_body or counts.cautious(self.options.measure) < bar:
            return
        rules = self.found.setdefault((head[0], candidate.closed), {})
        rules[canonical(candidate)] = counts
        if len(rules) > 2 * self.options.per_relation:
            self._trim(head[0], candidate.closed)

    def best(self) -> list[tuple[Candidate, Counts]]:
        """The rules so far, best first, without those that are no surer than a shorter rule they contain."""
        rules = [rule for found in self.found.values() for rule in self._distinct(found, self.options.per_relation)]
        return sorted(rules, key=self._rank)[: self.options.top]

    def _trim(self, relation: int, closed: bool) -> None:
        """Keep the best rules of a kind for a relation, and from now on look only at rules as good as the last of them."""
        rules = self._distinct(self.found[relation, closed], self.options.per_relation)
        self.found[relation, closed] = dict(rules)
        if len(rules) == self.options.per_relation:
            letter = self.relations.letter(relation)
            self.bar[int(closed), letter : letter + 2] = rules[-1][1].cautious(self.options.measure)

    def _distinct(self, found: dict[Candidate, Counts], limit: int) -> list[tuple[Candidate, Counts]]:
        """The best of these rules, without those that are no surer than a shorter one."""
        measure = self.options.measure
        kept: list[tuple[Candidate, Counts]] = []
        for candidate, counts in sorted(found.items(), key=self._rank):
            confidence = counts.confidence(measure)
            wider = (self.found.get((other.head[0], other.closed), {}).get(other) for other in shorter(candidate))
            if all(other is None or confidence >= self.surer(other.confidence(measure)) for other in wider):
                kept.append((candidate, counts))
                if len(kept) == limit:
                    break
        return kept

    def _rank(self, item: tuple[Candidate, Counts]) -> tuple[float, int, int, Candidate]:
        candidate, counts = item
        return -counts.cautious(self.options.measure), -counts.support, len(candidate.body.atoms), candidate
