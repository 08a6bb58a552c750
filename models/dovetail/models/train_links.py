"""Train the link network: ``python -m dovetail.models.train_links --data DIR --out DIR [--strict DIR]``.

DIR holds the folders of link_data.SHARES. Each step asks questions of one piece of one graph: softmax over all entities of the piece, other
true answers left out. Every step draws from its own seed, so that a stopped run, resumed from its checkpoint, draws what it would have.
``--strict`` names a folder of evaluation graphs none of whose triples may be learnt from. ``--adapt`` names the folder of a graph that
the network is to suit without being asked for its triples (adapt_links.py).

Several processes, ``python -m torch.distributed.run --nproc-per-node 4 -m dovetail.models.train_links ...``, each draw a piece of their
own for a step, and all take the step that the mean of their gradients says. The first of them writes.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, distributed, nn
from torch.nn import functional as F

from dovetail.models.adapt_links import Critic, confusion
from dovetail.models.encoder import fast_dtype, load_encoder, read_weights
from dovetail.models.link_data import SHARES, NamedTriples, Piece, PieceSampler, name_vectors, read_rows, read_triples
from dovetail.models.link_graph import Floats
from dovetail.models.link_network import LinkNetwork, LinkNetworkOptions, Names


@dataclass(frozen=True, slots=True)
class LinkTrainingOptions:
    """``rate``: of AdamW at its highest. ``no_names``, ``no_entity_names``: how often all names, or those of entities, are hidden.

    ``adversarial``: weight of the critic who tells source graphs from the target, where there is one.
    """

    dim: int = 32
    steps: int = 5_600
    rate: float = 1e-3
    warmup: int = 500
    seed: int = 17
    averaging: float = 0.999
    no_names: float = 0.3
    no_entity_names: float = 0.15
    adversarial: float = 0.1
    checkpoint_seconds: float = 180.0

    def rate_at(self, step: int) -> float:
        """Share of the full rate: warm-up, then linear decay to zero."""
        return min((step + 1) / self.warmup, max(1 - step / self.steps, 0.0) + 1e-3)


@dataclass(frozen=True, slots=True)
class Source:
    """A graph with vectors of its names: (entities, dim), (relations, dim)."""

    sampler: PieceSampler
    entities: NDArray[np.float16]
    relations: NDArray[np.float16]

    def vectors(self, relations: NDArray[np.int64]) -> Floats:
        """Of these relations."""
        return self.relations[relations].astype(np.float32)

    def names(self, piece: Piece) -> Names:
        """Of what is in a piece."""
        return Names(torch.from_numpy(self.entities[piece.entities].astype(np.float32)), torch.from_numpy(self.vectors(piece.relations)))


def read_sources(data: Path, cache: Path, *, strict: Path | None = None, without: Collection[str] = ()) -> list[tuple[Source, float]]:
    """Every training graph but those in ``without``, with its share; vectors of names are kept in ``cache``."""
    forbidden = frozenset(_evaluated(strict)) if strict is not None else frozenset()
    return [(read_source(data / name, cache, without=forbidden), share) for name, share in SHARES.items() if name not in without]


def read_source(folder: Path, cache: Path, *, without: frozenset[tuple[str, str, str]] = frozenset()) -> Source:
    """The graph of a folder's train.tsv, or facts.tsv, less triples in ``without``."""
    source = read_triples(folder, ["train.tsv", "facts.tsv"], without=without)
    return Source(PieceSampler(source), *_vectors(source, cache / f"{folder.name}.npz"))


def _evaluated(folder: Path) -> set[tuple[str, str, str]]:
    return {
        (row[0], row[1], row[2]) for file in folder.glob("*/*.tsv") if file.stem in ("facts", "test", "known") for row in read_rows(file)
    }


def _vectors(source: NamedTriples, file: Path) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        encoder = load_encoder()
        entities, relations = (name_vectors(encoder.encode, texts) for texts in (source.entity_texts, source.relation_texts))
        np.savez(file, entities=entities, relations=relations)
    stored = np.load(file)
    return stored["entities"], stored["relations"]


@dataclass(slots=True)
class Learner:
    """What a checkpoint holds: ``modules`` that learn, "net" among them, their optimizer and the running mean of the net's parameters."""

    modules: dict[str, nn.Module]
    optimizer: torch.optim.Optimizer
    averaged: dict[str, Tensor]
    step: int = 0

    @classmethod
    def of(cls, net: LinkNetwork, **others: nn.Module) -> Learner:
        """At its start. Rates come with the steps."""
        modules = {"net": net, **others}
        parameters = [p for module in modules.values() for p in module.parameters()]
        averaged = {name: p.detach().clone() for name, p in net.named_parameters()}
        return cls(modules, torch.optim.AdamW(parameters, weight_decay=1e-4), averaged)

    def learn(self, loss: Tensor, *, rate: float, averaging: float) -> None:
        """One step down the gradient of ``loss``, of the mean of it over all processes."""
        [group] = self.optimizer.param_groups
        group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        if distributed.is_initialized():
            _agree(group["params"])
        nn.utils.clip_grad_norm_(group["params"], 1.0)
        self.optimizer.step()
        with torch.no_grad():
            for name, parameter in self.modules["net"].named_parameters():
                self.averaged[name].lerp_(parameter, 1 - min(averaging, (self.step + 1) / (self.step + 10)))
        self.step += 1

    def save(self, file: Path) -> None:
        """Write a checkpoint."""
        states = {name: module.state_dict() for name, module in self.modules.items()}
        torch.save(
            {**states, "optimizer": self.optimizer.state_dict(), "averaged": self.averaged, "step": self.step}, file.with_suffix(".tmp")
        )
        file.with_suffix(".tmp").replace(file)

    def load(self, file: Path) -> None:
        """Go on from a checkpoint."""
        state: dict[str, Any] = torch.load(file, weights_only=True)
        for name, module in self.modules.items():
            module.load_state_dict(state[name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.averaged, self.step = state["averaged"], state["step"]


def _agree(parameters: Sequence[nn.Parameter]) -> None:
    """Gradients become their mean over all processes, in one message. A process without one counts as zero."""
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    means = flat.split([p.numel() for p in parameters])  # type: ignore[no-untyped-call]  # torch leaves it untyped
    for parameter, mean in zip(parameters, means, strict=True):
        parameter.grad = mean.view_as(parameter)


def train(
    sources: Sequence[tuple[Source, float]],
    out: Path,
    options: LinkTrainingOptions,
    *,
    start: LinkNetwork | None = None,
    target: Source | None = None,
) -> LinkNetwork:
    """The trained network, which ``links.safetensors`` in ``out`` holds too.

    ``start``: the network that learns, instead of a new one. ``target``: a graph that it is to suit, whose triples are not asked for.
    """
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    net = start or LinkNetwork(LinkNetworkOptions(options.dim))
    critic = Critic(net.options.dim)
    learner = Learner.of(net, critic=critic) if target else Learner.of(net)
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        learner.load(checkpoint)
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    first, began = learner.step, time.monotonic()
    saved = began
    report = {source.sampler.source.name: 0.0 for source, _ in sources}
    for step in range(first, options.steps):
        generator = np.random.default_rng([options.seed, step, rank])
        source = choose(sources, generator)
        piece, names = draw(source, generator, options)
        loss = asked = loss_of(net, piece, names)
        if target:
            loss = loss + confusion(net, critic, (piece, draw(target, generator, options)[0]), strength=options.adversarial)
        learner.learn(loss, rate=options.rate * options.rate_at(step), averaging=options.averaging)
        known = report[source.sampler.source.name]
        report[source.sampler.source.name] = 0.95 * known + 0.05 * asked.item() if known else asked.item()
        if rank == 0 and step % 100 == 0:
            speed = (learner.step - first) / (time.monotonic() - began)
            print(f"step {step}  {speed:.2f} steps/s  " + "  ".join(f"{k} {v:.2f}" for k, v in report.items()), flush=True)
        if rank == 0 and time.monotonic() - saved > options.checkpoint_seconds:
            learner.save(checkpoint)
            saved = time.monotonic()
    net.load_state_dict(learner.averaged)
    if rank == 0:
        save_file({name: value.contiguous() for name, value in learner.averaged.items()}, out / "links.safetensors")
    return net


def choose(sources: Sequence[tuple[Source, float]], generator: np.random.Generator) -> Source:
    """One of the sources, by their shares."""
    shares = np.array([share for _, share in sources])
    return sources[generator.choice(len(sources), p=shares / shares.sum())][0]


def draw(source: Source, generator: np.random.Generator, options: LinkTrainingOptions) -> tuple[Piece, Names | None]:
    """A piece of a source, and its names unless they are hidden."""
    hidden = generator.random()
    if hidden < options.no_names:
        return source.sampler.sample(generator, vectors=None), None
    piece = source.sampler.sample(generator, vectors=source.vectors)
    names = source.names(piece)
    if hidden < options.no_names + options.no_entity_names:
        names = replace(names, entities=torch.zeros_like(names.entities))
    return piece, names


@dataclass(frozen=True, slots=True)
class Teaching:
    """``scores``: (batch, entities) that another model gives. ``weight``: how much they count beside the answers (Hinton et al., 2015)."""

    scores: Tensor
    weight: float = 0.5
    temperature: float = 1.0


def loss_of(net: LinkNetwork, piece: Piece, names: Names | None, teaching: Teaching | None = None) -> Tensor:
    """Cross-entropy of the answers among all entities that are no other answer, or of what a teacher says in part."""
    heads, queries, answers = (torch.from_numpy(column) for column in (piece.heads, piece.queries, piece.answers))
    others = torch.from_numpy(piece.others)
    with torch.autocast("cpu", torch.bfloat16, enabled=fast_dtype() == torch.bfloat16):
        scores = net(piece.graph, heads, queries, names)
    scores = scores.masked_fill(others, -1e9)
    loss = F.cross_entropy(scores, answers)
    if teaching is None:
        return loss
    warmth = teaching.temperature
    taught = (teaching.scores.masked_fill(others, -1e9) / warmth).softmax(-1)
    divergence = F.kl_div((scores / warmth).log_softmax(-1), taught, reduction="batchmean")
    return (1 - teaching.weight) * loss + teaching.weight * warmth**2 * divergence


def join_processes() -> int:
    """This process's number among those that torch.distributed.run started together, or 0."""
    if "WORLD_SIZE" in os.environ:
        distributed.init_process_group("gloo")
    return distributed.get_rank() if distributed.is_initialized() else 0


def main() -> None:
    """The command line."""
    defaults = LinkTrainingOptions()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training graphs")
    parser.add_argument("--out", type=Path, required=True, help="where weights, checkpoints and vectors of names go")
    parser.add_argument("--strict", type=Path, help="folder of evaluation graphs whose triples are left out")
    parser.add_argument("--dim", type=int, default=defaults.dim, help="length of the states")
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--adapt", type=Path, help="folder of a graph that the network is to suit; nothing in it is asked for")
    parser.add_argument("--adversarial", type=float, default=defaults.adversarial, help="weight of the critic where a graph is adapted to")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    options = LinkTrainingOptions(arguments.dim, arguments.steps, seed=arguments.seed, adversarial=arguments.adversarial)
    start = LinkNetwork(LinkNetworkOptions(arguments.dim)) if arguments.start else None
    if start:
        start.load_state_dict(read_weights(arguments.start))
    if join_processes() > 0:
        distributed.barrier()  # until the first has made the vectors of names
    target = read_source(arguments.adapt, arguments.out) if arguments.adapt else None
    without = [arguments.adapt.name] if arguments.adapt else []
    sources = read_sources(arguments.data, arguments.out, strict=arguments.strict, without=without)
    if distributed.is_initialized() and distributed.get_rank() == 0:
        distributed.barrier()
    train(sources, arguments.out, options, start=start, target=target)


if __name__ == "__main__":
    main()
