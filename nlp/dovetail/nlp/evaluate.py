"""How well extraction does on annotated text, by the measures of the field; docs/evaluation.md defines each.

entity_*     mentions found by the extractor: strict micro precision, recall and F1, and the calibration error of their confidence
relation_*   the same of facts (head, label, tail) at the default threshold, between annotated mentions that a window holds. Where a set
             lists relations between clusters of mentions, a cluster pair counts once, by its surest mention pair
pair_*       sets that list them all: pairs of mentions in one sentence that get a relation, of those without one and of those with
macro_f1     sets with one relation to a text: which of the labels that occur in the file it is; mean F1 over labels
conll_f1     sets with clusters and no relations, and gap_f1: evaluate_coreference.py
conll_f1     sets with clusters of mentions and no relations, with the three measures that it is the mean of; gap_f1 for pronouns
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from dovetail.models.extraction import Extractor
from dovetail.nlp.annotated import ReadRows, Row, gold_relations, read_rows, rows_of, window_pairs
from dovetail.nlp.catalogue import Catalogue, load_catalogue
from dovetail.nlp.evaluate_chinese import are_chinese, found_chinese
from dovetail.nlp.evaluate_coreference import coreference_metrics
from dovetail.nlp.measures import Counts, EvaluationResult, result
from dovetail.nlp.mentions import shared_extractor
from dovetail.nlp.predictions import Asked, FoundEntity, FoundRelation, found_entities, found_relations, related_pairs, scored_pairs
from dovetail.nlp.references import shared_coreference
from dovetail.nlp.reliability import Judged, calibration_error


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
        metrics = metrics_of(rows, catalogue, extractor)
        results.append(result(f"{file.parent.name}/{file.stem}", len(rows), metrics, seconds=time.monotonic() - began))
    return results


def metrics_of(rows: Sequence[Row], catalogue: Catalogue, extractor: Extractor) -> dict[str, float]:
    """Every figure that the annotation of the rows allows."""
    metrics = coreference_metrics(rows, extractor, shared_coreference())
    if "gap_f1" in metrics:  # its labels are the parts of a question, not types
        return metrics
    if are_chinese(rows):
        found = found_chinese(rows, extractor, catalogue)
        return {**metrics, **_counted("entity", entity_counts(rows, found), found)}
    read = read_rows(rows, extractor)
    names = {e.key for e in catalogue.entities} & {e["label"] for row in rows for e in row["entities"]}
    related = any(row["relations"] for row in rows)
    if len(names) > 1 or (names and names != {"entity"} and not related):
        found = found_entities(rows, read, extractor, Asked.of(extractor, catalogue.entities))
        metrics |= _counted("entity", entity_counts(rows, found), found)
    if not related:
        return metrics
    if all(len(row["relations"]) == 1 and len(row["entities"]) == 2 for row in rows):
        occurring = {row["relations"][0]["label"] for row in rows}
        asked = Asked.of(extractor, [r for r in catalogue.relations if r.key in occurring])
        return {**metrics, "macro_f1": _macro_f1(rows, read, extractor, asked)}
    least = extractor.calibration.relation_threshold
    pairs = scored_pairs(rows, read, extractor, Asked.of(extractor, catalogue.relations))
    facts = [f for f in found_relations(rows, pairs) if f.score >= least]
    metrics |= _counted("relation", relation_counts(rows, facts), facts)
    if any("cluster_relations" in row for row in rows):
        metrics["pair_fpr"], metrics["pair_recall"] = related_pairs(rows, pairs, least=least)
    return metrics


def _counted(name: str, counts: Counts, found: Sequence[FoundEntity] | Sequence[FoundRelation]) -> dict[str, float]:
    return {
        f"{name}_f1": counts.f1,
        f"{name}_precision": counts.precision,
        f"{name}_recall": counts.recall,
        f"{name}_ece": calibration_error([Judged(f.confidence, f.right) for f in found]),
    }


def entity_counts(rows: Sequence[Row], found: Iterable[FoundEntity]) -> Counts:
    """Mentions found and annotated, by characters and label."""
    predicted = {(f.row, f.start, f.end, f.label): f.right for f in found}
    gold = sum(len({(e["start"], e["end"], e["label"]) for e in row["entities"]}) for row in rows)
    return Counts(sum(predicted.values()), len(predicted), gold)


def relation_counts(rows: Sequence[Row], facts: Sequence[FoundRelation]) -> Counts:
    """Facts found between annotated mentions, and annotated, by the clusters of their arguments and label."""
    return Counts(sum(f.right for f in facts), len(facts), sum(len(gold_relations(row)) for row in rows))


def _macro_f1(rows: Sequence[Row], read: ReadRows, extractor: Extractor, asked: Asked) -> float:
    gold = Counter(row["relations"][0]["label"] for row in rows)
    pairs = []
    kept = []
    for row, placed in zip(rows, read.placed, strict=True):
        relation = row["relations"][0]
        ends = relation["head"], relation["tail"]
        wanted = [pair for head, tail, pair, _ in window_pairs(row, placed, read.windows) if (head, tail) == ends]
        if wanted:  # mentions in two windows cannot be judged, and count as missed
            pairs.append(wanted[0])
            kept.append(relation["label"])
    each, _ = extractor.relations(read.read, pairs, asked.labels)
    answers = [asked.keys[which] for which in each.argmax(1).tolist()]
    found = Counter(answers)
    true = Counter(label for label, answer in zip(kept, answers, strict=True) if label == answer)
    return sum(Counts(true[label], found[label], gold[label]).f1 for label in gold) / len(gold)
