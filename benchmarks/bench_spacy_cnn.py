"""spaCy's own named-entity model beside ours, trained on the same rows and run on the same development rows, in one run.

    python benchmarks/bench_spacy_cnn.py --json spacy.json

The peer is what ``spacy train`` makes of ``spacy init config --pipeline ner --optimize efficiency``: a convolutional network over hashed
word features, its batches, rates and best checkpoint on the development rows (which favours it), for --steps steps (1,800 take about
a hundred seconds on one core; 20,000 is spaCy's own limit). Ours is the general model, asked for the set's labels. Both get raw text and
give characters; F1 is strict, micro. Words are spaCy's tokens, seconds those of the processor, one thread, the tokenizer's included.
The sets lie in DOVETAIL_BENCH_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import spacy
import torch
from spacy.cli.init_config import init_config
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import filter_spans

from dovetail.models.extraction import Extractor
from dovetail.nlp.annotated import Row, read_rows, rows_of
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.evaluate import entity_counts
from dovetail.nlp.measures import Counts
from dovetail.nlp.mentions import shared_extractor
from dovetail.nlp.predictions import Asked, found_entities

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "extraction"
SETS = ("wnut17", "ncbi-disease", "bc5cdr")


@dataclass(frozen=True, slots=True)
class Race:
    """Figures of both on one set; speeds in words per second of one core."""

    set: str
    words: int
    training_seconds: float
    spacy_f1: float
    ours_f1: float
    spacy_speed: float
    ours_speed: float


def docs_of(rows: Sequence[Row], nlp: Language) -> list[Doc]:
    """Rows as spaCy's training data: of mentions that overlap the longest; those within a token are widened to it."""
    docs = []
    for row in rows:
        doc = nlp.make_doc(row["text"])
        spans = [doc.char_span(e["start"], e["end"], label=e["label"], alignment_mode="expand") for e in row["entities"]]
        doc.ents = filter_spans([s for s in spans if s is not None])
        docs.append(doc)
    return docs


def train_peer(rows: Sequence[Row], dev: Sequence[Row], *, steps: int) -> Language:
    """The best of spaCy's checkpoints."""
    blank = spacy.blank("en")
    config = init_config(lang="en", pipeline=["ner"], optimize="efficiency", gpu=False)
    with TemporaryDirectory() as folder:
        for name, part in (("train", rows), ("dev", dev)):
            DocBin(docs=docs_of(part, blank)).to_disk(f"{folder}/{name}.spacy")
            config["paths"][name] = f"{folder}/{name}.spacy"
        config["training"] |= {"max_steps": steps, "eval_frequency": max(steps // 3, 1)}
        silent = io.StringIO()
        out = Path(folder) / "out"
        out.mkdir()
        _, best = train(init_nlp(config), out, stdout=silent, stderr=silent)
        assert best is not None
        return spacy.load(best)


def run_peer(nlp: Language, rows: Sequence[Row]) -> tuple[float, float]:
    """F1 and processor seconds of spaCy's pipeline over the rows, after a first few that warm it up."""
    texts = [row["text"] for row in rows]
    list(nlp.pipe(texts[:10]))
    began = time.process_time()
    docs = list(nlp.pipe(texts))
    seconds = time.process_time() - began
    found = [{(e.start_char, e.end_char, e.label_) for e in doc.ents} for doc in docs]
    gold = [{(e["start"], e["end"], e["label"]) for e in row["entities"]} for row in rows]
    true = sum(len(f & g) for f, g in zip(found, gold, strict=True))
    return Counts(true, sum(map(len, found)), sum(map(len, gold))).f1, seconds


def run_ours(extractor: Extractor, rows: Sequence[Row], folder: Path) -> tuple[float, float]:
    """The same of the extractor, with the labels of a set: words, sentences, windows, the encoder pass and the heads."""
    asked = Asked.of(extractor, load_catalogue(folder / "labels.json").entities)
    found_entities(rows[:10], read_rows(rows[:10], extractor), extractor, asked)
    began = time.process_time()
    found = found_entities(rows, read_rows(rows, extractor), extractor, asked)
    return entity_counts(rows, found).f1, time.process_time() - began


def race(name: str, extractor: Extractor, *, steps: int) -> Race:
    """Train the peer on a set, and run both."""
    rows, dev = rows_of(DATA / name / "train.jsonl"), rows_of(DATA / name / "dev.jsonl")
    began = time.process_time()
    peer = train_peer(rows, dev, steps=steps)
    trained = time.process_time() - began
    words = sum(sum(not t.is_space for t in doc) for doc in map(peer.make_doc, (row["text"] for row in dev)))
    theirs_f1, theirs = run_peer(peer, dev)
    our_f1, our = run_ours(extractor, dev, DATA / name)
    return Race(name, words, round(trained, 1), round(theirs_f1, 4), round(our_f1, 4), round(words / theirs), round(words / our))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"bench_spacy_cnn: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    extractor = shared_extractor()
    print(f"{'set':16}{'words':>9}{'train s':>9}{'spaCy F1':>10}{'F1':>8}{'spaCy words/s':>15}{'words/s':>9}")
    races = []
    for name in options.sets:
        done = race(name, extractor, steps=options.steps)
        print(
            f"{done.set:16}{done.words:9,}{done.training_seconds:9.0f}{done.spacy_f1:10.3f}{done.ours_f1:8.3f}"
            f"{done.spacy_speed:15,.0f}{done.ours_speed:9,.0f}",
            flush=True,
        )
        races.append(asdict(done))
    if options.json:
        options.json.write_text(json.dumps(races, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
