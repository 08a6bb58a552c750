"""Fitting relations: what the examples say of every ordered pair of annotated mentions that stands in one window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dovetail.models.adapter import pair_vectors, related_features
from dovetail.models.adapter_fit import Evidence, fit_linear
from dovetail.models.extraction import Extractor, LabelSet
from dovetail.nlp.adapt.examples import Example
from dovetail.nlp.adapt.reading import ReadTexts
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.measures import Counts

STRENGTHS = ((3.0, 3.0), (1.0, 1.0), (0.3, 0.3), (0.1, 0.1))
"""Regularisation of relations and of whether there is any, from cautious to bold."""

SHIFTS = (0.0, 1.5, 3.0, 4.5)
"""Logits added to there being any relation: fitted chances are true ones, and of rare things the best F1 lies below one half."""


@dataclass(frozen=True, slots=True)
class RelationHeads:
    """Residuals: ``relations`` (dim + 1, labels asked for) and ``related`` (hidden + 1,), see ``dovetail.models.adapter``."""

    relations: Tensor
    related: Tensor


class RelationTask:
    """Relations between the annotated mentions of read examples, to be fitted and judged; ``asked`` is as for ``EntityTask``."""

    steps = len(STRENGTHS) * len(SHIFTS)

    def __init__(
        self, examples: Sequence[Example], asked: Sequence[frozenset[str]], texts: ReadTexts, extractor: Extractor, catalogue: Catalogue
    ) -> None:
        self.keys = [r.key for r in catalogue.relations]
        self.threshold = extractor.calibration.relation_threshold
        self.asked = torch.tensor([[key in row for key in self.keys] for row in asked], dtype=torch.bool)
        self.columns = self.asked.any(0).nonzero().flatten()
        self.gold: list[set[tuple[int, int, str]]] = [{r for r in example.relations if r[2] in self.keys} for example in examples]
        self.pairs: list[tuple[int, int, int]] = []  # example, head, tail
        masks: list[Tensor] = []
        places: dict[int, list[tuple[int, int, tuple[int, int], tuple[int, int]]]] = {}  # of a batch: pair, row, words of head and tail
        admitted = _Admitted(catalogue)
        for window, (owner, offset) in enumerate(zip(texts.owner, texts.offset, strict=True)):
            for head, tail, words in _pairs_of(examples[owner], texts, window, offset):
                mask = admitted(examples[owner].entities[head][2], examples[owner].entities[tail][2])
                if bool((mask & self.asked[owner]).any()):
                    batch, row = texts.read.places[window]
                    places.setdefault(batch, []).append((len(self.pairs), row, *words))
                    self.pairs.append((owner, head, tail))
                    masks.append(mask)
        self.owner = torch.tensor([owner for owner, _, _ in self.pairs], dtype=torch.long)
        self.admitted = torch.stack(masks) if masks else torch.zeros(0, len(self.keys), dtype=torch.bool)
        self._read(texts, extractor, extractor.labels([(r.name, r.description) for r in catalogue.relations]), places)
        self._set_evidence()

    def _read(
        self,
        texts: ReadTexts,
        extractor: Extractor,
        labels: LabelSet,
        places: Mapping[int, list[tuple[int, int, tuple[int, int], tuple[int, int]]]],
    ) -> None:
        """Vectors and the shipped heads' logits of every pair."""
        net = extractor.net
        count = len(self.pairs)
        self.base, self.base_related = torch.zeros(count, len(self.keys)), torch.zeros(count)
        numbers: list[Tensor] = []
        vectors: list[Tensor] = []
        hidden: list[Tensor] = []
        with torch.inference_mode():
            for batch, entries in places.items():
                rows, heads, tails = (torch.tensor([e[i] for e in entries]) for i in (1, 2, 3))
                features = net.pair_features(texts.read.batches[batch][1], rows, heads, tails)
                logits, related = extractor.relation_logits(features, labels), net.related_logits(features)
                numbers.append(torch.tensor([e[0] for e in entries]))
                self.base[numbers[-1]], self.base_related[numbers[-1]] = logits, related
                vectors.append(pair_vectors(net, features))
                hidden.append(related_features(net.related, features))
            order = torch.argsort(torch.cat(numbers)) if numbers else torch.zeros(0, dtype=torch.long)
            self.vectors, self.hidden = (torch.cat(parts)[order] if parts else torch.zeros(0, 0) for parts in (vectors, hidden))
        self.vectors, self.hidden = self.vectors.clone(), self.hidden.clone()  # made in inference mode, where autograd may not look

    def _set_evidence(self) -> None:
        """Relations: related pairs, and unrelated ones as far as they seem related, together as heavy as the related ones at most.

        That there is any: every pair but those that the shipped heads would give to a relation nobody looked for.
        """
        targets = torch.zeros_like(self.base)
        row_of = {pair: row for row, pair in enumerate(self.pairs)}
        for owner, gold in enumerate(self.gold):
            for head, tail, key in gold:
                if (owner, head, tail) in row_of:
                    targets[row_of[(owner, head, tail)], self.keys.index(key)] = 1.0
        chances = torch.sigmoid(self.base_related)
        is_gold = targets.bool().any(1)
        asked = self.asked[self.owner] & self.admitted
        share = min(1.0, float(is_gold.sum()) / max(float(chances[~is_gold].sum()), 1e-6))
        weights = torch.where(is_gold, torch.ones_like(chances), chances * share).unsqueeze(1) * asked
        self.each = Evidence(self.base[:, self.columns], targets[:, self.columns], weights[:, self.columns])
        if len(self.pairs):
            best, which = (torch.sigmoid(self.base) * self.admitted).max(1)
            foreign = ~asked.gather(1, which.unsqueeze(1)).squeeze(1)
            silent = foreign & ((best * chances).sqrt() >= self.threshold / 2) & ~is_gold
        else:
            silent = torch.zeros_like(is_gold)
        self.any = Evidence(self.base_related.unsqueeze(1), is_gold.float().unsqueeze(1), (~silent).float().unsqueeze(1))

    def support(self) -> Mapping[str, int]:
        """How many relations of each label the examples have."""
        labels = [label for gold in self.gold for _, _, label in gold]
        return {key: labels.count(key) for key in self.keys if key in labels}

    def fit(self, examples: Sequence[int]) -> list[RelationHeads]:
        """Heads fitted to these examples, at each of STRENGTHS with each of SHIFTS."""
        rows = torch.isin(self.owner, torch.tensor(list(examples))).nonzero().flatten()
        vectors, hidden, each, related = self.vectors[rows], self.hidden[rows], self.each.at(rows), self.any.at(rows)
        fitted: list[RelationHeads] = []
        relations = any_ = None
        for relation_strength, related_strength in STRENGTHS:
            relations = fit_linear(vectors, each, strength=relation_strength, begin=relations)
            any_ = fit_linear(hidden, related, strength=related_strength, begin=any_)
            for shift in SHIFTS:
                moved = any_.squeeze(1).clone()
                moved[-1] += shift
                fitted.append(RelationHeads(relations, moved))
        return fitted

    def counts(self, examples: Sequence[int], heads: RelationHeads | None) -> Counts:
        """Relations found between annotated mentions at the default threshold, of the labels looked for."""
        rows = torch.isin(self.owner, torch.tensor(list(examples))).nonzero().flatten()
        each, related = self.base[rows], self.base_related[rows]
        if heads is not None and len(rows):
            each = each.index_add(1, self.columns, self.vectors[rows] @ heads.relations[:-1] + heads.relations[-1])
            related = related + self.hidden[rows] @ heads.related[:-1] + heads.related[-1]
        found: dict[int, set[tuple[int, int, str]]] = {i: set() for i in examples}
        if len(rows):
            best, which = (torch.sigmoid(each) * self.admitted[rows]).max(1)
            confident = (best * torch.sigmoid(related)).sqrt() >= self.threshold
            for i in confident.nonzero().flatten().tolist():
                owner, head, tail = self.pairs[int(rows[i])]
                if self.asked[owner, which[i]]:
                    found[owner].add((head, tail, self.keys[int(which[i])]))
        return Counts(
            sum(len(found[i] & self.gold[i]) for i in examples),
            sum(len(found[i]) for i in examples),
            sum(len(self.gold[i]) for i in examples),
        )


class _Admitted:
    """Which relations may hold between a head and a tail of given types: (relations,) bool."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.relations = catalogue.relations
        self.kinds = {e.key: frozenset((e.key, e.kind)) for e in catalogue.entities}
        self.known: dict[tuple[str, str], Tensor] = {}

    def __call__(self, head: str, tail: str) -> Tensor:
        if (head, tail) not in self.known:
            ends = [self.kinds.get(label, frozenset((label,))) for label in (head, tail)]
            self.known[(head, tail)] = torch.tensor([r.admits(*ends) for r in self.relations], dtype=torch.bool)
        return self.known[(head, tail)]


def _pairs_of(
    example: Example, texts: ReadTexts, window: int, offset: int
) -> list[tuple[int, int, tuple[tuple[int, int], tuple[int, int]]]]:
    """Ordered pairs of an example's mentions in a window: positions of head and tail, and the words of each."""
    end_of_window = offset + len(texts.windows[window].text)
    inside: list[tuple[int, tuple[int, int]]] = []
    for position, (start, end, _) in enumerate(example.entities):
        if offset <= start and end <= end_of_window:
            words = texts.read.windows[window].words_of(start - offset, end - offset)
            if words is not None:
                inside.append((position, words))
    return [(h, t, (head, tail)) for h, head in inside for t, tail in inside if h != t and head != tail]
