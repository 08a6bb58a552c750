"""A benchmark in parts, each in a process of its own, so that its peak memory is its own: one table, and JSON."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

Part: TypeAlias = Callable[[Path, int], int]
"""What is measured, with a folder that outlives it and the size asked for; returns the size of what it did."""


def run_parts(script: str, parts: Mapping[str, Part], *, about: str | None, size: str, default: int) -> None:
    """The command line of ``script``: all parts in their order, of ``--SIZE`` things each."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(f"--{size}", dest="size", type=int, default=default)
    parser.add_argument("--json", type=Path, help="write the table here")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_run(options.part, parts[options.part], options.folder, options.size)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in parts:
            command = [sys.executable, script, "--part", name, "--folder", f"{folder}/made", f"--{size}", str(options.size)]
            rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    print(f"{'what':28}{'size':>12}{'seconds':>10}{'cpu':>10}{'peak MB':>9}")
    for row in rows:
        print(f"{row['what']:28}{row['size']:12,}{row['seconds']:10}{row['cpu_seconds']:10}{row['peak_mb']:9}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def _run(name: str, part: Part, folder: Path, size: int) -> dict[str, object]:
    """Run a part here and say what it took."""
    wall, processor = time.perf_counter(), time.process_time()
    done = part(folder, size)
    return {
        "what": name,
        "size": done,
        "seconds": round(time.perf_counter() - wall, 3),
        "cpu_seconds": round(time.process_time() - processor, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
