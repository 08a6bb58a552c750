"""The losses of the extractor's joint training, each over what the annotation of a batch knows.

spans        binary cross-entropy over word ranges; where only some mentions are marked, over those and the ranges that cut into them
types        binary cross-entropy with mild focal weight (Lin et al., ICCV 2017), hard negatives among the best-scoring ranges, and a
             margin by which a specific type is to beat a generic one that holds as well
relations    the same over ordered pairs; reversed pairs and pairs of one sentence as hard negatives; softmax where a pair has one relation
coreference  binary cross-entropy over pairs of mentions; its head serves training only
domains      which set a window is from, through a reversed gradient (Ganin et al., JMLR 2016); off unless asked for
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dovetail.models.extraction_data import Example, TrainingData
from dovetail.models.extraction_labels import GENERIC
from dovetail.models.extractor import MAX_WIDTH, PLACE_FEATURES, Encoded, ExtractorNet
from dovetail.models.reversal import reversed_gradient

Words: TypeAlias = tuple[int, int]
"""First and last word of a mention."""

NEGATIVE_PAIRS = 14
"""Unrelated pairs of a window that are looked at, half of them in one sentence or the reverse of a true pair."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows, and the words of each annotated span (None where it was cut off)."""

    examples: Sequence[Example]
    words: Sequence[Sequence[Words | None]]


class TrainingHeads(nn.Module):
    """Heads that serve training only: coreference of two mentions, and the domain of a window behind a reversed gradient."""

    def __init__(self, dim: int, domains: int) -> None:
        super().__init__()
        self.coreference = nn.Sequential(nn.Linear(4 * dim + PLACE_FEATURES, 128), nn.GELU(), nn.Linear(128, 1))
        self.domain = nn.Sequential(nn.Linear(dim, 128), nn.GELU(), nn.Linear(128, domains))


class Losses:
    """The losses of one batch. ``tasks``: which of entities, relations and coreference to learn. ``adversarial``: weight of domains."""

    def __init__(self, data: TrainingData, *, seed: int, tasks: frozenset[str], adversarial: float = 0.0) -> None:
        self.sets = {s.name: s for s in data.sets}
        self.domains = {s.name: i for i, s in enumerate(data.sets)}
        self.count = len(data.types)
        coarse = [label.coarse for label in data.types]
        self.excluded = torch.tensor([[bool(a and b and a != b) for b in coarse] for a in coarse])
        self.generic = torch.tensor([label.name in GENERIC for label in data.types])
        self.tasks = tasks
        self.adversarial = adversarial
        self.random = random.Random(seed)

    def __call__(
        self, net: ExtractorNet, heads: TrainingHeads, encoded: Encoded, batch: Batch, tables: tuple[Tensor, Tensor]
    ) -> dict[str, Tensor]:
        """Each loss by its name. ``tables``: label vectors of types and relations, (labels, dim) each."""
        losses: dict[str, Tensor] = {}
        if "entities" in self.tasks:
            logits = net.spans(encoded)
            losses["spans"] = self._spans(logits, batch)
            losses["types"] = self._types(net, encoded, logits, batch, tables[0])
        if "relations" in self.tasks:
            losses["relations"] = self._relations(net, encoded, batch, tables[1])
        if "coreference" in self.tasks:
            losses["coreference"] = 0.5 * self._coreference(net, heads, encoded, batch)
        if self.adversarial:
            domain = heads.domain(reversed_gradient(encoded.mean, self.adversarial))
            losses["domains"] = F.cross_entropy(domain.float(), torch.tensor([self.domains[e.set] for e in batch.examples]))
        return losses

    def _spans(self, logits: Tensor, batch: Batch) -> Tensor:
        targets = torch.zeros_like(logits)
        weights = torch.zeros_like(logits)
        for row, (example, places) in enumerate(zip(batch.examples, batch.words, strict=True)):
            rule = self.sets[example.set]
            if rule.all_spans:
                weights[row] = rule.span_weight
            for (_, _, held), place in zip(example.spans, places, strict=True):
                if place is None or not (held or not rule.all_spans) or place[1] - place[0] >= MAX_WIDTH:
                    continue
                if not rule.all_spans:
                    if example.links and not example.relations and not held:
                        continue  # mentions of coreference sets: pronouns and nominals are no names
                    self._cutting(weights[row], place)
                weights[row, place[0], place[1] - place[0]] = rule.span_weight if rule.all_spans else 0.5
                targets[row, place[0], place[1] - place[0]] = 1.0
        losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none") * weights * (logits > -1e3)
        return losses.sum() / (targets * weights).sum().clamp(min=8.0)

    @staticmethod
    def _cutting(weights: Tensor, place: Words) -> None:
        """Give weight to the ranges that share an edge with a mention or cross it."""
        start, end = place
        for first in range(max(start - 2, 0), min(end + 1, len(weights) - 1) + 1):
            for last in (start - 1, start, end - 1, end, end + 1, end + 2):
                if first <= last < len(weights) and last - first < MAX_WIDTH and last >= start and first <= end:
                    weights[first, last - first] = 0.3

    def _types(self, net: ExtractorNet, encoded: Encoded, span_logits: Tensor, batch: Batch, labels: Tensor) -> Tensor:
        places: list[tuple[int, int, int]] = []
        targets: list[Tensor] = []
        for row, (example, words) in enumerate(zip(batch.examples, batch.words, strict=True)):
            rule = self.sets[example.set]
            own = torch.zeros(self.count, dtype=torch.bool)
            own[list(rule.types)] = True
            gold: set[Words] = set()
            for (_, _, held), place in zip(example.spans, words, strict=True):
                if place is None or not held:
                    continue
                gold.add(place)
                target = torch.full((self.count,), -1.0)
                target[self.excluded[list(held)].any(0)] = 0.0
                if rule.all_spans:
                    target[own] = 0.0
                target[list(held)] = 1.0
                places.append((row, *place))
                targets.append(target)
            if rule.all_spans:
                target = torch.full((self.count,), -1.0)
                target[own] = 0.0
                for start, end in self._negatives(span_logits[row], gold, len(gold) + 4):
                    places.append((row, start, end))
                    targets.append(target)
        if not places:
            return span_logits.new_zeros(())
        rows, starts, ends = torch.tensor(places).unbind(1)
        _, vectors = net.vectors_of_spans(encoded, rows, starts, ends)
        logits = net.type_logits(vectors, labels)
        wanted = torch.stack(targets)
        loss = focal(logits, wanted) / (wanted == 1).sum().clamp(min=8)
        return loss + 0.3 * self._specific(logits, wanted)

    def _specific(self, logits: Tensor, wanted: Tensor) -> Tensor:
        """Hinge of one logit between the best specific type that holds and the generic types that hold as well."""
        general = (wanted == 1) & self.generic
        special = (wanted == 1) & ~self.generic
        both = general.any(1) & special.any(1)
        if not both.any():
            return logits.new_zeros(())
        best = logits.masked_fill(~special, -1e4).amax(1)[both]
        rival = logits.masked_fill(~general, -1e4).amax(1)[both]
        return F.relu(1 - (best - rival)).sum() / both.sum().clamp(min=4)

    def _negatives(self, logits: Tensor, gold: set[Words], count: int) -> list[Words]:
        """Spans that are no mention: the best-scoring ones and shifted boundaries of true ones."""
        best = logits.detach().flatten().topk(min(count + len(gold), logits.numel())).indices.tolist()
        length = int((logits[:, 0] > -1e3).sum())
        found = [(i // MAX_WIDTH, i // MAX_WIDTH + i % MAX_WIDTH) for i in best]
        for start, end in sorted(gold):
            found.append((start + self.random.choice((-1, 0, 1)), end + self.random.choice((-1, 0, 1))))
        return [(s, e) for s, e in dict.fromkeys(found) if (s, e) not in gold and 0 <= s <= e < length and e - s < MAX_WIDTH]

    def _pairs(self, example: Example, words: Sequence[Words | None]) -> list[tuple[int, int]]:
        """The true pairs of a window and NEGATIVE_PAIRS others, where the annotation says something of them."""
        rule = self.sets[example.set]
        true = list(example.relations)
        count = len(example.spans) - example.weak
        if not (rule.all_pairs or example.asked is not None) or count < 2:
            return true
        others = [
            (h, t)
            for h in range(count)
            for t in range(count)
            if h != t and (h, t) not in example.relations and (h, t) not in example.unknown
        ]
        sentences = example.window.sentences
        inside = [next((n for n, (_, b) in enumerate(sentences) if start < b), -1) for start, _, _ in example.spans]
        hard = [(h, t) for h, t in others if (t, h) in example.relations or inside[h] == inside[t]]
        chosen = self.random.sample(hard, min(len(hard), NEGATIVE_PAIRS * 2 // 3))
        return true + list(dict.fromkeys(chosen + self.random.sample(others, min(len(others), NEGATIVE_PAIRS // 3))))

    def _relations(self, net: ExtractorNet, encoded: Encoded, batch: Batch, labels: Tensor) -> Tensor:
        rows: list[int] = []
        places: list[tuple[Words, Words]] = []
        targets: list[Tensor] = []
        single: list[tuple[int, int, list[int]]] = []
        related: list[float] = []
        for row, (example, words) in enumerate(zip(batch.examples, batch.words, strict=True)):
            rule = self.sets[example.set]
            if not rule.relations:
                continue
            for head, tail in self._pairs(example, words):
                first, second = words[head], words[tail]
                if first is None or second is None or first == second:
                    continue
                held = example.relations.get((head, tail), ())
                target = torch.full((len(labels),), -1.0)
                if held or rule.all_pairs:
                    target[list(rule.relations)] = 0.0
                elif example.asked is not None:
                    target[list(example.asked)] = 0.0
                target[list(held)] = 1.0
                if rule.one_relation and held:
                    single.append((len(rows), held[0], sorted(rule.relations)))
                rows.append(row)
                places.append((first, second))
                targets.append(target)
                complete = rule.all_pairs and len(rule.relations) > 1
                related.append(-1.0 if rule.one_relation or not (complete or held) else float(bool(held)))
        if not rows:
            return labels.new_zeros(())
        heads, tails = torch.tensor(places).unbind(1)
        features = net.pair_features(encoded, torch.tensor(rows), heads, tails)
        logits, any_relation = net.relation_logits(features, labels), net.related_logits(features)
        wanted = torch.stack(targets)
        loss = focal(logits, wanted) / (wanted == 1).sum().clamp(min=8)
        if single:
            choices = single[0][2]
            scores = logits[[i for i, _, _ in single]][:, choices]
            loss = loss + F.cross_entropy(scores, torch.tensor([choices.index(label) for _, label, _ in single]), reduction="sum") / max(
                len(single), 8
            )
        known = torch.tensor(related)
        if (known >= 0).any():
            loss = loss + 0.7 * F.binary_cross_entropy_with_logits(any_relation[known >= 0], known[known >= 0])
        return loss

    def _coreference(self, net: ExtractorNet, heads: TrainingHeads, encoded: Encoded, batch: Batch) -> Tensor:
        rows: list[int] = []
        places: list[tuple[Words, Words]] = []
        targets: list[float] = []
        for row, (example, words) in enumerate(zip(batch.examples, batch.words, strict=True)):
            for mention, before, same in example.links:
                first, second = words[mention], words[before]
                if first is not None and second is not None and first != second:
                    rows.append(row)
                    places.append((first, second))
                    targets.append(same)
        if not rows:
            return encoded.mean.new_zeros(())
        firsts, seconds = torch.tensor(places).unbind(1)
        logits = heads.coreference(net.pair_features(encoded, torch.tensor(rows), firsts, seconds)).squeeze(-1).float()
        wanted = torch.tensor(targets)
        return F.binary_cross_entropy_with_logits(logits, wanted, reduction="sum") / max(len(targets), 16)


def focal(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy summed over known targets (1 and 0; -1 is unknown), each weighted by how wrong it is."""
    losses = F.binary_cross_entropy_with_logits(logits, targets.clamp(min=0), reduction="none")
    chance = torch.sigmoid(logits)
    wrong = torch.where(targets == 1, 1 - chance, chance)
    return (losses * wrong * (targets >= 0)).sum()
