"""How well missing links are found on graphs that nothing was trained on, by each expert and by all together.

    python benchmarks/bench_links.py --json build/bench/links.json      (--models network fused: only these)

MRR, Hits@10 and calibration error on the graphs under DOVETAIL_BENCH_DATA (default ../shared/data), means of groups, and questions per
processor second of one thread, everything counted but reading files, vectors of names, mining rules and calibrating. ``network`` was
trained without any triple of these graphs, ``standard-17`` and so on with those that the public training graphs hold.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean

import torch

from dovetail.models.encoder import packaged_weights
from dovetail.reasoning.links.calibration import error_of
from dovetail.reasoning.links.evaluate import calibrated, examined
from dovetail.reasoning.links.experts.registry import EXPERTS
from dovetail.reasoning.links.network import load_network
from dovetail.reasoning.links.protocol import Answers, measures
from dovetail.reasoning.links.reasoner import FUSED, known_of
from dovetail.reasoning.links.tasks import read_task
from dovetail.reasoning.links.view import LinkView

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "links" / "inductive"
OTHERS = {f"standard-{seed}": f"links-standard-{seed}.safetensors" for seed in (17, 18)}
"""Trainings of the network with the standard diet, and their files."""
GROUPS = ("grail-fb237", "grail-wn18rr", "ingram-nl", "")
"""Beginnings of names; the last is of all."""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="*", default=[*EXPERTS, *OTHERS, FUSED])
    parser.add_argument("--weights", type=Path, help="folder of all weights, instead of the packaged ones")
    parser.add_argument("--vectors", type=Path, help="folder where vectors of names are kept for the next time")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"bench_links: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    folder_of_weights = options.weights or packaged_weights()
    rows: list[dict[str, object]] = []
    found: dict[tuple[str, str], dict[str, float]] = {}
    print(f"{'graph':18}{'model':16}{'questions':>10}{'mrr':>8}{'hits@10':>9}{'ece':>7}{'questions/s':>13}", flush=True)
    for folder in sorted(DATA.iterdir()):
        task = read_task(folder)
        kept = options.vectors / f"{folder.name}.npz" if options.vectors else None
        known = known_of(LinkView.made_of(task.graph), task.entity_texts, task.relation_texts, weights=options.weights, kept=kept)
        answers = Answers(task.known, relations=len(task.relations))
        for model in options.models:
            weights = folder_of_weights / OTHERS.get(model, "links.safetensors")
            asked, curve = calibrated(
                "network" if model in OTHERS else model, replace(known, network=load_network(weights)), weights=options.weights
            )
            began = time.process_time()
            ranks, candidates = examined(asked, task.targets, answers)
            speed = len(ranks) / (time.process_time() - began)
            shown = found[folder.name, model] = {**measures(ranks), "ece": error_of(curve, candidates)}
            rows.append({"graph": folder.name, "model": model, "n": len(ranks), **shown, "per_second": round(speed)})
            figures = f"{shown['mrr']:8.3f}{shown['hits@10']:9.3f}{shown['ece']:7.3f}{speed:13,.0f}"
            print(f"{folder.name:18}{model:16}{len(ranks):10,}{figures}", flush=True)
    for group in GROUPS:
        for model in options.models:
            some = [value for (name, which), value in found.items() if which == model and name.startswith(group)]
            means = {key: mean(value[key] for value in some) for key in some[0]}
            rows.append({"graph": f"{group or 'all'}, mean", "model": model, **means})
            print(f"{group or 'all':18}{model:16}{'mean':>10}{means['mrr']:8.3f}{means['hits@10']:9.3f}{means['ece']:7.3f}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
