"""What a text itself calls the things it names: "X, a physicist", "rivers such as X", "the novelist X".

Lexico-syntactic patterns after Hearst, Automatic acquisition of hyponyms (COLING 1992), with appositions and copulas, over marked
mentions, so that one side of a pattern is always a name. There is no tagger: the head of a noun phrase is its last word before a word
that ends noun phrases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_ENDS = frozenset(
    "a about above across after against along also although am among an and any are as at based be became because become been before "
    "began behind being below beneath beside between beyond born both but by called came can could currently described did do does "
    "during each either etc ever except famous for formerly from had has have having he held her him his how however i if in inside "
    "instead into is it its just known later lies like located made may might more most must my named near nearly neither no nor not "
    "now of off often on onto or originally our out outside over owned per played produced published ran rather released responsible "
    "said says set she should since situated so some stands still such than that the their them then there these they this those "
    "through throughout to toward towards under unlike until up upon used using usually via was we went were what when where whereas "
    "whereby wherein which while who whom whose why will with within without won worked works would written wrote yet you your".split()
)
"""Words at which a noun phrase is over."""

_NO_HEADS = frozenset(
    "able back best better big bit brother capable case century chief co common daughter day days different due early eldest end "
    "event example examples fact father few first form former forms fourth great half high husband important instance it kind kinds "
    "large last late latter least less little long lot main major many member members modern month mother much name new next "
    "nineteenth number numbers old one ones only other others own pair part parts past period place present rest same second series "
    "set several similar single sister small something son sort third three time times two type types variety various version way "
    "well whole wife year years young youngest".split()
)
"""Words that end a noun phrase and name no type."""

_ADJECTIVES = frozenset(
    "active ancient best big famous former great important independent international large larger largest leading local long main "
    "major minor modern national new next notable old older oldest popular private prominent public regional small smaller smallest "
    "successful then top traditional wealthy well-known young".split()
)
"""Modifiers that say how a thing is rather than what it is."""

_ADJECTIVE_ENDINGS = ("ed", "ing", "ly", "al", "ic", "ish", "ous", "ian")

_IRREGULAR = {
    "children": "child", "men": "man", "women": "woman", "people": "people", "species": "species", "series": "series",
    "bacteria": "bacterium", "fungi": "fungus", "viruses": "virus", "phenomena": "phenomenon", "genera": "genus", "matrices": "matrix",
    "aircraft": "aircraft", "spacecraft": "spacecraft", "buses": "bus", "gases": "gas", "wolves": "wolf", "knives": "knife",
    "shelves": "shelf", "movies": "movie", "analyses": "analysis", "crises": "crisis", "diagnoses": "diagnosis", "theses": "thesis",
    "businessmen": "businessman", "statesmen": "statesman", "nuclei": "nucleus", "criteria": "criterion", "taxa": "taxon",
}  # fmt: skip

_FIRST = frozenset("cape emperor fort hotel king lake mount pope port president queen river".split())
"""Types that stand before a name rather than behind it."""

_LIST = r"(?:\x00+(?:\s*,\s*(?:and|or)?\s*|\s+(?:and|or)\s+))*"
_BEFORE = (
    ("such as", re.compile(rf"((?:[\w-]+\s+){{0,3}}[\w-]+)\s*,?\s+(?:such as|including|especially)\s+(?:the\s+)?{_LIST}(?:the\s+)?$")),
    ("such as", re.compile(rf"\bsuch\s+((?:[\w-]+\s+){{0,2}}[\w-]+)\s+as\s+(?:the\s+)?{_LIST}(?:the\s+)?$")),
    ("named", re.compile(r"\b(?:a|an|the|another)\s+((?:[\w-]+\s+){0,3}[\w-]+)\s+(?:called|named|known as)\s+(?:the\s+)?$")),
    ("the", re.compile(r"\b(?:[Tt]he|[Hh]is|[Hh]er|[Tt]heir|[Aa]n?)\s+((?:[\w-]+\s+){0,2}[a-z-]+)\s+$")),
)  # fmt: skip
_AFTER = (
    ("apposition", re.compile(r"^\s*,\s+(?:an?|another|one of the)\s+((?:[\w-]+ ?){1,6})")),
    ("apposition", re.compile(r"^\s*,\s+the\s+((?:[\w-]+ ?){1,5})\s+(?:of|in|for|that|who|which)\b")),
    ("is a", re.compile(r"^\s+(?:is|was|are|were|became|remains)\s+(?:also\s+)?(?:an?|the|one of the)\s+((?:[\w-]+ ?){1,6})")),
    ("bracket", re.compile(r"^\s*\(\s*(?:an?|the)\s+((?:[\w-]+ ?){1,5})")),
    ("and other", re.compile(r"^\s*,?\s+(?:and|or)\s+(?:some\s+|many\s+)?other\s+((?:[\w-]+ ?){1,4})")),
)
_ADVERBIAL = re.compile(
    r"^\W*(?:in|at|on|by|from|after|during|since|for|with|under|near|to|of|before|until|throughout)\s+(?:the\s+)?$", re.I
)
_WORD = re.compile(r"[^\W\d_](?:[\w’'-]*\w)?")


@dataclass(frozen=True, slots=True)
class Naming:
    """What a mention is called: the head noun in the singular, the word before it that may belong to it, and the pattern that said so."""

    mention: int
    noun: str
    modifier: str
    pattern: str

    @property
    def compound(self) -> str:
        """The noun with its modifier: ``record label``."""
        return f"{self.modifier} {self.noun}" if self.modifier else self.noun


@lru_cache(maxsize=1)
def type_names() -> dict[str, str]:
    """Names that types may have, with their kind, in the order of the packaged list."""
    found: dict[str, str] = {}
    for line in files("dovetail.data").joinpath("labels/type-names.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, _, names = line.partition(":")
            for name in names.split(","):
                found.setdefault(name.strip(), kind)
    return found


def singular(word: str) -> str:
    """The singular of an English noun, as far as its ending tells.

    >>> [singular(word) for word in ("rivers", "cities", "churches", "species", "glass", "bus", "viruses", "axes")]
    ['river', 'city', 'church', 'species', 'glass', 'bus', 'virus', 'ax']
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in type_names() or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


def head_of(phrase: str) -> tuple[str, str] | None:
    """Head noun (singular) and modifier of the noun phrase that ``phrase`` begins with, or None where it names no type.

    >>> head_of("Polish physicist who worked in Paris")
    ('physicist', '')
    >>> head_of("independent record label")
    ('label', 'record')
    >>> head_of("large number of things") is None
    True
    """
    words: list[str] = []
    for word in phrase.split():
        if word.lower() in _ENDS or not _WORD.fullmatch(word):
            break
        words.append(word)
    names = type_names()
    while words and words[-1].endswith(("ed", "ing", "ly")) and words[-1] not in names:
        words.pop()
    if not words or not words[-1].islower() or len(words[-1]) < 3:
        return None
    noun = singular(words[-1])
    if noun in _NO_HEADS or words[-1] in _NO_HEADS:
        return None
    before = words[-2] if len(words) > 1 else ""
    joined = (
        before.islower() and "-" not in before and before not in _ADJECTIVES and not before.endswith(("ed", "ing", "ly", "al", "ic", "ish"))
    )
    return noun, before if joined or f"{before} {noun}" in names else ""


def namings(sentence: str, mentions: Sequence[tuple[int, int]]) -> list[Naming]:
    """What the mentions (characters [start, end) of ``sentence``, in order) are called in it.

    >>> text = "Marie Curie, a Polish physicist, swam in rivers such as the Vistula and the Seine."
    >>> spans = [(0, 11), (60, 67), (76, 81)]
    >>> [(text[slice(*spans[found.mention])], found.noun, found.pattern) for found in namings(text, spans)]
    [('Marie Curie', 'physicist', 'apposition'), ('Vistula', 'river', 'such as'), ('Seine', 'river', 'such as')]
    """
    masked = sentence[:1].lower() + sentence[1:]
    for start, end in mentions:
        masked = masked[:start] + "\x00" * (end - start) + masked[end:]
    found = []
    for index, (start, end) in enumerate(mentions):
        before, after = masked[:start], masked[end:]
        for pattern, expression in _AFTER:
            match = expression.match(after)
            if match and not (pattern == "apposition" and _ADVERBIAL.match(before)):
                phrase = match.group(1) if pattern != "and other" else _to_plural(match.group(1))
                found += _naming(index, phrase, pattern)
        for pattern, expression in _BEFORE:
            match = expression.search(before)
            if match:
                found += _naming(index, _last_phrase(match.group(1)), pattern)
        found += _own_words(index, sentence[start:end])
    return found


def _naming(index: int, phrase: str, pattern: str) -> list[Naming]:
    head = head_of(phrase)
    if head is None or (pattern == "the" and head[0] not in type_names()):
        return []
    return [Naming(index, *head, pattern)]


def _to_plural(phrase: str) -> str:
    """``phrase`` to its first plural: what follows "and other drugs" may be a verb."""
    words = phrase.split()
    end = next((i + 1 for i, word in enumerate(words) if word != singular(word)), len(words))
    return " ".join(words[:end])


def _last_phrase(text: str) -> str:
    """The noun phrase that ``text`` ends with."""
    words = text.split()
    cut = max((i + 1 for i, word in enumerate(words) if word.lower() in _ENDS), default=0)
    return " ".join(words[cut:])


def _own_words(index: int, name: str) -> list[Naming]:
    """A type that stands in the name itself: "University of Paris", "Nobel Prize", "Lake Geneva"."""
    words = name.replace("-", " ").split()
    if len(words) < 2 or not words[0][:1].isupper():
        return []
    of = next((i for i, word in enumerate(words) if word in ("of", "for")), 0)
    candidates = [words[of - 1]] if of else [words[-1], *(words[:1] if words[0].lower() in _FIRST else ())]
    for word in candidates:
        noun = word.lower()
        if word[:1].isupper() and noun in type_names() and len(noun) > 2:
            return [Naming(index, noun, "", "name")]
    return []
