"""A graph closed under a profile: its facts with all that follows, and whether they contradict one another.

Literals stand for their values: of those that denote the same, one is taken for all, inside triple terms too, so
that rules see equal values as equal terms. What table 8 of OWL 2 RL and the D-entailment rules say of literals is
looked up when it is asked for, and given to the rules only for datatypes that the graph says something about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyoxigraph as ox
from rdflib.namespace import OWL, RDF, RDFS

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.engine.clause import PROFILE
from dovetail.reasoning.rules.engine.facts import PAIRS
from dovetail.reasoning.rules.engine.materialization import Materialization
from dovetail.reasoning.rules.engine.options import SaturationOptions
from dovetail.reasoning.rules.engine.relation import lefts, rights
from dovetail.reasoning.rules.profiles.datatypes import Value, includes
from dovetail.reasoning.rules.profiles.matching import Fact, Facts
from dovetail.reasoning.rules.profiles.packs import load_pack
from dovetail.reasoning.rules.profiles.recognition import DT_NOT_TYPE, SAME, TYPE, Clash, Recognition
from dovetail.reasoning.rules.rule import GroundTerm, Pattern, Rule, RuleSet

PROFILES = ("simple", "rdf", "rdfs", "owl-rl")
"""The profiles, each stronger than the one before."""

INCONSISTENT = ox.NamedNode("urn:dovetail:term:inconsistent")

_PROPERTY, _PROPOSITION = ox.NamedNode(str(RDF.Property)), ox.NamedNode(str(RDFS) + "Proposition")
_LITERAL, _RESOURCE, _CLASS, _DATATYPE = (ox.NamedNode(str(RDFS[name])) for name in ("Literal", "Resource", "Class", "Datatype"))
_SUBCLASS, _RANGE, _REFLEXIVE = (ox.NamedNode(str(iri)) for iri in (RDFS.subClassOf, RDFS.range, OWL.ReflexiveProperty))
_MEMBER = re.compile(re.escape(str(RDF)) + r"_[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Regime:
    """How a graph is read: by which profile, and with which datatypes recognised."""

    profile: str
    literals: Recognition

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise InputError(f"no profile named {self.profile!r}; try one of {', '.join(PROFILES)}")


class Closure:
    """What follows from facts in a regime. ``also`` will be asked about, so its literals mean the same in both."""

    def __init__(self, facts: Iterable[Fact], regime: Regime, *, also: Iterable[Fact] = ()) -> None:
        self.regime, self.profile, self.literals = regime, regime.profile, regime.literals
        self._chosen: dict[Value, ox.Literal] = {}
        self.stated = [self.meant(fact) for fact in facts]
        asked = [self.meant(fact) for fact in also]
        self.known = Facts(self.stated if self.profile == "simple" else self._saturated(asked))
        self.terms = frozenset(term for s, _, o in self.known.all for term in (s, o))

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
        denoted = self.literals.value(term)
        return term if denoted is None else self._chosen.setdefault(denoted, term)

    def _saturated(self, asked: list[Fact]) -> Iterable[Fact]:
        return everything([*self.stated, *self._typings(asked)], load_pack(self.profile).rules)

    def _typings(self, asked: list[Fact]) -> Iterator[Fact]:
        """What literals, triple terms and names are by themselves, where the graph or the question makes it matter."""
        terms = {term for fact in self.stated for term in fact}
        every = {inner for term in terms for inner in _inner(term)}
        mentioned = {term for term in terms if term == _LITERAL or self.literals.recognises(term)}
        yield from ((term, TYPE, datatype) for term in every for datatype in mentioned if self.literals.is_of(term, datatype))
        if self.profile != "rdf":
            yield from ((ox.NamedNode(datatype), TYPE, _DATATYPE) for datatype in sorted(self.literals.datatypes))
            yield from ((term, TYPE, _PROPOSITION) for term in every if isinstance(term, ox.Triple))
        names = {term for fact in asked for term in fact if isinstance(term, ox.NamedNode)}
        yield from ((name, TYPE, _PROPERTY) for name in names if _MEMBER.fullmatch(name.value))

    # ------------------------------------------------------------------ what is asked

    def holds(self, fact: Fact) -> bool:
        """Whether a fact follows, what holds of everything alike included."""
        return self.known.holds(fact) or self._goes_without_saying(fact)

    def candidates(self, pattern: Fact, blanks: frozenset[ox.BlankNode]) -> Iterable[Fact]:
        """The listed facts that may match, and those about listed terms that go without saying."""
        s, p, o = pattern
        yield from self.known.candidates(pattern, blanks)
        if p in (TYPE, SAME) and s in blanks:
            chances = ((term, p, term if p == SAME and o in blanks else o) for term in sorted(self.terms, key=str))
            yield from (fact for fact in chances if self._goes_without_saying(fact))

    def _goes_without_saying(self, fact: Fact) -> bool:
        s, p, o = fact
        if self.profile == "simple":
            return False
        if p == TYPE and self.literals.is_of(s, o):
            return True
        if self.profile == "rdf":
            return False
        if p == TYPE and o == _RESOURCE:
            return True
        if p == _SUBCLASS and o == _RESOURCE:
            return self.known.holds((s, TYPE, _CLASS))
        return self.profile == "owl-rl" and self._goes_without_saying_in_owl(s, p, o)

    def _goes_without_saying_in_owl(self, s: GroundTerm, p: GroundTerm, o: GroundTerm) -> bool:
        if s == o and (p == SAME or self.known.holds((p, TYPE, _REFLEXIVE))):
            return True
        if p == _SUBCLASS:
            return self._includes(o, [s])
        ranges = [datatype for datatype in self.known.objects(s, _RANGE) if self.literals.recognises(datatype)]
        return p == _RANGE and bool(ranges) and self._includes(o, ranges)

    def _includes(self, whole: GroundTerm, parts: list[GroundTerm]) -> bool:
        names = [term.value for term in (whole, *parts) if isinstance(term, ox.NamedNode) and self.literals.recognises(term)]
        return len(names) == len(parts) + 1 and includes(names[0], names[1:])

    # ------------------------------------------------------------------ contradictions

    @property
    def contradictory(self) -> bool:
        """Whether the facts contradict one another."""
        return next(self.contradictions(), None) is not None

    def contradictions(self) -> Iterator[Clash]:
        """What cannot hold: by a rule of the profile, or by what the literals denote."""
        for s, p, rule in self.known.by_predicate.get(INCONSISTENT, ()):
            yield Clash((s, p, rule), rule.value if isinstance(rule, ox.NamedNode) else str(rule))
        if self.profile != "simple":
            literals = {term for fact in self.stated for part in fact for term in _inner(part) if isinstance(term, ox.Literal)}
            for literal in sorted(literals, key=str):
                if self.literals.value(literal) is None:
                    yield Clash((literal, TYPE, literal.datatype), DT_NOT_TYPE)
            yield from self.literals.clashes(fact for predicate in (TYPE, SAME) for fact in self.known.by_predicate.get(predicate, ()))


def everything(facts: Iterable[Fact], rules: RuleSet) -> Iterator[Fact]:
    """Facts with all that follows from them by rules, those included that no RDF graph can hold.

    >>> a, p = ox.NamedNode("urn:a"), ox.NamedNode("urn:p")
    >>> (ox.Literal(1), TYPE, p) in set(everything([(p, _RANGE, p), (a, p, ox.Literal(1))], load_pack("rdfs").rules))
    True
    """
    triples: list[ox.Triple] = []
    others: list[Pattern] = []
    for s, p, o in facts:
        if isinstance(s, ox.NamedNode | ox.BlankNode) and isinstance(p, ox.NamedNode):
            triples.append(ox.Triple(s, p, o))
        else:
            others.append(Pattern(s, p, o))
    if others:
        rules = replace(rules, rules=(Rule(f"{PROFILE}given", tuple(others), ()), *rules.rules))
    return _listed(Materialization(triples, rules, options=SaturationOptions(generalised=True)))


def _listed(known: Materialization) -> Iterator[Fact]:
    numbering, facts = known.engine.numbering, known.engine.facts
    terms = [numbering.term(number) for number in range(len(numbering))]
    for predicate, kind in facts.stored():
        for run in facts.relations[predicate, kind].runs:
            subjects = run.keys if kind != PAIRS else lefts(run.keys)
            objects = [kind] * len(subjects) if kind != PAIRS else rights(run.keys).tolist()
            for s, o in zip(subjects.tolist(), objects, strict=True):
                yield terms[s], terms[predicate], terms[o]


def literal_clashes(known: Materialization) -> list[Clash]:
    """What a saturated graph says of literals that cannot hold; the cost is that of the typed literals only.

    >>> p, byte = ox.NamedNode("urn:p"), ox.NamedNode("http://www.w3.org/2001/XMLSchema#byte")
    >>> facts = [ox.Triple(p, _RANGE, byte), ox.Triple(p, p, ox.Literal(200))]
    >>> known = Materialization(facts, load_pack("owl-rl").rules, options=SaturationOptions(generalised=True))
    >>> [str(clash.fact[0]) for clash in literal_clashes(known)]
    ['"200"^^<http://www.w3.org/2001/XMLSchema#integer>']
    """
    return list(Recognition().clashes(_about_literals(known)))


def _about_literals(known: Materialization) -> Iterator[Fact]:
    """The facts with a literal as subject that are about a datatype or equality."""
    numbering, facts = known.engine.numbering, known.engine.facts
    for predicate, kind in facts.stored():
        name = numbering.term(predicate)
        if name != SAME and not (name == TYPE and kind != PAIRS and Recognition().recognises(numbering.term(kind))):
            continue
        for run in facts.relations[predicate, kind].runs:
            subjects = run.keys if kind != PAIRS else lefts(run.keys)
            chosen = run.keys[numbering.literals(subjects)]
            for key in chosen.tolist():
                s, o = (key, kind) if kind != PAIRS else (key >> 32, key & 0xFFFFFFFF)
                yield numbering.term(s), name, numbering.term(o)


def _inner(term: GroundTerm) -> Iterator[GroundTerm]:
    """A term and those inside it."""
    yield term
    if isinstance(term, ox.Triple):
        yield from _inner(term.subject)
        yield from _inner(term.object)
