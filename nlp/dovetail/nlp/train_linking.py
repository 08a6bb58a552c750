"""Fits the weights of the linker: ``python -m dovetail.nlp.train_linking FILE.jsonl... -o linking.json``.

Texts are dealt into five parts; the names of four make a vocabulary, and the mentions of the fifth are looked up in it, so that a
natural share of them is not there. The weights maximise the likelihood of the right choices, with a penalty on their squares.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from dovetail.nlp.evaluate_linking import gold_ids, identifier, queries_of, vocabulary_of
from dovetail.nlp.link_ranking import FEATURES, Floats, candidates, features, probabilities
from dovetail.nlp.linking import sure

PARTS = 5
PENALTY = 2.0


def examples(rows: Sequence[dict[str, Any]]) -> list[tuple[Floats, list[int]]]:
    """For each mention, what speaks for each candidate, and which of them are right; none where the name is not there."""
    found = []
    typed = labels_are_types(rows)
    for part in range(PARTS):
        vocabulary = vocabulary_of([row for n, row in enumerate(rows) if n % PARTS != part])
        for number, row in enumerate(rows[part::PARTS]):
            queries = queries_of(row)
            if number % 2 or not typed:  # most vocabularies have no types, or others
                queries = [replace(query, types=frozenset()) for query in queries]
            near = sure(queries, vocabulary)
            for query, entity in zip(queries, row["entities"], strict=True):
                held = candidates(query, vocabulary)
                if entity.get("kb_id") and held:
                    matrix = features(query, held, vocabulary, near=near - sure([query], vocabulary))
                    gold = gold_ids(entity)
                    right = [n for n, one in enumerate(held) if identifier(vocabulary.iri(one.entity)) in gold]
                    found.append((matrix, right))
    return found


def labels_are_types(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether there are several labels, and an entity has one of them: then they say what it is, and not how it is mentioned."""
    labels: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for entity in row["entities"]:
            if entity.get("kb_id"):
                labels[entity["kb_id"]].add(entity["label"])
    once = sum(len(some) == 1 for some in labels.values())
    return len(set().union(*labels.values())) > 1 and once > 0.9 * len(labels)


def fit(data: Sequence[tuple[Floats, list[int]]]) -> Floats:
    """The weights, ``(FEATURES,)``."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = PENALTY * float(weights @ weights) / 2, PENALTY * weights
        for matrix, right in data:
            chances = probabilities(matrix @ weights)
            chance = float(chances[right].sum()) if right else 1.0 - float(chances.sum())
            total -= float(np.log(max(chance, 1e-12)))
            share = np.zeros(len(chances))
            if right:
                share[right] = chances[right] / max(chance, 1e-12)
            slope = slope + (chances - share) @ matrix
        return total, slope

    return np.asarray(minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x)


def _rows(file: Path, limit: int) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in islice(stream, limit)]


def main() -> None:
    """Read the files, fit, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--rows", type=int, default=3000, help="rows of each file that are used at most")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    data = [example for file in asked.files for example in examples(_rows(file, asked.rows))]
    weights = fit(data)
    named = {name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)}
    trained = [f"{file.parent.name}/{file.stem}" for file in asked.files]
    asked.output.write_text(json.dumps({"trained_on": trained, "mentions": len(data), "weights": named}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
