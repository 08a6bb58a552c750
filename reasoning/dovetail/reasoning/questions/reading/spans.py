"""Stretches of a text that could be an answer: names, literals, quotations, and runs of plain words.

text -> sentences -> (start, end)
     -> answer_spans -> Span (start, end, form, kind)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from dovetail.nlp.literals import find_literals
from dovetail.reasoning.questions.surfaces import SMALL_WORDS, NameTable, proper_spans

LONGEST_RUN = 5
"""Plain words in a row beyond this are a clause, not an answer."""

_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Vol|Gen|Col|Lt|Capt|Sgt|Rev|Gov|Sen|Inc|Ltd|Co|Corp|cf|Mt|Ft|etc|ca|c|e\.g|i\.e|[A-Z])\.$"
)
_END = re.compile(r"[.!?。]+[\"”’')\]]*\s+(?=[\"“‘'(\[]?[^\W_a-z])")
_PUNCTUATION = re.compile(r"[,;:()\[\]\"“”—–.!?/]")
_QUOTED = re.compile(r"[\"“]([^\"“”]{2,80})[\"”]")
_WORD = re.compile(r"[^\s,;:()\[\]\"“”—–!?/]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A possible answer, ``text[start:end]``: how it is written, and its kind of answer where that shows.

    ``form`` is "name", "literal", "quoted" or "run".
    """

    start: int
    end: int
    form: str
    kind: str | None


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of ``text`` are, without the space around them.

    >>> text = "Dr. Curie left. She had found radium!"
    >>> [text[start:end] for start, end in sentences(text)]
    ['Dr. Curie left.', 'She had found radium!']
    """
    cuts = [0]
    for match in _END.finditer(text):
        if not _ABBREVIATION.search(text[max(0, match.start() - 8) : match.start() + 1]):
            cuts.append(match.end())
    cuts.append(len(text))
    found = []
    for start, end in pairwise(cuts):
        for part in re.finditer(r"\S(?:[^\n]*\S)?(?:\n(?!\s*\n)\s*\S(?:[^\n]*\S)?)*", text[start:end]):
            found.append((start + part.start(), start + part.end()))
    return found


def answer_spans(text: str, names: NameTable) -> list[Span]:
    """Every possible answer in ``text``, by place; one place may hold several that overlap."""
    found: dict[tuple[int, int], Span] = {}
    for span in (*_literals(text), *_names(text, names), *_quotations(text), *_runs(text)):
        found.setdefault((span.start, span.end), span)
    return [found[place] for place in sorted(found)]


def _literals(text: str) -> Iterator[Span]:
    for literal in find_literals(text):
        kind = "date" if literal.kind == "date" else "number"
        yield Span(literal.start, literal.end, "literal", kind)
        inner = r"\b\d{4}\b" if kind == "date" else r"[\d.,]*\d"
        for match in re.finditer(inner, text[literal.start : literal.end]):
            yield Span(literal.start + match.start(), literal.start + match.end(), "literal", kind)


def _names(text: str, names: NameTable) -> Iterator[Span]:
    places: Iterable[tuple[int, int]] = ((o.start, o.end) for o in names.occurrences(text))
    for start, end in (*places, *proper_spans(text)):
        article = re.match(r"(?:the|a|an)\s+", text[start:end], re.IGNORECASE)
        start += article.end() if article and article.end() < end - start else 0
        end -= 2 if text[start:end].endswith(("'s", "’s")) else 0
        yield Span(start, end, "name", guess_kind(text, start, end))


def _quotations(text: str) -> Iterator[Span]:
    for match in _QUOTED.finditer(text):
        yield Span(match.start(1), match.end(1), "quoted", None)


def _runs(text: str) -> Iterator[Span]:
    run: list[re.Match[str]] = []
    for match in (*_WORD.finditer(text), None):
        word = match.group().lower().rstrip(".") if match else ""
        broken = bool(run and match and _PUNCTUATION.search(text[run[-1].end() - 1 : match.start()]))
        if match is None or word in SMALL_WORDS or broken:
            if run and len(run) <= LONGEST_RUN:
                end = run[-1].end() - (1 if run[-1].group().endswith((".", "'")) else 0)
                if end - run[0].start() > 1:
                    yield Span(run[0].start(), end, "run", None)
            run = []
        if match is not None and word not in SMALL_WORDS:
            run.append(match)


_ORGANISATION = re.compile(
    r"\b(?:University|College|School|Institute|Company|Corporation|Corp|Inc|Ltd|Band|Records|Club|FC|Party|Association|Society|"
    r"Church|Army|Navy|Bank|Group|Studios?|Pictures|Press|Council|Ministry|Agency|League|Union|Orchestra|Airlines|Museum|Library)\b"
)
_PLACE = re.compile(
    r"\b(?:City|County|State|River|Lake|Mountains?|Island|Islands|Province|District|Street|Avenue|Park|Sea|Ocean|Valley|Kingdom|"
    r"Republic|Airport|Stadium|Hall|North|South|East|West)\b"
)
_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Sir|Lord|Lady|King|Queen|Prince|Princess|President|Pope|Saint|Captain|General)\.?\s*$"
    r"|^(?:Sir|Lord|Lady|Saint|St\.|Pope|King|Queen|Prince|Princess)\s"
)


def guess_kind(text: str, start: int, end: int) -> str | None:
    """The kind of the name ``text[start:end]`` by its own words and the word before it; None where they do not tell.

    >>> guess_kind("born in Lyon", 8, 12), guess_kind("Yale University", 0, 15), guess_kind("met Sir Isaac", 4, 13)
    ('place', 'organisation', 'person')
    """
    name, before = text[start:end], text[max(0, start - 12) : start]
    if _TITLE.search(name) or _TITLE.search(before):
        return "person"
    if _ORGANISATION.search(name):
        return "organisation"
    if _PLACE.search(name) or re.search(r"\b(?:in|at|from|near|to)\s+(?:the\s+)?$", before):
        return "place"
    if re.fullmatch(r"[A-Z][\w’'-]+(?:\s+[A-Z]\.)*(?:\s+(?:van|von|de|der|di|da|bin|ibn|al))*(?:\s+[A-Z][\w’'-]+){1,2}", name):
        return "person"
    return None
