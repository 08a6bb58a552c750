"""When a relation holds: the dates that belong to it, as start, end or point in time.

    "from 1990 to 1995", "between ... and ...", "(1990-95)"    start and end
    "since 2001"                                               start;  of "joined", "became", ...: "in 2001" too
    "until 2019"                                               end;    of "left", "resigned", ...: "in 2019" too
    "in 1903", "on 7 May 1903"                                 point in time

A date belongs to the relation whose later mention it follows in one clause, with neither a verb nor "and" between them; or stands
between its two mentions; or begins the clause. Others, and what is only about a time ("around 1903", "before 1903"), are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rdflib import Literal
from rdflib.namespace import XSD

from dovetail.kg.statement import UNKNOWN_TIME, Term
from dovetail.nlp.clauses import Mentioned, Sentence
from dovetail.nlp.cues import Cues

_PRECISIONS = frozenset({XSD.date, XSD.gYearMonth, XSD.gYear})
_FILLERS = frozenset("the early late mid middle beginning end of year years - spring summer autumn fall winter".split())
_FUNCTION = frozenset("of in at the a an from for with by on to and or".split())
_DASHES = frozenset("-–—")


@dataclass(frozen=True, slots=True)
class Times:
    """What is known of when a relation holds."""

    start: Term | None = None
    end: Term | None = None
    at: Term | None = None


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A date with its preposition: tokens, and what it says."""

    start: int
    end: int
    times: Times
    bracketed: bool = False


def validity(sentence: Sentence, cues: Cues, pair: tuple[Mentioned, Mentioned], dates: Mapping[int, Literal]) -> Times:
    """The times of a relation; ``dates``: the values of the sentence's mentions that are dates, by their numbers."""
    start: Term | None = None
    end: Term | None = None
    at: Term | None = None
    first, second = pair
    between = {sentence.mention[i] for i in range(first.end, second.start)} - {-1, *dates}
    said = len(between) <= 1 and (first == second or sentence.has_verb(first.end, second.start) or _joined(sentence, pair))
    named = said or any(w.isalpha() and w not in _FUNCTION for w in sentence.words[first.end : second.start])
    for phrase in _phrases(sentence, cues, dates):
        # "W, in X" does not begin when what is said of it happens, and "the director of X" only in a period.
        if not _belongs(sentence, phrase, pair) or not (said if phrase.times.at is not None else named):
            continue
        start, end, at = start or phrase.times.start, end or phrase.times.end, at or phrase.times.at
    if start is None and end is None:
        turn = _turn(sentence, cues, pair)
        if at is None:
            return Times(end=UNKNOWN_TIME if turn == "ends" else None)
        return Times(start=at) if turn == "begins" else Times(end=at) if turn == "ends" else Times(at=at)
    return Times(start, end, None if start or end else at)


def _phrases(s: Sentence, cues: Cues, dates: Mapping[int, Literal]) -> list[_Phrase]:
    """The dates of a sentence that say when, with their prepositions; ranges as one."""
    found: list[_Phrase] = []
    numbers = sorted(number for number, value in dates.items() if value.datatype in _PRECISIONS)
    skip = -1
    for place, number in enumerate(numbers):
        if number == skip:
            continue
        date, value = s.mentions[number], dates[number]
        begin, relation = _preposition(s, cues, date.start)
        later = numbers[place + 1] if place + 1 < len(numbers) else None
        if later is not None and _is_range(s, cues, relation, date, s.mentions[later]):
            skip = later
            bracketed = begin > 0 and s.words[begin - 1] == "("
            found.append(_Phrase(begin, s.mentions[later].end, Times(start=value, end=dates[later]), bracketed))
        elif relation:
            found.append(_Phrase(begin, date.end, Times(**{relation: value})))
    return found


def _preposition(s: Sentence, cues: Cues, at: int) -> tuple[int, str]:
    """Where the preposition of a date begins, and what it makes of it: start, end, at, or nothing."""
    if at and s.words[at - 1] == "the":  # "in the 2009 film"
        return at, ""
    while at and s.words[at - 1] in _FILLERS and s.mention[at - 1] < 0:
        at -= 1
    for length in (3, 2, 1):
        for cue in cues.find(s.words[max(0, at - length) : at], {"time"}) if at >= length else ():
            if cue.start == 0 and cue.end == length and cue.effect != "to":
                return at - length, cue.effect
    return at, ""


def _is_range(s: Sentence, cues: Cues, relation: str, first: Mentioned, second: Mentioned) -> bool:
    between = s.words[first.end : second.start]
    if len(between) != 1 or between[0] not in cues.words["to"]:
        return False
    if between[0] in _DASHES:
        return True
    before = s.words[max(0, first.start - 3) : first.start]
    return "between" in before if between[0] == "and" else relation == "start"


def _belongs(s: Sentence, phrase: _Phrase, pair: tuple[Mentioned, Mentioned]) -> bool:
    first, second = pair
    inside = range(phrase.start, phrase.end)
    if any(m.start in inside for m in pair):
        return False
    if phrase.start >= second.end:
        between = range(second.end, phrase.start)
        if phrase.bracketed:  # of a person, these are the years of life
            return len(between) == 1 and second.label != "person"
        crossed = range(s.part[second.start] + 1, s.part[phrase.start] + 1)
        follows = all(s.opens[p] == "," and s.first[p] >= phrase.start for p in crossed)
        spoken = _joined(s, pair) and sum(s.verb[i] for i in between) == 1
        return follows and not any((s.verb[i] and not spoken) or s.words[i] in ("and", "or", "but", "nor") for i in between)
    here, there = s.part[phrase.start], s.part[second.start]
    if phrase.start >= first.end:
        alone = s.first[here] == phrase.start and all(not s.words[i][0].isalnum() for i in range(phrase.end, s.part_end(here)))
        if alone:
            return s.part[first.start] + 1 == here and here + 1 == there and s.opens[here] == s.opens[there] == ","
        rest = range(phrase.end, second.start)
        return here == there and not any(s.verb[i] or s.words[i] in ("and", "or", "but", "nor") for i in rest)
    if s.first[here] != phrase.start or "that" in s.opens[here : there + 1]:
        return False
    if here == there:
        return True
    alone = all(not s.words[i][0].isalnum() for i in range(phrase.end, s.part_end(here)))
    return alone and here + 1 == there and s.opens[there] == "," and s.part[first.start] == there


def _joined(s: Sentence, pair: tuple[Mentioned, Mentioned]) -> bool:
    """Whether "and" joins the two, so that what is said is said of both: "X and Y married in 1990"."""
    return s.words[pair[0].end : pair[1].start] in (("and",), ("&",))


def _turn(s: Sentence, cues: Cues, pair: tuple[Mentioned, Mentioned]) -> str:
    """Whether the verb of a relation says that it begins, or ends: the last one before its later mention."""
    first, second = pair
    if _joined(s, pair):
        after = [cue for cue in cues.find(s.words[second.end : second.end + 4], {"verb"}) if cue.effect in ("begins", "ends")]
        return after[0].effect if after else ""
    begin = max(s.first[s.part[second.start]], first.end if first != second else 0)
    turns = [cue for cue in cues.find(s.words[begin : second.start], {"verb"}) if cue.effect in ("begins", "ends")]
    if not turns:
        return ""
    near = second.start - begin - turns[-1].end <= 4
    if turns[-1].start and s.words[begin + turns[-1].start - 1] in ("a", "an", "the"):
        return ""  # "a retired British"
    return turns[-1].effect if near and not s.has_verb(begin + turns[-1].end, second.start) else ""
