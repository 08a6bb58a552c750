"""Ways to train the link network: on one's own graph, in several processes, after a teacher, and for a graph without answers."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dovetail.models.adapt_links import Critic, confusion
from dovetail.models.link_data import SHARES, NamedTriples, PieceOptions, PieceSampler
from dovetail.models.link_graph import Rows
from dovetail.models.link_network import LinkNetwork, LinkNetworkOptions
from dovetail.models.train_links import LinkTrainingOptions, Source, Teaching, draw, loss_of, train
from dovetail.models.tune_links import TuneOptions, tune

SMALL = LinkNetworkOptions(dim=16, relation_layers=2, entity_layers=3)
FEW = LinkTrainingOptions(dim=16, steps=4, warmup=1)


def source_of(triples: Rows, *, named: bool = True, options: PieceOptions | None = None) -> Source:
    entities, relations = int(triples[:, [0, 2]].max()) + 1, int(triples[:, 1].max()) + 1
    texts = tuple(map(str, range(entities))), tuple(map(str, range(relations)))
    vectors = (np.random.default_rng(1).normal(size=(entities + relations, 384)) / 20 * named).astype(np.float16)
    return Source(PieceSampler(NamedTriples("made", triples, *texts, *texts), options), vectors[:entities], vectors[entities:])


def random_triples(seed: int = 0, *, count: int = 200) -> Rows:
    return np.unique(np.random.default_rng(seed).integers(0, [50, 5, 50], (count, 3)), axis=0)


def small_network() -> LinkNetwork:
    torch.manual_seed(0)
    return LinkNetwork(SMALL)


def same(one: LinkNetwork, other: LinkNetwork) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_a_small_graph_is_one_piece_when_it_is_not_varied() -> None:
    triples = random_triples()
    piece = source_of(triples, options=PieceOptions(varied=False)).sampler.sample(np.random.default_rng(0), vectors=None)
    assert len(piece.entities) == 50 and len(piece.relations) == 5
    assert len(piece.graph.heads) + len(piece.answers) == len(triples)


def test_a_piece_of_a_large_graph_keeps_all_that_lies_between_its_entities() -> None:
    triples = random_triples()
    source = source_of(triples, options=PieceOptions(smallest=20, largest=30, varied=False))
    piece = source.sampler.sample(np.random.default_rng(0), vectors=None)
    inside = np.isin(triples[:, 0], piece.entities) & np.isin(triples[:, 2], piece.entities)
    assert len(piece.graph.heads) + len(piece.answers) == inside.sum()


@pytest.mark.parametrize("named", [True, False])
def test_tuning_copies_the_network_and_is_reproducible(named: bool) -> None:
    net, before = small_network(), small_network()
    source, options = source_of(random_triples(count=10), named=named), TuneOptions(seconds=1e6, training=FEW)
    told: list[float] = []
    one, other = tune(net, source, options, told.append), tune(net, source, options)
    assert same(net, before) and same(one, other) and not same(one, net)
    assert len(told) == FEW.steps and told == sorted(told)


def test_tuning_learns_what_holds_in_this_graph() -> None:
    people = np.arange(40)
    towns = 40 + np.random.default_rng(0).integers(0, 8, 40)
    works, lives = (np.stack([people, np.full(40, relation), towns], 1) for relation in (0, 1))
    source = source_of(np.concatenate([works, lives]), named=False)
    net = small_network()
    tuned = tune(net, source, TuneOptions(training=replace(FEW, steps=40, rate=5e-3, averaging=0.9)))
    piece, names = draw(source, np.random.default_rng(99), replace(FEW, no_names=1.0))
    assert loss_of(tuned, piece, names) < 0.5 * loss_of(net, piece, names)


def test_tuning_stops_when_its_time_is_up() -> None:
    told: list[float] = []
    tune(small_network(), source_of(random_triples()), TuneOptions(seconds=0.3, training=replace(FEW, steps=10**6)), told.append)
    assert 0 < len(told) < 1000


def test_who_is_taught_what_it_says_itself_learns_nothing() -> None:
    net = small_network()
    piece, names = draw(source_of(random_triples()), np.random.default_rng(0), FEW)
    with torch.no_grad():
        scores = net(piece.graph, torch.from_numpy(piece.heads), torch.from_numpy(piece.queries), names)
    assert loss_of(net, piece, names, Teaching(scores, weight=1.0)).item() == pytest.approx(0, abs=1e-5)
    assert loss_of(net, piece, names, Teaching(scores, weight=0.0)).item() == pytest.approx(loss_of(net, piece, names).item())


def test_a_sure_teacher_counts_like_the_answers() -> None:
    net = small_network()
    piece, names = draw(source_of(random_triples()), np.random.default_rng(0), FEW)
    sure = 100 * F.one_hot(torch.from_numpy(piece.answers), len(piece.entities)).float()
    assert loss_of(net, piece, names, Teaching(sure, weight=1.0)).item() == pytest.approx(loss_of(net, piece, names).item(), rel=1e-4)


def test_the_critic_learns_to_tell_and_the_network_not_to_be_told() -> None:
    torch.manual_seed(0)
    net, critic = small_network(), Critic(16)
    generator = np.random.default_rng(0)
    sampler = source_of(random_triples()).sampler
    pieces = sampler.sample(generator, vectors=None), sampler.sample(generator, vectors=None)
    weight, told = net.relation_labels, critic.get_parameter("layers.1.weight")
    half, minus = (torch.autograd.grad(confusion(net, critic, pieces, strength=s), (weight, told)) for s in (0.5, -1.0))
    assert half[0].abs().sum() > 0
    torch.testing.assert_close(half[0], -0.5 * minus[0])  # at -1 nothing is turned round: the plain gradient
    torch.testing.assert_close(half[1], minus[1])


def test_adaptation_begins_with_a_network_and_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    source, target = source_of(random_triples()), source_of(random_triples(1))
    options = replace(FEW, checkpoint_seconds=0.0)
    plain = train([(source, 1.0)], tmp_path / "plain", options, start=small_network())
    adapted = train([(source, 1.0)], tmp_path / "adapted", options, start=small_network(), target=target)
    assert not same(adapted, plain) and not same(adapted, small_network())
    again = train([(source, 1.0)], tmp_path / "adapted", options, start=small_network(), target=target)  # nothing left to do
    assert same(adapted, again)


RANK = """
import sys
from dataclasses import replace
from pathlib import Path
import torch
from dovetail.models.train_links import LinkTrainingOptions, join_processes, read_sources, train

out, rank = Path(sys.argv[1]), join_processes()
options = LinkTrainingOptions(dim=16, steps=2, checkpoint_seconds=0.0)
for steps in (2, 3):  # the second time from the checkpoint of the first
    net = train(read_sources(out, out), out, replace(options, steps=steps))
    torch.save(net.state_dict(), out / f"{steps}-{rank}.pt")
"""


def test_two_processes_end_with_the_same_parameters(tmp_path: Path) -> None:
    for number, name in enumerate(SHARES):
        (tmp_path / name).mkdir()
        rows = random_triples(number, count=60)
        (tmp_path / name / "train.tsv").write_text("".join(f"{h}\tr{r}\t{t}\n" for h, r, t in rows.tolist()), "utf-8")
        entities, relations = len(np.unique(rows[:, [0, 2]])), len(np.unique(rows[:, 1]))
        np.savez(tmp_path / f"{name}.npz", entities=np.zeros((entities, 384)), relations=np.zeros((relations, 384)))
    (tmp_path / "rank.py").write_text(RANK, "utf-8")
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        str(tmp_path / "rank.py"),
        str(tmp_path),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    states = {(steps, rank): torch.load(tmp_path / f"{steps}-{rank}.pt") for steps in (2, 3) for rank in (0, 1)}
    for steps in (2, 3):
        assert all(torch.equal(value, states[steps, 1][name]) for name, value in states[steps, 0].items())
    assert not torch.equal(states[2, 0]["relation_labels"], states[3, 0]["relation_labels"])
    assert torch.load(tmp_path / "checkpoint.pt")["step"] == 3
    assert (tmp_path / "links.safetensors").exists()
