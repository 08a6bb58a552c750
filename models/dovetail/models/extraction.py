"""The trained extractor at work: sentences in, scored spans and scored pairs out.

Every sentence's result depends on the sentences given with it in one call and on nothing else, so that a document
gives the same facts whatever is read before or beside it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from dovetail.models.encoder import TextEncoder, fast_dtype, load_encoder
from dovetail.models.errors import ModelError
from dovetail.models.extractor import Encoded, ExtractorNet
from dovetail.models.sentences import TokenizedSentence, collate, tokenize

PACK_TOKENS = 320
"""Tokens the encoder reads at a time: more cost more attention between sentences, which is thrown away."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns scores into decisions; fitted on development rows and stored beside the weights.

    ``span_floor``: mention score below which a span is not looked at. ``entity_threshold`` and ``relation_threshold``: default decisions.
    ``generic_margin``: logits by which a specific type may be beaten by a generic one and still win.
    """

    span_floor: float = 0.1
    entity_threshold: float = 0.3
    relation_threshold: float = 0.5
    generic_margin: float = 1.0


GENERIC = frozenset({"person", "organisation", "location", "miscellaneous", "entity", "event", "thing", "creative work"})
"""Names of types that swallow specific ones (writer, party); see Calibration.generic_margin."""


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """Characters [start, end) of a sentence, the label's index, and how sure."""

    start: int
    end: int
    label: int
    confidence: float


Pair: TypeAlias = tuple[int, tuple[int, int], tuple[int, int]]
"""A sentence, and the characters [start, end) in it of a head and of a tail."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels as vectors: names, and (labels, dim)."""

    names: tuple[str, ...]
    vectors: Tensor


@dataclass(frozen=True, slots=True)
class ReadSentences:
    """Sentences after the one encoder pass: batches of (rows of the input, encoded), and each sentence's place in them."""

    sentences: tuple[TokenizedSentence, ...]
    batches: tuple[tuple[tuple[int, ...], Encoded], ...]

    def vectors(self) -> npt.NDArray[np.float32]:
        """Means over each sentence's tokens, not normalised: (sentences, dim)."""
        dim = self.batches[0][1].sentence.shape[1] if self.batches else 0
        means = np.zeros((len(self.sentences), dim), dtype=np.float32)
        for rows, encoded in self.batches:
            means[list(rows)] = encoded.sentence.float().numpy()
        return means


class Extractor:
    """The network with its tokenizer, calibration and the published encoder that reads labels."""

    def __init__(self, net: ExtractorNet, published: TextEncoder, calibration: Calibration) -> None:
        self.net = net.eval()
        self.published = published
        self.calibration = calibration
        self.text = TextEncoder(net.encoder, published.tokenizer)

    def labels(self, labels: Sequence[tuple[str, str]]) -> LabelSet:
        """(name, description) pairs as vectors of the published encoder."""
        texts = [f"{name}: {description}" if description else name for name, description in labels]
        vectors = torch.from_numpy(self.published.encode(texts)).to(next(self.net.parameters()).dtype)
        return LabelSet(tuple(name for name, _ in labels), vectors)

    @torch.inference_mode()
    def read(self, sentences: Sequence[str]) -> ReadSentences:
        """One encoder pass over the sentences, in their order, PACK_TOKENS at a time."""
        tokenized = tokenize(sentences, self.published.tokenizer)
        batches = []
        rows: list[int] = []
        for i, sentence in enumerate(tokenized):
            if rows and sum(len(tokenized[r].ids) for r in rows) + len(sentence.ids) > PACK_TOKENS:
                batches.append((tuple(rows), self.net.encode(collate([tokenized[r] for r in rows]))))
                rows = []
            rows.append(i)
        if rows:
            batches.append((tuple(rows), self.net.encode(collate([tokenized[r] for r in rows]))))
        return ReadSentences(tuple(tokenized), tuple(batches))

    @torch.inference_mode()
    def entities(self, read: ReadSentences, labels: LabelSet, *, threshold: float | None = None) -> list[list[ScoredSpan]]:
        """Non-overlapping mentions of each sentence, left to right, with the best label of each."""
        least = self.calibration.entity_threshold if threshold is None else threshold
        found: list[list[ScoredSpan]] = [[] for _ in read.sentences]
        if not labels.names:
            return found
        bonus = torch.tensor([0.0 if name in GENERIC else self.calibration.generic_margin for name in labels.names])
        for rows, encoded in read.batches:
            chances = torch.sigmoid(self.net.spans(encoded))
            places = (chances > max(self.calibration.span_floor, least**2)).nonzero()
            if not len(places):
                continue
            row, start, width = places.unbind(1)
            _, vectors = self.net.vectors_of_spans(encoded, row, start, start + width)
            logits = self.net.type_logits(vectors, labels.vectors)
            best = (logits + bonus).argmax(1)
            types = torch.sigmoid(logits + bonus)[torch.arange(len(best)), best]
            scores = (chances[row, start, width] * types).sqrt()
            order = torch.argsort(scores, descending=True, stable=True).tolist()
            taken: dict[int, list[tuple[int, int]]] = {}
            for i in order:
                score = float(scores[i])
                if score < least:
                    break
                sentence, first = int(row[i]), int(start[i])
                last = first + int(width[i])
                if any(first <= b and last >= a for a, b in taken.get(sentence, [])):
                    continue
                taken.setdefault(sentence, []).append((first, last))
                offsets = read.sentences[rows[sentence]].offsets
                found[rows[sentence]].append(ScoredSpan(offsets[first][0], offsets[last][1], int(best[i]), score))
        return [sorted(spans, key=lambda s: s.start) for spans in found]

    @torch.inference_mode()
    def relations(self, read: ReadSentences, pairs: Sequence[Pair], labels: LabelSet, *, least: float = 0.0) -> tuple[Tensor, Tensor]:
        """Ordered pairs of mentions against labels.

        Returns how likely each relation is if there is one, (pairs, labels), and that there is one, (pairs,). A pair
        outside what the encoder saw scores zero, and so do the relations of a pair related with less than ``least``.
        """
        each, any_relation = torch.zeros(len(pairs), len(labels.names)), torch.zeros(len(pairs))
        if not pairs or not labels.names:
            return each, any_relation
        by_sentence: dict[int, list[int]] = {}
        for i, (sentence, _, _) in enumerate(pairs):
            by_sentence.setdefault(sentence, []).append(i)
        for rows, encoded in read.batches:
            kept: list[int] = []
            places: list[tuple[int, tuple[int, int], tuple[int, int]]] = []
            for position, sentence in enumerate(rows):
                for i in by_sentence.get(sentence, ()):
                    head, tail = (read.sentences[sentence].words_of(*span) for span in pairs[i][1:])
                    if head is not None and tail is not None:
                        kept.append(i)
                        places.append((position, head, tail))
            if kept:
                row, heads, tails = (torch.tensor(x) for x in zip(*places, strict=True))
                features = self.net.pair_features(encoded, row, heads, tails)
                related = torch.sigmoid(self.net.related_logits(features))
                any_relation[kept] = related
                near = related >= least
                each[torch.tensor(kept)[near]] = torch.sigmoid(self.net.relation_logits(encoded, row[near], features[near], labels.vectors))
        return each, any_relation


def load_extractor(weights: Path, *, encoder: str | None = None) -> Extractor:
    """The extractor with trained ``weights`` (safetensors, with ``calibration.json`` beside them). Raises ModelError."""
    published = load_encoder(encoder)
    net = ExtractorNet(copy.deepcopy(published.model), dim=published.dim)
    try:
        state = load_file(weights)
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"cannot read the extractor's weights in {weights} ({error}): install Dovetail again, or name other weights"
        ) from error
    unexpected = net.load_state_dict(state, strict=False).unexpected_keys
    if unexpected:
        raise ModelError(
            f"{weights} holds weights of another network ({unexpected[0]}): name weights trained by dovetail.models.train_extractor"
        )
    calibration = weights.with_name("calibration.json")
    values = json.loads(calibration.read_text()) if calibration.exists() else {}
    return Extractor(net.to(fast_dtype()), published, Calibration(**values))
