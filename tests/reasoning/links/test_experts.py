"""Each expert on graphs that can be drawn, and what they say together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dovetail.models.link_graph import Floats, LinkGraph, Rows
from dovetail.models.link_inference import FastLinkNetwork
from dovetail.models.link_network import LinkNetwork, LinkNetworkOptions, Names
from dovetail.reasoning.links.experts.cases import CaseExpert
from dovetail.reasoning.links.experts.registry import EXPERTS
from dovetail.reasoning.links.experts.rules import RuleExpert
from dovetail.reasoning.links.experts.text import TextExpert
from dovetail.reasoning.links.fusion import Fusion, Gate, _reciprocal_ranks
from dovetail.reasoning.links.protocol import LinkPredictor
from dovetail.reasoning.links.trust import Heard, fit_trust
from dovetail.reasoning.links.view import LinkView

WORKS, LIVES = 0, 1


def graph_of(triples: list[tuple[int, int, int]], entities: int, relations: int) -> LinkGraph:
    rows = np.array(triples)
    return LinkGraph(rows[:, 0], rows[:, 1], rows[:, 2], entities, relations)


def towns() -> LinkGraph:
    """Ten people, 0 to 9, work in towns 10 to 14; all but the last person live where they work."""
    people = [(person, WORKS, 10 + person % 5) for person in range(10)] + [(person, LIVES, 10 + person % 5) for person in range(9)]
    return graph_of(people, 15, 2)


def random_graph(seed: int) -> LinkGraph:
    generator = np.random.default_rng(seed)
    heads, relations, tails = generator.integers(0, [[40], [6], [40]], (3, 150))
    return LinkGraph(heads, relations, tails, 40, 6)


def test_a_rule_answers_what_no_edge_says() -> None:
    scores = RuleExpert(LinkView.made_of(towns()), seconds=5).scores(np.array([9, 14]), np.array([LIVES, LIVES + 2]))
    assert scores[0].argmax() == 14
    assert scores[1, 9] > 0  # backwards: who lives in town 14?
    assert 0 <= scores.min() <= scores.max() <= 1


def test_similar_cases_lend_their_answers() -> None:
    graph = graph_of([(0, 0, 5), (1, 0, 5), (0, 0, 6), (1, 0, 6), (0, 1, 7), (2, 0, 8), (2, 1, 9)], 10, 2)
    scores = CaseExpert(LinkView.made_of(graph)).scores(np.array([1]), np.array([1]))
    assert scores[0].argmax() == 7  # what entity 0 has, which shares 5 and 6
    assert scores[0, 9] < scores[0, 7]


def test_names_lead_to_where_the_answers_of_like_names_lie() -> None:
    vectors = np.eye(6, dtype=np.float32)[[0, 0, 1, 1, 2, 3]]
    graph = graph_of([(0, 0, 4), (2, 0, 5)], 6, 1)
    scores = TextExpert(LinkView.made_of(graph), vectors).scores(np.array([1, 3]), np.array([0, 0]))
    assert scores.argmax(1).tolist() == [4, 5]


def test_a_relation_without_edges_is_no_question_that_fails() -> None:
    view = LinkView.made_of(LinkGraph(np.array([0]), np.array([0]), np.array([1]), 3, 2))
    for expert in (RuleExpert(view, seconds=1), CaseExpert(view), TextExpert(view, np.zeros((3, 4), np.float32))):
        assert not expert.scores(np.array([0]), np.array([1])).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_fast_network_gives_the_scores_of_the_reference(seed: int) -> None:
    graph = random_graph(seed)
    torch.manual_seed(seed)
    net = LinkNetwork(LinkNetworkOptions(dim=16, relation_layers=2, entity_layers=3, text_dim=8, text_rank=4))
    names = Names(torch.randn(40, 8), torch.randn(6, 8))
    torch.nn.init.normal_(net.text.weigh.weight)
    heads, queries = np.array([0, 7, 9, 7, 3]), np.array([1, 1, 4, 8, 11])
    with torch.inference_mode():
        wanted = net(graph, torch.from_numpy(heads), torch.from_numpy(queries), names).numpy()
    found = FastLinkNetwork(net, graph, names).scores(heads, queries)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3 * float(np.abs(wanted).max()))


class Fixed:
    """Scores that do not depend on the question."""

    def __init__(self, scores: Floats) -> None:
        self.fixed = scores

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        return np.repeat(self.fixed[None], len(heads), 0)


def test_an_expert_that_is_not_there_gives_no_evidence() -> None:
    view = LinkView.made_of(towns())
    fixed = np.linspace(0, 1, 15).astype(np.float32)
    seen = Fusion(view, {"rules": Fixed(fixed)}, Gate()).evidence(np.array([0]), np.array([1]))
    assert [bool(seen.experts[:, :, place].any()) for place in range(len(EXPERTS))] == [False, True, False, False]
    parts = Fusion(view, {"rules": Fixed(fixed)}, Gate()).parts(np.array([0]), np.array([1]))
    assert [bool(parts[:, :, place].any()) for place in range(len(EXPERTS))] == [False, True, False, False]


def test_an_expert_counts_by_how_far_it_is_trusted() -> None:
    view = LinkView.made_of(towns())
    experts: dict[str, LinkPredictor] = {"rules": RuleExpert(view, seconds=2), "cases": CaseExpert(view)}
    gate = Gate()
    heads, queries = np.array([9]), np.array([LIVES])
    trust = np.array([1, 2, 0, 1, 1], np.float32)
    plain, weighed = Fusion(view, experts, gate).parts(heads, queries), Fusion(view, experts, gate, trust).parts(heads, queries)
    np.testing.assert_allclose(weighed, plain * trust, rtol=1e-5)
    np.testing.assert_allclose(Fusion(view, experts, gate, trust).scores(heads, queries), np.asarray(weighed.sum(-1)), rtol=1e-5)


def test_trust_goes_to_the_expert_that_is_right() -> None:
    generator = np.random.default_rng(0)
    parts = generator.normal(size=(60, 30, 5)).astype(np.float16)
    answers = generator.integers(0, 30, 60)
    parts[np.arange(60), answers, 1] += 3
    trust = fit_trust(Heard(parts, answers, tuple(np.zeros(0, np.int64) for _ in answers)))
    assert trust[1] > 1 > max(trust[[0, 2, 3]])


@pytest.mark.parametrize("seed", range(3))
def test_equal_scores_share_the_worse_place(seed: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 4, (3, 9)).astype(np.float32)
    wanted = [[1 / (other >= one).sum() for one in row] for row in scores for other in [row]]
    np.testing.assert_allclose(_reciprocal_ranks(scores), wanted, rtol=1e-6)
