"""The trained extractor at work: windows of sentences in, scored spans and scored pairs out.

Every window's result depends on the windows given with it in one call and on nothing else, so that a document
gives the same facts whatever is read before or beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from dovetail.models.confidence import calibrated
from dovetail.models.encoder import TextEncoder, encoder_with, fast_dtype, locate_published, packaged_weights, read_weights
from dovetail.models.errors import ModelError
from dovetail.models.extraction_labels import GENERIC
from dovetail.models.extractor import Encoded, ExtractorNet, Matcher
from dovetail.models.fast_encoder import common_length, fast_encoder
from dovetail.models.windows import TokenizedWindow, Window, collate, tokenize

PACK_TOKENS = 1024
"""Tokens the encoder reads at a time: more gain nothing, and take memory."""


KEPT_LABELS = 16
"""Label sets that are kept ready for the heads."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns scores into decisions; fitted on development rows and stored beside the weights.

    ``span_floor``: mention score below which a span is not looked at. ``entity_threshold`` and ``relation_threshold``: default decisions.
    ``generic_margin``: logits by which a specific type may be beaten by a generic one and still win. ``across_penalty``: logits that a
    relation between mentions in two sentences loses. Slopes and shifts: the curves from
    score to confidence (models/confidence.py). ``strict_confidence``: that from which nine of ten relations are right.
    """

    span_floor: float = 0.1
    entity_threshold: float = 0.3
    relation_threshold: float = 0.5
    generic_margin: float = 1.0
    across_penalty: float = 0.0
    entity_slope: float = 1.0
    entity_shift: float = 0.0
    relation_slope: float = 1.0
    relation_shift: float = 0.0
    strict_confidence: float = 0.9


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """Characters [start, end) of a window, the label's index, and how sure."""

    start: int
    end: int
    label: int
    confidence: float


Pair: TypeAlias = tuple[int, tuple[int, int], tuple[int, int]]
"""A window's index, and the characters [start, end) in it of a head and of a tail."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels as vectors: names, and (labels, dim)."""

    names: tuple[str, ...]
    vectors: Tensor


def label_text(name: str, description: str) -> str:
    """A label as the encoder reads it.

    >>> label_text("city", "A large town.")
    'city: A large town.'
    """
    return f"{name}: {description}" if description else name


def generic_bonus(names: Sequence[str], calibration: Calibration) -> Tensor:
    """What is added to each type's logit before types compete: (labels,); see Calibration.generic_margin."""
    return torch.tensor([0.0 if name in GENERIC else calibration.generic_margin for name in names])


@dataclass(frozen=True, slots=True)
class ReadWindows:
    """Windows after the one encoder pass: batches of (rows of the input, encoded), and each window's place in them."""

    windows: tuple[TokenizedWindow, ...]
    batches: tuple[tuple[tuple[int, ...], Encoded], ...]
    places: tuple[tuple[int, int], ...]

    def mean(self, window: int, start: int, end: int) -> npt.NDArray[np.float32]:
        """Mean vector of the words that overlap characters [start, end) of a window, not normalised: (dim,); zero where there is none."""
        batch, row = self.places[window]
        encoded = self.batches[batch][1]
        words = self.windows[window].words_of(start, end)
        if words is None:
            return np.zeros(encoded.words.shape[-1], dtype=np.float32)
        total = encoded.running[row, words[1] + 1] - encoded.running[row, words[0]]
        return np.asarray((total / (words[1] - words[0] + 1)).numpy(), dtype=np.float32)


class Extractor:
    """The network with its tokenizer and calibration. ``text`` is its encoder alone, which reads labels as well."""

    def __init__(self, net: ExtractorNet, text: TextEncoder, calibration: Calibration) -> None:
        self.net = net.eval()
        self.text = text
        self.calibration = calibration
        self._encoder = fast_encoder(net.encoder)
        self._ready: dict[tuple[Matcher, LabelSet], Tensor] = {}

    def labels(self, labels: Sequence[tuple[str, str]]) -> LabelSet:
        """(name, description) pairs as vectors of the encoder."""
        texts = [label_text(name, description) for name, description in labels]
        vectors = torch.from_numpy(self.text.encode(texts)).to(next(self.net.parameters()).dtype)
        return LabelSet(tuple(name for name, _ in labels), vectors)

    def type_logits(self, vectors: Tensor, labels: LabelSet) -> Tensor:
        """Type vectors (spans, dim) against labels: (spans, labels)."""
        return self.net.types.against(vectors, self._labels_for(self.net.types, labels)).float()

    def relation_logits(self, features: Tensor, labels: LabelSet) -> Tensor:
        """Pair features (pairs, ...) against labels: (pairs, labels)."""
        return self.net.relations.against(self.net.vectors_of_pairs(features), self._labels_for(self.net.relations, labels)).float()

    def _labels_for(self, matcher: Matcher, labels: LabelSet) -> Tensor:
        """Labels made ready for a head, kept for the next document."""
        key = (matcher, labels)
        if key not in self._ready:
            if len(self._ready) >= KEPT_LABELS:
                self._ready.clear()
            self._ready[key] = matcher.ready(labels.vectors)
        return self._ready[key]

    @torch.inference_mode()
    def read(self, windows: Sequence[Window]) -> ReadWindows:
        """One encoder pass over the windows, in their order, about PACK_TOKENS at a time."""
        tokenized = tokenize(windows, self.text.tokenizer, max_tokens=self.text.max_tokens)
        batches: list[tuple[tuple[int, ...], Encoded]] = []
        places: list[tuple[int, int]] = []
        rows: list[int] = []
        size = 0
        for i, window in enumerate(tokenized):
            if rows and size + len(window.ids) > PACK_TOKENS:
                batches.append((tuple(rows), self.net.encode(collate([tokenized[r] for r in rows]), encoder=self._encoder)))
                rows, size = [], 0
            places.append((len(batches), len(rows)))
            rows.append(i)
            size += len(window.ids)
        if rows:
            batches.append((tuple(rows), self.net.encode(collate([tokenized[r] for r in rows]), encoder=self._encoder)))
        return ReadWindows(tuple(tokenized), tuple(batches), tuple(places))

    @torch.inference_mode()
    def entities(self, read: ReadWindows, labels: LabelSet, *, threshold: float | None = None) -> list[list[ScoredSpan]]:
        """Non-overlapping mentions of each window, left to right, with the best label of each."""
        least = self.calibration.entity_threshold if threshold is None else threshold
        found: list[list[ScoredSpan]] = [[] for _ in read.windows]
        if not labels.names:
            return found
        bonus = generic_bonus(labels.names, self.calibration)
        for rows, encoded in read.batches:
            chances = torch.sigmoid(self.net.spans(encoded))
            places = (chances > max(self.calibration.span_floor, least**2)).nonzero()
            if not len(places):
                continue
            row, start, width = places.unbind(1)
            filled = nn.functional.pad(places, (0, 0, 0, common_length(len(places)) - len(places))).unbind(1)
            _, vectors = self.net.vectors_of_spans(encoded, filled[0], filled[1], filled[1] + filled[2])
            logits = self.type_logits(vectors, labels)[: len(places)]
            best = (logits + bonus).argmax(1)
            types = torch.sigmoid(logits + bonus)[torch.arange(len(best)), best]
            scores = (chances[row, start, width] * types).sqrt()
            sure = calibrated(scores, self.calibration.entity_slope, self.calibration.entity_shift).tolist()
            order = torch.argsort(scores, descending=True, stable=True).tolist()
            taken: dict[int, list[tuple[int, int]]] = {}
            for i in order:
                score = float(scores[i])
                if score < least:
                    break
                place, first = int(row[i]), int(start[i])
                last = first + int(width[i])
                if any(first <= b and last >= a for a, b in taken.get(place, [])):
                    continue
                taken.setdefault(place, []).append((first, last))
                offsets = read.windows[rows[place]].offsets
                found[rows[place]].append(ScoredSpan(offsets[first][0], offsets[last][1], int(best[i]), sure[i]))
        return [sorted(spans, key=lambda s: s.start) for spans in found]

    @torch.inference_mode()
    def relations(self, read: ReadWindows, pairs: Sequence[Pair], labels: LabelSet, *, least: float = 0.0) -> tuple[Tensor, Tensor]:
        """Ordered pairs of mentions against labels.

        Returns how likely each relation is if there is one, (pairs, labels), and that there is one, (pairs,). A pair
        outside what the encoder saw scores zero, and so do the relations of a pair related with less than ``least``.
        """
        each, any_relation = torch.zeros(len(pairs), len(labels.names)), torch.zeros(len(pairs))
        if not pairs or not labels.names:
            return each, any_relation
        by_window: dict[int, list[int]] = {}
        for i, (window, _, _) in enumerate(pairs):
            by_window.setdefault(window, []).append(i)
        for rows, encoded in read.batches:
            kept: list[int] = []
            places: list[tuple[int, tuple[int, int], tuple[int, int]]] = []
            for position, window in enumerate(rows):
                for i in by_window.get(window, ()):
                    head, tail = (read.windows[window].words_of(*span) for span in pairs[i][1:])
                    if head is not None and tail is not None:
                        kept.append(i)
                        places.append((position, head, tail))
            if kept:
                places += places[:1] * (common_length(len(kept)) - len(kept))
                row, heads, tails = (torch.tensor(x) for x in zip(*places, strict=True))
                features = self.net.pair_features(encoded, row, heads, tails)
                related = torch.sigmoid(self.net.related_logits(features))[: len(kept)]
                any_relation[kept] = related
                [near] = (related >= least).nonzero(as_tuple=True)
                filled = nn.functional.pad(near, (0, common_length(len(near)) - len(near)))
                each[torch.tensor(kept)[near]] = torch.sigmoid(self.relation_logits(features[filled], labels))[: len(near)]
        return each, any_relation


def load_extractor(weights: Path, *, encoder: str | None = None, dtype: torch.dtype | None = None) -> Extractor:
    """The extractor with trained ``weights`` (safetensors, with ``calibration.json`` beside them). Raises ModelError.

    ``encoder`` names the folder of the published encoder that they were trained from, where it is not the packaged one's. ``dtype``:
    what to compute in; the fastest that loses nothing that matters, where it is absent (see fast_dtype).
    """
    state = read_weights(weights)
    inside = {key.removeprefix("encoder."): value for key, value in state.items() if key.startswith("encoder.")}
    if not inside:
        raise ModelError(f"{weights} holds no extractor: name weights trained by dovetail.models.train_extractor")
    folder = locate_published(encoder) if encoder is not None else packaged_weights() / "encoder"
    text = encoder_with(inside, folder, dtype=dtype)
    net = ExtractorNet(text.model, dim=text.dim)
    try:
        missing, unexpected = net.load_state_dict(
            {key: value for key, value in state.items() if not key.startswith("encoder.")}, strict=False
        )
    except RuntimeError as error:
        raise ModelError(f"the weights in {weights} do not fit the encoder in {folder}: name the one they were trained from") from error
    strangers = [*unexpected, *(key for key in missing if not key.startswith("encoder."))]
    if strangers:
        raise ModelError(
            f"{weights} holds weights of another network ({strangers[0]}): name weights trained by dovetail.models.train_extractor"
        )
    calibration = weights.with_name("calibration.json")
    values = json.loads(calibration.read_text()) if calibration.exists() else {}
    return Extractor(net.to(dtype or fast_dtype()), text, Calibration(**values))
