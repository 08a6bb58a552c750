"""Questions with exact answers, from the facts of a graph: each with all its wordings, its answers and the SPARQL that finds them.

    Facts -> counts_and_lists, superlatives, comparisons, claims -> Draft

Answers are computed from dictionaries by brute force; the SPARQL is written beside them, so that each is a check of the other.
What a question would be about must have a name that is one entity's alone and reads as one.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dovetail.kg.names import Layer
from question_facts import LAYERS, Facts, Value, follow, form, hull, kinds, readable, starts
from question_wordings import (
    CLAIMS,
    DIMENSIONS,
    IN,
    WAYS,
    Claim,
    Dimension,
    Noun,
    Way,
    numeric_dimension,
    other_claim,
    other_ways,
    spoken,
)  # fmt: skip

MOST_COUNTED, MOST_LISTED, MOST_OF_A_TYPE = 30, 15, 80
MARGIN = 0.01
"""Numbers that differ by less than this share of the greater are not compared; dates must be of different years, after Christ."""
TRIES = 20
ALIASES = (
    {"uk", "united kingdom", "britain", "great britain", "england", "scotland", "wales", "british empire"},
    {"us", "u s", "usa", "u s a", "united states", "united states of america", "america"},
    {"russia", "soviet union", "ussr", "russian empire"}, {"iran", "persia"}, {"holland", "netherlands", "the netherlands"},
    {"germany", "west germany", "east germany", "prussia", "german empire", "nazi germany"}, {"china", "prc", "taiwan", "hong kong"},
    {"india", "british india", "pakistan", "bangladesh"}, {"korea", "south korea", "north korea"}, {"ireland", "northern ireland"},
)  # fmt: skip
"""Names that may mean one another, or parts of one another: none of them is a wrong answer for another."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question in every wording; ``about`` groups those that ask for the same relation."""

    kind: str
    about: str
    forms: tuple[str, ...]
    answers: tuple[str, ...]
    sparql: str


def ways(facts: Facts) -> list[Way]:
    """The wordings of every relation of a graph between entities."""
    known = {step.strip("^<>") for way in WAYS for step in way.path} | {step.strip("<>") for step in IN}
    others = [way for p in sorted(facts.forth) if p not in known and p in facts.labels for way in other_ways(p, facts.labels[p])]
    return [*WAYS, *others]


def dimensions(facts: Facts) -> list[Dimension]:
    """The wordings of every relation of a graph to dates or numbers; dates of relations that are not known are left alone."""
    known = {one.relation for one in DIMENSIONS}
    numeric = [p for p, held in sorted(facts.values.items()) if p not in known and not any(v.dated for some in held.values() for v in some)]
    return [*DIMENSIONS, *(numeric_dimension(p, facts.labels[p]) for p in numeric if p in facts.labels)]


@dataclass(frozen=True, slots=True)
class _Ends:
    """What a way leads to from an entity: all of a noun's types, or all there are where the way has no nouns."""

    way: Way
    start: str
    noun: Noun | None
    members: frozenset[str]
    all_of_them: bool


def _ends(facts: Facts, way: Way) -> Iterator[_Ends]:
    universe = frozenset(kind for noun in way.nouns for kind in noun.types)
    for start in starts(facts, way.path):
        found = follow(facts, way.path, start)
        if start not in facts.names or not found or not all(kinds(facts, one) & universe for one in found if way.nouns):
            continue
        for noun in way.nouns or (None,):
            members = found if noun is None else frozenset(one for one in found if kinds(facts, one) & noun.types)
            if members:
                yield _Ends(way, start, noun, members, members == found)


def _asked(ends: _Ends, name: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """What follows "which", what follows "the", and the questions that are whole: lists, counts. The last only of all there are."""
    noun = ends.noun.many if ends.noun else ""
    sets = (ends.way.asks, ends.way.groups, ends.way.lists, ends.way.counts)
    return tuple(  # type: ignore[return-value]  # four of them
        [_named(one, E=name, N=noun) for one in some if ends.all_of_them or "{N}" in one] for some in sets
    )


def counts_and_lists(facts: Facts) -> Iterator[Draft]:
    """How many, and which."""
    for way in ways(facts):
        for ends in _ends(facts, way):
            labels = [facts.labels.get(one, "") for one in sorted(ends.members)]
            if len(labels) > MOST_COUNTED or not all(map(readable, labels)) or len({form(one) for one in labels}) < len(labels):
                continue
            asks, groups, lists, counts = _asked(ends, _say(facts, ends.start))
            inner = _members(facts, ends)
            how_many = (
                *(f"How many {ask}?" for ask in asks), *counts, *(f"How many {group} are there?" for group in groups),
                *(f"What is the number of {group}?" for group in groups),
            )  # fmt: skip
            if how_many:
                counted = f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {inner} }}"
                yield Draft("count", "|".join(way.path), how_many, (str(len(labels)),), counted)
            which = (
                *(f"Which {ask}?" for ask in asks), *lists, *(f"Name all {group}." for group in groups),
                *(f"List the {group}." for group in groups), *(f"Which are the {group}?" for group in groups),
            )  # fmt: skip
            if which and 2 <= len(labels) <= MOST_LISTED and all(one in facts.names for one in ends.members):
                yield Draft("list", "|".join(way.path), which, tuple(sorted(labels)), f"SELECT DISTINCT ?x {{ {inner} }}")


def superlatives(facts: Facts) -> Iterator[Draft]:
    """The first and the last of what a way leads to, and of the small types."""
    everything = [ends for way in ways(facts) for ends in _ends(facts, way)]
    for dimension in dimensions(facts):
        if held := facts.values.get(dimension.relation):
            for ends in everything:
                _, groups, _, _ = _asked(ends, _say(facts, ends.start))
                known = [one for one in ends.members if one in held]
                if groups and ends.noun in dimension.nouns and len(known) >= 3 and 2 * len(known) >= len(ends.members):
                    openings = [opening.replace("{group}", group) for group in groups for opening in _openings(ends.noun)]
                    yield from _extremes(facts, dimension, known, openings, _members(facts, ends))
        for noun in dimension.nouns:
            known = sorted(one for one in held or () if kinds(facts, one) & noun.types)
            if 3 <= len(known) <= MOST_OF_A_TYPE:
                openings = [f"Which {noun.one} {{verb}}?", f"Of all {noun.many}, which {{verb}}?", f"Which {{verb}} of all {noun.many}?"]
                whole = f"FILTER NOT EXISTS {{ GRAPH <{Layer.RESOLVED.value}> {{ ?x owl:sameAs ?other }} }}"
                yield from _extremes(facts, dimension, known, openings, f"{_of_types(facts, noun, 'x')} {whole}")


def _openings(noun: Noun | None) -> list[str]:
    which = "who" if noun is not None and noun.one == "person" else "which"
    asked = which.capitalize()
    return [f"{asked} of the {{group}} {{verb}}?", f"Of the {{group}}, {which} {{verb}}?", f"{asked} {{verb}} of all {{group}}?"]


def _extremes(facts: Facts, dimension: Dimension, known: Sequence[str], openings: Sequence[str], inner: str) -> Iterator[Draft]:
    held = facts.values[dimension.relation]
    for verbs, least in ((dimension.lowest, True), (dimension.highest, False)):
        best = min(known, key=lambda one: (hull(held[one])[0] if least else -hull(held[one])[1], one))
        if best in facts.names and all(one == best or _clear(held[best], held[one], least=least) for one in known):
            forms = tuple(opening.replace("{verb}", verb) for opening in openings for verb in verbs)
            order = f"{'ASC' if least else 'DESC'}({'STR(?v)' if held[best][0].dated else '?v'})"
            sparql = (
                f"SELECT ?x {{ {{ SELECT DISTINCT ?x {{ {inner} }} }} {_value(dimension.relation, 'x', 'v')} }} ORDER BY {order} LIMIT 1"
            )
            yield Draft("superlative", dimension.relation, forms, (facts.names[best],), sparql)


def _clear(one: Sequence[Value], other: Sequence[Value], *, least: bool) -> bool:
    """Whether every value of ``one`` is below (or above) every value of ``other``, by the margin, in the same unit."""
    if len({(value.unit, value.dated) for value in (*one, *other)}) > 1 or any(value.dated and value.low < 0 for value in (*one, *other)):
        return False
    below, above = (hull(one), hull(other)) if least else (hull(other), hull(one))
    if one[0].dated:
        return below[1] // 10000 < above[0] // 10000
    return float(above[0] - below[1]) > MARGIN * float(max(abs(above[0]), abs(below[1])))


def comparisons(facts: Facts, *, each: int, rng: random.Random) -> Iterator[Draft]:
    """Two of a kind side by side: about ``each`` pairs for every dimension and noun."""
    for dimension in dimensions(facts):
        held = facts.values.get(dimension.relation, {})
        for noun in dimension.nouns:
            known = sorted(one for one in held if one in facts.names and kinds(facts, one) & noun.types)
            pairs = {tuple(sorted(rng.sample(known, 2))) for _ in range(each) if len(known) > 1}
            for pair in sorted(pairs):
                one, other = rng.sample(pair, 2)
                if _clear(held[one], held[other], least=True) or _clear(held[other], held[one], least=True):
                    yield _comparison(facts, dimension, one, other, rng.choice(("least", "most", "less", "more")))


def _comparison(facts: Facts, dimension: Dimension, one: str, other: str, asked: str) -> Draft:
    held = facts.values[dimension.relation]
    first = _clear(held[one], held[other], least=True)
    forms = tuple(_named(words, A=_say(facts, one), B=_say(facts, other)) for words in getattr(dimension, asked))
    a, b = (f"STR(?{letter})" if held[one][0].dated else f"?{letter}" for letter in "vw")
    if asked in ("less", "more"):
        sides = " ".join(
            f"{_bound(facts, side, at)} {_value(dimension.relation, at, value)}" for side, at, value in ((one, "x", "v"), (other, "y", "w"))
        )
        answer = "yes" if first == (asked == "less") else "no"
        sparql = f"ASK {{ {sides} FILTER({a} {'<' if asked == 'less' else '>'} {b}) }}"
    else:
        answer = facts.names[one if first == (asked == "least") else other]
        order = f"{'ASC' if asked == 'least' else 'DESC'}({a})"
        sparql = f"SELECT ?x {{ VALUES ?x {{ <{one}> <{other}> }} {_value(dimension.relation, 'x', 'v')} }} ORDER BY {order} LIMIT 1"
    return Draft("compare", f"{dimension.relation} {asked}", forms, (answer,), sparql)


def claims(facts: Facts, *, rng: random.Random) -> Iterator[Draft]:
    """Yes or no: a fact, and the same fact with another object of the same type, which nothing in the graph joins to the right one."""
    known = {step.strip("^<>") for claim in CLAIMS for step in claim.path} | {step.strip("<>") for step in IN}
    others = [other_claim(p, facts.labels[p]) for p in sorted(facts.forth) if p not in known and p in facts.labels]
    for claim in filter(lambda claim: claim.forms, (*CLAIMS, *others)):
        by_type: dict[str, list[str]] = defaultdict(list)
        ends = {start: follow(facts, claim.path, start) for start in starts(facts, claim.path)}
        for one in sorted({end for some in ends.values() for end in some}):
            for kind in sorted(kinds(facts, one)):
                by_type[kind].append(one)
        for start, right in ends.items():
            if start not in facts.names or not all(one in facts.labels for one in right):
                continue
            if claim.subjects and not kinds(facts, start) & frozenset(kind for noun in claim.subjects for kind in noun.types):
                continue
            for end in sorted(right & facts.names.keys()):
                yield _claim(facts, claim, start, end, "yes")
                pool = by_type[min(kinds(facts, end), default="")]
                tried = rng.sample(pool, min(TRIES, len(pool)))
                wrong = next((one for one in tried if one in facts.names and _wrong(facts, start, right, one)), None)
                if wrong is not None:
                    yield _claim(facts, claim, start, wrong, "no")
    yield from _years(facts, rng)


def _claim(facts: Facts, claim: Claim, start: str, end: str, answer: str) -> Draft:
    forms = tuple(_named(words, S=_say(facts, start), O=_say(facts, end)) for words in claim.forms)
    inner = f"{_bound(facts, start, 's')} {_bound(facts, end, 'o')} {_layers('g')} GRAPH ?g {{ ?s {'|'.join(claim.path)} ?o }}"
    return Draft("boolean", f"{claim.path[0]} {answer}", forms, (answer,), f"ASK {{ {inner} }}")


def _wrong(facts: Facts, start: str, right: frozenset[str], one: str) -> bool:
    """Whether ``one`` is surely no object: no fact joins it to the subject, none to what is right, and its name is like none of theirs."""
    joined = {start, *right, *_whole(facts, right)}
    if one in joined or any(one in facts.neighbours.get(known, ()) for known in (start, *right)) or _whole(facts, [one]) & right:
        return False
    return not any(_alike(facts.labels[one], facts.labels[known]) for known in (*right, start))


def _whole(facts: Facts, places: Iterable[str]) -> set[str]:
    """Everything that some places lie in, however far up."""
    found: set[str] = set()
    waiting = list(places)
    while waiting:
        above = follow(facts, IN, waiting.pop()) - found
        found |= above
        waiting += above
    return found


def _alike(one: str, other: str) -> bool:
    first, second = ({word[:5] for word in form(name).split() if len(word) > 3} for name in (one, other))
    return bool(first & second) or form(one) in form(other) or any({form(one), form(other)} <= some for some in ALIASES)


def _years(facts: Facts, rng: random.Random) -> Iterator[Draft]:
    for dimension in DIMENSIONS:
        types = frozenset(kind for noun in dimension.nouns for kind in noun.types)
        for one, values in sorted(facts.values.get(dimension.relation, {}).items()):
            years = {int(value.low) // 10000 for value in values}
            if one not in facts.names or not dimension.states or not kinds(facts, one) & types or len(years) > 1:
                continue
            [year] = years
            wrong = year + rng.choice([-1, 1]) * rng.randint(2, 25)
            for said, answer in ((year, "yes"), (wrong, "no")):
                if 0 < said < 2026:
                    forms = tuple(_named(words, S=_say(facts, one), V=str(said)) for words in dimension.states)
                    inner = f"{_bound(facts, one, 'x')} {_value(dimension.relation, 'x', 'v')} FILTER(STRSTARTS(STR(?v), '{said:04}'))"
                    yield Draft("boolean", f"{dimension.relation} {answer}", forms, (answer,), f"ASK {{ {inner} }}")


def _named(words: str, **names: str) -> str:
    """Words with their places filled; "the" before a name that brings its own is dropped."""
    for letter, name in names.items():
        if name.startswith("The "):
            words = words.replace(f"the {{{letter}}}", name)
        words = words.replace(f"{{{letter}}}", name)
    return words.replace("the the ", "the ").replace(" party the ", " party ")


def _say(facts: Facts, entity: str) -> str:
    return spoken(facts.names[entity], kinds(facts, entity))


def _layers(variable: str) -> str:
    return f"VALUES ?{variable} {{ {' '.join(f'<{layer}>' for layer in LAYERS)} }}"


def _bound(facts: Facts, entity: str, variable: str) -> str:
    """``variable`` as any of the entities that are one with ``entity``."""
    return f"VALUES ?{variable} {{ {' '.join(f'<{one}>' for one in facts.groups.get(entity, (entity,)))} }}"


def _either(pattern: str, variable: str) -> str:
    """A pattern of an entity, ``?{variable}``, as said of it or of what is one with it."""
    member = f"{variable}_member"
    other = re.sub(rf"\?{variable}\b", f"?{member}", pattern)
    return f"{{ {pattern} }} UNION {{ GRAPH <{Layer.RESOLVED.value}> {{ ?{member} owl:sameAs ?{variable} }} {other} }}"


def _value(relation: str, variable: str, value: str) -> str:
    layer = f"g_{value}"
    found = f"{_layers(layer)} {{ {_either(f'GRAPH ?{layer} {{ ?{variable} <{relation}> ?{value} }}', variable)} }}"
    return f"{found} FILTER(!STRSTARTS(STR(?{value}), '--'))"  # a day of no year


def _of_types(facts: Facts, noun: Noun, variable: str) -> str:
    types = " ".join(f"<{iri}>" for label in sorted(noun.types) for iri in facts.type_iris.get(label, ()))
    layer = f"h_{variable}"
    return f"{_layers(layer)} VALUES ?t {{ {types} }} {{ {_either(f'GRAPH ?{layer} {{ ?{variable} a ?t }}', variable)} }}"


def _members(facts: Facts, ends: _Ends) -> str:
    """The pattern that finds ``?x``: what a way leads to, with the types of its noun where that leaves some out."""
    pattern = (
        f"{_bound(facts, ends.start, 'e')} {_layers('g')} GRAPH ?g {{ ?e {'|'.join(ends.way.path)} ?m }}"
        f" OPTIONAL {{ GRAPH <{Layer.RESOLVED.value}> {{ ?m owl:sameAs ?c }} }} BIND(COALESCE(?c, ?m) AS ?x)"
        f" FILTER(isIRI(?x) && ?x != <{ends.start}>)"
    )
    return pattern if ends.all_of_them or ends.noun is None else f"{pattern} {_of_types(facts, ends.noun, 'x')}"
