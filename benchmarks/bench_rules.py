"""How fast rules run here, beside other engines on the same facts.

    pip install ".[bench]"
    python benchmarks/bench_rules.py --json rules.json

Every engine runs in a process of its own (`rule_engines.py`); a figure is the median of some runs. Seconds are of the
processor: ``load`` is from the file to facts that rules can use, ``reason`` what the rules take. Where engines have rules of
their own the last column compares time per inferred triple, where they run the same rules it compares time.
An engine that is not installed is left out, with a line that says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import rule_workloads

HERE = Path(__file__).parent
PEERS = {"nemo": "nmo_python", "clingo": "clingo", "owlrl": "owlrl", "reasonable": "reasonable"}
"""The other engines, and the module of each."""

RACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lubm-100k", ("dovetail-owl-rl", "owlrl", "reasonable")),
    ("lubm-1m", ("dovetail-owl-rl",)),
    ("lubm-1m", ("dovetail", "nemo")),
    ("closure", ("dovetail", "nemo", "clingo")),
    ("generation", ("dovetail", "nemo", "clingo")),
    ("join", ("dovetail", "nemo", "clingo")),
    ("chain", ("dovetail", "clingo")),  # Nemo takes minutes for it
)
"""What is run by which engines; the first is compared with the others."""

LARGE = (("lubm-5m", ("dovetail-owl-rl",)), ("lubm-5m", ("dovetail",)))
UPKEEP = ("from file to saturated graph", "insert and delete", "explain", "confidence", "small graph")
OWN_RULES = ("owlrl", "reasonable")
SLOW = ("owlrl",)
"""Engines of which one run is enough."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one engine took for one workload; ``ours`` is how many times faster this package is, of ``per_triple`` for each inferred one."""

    what: str
    engine: str
    rules: int
    inferred: int
    load: float
    reason: float
    peak_mb: int
    ours: float | None
    per_triple: bool


def run(python: str, engine: str, folder: Path, seconds: float) -> dict[str, float] | None:
    """The figures of one run, or None where it took longer than allowed."""
    command = [python, str(HERE / "rule_engines.py"), engine, str(folder)]
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def race(what: str, runners: Mapping[str, str], *, runs: int, limit: float) -> list[Row]:
    """The rows of a workload, for each engine and the Python that has it; engines take turns, since machines have moods."""
    found: dict[str, list[dict[str, float] | None]] = {engine: [] for engine in runners}
    with tempfile.TemporaryDirectory() as folder:
        rules = rule_workloads.write(what, Path(folder))
        for turn in range(runs):
            for engine, python in runners.items():
                if turn == 0 or (engine not in SLOW and None not in found[engine]):
                    found[engine].append(run(python, engine, Path(folder), limit))
    rows: list[Row] = []
    ours: Row | None = None
    for engine, taken in found.items():
        figures = [one for one in taken if one is not None]
        if len(figures) < len(taken):
            print(f"bench_rules: {engine} took more than {limit:.0f} s for {what}", file=sys.stderr)
            continue
        middle = {name: median(one[name] for one in figures) for name in figures[0]}
        row = Row(
            what,
            engine,
            rules=int(middle.get("rules", rules)),
            inferred=int(middle["inferred"]),
            load=round(middle["load"], 3),
            reason=round(middle["reason"], 3),
            peak_mb=round(middle["peak_mb"]),
            ours=_faster(ours, middle, per_triple=engine in OWN_RULES) if ours else None,
            per_triple=engine in OWN_RULES,
        )
        rows.append(row)
        if engine not in PEERS:
            ours = row
        elif ours and row.inferred != ours.inferred and engine not in OWN_RULES:
            print(f"bench_rules: {engine} infers other triples from {what} than {ours.engine}", file=sys.stderr)
    return rows


def _faster(ours: Row, theirs: Mapping[str, float], *, per_triple: bool) -> float:
    ratio = theirs["reason"] / max(ours.reason, 0.001)
    return round(ratio * ours.inferred / theirs["inferred"] if per_triple else ratio, 1)


def is_there(python: str, engine: str) -> bool:
    """Whether this Python has the engine; prints a line where it has not."""
    found = subprocess.run([python, "-c", f"import {PEERS[engine]}"], stderr=subprocess.DEVNULL).returncode == 0
    if not found:
        print(f"bench_rules: {engine} is left out, since {python} does not have it: pip install '.[bench]'")
    return found


def upkeep(parts: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of `rule_upkeep.py`, each part in a process of its own."""
    rows: list[dict[str, Any]] = []
    for part in parts:
        done = subprocess.run([sys.executable, str(HERE / "rule_upkeep.py"), part], check=True, stdout=subprocess.PIPE, text=True)
        rows += json.loads(done.stdout)
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="run the other engines too")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has them")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600, help="seconds that one run may take")
    parser.add_argument("--large", action="store_true", help="the university graph of five million triples, too")
    parser.add_argument("--only", nargs="+", choices=[*rule_workloads.WORKLOADS, *UPKEEP])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    there = [engine for engine in PEERS if options.peers and is_there(options.python, engine)]
    print(f"{'what':12}{'engine':17}{'rules':>7}{'inferred':>11}{'load s':>9}{'reason s':>10}{'peak MB':>9}  dovetail is")
    rows: list[Row] = []
    for what, engines in (*RACES, *(LARGE if options.large else ())):
        if options.only and what not in options.only:
            continue
        runners = {name: options.python if name in PEERS else sys.executable for name in engines if name in there or name not in PEERS}
        for row in race(what, runners, runs=options.runs, limit=options.limit):
            note = "" if row.ours is None else f"{row.ours:,} x as fast{' per inferred triple' if row.per_triple else ''}"
            print(f"{what:12}{row.engine:17}{row.rules:7}{row.inferred:11,}{row.load:9}{row.reason:10}{row.peak_mb:9,}  {note}", flush=True)
            rows.append(row)
    kept = upkeep([part for part in UPKEEP if not options.only or part in options.only])
    if kept:
        print(f"\n{'what':48}{'size':>12}{'wall ms':>11}{'cpu ms':>11}{'peak MB':>9}")
    for figures in kept:
        print("{what:48}{size:12,}{wall_ms:11,.2f}{cpu_ms:11,.2f}{peak_mb:9,}".format(**figures))
    if options.json:
        options.json.write_text(json.dumps({"engines": [asdict(row) for row in rows], "upkeep": kept}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
