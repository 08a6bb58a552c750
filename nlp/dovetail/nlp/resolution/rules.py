"""When two names are one thing's: a table of rules, the surest first.

A rule gives keys. An entity *asks* with its name and is *answered* by every entity that has the key; it is merged where all that answer
are one already, and kept apart where they are several: a short name that two long ones fit is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from dovetail.nlp.coreference import COMPANY_WORDS, HONORIFICS
from dovetail.nlp.folding import SMALL_WORDS, initials, latin, looks_short, sound, spelling
from dovetail.nlp.resolution.entities import Entity

PROPER = frozenset({"person", "organisation", "place", "work", "event", "product", "group"})
"""Kinds whose names are proper: an ending or the order of words tells them apart."""

MINOR = frozenset("jr junior sr senior".split())


@dataclass(frozen=True, slots=True)
class Rule:
    """``score`` is how sure a merge by it is. ``asks`` and ``answers`` give the keys of an entity; a rule between equals has the same."""

    name: str
    score: float
    asks: Callable[[Entity], Iterator[str]]
    answers: Callable[[Entity], Iterator[str]]


def words(entity: Entity, name: str | None = None) -> list[str]:
    """The words of a name that tell: without titles of persons and forms of companies.

    >>> words(Entity("urn:x:curie", frozenset({"person"}), "Dr. Marie Curie"))
    ['marie', 'curie']
    """
    return list(_telling(entity.name if name is None else name, entity.kinds))


@lru_cache(maxsize=1 << 17)  # every rule asks
def _telling(name: str, kinds: frozenset[str]) -> tuple[str, ...]:
    found = latin(name).split()
    empty = HONORIFICS if "person" in kinds else COMPANY_WORDS if "organisation" in kinds else frozenset()
    return tuple(word for word in found if word not in empty) or tuple(found)


def _same(entity: Entity) -> Iterator[str]:
    if key := " ".join(words(entity)):
        yield key


def _heard(entity: Entity) -> Iterator[str]:
    """Transliterated names of persons, organisations and places, if they are long enough to tell: no initials, no numbers."""
    parts = words(entity)
    long = len("".join(parts)) >= 7 and min(map(len, parts)) > 2
    if entity.kinds & {"person", "organisation", "place"} and long and not distinct_marks(entity):
        yield " ".join(map(sound, parts))


def _stems(entity: Entity) -> Iterator[str]:
    if not entity.kinds & PROPER:
        yield " ".join(sorted(spelling(word) for word in words(entity) if word not in SMALL_WORDS))


def _person(entity: Entity) -> tuple[list[str], str] | None:
    """Given names and family name."""
    parts = [word for word in words(entity) if word not in MINOR]
    return (parts[:-1], parts[-1]) if "person" in entity.kinds and len(parts) > 1 and len(parts[-1]) > 1 else None


def _initialled(entity: Entity) -> Iterator[str]:
    """J. R. R. Tolkien, M. Curie."""
    person = _person(entity)
    if person and all(len(given) == 1 for given in person[0]):
        yield f"{''.join(person[0])} {person[1]}"


def _given(entity: Entity) -> Iterator[str]:
    """What a person with given names may write in short: all initials, or the first."""
    person = _person(entity)
    if person and any(len(given) > 1 for given in person[0]):
        letters = "".join(given[0] for given in person[0])
        yield from sorted({f"{letters} {person[1]}", f"{letters[0]} {person[1]}"})


def given_names_differ(one: Entity, other: Entity) -> bool:
    """Whether two persons of one family name have given names that cannot be one person's; an initial fits what it begins.

    >>> father, son = (Entity("", frozenset({"person"}), f"Theodore {middle} Woolsey") for middle in ("Dwight", "Salisbury"))
    >>> given_names_differ(father, son), given_names_differ(father, Entity("", frozenset({"person"}), "T. D. Woolsey"))
    (True, False)
    """
    left, right = _person(one), _person(other)
    if not left or not right or left[1] != right[1]:
        return False
    pairs = zip(left[0], right[0], strict=False)
    return any(not (a.startswith(b) or b.startswith(a)) if 1 in (len(a), len(b)) else sound(a) != sound(b) for a, b in pairs)


def _two_names(entity: Entity) -> Iterator[str]:
    person = _person(entity)
    if person and len(person[0]) == 1 and len(person[0][0]) > 1:
        yield f"{person[0][0]} {person[1]}"


def _more_names(entity: Entity) -> Iterator[str]:
    """Gary W. Kubiak for Gary Kubiak."""
    person = _person(entity)
    if person and len(person[0]) > 1 and len(person[0][0]) > 1:
        yield f"{person[0][0]} {person[1]}"


def _asked(entity: Entity) -> Iterator[str]:
    """A name that may be another's alias: an acronym, or one of several words; of persons, not a family name alone."""
    parts = words(entity)
    if looks_short(entity.name) or len(parts) > 1 or (parts and "person" not in entity.kinds and len(parts[0]) > 3):
        yield " ".join(parts)


def _aliases(entity: Entity) -> Iterator[str]:
    """The other names that documents give an entity."""
    own = " ".join(words(entity))
    found = {" ".join(words(entity, alias)) for alias in entity.aliases} - {own, ""}
    yield from sorted(alias for alias in found if not own.endswith(f" of {alias}"))  # the daughter of somebody is not he


RULES: tuple[Rule, ...] = (
    Rule("same name", 0.97, _same, _same),
    Rule("alias", 0.93, _asked, _aliases),
    Rule("initials", 0.85, _initialled, _given),
    Rule("middle name", 0.85, _two_names, _more_names),
    Rule("transliteration", 0.8, _heard, _heard),
    Rule("spelling", 0.8, _stems, _stems),
)
"""Tried in this order: what one merges, the next sees as one."""


def distinct_marks(entity: Entity) -> frozenset[str]:
    """What in a name makes it another's: numbers, Roman or not, and junior or senior.

    >>> sorted(distinct_marks(Entity("urn:x:h", frozenset({"person"}), "Henry VIII")))
    ['viii']
    """
    parts = latin(entity.name).split()
    roman = {word for word in parts[1:] if word in _ROMAN}
    return frozenset({word for word in parts if word in MINOR or any(c.isdigit() for c in word)} | roman)


_ROMAN = frozenset("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi".split())


def is_acronym_of(short: str, long: str) -> bool:
    """Whether ``short`` is written with the initials of ``long``.

    >>> is_acronym_of("W.H.O.", "World Health Organization")
    True
    """
    return looks_short(short) and "".join(c for c in short.casefold() if c.isalnum()) == initials(long)
