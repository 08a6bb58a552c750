"""Choose the extractor's thresholds on development rows: ``python -m dovetail.nlp.calibrate --data DIR``.

The entity threshold and the generic margin give the best mean entity F1 over SETS; the relation threshold is the lowest with a
precision of RELATION_PRECISION on re-docred. The choice is written to ``calibration.json`` beside the weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.resources import files
from itertools import product
from pathlib import Path

from dovetail.models.extraction import Calibration, Extractor, load_extractor
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.evaluate import entity_counts, read_rows, relation_counts, rows_of

SETS = (
    "re-docred",
    "wikigold",
    "wnut17",
    "ncbi-disease",
    "bc5cdr",
    *(f"crossner/{d}" for d in ("ai", "literature", "music", "politics", "science")),
)
THRESHOLDS = (0.3, 0.35, 0.4, 0.45)
"""None lower: what is read into a graph stays there, and a wrong entity costs more than a missed one."""

MARGINS = (0.0, 0.5, 1.0, 1.5)
RELATION_THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
RELATION_PRECISION = 0.6


def calibrate(data: Path, weights: Path) -> Calibration:
    """The best calibration of ``weights`` on the development rows under ``data``."""
    extractor = load_extractor(weights)
    choices = [Calibration(entity_threshold=t, generic_margin=m) for t, m in product(THRESHOLDS, MARGINS)]
    sums = dict.fromkeys(choices, 0.0)
    for name in SETS:
        rows = rows_of(data / name / "dev.jsonl")
        read = read_rows(rows, extractor)
        entities = load_catalogue(data / name / "labels.json").entities
        labels = extractor.labels([(e.name, e.description) for e in entities])
        for choice in choices:
            extractor.calibration = choice
            sums[choice] += entity_counts(rows, read, extractor, labels, [e.key for e in entities]).f1 / len(SETS)
    best = max(choices, key=lambda choice: (round(sums[choice], 4), -choices.index(choice)))
    print(f"entity threshold {best.entity_threshold}, generic margin {best.generic_margin}: mean F1 {sums[best]:.3f}")
    return replace(best, relation_threshold=_relation_threshold(data / "re-docred", extractor))


def _relation_threshold(folder: Path, extractor: Extractor) -> float:
    rows = rows_of(folder / "dev.jsonl")
    read = read_rows(rows, extractor)
    relations = load_catalogue(folder / "labels.json", folder / "relations.json").relations
    labels = extractor.labels([(r.name, r.description) for r in relations])
    for threshold in RELATION_THRESHOLDS:
        extractor.calibration = replace(extractor.calibration, relation_threshold=threshold)
        counts = relation_counts(rows, read, extractor, labels, [r.key for r in relations])
        print(f"relation threshold {threshold}: precision {counts.precision:.3f}, F1 {counts.f1:.3f}")
        if counts.precision >= RELATION_PRECISION:
            return threshold
    return RELATION_THRESHOLDS[-1]


def main() -> None:
    """The command line."""
    packaged = Path(str(files("dovetail.data").joinpath("weights/extractor.safetensors")))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the annotated sets")
    parser.add_argument("--weights", type=Path, default=packaged)
    arguments = parser.parse_args()
    chosen: Mapping[str, float] = asdict(calibrate(arguments.data, arguments.weights))
    arguments.weights.with_name("calibration.json").write_text(json.dumps(chosen, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
