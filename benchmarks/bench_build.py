"""How fast documents become a graph, and how that compares with the bare text encoder on the same text.

    python benchmarks/bench_build.py --json build.json

For each corpus: ``dovetail build`` into an empty graph, in a process of its own, and in the same run the bare encoder (bfloat16 where the
processor has it, batches of 32 passages of similar length), with as many processes as the build uses. Words are those the build counts.
Memory is the largest process's.
The corpora lie in DOVETAIL_BENCH_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

CORPORA = ("xquad", "hotpotqa", "2wiki")
DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data"))


def encode(texts: list[str], ready: Barrier) -> None:
    """Encode ``texts`` once everybody is ready; the time between the two barriers is the encoder's."""
    import torch

    from dovetail.models import load_encoder

    torch.set_num_threads(1)
    encoder = load_encoder()
    encoder.encode(texts[:64])
    ready.wait()
    encoder.encode(texts)
    ready.wait()


def bare_seconds(texts: list[str], processes: int) -> float:
    """Wall-clock seconds that ``processes`` encoders take for ``texts``, their loading left out."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes + 1)
    workers = [context.Process(target=encode, args=(texts[i::processes], ready)) for i in range(processes)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    ready.wait()
    seconds = time.perf_counter() - began
    for worker in workers:
        worker.join()
    return seconds


def measure(name: str, processes: int) -> dict[str, object]:
    """Build one corpus and encode it."""
    corpus = DATA / "questions" / "corpus" / name / "corpus.jsonl"
    texts = [json.loads(line)["text"] for line in corpus.read_text(encoding="utf-8").splitlines()]
    half = bare_seconds(texts, processes)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(Path(sys.executable).with_name("dovetail")),
            "build",
            str(corpus),
            "--graph",
            f"{folder}/graph",
            "--workers",
            str(processes),
            "--json",
        ]
        with open(f"{folder}/report", "w+", encoding="utf-8") as output:
            child = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            if status:
                raise RuntimeError(f"dovetail build ended with status {os.waitstatus_to_exitcode(status)}")
            output.seek(0)
            report = json.load(output)
    bare = (half + bare_seconds(texts, processes)) / 2
    rate, bare_rate = report["words"] / report["seconds"], report["words"] / bare
    return {
        "what": f"build {name}",
        "documents": report["read"],
        "words": report["words"],
        "statements": report["statements"],
        "statements_per_document": round(report["statements"] / report["read"], 1),
        "seconds": round(report["seconds"], 1),
        "words_per_second": round(rate),
        "bare_words_per_second": round(bare_rate),
        "ratio": round(rate / bare_rate, 3),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=list(CORPORA))
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"bench_build: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    rows = [measure(name, options.processes) for name in options.corpora]
    print(
        f"{'what':16}{'documents':>10}{'words':>10}{'facts':>9}{'/doc':>6}{'seconds':>9}{'words/s':>9}{'bare':>8}{'ratio':>7}{'peak MB':>9}"
    )
    for row in rows:
        print(
            f"{row['what']:16}{row['documents']:10,}{row['words']:10,}{row['statements']:9,}{row['statements_per_document']:6}{row['seconds']:9}"
            f"{row['words_per_second']:9,}{row['bare_words_per_second']:8,}{row['ratio']:7}{row['peak_mb']:9,}"
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
