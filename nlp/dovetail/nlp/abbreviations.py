"""Short forms that a text itself explains: "carbamazepine (CBZ)", "WHO (World Health Organization)".

Schwartz and Hearst, A simple algorithm for identifying abbreviation definitions in biomedical text, PSB 2003.
"""

from __future__ import annotations

import re

_BRACKETS = re.compile(r"\(([^()]{2,80})\)")


def abbreviations(text: str) -> dict[str, str]:
    """Each short form with the long form that the text gives it; the first one where it gives several.

    >>> abbreviations("Seizures under carbamazepine (CBZ) and valproic acid (VPA).")
    {'CBZ': 'carbamazepine', 'VPA': 'valproic acid'}
    """
    found: dict[str, str] = {}
    for match in _BRACKETS.finditer(text):
        inside = re.split(r"[;,]\s", match[1])[0].strip()
        before = re.split(r"[.;:()]\s|[()]", text[max(0, match.start() - 120) : match.start()])[-1].rstrip()
        if _is_short(inside):
            long = long_form(inside, before)
            if long:
                found.setdefault(inside, long)
        elif before:
            short = before.split()[-1]
            if _is_short(short) and (long := long_form(short, inside)) == inside:
                found.setdefault(short, inside)
    return found


def _is_short(text: str) -> bool:
    return 2 <= len(text) <= 10 and len(text.split()) <= 2 and text[0].isalnum() and any(c.isalpha() for c in text)


def long_form(short: str, before: str) -> str | None:
    """The end of ``before`` whose letters spell ``short``, its first letter at the beginning of a word.

    >>> long_form("HMM", "we train hidden Markov models")
    'hidden Markov models'
    """
    words = before.split()
    window = " ".join(words[-min(len(short) + 5, len(short) * 2) :])
    place = len(window)
    for i in range(len(short) - 1, -1, -1):
        letter = short[i].casefold()
        if not letter.isalnum():
            continue
        place -= 1
        while place >= 0 and (window[place].casefold() != letter or (i == 0 and place > 0 and window[place - 1].isalnum())):
            place -= 1
        if place < 0:
            return None
    start = max(window.rfind(" ", 0, place), window.rfind("(", 0, place)) + 1
    long = window[start:].strip()
    if len(long) <= len(short) or short in long.split() or len(long.split()) > min(len(short) + 5, len(short) * 2):
        return None
    return long
