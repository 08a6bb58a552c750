"""Baselines learn a graph that can be drawn, say so through one protocol, and say the same again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from dovetail.kg.errors import InputError
from dovetail.models.link_graph import LinkGraph
from dovetail.reasoning.links.baselines import BASELINES, BaselineOptions
from dovetail.reasoning.links.baselines.adversarial import Generator, compete
from dovetail.reasoning.links.baselines.embeddings import EMBEDDINGS
from dovetail.reasoning.links.baselines.training import facts_of
from dovetail.reasoning.links.protocol import Answers, measures, ranks

PEOPLE, TOWNS = 40, 5
WORKS, LIVES = 0, 1
BRIEF = BaselineOptions(dim=16, steps=60, seconds=5.0)


def towns() -> tuple[LinkGraph, np.ndarray[Any, np.dtype[np.int64]]]:
    """Forty people work in five towns and live where they work; where the last ten live is to be found: (10, 3)."""
    people = np.arange(PEOPLE)
    works = np.stack([people, np.full(PEOPLE, WORKS), PEOPLE + people % TOWNS], 1)
    lives = works + np.array([0, LIVES - WORKS, 0])
    seen = np.concatenate([works, lives[:-10]])
    return LinkGraph(seen[:, 0], seen[:, 1], seen[:, 2], PEOPLE + TOWNS, 2), lives[-10:]


@pytest.mark.parametrize("name", BASELINES)
def test_each_learns_that_people_live_where_they_work(name: str) -> None:
    graph, targets = towns()
    known = Answers(np.concatenate([np.stack([graph.heads, graph.relations, graph.tails], 1), targets]), relations=2)
    found = ranks(BASELINES[name](graph, BRIEF), targets, known)
    assert measures(found)["mrr"] > 0.3  # by chance, about 0.1


@pytest.mark.parametrize("name", BASELINES)
def test_scores_are_of_every_entity_and_the_same_again(name: str) -> None:
    graph, _ = towns()
    heads, queries = np.array([0, 40, 3]), np.array([LIVES, LIVES + 2, WORKS])
    brief = BaselineOptions(dim=8, steps=3)
    state = torch.random.get_rng_state()
    first, second, other = (
        BASELINES[name](graph, options).scores(heads, queries) for options in (brief, brief, BaselineOptions(8, 3, seed=1))
    )
    assert first.shape == (3, PEOPLE + TOWNS)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_the_scores_of_all_tails_are_those_of_each(name: str) -> None:
    graph, _ = towns()
    torch.manual_seed(0)
    kind = EMBEDDINGS[name]
    model = kind.of(graph, 8)
    heads, queries, tails = facts_of(graph).T
    torch.testing.assert_close(kind.tails(model, heads, queries)[torch.arange(len(tails)), tails], model(heads, queries, tails))


def test_an_adversary_draws_no_facts() -> None:
    graph, _ = towns()
    facts = facts_of(graph)
    heads, queries, _ = facts.T
    drawn, chances = Generator(graph, facts, BRIEF)(heads, queries)
    true = {tuple(fact) for fact in facts.tolist()}
    assert not true & set(zip(heads.tolist(), queries.tolist(), drawn.tolist(), strict=True))
    assert bool((chances <= 0).all())


def test_what_an_adversary_draws_gets_harder_than_what_chance_does() -> None:
    graph, _ = towns()
    torch.manual_seed(0)
    facts = facts_of(graph)
    model, generator = compete(EMBEDDINGS["transe"], graph, BaselineOptions(dim=16, steps=200))
    uniform = Generator(graph, facts, BaselineOptions(dim=16, proposals=1))
    heads, queries, _ = facts.repeat(20, 1).T
    with torch.inference_mode():
        hard, easy = (model(heads, queries, made(heads, queries)[0]).mean() for made in (generator, uniform))
    assert hard > easy + 0.1  # of distances of 2 at most


def test_a_graph_without_facts_is_no_training_that_fails() -> None:
    graph = LinkGraph(*(np.zeros(0, np.int64),) * 3, entity_count=3, relation_count=1)
    for name, train in BASELINES.items():
        assert np.isfinite(train(graph, BRIEF).scores(np.array([0]), np.array([1]))).all(), name


@pytest.mark.parametrize(("option", "value"), [("dim", 0), ("steps", -1), ("seconds", 0.0), ("seconds", float("nan")), ("proposals", 0)])
def test_options_that_train_nothing_are_named(option: str, value: float) -> None:
    with pytest.raises(InputError, match=option):
        BaselineOptions(**{option: value})  # type: ignore[arg-type]  # the point of the test
