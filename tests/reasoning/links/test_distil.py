"""What all experts say together, taught to the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from dovetail.models.link_data import NamedTriples, PieceOptions, PieceSampler
from dovetail.models.link_network import LinkNetwork, LinkNetworkOptions
from dovetail.models.train_links import LinkTrainingOptions, Source, Teaching, loss_of
from dovetail.reasoning.links.distil import DistilOptions, Lesson, distil, lesson_of
from dovetail.reasoning.links.fusion import Gate

FEW = LinkTrainingOptions(steps=30, rate=5e-3, warmup=1, averaging=0.9)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    triples = np.unique(np.random.default_rng(0).integers(0, [30, 4, 30], (120, 3)), axis=0)
    texts = tuple(map(str, range(30))), tuple(map(str, range(4)))
    vectors = (np.random.default_rng(1).normal(size=(34, 384)) / 20).astype(np.float16)
    sampler = PieceSampler(NamedTriples("made", triples, *texts, *texts), PieceOptions(varied=False, questions=100))
    torch.manual_seed(0)
    return lesson_of(Source(sampler, vectors[:30], vectors[30:]), network(), Gate(), np.random.default_rng(0))


def network() -> LinkNetwork:
    torch.manual_seed(0)
    return LinkNetwork(LinkNetworkOptions(dim=16, relation_layers=2, entity_layers=3))


def divergence(net: LinkNetwork, lesson: Lesson) -> float:
    """How far the network is from what the experts say."""
    teaching = Teaching(torch.from_numpy(lesson.scores.astype(np.float32)), weight=1.0)
    return loss_of(net, lesson.piece, lesson.source.names(lesson.piece), teaching).item()


def test_some_of_a_lesson_are_questions_of_it_with_their_scores(lesson: Lesson) -> None:
    some = lesson.some(np.random.default_rng(0))
    whole = {(int(h), int(q), int(a)): row for h, q, a, row in zip(*columns(lesson), lesson.scores, strict=True)}
    for head, query, answer, row in zip(*columns(some), some.scores, strict=True):
        assert np.array_equal(whole[int(head), int(query), int(answer)], row)


def columns(lesson: Lesson) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    return lesson.piece.heads, lesson.piece.queries, lesson.piece.answers


def test_the_network_comes_closer_to_what_the_experts_say(lesson: Lesson) -> None:
    taught = distil(network(), [lesson], DistilOptions(weight=1.0, training=FEW))
    assert divergence(taught, lesson) < 0.8 * divergence(network(), lesson)


def test_without_weight_only_the_answers_are_learnt(lesson: Lesson) -> None:
    other = replace(lesson, scores=np.zeros_like(lesson.scores))
    options = DistilOptions(weight=0.0, training=replace(FEW, steps=3))
    one, two = (distil(network(), [taught], options).state_dict() for taught in (lesson, other))
    assert all(torch.equal(value, two[name]) for name, value in one.items())
