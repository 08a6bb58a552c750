"""What a question about missing links costs the link network on a large graph: seconds and memory.

    python benchmarks/bench_links_scale.py --json build/bench/links-scale.json

A made graph, always the same: a million triples of 300,000 entities and 200 relations, few of which have most of the triples. Untrained
weights, as they cost the same; no names. Processor seconds of one thread; memory is the most that the process has held so far.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from dovetail.models.link_graph import LinkGraph, Rows
from dovetail.models.link_inference import FastLinkNetwork
from dovetail.models.link_network import LinkNetwork

TOP_K = 10


def made_graph(*, triples: int, entities: int, relations: int, seed: int = 0) -> LinkGraph:
    """A graph whose entities and relations have numbers of triples that follow a power law."""
    generator = np.random.default_rng(seed)

    def drawn(count: int) -> Rows:
        weights = (1 + np.arange(count)) ** -0.7
        places = np.searchsorted(np.cumsum(weights) / weights.sum(), generator.random(triples))
        return np.asarray(generator.permutation(count)[places.clip(max=count - 1)])

    return LinkGraph(drawn(entities), drawn(relations), drawn(entities), entities, relations)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--entities", type=int, default=300_000)
    parser.add_argument("--relations", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    graph = made_graph(triples=options.triples, entities=options.entities, relations=options.relations)
    small = made_graph(triples=300, entities=100, relations=5)
    FastLinkNetwork(LinkNetwork(), small).scores(np.zeros(9, np.int64), np.zeros(9, np.int64))  # the kernels compile
    fast = FastLinkNetwork(LinkNetwork(), graph)
    heads = np.random.default_rng(1).choice(graph.heads, 9, replace=False)

    def asked(some: slice, query: int) -> None:
        scores = fast.scores(heads[some], np.full(len(heads[some]), query))
        best = np.argpartition(-scores, TOP_K, axis=1)[:, :TOP_K]
        np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable"), 1)

    steps: dict[str, Callable[[], object]] = {
        "edges": lambda: graph.edges,
        "graph of relations": lambda: graph.relation_edges,
        "first question": lambda: asked(slice(0, 1), 0),
        "question of another relation": lambda: asked(slice(0, 1), 1),
        "8 questions of one relation": lambda: asked(slice(1, 9), 1),
    }
    rows: list[dict[str, object]] = []
    print(f"{options.triples:,} triples, {options.entities:,} entities, {options.relations:,} relations")
    print(f"{'what':32}{'seconds':>10}{'peak GB':>10}", flush=True)
    for what, step in steps.items():
        began = time.process_time()
        step()
        seconds = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # kilobytes on Linux
        rows.append({"what": what, "triples": options.triples, "seconds": round(seconds, 3), "gigabytes": round(peak, 2)})
        print(f"{what:32}{seconds:10.2f}{peak:10.2f}", flush=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
