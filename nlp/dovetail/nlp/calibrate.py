"""Calibrate the extractor on development rows: ``python -m dovetail.nlp.calibrate --data DIR``.

    thresholds   the entity threshold and the generic margin with the best mean entity F1 over SETS; for relations on re-docred the lowest
                 score with a precision of PRECISION, and the strict one, with STRICT_PRECISION
    curves       Platt's, from score to probability: of entities on FIT_SETS, where it is better than none, of relations on re-docred

Curves and relation thresholds are fitted on every second row. The calibration errors that are printed are those of the other rows, and of
sets that no curve has seen. The result is ``calibration.json`` beside the weights. Its thresholds are scores, but for the strict one,
which is a probability, as people see and name it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from itertools import product
from pathlib import Path

from dovetail.models.extraction import Calibration, Extractor, load_extractor
from dovetail.nlp.annotated import ReadRows, Row, read_rows, rows_of
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.evaluate import entity_counts, relation_counts
from dovetail.nlp.predictions import (
    Asked,
    FoundEntity,
    FoundRelation,
    ScoredPair,
    found_entities,
    found_relations,
    related_pairs,
    scored_pairs,
)
from dovetail.nlp.reliability import Judged, calibration_error, fit_platt, platt

CROSSNER = tuple(f"crossner/{d}" for d in ("ai", "literature", "music", "politics", "science"))
SETS = ("re-docred", "wikigold", "wnut17", "ncbi-disease", "bc5cdr", *CROSSNER)
BIOMEDICAL = tuple(f"bio_ner/{name}" for name in ("anatem", "bc2gm", "bionlp11id", "bionlp13cg", "bionlp13pc", "linnaeus"))
FIT_SETS = ("re-docred", "wikigold", "bc5cdr", *CROSSNER, *BIOMEDICAL, "re3d", "sec-filings", "uner/en")
"""Many kinds of text: a curve of the first eight alone was off by .10 on sets that it had not seen, this one by .07."""

RELATION_SETS = ("re-docred", "knowledgenet")
PER_SET = 800
"""Answers of a set that a curve is fitted on at most, so that no set drowns the others."""

THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5)
"""None lower: what is read into a graph stays there, and a wrong entity costs more than a missed one."""

MARGINS = (0.0, 0.5, 1.0, 1.5)
RELATION_THRESHOLDS = tuple(round(0.3 + 0.02 * n, 2) for n in range(34))
PENALTIES = (0.0, 0.3, 0.6, 0.9, 1.2)
BELOW = 0.1
"""Facts with scores down to this much below the threshold count for the curve of relations; lower ones are not what it is for."""

PRECISION, STRICT_PRECISION = 0.8, 0.9
FEWEST = 25
"""Facts that a precision is measured on, at least."""


def calibrate(data: Path, weights: Path, *, leave_out: str = "") -> Calibration:
    """The best calibration of ``weights`` on the development rows under ``data``, without the sets whose names begin with ``leave_out``."""
    extractor = load_extractor(weights)
    sets, fit_sets = ([n for n in names if not leave_out or not n.startswith(leave_out)] for names in (SETS, FIT_SETS))
    return calibrate_relations(data, extractor, calibrate_entities(data, extractor, sets, fit_sets))


def calibrate_entities(data: Path, extractor: Extractor, sets: Sequence[str] = SETS, fit_sets: Sequence[str] = FIT_SETS) -> Calibration:
    """Threshold and margin of entities from ``sets``, their curve from ``fit_sets``."""
    choices = [Calibration(entity_threshold=t, generic_margin=m) for t, m in product(THRESHOLDS, MARGINS)]
    sums = dict.fromkeys(choices, 0.0)
    found: dict[tuple[Calibration, str], list[FoundEntity]] = {}
    for name in sets:
        rows, read, asked = read_set(data / name, extractor)
        for choice in choices:
            extractor.calibration = choice
            found[choice, name] = found_entities(rows, read, extractor, asked)
            sums[choice] += entity_counts(rows, found[choice, name]).f1 / len(sets)
    best = max(choices, key=lambda choice: (round(sums[choice], 4), -choices.index(choice)))
    print(f"entities: score {best.entity_threshold}, generic margin {best.generic_margin}: mean F1 {sums[best]:.3f}")
    extractor.calibration = best
    final = {name: found[best, name] for name in sets}
    for name in (n for n in fit_sets if n not in sets):
        rows, read, asked = read_set(data / name, extractor)
        final[name] = found_entities(rows, read, extractor, asked)
    halves = [judged(f for f in final[name] if f.row % 2 == 0) for name in fit_sets]
    slope, shift = min(((1.0, 0.0), fit_curve(halves)), key=lambda curve: mean_error(halves, *curve))
    for name, answers in final.items():
        report(name, judged(f for f in answers if f.row % 2 or name not in fit_sets), slope, shift)
    return replace(best, entity_slope=round(slope, 4), entity_shift=round(shift, 4))


def read_set(folder: Path, extractor: Extractor) -> tuple[list[Row], ReadRows, Asked]:
    """A set's development rows, the encoder pass over them, and its types."""
    rows: list[Row] = [*rows_of(folder / "dev.jsonl")]
    return rows, read_rows(rows, extractor), Asked.of(extractor, load_catalogue(folder / "labels.json").entities)


def calibrate_relations(data: Path, extractor: Extractor, known: Calibration) -> Calibration:
    """``known`` with thresholds and curve of relations."""
    extractor.calibration = Calibration()
    scored = {name: score_set(data / name, extractor) for name in RELATION_SETS}
    penalty = across_penalty(*scored["re-docred"])
    scored = {name: (rows, penalised(pairs, penalty)) for name, (rows, pairs) in scored.items()}
    facts = {name: found_relations(*scored[name]) for name in RELATION_SETS}
    least, strict = relation_thresholds(*scored["re-docred"])
    slope, shift = fit_curve([judged(f for f in facts["re-docred"] if f.row % 2 == 0 and f.score >= least - BELOW)])
    for name in RELATION_SETS:
        report(name, judged(f for f in facts[name] if (f.row % 2 or name != "re-docred") and f.score >= least), slope, shift)
    return replace(
        known,
        across_penalty=penalty,
        relation_threshold=least,
        strict_confidence=round(platt(strict, slope, shift), 3),
        relation_slope=round(slope, 4),
        relation_shift=round(shift, 4),
    )


def score_set(folder: Path, extractor: Extractor) -> tuple[list[Row], list[ScoredPair]]:
    """A set's development rows and the pairs in them."""
    rows: list[Row] = [*rows_of(folder / "dev.jsonl")]
    asked = Asked.of(extractor, load_catalogue(folder / "labels.json", folder / "relations.json").relations)
    return rows, scored_pairs(rows, read_rows(rows, extractor), extractor, asked)


def penalised(pairs: Sequence[ScoredPair], penalty: float) -> list[ScoredPair]:
    """Pairs as they would have been scored with ``penalty`` for two sentences, having been scored with none."""
    return [pair if pair.together else replace(pair, score=(s := platt(pair.score, 1.0, -penalty)), confidence=s) for pair in pairs]


def across_penalty(rows: Sequence[Row], pairs: Sequence[ScoredPair]) -> float:
    """The penalty with the best F1 at its best threshold, on every second row."""
    half, kept = even(rows, pairs)
    best: dict[float, float] = {}
    for penalty in PENALTIES:
        facts = found_relations(half, penalised(kept, penalty))
        best[penalty] = max(relation_counts(half, [f for f in facts if f.score >= t]).f1 for t in RELATION_THRESHOLDS)
        print(f"relations across sentences, less {penalty} logits: best F1 {best[penalty]:.3f}")
    return max(best, key=lambda penalty: (round(best[penalty], 4), -penalty))


def even(rows: Sequence[Row], pairs: Sequence[ScoredPair]) -> tuple[list[Row], list[ScoredPair]]:
    """Every second row with its pairs; of the other rows nothing is left, so that numbers stay."""
    half: list[Row] = [row if n % 2 == 0 else {**row, "relations": [], "cluster_relations": []} for n, row in enumerate(rows)]
    return half, [p for p in pairs if p.row % 2 == 0]


def relation_thresholds(rows: Sequence[Row], pairs: Sequence[ScoredPair]) -> tuple[float, float]:
    """The default score and the strict one, on every second row: see the top of this file. The surest where none is precise enough."""
    half, kept = even(rows, pairs)
    facts = found_relations(half, kept)
    precisions: dict[float, float] = {}
    for threshold in RELATION_THRESHOLDS:
        counts = relation_counts(half, [f for f in facts if f.score >= threshold])
        false, true = related_pairs(half, kept, least=threshold)
        shares = f"precision {counts.precision:.3f}, recall {counts.recall:.3f}, F1 {counts.f1:.3f}"
        print(f"relations from score {threshold:.2f}: {shares}; unrelated pairs {false:.3f}, related {true:.3f}")
        if counts.found >= FEWEST or not precisions:
            precisions[threshold] = counts.precision
    surest = max(precisions, key=lambda threshold: (precisions[threshold], -threshold))
    default, strict = (next((t for t, p in precisions.items() if p >= least), surest) for least in (PRECISION, STRICT_PRECISION))
    return default, strict


def judged(found: Iterable[FoundEntity | FoundRelation]) -> list[Judged]:
    """How sure each answer is, and whether it is right."""
    return [Judged(f.confidence, f.right) for f in found]


def fit_curve(sets: Sequence[Sequence[Judged]]) -> tuple[float, float]:
    """Platt's curve over evenly spaced answers of each set. ValueError where it falls: the scores then say nothing."""
    drawn = [answer for answers in sets for answer in answers[:: max(len(answers) // PER_SET, 1)]]
    slope, shift = fit_platt(drawn)
    if slope <= 0:
        raise ValueError(f"scores and right answers do not go together (slope {slope:.3f}): train longer, or look at the data")
    return slope, shift


def mean_error(sets: Sequence[Sequence[Judged]], slope: float, shift: float) -> float:
    """Calibration error under a curve, every set counting the same."""
    return sum(calibration_error([Judged(platt(a.confidence, slope, shift), a.right) for a in answers]) for answers in sets) / len(sets)


def report(name: str, answers: Sequence[Judged], slope: float, shift: float) -> None:
    """Print the calibration error of answers before and after the curve."""
    after = [Judged(platt(a.confidence, slope, shift), a.right) for a in answers]
    share = sum(a.right for a in answers) / max(len(answers), 1)
    errors = f"calibration error {calibration_error(answers):.3f} -> {calibration_error(after):.3f}"
    print(f"{name:20}{len(answers):6} answers, {share:.3f} right: {errors}")


def main() -> None:
    """The command line."""
    packaged = Path(str(files("dovetail.data").joinpath("weights/extractor.safetensors")))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the annotated sets")
    parser.add_argument("--weights", type=Path, default=packaged)
    parser.add_argument("--leave-out", metavar="PREFIX", default="", help="sets not to look at, because they are to measure unseen labels")
    arguments = parser.parse_args()
    chosen = asdict(calibrate(arguments.data, arguments.weights, leave_out=arguments.leave_out))
    arguments.weights.with_name("calibration.json").write_text(json.dumps(chosen, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
