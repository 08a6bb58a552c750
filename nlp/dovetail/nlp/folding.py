"""Names without what differs between spellings: script, diacritics, British and American forms, endings, word order.

Each step loses more than the one before it: ``latin`` keeps the words, ``fold`` their stems, ``sound`` how a transliterated name is heard.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґў",
        "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch  y  e yu ya e i i e g u".split(" "),
        strict=True,
    )
)
GREEK = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True))
OTHER = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "ı": "i", "æ": "ae", "œ": "oe", "ħ": "h", "’": "'"}
LETTERS = str.maketrans({**CYRILLIC, **GREEK, **OTHER})
"""Cyrillic as ISO/R 9 is usually simplified in English; Greek as ELOT 743 writes it."""

_SPELLINGS = (
    (re.compile(r"ae|oe"), "e"),  # anaemia, oedema
    (re.compile(r"our\b"), "or"),  # tumour
    (re.compile(r"ph"), "f"),  # sulphate
    (re.compile(r"is(e[ds]?|ation|ing)\b"), r"iz\1"),  # organise
    (re.compile(r"([a-z])\1"), r"\1"),  # travelling
)
_ROMAN = dict(zip("ii iii iv vi vii viii ix xi xii".split(), "2 3 4 6 7 8 9 11 12".split(), strict=True))
_ENDING = re.compile(r"(?:ical|ic|ia|ias|ies|ied|ian|al|ous|ed|ing|es|s|y|e|um|us|is)$")
_SOUNDS = tuple(
    (re.compile(pattern), heard)
    for pattern, heard in (
        (r"tsch|tch|cz|tj", "ch"),
        (r"shch|sch|sz", "sh"),
        (r"zh|dz|dj|dzh", "j"),
        (r"kh|gh", "h"),
        (r"ck|q|c(?!h)", "k"),
        (r"ph", "f"),
        (r"w", "v"),
        (r"ff?$", "v"),
        (r"x", "ks"),
        (r"ou|oo|eu", "u"),
        (r"ij|iy|yy|ii|y|j(?=[^aeiou]|$)", "i"),
        (r"ai|ei|ay|ey", "ai"),
        (r"(.)\1+", r"\1"),
    )
)


_WORD, _APOSTROPHE = re.compile(r"[^\W_]+"), re.compile(r"(?<=\w)['’`](?=\w)")


def latin(name: str) -> str:
    """A name in small Latin letters without diacritics, its words apart; scripts other than Cyrillic and Greek stay.

    >>> latin("Łódź"), latin("Москва"), latin("β-blocker")
    ('lodz', 'moskva', 'v blocker')
    """
    if name.isascii():
        text = name.lower()
    else:
        text = unicodedata.normalize("NFC", name).casefold().translate(LETTERS)
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(_WORD.findall(_APOSTROPHE.sub("", text)))


def spelling(word: str) -> str:
    """A word of ``latin`` without spelling variants and plural: what is left is the same word.

    >>> spelling("tumours") == spelling("tumor"), spelling("comedian") == spelling("comedy")
    (True, False)
    """
    if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for pattern, instead in _SPELLINGS:
        word = pattern.sub(instead, word)
    return word


@lru_cache(maxsize=1 << 16)  # words come back
def stem(word: str) -> str:
    """A word of ``latin`` without spelling variants and ending; short words and numbers keep theirs.

    >>> stem("anaemias") == stem("anemia"), stem("ischaemic") == stem("ischemia"), stem("tumours")
    (True, True, 'tumor')
    """
    word = _ROMAN.get(word, word)
    for pattern, instead in _SPELLINGS:
        word = pattern.sub(instead, word)
    for _ in range(2):
        shorter = _ENDING.sub("", word)
        if len(shorter) < 4 or word.isdigit():
            break
        word = shorter
    return re.sub(r"our$", "or", word)


def fold(name: str) -> str:
    """The stems of a name's words, sorted, so that order, spelling and number do not count.

    >>> fold("Tumours of the brain") == fold("brain tumor")
    True
    """
    return " ".join(sorted({stem(word) for word in latin(name).split() if word not in SMALL_WORDS}))


SMALL_WORDS = frozenset("a an the of in and or for to de la le der von".split())
"""Words that tell nothing about what a name means."""


def sound(word: str) -> str:
    """How a word of a transliterated name is heard, roughly; words that sound alike may still be different names.

    >>> sound("tchaikovsky") == sound("chaikovskij"), sound("khrushchev") == sound("khrushchov")
    (True, False)
    """
    word = latin(word)
    for pattern, heard in _SOUNDS:
        word = pattern.sub(heard, word)
    return word


def initials(name: str) -> str:
    """The first letters of a name's words, without the small ones.

    >>> initials("World Health Organization"), initials("systemic lupus erythematosus")
    ('who', 'sle')
    """
    return "".join(word[0] for word in latin(name).split() if word not in SMALL_WORDS)


def looks_short(surface: str) -> bool:
    """Whether a name is written like an acronym: two to eight letters and digits, capitals the most of its letters.

    >>> looks_short("WHO"), looks_short("TdP"), looks_short("Paris"), looks_short("U.S.")
    (True, True, False, True)
    """
    letters = [c for c in surface if c.isalpha()]
    kept = [c for c in surface if c.isalnum()]
    return 2 <= len(kept) <= 8 and " " not in surface.strip() and sum(c.isupper() for c in letters) * 2 > len(letters)
