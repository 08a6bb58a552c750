"""Every benchmark, one after another: ``make bench``. Each prints a table and leaves its figures in ``build/bench/NAME.json``.

Data that is not part of the product is taken from DOVETAIL_BENCH_DATA (default ../shared/data); what needs it is
skipped where it is absent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE.parent / "build" / "bench"
DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data"))
QUESTIONS = ("xquad", "hotpotqa", "2wiki", "musique")


def evaluate(*arguments: str, name: str) -> None:
    """Run ``dovetail evaluate`` and print its figures, one set to a line."""
    command = [str(Path(sys.executable).with_name("dovetail")), "evaluate", *arguments, "--json"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    (OUT / f"{name}.json").write_text(printed, "utf-8")
    for line in printed.splitlines():
        row = json.loads(line)
        metrics = "  ".join(f"{key} {value:.3f}" for key, value in row["metrics"].items())
        print(f"{row['set']:18}{row['n']:7,}{row['seconds']:9.1f} s{row['peak_mb']:8.0f} MB  {metrics}", flush=True)


def main() -> None:
    """Run them all."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name in ("snapshot", "linking", "rules", "build"):
        subprocess.run([sys.executable, str(HERE / f"bench_{name}.py"), "--json", str(OUT / f"{name}.json")], check=True)
    if not DATA.is_dir():
        print(f"evaluate: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    links = ("bench_links", "bench_links_across", "bench_links_scale")
    for script in (*links, "semeval_folds", "bench_spacy_cnn", "bench_extraction"):  # the last collects figures
        out = OUT / f"{script.removeprefix('bench_')}.json"
        subprocess.run([sys.executable, str(HERE / f"{script}.py"), "--json", str(out)], check=True)
    for corpus in QUESTIONS:
        for extra in ((), ("--no-titles",)):
            evaluate("questions", str(DATA / "questions" / "corpus" / corpus), *extra, name=f"questions-{corpus}{''.join(extra)}")


if __name__ == "__main__":
    main()
