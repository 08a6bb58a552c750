"""A graph closed under a profile: its facts with all that follows, and whether they contradict one another.

Literals stand for their values: of those that denote the same, one is taken for all, inside triple terms too, so
that rules see equal values as equal terms. What table 8 of OWL 2 RL and the D-entailment rules say of literals is
looked up when it is asked for, and given to the rules only for datatypes that the graph says something about.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyoxigraph as ox
from rdflib.namespace import OWL, RDF, RDFS

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules import datatypes
from dovetail.reasoning.rules.facts import PAIRS
from dovetail.reasoning.rules.matching import Fact, Facts
from dovetail.reasoning.rules.materialization import Materialization
from dovetail.reasoning.rules.options import SaturationOptions
from dovetail.reasoning.rules.packs import load_pack
from dovetail.reasoning.rules.relation import lefts, rights
from dovetail.reasoning.rules.rule import GroundTerm, Pattern, Rule, RuleSet

PROFILES = ("simple", "rdf", "rdfs", "owl-rl")
"""The profiles, each stronger than the one before."""

INCONSISTENT = ox.NamedNode("urn:dovetail:term:inconsistent")

_TYPE, _PROPERTY = ox.NamedNode(str(RDF.type)), ox.NamedNode(str(RDF.Property))
_DATATYPE, _PROPOSITION = ox.NamedNode(str(RDFS.Datatype)), ox.NamedNode(str(RDFS) + "Proposition")
_LITERAL, _RESOURCE, _CLASS = (ox.NamedNode(str(RDFS[name])) for name in ("Literal", "Resource", "Class"))
_SUBCLASS, _RANGE = ox.NamedNode(str(RDFS.subClassOf)), ox.NamedNode(str(RDFS.range))
_SAME, _REFLEXIVE = ox.NamedNode(str(OWL.sameAs)), ox.NamedNode(str(OWL.ReflexiveProperty))
_MEMBER = re.compile(re.escape(str(RDF)) + r"_[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Regime:
    """How a graph is read: by which profile, and with which datatypes recognised (their IRIs)."""

    profile: str
    recognised: frozenset[str]

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise InputError(f"no profile named {self.profile!r}; try one of {', '.join(PROFILES)}")


class Closure:
    """What follows from facts in a regime. ``also`` will be asked about, so its literals mean the same in both."""

    def __init__(self, facts: Iterable[Fact], regime: Regime, *, also: Iterable[Fact] = ()) -> None:
        self.profile, self.recognised = regime.profile, regime.recognised
        self._chosen: dict[datatypes.Value, ox.Literal] = {}
        self.stated = [self.meant(fact) for fact in facts]
        asked = [self.meant(fact) for fact in also]
        self.known = Facts(self.stated if self.profile == "simple" else self._saturated(asked))
        self.terms = frozenset(term for s, _, o in self.known.all for term in (s, o))

    # ------------------------------------------------------------------ literals

    def meant(self, fact: Fact) -> Fact:
        """The fact with each literal replaced by the one that stands for its value."""
        s, p, o = (self._meant(term) for term in fact)
        return s, p, o

    def _meant(self, term: GroundTerm) -> GroundTerm:
        if isinstance(term, ox.Triple):
            subject, value = self._meant(term.subject), self._meant(term.object)
            return ox.Triple(subject, term.predicate, value)  # type: ignore[arg-type]  # a name stays a name
        if not isinstance(term, ox.Literal):
            return term
        denoted = self.value(term)
        return term if denoted is None else self._chosen.setdefault(denoted, term)

    def value(self, literal: ox.Literal) -> datatypes.Value | None:
        """What the literal denotes as far as its datatype is recognised; None if it cannot denote."""
        known = literal.language is not None or literal.datatype.value in self.recognised
        return datatypes.value_of(literal) if known else datatypes.opaque(literal)

    def typed(self, term: GroundTerm, datatype: GroundTerm) -> bool | None:
        """Whether a literal is of a recognised datatype; None where nothing is known."""
        if not isinstance(term, ox.Literal) or not isinstance(datatype, ox.NamedNode):
            return None
        value = self.value(term)
        if value is None:
            return False
        if datatype.value not in self.recognised and datatype != _LITERAL:
            return None
        return datatypes.holds(datatype.value, value)

    # ------------------------------------------------------------------ what follows

    def _saturated(self, asked: list[Fact]) -> Iterable[Fact]:
        return everything([*self.stated, *self._typings(asked)], load_pack(self.profile).rules)

    def _typings(self, asked: list[Fact]) -> Iterator[Fact]:
        """What literals, triple terms and names are by themselves, where the graph or the question makes it matter."""
        terms = {term for fact in self.stated for term in fact}
        every = {inner for term in terms for inner in _inner(term)}
        mentioned = {term for term in terms if isinstance(term, ox.NamedNode) and term.value in self.recognised | {_LITERAL.value}}
        yield from ((term, _TYPE, datatype) for term in every for datatype in mentioned if self.typed(term, datatype))
        if self.profile != "rdf":
            yield from ((ox.NamedNode(datatype), _TYPE, _DATATYPE) for datatype in sorted(self.recognised))
            yield from ((term, _TYPE, _PROPOSITION) for term in every if isinstance(term, ox.Triple))
        names = {term for fact in asked for term in fact if isinstance(term, ox.NamedNode)}
        yield from ((name, _TYPE, _PROPERTY) for name in names if _MEMBER.fullmatch(name.value))

    # ------------------------------------------------------------------ what is asked

    def holds(self, fact: Fact) -> bool:
        """Whether a fact follows, what holds of everything alike included."""
        return self.known.holds(fact) or self._goes_without_saying(fact)

    def candidates(self, pattern: Fact, blanks: frozenset[ox.BlankNode]) -> Iterable[Fact]:
        """The listed facts that may match, and those about listed terms that go without saying."""
        s, p, o = pattern
        yield from self.known.candidates(pattern, blanks)
        if p in (_TYPE, _SAME) and s in blanks:
            chances = ((term, p, term if p == _SAME and o in blanks else o) for term in sorted(self.terms, key=str))
            yield from (fact for fact in chances if self._goes_without_saying(fact))

    def _goes_without_saying(self, fact: Fact) -> bool:
        s, p, o = fact
        if self.profile == "simple":
            return False
        if p == _TYPE and self.typed(s, o):
            return True
        if self.profile == "rdf":
            return False
        if p == _TYPE and o == _RESOURCE:
            return True
        if p == _SUBCLASS and o == _RESOURCE:
            return self.known.holds((s, _TYPE, _CLASS))
        return self.profile == "owl-rl" and self._goes_without_saying_in_owl(s, p, o)

    def _goes_without_saying_in_owl(self, s: GroundTerm, p: GroundTerm, o: GroundTerm) -> bool:
        if s == o and (p == _SAME or self.known.holds((p, _TYPE, _REFLEXIVE))):
            return True
        if not isinstance(o, ox.NamedNode) or not self._is_datatype(o):
            return False
        if p == _SUBCLASS:
            return isinstance(s, ox.NamedNode) and self._is_datatype(s) and datatypes.includes(o.value, [s.value])
        ranges = [c.value for c in self.known.objects(s, _RANGE) if self._is_datatype(c) and isinstance(c, ox.NamedNode)]
        return p == _RANGE and bool(ranges) and datatypes.includes(o.value, ranges)

    def _is_datatype(self, term: GroundTerm) -> bool:
        return isinstance(term, ox.NamedNode) and term.value in self.recognised and datatypes.is_datatype(term.value)

    # ------------------------------------------------------------------ contradictions

    @property
    def contradictory(self) -> bool:
        """Whether the facts contradict one another."""
        return next(self.contradictions(), None) is not None

    def contradictions(self) -> Iterator[Fact]:
        """Facts that cannot hold: by a rule, of a literal that is not what it is said to be, of two values that are one."""
        if self.profile != "simple":
            literals = {term for fact in self.stated for part in fact for term in _inner(part) if isinstance(term, ox.Literal)}
            yield from ((literal, _TYPE, literal.datatype) for literal in sorted(literals, key=str) if self.value(literal) is None)
        yield from self.known.by_predicate.get(INCONSISTENT, ())
        classes: defaultdict[GroundTerm, list[str]] = defaultdict(list)
        for s, p, o in self.known.by_predicate.get(_TYPE, ()):
            if self.typed(s, o) is False:  # dt-not-type
                yield s, p, o
            elif self._is_datatype(o) and isinstance(o, ox.NamedNode):
                classes[s].append(o.value)
        for s, several in sorted(classes.items(), key=str):
            if datatypes.disjoint(several):
                yield s, _TYPE, ox.NamedNode(several[0])
        for s, p, o in self.known.by_predicate.get(_SAME, ()):
            if isinstance(s, ox.Literal) and isinstance(o, ox.Literal) and s != o and self._differ(s, o):  # dt-diff
                yield s, p, o

    def _differ(self, one: ox.Literal, other: ox.Literal) -> bool:
        """Whether the values are two for sure; one of an unknown datatype may be any."""
        values = self.value(one), self.value(other)
        return all(value is not None and value[0] for value in values)


def everything(facts: Iterable[Fact], rules: RuleSet) -> Iterator[Fact]:
    """Facts with all that follows from them by rules, those included that no RDF graph can hold."""
    triples: list[ox.Triple] = []
    others: list[Pattern] = []
    for s, p, o in facts:
        if isinstance(s, ox.NamedNode | ox.BlankNode) and isinstance(p, ox.NamedNode):
            triples.append(ox.Triple(s, p, o))
        else:
            others.append(Pattern(s, p, o))
    if others:
        rules = replace(rules, rules=(Rule("urn:dovetail:rule:given", tuple(others), ()), *rules.rules))
    engine = Materialization(triples, rules, options=SaturationOptions(generalised=True)).engine
    terms = [engine.numbering.term(number) for number in range(len(engine.numbering))]
    for predicate, kind in engine.facts.stored():
        for run in engine.facts.relations[predicate, kind].runs:
            subjects = run.keys if kind != PAIRS else lefts(run.keys)
            objects = [kind] * len(subjects) if kind != PAIRS else rights(run.keys).tolist()
            for s, o in zip(subjects.tolist(), objects, strict=True):
                yield terms[s], terms[predicate], terms[o]


def _inner(term: GroundTerm) -> Iterator[GroundTerm]:
    """A term and those inside it."""
    yield term
    if isinstance(term, ox.Triple):
        yield from _inner(term.subject)
        yield from _inner(term.object)
