"""Figures of link prediction on folders of triples."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from dovetail.models.link_graph import Rows
from dovetail.nlp.measures import EvaluationResult, result
from dovetail.reasoning.links.calibrate import calibrate
from dovetail.reasoning.links.calibration import Candidates, Curve, curve_by, error_of, held_out
from dovetail.reasoning.links.experts.registry import Known
from dovetail.reasoning.links.protocol import Answers, LinkPredictor, measures, scored
from dovetail.reasoning.links.reasoner import FUSED, fusion_of, known_of, predictor, trained
from dovetail.reasoning.links.tasks import LinkTask, read_task
from dovetail.reasoning.links.transfer import tuned
from dovetail.reasoning.links.view import LinkView


def evaluate_links(
    folders: Sequence[Path],
    *,
    model: str = FUSED,
    seeds: int = 1,
    tune: float = 0.0,
    weights: Path | None = None,
    targets: str = "test",
) -> Iterator[EvaluationResult]:
    """Mean reciprocal rank, hits and calibration error on each folder, by ``model``: "fused", an expert or a baseline.

    Probabilities are by a curve fitted on edges held out from the graph that is seen. ``tune``: seconds that the network is first tuned to
    the graph, and kept if that helps. With several ``seeds``, means, and the standard
    deviation of each figure under its name and "_sd". Raises InputError.
    """
    for folder in folders:
        task = read_task(folder, targets=targets)
        known = known_of(LinkView.made_of(task.graph), task.entity_texts, task.relation_texts, weights=weights)
        began = time.monotonic()
        found = [_figures(task, known, model, seed, tune, weights) for seed in range(seeds)]
        figures = {key: mean(one[key] for one in found) for key in found[0]}
        if seeds > 1:
            figures |= {f"{key}_sd": stdev(one[key] for one in found) for key in found[0]}
        yield result(task.name, 2 * len(task.targets), figures, seconds=time.monotonic() - began)


def _figures(task: LinkTask, known: Known, model: str, seed: int, tune: float, weights: Path | None) -> Mapping[str, float]:
    known = replace(known, network=trained(seed, weights))
    if tune:
        known = replace(known, network=tuned(known, seconds=tune).network)
    asked, curve = calibrated(model, known, weights=weights, seed=seed)
    found, candidates = examined(asked, task.targets, Answers(task.known, relations=len(task.relations)))
    return {**measures(found), "ece": error_of(curve, candidates)}


def examined(asked: LinkPredictor, targets: Rows, known: Answers) -> tuple[Rows, Candidates]:
    """The rank of each answer, and the first candidates of each question."""
    parts = [(some.ranks(), Candidates.of(some)) for some in scored(asked, targets, known)]
    return np.concatenate([ranks for ranks, _ in parts]), Candidates.joined(candidates for _, candidates in parts)


def calibrated(model: str, known: Known, *, weights: Path | None = None, seed: int = 0) -> tuple[LinkPredictor, Curve]:
    """A model of a graph and the curve of its probabilities, by edges held out from the graph; the fusion is fitted to it by them, too."""
    if model == FUSED:
        fitted = calibrate(known, weights=weights)
        return fusion_of(known, fitted.trust, weights), fitted.curve
    graph = known.view.graph
    rows = held_out(graph)
    reduced = replace(known, view=known.view.without(rows))
    curve = curve_by(predictor(model, reduced, weights=weights, seed=seed), graph, rows)
    return predictor(model, known, weights=weights, seed=seed), curve
