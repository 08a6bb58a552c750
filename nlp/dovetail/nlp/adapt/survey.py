"""What a corpus mentions, before anything is given a type: the material that suggestions are made of.

Mentions are the ranges that the class-agnostic span head is sure of, each with its type vector and what the text calls it. Pairs are
mentions that follow each other in a sentence, with the words between them. A corpus larger than ``CHARACTERS`` is sampled by document.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import spacy
import torch

from dovetail.kg.statement import Document
from dovetail.models.candidates import Candidates, find_candidates
from dovetail.models.extraction import Extractor, Pair, generic_bonus
from dovetail.models.windows import Window
from dovetail.nlp.adapt.hypernyms import Naming, namings, type_names
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.extract import segments
from dovetail.nlp.literals import find_literals
from dovetail.nlp.sentences import split_sentences, windows_of

CHARACTERS = 3_000_000
"""Characters that are read at most: some 20,000 sentences, two minutes on one core."""

SURE = 0.5
"""Mention chance from which a range is looked at."""

BETWEEN_WORDS = 9
"""Words that may stand between two mentions for them to make a pair."""

PRONOUNS = frozenset("he her hers him his it its i me my our she that their them they this us we which who whom whose you your".split())

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """A mention: characters [start, end) of ``sentence`` in ``document``, its unit type vector (dim,), the best type of the catalogue (-1
    where it has none), and how sure.
    """

    document: str
    sentence: str
    start: int
    end: int
    vector: Vector
    type: int
    confidence: float

    @property
    def text(self) -> str:
        """What it says."""
        return self.sentence[self.start : self.end]


@dataclass(frozen=True, slots=True)
class SeenPair:
    """Two mentions, positions in the survey, that follow each other; how likely each relation of the catalogue is, (relations,)."""

    head: int
    tail: int
    relations: Vector


@dataclass(frozen=True, slots=True)
class Survey:
    """All mentions in order, what the text calls them (``mention`` is a position in ``mentions``), pairs, and how much was read."""

    mentions: tuple[Seen, ...]
    namings: tuple[Naming, ...]
    pairs: tuple[SeenPair, ...]
    documents: int
    sentences: int


def sample(documents: Iterable[Document], *, characters: int = CHARACTERS) -> list[Document]:
    """All documents, or as many as hold ``characters``, drawn by the hash of their ids: the same whatever their order."""
    held: list[tuple[int, str, Document]] = []  # the largest hash first
    size = 0
    for document in documents:
        draw = int.from_bytes(sha256(document.id.encode()).digest()[:8], "big")
        heapq.heappush(held, (-draw, document.id, document))
        size += len(document.text)
        while len(held) > 1 and size > characters:
            size -= len(heapq.heappop(held)[2].text)
    return sorted((document for _, _, document in held), key=lambda d: d.id)


def survey(documents: Sequence[Document], extractor: Extractor, catalogue: Catalogue) -> Survey:
    """Read ``documents`` and say what they mention."""
    reader = _Reader(extractor, catalogue)
    for document in documents:
        for _, text in segments(document.text[:CHARACTERS]):
            reader.read(document.id, text)
    return Survey(tuple(reader.mentions), tuple(reader.namings), tuple(reader.pairs), len(documents), reader.sentences)


class _Reader:
    """Gathers mentions, namings and pairs."""

    def __init__(self, extractor: Extractor, catalogue: Catalogue) -> None:
        self.extractor = extractor
        self.nlp = spacy.blank("en")
        self.types = extractor.labels([(e.name, e.description) for e in catalogue.entities])
        self.relations = extractor.labels([(r.name, r.description) for r in catalogue.relations])
        self.kinds = [e.kind for e in catalogue.entities]
        self.mentions: list[Seen] = []
        self.namings: list[Naming] = []
        self.pairs: list[SeenPair] = []
        self.sentences = 0

    def read(self, document: str, text: str) -> None:
        """Read a stretch of a document."""
        doc = split_sentences(self.nlp.make_doc(text))
        windows = list(windows_of(doc))
        if not windows:
            return
        read = self.extractor.read([window for _, window in windows])
        candidates = find_candidates(self.extractor, read, floor=SURE)
        types, confidences = self._types(candidates)
        in_order = _apart(candidates, [w for _, w in windows])
        at: dict[tuple[int, tuple[int, int]], int] = {}  # a mention by its window and place
        for row in in_order:
            window = int(candidates.window[row])
            sentence, start = _sentence_of(windows[window][1], candidates.places[row])
            end = start + candidates.places[row][1] - candidates.places[row][0]
            at[(window, candidates.places[row])] = len(self.mentions)
            vector = candidates.vectors[row].numpy()
            self.mentions.append(Seen(document, sentence, start, end, vector, types[row], confidences[row]))
        self.sentences += sum(1 for _ in doc.sents)
        pairs: list[Pair] = []
        ends: list[tuple[int, int]] = []
        for window, (_, content) in enumerate(windows):
            for begin, stop in content.sentences:
                places = [place for (w, place) in at if w == window and begin <= place[0] < stop]
                first = at[(window, places[0])] if places else 0
                said = namings(content.text[begin:stop], [(a - begin, b - begin) for a, b in places])
                self.namings += [replace(n, mention=first + n.mention) for n in said if self._agrees(n, first + n.mention)]
                for head, tail in itertools.pairwise(places):
                    if 0 < len(content.text[head[1] : tail[0]].split()) <= BETWEEN_WORDS:
                        pairs.append((window, head, tail))
                        ends.append((at[(window, head)], at[(window, tail)]))
        each, related = self.extractor.relations(read, pairs, self.relations)
        likely = (each * related.unsqueeze(1)).sqrt().numpy() if pairs else np.zeros((0, 0), dtype=np.float32)
        self.pairs += [SeenPair(head, tail, row) for (head, tail), row in zip(ends, likely, strict=True)]

    def _agrees(self, naming: Naming, mention: int) -> bool:
        """Whether what a name holds is of the kind that the mention seems to be: Benny Hill is no hill."""
        type_ = self.mentions[mention].type
        return naming.pattern != "name" or type_ < 0 or type_names()[naming.noun] == self.kinds[type_]

    @torch.inference_mode()
    def _types(self, candidates: Candidates) -> tuple[list[int], list[float]]:
        """The catalogue's best type of each candidate and how sure; -1 where it has none."""
        if not self.types.names or not len(candidates):
            return [-1] * len(candidates), [0.0] * len(candidates)
        vectors = candidates.vectors.to(self.types.vectors.dtype)
        logits = self.extractor.type_logits(vectors, self.types) + generic_bonus(self.types.names, self.extractor.calibration)
        best = torch.sigmoid(logits).max(1)
        scores = (best.values * torch.sigmoid(candidates.mention)).sqrt()
        return best.indices.tolist(), scores.tolist()


def _apart(candidates: Candidates, windows: Sequence[Window]) -> list[int]:
    """Candidates that do not overlap, the surest first, in the order of the text; dates, numbers and the like left out."""
    literals = {
        (number, place)
        for number in sorted(set(candidates.window.tolist()))
        for place in ((found.start, found.end) for found in find_literals(windows[number].text))
    }
    taken: dict[int, list[tuple[int, int]]] = {}
    kept = []
    for row in torch.argsort(candidates.mention, descending=True, stable=True).tolist():
        window, place = int(candidates.window[row]), candidates.places[row]
        text = windows[window].text[place[0] : place[1]]
        held = taken.setdefault(window, [])
        if (
            any(c.isalpha() for c in text)
            and text.lower() not in PRONOUNS
            and (window, place) not in literals
            and not any(place[0] < b and place[1] > a for a, b in held)
        ):
            held.append(place)
            kept.append(row)
    return sorted(kept, key=lambda row: (int(candidates.window[row]), candidates.places[row]))


def _sentence_of(window: Window, place: tuple[int, int]) -> tuple[str, int]:
    """The sentence of a window that holds a mention, and where the mention begins in it."""
    for begin, stop in window.sentences:
        if begin <= place[0] < stop:
            return window.text[begin:stop], place[0] - begin
    return window.text, place[0]
