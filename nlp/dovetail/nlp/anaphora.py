"""Words that refer back to a name: pronouns of the third person, and definite nominals ("the company").

A nominal is "the" or "this" and a name for a type of thing (data/labels/type-names.txt). What names a thing itself ("the river Thames"), is
told apart by what follows ("the band that ...") or belongs to something ("the city of Paris") does not refer back and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from dovetail.models.coreference_words import PRONOUNS, WORD

KINDS_OF_PRONOUN = {
    "he": frozenset({"person"}),
    "she": frozenset({"person"}),
    "it": frozenset({"organisation", "place", "event", "work", "product", "substance", "concept", "organism"}),
    "they": frozenset({"organisation", "group", "band", "sports_team"}),
}
"""Kinds of things that a pronoun stands for; a plural one stands for a body of people, since several entities are no entity."""

_PRONOUN = re.compile(rf"\b(?:{'|'.join(sorted(w for w, p in PRONOUNS.items() if p.group in KINDS_OF_PRONOUN))})\b", re.IGNORECASE)
_DEFINITE = re.compile(r"\b[Tt]h(?:e|is)\s+(?=([a-z]+)(\s+[a-z]+)?\b)")
_NOT_BACK = re.compile(r"\s+(?:of|that|which|who|whom|where|when|named|called|known)\b|[-\u2010-\u2015]\w|\s+[A-Z(\"“]")
"""What follows a noun that does not refer back: what tells it apart, or its own name."""

_EMPTY_IT = re.compile(
    r"[Ii]t\s+(?:(?:(?:would|will|may|might|can|could|should)\s+be|ha[sd]\s+been|is|was|became|becomes|is\s+not|was\s+not|isn't|wasn't)\s+"
    r"(?:\w+\s+){0,3}?(?:that|to|when|if|whether|who|because)\b"
    r"|(?:seem|appear|happen|rain|snow|follow)(?:s|ed)?\b|turn(?:s|ed)?\s+out\b)"
)


@dataclass(frozen=True, slots=True)
class Anaphor:
    """Characters [start, end) of a text. ``kinds``: of things that it may stand for. ``head``: the pronoun or noun, in small letters."""

    start: int
    end: int
    head: str
    kinds: frozenset[str]

    @property
    def is_pronoun(self) -> bool:
        """Whether it is a pronoun, not a nominal."""
        return self.head in PRONOUNS


@lru_cache(maxsize=1)
def kind_names() -> dict[str, frozenset[str]]:
    """Kinds of thing that a noun may be called by: {"company": {"organisation"}, ...}."""
    kinds: dict[str, set[str]] = {"man": {"person"}, "woman": {"person"}, "boy": {"person"}, "girl": {"person"}}
    lines = files("dovetail.data").joinpath("labels/type-names.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        kind, colon, names = line.partition(":")
        if colon and not line.startswith("#"):
            for name in names.split(","):
                kinds.setdefault(name.strip(), set()).add(kind)
    return {name: frozenset(found) for name, found in kinds.items()}


def find_anaphors(text: str, names: Collection[tuple[int, int]], *, nouns: Mapping[str, frozenset[str]] | None = None) -> list[Anaphor]:
    """Every pronoun and definite nominal outside ``names``, left to right. ``nouns``: more of what things of some kinds are called.

    >>> [(a.head, a.start) for a in find_anaphors("Acme grew. It hired the company doctor; the firm paid.", [(0, 4)])]
    [('it', 11), ('firm', 40)]
    """
    known = {**kind_names(), **(nouns or {})}
    taken = {i for start, end in names for i in range(start, end)}
    empty = {m.start() for m in _EMPTY_IT.finditer(text)}
    found = []
    for match in _PRONOUN.finditer(text):
        word = match.group().lower()
        if match.start() not in taken and match.start() not in empty and (len(word) != 2 or not match.group().isupper()):
            found.append(Anaphor(match.start(), match.end(), word, KINDS_OF_PRONOUN[PRONOUNS[word].group]))
    for match in _DEFINITE.finditer(text):
        head, end = _noun(match, known)
        if head and match.start() not in taken and end - 1 not in taken and not _NOT_BACK.match(text, end) and not _modifies(text, end):
            found.append(Anaphor(match.start(), end, head, known[head]))
    return sorted(found, key=lambda a: a.start)


def refers_back(text: str) -> bool:
    """Whether a text as a whole is a pronoun or a definite nominal, and so no name.

    >>> [refers_back(t) for t in ("It", "the company", "US", "The Band", "I")]
    [True, True, False, False, True]
    """
    if text.lower() in PRONOUNS:
        return len(text) == 1 or not text.isupper()
    match = _DEFINITE.match(text)
    return match is not None and _noun(match, kind_names())[1] == len(text)


def _noun(match: re.Match[str], nouns: Mapping[str, frozenset[str]]) -> tuple[str, int]:
    """The longest name for a type of thing after "the", and where it ends; "" where there is none."""
    first, second = match.group(1), match.group(2)
    if second and f"{first} {second.strip()}" in nouns:
        return f"{first} {second.strip()}", match.end(2)
    return (first, match.end(1)) if first in nouns else ("", 0)


def _modifies(text: str, end: int) -> bool:
    """Whether a noun is followed by another noun that it describes ("the company doctor"): by a name for a type of thing."""
    following = WORD.search(text, end)
    return following is not None and not text[end : following.start()].strip() and following.group().rstrip("s") in kind_names()
