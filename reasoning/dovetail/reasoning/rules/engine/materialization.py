"""All that follows from facts by rules, kept true while both change: what users of the engine hold in their hands."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray
from rdflib.namespace import RDF, XSD

from dovetail.kg.errors import RuleError
from dovetail.kg.index import TripleIndex
from dovetail.reasoning.rules.engine.clause import HELPER, PROFILE, RELATION, TRIPLE_PARTS, Clause, clauses
from dovetail.reasoning.rules.engine.equality import saturate_by_names
from dovetail.reasoning.rules.engine.facts import PAIRS, Facts, Key
from dovetail.reasoning.rules.engine.fixpoint import Changes, Engine
from dovetail.reasoning.rules.engine.maintain import SchemaLost, refit, update
from dovetail.reasoning.rules.engine.numbering import Numbering
from dovetail.reasoning.rules.engine.options import RuleLimit, SaturationOptions
from dovetail.reasoning.rules.engine.program import identities
from dovetail.reasoning.rules.engine.relation import Batch, Keys, Relation, batch, firsts, holds, lefts, pack, rights, run_of, select
from dovetail.reasoning.rules.engine.solve import Solver
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.rule import GroundTerm, Negation, Pattern, Rule, RuleSet

_TYPE = ox.NamedNode(RDF.type)


class Materialization:
    """Facts with everything that follows from them by rules.

    >>> a, b, c, p = (ox.NamedNode(f"urn:{name}") for name in "abcp")
    >>> from dovetail.reasoning.rules.language.parse import parse_rules
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
        numbering = Numbering(facts.terms if isinstance(facts, TripleIndex) else None)
        own, layered = _clauses(rules, numbering)
        helpers = _helpers(own, numbering)
        split = [numbering.number(_TYPE)]
        split += _about_instances(own, helpers, split[0])
        private = [*helpers, *(numbering.number(part) for part in TRIPLE_PARTS)]
        now = ox.Literal(datetime.now(UTC).isoformat(), datatype=ox.NamedNode(XSD.dateTime))
        solver = Solver(Facts(split, private), Facts(split, private), numbering, now=now, generalised=self.options.generalised)
        weighted = confidence is not None or any(rule.weight < 1.0 for rule in rules.rules)
        self.engine = Engine(solver, own, self.options, weighted=weighted, layered=layered)
        rows = _from_index(facts, confidence) if isinstance(facts, TripleIndex) else _from_triples(facts, confidence, numbering)
        for key, part in rows:
            self._state(key, part)
        self._saturate()

    def _state(self, key: Key, facts: Batch) -> None:
        """Load stated facts that are not there yet."""
        for one, part in self.engine.base.parts(key, self.engine.valued(facts)):
            self.engine.base.load(one, [run_of(part)])
            self.engine.facts.load(one, [run_of(part)])

    def _saturate(self, *, by_names: bool = True) -> None:
        self._by_names = by_names and self.options.equality and saturate_by_names(self.engine, self.rules.rules)
        if not self._by_names:
            self.engine.saturate()
            refit(self.engine)

    def spell_out(self) -> None:
        """Derive fact by fact what union-find found at once, where it did: proofs and changes need every step."""
        if self._by_names:
            self.engine.restart()
            self._saturate(by_names=False)

    @property
    def numbering(self) -> Numbering:
        """The numbers of terms."""
        return self.engine.numbering

    # ------------------------------------------------------------------ changing

    def update(
        self, added: Iterable[ox.Triple] = (), removed: Iterable[ox.Triple] = (), *, confidence: Sequence[float] | None = None
    ) -> None:
        """State facts and take back stated ones; what follows is as it would be from scratch.

        ``confidence`` has one number for each fact added; of a fact stated twice the higher one counts. Taking back
        what was not stated does nothing. After a RuleLimit all is as it was.
        """
        if confidence is not None and not self.engine.weighted:
            self._restart(self.rules, weighted=True)
        self.spell_out()
        engine = self.engine
        known = [triple for triple in removed if self._place(triple) is not None]
        going = list(_from_triples(known, None, engine.numbering))
        values = None if confidence is None else np.asarray(confidence, np.float64)
        coming = list(_from_triples(added, values, engine.numbering))
        before = engine.base.copy()
        came, gone = engine.know_triple_terms(), Changes()
        for key, facts in going:
            for one, out in engine.base.changed(engine.base.remove(key, facts.keys)):
                for which, taken in engine.facts.remove(one, out.keys):
                    gone.setdefault(which, []).append(run_of(taken))
        engine.stamp += 1
        for key, facts in coming:
            for one, new in engine.base.changed(engine.base.add(key, engine.valued(facts), 0)):
                for which, fresh in engine.facts.add(one, new, engine.stamp):
                    came.setdefault(which, []).append(run_of(fresh))
        engine.base.settle()
        try:
            self._follow(came, gone)
        except RuleLimit:
            engine.base.restore(before)
            engine.restart()
            self._saturate()
            raise

    def insert(self, triples: Iterable[ox.Triple], *, confidence: Sequence[float] | None = None) -> None:
        """State facts, and derive what follows from them."""
        self.update(triples, confidence=confidence)

    def remove(self, triples: Iterable[ox.Triple]) -> None:
        """Take back stated facts, with everything that only they support."""
        self.update(removed=triples)

    def set_rules(self, rules: RuleSet) -> None:
        """Exchange the rules; only what differs is worked out anew."""
        known = {rule: rule for rule in self.rules.rules}
        rules = RuleSet(tuple(known.get(rule, rule) for rule in rules.rules), rules.facts, rules.prefixes)
        engine = self.engine
        fresh, layered = _clauses(rules, engine.numbering)
        # What a file states and what is private is settled when facts are loaded, and so is whether to keep confidences.
        self.spell_out()
        same = rules.facts == self.rules.facts and set(_helpers(fresh, engine.numbering)) <= engine.facts.private
        if not same or (not engine.weighted and any(rule.weight < 1.0 for rule in rules.rules)):
            self._restart(rules)
            return
        self.rules = rules
        before = identities(engine.program.clauses)
        engine.clauses, engine.layered = fresh, layered
        engine.fit()
        after = identities(engine.program.clauses)
        removed = [clause for name, clause in before.items() if name not in after]
        self._follow({}, {}, added=after.keys() - before.keys(), removed=removed)

    def _follow(self, came: Changes, gone: Changes, *, added: Container[object] = (), removed: Iterable[Clause] = ()) -> None:
        """Bring what follows up to date, from scratch where nothing else is sure to be right."""
        looks_at_base = any(
            clause.rule.stated_only or any(absence.stated_only for absence in clause.absences) for clause in self.engine.clauses
        )
        try:
            if looks_at_base and (came or gone):
                raise SchemaLost
            update(self.engine, came, gone, added=added, removed=removed)
        except SchemaLost:
            self.engine.restart()
            self._saturate()

    def _restart(self, rules: RuleSet, *, weighted: bool = False) -> None:
        """Everything from scratch, with other rules or with confidences from now on."""
        stated, values = self.stated()
        if weighted and values is None:
            values = np.ones(len(stated))
        fresh = Materialization(self.triples(stated), rules, options=self.options, confidence=values)
        self.rules, self.engine = fresh.rules, fresh.engine

    # ------------------------------------------------------------------ reading

    def __contains__(self, triple: object) -> bool:
        found = self._place(triple) if isinstance(triple, ox.Triple) else None
        return found is not None and bool(holds(self.engine.facts.runs(found[0]), found[1])[0][0])

    def __len__(self) -> int:
        return len(self.engine.facts)

    def confidence(self, triple: ox.Triple) -> float | None:
        """How sure a fact is, None where it does not hold."""
        found = self._place(triple)
        if found is None:
            return None
        known, values = holds(self.engine.facts.runs(found[0]), found[1])
        return None if not known[0] else 1.0 if values is None else float(values[0])

    def inferred(self) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
        """What follows and was not stated: rows ``(facts, 3)`` of term numbers (s, p, o), and their confidences where kept.

        Ordered by predicate, then by class or subject. Helper predicates, and what is no RDF triple, are left out.
        """
        return self._rows(self.engine.facts, without=self.engine.base)

    def stated(self) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
        """What was stated, in the same form."""
        return self._rows(self.engine.base, without=None)

    def _rows(self, facts: Facts, *, without: Facts | None) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
        numbering = self.engine.numbering
        number = numbering.find(RELATION)
        own = {one for run in self.engine.facts.runs((-1 if number is None else number, PAIRS)) for one in lefts(run.keys).tolist()}
        rows: list[NDArray[np.int64]] = [np.empty((0, 3), np.int64)]
        values: list[NDArray[np.float64]] = [np.empty(0)]
        for key in sorted(facts.open_keys()):
            if key[0] in own:
                continue
            for part in _new(facts.relations[key], None if without is None else without.relations.get(key)):
                left, right = (part.keys, np.full(len(part), key[1])) if key[1] != PAIRS else (lefts(part.keys), rights(part.keys))
                if self.options.generalised:
                    proper = numbering.nodes(left) & numbering.iris(np.full(len(left), key[0]))
                    left, right, part = left[proper], right[proper], select(part, proper)
                rows.append(np.stack((left, np.full(len(left), key[0]), right), axis=1))
                if part.values is not None:
                    values.append(part.values)
        return np.concatenate(rows), np.concatenate(values) if self.engine.weighted else None

    def triples(self, rows: NDArray[np.int64]) -> Iterator[ox.Triple]:
        """Rows of term numbers as triples; each term is made once."""
        made: dict[int, GroundTerm] = {}
        for row in rows.tolist():
            s, p, o = (made.setdefault(n, self.engine.numbering.term(n)) if n not in made else made[n] for n in row)
            yield ox.Triple(s, p, o)  # type: ignore[arg-type]  # inferred() leaves out what is no triple

    def _place(self, triple: ox.Triple) -> tuple[Key, Keys] | None:
        """The relation and the key of a triple; None if one of its terms is unknown."""
        numbers = [self.engine.numbering.find(term) for term in (triple.subject, triple.predicate, triple.object)]
        if None in numbers:
            return None
        s, p, o = (number for number in numbers if number is not None)
        key, place = self.engine.facts.place(s, p, o)
        return key, np.array([place], np.int64)


def _new(relation: Relation, stated: Relation | None) -> Iterator[Batch]:
    """The facts of a relation that were not stated, run by run."""
    for run in relation.runs:
        new = np.ones(len(run), np.bool_) if stated is None else ~holds(stated.runs, run.keys)[0]
        yield Batch(run.keys[new], None if run.values is None else run.values[new])


def _clauses(rules: RuleSet, numbering: Numbering) -> tuple[list[Clause], bool]:
    """The rules of all strata as clauses, with what their file states as rules that always fire, and whether there are strata.

    The rules of a profile could say anything of anything, so that beside them every negation seems to wait for
    itself. Fitted to a schema they say far less: then it is the engine that finds the order.
    """
    found = [clause for fact in rules.facts for clause in clauses(_always(fact), numbering)]
    # Without negation and new terms there is one stratum, and no need to look for others.
    simple = not any(rule.runs_once or any(isinstance(part, Negation) for part in rule.body) for rule in rules.rules)
    try:
        strata: Sequence[Sequence[Rule]] = [rules.rules] if simple else stratify(rules)
        layered = True
    except RuleError:
        if not any(rule.name.startswith(PROFILE) for rule in rules.rules):
            raise
        strata, layered = [rules.rules], False
    for number, stratum in enumerate(strata):
        found += [clause for rule in stratum for clause in clauses(rule, numbering, stratum=number)]
    return found, layered


@lru_cache(maxsize=1 << 16)  # the same rule for the same fact, so that its clause is known again
def _always(fact: ox.Triple) -> Rule:
    return Rule("DATA", (Pattern(fact.subject, fact.predicate, fact.object),), ())


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


def _about_instances(own: Iterable[Clause], helpers: Iterable[int], type_: int) -> set[int]:
    """The helper predicates that rules derive from any class or property: they too are kept by object."""
    found = set()
    for clause in own:
        instances = any(isinstance(a.predicate, str) or (a.predicate == type_ and isinstance(a.right, str)) for a in clause.atoms)
        if instances and isinstance(clause.head.predicate, int):
            found.add(clause.head.predicate)
    return found.intersection(helpers)


def _from_triples(facts: Iterable[ox.Triple], confidence: NDArray[np.float64] | None, numbering: Numbering) -> Iterator[tuple[Key, Batch]]:
    number = numbering.number
    rows = [(number(t.predicate), number(t.subject), number(t.object)) for t in facts]
    array = np.array(rows, np.int64).reshape(-1, 3)
    for predicate in dict.fromkeys(array[:, 0].tolist()):
        here = array[:, 0] == predicate
        yield (predicate, PAIRS), batch(pack(array[here, 1], array[here, 2]), None if confidence is None else confidence[here])


def _from_index(index: TripleIndex, confidence: NDArray[np.float64] | None) -> Iterator[tuple[Key, Batch]]:
    starts = [*np.flatnonzero(firsts(index.predicates)).tolist(), len(index)] if len(index) else []  # type: ignore[arg-type]
    for start, end in itertools.pairwise(starts):
        here = slice(start, end)
        keys = pack(index.subjects[here].astype(np.int64), index.objects[here].astype(np.int64))
        yield (int(index.predicates[start]), PAIRS), Batch(keys, None if confidence is None else confidence[here])


def saturate(
    facts: TripleIndex | Iterable[ox.Triple],
    rules: RuleSet,
    *,
    options: SaturationOptions | None = None,
    confidence: NDArray[np.float64] | None = None,
) -> Materialization:
    """Facts with everything that follows from them by rules.

    ``confidence`` has one number between 0 and 1 for each fact, in order. The rules must be well-formed (``check_rules``).
    RuleError where one waits for its own result; RuleLimit where they derive more than allowed.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> a, b, p = (ox.NamedNode(f"urn:{name}") for name in "abp")
    >>> known = saturate([ox.Triple(a, p, b)], parse_rules("RULE { ?y <urn:p> ?x } WHERE { ?x <urn:p> ?y }"))
    >>> print(*known.triples(known.inferred()[0]))
    <urn:b> <urn:p> <urn:a>
    """
    return Materialization(facts, rules, options=options, confidence=confidence)
