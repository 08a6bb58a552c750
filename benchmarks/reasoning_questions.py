"""Questions that take reasoning over a graph, with exact answers: counts, comparisons, superlatives, yes or no, and lists.

    python benchmarks/reasoning_questions.py --graph DIR --out FILE.jsonl [--seed 0] [--each 100]

Any graph with labels will do. The answers are computed by brute force from what the graph states, infers and was given; each row has
the SPARQL that gives them as well: {"id", "question", "answers", "kind", "sparql"}. The answer is a number, "yes" or "no", a name, or
for a list every name. ``dovetail evaluate questions --graph DIR FILE.jsonl`` reads the file. Where the facts are too few for
so many questions of a kind, they are asked for again in other words.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from dovetail.kg import KnowledgeGraph
from question_drafts import Draft, claims, comparisons, counts_and_lists, superlatives
from question_facts import read_facts

KINDS = ("count", "compare", "superlative", "boolean", "list")
ONES = 0.2
"""The share of counts that may be one, where others are enough."""


def reasoning_questions(graph: KnowledgeGraph, *, each: int, seed: int) -> list[tuple[Draft, str]]:
    """So many questions of each kind, each with the wording drawn for it; fewer where no facts and wordings are left."""
    facts, rng = read_facts(graph), random.Random(seed)
    made = [*counts_and_lists(facts), *superlatives(facts), *comparisons(facts, each=each, rng=rng), *claims(facts, rng=rng)]
    drafts = sorted(dict.fromkeys(made), key=lambda draft: (draft.kind, draft.about, draft.forms, draft.sparql))
    chosen: list[tuple[Draft, str]] = []
    for kind in KINDS:
        some = [draft for draft in drafts if draft.kind == kind]
        if kind == "boolean":
            halves = [[draft for draft in some if draft.answers == (answer,)] for answer in ("yes", "no")]
            picked = [
                one for half, most in zip(halves, (each - each // 2, each // 2), strict=True) for one in pick([(half, most)], most, rng)
            ]
        elif kind == "count":
            more = [draft for draft in some if draft.answers != ("1",)]
            ones = [draft for draft in some if draft.answers == ("1",)]
            picked = pick([(more, each - int(ONES * each)), (ones, each)], each, rng)
        else:
            picked = pick([(some, each)], each, rng)
        rng.shuffle(picked)
        chosen += picked
    return chosen


def pick(pools: Sequence[tuple[list[Draft], int]], each: int, rng: random.Random) -> list[tuple[Draft, str]]:
    """``each`` drafts with a wording: at most so many of each pool, from every relation in turn; then all again in other words."""
    chosen: list[tuple[Draft, str]] = []
    asked: set[str] = set()
    for again in range(max((len(draft.forms) for pool, _ in pools for draft in pool), default=0)):
        for pool, most in pools:
            taken = 0
            for draft in in_turn(pool, rng):
                forms = [words for words in draft.forms if words not in asked]
                if forms and taken < most and len(chosen) < each:
                    words = rng.choice(forms)
                    asked.add(words)
                    chosen.append((draft, words))
                    taken += 1 if not again else 0
    return chosen


def in_turn(drafts: Iterable[Draft], rng: random.Random) -> list[Draft]:
    """One of each group, another of each, and so on, in random order."""
    groups: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups[draft.about].append(draft)
    for group in groups.values():
        rng.shuffle(group)
    longest = max(map(len, groups.values()), default=0)
    return [group[i] for i in range(longest) for group in groups.values() if i < len(group)]


def write_questions(chosen: Iterable[tuple[Draft, str]], path: Path) -> None:
    """One row to a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        for number, (draft, words) in enumerate(chosen):
            row = {"id": f"{draft.kind}-{number}", "question": words, "answers": draft.answers, "kind": draft.kind, "sparql": draft.sparql}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def main() -> None:
    """Write the file, and say how many facts its questions rest on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graph", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=int, default=100)
    options = parser.parse_args()
    with KnowledgeGraph.open(options.graph, read_only=True) as graph:
        chosen = reasoning_questions(graph, each=options.each, seed=options.seed)
    write_questions(chosen, options.out)
    for kind in KINDS:
        some = [draft for draft, _ in chosen if draft.kind == kind]
        print(f"{kind:12}{len(some):5} questions about {len(set(some)):5} facts", file=sys.stderr)


if __name__ == "__main__":
    main()
