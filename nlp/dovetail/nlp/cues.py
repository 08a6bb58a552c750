"""The words that tell how a sentence means what it says: cues of negation, speculation, hearsay and time, by language.

They are data: ``dovetail.data/cues/LANGUAGE.txt``, sections headed ``[effect scope]`` with a phrase on each line, in which
``a/b`` is either word. What an effect and a scope mean is in ``assertion.py``.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from dovetail.kg.errors import InputError

_HEAD = re.compile(r"\[([a-z]+) ([a-z]+)\]")


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase and what it does to which words; ``start`` and ``end`` are tokens of a sentence."""

    effect: str
    scope: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Cues:
    """The phrases of a language by their first word, longest first, and the single words of each effect."""

    phrases: dict[str, list[tuple[tuple[str, ...], Cue]]] = field(default_factory=dict)
    words: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def find(self, words: Sequence[str], scopes: Collection[str]) -> list[Cue]:
        """The cues among lower-case words that have one of these scopes: leftmost, then longest; all of those alike."""
        found: list[Cue] = []
        at = 0
        while at < len(words):
            length = 0
            for phrase, cue in self.phrases.get(words[at], ()):
                if length and len(phrase) < length:
                    break
                if cue.scope in scopes and tuple(words[at : at + len(phrase)]) == phrase:
                    length = len(phrase)
                    found.append(Cue(cue.effect, cue.scope, at, at + length))
            at += length or 1
        return found


def parse_cues(text: str) -> Cues:
    """The cues that a file spells out.

    >>> [(c.effect, c.start, c.end) for c in parse_cues("[negated clause]\\nnot/n't\\nnot at all").find(["is", "not"], {"clause"})]
    [('negated', 1, 2)]
    """
    cues = Cues()
    cue: Cue | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if head := _HEAD.fullmatch(line.strip()):
            cue = Cue(head[1], head[2])
        elif cue is None:
            raise InputError(f"line {number} of a file of cues stands in no section: {line!r}; head it with [effect scope]")
        else:
            for phrase in itertools.product(*(word.split("/") for word in line.split())):
                cues.phrases.setdefault(phrase[0], []).append((phrase, cue))
                if len(phrase) == 1:
                    cues.words[cue.effect].add(phrase[0])
    for some in cues.phrases.values():
        some.sort(key=lambda pair: -len(pair[0]))  # the sort is stable: of two alike, the section that comes first
    return cues


@lru_cache(maxsize=8)
def load_cues(language: str) -> Cues | None:
    """The packaged cues of a language; None where there are none."""
    file = files("dovetail.data").joinpath("cues").joinpath(f"{language}.txt")
    return parse_cues(file.read_text("utf-8")) if file.is_file() else None
