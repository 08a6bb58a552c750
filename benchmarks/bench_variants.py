"""The extractor at full, half and quarter precision: speed, size, and what it costs in quality.

    python benchmarks/bench_variants.py --json variants.json      (--rows 200: of each development set)

fp32    every weight and every product in float32
bf16    both in bfloat16: what is shipped, and used where the processor computes in it
int8    weights kept as int8 rows with a scale each (dovetail.models.quantise), computed with as the processor prefers

Words per CPU second of one core are those of Extractor.read, the encoder pass; MB are the weights on disk. The same rows for all,
the same thresholds. The sets lie in DOVETAIL_BENCH_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from dovetail.models.encoder import packaged_weights, read_weights
from dovetail.models.extraction import Extractor, load_extractor
from dovetail.models.quantise import quantised
from dovetail.nlp.annotated import read_rows, rows_of
from dovetail.nlp.evaluate import evaluate_extraction

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data"))
SETS = ("crossner/science", "wnut17", "bc5cdr", "fewrel", "re-docred")
MEASURES = ("relation_f1", "macro_f1", "entity_f1")
"""The first that a set has is printed; all go to the file."""

ROUNDS = 3


def variants(weights: Path, folder: Path) -> dict[str, tuple[Extractor, Path]]:
    """Each variant and its file of weights."""
    calibration = weights.with_name("calibration.json")
    stored = read_weights(weights)
    files = {name: folder / name / "extractor.safetensors" for name in ("fp32", "int8")}
    for file in files.values():
        file.parent.mkdir()
        if calibration.exists():
            shutil.copy(calibration, file.parent)
    save_file({name: value.float() for name, value in stored.items()}, files["fp32"])
    save_file(quantised(stored), files["int8"])
    half = load_extractor(weights)
    full = load_extractor(files["fp32"], dtype=torch.float32)
    return {"fp32": (full, files["fp32"]), "bf16": (half, weights), "int8": (load_extractor(files["int8"]), files["int8"])}


def shortened(name: str, folder: Path, rows: int) -> Path:
    """The first ``rows`` rows of a development set, with its labels beside them."""
    source, target = DATA / "extraction" / name, folder / name
    target.mkdir(parents=True)
    lines = (source / "dev.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:rows]
    (target / "dev.jsonl").write_text("".join(lines), "utf-8")
    for labels in source.glob("*.json"):
        shutil.copy(labels, target)
    return target / "dev.jsonl"


def words_per_second(extractor: Extractor, texts: list[list[dict[str, object]]]) -> float:
    """The best of ROUNDS, after one that is not counted."""
    best = 0.0
    for turn in range(ROUNDS + 1):
        began = time.process_time()
        for rows in texts:
            read_rows(rows, extractor)
        words = sum(len(str(row["text"]).split()) for rows in texts for row in rows)
        best = max(best, words / (time.process_time() - began)) if turn else 0.0
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=packaged_weights() / "extractor.safetensors")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"bench_variants: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    table = []
    with tempfile.TemporaryDirectory() as folder:
        files = [shortened(name, Path(folder) / "sets", options.rows) for name in SETS]
        texts = [[row] for file in files[:3] for row in rows_of(file)[:40]]
        print(f"{'variant':9}{'words/s':>9}{'MB':>7}  " + "".join(f"{name:>18}" for name in SETS))
        for name, (extractor, weights) in variants(options.weights, Path(folder)).items():
            size = weights.stat().st_size / 2**20
            results = evaluate_extraction(files, extractor=extractor)
            figures = {f"{r.set} {m}": r.metrics[m] for r in results for m in MEASURES if m in r.metrics}
            row = {"what": f"extractor {name}", "words_per_second": round(words_per_second(extractor, texts)), "mb": round(size, 1)}
            table.append({**row, **figures})
            shown = [next(r.metrics[m] for m in MEASURES if m in r.metrics) for r in results]
            print(f"{name:9}{row['words_per_second']:9,}{row['mb']:7}  " + "".join(f"{value:18.4f}" for value in shown), flush=True)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
