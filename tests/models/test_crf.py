"""The conditional random field against every path written out, on fields small enough for that."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from dovetail.models.characters import TYPES, allowed_steps, labels_of, span_labels, spans_of
from dovetail.models.crf import backward_scores, best_paths, forward_scores, log_partition, path_score, segment_log_probability

LENGTH, LABELS = 4, 3


def field(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Two texts, of LENGTH and of two characters."""
    generator = torch.Generator().manual_seed(seed)
    emissions = torch.randn(2, LENGTH, LABELS, generator=generator, dtype=torch.float64)
    mask = torch.tensor([[True] * LENGTH, [True, True, False, False]])
    transitions = torch.randn(LABELS, LABELS, generator=generator, dtype=torch.float64)
    return emissions, mask, transitions, torch.randn(2, LABELS, generator=generator, dtype=torch.float64)


def every_path(field: tuple[Tensor, Tensor, Tensor, Tensor], row: int) -> dict[tuple[int, ...], float]:
    """Each path of one text, with its score added up by hand."""
    emissions, mask, transitions, border = field
    length = int(mask[row].sum())
    scores = {}
    for path in itertools.product(range(LABELS), repeat=length):
        score = float(border[0, path[0]] + border[1, path[-1]]) + sum(float(emissions[row, i, label]) for i, label in enumerate(path))
        scores[path] = score + sum(float(transitions[a, b]) for a, b in itertools.pairwise(path))
    return scores


@pytest.mark.parametrize("seed", range(5))
def test_sums_and_best_paths_are_those_of_all_paths(seed: int) -> None:
    given = field(seed)
    emissions, mask, transitions, border = given
    totals, best = log_partition(*given), best_paths(*given)
    for row in range(2):
        scores = every_path(given, row)
        assert math.isclose(float(totals[row]), math.log(sum(map(math.exp, scores.values()))), rel_tol=1e-9)
        assert tuple(best[row]) == max(scores, key=lambda path: scores[path])
        path = torch.zeros(2, LENGTH, dtype=torch.long)
        chosen = next(iter(scores))
        path[row, : len(chosen)] = torch.tensor(chosen)
        assert math.isclose(float(path_score(emissions, mask, path, transitions, border)[row]), scores[chosen], rel_tol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_probability_of_a_segment_is_that_of_the_paths_through_it(seed: int) -> None:
    given = field(seed)
    emissions, mask, transitions, _ = given
    forward, backward = forward_scores(*given), backward_scores(*given)
    for row, (start, labels) in itertools.product(range(2), [(0, [1, 2]), (1, [0]), (0, [2])]):
        length = int(mask[row].sum())
        scores = every_path(given, row)
        through = [math.exp(s) for path, s in scores.items() if list(path[start : start + len(labels)]) == labels]
        own = emissions[row, :length], forward[row, :length], backward[row, :length]
        found = segment_log_probability(own, transitions, start, labels)
        assert math.isclose(math.exp(found), sum(through) / sum(map(math.exp, scores.values())), rel_tol=1e-9)


SPANS = [[], [(0, 1, 0)], [(0, 3, 1), (3, 5, 1)], [(1, 2, 2), (2, 6, 0)]]


@pytest.mark.parametrize("spans", SPANS)
def test_spans_and_labels_say_the_same(spans: list[tuple[int, int, int]]) -> None:
    path = labels_of(6, spans)
    assert spans_of(path) == spans
    steps, ends = allowed_steps(len(TYPES))
    assert all(bool(steps[a, b]) for a, b in itertools.pairwise(path))
    assert bool(ends[0, path[0]]) and bool(ends[1, path[-1]])


def test_broken_spans_are_not_allowed() -> None:
    steps, ends = allowed_steps(len(TYPES))
    person, place = span_labels(3, 0), span_labels(3, 2)
    assert not steps[person[0], place[1]]  # a person does not go on as a place
    assert not steps[person[1], 0]
    assert not steps[0, person[1]]
    assert not ends[0, person[1]] and not ends[1, person[0]]
