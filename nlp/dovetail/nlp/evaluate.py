"""How well extraction does on annotated text, by the measures of the field.

entity_f1     strict micro F1: characters and label both right; mentions found by the extractor
relation_f1   micro F1 of (head, label, tail) at the default threshold; gold mentions, pairs within a sentence. Where a set lists relations
              between clusters of mentions, a cluster pair counts once, by its best mention pair
macro_f1      sets with one relation to a text: which of the labels that occur in the file it is; mean F1 over labels
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy

from dovetail.kg.errors import InputError
from dovetail.models.extraction import Extractor, LabelSet, Pair, ReadSentences
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.measures import EvaluationResult, result
from dovetail.nlp.mentions import shared_extractor
from dovetail.nlp.sentences import split_sentences


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Rows after the encoder pass: per row, the (offset, index) of each of its sentences."""

    sentences: list[list[tuple[int, int]]]
    texts: list[str]
    read: ReadSentences


def evaluate_extraction(
    files: Sequence[Path], *, labels: Path | None = None, relations: Path | None = None, extractor: Extractor | None = None
) -> list[EvaluationResult]:
    """Figures for each file, in order. Labels and relations are the files beside it unless they are named."""
    extractor = extractor or shared_extractor()
    results = []
    for file in files:
        began = time.monotonic()
        rows = rows_of(file)
        label_file = labels or file.with_name("labels.json")
        relation_file = relations or file.with_name("relations.json")
        catalogue = load_catalogue(label_file, relation_file if relation_file.exists() else None)
        read = read_rows(rows, extractor)
        metrics: dict[str, float] = {}
        names = {e.key for e in catalogue.entities} & {e["label"] for row in rows for e in row["entities"]}
        if len(names) > 1 or (names and names != {"entity"} and not any(row["relations"] for row in rows)):
            asked = extractor.labels([(e.name, e.description) for e in catalogue.entities])
            metrics["entity_f1"] = entity_counts(rows, read, extractor, asked, [e.key for e in catalogue.entities]).f1
        keys = {r.key for r in catalogue.relations}
        if any(row["relations"] for row in rows):
            single = all(len(row["relations"]) == 1 and len(row["entities"]) == 2 for row in rows)
            if single:
                keys &= {row["relations"][0]["label"] for row in rows}
            asked = extractor.labels([(r.name, r.description) for r in catalogue.relations if r.key in keys])
            ordered = [r.key for r in catalogue.relations if r.key in keys]
            if single:
                metrics["macro_f1"] = _macro_f1(rows, read, extractor, asked, ordered)
            else:
                metrics["relation_f1"] = relation_counts(rows, read, extractor, asked, ordered).f1
        results.append(result(f"{file.parent.name}/{file.stem}", len(rows), metrics, seconds=time.monotonic() - began))
    return results


def rows_of(file: Path) -> list[dict[str, Any]]:
    """The rows of an annotated file. InputError, with the line, for what is no row."""
    rows = []
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                row = json.loads(line)
                if not {"text", "entities"} <= row.keys():
                    raise InputError(f"{file}, line {number}: a row needs text and entities")
                rows.append({"relations": [], **row})
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{file} is not JSON, one row a line: {error}") from error
    if not rows:
        raise InputError(f"{file} has no rows")
    return rows


def read_rows(rows: Sequence[Mapping[str, Any]], extractor: Extractor) -> ReadRows:
    """Every row's sentences after the encoder pass; the set's own sentences where it has them."""
    nlp = spacy.blank("en")
    placed: list[list[tuple[int, int]]] = []
    texts: list[str] = []
    for row in rows:
        bounds = row.get("sentences") or [(s.start_char, s.end_char) for s in split_sentences(nlp.make_doc(row["text"])).sents]
        placed.append([(start, len(texts) + i) for i, (start, _) in enumerate(bounds)])
        texts.extend(row["text"][start:end] for start, end in bounds)
    return ReadRows(placed, texts, extractor.read(texts))


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found, what is annotated, and what is both.

    >>> counts = Counts(true=2, found=4, gold=3)
    >>> counts.precision, round(counts.f1, 3)
    (0.5, 0.571)
    """

    true: int
    found: int
    gold: int

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 1 where nothing was found."""
        return self.true / self.found if self.found else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 where nothing is right."""
        return 2 * self.true / (self.found + self.gold) if self.true else 0.0


def entity_counts(rows: Sequence[Mapping[str, Any]], read: ReadRows, extractor: Extractor, labels: LabelSet, keys: Sequence[str]) -> Counts:
    """Mentions found and annotated, by characters and label."""
    spans = extractor.entities(read.read, labels)
    true = found = gold = 0
    for row, sentences in zip(rows, read.sentences, strict=True):
        predicted = {(offset + s.start, offset + s.end, keys[s.label]) for offset, index in sentences for s in spans[index]}
        wanted = {(e["start"], e["end"], e["label"]) for e in row["entities"]}
        true, found, gold = true + len(predicted & wanted), found + len(predicted), gold + len(wanted)
    return Counts(true, found, gold)


def _pairs(row: Mapping[str, Any], sentences: Sequence[tuple[int, int]], texts: Sequence[str]) -> list[tuple[tuple[int, int], Pair]]:
    """Ordered pairs of a row's gold mentions within a sentence: (head, tail) indices, and what the extractor takes."""
    pairs = []
    for offset, index in sentences:
        end = offset + len(texts[index])
        inside = [i for i, e in enumerate(row["entities"]) if offset <= e["start"] and e["end"] <= end]
        place = {i: (row["entities"][i]["start"] - offset, row["entities"][i]["end"] - offset) for i in inside}
        pairs += [((h, t), (index, place[h], place[t])) for h in inside for t in inside if h != t]
    return pairs


def relation_counts(
    rows: Sequence[Mapping[str, Any]], read: ReadRows, extractor: Extractor, labels: LabelSet, keys: Sequence[str]
) -> Counts:
    """Relations found between annotated mentions, and annotated, by the clusters of their arguments and label."""
    true = found = gold = 0
    for row, sentences in zip(rows, read.sentences, strict=True):
        clusters = row["clusters"] if "cluster_relations" in row else [[i] for i in range(len(row["entities"]))]
        cluster_of = {mention: c for c, mentions in enumerate(clusters) for mention in mentions}
        wanted = {(r["head"], r["tail"], r["label"]) for r in row.get("cluster_relations", row["relations"])}
        pairs = _pairs(row, sentences, read.texts)
        each, related = extractor.relations(read.read, [p for _, p in pairs], labels)
        best, which = each.max(1) if len(pairs) else (related, related)
        confident = (best * related).sqrt() >= extractor.calibration.relation_threshold
        predicted = set()
        for i in confident.nonzero().flatten().tolist():
            head, tail = (cluster_of.get(m) for m in pairs[i][0])
            if head is not None and tail is not None and head != tail:
                predicted.add((head, tail, keys[int(which[i])]))
        true, found, gold = true + len(predicted & wanted), found + len(predicted), gold + len(wanted)
    return Counts(true, found, gold)


def _macro_f1(rows: Sequence[Mapping[str, Any]], read: ReadRows, extractor: Extractor, labels: LabelSet, keys: Sequence[str]) -> float:
    true: dict[str, int] = {}
    found: dict[str, int] = {}
    gold: dict[str, int] = {}
    pairs = []
    kept = []
    for row, sentences in zip(rows, read.sentences, strict=True):
        relation = row["relations"][0]
        gold[relation["label"]] = gold.get(relation["label"], 0) + 1
        wanted = [p for ends, p in _pairs(row, sentences, read.texts) if ends == (relation["head"], relation["tail"])]
        if wanted:  # mentions in two sentences cannot be judged, and count as missed
            pairs.append(wanted[0])
            kept.append(relation["label"])
    each, _ = extractor.relations(read.read, pairs, labels)
    for label, which in zip(kept, each.argmax(1).tolist(), strict=True):
        answer = keys[which]
        found[answer] = found.get(answer, 0) + 1
        true[label] = true.get(label, 0) + (answer == label)
    return sum(Counts(true.get(label, 0), found.get(label, 0), gold[label]).f1 for label in gold) / len(gold)
