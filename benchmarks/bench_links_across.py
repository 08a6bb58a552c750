"""Links across domains: CoDEx-M parted by the types of its entities, its edges between two parts removed in part, and found again.

    python benchmarks/bench_links_across.py --json build/bench/links-across.json

Entities are of one of DOMAINS by what their types are called (people, places, organisations, works). Half of the edges that join two
domains are removed from train.tsv; what is asked for are edges between domains that are in no training file (those of valid.tsv and
test.tsv), so that the network, which was trained on train.tsv, has met none of them. Candidates are the entities of the other domain.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import torch

from dovetail.models.link_graph import Floats, Rows
from dovetail.reasoning.links.calibrate import calibrate
from dovetail.reasoning.links.experts.registry import EXPERTS, Known
from dovetail.reasoning.links.protocol import Answers, LinkPredictor, measures, ranks
from dovetail.reasoning.links.reasoner import FUSED, fusion_of, known_of, predictor
from dovetail.reasoning.links.tasks import LinkTask, read_task
from dovetail.reasoning.links.view import LinkView

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "links" / "train" / "codex-m"
DOMAINS = {
    "people": ("human",),
    "works": ("film", "album", "book", "novel", "literary work", "song", "television series", "written work"),
    "organisations": ("organization", "university", "company", "business", "political party", "band", "school", "club", "museum"),
    "places": ("city", "country", "state", "municipality", "capital", "town", "commune", "village", "island", "human settlement"),
}
"""Domain -> what its types are called; a thing is of the first that fits, or of none."""


class Across(LinkPredictor):
    """A predictor whose candidates are those of other domains than the entity asked about."""

    def __init__(self, inner: LinkPredictor, domains: Rows) -> None:
        self.inner = inner
        self.domains = domains

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,), (batch,) -> (batch, entities); the lowest number for what is of the same domain, or of none."""
        found = self.inner.scores(heads, queries)
        out = (self.domains < 0) | (self.domains == self.domains[heads][:, None])
        return np.where(out, np.finfo(np.float32).min, found).astype(np.float32)


def domain_of(text: str) -> int:
    """The place in DOMAINS of a thing whose types are called so; -1 for none."""
    types = [part.strip() for part in text.split(",")]
    for number, names in enumerate(DOMAINS.values()):
        if any(t == name or t.endswith(f" {name}") for t in types for name in names):
            return number
    return -1


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=500, help="edges that are asked for, both ways")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"bench_links_across: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    task = read_task(DATA)
    domains = np.array([domain_of(text) for text in task.entity_texts])
    known, targets = _parted(task, domains, generator)
    targets = targets[generator.permutation(len(targets))[: options.questions]]
    answers = Answers(task.known, relations=len(task.relations))
    rows = []
    print(f"{len(known.view.graph.heads):,} triples seen, {len(targets):,} edges across domains to be found, both ways", flush=True)
    print(f"{'model':10}{'mrr':>8}{'hits@10':>9}", flush=True)
    for name in (FUSED, *EXPERTS):
        model = fusion_of(known, calibrate(known).trust) if name == FUSED else predictor(name, known)
        found = dict(measures(ranks(Across(model, domains), targets, answers)))
        rows.append({"model": name, "n": 2 * len(targets), **found})
        print(f"{name:10}{found['mrr']:8.3f}{found['hits@10']:9.3f}", flush=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def _parted(task: LinkTask, domains: Rows, generator: np.random.Generator) -> tuple[Known, Rows]:
    """The graph less half of its edges between domains, and the edges between domains that were never in it."""
    ends = domains[task.graph.heads], domains[task.graph.tails]
    across = np.flatnonzero((ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1]))
    seen = task.graph.without(generator.permutation(across)[: len(across) // 2])
    key = (task.known[:, 0] * len(task.relations) + task.known[:, 1]) * len(task.entities) + task.known[:, 2]
    trained = (task.graph.heads * np.int64(len(task.relations)) + task.graph.relations) * len(task.entities) + task.graph.tails
    others = task.known[~np.isin(key, trained)]
    kinds = domains[others[:, 0]], domains[others[:, 2]]
    targets = others[(kinds[0] >= 0) & (kinds[1] >= 0) & (kinds[0] != kinds[1])]
    return known_of(LinkView.made_of(seen), task.entity_texts, task.relation_texts), targets


if __name__ == "__main__":
    main()
