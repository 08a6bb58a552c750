"""How well missing links are found on graphs that nothing was trained on, by each expert and by all together.

    python benchmarks/bench_links.py --json build/bench/links.json      (--models network fused: only these)

MRR and Hits@10 on the graphs under DOVETAIL_BENCH_DATA (default ../shared/data), means of groups, and questions per processor second of one
thread, everything counted but reading files, making vectors of names and mining rules.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from statistics import mean

import torch

from dovetail.reasoning.links.protocol import Answers, measures, ranks
from dovetail.reasoning.links.reasoner import EXPERTS, FUSED, known_of, predictor
from dovetail.reasoning.links.tasks import read_task
from dovetail.reasoning.links.view import LinkView

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "links" / "inductive"
GROUPS = ("grail-fb237", "grail-wn18rr", "ingram-nl", "")
"""Beginnings of names; the last is of all."""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="*", default=[*EXPERTS, FUSED])
    parser.add_argument("--weights", type=Path, help="folder of both weights, instead of the packaged ones")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"bench_links: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    rows: list[dict[str, object]] = []
    found: dict[tuple[str, str], dict[str, float]] = {}
    print(f"{'graph':18}{'model':10}{'questions':>10}{'mrr':>8}{'hits@10':>9}{'questions/s':>13}", flush=True)
    for folder in sorted(DATA.iterdir()):
        task = read_task(folder)
        known = known_of(LinkView.made_of(task.graph), task.entity_texts, task.relation_texts, weights=options.weights)
        answers = Answers(task.known, relations=len(task.relations))
        for model in options.models:
            asked = predictor(model, known)
            began = time.process_time()
            got = ranks(asked, task.targets, answers)
            speed = len(got) / (time.process_time() - began)
            found[folder.name, model] = dict(measures(got))
            rows.append({"graph": folder.name, "model": model, "n": len(got), **found[folder.name, model], "per_second": round(speed)})
            shown = found[folder.name, model]
            print(f"{folder.name:18}{model:10}{len(got):10,}{shown['mrr']:8.3f}{shown['hits@10']:9.3f}{speed:13,.0f}", flush=True)
    for group in GROUPS:
        for model in options.models:
            some = [value for (name, which), value in found.items() if which == model and name.startswith(group)]
            means = {key: mean(value[key] for value in some) for key in some[0]}
            rows.append({"graph": f"{group or 'all'}, mean", "model": model, **means})
            print(f"{group or 'all':18}{model:10}{'mean':>10}{means['mrr']:8.3f}{means['hits@10']:9.3f}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
