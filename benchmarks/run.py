"""Every benchmark, one after another: ``make bench``. Each prints a table and leaves its figures in ``build/bench/NAME.json``.

Data that is not part of the product is taken from DOVETAIL_BENCH_DATA (default ../shared/data); what needs it is
skipped where it is absent.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE.parent / "build" / "bench"
DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data"))


def main() -> None:
    """Run them all."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name in ("snapshot", "linking", "rules", "build", "questions"):
        subprocess.run([sys.executable, str(HERE / f"bench_{name}.py"), "--json", str(OUT / f"{name}.json")], check=True)
    if not DATA.is_dir():
        print(f"evaluate: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    links = ("bench_links", "bench_links_across", "bench_links_scale")
    for script in ("bench_index", *links, "semeval_folds", "bench_spacy_cnn", "bench_extraction"):  # the last collects figures
        out = OUT / f"{script.removeprefix('bench_')}.json"
        subprocess.run([sys.executable, str(HERE / f"{script}.py"), "--json", str(out)], check=True)


if __name__ == "__main__":
    main()
