"""A sentence as assertion sees it: words, mentions, and the parts that punctuation and conjunctions cut it into.

There is no parser here. A part is opened by "," (a list may go on), by "that" (a clause that a verb opens) or by "|" (another
clause), and whether a cue reaches a mention is whether the openings between them let it through.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from spacy.tokens import Span, Token

from dovetail.nlp.cues import Cue, Cues

AHEAD = frozenset({"clause", "claim", "mention", "noun", "embedded", "sentence"})
BEHIND = frozenset({"before"})
CUTS = frozenset({"cut"})
"""The scopes of cues that are looked for apart, as the words of one kind may be among those of another."""

NEVER_AT_THE_START = frozenset({"may", "will", "might", "hope", "past", "ex"})
"""Words that, with a capital, are a month or a name where a sentence begins."""

LISTING = frozenset({"and", "or", "nor", "&"})

DATE = "date"
"""The label of the mentions that are dates."""

_STOPS = frozenset(";:()[]—–")
_PRONOUNS = frozenset("he she it they we i you this these those there".split())
_NOT_PAST = frozenset("need indeed united hundred speed seed feed breed red bed shed sacred hatred kindred named called based".split())
_AUXILIARIES = frozenset("is are was were be been being has have had get got".split())
_ADVERBS = frozenset("also then later subsequently eventually soon still even again".split())


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A mention's tokens in its sentence, and its label."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence without its spaces.

    Parallel over tokens: lower-case ``words``, the number of the ``part`` each is in, whether it is a finite ``verb``, and the
    number of the ``mention`` it belongs to, or -1. Of each part: what ``opens`` it, and its ``first`` token. ``places``: for
    each token of the spaCy span, and for its end, how many of these tokens stand before it.
    """

    words: tuple[str, ...]
    part: tuple[int, ...]
    verb: tuple[bool, ...]
    mention: tuple[int, ...]
    opens: tuple[str, ...]
    first: tuple[int, ...]
    mentions: tuple[Mentioned, ...]
    cues: tuple[Cue, ...]
    places: tuple[int, ...]

    def has_verb(self, start: int, end: int) -> bool:
        """Whether a finite verb stands among these tokens."""
        return any(self.verb[start:end])

    def part_end(self, part: int) -> int:
        """The token after the last of a part."""
        return self.first[part + 1] if part + 1 < len(self.first) else len(self.words)

    def lets_through(self, start: int, end: int, *, listed: bool = False) -> bool:
        """Whether what is said at ``start`` reaches ``end``: over "that" and over commas without a verb behind them.

        With ``listed``, behind a comma there must be the next of a list, not an apposition.
        """
        for part in range(self.part[start] + 1, self.part[end] + 1):
            opened, first = self.opens[part], self.first[part]
            if opened == "|":
                return False
            if opened == "," and self.has_verb(first, end):
                return False
            if opened == "," and listed and self.mention[first] < 0 and self.words[first] not in LISTING:
                return False
        return True


def analyse(sentence: Span, mentions: Sequence[Span], cues: Cues) -> Sentence:
    """The sentence with its ``mentions``, in the order of the text, cut into parts."""
    tokens = [token for token in sentence if not token.is_space]  # line breaks are no words
    places = tuple(itertools.accumulate((not token.is_space for token in sentence), initial=0))
    words = tuple(token.lower_.replace("’", "'") for token in tokens)
    own = [-1] * len(words)
    known = []
    for number, span in enumerate(mentions):
        start, end = places[max(span.start - sentence.start, 0)], places[min(span.end, sentence.end) - sentence.start]
        known.append(Mentioned(start, end, span.label_))
        for token in range(start, end):
            own[token] = number
    # No cue begins or ends inside a name, and a capital makes a name of most words.
    begins = next((i for i, word in enumerate(words) if word[0].isalnum()), 0)
    lower = [
        "" if own[i] >= 0 or (token.text[0].isupper() and (i != begins or words[i] in NEVER_AT_THE_START)) else words[i]
        for i, token in enumerate(tokens)
    ]
    # "gentamicin-related" is no verb.
    verbs = tuple(_is_verb(word, cues) and (i == 0 or words[i - 1] != "-") for i, word in enumerate(lower))
    found = sorted([*cues.find(lower, AHEAD), *cues.find(lower, BEHIND)], key=lambda c: c.start)
    found = [cue for cue in found if cue.effect != "pseudo" and not _in_compound(tokens, cue)]
    dates = {i for i, number in enumerate(own) if number >= 0 and known[number].label == DATE}
    openers = {cue.start: "that" if cue.effect == "complement" else "|" for cue in cues.find(lower, CUTS)}
    opens, part, first = _cut(lower, verbs, dates, openers)
    return Sentence(words, part, verbs, tuple(own), opens, first, tuple(known), tuple(found), places)


def _in_compound(tokens: Sequence[Token], cue: Cue) -> bool:
    """Whether a hyphen makes a cue a part of a word: "not-for-profit", "no-fly zone"; "ex-director" is another thing."""
    last = tokens[cue.end - 1]
    return cue.effect != "ended" and not last.whitespace_ and cue.end < len(tokens) and tokens[cue.end].text == "-"


def _is_verb(word: str, cues: Cues) -> bool:
    return word in cues.words["finite"] or (word.endswith("ed") and len(word) > 3 and word not in _NOT_PAST)


def _cut(
    words: Sequence[str], verbs: Sequence[bool], dates: set[int], openers: dict[int, str]
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """What opens each part, the part of each token, and the first token of each part."""
    opens, first, part = [""], [0], []
    pending = ""
    for i, word in enumerate(words):
        opened = openers.get(i, "")
        if opened == "|" and (i + 1 in dates or i + 2 in dates):
            opened = ""  # "until 2019" is no clause
        if not opened and word in ("and", "&") and not _shares_auxiliary(words, verbs, i):
            opened = "|" if _starts_clause(words, verbs, i + 1) else ""
        stop = word in _STOPS
        if opened or stop or pending:
            symbol = "|" if "|" in (opened, "|" if stop else pending) else opened or pending
            if i > first[-1]:
                opens.append(symbol)
                first.append(i)
            else:
                opens[-1] = symbol if len(first) > 1 else opens[-1]
            pending = ""
        if stop:
            pending = "|"
        elif word == ",":
            pending = ","
        part.append(len(first) - 1)
    return tuple(opens), tuple(part), tuple(first)


def _shares_auxiliary(words: Sequence[str], verbs: Sequence[bool], at: int) -> bool:
    """Whether "and" joins participles: "was never born and raised"."""
    if not at or not verbs[at - 1]:
        return False
    at -= 2
    while at >= 0 and words[at] in ("not", "n't", "never", *_ADVERBS):
        at -= 1
    return at >= 0 and words[at] in _AUXILIARIES


def _starts_clause(words: Sequence[str], verbs: Sequence[bool], at: int) -> bool:
    """Whether what follows "and" is a clause: a verb or a pronoun, perhaps after an adverb."""
    while at < len(words) and words[at] in _ADVERBS:
        at += 1
    return at < len(words) and (words[at] in _PRONOUNS or verbs[at])
