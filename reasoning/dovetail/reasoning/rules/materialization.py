"""All that follows from facts by rules, kept true while both change.

From scratch: components of clauses in order, each to its fixpoint by semi-naive evaluation (Abiteboul, Hull,
Vianu, Foundations of Databases, 13.1). After a change: delete and rederive per component (DRed; Gupta, Mumick,
Subrahmanian, SIGMOD 1993), which covers negation because a component's negated relations are finished before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray
from rdflib.namespace import RDF, XSD

from dovetail.kg.index import TripleIndex
from dovetail.reasoning.rules.clause import HELPER, TRIPLE_PARTS, Atom, Clause, clauses
from dovetail.reasoning.rules.facts import ANY, PAIRS, Facts, Key
from dovetail.reasoning.rules.numbering import Numbering
from dovetail.reasoning.rules.options import Progress, RuleLimit, SaturationOptions
from dovetail.reasoning.rules.plan import Focus
from dovetail.reasoning.rules.program import Component, Program, absences_of, identities, prepare
from dovetail.reasoning.rules.relation import Batch, Keys, Relation, Run, batch, find, firsts, holds, lefts, pack, rights, run_of, select, union
from dovetail.reasoning.rules.rule import GroundTerm, Rule, RuleSet
from dovetail.reasoning.rules.solve import Solver

Changes: TypeAlias = dict[Key, list[Run]]
"""Facts by relation, in the runs in which they came."""

_TYPE = ox.NamedNode(RDF.type)


class Materialization:
    """Facts with everything that follows from them by rules.

    >>> a, b, c, p = (ox.NamedNode(f"urn:{name}") for name in "abcp")
    >>> from dovetail.reasoning.rules.parse import parse_rules
    >>> rules = parse_rules("RULE { ?x <urn:p> ?z } WHERE { ?x <urn:p> ?y . ?y <urn:p> ?z }")
    >>> known = Materialization([ox.Triple(a, p, b), ox.Triple(b, p, c)], rules)
    >>> ox.Triple(a, p, c) in known
    True
    >>> known.remove([ox.Triple(b, p, c)])
    >>> ox.Triple(a, p, c) in known
    False
    """

    def __init__(
        self,
        facts: TripleIndex | Iterable[ox.Triple],
        rules: RuleSet,
        *,
        options: SaturationOptions | None = None,
        confidence: NDArray[np.float64] | None = None,
    ) -> None:
        self.options = options or SaturationOptions()
        self.rules = rules
        self.numbering = Numbering(facts.terms if isinstance(facts, TripleIndex) else None)
        self.weighted = confidence is not None or any(rule.weight < 1.0 for rule in rules.rules)
        private = [self.numbering.number(part) for part in TRIPLE_PARTS]
        split = [self.numbering.number(_TYPE)]
        self._generic = self._read(rules)
        private += _helpers(self._generic, self.numbering)
        self.facts = Facts([*split, *private[3:]], private)
        self.base = Facts([*split, *private[3:]], private)
        now = ox.Literal(datetime.now(UTC).isoformat(), datatype=ox.NamedNode(XSD.dateTime))
        self.solver = Solver(self.facts, self.base, self.numbering, now=now, generalised=self.options.generalised)
        self._stamp = 0
        self._touched: set[Key] = set()
        self._parts_known = 0
        self._load(facts, confidence)
        self._saturate()

    # ------------------------------------------------------------------ reading

    def __contains__(self, triple: object) -> bool:
        found = self._place(triple) if isinstance(triple, ox.Triple) else None
        return found is not None and bool(holds(self.facts.runs(found[0]), found[1])[0][0])

    def __len__(self) -> int:
        return len(self.facts)

    def confidence(self, triple: ox.Triple) -> float | None:
        """How sure a fact is, None where it does not hold."""
        found = self._place(triple)
        if found is None:
            return None
        known, values = holds(self.facts.runs(found[0]), found[1])
        return None if not known[0] else 1.0 if values is None else float(values[0])

    def inferred(self) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
        """What follows and was not stated: rows ``(facts, 3)`` of term numbers (s, p, o), and their confidences where kept.

        Ordered by predicate, then by class or subject. Helper predicates, and what is no RDF triple, are left out.
        """
        rows: list[NDArray[np.int64]] = []
        values: list[NDArray[np.float64]] = []
        for key in sorted(self.facts.stored()):
            if key[0] in self.facts.private:
                continue
            new = self._new(key)
            left, right = (new.keys, np.full(len(new), key[1])) if key[1] != PAIRS else (lefts(new.keys), rights(new.keys))
            if self.options.generalised:
                proper = ~self.numbering.literals(left)
                if not self.numbering.iris(np.array([key[0]]))[0]:
                    proper[:] = False
                left, right, new = left[proper], right[proper], select(new, proper)
            rows.append(np.stack((left, np.full(len(left), key[0]), right), axis=1))
            if new.values is not None:
                values.append(new.values)
        every = np.concatenate(rows) if rows else np.empty((0, 3), np.int64)
        return every, np.concatenate(values) if self.weighted and values else None

    def triples(self, rows: NDArray[np.int64]) -> Iterator[ox.Triple]:
        """Rows of term numbers as triples; each term is made once."""
        made: dict[int, GroundTerm] = {}
        for row in rows.tolist():
            s, p, o = (made.setdefault(n, self.numbering.term(n)) if n not in made else made[n] for n in row)
            yield ox.Triple(s, p, o)  # type: ignore[arg-type]  # inferred() leaves out what is no triple

    def _new(self, key: Key) -> Batch:
        """The facts of a relation that were not stated."""
        relation = self.facts.relations[key]
        stated = self.base.relations.get(key)
        found = []
        for run in relation.runs:
            new = np.ones(len(run), np.bool_) if stated is None else ~holds(stated.runs, run.keys)[0]
            found.append(Batch(run.keys[new], None if run.values is None else run.values[new]))
        return union(found) if found else Batch(np.empty(0, np.int64))

    def _place(self, triple: ox.Triple) -> tuple[Key, Keys] | None:
        """The relation and the key of a triple; None if one of its terms is unknown."""
        numbers = [self.numbering.find(term) for term in (triple.subject, triple.predicate, triple.object)]
        if None in numbers:
            return None
        s, p, o = (number for number in numbers if number is not None)
        key = self.facts.key(Atom(p, s, o))
        return key, np.array([s if key[1] != PAIRS else s << 32 | o], np.int64)

    # ------------------------------------------------------------------ loading

    def _read(self, rules: RuleSet) -> list[Clause]:
        given = (Rule("DATA", (pattern_of(triple),), ()) for triple in rules.facts)
        return [clause for rule in (*given, *rules.rules) for clause in clauses(rule, self.numbering)]

    def _load(self, facts: TripleIndex | Iterable[ox.Triple], confidence: NDArray[np.float64] | None) -> None:
        if isinstance(facts, TripleIndex):
            loaded = _from_index(facts, confidence)
        else:
            loaded = self._from_triples(facts, confidence)
        for predicate, everything in loaded:
            for key, part in self.base.parts((predicate, PAIRS), everything):
                part = self._valued(part)
                self.base.relations[key] = Relation([run_of(part, 0)])
                self.facts.relations[key] = Relation([run_of(part, 0)])
        self._know_triple_terms()

    def _from_triples(self, facts: Iterable[ox.Triple], confidence: NDArray[np.float64] | None) -> Iterator[tuple[int, Batch]]:
        number = self.numbering.number
        rows = [(number(t.predicate), number(t.subject), number(t.object)) for t in facts]
        array = np.array(rows, np.int64).reshape(-1, 3)
        for predicate in dict.fromkeys(array[:, 0].tolist()):
            here = array[:, 0] == predicate
            yield predicate, batch(pack(array[here, 1], array[here, 2]), None if confidence is None else confidence[here])

    def _valued(self, facts: Batch) -> Batch:
        return Batch(facts.keys, np.ones(len(facts))) if self.weighted and facts.values is None else facts

    def _know_triple_terms(self) -> Changes:
        """Facts about the parts of triple terms that have been met since the last time."""
        came: Changes = {}
        while self._parts_known < len(self.numbering.triples):
            number = self.numbering.triples[self._parts_known]
            self._parts_known += 1
            term = self.numbering.term(number)
            assert isinstance(term, ox.Triple)
            for predicate, part in zip(TRIPLE_PARTS, (term.subject, term.predicate, term.object), strict=True):
                key = self.numbering.number(predicate), PAIRS
                fact = self._valued(Batch(pack(np.array([number]), self.numbering.number(part))))
                for one, fresh in self.facts.add(key, fact, self._stamp):
                    came.setdefault(one, []).append(run_of(fresh, self._stamp))
        return came

    # ------------------------------------------------------------------ from scratch

    def _saturate(self) -> None:
        """Schema first, because the program is specialised to it; then everything."""
        while True:
            self._touched.clear()
            self.program = prepare(self._generic, self.solver)
            schema = [c for c in self.program.components if any(self.facts.key(clause.head) in self.program.schema for clause in c.clauses)]
            if not schema:
                break
            for component in schema:
                self._fix(component, {}, full=identities(component.clauses))
            if self._touched.isdisjoint(self.program.schema):
                break
        self._touched.clear()
        self._propagate({}, full=identities(self.program.clauses))
        self._refit()

    def _refit(self) -> None:
        """Make the program anew, and run what is new in it, until the schema stays as it is."""
        while not self._touched.isdisjoint(self.program.schema) or not self._touched <= self.program.possible:
            before = identities(self.program.clauses)
            self._touched.clear()
            self.program = prepare(self._generic, self.solver)
            added = {name: clause for name, clause in identities(self.program.clauses).items() if name not in before}
            if added:
                self._propagate({}, full=added)

    def _propagate(self, came: Changes, *, full: Mapping[tuple[object, ...], Clause]) -> None:
        """Bring all components up to date with new facts, and with clauses that never ran (``full``)."""
        for place, component in enumerate(self.program.components):
            self._fix(component, came, full=full)
            if self.options.on_progress is not None:
                self.options.on_progress(Progress(place + 1, len(self.program.components), len(self.facts)))

    def _fix(self, component: Component, came: Changes, *, full: Mapping[tuple[object, ...], Clause]) -> Changes:
        """Run a component to its fixpoint; what is new is added to ``came`` and returned."""
        found: list[tuple[Clause, Key, Batch]] = []
        for clause in component.clauses:
            if full and clause.identity in full:
                found += ((clause, *head) for head in self.solver.solve(clause))
            elif came:
                found += self._entered(clause, came)
        new = self._keep(found)
        every: Changes = {}
        while new:
            for key, runs in new.items():
                came.setdefault(key, []).extend(runs)
                every.setdefault(key, []).extend(runs)
            if not component.recursive:
                break
            new = self._keep([head for clause in component.clauses for head in self._entered(clause, new)])
        return every

    def _entered(self, clause: Clause, changes: Changes, *, absences: bool = True) -> Iterator[tuple[Clause, Key, Batch]]:
        """The heads of a clause's solutions that use one of the changed facts."""
        if clause.rule.stated_only:
            return
        for place, atom in enumerate(clause.atoms):
            key = self.facts.key(atom)
            if key in changes or key == ANY:
                yield from ((clause, *head) for head in self.solver.solve(clause, Focus(atom=place), changes, absences=absences))

    def _keep(self, found: Sequence[tuple[Clause, Key, Batch]]) -> Changes:
        """Add derived facts; returns what is new (or surer) of them."""
        if not found:
            return {}
        self._stamp += 1
        heads: defaultdict[Key, list[Batch]] = defaultdict(list)
        for _, key, facts in found:
            facts = self._valued(facts)
            if self.options.min_confidence and facts.values is not None:
                facts = select(facts, facts.values >= self.options.min_confidence)
            if len(facts):
                heads[key].append(facts)
        new: Changes = {}
        for key, parts in heads.items():
            for one, fresh in self.facts.add(key, union(parts), self._stamp):
                if len(fresh):
                    new.setdefault(one, []).append(run_of(fresh, self._stamp))
        self._touched |= new.keys()
        if len(self.numbering.triples) > self._parts_known:
            for key, runs in self._know_triple_terms().items():
                new.setdefault(key, []).extend(runs)
        if len(self.facts) > self.options.max_facts:
            worst = max(found, key=lambda head: len(head[2]))[0].rule
            raise RuleLimit(
                f"rule {worst.name} (line {worst.line}) goes past {self.options.max_facts:,} facts: "
                "make its body more specific, or allow more facts"
            )
        return new


def pattern_of(triple: ox.Triple):  # type: ignore[no-untyped-def]
    """A triple as a head."""
    from dovetail.reasoning.rules.rule import Pattern

    return Pattern(triple.subject, triple.predicate, triple.object)


def _helpers(generic: Iterable[Clause], numbering: Numbering) -> list[int]:
    """The helper predicates that clauses mention."""
    found = set()
    for clause in generic:
        for atom in (clause.head, *clause.atoms, *(a for absence in clause.absences for a in absence.atoms)):
            if isinstance(atom.predicate, int):
                term = numbering.term(atom.predicate)
                if isinstance(term, ox.NamedNode) and term.value.startswith(HELPER) and term not in TRIPLE_PARTS:
                    found.add(atom.predicate)
    return sorted(found)


def _from_index(index: TripleIndex, confidence: NDArray[np.float64] | None) -> Iterator[tuple[int, Batch]]:
    starts = [*np.flatnonzero(firsts(index.predicates)).tolist(), len(index)] if len(index) else []  # type: ignore[arg-type]
    for start, end in zip(starts, starts[1:], strict=False):
        here = slice(start, end)
        keys = pack(index.subjects[here].astype(np.int64), index.objects[here].astype(np.int64))
        yield int(index.predicates[start]), Batch(keys, None if confidence is None else confidence[here])
