"""Fitting mentions and their types: what the examples say of every word range that may be a mention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dovetail.models.adapter import MENTION_FLOOR, MentionPlaces, mention_places, mention_residual
from dovetail.models.adapter_fit import Evidence, fit_linear, fit_mention
from dovetail.models.candidates import Candidates, choose, find_candidates
from dovetail.models.extraction import Extractor, ReadWindows, generic_bonus
from dovetail.models.extractor import SHAPE_FEATURES
from dovetail.nlp.adapt.examples import Example
from dovetail.nlp.adapt.reading import ReadTexts
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.measures import Counts

STRENGTHS = ((3.0, 30.0), (1.0, 10.0), (0.3, 3.0), (0.1, 1.0))
"""Regularisation of types and of mentions, from cautious to bold. On CrossNER's development rows the bold ones win from 50 examples on."""


@dataclass(frozen=True, slots=True)
class EntityHeads:
    """Residuals: ``types`` (dim + 1, labels asked for) and ``mention``, see ``dovetail.models.adapter``."""

    types: Tensor
    mention: Tensor


class EntityTask:
    """Mentions and types of read examples, to be fitted and judged.

    ``asked`` says for each example which types were looked for; nothing is learned of the others, and they are not counted.
    """

    steps = len(STRENGTHS)

    def __init__(
        self, examples: Sequence[Example], asked: Sequence[frozenset[str]], texts: ReadTexts, extractor: Extractor, catalogue: Catalogue
    ) -> None:
        self.extractor, self.texts = extractor, texts
        self.keys = keys = [e.key for e in catalogue.entities]
        labels = extractor.labels([(e.name, e.description) for e in catalogue.entities])
        index = {key: i for i, key in enumerate(keys)}
        gold = _gold_words(examples, texts)
        self.candidates = find_candidates(extractor, texts.read, floor=MENTION_FLOOR, also=sorted(gold))
        self.owner = torch.tensor([texts.owner[w] for w in self.candidates.window.tolist()], dtype=torch.long)
        self.places = _places(texts.read, self.candidates)
        with torch.inference_mode():
            vectors = self.candidates.vectors.to(labels.vectors.dtype)
            base = extractor.type_logits(vectors, labels) + generic_bonus(labels.names, extractor.calibration)
        self.base = base.clone()
        self.asked = torch.tensor([[key in row for key in keys] for row in asked], dtype=torch.bool)
        self.columns = self.asked.any(0).nonzero().flatten()
        targets = torch.zeros_like(self.base)
        self.gold: list[set[tuple[int, int, str]]] = [{e for e in example.entities if e[2] in index} for example in examples]
        unknown = torch.zeros(len(self.candidates), dtype=torch.bool)  # marked, but with nothing that this catalogue looks for
        for row, key in enumerate(
            zip(*(c.tolist() for c in (self.candidates.window, self.candidates.first, self.candidates.last)), strict=True)
        ):
            for label in gold.get(key, ()):
                if label in index:
                    targets[row, index[label]] = 1.0
                else:
                    unknown[row] = True
        self._set_evidence(targets, unknown)

    def _set_evidence(self, targets: Tensor, unknown: Tensor) -> None:
        """Types: every label asked for, of true mentions, and of other ranges as far as they may be mentions.

        Mentions: a range that the shipped heads would give to a label nobody looked for says nothing.
        """
        chances = torch.sigmoid(self.candidates.mention)
        asked = self.asked[self.owner]
        is_gold = targets.bool().any(1)
        weights = torch.where(is_gold, torch.ones_like(chances), chances) * ~unknown
        self.types = Evidence(self.base[:, self.columns], targets[:, self.columns], (weights.unsqueeze(1) * asked)[:, self.columns])
        if self.base.shape[1]:
            best, which = torch.sigmoid(self.base).max(1)
            foreign = ~asked.gather(1, which.unsqueeze(1)).squeeze(1)
            silent = foreign & ((best * chances).sqrt() >= self.extractor.calibration.entity_threshold / 2) & ~is_gold
        else:
            silent = torch.ones_like(is_gold)
        self.mentions = Evidence(self.candidates.mention, is_gold.float(), (~(silent | unknown) & asked.any(1)).float())

    def support(self) -> Mapping[str, int]:
        """How many mentions of each label the examples have."""
        labels = [label for gold in self.gold for _, _, label in gold]
        return {key: labels.count(key) for key in self.keys if key in labels}

    def fit(self, examples: Sequence[int]) -> list[EntityHeads]:
        """Heads fitted to these examples, at each of STRENGTHS."""
        rows = torch.isin(self.owner, torch.tensor(list(examples))).nonzero().flatten()
        vectors, types, mentions = self.candidates.vectors[rows], self.types.at(rows), self.mentions.at(rows)
        places = _some_places(self.places, rows)
        fitted: list[EntityHeads] = []
        for type_strength, mention_strength in STRENGTHS:
            before = fitted[-1] if fitted else None
            fitted.append(
                EntityHeads(
                    fit_linear(vectors, types, strength=type_strength, begin=before.types if before else None),
                    fit_mention(places, mentions, strength=mention_strength, begin=before.mention if before else None),
                )
            )
        return fitted

    def counts(self, examples: Sequence[int], heads: EntityHeads | None) -> Counts:
        """Strict matches, characters and label, of the labels looked for."""
        rows = torch.isin(self.owner, torch.tensor(list(examples))).nonzero().flatten()
        candidates, types = self.candidates.at(rows), self.base[rows]
        mention = candidates.mention
        if heads is not None:
            types = types.index_add(1, self.columns, candidates.vectors @ heads.types[:-1] + heads.types[-1])
            mention = mention + mention_residual(_some_places(self.places, rows), heads.mention)
        calibration = self.extractor.calibration
        found: dict[int, set[tuple[int, int, str]]] = {i: set() for i in examples}
        for i, label, _ in choose(candidates, types, mention, least=calibration.entity_threshold, floor=calibration.span_floor):
            window = int(candidates.window[i])
            owner, offset = self.texts.owner[window], self.texts.offset[window]
            if self.asked[owner, label]:
                found[owner].add((offset + candidates.places[i][0], offset + candidates.places[i][1], self.keys[label]))
        return Counts(
            sum(len(found[i] & self.gold[i]) for i in examples),
            sum(len(found[i]) for i in examples),
            sum(len(self.gold[i]) for i in examples),
        )


def _gold_words(examples: Sequence[Example], texts: ReadTexts) -> dict[tuple[int, int, int], set[str]]:
    """Labels of (window, first word, last word) as annotated."""
    gold: dict[tuple[int, int, int], set[str]] = {}
    for window, (owner, offset) in enumerate(zip(texts.owner, texts.offset, strict=True)):
        end_of_window = offset + len(texts.windows[window].text)
        for start, end, label in examples[owner].entities:
            if offset <= start and end <= end_of_window:
                words = texts.read.windows[window].words_of(start - offset, end - offset)
                if words is not None:
                    gold.setdefault((window, *words), set()).add(label)
    return gold


def _places(read: ReadWindows, candidates: Candidates) -> MentionPlaces:
    """The candidates among the words of all batches."""
    parts: list[MentionPlaces] = []
    batch_of = torch.tensor([read.places[w] for w in candidates.window.tolist()], dtype=torch.long).reshape(-1, 2)
    with torch.inference_mode():
        for number, (_, encoded) in enumerate(read.batches):
            rows = (batch_of[:, 0] == number).nonzero().flatten()
            width = candidates.last[rows] - candidates.first[rows]
            parts.append(mention_places(encoded, batch_of[rows, 1], candidates.first[rows], width))
    if not parts:
        none = torch.zeros(0, dtype=torch.long)
        return MentionPlaces(torch.zeros(1, SHAPE_FEATURES), none, none, none, none, none)
    shift = [0]
    for part in parts:
        shift.append(shift[-1] + len(part.words))
    columns = [
        torch.cat([getattr(part, name) + moved for part, moved in zip(parts, shift, strict=False)])
        for name in ("first", "last", "before", "after")
    ]
    first, last, before, after = columns
    words = torch.cat([part.words for part in parts]).clone()  # made in inference mode, where autograd may not look
    return MentionPlaces(words, first, last, before, after, torch.cat([part.width for part in parts]))


def _some_places(places: MentionPlaces, rows: Tensor) -> MentionPlaces:
    """Some of the ranges."""
    return MentionPlaces(places.words, places.first[rows], places.last[rows], places.before[rows], places.after[rows], places.width[rows])
