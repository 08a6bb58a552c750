"""How well extraction does, as one table of figures beside what they should reach.

    python benchmarks/bench_extraction.py --zero-shot DIR/zero-shot.safetensors --json build/bench/extraction.json

`dovetail evaluate extraction` on development rows, with the packaged weights or those of --weights; CrossNER once more with weights that
have not seen it (--zero-shot, calibrated with ``--leave-out crossner``). Calibration errors are those of sets and rows that no curve was
fitted on. What takes a training of its own or a quiet machine is read from what other benchmarks left beside --json
(``semeval_folds.json``, ``spacy_cnn.json``, ``build.json``), judged facts from judged/. A figure that is not there is said to be missing.
The sets lie in DOVETAIL_BENCH_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from statistics import mean
from typing import Any

import torch

import judge_facts
from dovetail.models.extraction import Extractor, load_extractor
from dovetail.nlp.annotated import rows_of
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.evaluate import evaluate_extraction, metrics_of
from dovetail.nlp.evaluate_linking import linking_metrics, vocabulary_of
from dovetail.nlp.measures import EvaluationResult, result

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "extraction"
HERE = Path(__file__).parent
CROSSNER = tuple(f"crossner/{domain}" for domain in ("ai", "literature", "music", "politics", "science"))
SETS = (*CROSSNER, "fewrel", "wnut17", "wikigold", "ncbi-disease", "bc5cdr", "re-docred", "litbank", "gap", "uner/zh")
ECE_SETS = ("wnut17", "ncbi-disease", "btc", "anem")
"""Sets that no curve of entities has seen."""

ECE_HALVES = ("re-docred",)
"""The set on whose even rows the curve of relations was fitted: the odd ones tell."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure should reach, and would at best; ``below`` where less is better."""

    set: str
    measure: str
    bar: float
    ambitious: float
    below: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; ``value`` is None where nothing was measured, ``seconds`` None where another benchmark took them."""

    set: str
    measure: str
    value: float | None
    bar: float
    ambitious: float
    reached: str
    seconds: float | None


BARS: Mapping[str, Bar] = {
    "zero_shot": Bar("crossner, not trained on", "strict entity F1, mean", 0.42, 0.50),
    "crossner": Bar("crossner", "strict entity F1, mean", 0.64, 0.68),
    "fewrel": Bar("fewrel, 8 unseen relations", "macro-F1", 0.85, 0.91),
    "wnut17": Bar("wnut17", "strict entity F1", 0.63, 0.67),
    "ncbi-disease": Bar("ncbi-disease, 4 types", "strict entity F1", 0.76, 0.81),
    "bc5cdr": Bar("bc5cdr", "strict entity F1", 0.84, 0.87),
    "re-docred": Bar("re-docred, gold mentions", "relation F1, documents", 0.45, 0.55),
    "semeval": Bar("semeval2010t8, 5 folds", "macro-F1", 0.80, 0.84),
    "pair_fpr": Bar("re-docred, one sentence", "unrelated pairs answered", 0.08, 0.05, below=True),
    "pair_recall": Bar("re-docred, one sentence", "related pairs answered", 0.60, 0.60),
    "linking": Bar("bc5cdr to MeSH", "linking accuracy", 0.80, 0.88),
    "litbank": Bar("litbank, gold mentions", "CoNLL F1", 0.60, 0.68),
    "gap": Bar("gap", "F1", 0.65, 0.75),
    "uner/zh": Bar("uner/zh", "strict entity F1", 0.70, 0.80),
    "entity_ece": Bar("sets not calibrated on", "entity calibration error", 0.05, 0.03, below=True),
    "relation_ece": Bar("rows not calibrated on", "relation calibration error", 0.05, 0.03, below=True),
    "speed": Bar("build, words/s per core", "ratio to bare encoder", 0.6, 0.8),
    "spacy_f1": Bar("spaCy CNN, least lead", "entity F1", 0.0, 0.0),
    "spacy_speed": Bar("spaCy CNN, least ratio", "words/s", 1.0, 1.0),
    "facts": Bar("judged facts", "precision", 0.75, 0.75),
    "strict_facts": Bar("judged facts, strict", "precision", 0.90, 0.90),
}


def measure_sets(extractor: Extractor, names: Sequence[str]) -> dict[str, EvaluationResult]:
    """`dovetail evaluate extraction` on the development rows of each set."""
    return {name: evaluate_extraction([DATA / name / "dev.jsonl"], extractor=extractor)[0] for name in names}


def measure_half(extractor: Extractor, name: str) -> EvaluationResult:
    """The same on every second row."""
    began = time.monotonic()
    folder = DATA / name
    rows = rows_of(folder / "dev.jsonl")[1::2]
    metrics = metrics_of(rows, load_catalogue(folder / "labels.json", folder / "relations.json"), extractor)
    return result(f"{name}/dev, odd rows", len(rows), metrics, seconds=time.monotonic() - began)


def measure_linking() -> EvaluationResult:
    """BC5CDR's development mentions, looked up among the names that the training rows of both sets with MeSH identifiers use."""
    began = time.monotonic()
    vocabulary = vocabulary_of([row for name in ("bc5cdr", "ncbi-disease") for row in rows_of(DATA / name / "train.jsonl")])
    rows = rows_of(DATA / "bc5cdr" / "dev.jsonl")
    return result("bc5cdr/dev, linking", len(rows), linking_metrics(rows, vocabulary), seconds=time.monotonic() - began)


def figures(results: Mapping[str, EvaluationResult], halves: Sequence[EvaluationResult]) -> dict[str, tuple[float, float]]:
    """Value and seconds of what evaluation measures, by the key of its bar."""
    found: dict[str, tuple[float, float]] = {}
    for key, metric in (
        ("fewrel", "macro_f1"),
        *((name, "entity_f1") for name in ("wnut17", "ncbi-disease", "bc5cdr", "uner/zh")),
        ("re-docred", "relation_f1"),
        ("litbank", "conll_f1"),
        ("gap", "gap_f1"),
    ):
        if key in results and metric in results[key].metrics:
            found[key] = results[key].metrics[metric], results[key].seconds
    for key, own, metric in (
        ("pair_fpr", "re-docred", "pair_fpr"),
        ("pair_recall", "re-docred", "pair_recall"),
    ):
        found[key] = results[own].metrics[metric], results[own].seconds
    found["crossner"] = mean(results[n].metrics["entity_f1"] for n in CROSSNER), sum(results[n].seconds for n in CROSSNER)
    found["entity_ece"] = mean(results[n].metrics["entity_ece"] for n in ECE_SETS), sum(results[n].seconds for n in ECE_SETS)
    found["relation_ece"] = mean(h.metrics["relation_ece"] for h in halves), sum(h.seconds for h in halves)
    return found


def elsewhere(folder: Path) -> dict[str, tuple[float, float | None]]:
    """What other benchmarks left in ``folder``, and the judges in judged/."""
    found: dict[str, tuple[float, float | None]] = {}
    if (left := _left(folder, "semeval_folds")) and len(left["folds"]) > 1:
        found["semeval"] = left["macro_f1"], left["seconds"]
    if left := _left(folder, "spacy_cnn"):
        found["spacy_f1"] = min(race["ours_f1"] - race["spacy_f1"] for race in left), None
        found["spacy_speed"] = min(race["ours_speed"] / race["spacy_speed"] for race in left), None
    if left := _left(folder, "build"):
        found["speed"] = min(row["ratio"] for row in left), sum(row["seconds"] for row in left)
    for key, name in (("facts", "after"), ("strict_facts", "after-strict")):
        if (HERE / "judged" / f"{name}.tsv").exists():
            found[key] = judge_facts.score(HERE / "judged" / f"{name}.tsv").precision, None
    return found


def _left(folder: Path, name: str) -> Any:
    file = folder / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def row_of(bar: Bar, found: tuple[float, float | None] | None) -> Row:
    """A line of the table."""
    if found is None:
        return Row(bar.set, bar.measure, None, bar.bar, bar.ambitious, "not measured", None)
    value, seconds = found
    sign = -1 if bar.below else 1
    levels = (("ambitious", bar.ambitious), ("yes", bar.bar))
    reached = next((name for name, least in levels if sign * value >= sign * least), "no")
    return Row(bar.set, bar.measure, round(value, 4), bar.bar, bar.ambitious, reached, None if seconds is None else round(seconds, 1))


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    print(f"\n{'set':28}{'measure':28}{'value':>8}{'bar':>7}{'ambitious':>11}{'reached':>14}{'seconds':>9}")
    for row in rows:
        value = "-" if row.value is None else f"{row.value:.3f}"
        seconds = "-" if row.seconds is None else f"{row.seconds:,.0f}"
        print(f"{row.set:28}{row.measure:28}{value:>8}{row.bar:7.2f}{row.ambitious:11.2f}{row.reached:>14}{seconds:>9}")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path(str(files("dovetail.data").joinpath("weights/extractor.safetensors"))))
    parser.add_argument("--zero-shot", type=Path, help="weights that have not seen CrossNER")
    parser.add_argument("--json", type=Path, default=HERE.parent / "build" / "bench" / "extraction.json")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"bench_extraction: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    extractor = load_extractor(options.weights)
    chinese = files("dovetail.data").joinpath("weights/zh.safetensors").is_file()
    results = measure_sets(extractor, [name for name in dict.fromkeys((*SETS, *ECE_SETS)) if chinese or name != "uner/zh"])
    halves = [measure_half(extractor, name) for name in ECE_HALVES]
    linked = measure_linking()
    found: dict[str, tuple[float, float | None]] = {**figures(results, halves), **elsewhere(options.json.parent)}
    found["linking"] = linked.metrics["linking_accuracy"], linked.seconds
    unseen: dict[str, EvaluationResult] = {}
    if options.zero_shot:
        unseen = measure_sets(load_extractor(options.zero_shot), CROSSNER)
        found["zero_shot"] = mean(r.metrics["entity_f1"] for r in unseen.values()), sum(r.seconds for r in unseen.values())
    else:
        print("bench_extraction: name weights that have not seen CrossNER with --zero-shot to measure them")
    zero_shot = [result(f"{r.set}, not trained on", r.n, r.metrics, seconds=r.seconds) for r in unseen.values()]
    printed = [*results.values(), *halves, linked, *zero_shot]
    for one in printed:
        metrics = "  ".join(f"{key} {value:.3f}" for key, value in one.metrics.items())
        print(f"{one.set:28}{one.n:7,}{one.seconds:9.1f} s{one.peak_mb:8.0f} MB  {metrics}", flush=True)
    rows = [row_of(bar, found.get(key)) for key, bar in BARS.items()]
    show(rows)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"bars": [asdict(r) for r in rows], "sets": [asdict(r) for r in printed]}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
