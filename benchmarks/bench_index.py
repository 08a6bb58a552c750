"""How the passage index grows: time and memory for each thousand passages, and what a change costs.

    python benchmarks/bench_index.py --json index.json

The first 3,000, 5,000 and 7,000 documents of 2Wiki, a passage each, each size in a process of its own: seconds of this process to
index their words and to make the structure of names, memory beyond what is there before (peak), and bytes on disk. Then 100 documents
more are put in and taken out again, and the structure brought up to date; then 40 questions are retrieved for. Vectors are
random: what encoding takes does not depend on how much is indexed. The corpus lies in DOVETAIL_BENCH_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from dovetail.kg.passages import NewPassage, PassageIndex
from dovetail.kg.statement import Document
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.corpus import read_corpus, read_questions
from dovetail.reasoning.questions.passages.retrieval import Retriever, structure_of

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "questions" / "corpus" / "2wiki"
SIZES = (3000, 5000, 7000)
CHANGED = 100
QUESTIONS = 40
DIM = 384
Figures = dict[str, float]


def put(passages: PassageIndex, documents: Sequence[Document]) -> None:
    """Index documents, each as one passage with a random vector."""
    vectors = np.random.default_rng(7).normal(size=(len(documents), DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for document, vector in zip(documents, vectors, strict=True):
        passages.put(document.id, [NewPassage(document.title, 0, len(document.text), document.text, vector)])
    passages.commit()


def peak_mb() -> float:
    """The most memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds(work: Callable[[], object]) -> float:
    """The processor time that ``work`` takes here."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(size: int, folder: Path) -> Figures:
    """The figures of one size."""
    documents = read_corpus(DATA)[:size]
    kept, changed = documents[:-CHANGED], documents[-CHANGED:]
    questions = [one.question for one in read_questions(DATA / "questions.jsonl")[: 2 * QUESTIONS : 2]]
    with KnowledgeGraph.open(folder, create=True) as graph, PassageIndex(folder / "passages" / "passages.db") as passages:
        before = peak_mb()
        indexed = seconds(lambda: put(passages, documents))
        structured = seconds(lambda: structure_of(graph, passages))
        retriever = Retriever(graph, passages, None)
        passages.vectors()
        memory = peak_mb() - before
        asked = [seconds(partial(retriever.retrieve, question)) for question in questions]

        def forget_changed() -> None:
            passages.remove(one.id for one in changed)
            passages.commit()
            structure_of(graph, passages)

        def put_changed() -> None:
            put(passages, changed)
            structure_of(graph, passages)

        forget, added = seconds(forget_changed), seconds(put_changed)
        assert len(passages) == len(kept) + len(changed)
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.parent.name in ("passages", "snapshot"))
    return {
        "passages": size,
        "index s / 1,000": 1000 * indexed / size,
        "structure s / 1,000": 1000 * structured / size,
        "memory MB / 1,000": 1000 * memory / size,
        "disk MB / 1,000": 1000 * disk / size / 1e6,
        f"forget {CHANGED} s": forget,
        f"put {CHANGED} s": added,
        "question ms": 1000 * statistics.median(asked),
    }


def main() -> None:
    """All sizes, and the ratio of the last to the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the table here")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.size:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(options.size, Path(folder) / "graph")))
        return
    rows: list[Figures] = []
    for size in SIZES:
        command = [sys.executable, __file__, "--size", str(size)]
        rows.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
    for name in rows[0]:
        print(f"{name:22}" + "".join(f"{row[name]:12.3f}" for row in rows) + f"{rows[-1][name] / rows[0][name]:10.2f}x")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
