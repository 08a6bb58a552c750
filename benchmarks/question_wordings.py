"""How people ask about relations, in English: what makes questions of a graph's facts read like questions.

    Way         from one entity {E} along a path to others: counted, listed, and the sets that a superlative is about
    Claim       whether a path leads from {S} to {O}
    Dimension   values that two or more things are compared by

A path is a property path of SPARQL in single steps, tried side by side. None of these wordings trains anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WDT = "http://www.wikidata.org/prop/direct/"


@dataclass(frozen=True, slots=True)
class Noun:
    """What the members of some types, named by their labels, are called."""

    many: str
    one: str
    types: frozenset[str]


def _noun(many: str, one: str, *types: str) -> Noun:
    return Noun(many, one, frozenset(types or (one,)))


PEOPLE = _noun("people", "person")
FILMS, BOOKS, SONGS, ALBUMS = (_noun(f"{one}s", one) for one in ("film", "book", "song", "album"))
WORKS = _noun("works", "work", "film", "creative work", "book", "song", "album")
CITIES, COUNTRIES = _noun("cities", "city"), _noun("countries", "country")
PLACES = _noun("places", "place", "city", "location", "country")
UNIVERSITIES, TEAMS, BANDS = _noun("universities", "university"), _noun("teams", "team", "sports team"), _noun("bands", "band")
COMPANIES = _noun("companies", "company", "business enterprise")
ORGANISATIONS = _noun(
    "organisations", "organisation", "organisation", "business enterprise", "university", "band", "sports team", "political party"
)
AWARDS, WARS, EVENTS = _noun("awards", "award"), _noun("wars", "war"), _noun("events", "event", "event", "war")
PRODUCTS = _noun("products", "product")
NOUNS = (
    PEOPLE, FILMS, BOOKS, SONGS, ALBUMS, WORKS, CITIES, COUNTRIES, PLACES, UNIVERSITIES, TEAMS, BANDS, COMPANIES, ORGANISATIONS,
    AWARDS, WARS, EVENTS, PRODUCTS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """From an entity {E} along ``path`` to others, whom ``nouns`` name as {N}.

    ``asks`` follow "which" and "how many", ``groups`` follow "the" and "all", ``lists`` and ``counts`` are whole questions.
    """

    path: tuple[str, ...]
    nouns: tuple[Noun, ...]
    asks: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether ``path`` leads from {S}, of ``subjects``, to {O}."""

    path: tuple[str, ...]
    subjects: tuple[Noun, ...]
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """Values of ``relation`` in order: names asked for ({A}, {B}), yes or no, what a superlative says, and one value ({V})."""

    relation: str
    nouns: tuple[Noun, ...]
    least: tuple[str, ...]
    most: tuple[str, ...]
    less: tuple[str, ...]
    more: tuple[str, ...]
    lowest: tuple[str, ...]
    highest: tuple[str, ...]
    states: tuple[str, ...] = ()


def _p(*properties: str) -> tuple[str, ...]:
    return tuple(f"^<{WDT}{one[1:]}>" if one.startswith("^") else f"<{WDT}{one}>" for one in properties)


IN = _p("P131", "P17", "P276", "P30")
SCREEN = (FILMS, WORKS)
BODIES = (ORGANISATIONS, COMPANIES, UNIVERSITIES, TEAMS, BANDS)
WITHIN = (CITIES, PLACES, *BODIES)

WAYS = (
    Way(
        _p("^P19"), (PEOPLE,), ("{N} were born in {E}", "{N} have {E} as their birthplace"), ("{N} born in {E}",),
        ("Who was born in {E}?",),
    ),
    Way(_p("^P20"), (PEOPLE,), ("{N} died in {E}", "{N} met their death in {E}"), ("{N} who died in {E}",), ("Who died in {E}?",)),
    Way(_p("^P27"), (PEOPLE,), ("{N} are citizens of {E}", "{N} hold the citizenship of {E}"), ("citizens of {E}",)),
    Way(
        _p("^P551"), (PEOPLE,), ("{N} live or lived in {E}", "{N} made their home in {E}"), ("residents of {E}",),
        ("Who has lived in {E}?",),
    ),
    Way(_p("^P108"), (PEOPLE,), ("{N} worked for {E}", "{N} were employed by {E}"), ("employees of {E}",), ("Who has worked for {E}?",)),
    Way(_p("^P69"), (PEOPLE,), ("{N} studied at {E}", "{N} were educated at {E}"), ("{N} educated at {E}",), ("Who went to {E}?",)),
    Way(
        _p("^P54"), (PEOPLE,), ("{N} played for {E}", "players were on the roster of {E}"), ("players of {E}",),
        ("Who has played for {E}?",),
    ),
    Way(_p("^P102"), (PEOPLE,), ("{N} belong to the party {E}", "politicians are in the party {E}"), ("politicians of the party {E}",)),
    Way(_p("^P463"), (PEOPLE, *BODIES), ("{N} are members of {E}", "{N} belong to {E}"), ("members of {E}",), ("Who belongs to {E}?",)),
    Way(_p("^P166"), (PEOPLE,), ("{N} received the {E}", "{N} were given the {E}"), ("{N} who won the {E}",), ("Who has won the {E}?",)),
    Way(_p("P166"), (AWARDS,), ("{N} did {E} receive", "{N} has {E} won"), ("awards given to {E}",), ("What did {E} win?",)),
    Way(_p("^P607"), (PEOPLE,), ("{N} fought in the {E}", "{N} took part in the {E}"), ("{N} who fought in the {E}",)),
    Way(_p("^P241"), (PEOPLE,), ("{N} served in the {E}", "soldiers were in the {E}"), ("{N} who served in the {E}",)),
    Way(_p("^P140"), (PEOPLE,), ("{N} are of the religion {E}", "{N} have {E} as their religion"), ("{N} whose religion is {E}",)),
    Way(_p("^P106"), (PEOPLE,), ("{N} have the occupation {E}", "{N} have {E} as their profession"), ("{N} whose occupation is {E}",)),
    Way(_p("^P39"), (PEOPLE,), ("{N} held the position of {E}", "{N} have been {E}"), ("{N} who held the office of {E}",)),
    Way(
        _p("P26", "^P26"), (PEOPLE,), ("{N} did {E} marry", "{N} were married to {E}"), ("spouses of {E}",),
        ("Who was married to {E}?",), ("How many spouses did {E} have?",),
    ),
    Way(
        _p("P40", "^P22", "^P25"), (PEOPLE,), ("children did {E} have",), ("children of {E}", "sons and daughters of {E}"),
        ("Who are the children of {E}?", "Whose father or mother is {E}?"), ("How many children were born to {E}?",),
    ),
    Way(
        _p("P3373", "^P3373"), (PEOPLE,), ("siblings does {E} have",), ("siblings of {E}", "brothers and sisters of {E}"),
        ("Who are the siblings of {E}?",),
    ),
    Way(
        _p("P800"), (WORKS, FILMS, BOOKS, SONGS, ALBUMS), ("{N} is {E} known for", "notable {N} does {E} have"),
        ("notable {N} of {E}", "well-known {N} of {E}"),
    ),
    Way(
        _p("^P57"), SCREEN, ("{N} did {E} direct", "{N} were directed by {E}"), ("{N} directed by {E}", "{N} that {E} directed"),
        ("What did {E} direct?",),
    ),
    Way(_p("^P58"), SCREEN, ("{N} did {E} write the script for", "{N} have a screenplay by {E}"), ("{N} scripted by {E}",)),
    Way(_p("^P161"), SCREEN, ("{N} does {E} appear in", "{N} did {E} act in"), ("{N} with {E} in the cast", "{N} that {E} acted in")),
    Way(
        _p("P161"), (PEOPLE,), ("actors appear in {E}", "{N} are in the cast of {E}"), ("actors of {E}",),
        ("Who acted in {E}?", "Who stars in {E}?"),
    ),
    Way(_p("^P162"), SCREEN, ("{N} did {E} produce", "{N} were produced by {E}"), ("{N} produced by {E}",)),
    Way(
        _p("^P50"), (WORKS, BOOKS, FILMS), ("{N} did {E} write", "{N} were written by {E}"),
        ("{N} written by {E}", "{N} that {E} wrote"), ("What did {E} write?",),
    ),
    Way(_p("^P175"), (WORKS, SONGS, ALBUMS, FILMS), ("{N} did {E} perform", "{N} were performed by {E}"), ("{N} performed by {E}",)),
    Way(_p("^P86"), (WORKS, FILMS, SONGS), ("{N} did {E} compose the music for", "{N} have music by {E}"), ("{N} with music by {E}",)),
    Way(
        _p("^P136"), (*SCREEN, SONGS, ALBUMS, BOOKS, BANDS), ("{N} belong to the genre {E}", "{N} are of the genre {E}"),
        ("{N} of the genre {E}",),
    ),
    Way(
        _p("^P495"), (*SCREEN, SONGS, ALBUMS, BOOKS, BANDS), ("{N} come from {E}", "{N} have {E} as their country of origin"),
        ("{N} that come from {E}",),
    ),
    Way(_p("^P407"), (*SCREEN, SONGS, ALBUMS, BOOKS), ("{N} are in {E}", "{N} have {E} as their language"), ("{N} whose language is {E}",)),
    Way(
        _p("^P264"), (WORKS, SONGS, ALBUMS), ("{N} came out on the label {E}", "{N} has the label {E} released"),
        ("{N} on the label {E}",),
    ),
    Way(_p("^P112"), BODIES, ("{N} did {E} found", "{N} were founded by {E}"), ("{N} founded by {E}", "{N} that {E} founded")),
    Way(
        _p("P112"), (PEOPLE, *BODIES), (), ("founders of {E}",), ("Who founded {E}?", "Who are the founders of {E}?"),
        ("How many founders does {E} have?",),
    ),
    Way(_p("^P159"), BODIES, ("{N} have their headquarters in {E}", "{N} are based in {E}"), ("{N} with headquarters in {E}",)),
    Way(_p("^P740"), BODIES, ("{N} were formed in {E}", "{N} started out in {E}"), ("{N} formed in {E}",)),
    Way(_p("^P118"), (TEAMS, PEOPLE), ("{N} play in the {E}", "{N} are in the {E}"), ("{N} in the league {E}",)),
    Way(
        tuple(f"^{step}" for step in IN), WITHIN, ("{N} are in {E}", "{N} lie in {E}", "{N} are located in {E}"), ("{N} in {E}",),
        ("What lies in {E}?",),
    ),
)  # fmt: skip

CLAIMS = (
    Claim(_p("P19"), (PEOPLE,), ("Was {S} born in {O}?", "Is {O} the birthplace of {S}?", "Is {O} where {S} was born?")),
    Claim(_p("P20"), (PEOPLE,), ("Did {S} die in {O}?", "Is {O} where {S} died?")),
    Claim(_p("P27"), (PEOPLE,), ("Is {S} a citizen of {O}?", "Was {S} a citizen of {O}?", "Does {S} have the citizenship of {O}?")),
    Claim(_p("P551"), (PEOPLE,), ("Did {S} live in {O}?", "Was {O} the home of {S}?")),
    Claim(_p("P108"), (PEOPLE,), ("Did {S} work for {O}?", "Was {S} employed by {O}?")),
    Claim(_p("P69"), (PEOPLE,), ("Did {S} study at {O}?", "Was {S} educated at {O}?")),
    Claim(_p("P54"), (PEOPLE,), ("Did {S} play for {O}?", "Was {S} on the team of {O}?")),
    Claim(_p("P102"), (PEOPLE,), ("Does {S} belong to the party {O}?", "Was {S} a politician of {O}?")),
    Claim(_p("P463"), (PEOPLE, *BODIES), ("Is {S} a member of {O}?", "Does {S} belong to {O}?")),
    Claim(_p("P166"), (PEOPLE,), ("Did {S} receive the {O}?", "Has {S} won the {O}?")),
    Claim(_p("P607"), (PEOPLE,), ("Did {S} fight in the {O}?", "Did {S} take part in the {O}?")),
    Claim(_p("P140"), (PEOPLE,), ("Is {O} the religion of {S}?", "Did {S} follow the religion {O}?")),
    Claim(_p("P106"), (PEOPLE,), ("Is {O} the occupation of {S}?", "Did {S} have the profession {O}?")),
    Claim(_p("P26", "^P26"), (PEOPLE,), ("Was {S} married to {O}?", "Did {S} marry {O}?", "Were {S} and {O} married?")),
    Claim(_p("P22"), (PEOPLE,), ("Is {O} the father of {S}?", "Was {S} a child of {O}?", "Was {O} the father of {S}?")),
    Claim(_p("P57"), SCREEN, ("Did {O} direct {S}?", "Was {S} directed by {O}?", "Is {O} the director of {S}?")),
    Claim(_p("P58"), SCREEN, ("Did {O} write the screenplay of {S}?", "Is the script of {S} by {O}?")),
    Claim(_p("P161"), SCREEN, ("Does {O} appear in {S}?", "Did {O} act in {S}?", "Is {O} in the cast of {S}?")),
    Claim(_p("P50"), (WORKS,), ("Did {O} write {S}?", "Was {S} written by {O}?", "Is {O} the author of {S}?")),
    Claim(_p("P175"), (WORKS,), ("Did {O} perform {S}?", "Was {S} performed by {O}?")),
    Claim(_p("P86"), (WORKS,), ("Did {O} compose the music for {S}?", "Is the music of {S} by {O}?")),
    Claim(_p("P495"), (WORKS, BANDS), ("Does {S} come from {O}?", "Is {O} the country of origin of {S}?")),
    Claim(_p("P112"), BODIES, ("Did {O} found {S}?", "Was {S} founded by {O}?", "Is {O} a founder of {S}?")),
    Claim(_p("P159"), BODIES, ("Does {S} have its headquarters in {O}?", "Is {S} based in {O}?")),
    Claim(_p("P740"), BODIES, ("Was {S} formed in {O}?", "Did {S} start out in {O}?")),
    Claim(_p("P118"), (TEAMS, PEOPLE), ("Does {S} play in the {O}?", "Is {S} in the {O}?")),
    Claim(_p("P36"), (COUNTRIES, PLACES), ("Is {O} the capital of {S}?", "Does {S} have {O} as its capital?")),
    Claim(_p("P178"), (PRODUCTS, WORKS), ("Did {O} develop {S}?", "Was {S} developed by {O}?")),
    Claim(_p("P206"), (CITIES, PLACES), ("Does {S} lie on the {O}?", "Is {S} beside the {O}?")),
    Claim(_p("P403"), (PLACES,), ("Does the {S} flow into the {O}?",)),
    Claim(IN, (CITIES, PLACES, *BODIES), ("Is {S} in {O}?", "Does {S} lie in {O}?", "Is {S} located in {O}?")),
)

DIMENSIONS = (
    Dimension(
        f"{WDT}P569", (PEOPLE,),
        ("Who was born earlier, {A} or {B}?", "Who was born first, {A} or {B}?", "Who is older, {A} or {B}?"),
        ("Who was born later, {A} or {B}?", "Who is younger, {A} or {B}?"),
        ("Was {A} born before {B}?", "Is {A} older than {B}?"), ("Was {A} born after {B}?", "Is {A} younger than {B}?"),
        ("was born first", "was born earliest", "is the oldest"), ("was born last", "is the youngest"),
        ("Was {S} born in {V}?", "Is {V} the year in which {S} was born?"),
    ),
    Dimension(
        f"{WDT}P570", (PEOPLE,),
        ("Who died earlier, {A} or {B}?", "Who died first, {A} or {B}?"), ("Who died later, {A} or {B}?", "Of {A} and {B}, who died last?"),
        ("Did {A} die before {B}?", "Was {A} dead before {B} died?"), ("Did {A} die after {B}?",),
        ("died first", "died earliest"), ("died last", "was the last to die"),
        ("Did {S} die in {V}?", "Is {V} the year in which {S} died?"),
    ),
    Dimension(
        f"{WDT}P571", (*BODIES, PLACES, PRODUCTS),
        ("Which was founded first, {A} or {B}?", "Which is older, {A} or {B}?", "Which started earlier, {A} or {B}?"),
        ("Which was founded later, {A} or {B}?", "Which is younger, {A} or {B}?"),
        ("Was {A} founded before {B}?", "Is {A} older than {B}?"), ("Was {A} founded after {B}?",),
        ("was founded first", "is the oldest", "was set up earliest"), ("was founded last", "is the youngest"),
        ("Was {S} founded in {V}?", "Was {S} set up in {V}?"),
    ),
    Dimension(
        f"{WDT}P577", (FILMS, BOOKS, SONGS, ALBUMS, WORKS),
        ("Which came out first, {A} or {B}?", "Which was released earlier, {A} or {B}?", "Which is older, {A} or {B}?"),
        ("Which came out later, {A} or {B}?", "Which was released more recently, {A} or {B}?"),
        ("Was {A} released before {B}?", "Did {A} come out before {B}?"), ("Was {A} released after {B}?", "Did {A} come out after {B}?"),
        ("was released first", "came out first", "is the oldest"), ("was released last", "is the most recent", "came out last"),
        ("Was {S} released in {V}?", "Did {S} come out in {V}?"),
    ),
    *(
        Dimension(
            f"{WDT}{number}", (EVENTS,),
            (f"Which {verb} first, {{A}} or {{B}}?", f"Which {verb} earlier, {{A}} or {{B}}?"), (f"Which {verb} later, {{A}} or {{B}}?",),
            (f"Did {{A}} {base} before {{B}}?",), (f"Did {{A}} {base} after {{B}}?",), (f"{verb} first",), (f"{verb} last",),
            (f"Did {{S}} {base} in {{V}}?",),
        )
        for number, verb, base in (("P585", "happened", "happen"), ("P580", "began", "begin"), ("P582", "ended", "end"))
    ),
    Dimension(
        f"{WDT}P1082", (CITIES, COUNTRIES, PLACES),
        ("Which has fewer inhabitants, {A} or {B}?", "Where do fewer people live, in {A} or in {B}?"),
        ("Which has more inhabitants, {A} or {B}?", "Which has the larger population, {A} or {B}?"),
        ("Is the population of {A} smaller than that of {B}?",), ("Does {A} have more inhabitants than {B}?",),
        ("has the fewest inhabitants", "is the smallest by population"), ("has the most inhabitants", "is the largest by population"),
    ),
)  # fmt: skip


def numeric_dimension(relation: str, label: str) -> Dimension:
    """The words for a relation to numbers that is only known by its label.

    >>> numeric_dimension("urn:x:height", "height").more
    ('Is the height of {A} greater than that of {B}?',)
    """
    return Dimension(
        relation,
        NOUNS,
        (f"Which has the smaller {label}, {{A}} or {{B}}?", f"Which of {{A}} and {{B}} has the lower {label}?"),
        (f"Which has the greater {label}, {{A}} or {{B}}?", f"Which of {{A}} and {{B}} has the higher {label}?"),
        (f"Is the {label} of {{A}} smaller than that of {{B}}?",),
        (f"Is the {label} of {{A}} greater than that of {{B}}?",),
        (f"has the smallest {label}", f"has the lowest {label}"),
        (f"has the greatest {label}", f"has the highest {label}"),
    )


NO_NOUNS = ("located", "follow", "replace", "has ", "is ")


def other_ways(relation: str, label: str) -> tuple[Way, ...]:
    """The words for a relation that is only known by its label, both ways; none for a label that is no noun and no "... by"."""
    if label.startswith(NO_NOUNS):
        return ()
    back, forth = (f"^<{relation}>",), (f"<{relation}>",)
    if label.endswith((" by", " in", " at", " from", " of")):
        return (Way(back, NOUNS, (f"{{N}} are {label} {{E}}",), (f"{{N}} that are {label} {{E}}",)),)
    asked = (f"What is the number of {plural(label)} of {{E}}?", f"How many {plural(label)} does {{E}} have?")
    return (
        Way(back, NOUNS, (f"{{N}} have {{E}} as {label}",), (f"{{N}} whose {label} is {{E}}",)),
        Way(forth, (), (), (f"{plural(label)} of {{E}}",), (f"What are the {plural(label)} of {{E}}?",), asked),
    )


def other_claim(relation: str, label: str) -> Claim:
    """Whether a relation that is only known by its label holds; without forms for a label that is no noun and no "... by".

    >>> other_claim("urn:x:owner", "owner").forms[0], other_claim("urn:x:part", "part of").forms
    ('Is {O} the owner of {S}?', ('Is {S} part of {O}?', 'Is it true that {S} is part of {O}?'))
    """
    path = (f"<{relation}>",)
    if label.startswith(NO_NOUNS):
        return Claim(path, (), ())
    if label.endswith((" by", " in", " at", " from", " of")):
        return Claim(path, (), (f"Is {{S}} {label} {{O}}?", f"Is it true that {{S}} is {label} {{O}}?"))
    return Claim(path, (), (f"Is {{O}} the {label} of {{S}}?", f"Does {{S}} have {{O}} as {label}?"))


def plural(noun: str) -> str:
    """English plural of a noun phrase, of its last word or of the one before "of".

    >>> [plural(noun) for noun in ("city", "country of origin", "head of state", "church", "key", "characters")]
    ['cities', 'countries of origin', 'heads of state', 'churches', 'keys', 'characters']
    """
    head, of, rest = noun.partition(" of ")
    if head.endswith("s") and not head.endswith("ss"):
        return noun
    if head.endswith("y") and head[-2:-1] not in "aeiou":
        return f"{head[:-1]}ies{of}{rest}"
    return f"{head}{'es' if head.endswith(('s', 'x', 'ch', 'sh')) else 's'}{of}{rest}"


_WITH_THE = re.compile(
    r"(United (States|Kingdom)|U\.?S\.?A?\.?$|UK$|Netherlands|Philippines|Soviet|(University|School|Battle|Siege|Republic|House) of )"
    r"|.*\b(Wars?|Empire|Republic|Museum|Uprising|Revolution|Exhibition|Islands|Kingdom|Party|Plague|Awards?|Sea|Ocean|League|Navy|Army)$"
)


def spoken(name: str, types: frozenset[str]) -> str:
    """A name within a sentence: with "the" where English wants it; titles of works stay as they are.

    >>> [spoken(name, frozenset()) for name in ("United States", "Marie Curie", "Boxer War")], spoken("Star Wars", frozenset({"film"}))
    (['the United States', 'Marie Curie', 'the Boxer War'], 'Star Wars')
    """
    return f"the {name}" if not types & WORKS.types and _WITH_THE.match(name) else name
