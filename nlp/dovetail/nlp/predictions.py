"""What the extractor says of annotated rows: each answer with how sure it is, and whether the annotation agrees.

    found_entities   mentions at the default threshold
    scored_pairs     every ordered pair of annotated mentions that a window holds, with its best relations
    found_relations  the facts that such pairs make, between clusters of mentions where a row has them

Counts, calibration and galleries of errors are read off these lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from dovetail.models.confidence import calibrated, pair_scores
from dovetail.models.extraction import Extractor, LabelSet
from dovetail.nlp.annotated import ReadRows, Row, clusters_of, gold_relations, window_pairs
from dovetail.nlp.catalogue import EntityType, RelationType
from dovetail.nlp.relations import MOST_RELATIONS


@dataclass(frozen=True, slots=True)
class Asked:
    """Labels that are asked for: as vectors, and their keys in the annotation."""

    labels: LabelSet
    keys: Sequence[str]

    @classmethod
    def of(cls, extractor: Extractor, entries: Sequence[EntityType] | Sequence[RelationType]) -> Asked:
        """Entries of a catalogue as the extractor reads them."""
        return cls(extractor.labels([(e.name, e.description) for e in entries]), [e.key for e in entries])


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """A mention found in a row, by characters; ``right`` where it is annotated with this label."""

    row: int
    start: int
    end: int
    label: str
    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two annotated mentions of a row, by index, with a relation; ``together`` where one sentence holds both.

    ``score`` is what thresholds are compared with, ``confidence`` its probability.
    """

    row: int
    head: int
    tail: int
    label: str
    score: float
    confidence: float
    together: bool


@dataclass(frozen=True, slots=True)
class FoundRelation:
    """A fact between two clusters of a row, by index, as its surest ``pair`` of mentions gives it."""

    head: int
    tail: int
    pair: ScoredPair
    right: bool

    @property
    def row(self) -> int:
        """The row's index."""
        return self.pair.row

    @property
    def score(self) -> float:
        """The score of the surest pair."""
        return self.pair.score

    @property
    def confidence(self) -> float:
        """How sure the surest pair is."""
        return self.pair.confidence


def found_entities(rows: Sequence[Row], read: ReadRows, extractor: Extractor, asked: Asked) -> list[FoundEntity]:
    """Mentions at the default threshold, row by row."""
    spans = extractor.entities(read.read, asked.labels)
    found = []
    for number, (row, placed) in enumerate(zip(rows, read.placed, strict=True)):
        wanted = {(e["start"], e["end"], e["label"]) for e in row["entities"]}
        for offset, index in placed:
            for span in spans[index]:
                place = offset + span.start, offset + span.end, asked.keys[span.label]
                found.append(FoundEntity(number, *place, span.confidence, place in wanted))
    return found


def scored_pairs(rows: Sequence[Row], read: ReadRows, extractor: Extractor, asked: Asked) -> list[ScoredPair]:
    """Every ordered pair of annotated mentions of two clusters in a window, once for each of its MOST_RELATIONS best relations."""
    scored = []
    for number, (row, placed) in enumerate(zip(rows, read.placed, strict=True)):
        cluster = clusters_of(row)
        pairs = [p for p in window_pairs(row, placed, read.windows) if cluster.get(p[0], -1 - p[0]) != cluster.get(p[1], -1 - p[1])]
        if not pairs:
            continue
        each, related = extractor.relations(read.read, [p for _, _, p, _ in pairs], asked.labels)
        ranked = each.topk(min(MOST_RELATIONS, each.shape[1]))
        across = torch.tensor([float(not together) for *_, together in pairs])
        scores = pair_scores(ranked.values, related, across * extractor.calibration.across_penalty)
        sure = calibrated(scores, extractor.calibration.relation_slope, extractor.calibration.relation_shift)
        for (head, tail, _, together), *found in zip(pairs, ranked.indices.tolist(), scores.tolist(), sure.tolist(), strict=True):
            for label, score, confidence in zip(*found, strict=True):
                scored.append(ScoredPair(number, head, tail, asked.keys[label], score, confidence, together))
    return scored


def found_relations(rows: Sequence[Row], pairs: Iterable[ScoredPair]) -> list[FoundRelation]:
    """The facts of ``pairs``, each once; where a row says which relations were looked for, others are left out, being unknown."""
    cluster_of = [clusters_of(row) for row in rows]
    best: dict[tuple[int, int, int, str], ScoredPair] = {}
    for pair in pairs:
        head, tail = cluster_of[pair.row].get(pair.head), cluster_of[pair.row].get(pair.tail)
        if head is None or tail is None or pair.label not in rows[pair.row].get("annotated_relations", (pair.label,)):
            continue
        fact = pair.row, head, tail, pair.label
        if fact not in best or pair.score > best[fact].score:
            best[fact] = pair
    gold = [gold_relations(row) for row in rows]
    return [FoundRelation(head, tail, pair, (head, tail, label) in gold[row]) for (row, head, tail, label), pair in sorted(best.items())]


def related_pairs(rows: Sequence[Row], pairs: Iterable[ScoredPair], *, least: float) -> tuple[float, float]:
    """Of the pairs in one sentence, the share of unrelated ones that get a relation with a score of ``least``, and of related ones that do.

    A pair is ordered, and related where any relation is annotated from its head's cluster to its tail's. Which one is no matter here.
    """
    best: dict[tuple[int, int, int], ScoredPair] = {}
    for pair in pairs:
        place = pair.row, pair.head, pair.tail
        if pair.together and (place not in best or pair.score > best[place].score):
            best[place] = pair
    cluster_of = [clusters_of(row) for row in rows]
    related = [{(head, tail) for head, tail, _ in gold_relations(row)} for row in rows]
    answered = {True: 0, False: 0}
    count = {True: 0, False: 0}
    for (row, head, tail), pair in best.items():
        true = (cluster_of[row].get(head, -1), cluster_of[row].get(tail, -1)) in related[row]
        answered[true] += pair.score >= least
        count[true] += 1
    return answered[False] / max(count[False], 1), answered[True] / max(count[True], 1)
