"""Whether one graph follows from another, and whether a graph contradicts itself.

    premise -> closure -> the conclusion fits into it
                       -> or else: each of its claims is derived, or its denial is contradictory (OWL 2 RL)

Rules derive what they derive; what they prove by contradiction only is asked for in the second way. A premise that
contradicts itself entails everything. For OWL 2 RL this is sound, and complete for conclusions that are assertions
about names (OWL 2 Profiles, theorem PR1); of axioms it proves those whose denial the rules refute.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pyoxigraph as ox

from dovetail.reasoning.rules.profiles.closure import Closure, Regime
from dovetail.reasoning.rules.profiles.comprehension import Described, described
from dovetail.reasoning.rules.profiles.datatypes import RDF, XSD
from dovetail.reasoning.rules.profiles.matching import Binding, Fact, blanks_of, filled, fits
from dovetail.reasoning.rules.profiles.recognition import KNOWN_DATATYPES, Recognition
from dovetail.reasoning.rules.profiles.refutation import PAIRWISE, TYPE, Alternatives, denial, owl, pairs

ALWAYS_KNOWN = frozenset({XSD + "string", RDF + "langString", RDF + "dirLangString"})
"""The datatypes that every reader of RDF recognises."""


def consistent(graph: Iterable[ox.Triple], *, profile: str = "owl-rl", datatypes: Collection[str] = KNOWN_DATATYPES) -> bool:
    """Whether a graph is free of contradictions that the profile finds.

    >>> cat, dog, rex = (ox.NamedNode(f"urn:{name}") for name in ("Cat", "Dog", "rex"))
    >>> consistent([ox.Triple(cat, owl("disjointWith"), dog), ox.Triple(rex, TYPE, cat), ox.Triple(rex, TYPE, dog)])
    False
    """
    return _consistent(map(_fact, graph), _regime(profile, datatypes))


def entails(
    premise: Iterable[ox.Triple], conclusion: Iterable[ox.Triple], *, profile: str = "owl-rl", datatypes: Collection[str] = KNOWN_DATATYPES
) -> bool:
    """Whether the conclusion follows from the premise; a blank node of the conclusion may be any term.

    ``profile`` is ``simple``, ``rdf``, ``rdfs`` or ``owl-rl``. A literal whose datatype is not among ``datatypes``
    is known by its text only.

    >>> p, a, b, c = (ox.NamedNode(f"urn:{name}") for name in "pabc")
    >>> facts = [ox.Triple(p, TYPE, owl("TransitiveProperty")), ox.Triple(a, p, b), ox.Triple(b, p, c)]
    >>> entails(facts, [ox.Triple(a, p, c)]), entails(facts, [ox.Triple(a, p, c)], profile="rdfs")
    (True, False)
    """
    regime = _regime(profile, datatypes)
    given = list(map(_fact, premise))
    asked = _renamed(map(_fact, conclusion))
    closure = Closure(given, regime, also=asked)
    if closure.contradictory or fits(map(closure.meant, asked), closure):
        return True
    if profile != "owl-rl":
        return False
    goal = _named(described(asked))
    world = [*given, *goal.facts]
    return _proved(goal, world, Closure(world, regime, also=goal.claims) if goal.facts else closure)


def _proved(goal: Described, world: list[Fact], closure: Closure) -> bool:
    """Whether every claim of the goal follows from a world in which what it describes exists."""
    fitting: list[Fact] = []
    denials: list[Alternatives] = []
    spoken_for = set()
    for subject in {s: None for s, _, _ in goal.claims if isinstance(s, ox.BlankNode)}:
        about = [fact for fact in goal.claims if fact[0] == subject]
        axioms = _axioms_of(about, goal)
        if axioms is not None:
            spoken_for.update(about)
            denials += axioms
    for claim in goal.claims:
        if claim in spoken_for:
            continue
        if blanks_of(claim):
            fitting.append(claim)
        elif not closure.holds(closure.meant(claim)):
            denials.append(denial(claim, goal.parts))
    if not fits(map(closure.meant, fitting), closure):
        return False
    return all(not _consistent([*world, *facts], closure.regime) for alternatives in denials for facts in alternatives)


def _axioms_of(about: list[Fact], goal: Described) -> list[Alternatives] | None:
    """The denials of the axioms that a blank node stands for; None if it stands for a thing."""
    has = {p: o for _, p, o in about}
    kind, listed = has.get(TYPE), has.get(owl("members"), has.get(owl("distinctMembers")))
    if kind in PAIRWISE and listed in goal.parts:
        return [denial(axiom, goal.parts) for axiom in pairs(listed, PAIRWISE[kind], goal.parts)]
    source, predicate = has.get(owl("sourceIndividual")), has.get(owl("assertionProperty"))
    target = has.get(owl("targetIndividual"), has.get(owl("targetValue")))
    if source is None or predicate is None or target is None:
        return None
    return [[[(source, predicate, target)]]]


def _regime(profile: str, datatypes: Collection[str]) -> Regime:
    return Regime(profile, Recognition(ALWAYS_KNOWN.union(datatypes)))


def _consistent(facts: Iterable[Fact], regime: Regime) -> bool:
    return not Closure(facts, regime).contradictory


def _fact(triple: ox.Triple) -> Fact:
    return triple.subject, triple.predicate, triple.object


def _renamed(graph: Iterable[Fact]) -> list[Fact]:
    """The same graph with blank nodes that are in no other."""
    facts = list(graph)
    names: Binding = {node: ox.BlankNode() for fact in facts for node in blanks_of(fact)}
    return [fact for fact in (filled(fact, names) for fact in facts) if fact is not None]


def _named(goal: Described) -> Described:
    """The same with a name for each node that is described: which one is no longer open."""
    names: Binding = {
        node: ox.NamedNode(f"urn:dovetail:described:{number}") for number, node in enumerate(goal.parts) if isinstance(node, ox.BlankNode)
    }

    def named(facts: Iterable[Fact]) -> tuple[Fact, ...]:
        return tuple(fact for fact in (filled(fact, names) for fact in facts) if fact is not None)

    parts = {
        names[node]: {name: names.get(part, part) if isinstance(part, ox.BlankNode) else part for name, part in has.items()}
        for node, has in goal.parts.items()
        if isinstance(node, ox.BlankNode)
    }
    return Described(named(goal.facts), parts, named(goal.claims))
