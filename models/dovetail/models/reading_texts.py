"""Texts to make questions of: documents with the places in them that could be answers, and what kind of thing each is.

    annotated sets (``extraction``) and question corpora (``corpus.jsonl``) -> texts -> SourceText

Kinds are "person", "place", "organisation", "date", "number" and "thing"; a set's own labels are mapped to them, and text
without annotation is searched for capitals, numbers and years.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

CORPORA = ("hotpotqa-train", "musique-train", "xquad")
SETS = ("re-docred", "knowledgenet", "fewrel", "gap", "wikigold", "litbank", "sec-filings", "re3d", "bc5cdr", "ncbi-disease",
        "crossner/ai", "crossner/literature", "crossner/music", "crossner/politics", "crossner/science")  # fmt: skip
ROWS_JOINED = frozenset({"fewrel", "wikigold", "sec-filings", "crossner/ai", "crossner/literature", "crossner/music",
                         "crossner/politics", "crossner/science", "knowledgenet"})  # fmt: skip
"""Sets of single sentences: neighbours are read as one text."""
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
SMALL = frozenset(
    "a an the of in on at by for from to with as and or but nor so yet if then than that which who whom whose this these those it its he "
    "him his she her they them their we us our you your i me my is are was were be been being am do does did done has have had having can "
    "could may might must shall should will would not no also there here when where while what how why all any both each few more most "
    "other some such only own same too very into over under after before between during through about against above below up down out off "
    "again further once because until since however although though despite within without upon among via per called known first".split()
)

_END = re.compile(r"(?<=[.!?])[\"”’')\]]*\s+(?=[\"“‘'(\[]*[^\W_a-z])")
_SHORT = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Vol|Gen|Col|Lt|Rev|Gov|Inc|Ltd|Co|Corp|ca|c|[A-Z])\s?\.$")
_DATE = re.compile(rf"\b(?:(?:\d{{1,2}}\s+)?(?:{MONTHS})(?:\s+\d{{1,2}})?(?:\s*,)?(?:\s+\d{{4}})?|1\d{{3}}s?|20\d\d)\b")
_NUMBER = re.compile(r"(?<![\w.,-])[$€£]?\d+(?:[.,]\d+)*%?(?:\s+(?:million|billion|percent|miles|km|years|feet|metres|kilometers))?(?!\w)")
_NAME = re.compile(r"[^\W\d_a-z][\w’'-]*(?:[\s-]+(?:(?:of|the|de|la|van|von|for|and|&)\s+){0,2}[^\W\d_a-z][\w’'-]*)*")
_RUN = re.compile(r"[^\W\d_]{3,}(?:\s+[^\W\d_]{3,}){0,3}")
_PLACE_BEFORE = re.compile(r"\b(?:in|at|near|from|to)\s+(?:the\s+)?$")
_ORGANISATION = re.compile(r"\b(?:University|College|School|Institute|Company|Corporation|Band|Records|Club|Party|Association|Society|"
                           r"Church|Army|Bank|Group|Studios?|Council|Ministry|Agency|League|Union|Museum)\b")  # fmt: skip
_PERSON = re.compile(r"^[^\W\d_a-z][\w’'-]+(?:\s+[^\W\d_a-z]\.?)?(?:\s+[^\W\d_a-z][\w’'-]+){1,2}$")
_KINDS = {
    "person": "PER Person PERSON person writer musicalartist politician scientist researcher A B character".split(),
    "place": "LOC Location LOC LOCATION location country GPE FAC Place".split(),
    "organisation": "ORG Organisation Organization organisation organization band university politicalparty company".split(),
    "date": "TIME Temporal DATE".split(),
    "number": "NUM Quantity Money".split(),
}
KIND_OF_LABEL = {label: kind for kind, labels in _KINDS.items() for label in labels}


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text that could be an answer."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text, its title where it has one, its sentences [start, end), and what in it could be an answer, by place.

    ``corpus``: from a question corpus, not from an annotated set.
    """

    title: str
    text: str
    sentences: tuple[tuple[int, int], ...]
    spans: tuple[Span, ...]
    corpus: bool = False


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Where the sentences of ``text`` are.

    >>> sentences_of("It rains. Dr. Who left.")
    [(0, 9), (10, 23)]
    """
    cuts = [0]
    for match in _END.finditer(text):
        if not _SHORT.search(text[max(0, match.start() - 6) : match.start()]):
            cuts.append(match.end())
    return [(a, a + len(text[a:b].rstrip())) for a, b in pairwise([*cuts, len(text)]) if text[a:b].strip()]


def found_spans(text: str) -> list[Span]:
    """What could be an answer in a text that nobody annotated: dates, numbers, names and runs of plain words, none overlapping.

    >>> [(s.kind, "born in Lyon on 3 May 1901"[s.start : s.end]) for s in found_spans("born in Lyon on 3 May 1901")]
    [('thing', 'born'), ('place', 'Lyon'), ('date', '3 May 1901')]
    """
    taken = bytearray(len(text))
    found: list[Span] = []
    for pattern, kind in ((_DATE, "date"), (_NUMBER, "number"), (_NAME, ""), (_RUN, "thing")):
        for match in pattern.finditer(text):
            start, end = match.span()
            if kind == "thing":
                start, end = _longest_plain(text, start, end)
            words = text[start:end].lower().split()
            if start < end and not any(taken[start:end]) and not (len(words) == 1 and words[0] in SMALL):
                found.append(Span(start, end, kind or _kind_of_name(text, start, end)))
                taken[start:end] = b"\1" * (end - start)
    return sorted(found, key=lambda span: span.start)


def _longest_plain(text: str, start: int, end: int) -> tuple[int, int]:
    """The longest part of text[start:end] without small words."""
    best, at = (start, start), start
    for part in re.split(r"(\s+)", text[start:end]):
        begin, at = at, at + len(part)
        if part.strip() and part.lower() not in SMALL:
            joined = (best[0], at) if best[1] and text[best[1] : begin].isspace() and best[1] > best[0] else (begin, at)
            best = joined if joined[1] - joined[0] > best[1] - best[0] else best
    return best


def _kind_of_name(text: str, start: int, end: int) -> str:
    name = text[start:end]
    if _ORGANISATION.search(name):
        return "organisation"
    if _PLACE_BEFORE.search(text[max(0, start - 12) : start]):
        return "place"
    return "person" if _PERSON.match(name) else "thing"


def texts(data: Path) -> Iterator[SourceText]:
    """Every text of the sets and corpora below ``data``."""
    for name in CORPORA:
        for row in read_rows(data / "questions" / "corpus" / name / "corpus.jsonl"):
            yield replace(source_text(row["title"], row["text"], ()), corpus=True)
    for name in SETS:
        yield from _set_texts(data / "extraction" / name, joined=name in ROWS_JOINED)


def source_text(title: str, text: str, annotated: tuple[Span, ...]) -> SourceText:
    """A text with its annotated spans, and found ones where they leave room."""
    held = bytearray(len(text))
    for span in annotated:
        held[span.start : span.end] = b"\1" * (span.end - span.start)
    spans = [*annotated, *(s for s in found_spans(text) if not any(held[s.start : s.end]))]
    return SourceText(title, text, tuple(sentences_of(text)), tuple(sorted(spans, key=lambda s: (s.start, s.end))))


def _set_texts(folder: Path, *, joined: bool) -> Iterator[SourceText]:
    rows = list(read_rows(folder / "train.jsonl"))
    size = 5 if joined else 1
    for _, group in groupby(enumerate(rows), key=lambda pair: pair[0] // size):
        text, spans = "", []
        for _, row in group:
            base = len(text) + (1 if text else 0)
            text = f"{text} {row['text']}" if text else row["text"]
            spans += [
                Span(base + e["start"], base + e["end"], KIND_OF_LABEL.get(e["label"]) or _kind_of_name(row["text"], e["start"], e["end"]))
                for e in row["entities"]
                if e["label"] != "Pronoun" and e["end"] - e["start"] < 80
            ]
        yield from _pieces(text, spans)


def _pieces(text: str, spans: list[Span], *, longest: int = 1200) -> Iterator[SourceText]:
    """A long text in parts of whole sentences."""
    start = 0
    places = sentences_of(text)
    for (_, end), following in zip(places, [*places[1:], None], strict=True):
        if following is None or following[1] - start > longest:
            part = tuple(Span(s.start - start, s.end - start, s.kind) for s in spans if s.start >= start and s.end <= end)
            yield source_text("", text[start:end], part)
            start = following[0] if following else end
