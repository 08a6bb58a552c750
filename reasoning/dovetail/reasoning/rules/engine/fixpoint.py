"""Clauses run to their fixpoint: components in order, each by semi-naive evaluation.

Abiteboul, Hull, Vianu: Foundations of Databases (1995), 13.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import pyoxigraph as ox

from dovetail.reasoning.rules.engine.clause import TRIPLE_PARTS, Clause
from dovetail.reasoning.rules.engine.components import Component
from dovetail.reasoning.rules.engine.facts import ANY, PAIRS, Facts, Key
from dovetail.reasoning.rules.engine.numbering import Numbering
from dovetail.reasoning.rules.engine.options import Progress, RuleLimit, SaturationOptions
from dovetail.reasoning.rules.engine.plan import Focus
from dovetail.reasoning.rules.engine.program import Program, prepare
from dovetail.reasoning.rules.engine.relation import Batch, Run, pack, run_of, select, union
from dovetail.reasoning.rules.engine.solve import Solver

Changes: TypeAlias = dict[Key, list[Run]]
"""Facts by relation, in the runs in which they came."""

Head: TypeAlias = tuple[Clause, Key, Batch]
"""What a clause derived in one relation."""


Numbers: TypeAlias = tuple[int, int, int]
"""Subject, predicate and object of a fact."""

Derivation: TypeAlias = tuple[Clause, tuple[Numbers, ...], dict[str, int]]
"""A clause that gives a fact, the premises it needs for it, and its whole solution."""


def merge(changes: Changes, more: Changes) -> None:
    """Add changes to others."""
    for key, runs in more.items():
        changes.setdefault(key, []).extend(runs)


class Engine:
    """Facts, the clauses over them, and what has been derived. ``stamp`` counts the rounds in which facts came."""

    def __init__(self, solver: Solver, clauses: Sequence[Clause], options: SaturationOptions, *, weighted: bool, layered: bool) -> None:
        self.solver = solver
        self.facts: Facts = solver.facts
        self.base: Facts = solver.base
        self.numbering: Numbering = solver.numbering
        self.clauses = list(clauses)
        self.options = options
        self.weighted = weighted
        self.layered = layered
        self.stamp = 0
        self.program = Program((), frozenset(), frozenset(), (), frozenset())
        self.touched: set[Key] = set()
        self._parts_known = 0
        self._deriving: dict[Key, list[tuple[int, int, Clause]]] = {}
        self._remembered: dict[Numbers, Derivation | None] = {}
        self._remembered_at = -1

    # ------------------------------------------------------------------ fixpoints

    def saturate(self) -> None:
        """Derive everything: the schema first, because the program is fitted to it, then the rest."""
        self.know_triple_terms()
        while True:
            self.fit()
            for component in filter(self._is_schema, self.program.components):
                self.fix(component)
            if self.touched.isdisjoint(self.program.schema):
                break
        for place, component in enumerate(self.program.components):
            self.fix(component)
            if self.options.on_progress is not None:
                self.options.on_progress(Progress(place + 1, len(self.program.components), len(self.facts)))

    def _is_schema(self, component: Component) -> bool:
        """Whether a component says what the program is fitted to; one with a negation waits for what it negates."""
        derives = any(self.facts.key(clause.head) in self.program.schema for clause in component.clauses)
        return derives and not any(clause.absences for clause in component.clauses)

    def fit(self) -> None:
        """Fit the program to the present facts."""
        self.solver.forget_plans()
        self.program = prepare(self.clauses, self.solver, weighted=self.weighted, layered=self.layered)
        self.touched.clear()
        self._deriving.clear()
        self._remembered.clear()

    def deriving(self, key: Key) -> list[Clause]:
        """The clauses whose heads fit a relation: those with fewer premises first, then those written first."""
        if not self._deriving:
            for place, clause in enumerate(self.program.clauses):
                size = len((clause.general or clause).atoms)
                self._deriving.setdefault(self.facts.key(clause.head), []).append((size, place, clause))
        found = [entry for one in dict.fromkeys((key, (key[0], PAIRS), ANY)) for entry in self._deriving.get(one, ())]
        return [clause for _, _, clause in sorted(found, key=lambda entry: entry[:2])]

    def remembered(self) -> dict[Numbers, Derivation | None]:
        """What is kept of proofs from one to the next (of stated facts, None); empty again as soon as anything changes."""
        if self._remembered_at != self.stamp:
            self._remembered.clear()
            self._remembered_at = self.stamp
        return self._remembered

    def is_fitting(self) -> bool:
        """Whether the program still is that of the facts."""
        return self.touched.isdisjoint(self.program.schema) and all(map(self.program.allows, self.touched))

    def fix(self, component: Component) -> Changes:
        """Run a component from scratch to its fixpoint, given all that it depends on."""
        return self.fix_from(component, self.keep(head for clause in component.clauses for head in self.heads(clause)))

    def fix_from(self, component: Component, new: Changes) -> Changes:
        """Run a component to its fixpoint after these of its own facts came; returns all of its facts that came."""
        every: Changes = {}
        while new:
            merge(every, new)
            if not component.recursive:
                break
            new = self.keep(self.entered(component, new))
        return every

    # ------------------------------------------------------------------ one clause

    def heads(self, clause: Clause) -> Iterator[Head]:
        """All that a clause derives."""
        return ((clause, *head) for head in self.solver.solve(clause))

    def entered(self, component: Component, changes: Changes, *, absences: bool = True) -> Iterator[Head]:
        """What the clauses of a component derive from solutions that use one of the changed facts."""
        for key in (*changes, ANY) if changes else ():
            for clause, place in component.readers.get(key, ()):
                yield from ((clause, *head) for head in self.solver.solve(clause, Focus(atom=place), changes, absences=absences))

    # ------------------------------------------------------------------ facts

    def keep(self, found: Iterable[Head]) -> Changes:
        """Add what was derived; returns what of it is new, or surer than before. RuleLimit where it is too much."""
        heads: defaultdict[Key, list[Batch]] = defaultdict(list)
        waiting = 0
        for clause, key, facts in found:
            facts = self.valued(facts)
            if self.options.min_confidence and facts.values is not None:
                facts = select(facts, facts.values >= self.options.min_confidence)
            if not len(facts):
                continue
            heads[key].append(facts)
            waiting += len(facts)
            if waiting + len(self.facts) > self.options.max_facts:  # many may be the same
                for one in heads:
                    heads[one] = [union(heads[one])]
                waiting = sum(len(parts[0]) for parts in heads.values())
                if waiting > self.options.max_facts:
                    raise self._too_much(clause)
        self.stamp += bool(heads)
        new: Changes = {}
        for key, parts in heads.items():
            for one, fresh in self.facts.add(key, union(parts), self.stamp):
                if len(fresh):
                    new.setdefault(one, []).append(run_of(fresh))
        self.touched |= new.keys()
        merge(new, self.know_triple_terms())
        if len(self.facts) > self.options.max_facts:
            raise self._too_much(clause)
        return new

    def _too_much(self, clause: Clause) -> RuleLimit:
        rule = clause.rule
        return RuleLimit(
            f"rule {rule.name} (line {rule.line}) takes the graph past {self.options.max_facts:,} facts: "
            "make its body more specific, or allow more facts"
        )

    def valued(self, facts: Batch) -> Batch:
        """Facts with a confidence each where confidences are kept: 1 where none is given."""
        return Batch(facts.keys, np.ones(len(facts))) if self.weighted and facts.values is None else facts

    def restart(self) -> None:
        """Keep nothing but what is stated."""
        self.facts.clear()
        for key in self.base.stored():
            self.facts.load(key, [run_of(Batch(run.keys, run.values)) for run in self.base.relations[key].runs])
        self._parts_known = 0

    def know_triple_terms(self) -> Changes:
        """Add the facts about the parts of triple terms met since the last time, and return them."""
        came: Changes = {}
        met = self.numbering.triples
        while self._parts_known < len(met):
            number = met[self._parts_known]
            self._parts_known += 1
            term = self.numbering.term(number)
            assert isinstance(term, ox.Triple)
            for predicate, part in zip(TRIPLE_PARTS, (term.subject, term.predicate, term.object), strict=True):
                key = self.numbering.number(predicate), PAIRS
                fact = self.valued(Batch(pack(np.array([number]), self.numbering.number(part))))
                for one, fresh in self.facts.add(key, fact, self.stamp):
                    came.setdefault(one, []).append(run_of(fresh))
        return came
