"""Questions that offer their answers: yes or no, and one of two.

    question, its kind, what is known of each thing it names -> decide -> Decision (answer, sentences that show it), or None

Comparisons are made on dates and numbers as they are typed: on facts that the graph states of both, or else on the values in the passages
about them. Where the values are not found, nothing is decided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rdflib import Literal

from dovetail.kg.passages import FUNCTION_WORDS, Passage
from dovetail.nlp.literals import find_literals
from dovetail.reasoning.questions.facts import FactPath
from dovetail.reasoning.questions.reading.kinds import Wanted
from dovetail.reasoning.questions.reading.spans import sentences
from dovetail.reasoning.questions.surfaces import fold, normal_name, words_of

COMPARED = 0.9
SAME = 0.6
ALIKE = 0.6
"""How often each way of deciding is right, on training questions and on those that designs were chosen by; given as the probability."""

_EARLIER = re.compile(r"\b(?:older|oldest|elder|first|earlier|earliest|before|sooner)\b")
_LATER = re.compile(r"\b(?:younger|youngest|later|latest|newer|last|after|recent|recently)\b")
_MORE = re.compile(r"\b(?:larger|largest|bigger|longer|higher|taller|more|most|greater)\b")
_LESS = re.compile(r"\b(?:smaller|shorter|lower|fewer|less|least)\b")
_ROLE = re.compile(r"\b(director|composer|performer|author|writer|producer|founder)\b", re.IGNORECASE)
_BY = {
    "director": "directed",
    "composer": "composed",
    "performer": "performed|sung|recorded",
    "author": "written",
    "writer": "written",
    "producer": "produced",
    "founder": "founded",
}
_NAME_WORD = r"(?:[^\W\d_a-z]\.|[^\W\d_a-z][\w’'-]+)"
_PERSON = rf"({_NAME_WORD}(?:\s+(?:(?:de|van|von|der|la|bin|al)\s+)?{_NAME_WORD}){{0,3}})"


@dataclass(frozen=True, slots=True)
class Shown:
    """A sentence of a passage, by its place in the passage's text."""

    passage: Passage
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer that the question offered, with the sentences that decide it."""

    text: str
    probability: float
    shown: tuple[Shown, ...]


Find = Callable[[str], Sequence[Passage]]
"""The passages about a name, the surest first."""


def decide(question: str, wanted: Wanted, names: Sequence[str], find: Find) -> Decision | None:
    """The answer, if the passages about what is compared decide it."""
    if wanted.kind == "choice":
        return _compare(question, wanted.choices, find)
    if wanted.kind == "yes/no":
        return _both(question, names, find)
    return None


def asked_order(question: str, choices: Sequence[str]) -> tuple[str, bool, str] | None:
    """What a comparison compares ("date" or "number"), whether the smaller one wins, and the question without the choices.

    >>> asked_order("Which is older, Alien or Blade Runner?", ("Alien", "Blade Runner"))
    ('date', True, 'which is older,   or  ?')
    >>> asked_order("Which is red, Alien or Blade Runner?", ("Alien", "Blade Runner")) is None
    True
    """
    asked = question
    for choice in choices:
        asked = asked.replace(choice, " ")
    asked = asked.lower()
    early, late, more, less = (bool(pattern.search(asked)) for pattern in (_EARLIER, _LATER, _MORE, _LESS))
    if early == late and more == less:
        return None
    return ("date", early, asked) if early != late else ("number", less, asked)


def compare_facts(
    question: str, choices: Sequence[str], paths: Sequence[Sequence[FactPath]]
) -> tuple[Decision, tuple[FactPath, ...]] | None:
    """The choice that wins by a fact which the graph states of both, with those facts; ``paths`` are each choice's, best match first."""
    order = asked_order(question, choices)
    if order is None or len(paths) != 2:
        return None
    kind, smaller, _ = order
    stated = [_typed(each, kind) for each in paths]
    shared = sorted(stated[0].keys() & stated[1].keys(), key=lambda relation: (-stated[0][relation][1].match, relation))
    for relation in shared:
        (first, one), (second, other) = stated[0][relation], stated[1][relation]
        if first != second:
            sure = min(_sureness(one), _sureness(other))
            text = choices[0] if (first < second) == smaller else choices[1]
            return Decision(text, round(COMPARED * sure, 4), ()), (one, other)
    return None


def _typed(paths: Sequence[FactPath], kind: str) -> dict[str, tuple[float, FactPath]]:
    """The surest date or number of each relation among paths of one outgoing statement."""
    found: dict[str, tuple[float, FactPath]] = {}
    for path in paths:
        value = _number(str(path.answer)) if isinstance(path.answer, Literal) and len(path.edges) == 1 else None
        dated = isinstance(path.answer, Literal) and str(path.answer.datatype).rsplit("#")[-1] in (
            "date",
            "gYear",
            "gYearMonth",
            "dateTime",
        )
        if value is None or dated != (kind == "date"):
            continue
        relation = str(path.edges[0].triple[1])
        if relation not in found or _sureness(path) > _sureness(found[relation][1]):
            found[relation] = (value, path)
    return found


def _sureness(path: FactPath) -> float:
    return max((evidence.confidence for evidence in path.evidence[0]), default=1.0)


def _compare(question: str, choices: tuple[str, ...], find: Find) -> Decision | None:
    order = asked_order(question, choices)
    if order is None:
        return None
    kind, smaller, asked = order
    values = [_value(asked, choice, kind, find) for choice in choices]
    if any(value is None for value in values):
        return None
    (first, first_shown), (second, second_shown) = (value for value in values if value is not None)
    if first == second:
        return None
    text = choices[0] if (first < second) == smaller else choices[1]
    return Decision(text, COMPARED, (*first_shown, *second_shown))


def _value(asked: str, choice: str, kind: str, find: Find) -> tuple[float, tuple[Shown, ...]] | None:
    """The date or number that is compared for one choice, with where it stands; through its director, say, if asked."""
    role = _ROLE.search(asked)
    for passage in find(choice):
        if role is None:
            return _first_literal(passage, kind, which=1 if re.search(r"\b(?:died|death|dead)\b", asked) else 0)
        by = re.search(rf"\b(?:{_BY[role.group(1)]})\b[^.;]{{0,60}}?\bby\s+(?:[a-z]+\s+){{0,3}}{_PERSON}", passage.text)
        if by is None:
            continue
        link = next(Shown(passage, start, end) for start, end in sentences(passage.text) if start <= by.start(1) < end)
        for other in find(by.group(1).rstrip(".")):
            value = _first_literal(other, kind, which=1 if re.search(r"\b(?:died|death|dead)\b", asked) else 0)
            return (value[0], (link, *value[1])) if value else None
    return None


def _first_literal(passage: Passage, kind: str, *, which: int) -> tuple[float, tuple[Shown, ...]] | None:
    """The first (or, for ``which=1``, the second) date or number of a passage, as a number that compares."""
    places = sentences(passage.text)
    found = [literal for literal in find_literals(passage.text) if (literal.kind == "date") == (kind == "date")]
    if len(found) <= which:
        return None
    literal = found[which]
    value = _number(str(literal.value))
    shown = next((Shown(passage, start, end) for start, end in places if start <= literal.start < end), None)
    return (value, (shown,)) if value is not None and shown is not None else None


def _number(value: str) -> float | None:
    """A date as a year with its part, or a number; None where it is neither (a day without a year, say).

    >>> _number("1867-11-07") < _number("1867-12"), _number("--11-07"), _number("12.5")
    (True, None, 12.5)
    """
    date = re.fullmatch(r"(-?\d{4,})(?:-(\d\d))?(?:-(\d\d))?", value)
    if date:
        return int(date[1]) + int(date[2] or 0) / 12.5 + int(date[3] or 0) / 400
    try:
        return float(value)
    except ValueError:
        return None


_NOT_SAID = FUNCTION_WORDS | frozenset("both same also either two located".split())
_NATION = re.compile(r"\b(?:nationality|country|countries|nation|nationalities)\b")
_DEMONYM = re.compile(r"\b([A-Z][a-z]+(?:an|ish|ese|ch|ian|i|er))\b")


def _both(question: str, names: Sequence[str], find: Find) -> Decision | None:
    """Whether two things named are both what the question says, or the same in their nation."""
    about = [some[0] for name in names if (some := find(name)[:1])]
    distinct = list({passage.document: passage for passage in about}.values())[:2]
    if len(distinct) < 2:
        return None
    firsts = [next(iter(sentences(passage.text)), (0, len(passage.text))) for passage in distinct]
    shown = tuple(Shown(passage, *first) for passage, first in zip(distinct, firsts, strict=True))
    said = [one.passage.text[one.start : one.end] for one in shown]
    if re.search(r"\bsame\b", question) and _NATION.search(question):
        nations = [{match.lower() for match in _DEMONYM.findall(text)} for text in said]
        if not all(nations):
            return None
        return Decision("yes" if nations[0] & nations[1] else "no", SAME, shown)
    if re.search(r"\bsame\b", question):
        return None
    rest = question
    for name in names:
        rest = re.sub(re.escape(name), " ", rest, flags=re.IGNORECASE)
    own = {form for name in names for form in normal_name(name).split()}
    words = [w.form for w in words_of(rest) if w.form not in _NOT_SAID and w.form not in own]
    if not words:
        return None
    texts = [fold(passage.text) for passage in distinct]
    shares = [sum(_root(word) in text for word in words) / len(words) for text in texts]
    return Decision("yes" if min(shares) >= 0.5 else "no", ALIKE, shown)


def _root(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
