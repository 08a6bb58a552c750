"""What `dovetail fit` gains from 20 to 200 annotated sentences: ``python benchmarks/bench_fit.py [--weights FILE] [SET...]``.

The first training rows of a set are the examples; its development rows, which fitting never sees, are the judge. ``expected`` is what
fitting itself reports, by cross-validation. Weights that have seen the set gain less: name weights that have not.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import torch

from dovetail.models.adapter import AdaptedExtractor
from dovetail.models.extraction import Extractor, load_extractor
from dovetail.nlp.adapt.examples import Example, read_examples
from dovetail.nlp.adapt.fit import fit
from dovetail.nlp.adapt.reading import ReadTexts, read_texts
from dovetail.nlp.catalogue import Catalogue, load_catalogue
from dovetail.nlp.mentions import shared_extractor

SETS = tuple(f"crossner/{domain}" for domain in ("ai", "literature", "music", "politics", "science"))
SIZES = (20, 50, 100, 200)


def entity_f1(rows: tuple[Example, ...], texts: ReadTexts, extractor: Extractor, catalogue: Catalogue) -> float:
    """Strict micro F1 of an extractor, as `dovetail evaluate extraction` counts it."""
    labels = extractor.labels([(e.name, e.description) for e in catalogue.entities])
    found: list[set[tuple[int, int, str]]] = [set() for _ in rows]
    for window, spans in enumerate(extractor.entities(texts.read, labels)):
        offset = texts.offset[window]
        found[texts.owner[window]] |= {(offset + s.start, offset + s.end, catalogue.entities[s.label].key) for s in spans}
    true = sum(len(f & set(row.entities)) for f, row in zip(found, rows, strict=True))
    return 2 * true / (sum(map(len, found)) + sum(len(row.entities) for row in rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="numbers of examples")
    parser.add_argument("--complete", action="store_true", help="every label was looked for in the examples")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "extraction"
    extractor = load_extractor(arguments.weights) if arguments.weights else shared_extractor()
    print("| set | examples | F1 before | after | expected by fit: before | after | step | relations before | after | processor seconds |")
    print("|-|-|-|-|-|-|-|-|-|-|")
    for name in arguments.sets:
        relations = data / name / "relations.json"
        catalogue = load_catalogue(data / name / "labels.json", relations if relations.exists() else None)
        train, development = (read_examples(data / name / f"{part}.jsonl").rows for part in ("train", "dev"))
        texts = read_texts([row.text for row in development], extractor, sentences=[row.sentences for row in development])
        before = entity_f1(development, texts, extractor, catalogue)
        for size in (s for s in arguments.sizes if s <= len(train) * 1.1):
            began = time.process_time()
            adapter, report = fit(train[:size], extractor, catalogue, complete=arguments.complete)
            seconds = time.process_time() - began
            after = entity_f1(development, texts, AdaptedExtractor(extractor, adapter), catalogue) if adapter else before
            mine, pairs = report.entities, report.relations
            print(
                f"| {name} | {min(size, len(train))} | {before:.3f} | {after:.3f} | "
                + (f"{mine.before:.3f} | {mine.after:.3f} | {mine.step} | " if mine else "- | - | - | ")
                + (f"{pairs.before:.3f} | {pairs.after:.3f} | " if pairs else "- | - | ")
                + f"{seconds:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
