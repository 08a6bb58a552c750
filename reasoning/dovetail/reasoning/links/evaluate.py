"""Figures of link prediction on folders of triples."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from dovetail.nlp.measures import EvaluationResult, result
from dovetail.reasoning.links.protocol import Answers, measures, ranks
from dovetail.reasoning.links.reasoner import FUSED, known_of, predictor
from dovetail.reasoning.links.tasks import read_task
from dovetail.reasoning.links.view import LinkView


def evaluate_links(
    folders: Sequence[Path], *, model: str = FUSED, weights: Path | None = None, targets: str = "test"
) -> Iterator[EvaluationResult]:
    """Mean reciprocal rank and hits on each folder, by ``model``: "fused" or the name of an expert. Raises InputError."""
    for folder in folders:
        task = read_task(folder, targets=targets)
        view = LinkView.made_of(task.graph)
        known = known_of(view, task.entity_texts, task.relation_texts, weights=weights)
        began = time.monotonic()
        found = ranks(predictor(model, known), task.targets, Answers(task.known, relations=len(task.relations)))
        yield result(task.name, len(found), measures(found), seconds=time.monotonic() - began)
