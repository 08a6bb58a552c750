"""The link network: its kernels against the readable reference, and what must not change a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dovetail.models.link_data import NamedTriples, Piece, PieceOptions, PieceSampler
from dovetail.models.link_graph import HEAD_HEAD, HEAD_TAIL, TAIL_HEAD, TAIL_TAIL, Floats, LinkGraph, Rows
from dovetail.models.link_inference import FastLinkNetwork
from dovetail.models.link_kernels import CHANNELS, edges_of, propagate
from dovetail.models.link_network import LinkNetwork, LinkNetworkOptions, Names
from dovetail.models.train_links import LinkTrainingOptions, Source, train

SMALL = LinkNetworkOptions(dim=16, relation_layers=2, entity_layers=3, text_dim=8, text_rank=4)


def random_graph(seed: int, *, entities: int = 40, relations: int = 5, triples: int = 90) -> LinkGraph:
    generator = np.random.default_rng(seed)
    heads, tails = generator.integers(0, entities, (2, triples))
    return LinkGraph(heads, generator.integers(0, relations, triples), tails, entities, relations)


def names_for(graph: LinkGraph, dim: int = 8) -> Names:
    generator = torch.Generator().manual_seed(3)
    vectors = (torch.randn(count, dim, generator=generator) for count in (graph.entity_count, graph.relation_count))
    return Names(*(torch.nn.functional.normalize(v, dim=-1) for v in vectors))


def reference(x: Tensor, z: Tensor, graph: LinkGraph) -> Tensor:
    """The same sum over edges, written out."""
    (sources, targets), labels, shares = edges_of(graph.edges)
    weights = z[:, labels, 0] + shares[:, :1] * z[:, labels, 1] + shares[:, 1:] * z[:, labels, 2]
    return torch.zeros_like(x).index_add(1, targets, x[:, sources] * weights)


@pytest.mark.parametrize("seed", range(4))
def test_the_kernel_and_its_gradients_are_the_sum_over_edges(seed: int) -> None:
    graph = random_graph(seed)
    torch.manual_seed(seed)
    x = torch.randn(3, graph.entity_count, 16, requires_grad=True)
    z = torch.randn(3, 2 * graph.relation_count, CHANNELS, 16, requires_grad=True)
    ours, theirs = propagate(x, z, graph.edges), reference(x, z, graph)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    grown = torch.randn_like(ours)
    for one, other in zip(torch.autograd.grad(ours, (x, z), grown), torch.autograd.grad(theirs, (x, z), grown), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_fused_scores_are_those_of_the_message_passing_reference() -> None:
    graph = random_graph(7)
    torch.manual_seed(1)
    net = LinkNetwork(SMALL)
    torch.nn.init.normal_(net.text.weigh.weight)
    heads, queries = torch.tensor([0, 5, 9]), torch.tensor([0, 4, 7])
    fused, plain = (net(graph, heads, queries, names_for(graph), fused=fused) for fused in (True, False))
    torch.testing.assert_close(fused, plain, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dim", [16, 32, 40])
@pytest.mark.parametrize("triples", [12, 40, 200])  # most entities out of reach, some, none
def test_fast_scores_are_those_of_the_reference_whatever_is_asked_together(dim: int, triples: int) -> None:
    graph = random_graph(13, entities=60, triples=triples)
    torch.manual_seed(4)
    net = LinkNetwork(replace(SMALL, dim=dim))
    for parameter in net.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, 0.2, 0.5)  # shifts: what entities are that nothing reaches
    torch.nn.init.normal_(net.text.weigh.weight)
    generator = np.random.default_rng(1)
    heads, queries = generator.integers(0, 60, 40), np.sort(generator.integers(0, 10, 40))
    queries[10:30] = queries[10]
    with torch.inference_mode():
        wanted = net(graph, torch.from_numpy(heads), torch.from_numpy(queries), names_for(graph), fused=False).numpy()
    fast = FastLinkNetwork(net, graph, names_for(graph))
    for order in (np.arange(40), np.arange(40)[::-1].copy(), generator.permutation(40)):
        found = fast.scores(heads[order], queries[order])
        np.testing.assert_allclose(found, wanted[order], rtol=1e-3, atol=1e-5 * float(np.abs(wanted).max()))


def test_scores_do_not_depend_on_how_many_relation_states_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = random_graph(13)
    torch.manual_seed(4)
    net, names = LinkNetwork(SMALL), names_for(graph)
    heads, queries = np.arange(20), np.arange(20) % 10
    wanted = FastLinkNetwork(net, graph, names).scores(heads, queries)
    monkeypatch.setattr("dovetail.models.link_inference.KEPT", 1)
    np.testing.assert_allclose(FastLinkNetwork(net, graph, names).scores(heads, queries), wanted, rtol=1e-5)


def test_numbers_of_entities_and_relations_mean_nothing() -> None:
    graph = random_graph(11)
    generator = np.random.default_rng(0)
    entity, relation = generator.permutation(graph.entity_count), generator.permutation(graph.relation_count)
    renamed = LinkGraph(entity[graph.heads], relation[graph.relations], entity[graph.tails], graph.entity_count, graph.relation_count)
    torch.manual_seed(2)
    net = LinkNetwork(SMALL)
    here = net(graph, torch.tensor([3]), torch.tensor([2]))
    there = net(renamed, torch.tensor([entity[3]]), torch.tensor([relation[2]]))
    torch.testing.assert_close(here[0], there[0, torch.from_numpy(entity)], rtol=1e-4, atol=1e-5)


def test_relations_are_joined_where_they_share_an_entity() -> None:
    # a -r0-> b -r1-> c, and d -r1-> b
    graph = LinkGraph(np.array([0, 1, 3]), np.array([0, 1, 1]), np.array([1, 2, 1]), 4, 2)
    (sources, targets), labels, shares = edges_of(graph.relation_edges)
    found = {(int(s), int(t), int(k)): share.tolist() for s, t, k, share in zip(sources, targets, labels, shares, strict=True)}
    assert (0, 1, TAIL_TAIL) in found  # both arrive at b
    assert found[0, 1, TAIL_HEAD] == [1.0, 0.5]  # all of what r0 leads to is a head of r1; half of r1's heads come from r0
    assert found[1, 0, HEAD_TAIL] == [0.5, 1.0]
    assert (0, 1, HEAD_HEAD) not in found


def test_every_edge_is_there_backwards_with_its_shares_swapped() -> None:
    for edges in (random_graph(5).edges, random_graph(5).relation_edges):
        (sources, targets), labels, shares = edges_of(edges)
        inverse = torch.from_numpy(edges.inverse).long()
        forth = sorted(zip(sources.tolist(), labels.tolist(), targets.tolist(), shares.tolist(), strict=True))
        back = sorted(zip(targets.tolist(), inverse[labels].tolist(), sources.tolist(), shares.flip(1).tolist(), strict=True))
        assert forth == back


def made_source(*, relations: int = 12) -> Source:
    generator = np.random.default_rng(0)
    triples = np.unique(generator.integers(0, [300, relations, 300], (900, 3)), axis=0)
    named = NamedTriples("made", triples, *(tuple(map(str, range(n))) for n in (300, relations, 300, relations)))
    vectors, relation_vectors = ((generator.normal(size=(n, 384)) / 20).astype(np.float16) for n in (300, relations))
    return Source(PieceSampler(named, PieceOptions(smallest=60, largest=120, questions=6)), vectors, relation_vectors)


def test_a_piece_asks_of_triples_that_it_does_not_show() -> None:
    source = made_source(relations=5)  # too few for a piece to take some together
    whole = {tuple(row) for row in source.sampler.source.triples.tolist()}
    for step in range(20):
        piece = source.sampler.sample(np.random.default_rng(step), vectors=None)
        count = piece.graph.relation_count
        shown = {
            (int(piece.entities[h]), int(piece.relations[r]), int(piece.entities[t]))
            for h, r, t in zip(piece.graph.heads, piece.graph.relations, piece.graph.tails, strict=True)
        }
        assert shown <= whole
        for head, query, answer in zip(piece.heads, piece.queries, piece.answers, strict=True):
            one, other = int(piece.entities[head]), int(piece.entities[answer])
            asked = (
                (one, int(piece.relations[query % count]), other) if query < count else (other, int(piece.relations[query % count]), one)
            )
            assert asked in whole and asked not in shown
        assert not piece.others[np.arange(len(piece.answers)), piece.answers].any()


class Stopped(Exception):
    """The run was cut off."""


class ShortSampler(PieceSampler):
    """Stops the run after some pieces."""

    left = 2

    def sample(self, generator: np.random.Generator, *, vectors: Callable[[Rows], Floats] | None) -> Piece:
        if not self.left:
            raise Stopped
        self.left -= 1
        return super().sample(generator, vectors=vectors)


def test_a_run_that_is_cut_off_and_resumed_ends_where_one_in_one_go_does(tmp_path: Path) -> None:
    source = made_source()
    options = LinkTrainingOptions(dim=16, steps=5, checkpoint_seconds=0.0)  # a checkpoint after every step
    train([(source, 1.0)], tmp_path / "whole", options)
    short = replace(source, sampler=ShortSampler(source.sampler.source, source.sampler.options))
    with pytest.raises(Stopped):
        train([(short, 1.0)], tmp_path / "half", options)
    train([(source, 1.0)], tmp_path / "half", options)
    one, other = ((tmp_path / name / "links.safetensors").read_bytes() for name in ("whole", "half"))
    assert one == other
