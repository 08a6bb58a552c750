"""`dovetail annotate`: the sentences that a person's answer teaches most, with the model's own guesses to correct.

Uncertainty sampling (Lewis & Gale, SIGIR 1994): how unsure the heads are of a sentence is the entropy of its three most doubtful ranges.
So that the sentences are not all alike, each one chosen discounts those near it, as maximal marginal relevance does (Carbonell &
Goldstein, SIGIR 1998).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import spacy
import torch
from torch import Tensor

from dovetail.kg.directory import write_atomically
from dovetail.kg.statement import Document
from dovetail.models.candidates import Candidates, choose, find_candidates
from dovetail.models.confidence import calibrated
from dovetail.models.extraction import Extractor, LabelSet, Pair, ReadWindows, generic_bonus
from dovetail.nlp.adapt.clusters import unit
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.extract import segments
from dovetail.nlp.sentences import split_sentences, windows_of

FLOOR = 0.05
"""Mention chance below which a range is not doubtful."""

DOUBTS = 3
"""Ranges of a sentence whose entropy counts."""

WORDS = (5, 60)
"""Fewest and most words of a sentence worth a person's time."""

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Guess:
    """A sentence with what the model makes of it.

    ``entities``: (start, end, label, confidence). ``relations``: (head, tail, label, confidence), positions in ``entities``.
    ``doubt``: from 0, sure, to 1. ``start`` is where the sentence begins in its ``document``.
    """

    document: str
    start: int
    text: str
    entities: tuple[tuple[int, int, str, float], ...]
    relations: tuple[tuple[int, int, str, float], ...]
    doubt: float

    def row(self) -> dict[str, Any]:
        """The row of an examples file: not reviewed, each mention with what it says, so that it can be told without counting."""
        return {
            "id": f"{self.document}@{self.start}",
            "reviewed": False,
            "text": self.text,
            "entities": [
                {"text": self.text[start:end], "label": label, "start": start, "end": end, "confidence": confidence}
                for start, end, label, confidence in self.entities
            ],
            "relations": [
                {"head": self._end(head), "tail": self._end(tail), "label": label, "confidence": confidence}
                for head, tail, label, confidence in self.relations
            ],
        }

    def _end(self, position: int) -> str | int:
        """What a mention says, where only one says so: that holds when other entities are struck out."""
        said = [self.text[start:end] for start, end, _, _ in self.entities]
        return said[position] if said.count(said[position]) == 1 else position


def annotate(documents: Sequence[Document], extractor: Extractor, catalogue: Catalogue, *, count: int) -> list[Guess]:
    """The ``count`` sentences that the extractor is least sure of, and that differ, the most doubtful first."""
    reader = _Reader(extractor, catalogue)
    guesses: list[Guess] = []
    vectors: list[Vector] = []
    seen: set[str] = set()
    for document in documents:
        for offset, text in segments(document.text):
            for guess, vector in reader.read(document.id, offset, text):
                if guess.text not in seen:
                    seen.add(guess.text)
                    guesses.append(guess)
                    vectors.append(vector)
    if not guesses:
        return []
    chosen = choose_different(np.array([g.doubt for g in guesses], dtype=np.float32), np.stack(vectors), count=count)
    return [guesses[i] for i in chosen]


def choose_different(doubt: Vector, vectors: Vector, *, count: int) -> list[int]:
    """Positions of the largest ``doubt`` (n,), each discounted by its likeness to those chosen before: unit ``vectors`` (n, dim).

    >>> choose_different(np.array([0.9, 0.8, 0.3], dtype=np.float32), np.eye(2, dtype=np.float32)[[0, 0, 1]], count=2)
    [0, 2]
    """
    chosen: list[int] = []
    likeness = np.zeros(len(doubt), dtype=np.float32)
    worth = np.array(doubt, dtype=np.float64)
    while len(chosen) < min(count, len(doubt)):
        left = worth * (1.0 - np.clip(likeness, 0.0, 1.0) ** 2)
        left[chosen] = -1.0
        chosen.append(int(np.argmax(np.round(left, 6))))
        likeness = np.maximum(likeness, vectors @ vectors[chosen[-1]])
    return chosen


def write_guesses(guesses: Sequence[Guess], path: Path) -> None:
    """Write an examples file, a row for each sentence."""
    write_atomically(path, "".join(json.dumps(guess.row(), ensure_ascii=False) + "\n" for guess in guesses))


def entropy(chances: Tensor) -> Tensor:
    """Bits of doubt in chances of yes and no: 1 at one half.

    >>> entropy(torch.tensor([0.5, 1.0])).abs().tolist()
    [1.0, 0.0]
    """
    nats: Tensor = -(torch.xlogy(chances, chances) + torch.xlogy(1 - chances, 1 - chances))
    return nats / math.log(2)


class _Reader:
    """Sentences with guesses, doubt and vectors."""

    def __init__(self, extractor: Extractor, catalogue: Catalogue) -> None:
        self.extractor = extractor
        self.catalogue = catalogue
        self.nlp = spacy.blank("en")
        self.types: LabelSet = extractor.labels([(e.name, e.description) for e in catalogue.entities])
        self.relations: LabelSet = extractor.labels([(r.name, r.description) for r in catalogue.relations])
        self.kinds = {e.key: frozenset((e.key, e.kind)) for e in catalogue.entities}

    def read(self, document: str, offset: int, text: str) -> list[tuple[Guess, Vector]]:
        """The sentences of a stretch of a document that are worth a person's time."""
        windows = list(windows_of(split_sentences(self.nlp.make_doc(text))))
        if not windows:
            return []
        read = self.extractor.read([window for _, window in windows])
        candidates = find_candidates(self.extractor, read, floor=FLOOR)
        doubts, chosen = self._judge(candidates)
        found = []
        for number, (start, window) in enumerate(windows):
            for begin, stop in window.sentences:
                sentence = window.text[begin:stop].strip()
                if not WORDS[0] <= len(sentence.split()) <= WORDS[1]:
                    continue
                begin = window.text.index(sentence, begin)
                stop = begin + len(sentence)
                inside = [row for row in doubts.get(number, []) if begin <= candidates.places[row[0]][0] < stop]
                worst = sorted((doubt for _, doubt in inside), reverse=True)[:DOUBTS]
                entities = sorted(
                    (
                        candidates.places[row][0] - begin,
                        candidates.places[row][1] - begin,
                        self.catalogue.entities[label].key,
                        round(score, 3),
                    )
                    for row, label, score in chosen.get(number, [])
                    if begin <= candidates.places[row][0] and candidates.places[row][1] <= stop
                )
                relations = self._relations(read, number, begin, entities)
                guess = Guess(document, offset + start + begin, sentence, tuple(entities), relations, round(sum(worst) / DOUBTS, 4))
                found.append((guess, unit(read.mean(number, begin, stop))))
        return found

    @torch.inference_mode()
    def _judge(self, candidates: Candidates) -> tuple[dict[int, list[tuple[int, float]]], dict[int, list[tuple[int, int, float]]]]:
        """By window: candidates with their doubt, and mentions that the model would give, with label and confidence."""
        doubts: dict[int, list[tuple[int, float]]] = {}
        chosen: dict[int, list[tuple[int, int, float]]] = {}
        if not len(candidates) or not self.types.names:
            return doubts, chosen
        vectors = candidates.vectors.to(self.types.vectors.dtype)
        logits = self.extractor.type_logits(vectors, self.types) + generic_bonus(self.types.names, self.extractor.calibration)
        chances = torch.sigmoid(logits) * torch.sigmoid(candidates.mention).unsqueeze(1)
        doubt = entropy(chances.max(1).values).tolist()
        for row, window in enumerate(candidates.window.tolist()):
            doubts.setdefault(window, []).append((row, doubt[row]))
        calibration = self.extractor.calibration
        for row, label, score in choose(
            candidates, logits, candidates.mention, least=calibration.entity_threshold, floor=calibration.span_floor
        ):
            sure = float(calibrated(torch.tensor(score), calibration.entity_slope, calibration.entity_shift))
            chosen.setdefault(int(candidates.window[row]), []).append((row, label, sure))
        return doubts, chosen

    def _relations(
        self, read: ReadWindows, window: int, begin: int, entities: Sequence[tuple[int, int, str, float]]
    ) -> tuple[tuple[int, int, str, float], ...]:
        """Relations between the guessed mentions of a sentence, at the default threshold."""
        ends = [(h, t) for h in range(len(entities)) for t in range(len(entities)) if h != t]
        masks = [[r.admits(self.kinds[entities[h][2]], self.kinds[entities[t][2]]) for r in self.catalogue.relations] for h, t in ends]
        kept = [i for i, mask in enumerate(masks) if any(mask)]
        pairs: list[Pair] = [
            (window, (begin + entities[h][0], begin + entities[h][1]), (begin + entities[t][0], begin + entities[t][1]))
            for h, t in (ends[i] for i in kept)
        ]
        if not pairs:
            return ()
        each, related = self.extractor.relations(read, pairs, self.relations)
        best, which = (each * torch.tensor([masks[i] for i in kept])).max(1)
        scores = (best * related).sqrt()
        calibration = self.extractor.calibration
        sure = calibrated(scores, calibration.relation_slope, calibration.relation_shift)
        return tuple(
            (*ends[kept[i]], self.catalogue.relations[int(which[i])].key, round(float(sure[i]), 3))
            for i in (scores >= calibration.relation_threshold).nonzero().flatten().tolist()
        )
