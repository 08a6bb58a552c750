"""Annotated rows as ranking tasks: for each mention, candidates, which of them are right, and features.

annotated_task   every annotated mention refers, and is a candidate for those after it (LitBank)
found_task       names as annotated; pronouns and nominals as the pipeline finds them, most of which refer to nothing that has a name
gap_task         one pronoun, and names found by their capitals, two of which are the row's A and B (GAP)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dovetail.models.coreference import candidates_of, mention_vectors, padded
from dovetail.models.coreference_features import NAME, Described, Floats, Ints, Span, describe, kind_of
from dovetail.models.coreference_words import FUNCTION_WORDS, PRONOUNS, WORD
from dovetail.models.extraction import Extractor, ReadWindows
from dovetail.nlp.anaphora import find_anaphors
from dovetail.nlp.annotated import Row, read_rows
from dovetail.nlp.coreference_candidates import Candidate, compatible_candidates

Bools: TypeAlias = npt.NDArray[np.bool_]

KINDS = {"PER": "person", "ORG": "organisation", "GPE": "place", "LOC": "place", "FAC": "place", "VEH": "product"}
"""LitBank's types as kinds of the catalogue."""

CAPITALS = re.compile(r"[A-Z][\w'’.-]*(?:\s+(?:(?:de|von|van|of|the|da|del|la)\s)?[A-Z][\w'’.-]*)*")
NO_NAMES = FUNCTION_WORDS | PRONOUNS.keys() | set("after when while although however then there if later once since before".split())


@dataclass(frozen=True, slots=True)
class RankingTask:
    """A text's mentions with candidates, (mentions, most); which are right, (mentions, most + 1), the last that none is.

    ``weight``: 1 for mentions that are asked, (mentions,). ``owner``: the annotated cluster of each, -1 for none.
    """

    mentions: Described
    vectors: Floats
    candidates: Ints
    right: Bools
    weight: Floats
    owner: Ints
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class RowText:
    """A row after the encoder pass: its sentences, and (window, start) of its windows."""

    row: Row
    sentences: tuple[Span, ...]
    read: ReadWindows
    places: tuple[tuple[int, int], ...]

    def vectors(self, spans: Sequence[Span]) -> Floats:
        """What the scorer reads of mentions: (mentions, 3, dim)."""
        return mention_vectors(self.read, self.places, spans)


def read_texts(rows: Sequence[Row], extractor: Extractor) -> list[RowText]:
    """The rows' texts in one pass; a set's own sentences where it has them."""
    done = read_rows(rows, extractor)
    texts = []
    for row, placed in zip(rows, done.placed, strict=True):
        sentences = [(offset + start, offset + end) for offset, index in placed for start, end in done.windows[index].sentences]
        texts.append(RowText(row, tuple(sentences), done.read, tuple((index, offset) for offset, index in placed)))
    return texts


def annotated_task(text: RowText) -> RankingTask:
    """The annotated mentions of a row, each of which refers."""
    owner_of = {m: c for c, members in enumerate(text.row["clusters"]) for m in members}
    chosen = sorted(owner_of)
    entities = text.row["entities"]
    spans = [(entities[i]["start"], entities[i]["end"]) for i in chosen]
    owner = np.array([owner_of[i] for i in chosen], dtype=np.int64)
    mentions = describe(text.row["text"], text.sentences, spans, annotated=True)
    candidates = candidates_of(mentions)
    return _task(text, spans, mentions, candidates, owner, np.ones(len(spans), dtype=bool))


def found_task(text: RowText) -> RankingTask:
    """Annotated names, and the pronouns and nominals that the pipeline finds in the text."""
    entities = text.row["entities"]
    raw: str = text.row["text"]
    names: dict[Span, tuple[int, frozenset[str]]] = {}
    annotated: dict[Span, int] = {}
    for number, members in enumerate(text.row["clusters"]):
        kinds = frozenset(KINDS[entities[m]["label"]] for m in members if entities[m]["label"] in KINDS)
        for m in members:
            span = (entities[m]["start"], entities[m]["end"])
            annotated[span] = number
            if kind_of(raw[slice(*span)]) == NAME and kinds and span[1] - span[0] < 60:
                names[span] = (number, kinds)
    anaphors = find_anaphors(raw, names)
    spans = [*names, *((a.start, a.end) for a in anaphors)]
    known = [Candidate(kinds, False) for _, kinds in names.values()] + [Candidate(a.kinds, True, a.head) for a in anaphors]
    owner = np.array([number for number, _ in names.values()] + [annotated.get(s, -1) for s in spans[len(names) :]], dtype=np.int64)
    mentions = describe(raw, text.sentences, spans)
    candidates = compatible_candidates(mentions, known)
    return _task(text, spans, mentions, candidates, owner, np.arange(len(spans)) >= len(names))


def gap_task(text: RowText) -> RankingTask:
    """The pronoun of a GAP row, first, and the names before and after it: A, B, then others.

    ``owner`` is 0 for A and its other mentions, 1 for B's, -1 for other names; that of the pronoun is what it stands for.
    """
    raw: str = text.row["text"]
    spans = [(e["start"], e["end"]) for e in text.row["entities"]]
    for match in CAPITALS.finditer(raw):
        start, end = match.start(), match.start() + len(match.group().rstrip(".'’-"))
        if match.group().split()[0].lower() not in NO_NAMES and not any(start < b and end > a for a, b in spans):
            spans.append((start, end))
    names = len(spans)
    for match in WORD.finditer(raw):
        pronoun = PRONOUNS.get(match.group().lower())
        if pronoun and pronoun.group in {"he", "she"} and not any(match.start() < b and match.end() > a for a, b in spans):
            spans.append(match.span())
    words = [_content(raw[a:b]) for a, b in spans]
    owner = np.full(len(spans), -1, dtype=np.int64)
    for i in range(1, names):
        fits = [bool(words[i] & words[1]), bool(words[i] & words[2])] if i > 2 else [i == 1, i == 2]
        owner[i] = fits.index(True) if sum(fits) == 1 else -1
    cluster = next((set(c) for c in text.row["clusters"] if 0 in c), {0})
    owner[0] = 0 if 1 in cluster else 1 if 2 in cluster else -1
    candidates = padded([list(range(1, names)), *([] for _ in spans[1:])])
    mentions = describe(raw, text.sentences, spans)
    right = np.zeros((len(spans), names), dtype=bool)
    right[0, :-1] = owner[1:names] == owner[0]
    right[0, -1] = owner[0] < 0
    weight = np.zeros(len(spans), dtype=np.float32)
    weight[0] = 1.0
    return RankingTask(mentions, text.vectors(spans), candidates, right, weight, owner, tuple(spans))


def _content(name: str) -> set[str]:
    return {w.lower() for w in WORD.findall(name) if w[0].isalnum() and w.lower() not in FUNCTION_WORDS}


def _task(text: RowText, spans: Sequence[Span], mentions: Described, candidates: Ints, owner: Ints, ask: Bools) -> RankingTask:
    """Right is every candidate of the same cluster; none, where no mention before is; what has one beyond its candidates is not asked."""
    matches = (candidates >= 0) & (owner[candidates] == owner[:, None]) & (owner >= 0)[:, None]
    first: dict[int, int] = {}
    for i in np.argsort(mentions.order).tolist():
        first.setdefault(int(owner[i]), i)
    opens = np.array([o < 0 or first[int(o)] == i for i, o in enumerate(owner)], dtype=bool)
    none = ~matches.any(axis=1)
    weight = (ask & (~none | opens)).astype(np.float32)
    right = np.concatenate([matches, none[:, None]], axis=1)
    return RankingTask(mentions, text.vectors(spans), candidates, right, weight, owner, tuple(spans))
