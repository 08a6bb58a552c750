"""How fast documents become a graph, and how that compares with the bare text encoder on the same text.

    python benchmarks/bench_build.py --json build.json        (--quick: a few documents, and no build)

Words per second of one core, in one process: the whole pipeline (documents to statements and passages, everything but writing them) and
the bare encoder over the same windows and titles, bfloat16 where the processor has it, in batches of 32 of similar length, padded, by
its own code. The two take turns over the same documents, which the pipeline has not seen before; CPU seconds; the ratio is the median
of the rounds'.
Then ``dovetail build`` into an empty graph, in processes of its own: seconds, facts, and the memory of the largest process. Words are those
the build counts. The corpora lie in DOVETAIL_BENCH_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
from spacy.language import Language
from torch import nn

from dovetail.kg.statement import Document
from dovetail.models.windows import Window, tokenize
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.extract import extract
from dovetail.nlp.mentions import shared_catalogue, shared_extractor
from dovetail.nlp.pipeline import load_pipeline
from dovetail.nlp.sentences import split_sentences, windows_of

CORPORA = ("xquad", "hotpotqa", "2wiki")
DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data"))
ROUNDS = 5
BATCH = 32


def documents_of(corpus: Path) -> list[Document]:
    """The documents of a corpus file, as ``dovetail build`` reads them."""
    rows = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    return [Document(id=str(row["id"]), source=corpus.name, title=row["title"], text=row["text"]) for row in rows]


def windows_read(documents: Sequence[Document], nlp: Language) -> list[tuple[int, ...]]:
    """Token ids of everything that the pipeline gives its encoder."""
    windows: list[Window] = []
    for document in documents:
        windows += [window for _, window in windows_of(split_sentences(nlp.make_doc(document.text)))]
        windows += [Window.of(document.title)] if document.title else []
    return [window.ids for window in tokenize(windows, shared_extractor().text.tokenizer)]


def batches(windows: Sequence[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
    """At most BATCH windows at a time; a title is not filled up to the length of a text."""
    rows: list[tuple[int, ...]] = []
    for window in windows:
        if rows and (len(rows) == BATCH or len(window) > 2 * len(rows[0]) + 8):
            yield rows
            rows = []
        rows.append(window)
    if rows:
        yield rows


@torch.inference_mode()
def encode(model: nn.Module, windows: Sequence[tuple[int, ...]]) -> None:
    """The bare encoder over padded batches of windows of similar length."""
    for rows in batches(sorted(windows, key=len)):
        ids = torch.zeros((len(rows), len(rows[-1])), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, window in enumerate(rows):
            ids[row, : len(window)] = torch.tensor(window)
            mask[row, : len(window)] = 1
        model(input_ids=ids, attention_mask=mask)


def read(documents: Sequence[Document], nlp: Language, catalogue: Catalogue, counted: list[int]) -> None:
    """The whole pipeline; ``counted`` receives the words of each document."""
    counted += [extract(document, nlp, catalogue, extractor="bench", fingerprint="").words for document in documents]


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def compare(documents: Sequence[Document], nlp: Language, catalogue: Catalogue) -> dict[str, object]:
    """The pipeline and the bare encoder over ``documents``, in ROUNDS turns after one that is not counted."""
    model = shared_extractor().text.model
    size = len(documents) // (ROUNDS + 1)
    words = 0
    pipeline: list[float] = []
    bare: list[float] = []
    for turn in range(ROUNDS + 1):
        some = documents[turn * size : (turn + 1) * size]
        counted: list[int] = []
        pipeline.append(cpu_seconds(partial(read, some, nlp, catalogue, counted)))
        windows = windows_read(some, nlp)
        encode(model, windows)  # code for the shapes of its batches is compiled outside the time; the pipeline's is within
        bare.append(cpu_seconds(partial(encode, model, windows)))
        words += sum(counted) if turn else 0
    ratios = [b / p for b, p in zip(bare[1:], pipeline[1:], strict=True)]
    return {
        "core_words_per_second": round(words / sum(pipeline[1:])),
        "bare_words_per_second": round(words / sum(bare[1:])),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(r, 3) for r in ratios],
    }


def build(corpus: Path, processes: int) -> dict[str, object]:
    """``dovetail build`` of one corpus."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(sys.executable).with_name("dovetail"))
        command = [program, "build", str(corpus), "--graph", f"{folder}/graph", "--workers", str(processes), "--json"]
        with open(f"{folder}/report", "w+", encoding="utf-8") as output:
            child = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            if status:
                raise RuntimeError(f"dovetail build ended with status {os.waitstatus_to_exitcode(status)}")
            output.seek(0)
            report = json.load(output)
    return {
        "documents": report["read"],
        "words": report["words"],
        "statements": report["statements"],
        "statements_per_document": round(report["statements"] / report["read"], 1),
        "seconds": round(report["seconds"], 1),
        "words_per_second": round(report["words"] / report["seconds"]),
        "processes": processes,
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=list(CORPORA))
    parser.add_argument("--documents", type=int, default=600, help="documents of each corpus in the comparison with the encoder")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="240 documents of 2wiki, and no build")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"bench_build: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    nlp, catalogue = load_pipeline(), shared_catalogue()
    rows = []
    print(f"{'what':16}{'words/s/core':>14}{'bare':>8}{'ratio':>7}", end="")
    print("" if options.quick else f"{'documents':>11}{'words':>10}{'facts':>9}{'/doc':>6}{'seconds':>9}{'peak MB':>9}")
    for name in ("2wiki",) if options.quick else options.corpora:
        corpus = DATA / "questions" / "corpus" / name / "corpus.jsonl"
        count = 240 if options.quick else options.documents
        row = {"what": f"build {name}"} | compare(documents_of(corpus)[:count], nlp, catalogue)
        line = f"{row['what']:16}{row['core_words_per_second']:14,}{row['bare_words_per_second']:8,}{row['ratio']:7}"
        if not options.quick:
            row |= build(corpus, options.processes)
            line += f"{row['documents']:11,}{row['words']:10,}{row['statements']:9,}{row['statements_per_document']:6}"
            line += f"{row['seconds']:9}{row['peak_mb']:9,}"
        print(line, flush=True)
        rows.append(row)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
