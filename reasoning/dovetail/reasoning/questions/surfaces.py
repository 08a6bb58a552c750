"""Names as they are written: one normal form, and where known names occur in a text.

    normal_name("The  Café Müller") == "cafe muller"
    NameTable(names).occurrences(text) -> the longest known names in a text, with offsets

A name is the sequence of its words: case, accents, punctuation and a leading article do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dovetail.kg.passages import FUNCTION_WORDS

ARTICLES = frozenset({"the", "a", "an"})
SMALL_WORDS = FUNCTION_WORDS | frozenset(
    "about above across after again against all along also although among any around away back became because become before "
    "began behind below beneath beside besides best between both called came can could down during each either else even ever "
    "every few finally found gave get give given go got he her here herself him himself his however i itself just known least "
    "less made make many may me might more most much must my near never nor not now off once one only other our out over own "
    "per rather said same saw see seen several shall she should since so some still than them themselves they through "
    "throughout thus together too took toward towards under until up upon us used using very via we well went whether while "
    "within without yet you your".split()
)
"""Words that are no part of a name they stand before, nor of an answer."""
LONGEST_NAME = 12
"""Names of more words than this are matched nowhere: they are sentences."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text, in its normal form: ``start`` and ``end`` count characters of the text as it is."""

    form: str
    start: int
    end: int
    capital: bool


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A known name found in a text, by its normal form."""

    name: str
    start: int
    end: int
    words: int
    capital: bool


def fold(text: str) -> str:
    """``text`` without case and accents.

    >>> fold("Émile ŁÓDŹ")
    'emile łodz'
    """
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def words_of(text: str) -> list[Word]:
    """The words of ``text``; a word that starts with a digit counts as capitalised.

    >>> [w.form for w in words_of("St. Maurice's Abbey")]
    ['st', 'maurice', 's', 'abbey']
    """
    return [Word(fold(match.group()), match.start(), match.end(), not match.group()[0].islower()) for match in _WORD.finditer(text)]


def normal_name(name: str) -> str:
    """The normal form of a name, the same for every way of writing it.

    >>> normal_name("The  Café-Müller"), normal_name("cafe muller"), normal_name("The The")
    ('cafe muller', 'cafe muller', 'the')
    """
    forms = [word.form for word in words_of(name)]
    if len(forms) > 1 and forms[0] in ARTICLES:
        forms = forms[1:]
    return " ".join(forms)


def stem(form: str) -> str:
    """A word's normal form without the endings that English verbs and nouns take, roughly.

    >>> [stem(form) for form in ("directed", "directors", "directing", "director", "us")]
    ['direct', 'director', 'direct', 'direct', 'us']
    """
    for ending in ("ing", "ed", "es", "s", "er", "or", "ion"):
        if len(form) > len(ending) + 3 and form.endswith(ending):
            return form[: -len(ending)].rstrip("e")
    return form.rstrip("e") if len(form) > 3 else form


def title_names(title: str) -> list[str]:
    """The names that a title gives its document: itself, and itself without what only tells it from others.

    >>> title_names("Theodred II (Bishop of Elmham)")
    ['theodred ii bishop of elmham', 'theodred ii']
    >>> title_names("Stanley, North Dakota")
    ['stanley north dakota']
    """
    bare = re.sub(r"\s*\([^()]*\)\s*$", "", title)
    return [name for name in dict.fromkeys((normal_name(title), normal_name(bare))) if name]


def proper_names(text: str) -> Iterator[str]:
    """The normal forms of ``proper_spans``.

    >>> list(proper_names("She was born in Boulogne and met the King of France. Later Ada Lovelace left."))
    ['boulogne', 'king of france', 'later ada lovelace']
    """
    return (normal_name(text[start:end]) for start, end in proper_spans(text))


def proper_spans(text: str) -> Iterator[tuple[int, int]]:
    """What is written like a name: runs of capitalised words, joined over "of", "de" and their like.

    A single capitalised word that opens a sentence may be any word, and is passed over.

    >>> [(start, end)] = proper_spans("It was the Bank of England.")
    >>> "It was the Bank of England."[start:end]
    'Bank of England'
    """
    for match in _PROPER.finditer(text):
        start, end = match.span()
        opens = not re.search(r"[\w,;:)'’\"–-]\s*$", text[max(0, start - 4) : start])
        first = _FIRST_WORD.match(text, start, end)
        while first is not None and (opens or fold(first[1]) in ARTICLES) and fold(first[1]) in SMALL_WORDS:
            start, opens = first.end(), False
            first = _FIRST_WORD.match(text, start, end)
        name = normal_name(text[start:end])
        if " " not in name and (opens or name in SMALL_WORDS or len(name) < 2):
            continue
        yield start, end


def lead_name(text: str) -> str | None:
    """The normal form of the name that ``text`` opens with, which is most often what it is about; None where it opens otherwise.

    >>> lead_name("The Salt March was a march."), lead_name("Jaws is a film."), lead_name("In 1930 he left Paris.")
    ('salt march', 'jaws', None)
    """
    match = _PROPER.match(text) or _PROPER.search(text, 0, LEAD_WITHIN)
    if match is None or len(words_of(text[: match.start()])) > 2:
        return None
    name = normal_name(match.group())
    return name if name and name.split(" ", 1)[0] not in SMALL_WORDS else None


LEAD_WITHIN = 200
"""So many characters hold the name that a passage opens with, and what stands before it."""
_FIRST_WORD = re.compile(r"([^\W_]+)\s+")
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w’'.-]*\w|[^\W\d_a-zß-öø-ÿ]\."
_PROPER = re.compile(
    rf"(?<!\w)(?:{_CAPITAL})(?:\s+(?:(?:of|de|la|le|du|von|van|der|den|di|da|del|and|the|for|in|on|at|&)\s+){{0,2}}(?:{_CAPITAL}))*"
)


class NameTable:
    """Known names, and a search for them in texts that takes the longest at each place."""

    def __init__(self, names: Iterable[str]) -> None:
        """``names`` are normal forms."""
        self._names = set(names)
        self._longest: dict[str, int] = {}
        for name in self._names:
            first, length = name.split(" ", 1)[0], name.count(" ") + 1
            if length <= LONGEST_NAME:
                self._longest[first] = max(length, self._longest.get(first, 0))

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def occurrence_names(self, text: str) -> frozenset[str]:
        """The normal forms of the known names in ``text``, written small or with capitals."""
        return frozenset(occurrence.name for occurrence in self.occurrences(text, lower=True))

    def occurrences(self, text: str, *, lower: bool = False) -> list[Occurrence]:
        """The known names in ``text``, left to right, none inside another.

        A name must start with a capital or a digit, unless ``lower`` asks for names written small as well.
        A function word alone is never a name, except in capitals inside a sentence.

        >>> table = NameTable(["chicago", "university of chicago"])
        >>> [o.name for o in table.occurrences("The University of Chicago is in Chicago.")]
        ['university of chicago', 'chicago']
        """
        words = words_of(text)
        found: list[Occurrence] = []
        at = 0
        while at < len(words):
            word = words[at]
            length = self._longest.get(word.form, 0) if word.capital or lower else 0
            for size in range(min(length, len(words) - at), 0, -1):
                name = " ".join([other.form for other in words[at : at + size]])
                if name not in self._names or (size == 1 and (name in SMALL_WORDS or len(name) < 2)):
                    continue
                last = words[at + size - 1]
                found.append(Occurrence(name, word.start, last.end, size, word.capital))
                at += size - 1
                break
            at += 1
        return found
