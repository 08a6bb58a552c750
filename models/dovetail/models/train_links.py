"""Train the link network: ``python -m dovetail.models.train_links --data DIR --out DIR [--strict DIR]``.

DIR holds the folders of link_data.SHARES. Each step asks questions of one piece of one graph: softmax over all entities of the piece, other
true answers left out. Every step draws from its own seed, so that a stopped run, resumed from its checkpoint, draws what it would have.
``--strict`` names a folder of evaluation graphs none of whose triples may be learnt from.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from dovetail.models.encoder import load_encoder
from dovetail.models.link_data import SHARES, NamedTriples, Piece, PieceSampler, name_vectors, read_rows, read_triples
from dovetail.models.link_graph import Floats
from dovetail.models.link_network import LinkNetwork, LinkNetworkOptions, Names


@dataclass(frozen=True, slots=True)
class LinkTrainingOptions:
    """``rate``: of AdamW at its highest. ``no_names``, ``no_entity_names``: how often all names, or those of entities, are hidden."""

    dim: int = 32
    steps: int = 5_600
    rate: float = 1e-3
    warmup: int = 500
    seed: int = 17
    averaging: float = 0.999
    no_names: float = 0.3
    no_entity_names: float = 0.15
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


def read_sources(data: Path, cache: Path, *, strict: Path | None = None) -> list[tuple[Source, float]]:
    """Every training graph with its share; vectors of names are kept in ``cache``."""
    forbidden = frozenset(_evaluated(strict)) if strict is not None else frozenset()
    found = []
    for name, share in SHARES.items():
        source = read_triples(data / name, ["train.tsv"], without=forbidden)
        found.append((Source(PieceSampler(source), *_vectors(source, cache / f"{name}-{len(source.triples)}.npz")), share))
    return found


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
class _Run:
    """What a checkpoint holds."""

    net: LinkNetwork
    optimizer: torch.optim.Optimizer
    averaged: dict[str, Tensor]
    step: int = 0

    def save(self, file: Path) -> None:
        state = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict(), "averaged": self.averaged, "step": self.step}
        torch.save(state, file.with_suffix(".tmp"))
        file.with_suffix(".tmp").replace(file)

    def load(self, file: Path) -> None:
        state: dict[str, Any] = torch.load(file, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.averaged, self.step = state["averaged"], state["step"]


def train(sources: Sequence[tuple[Source, float]], out: Path, options: LinkTrainingOptions) -> None:
    """Train, leaving ``links.safetensors`` in ``out``."""
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    net = LinkNetwork(LinkNetworkOptions(options.dim))
    run = _Run(
        net,
        torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=1e-4),
        {k: p.detach().clone() for k, p in net.named_parameters()},
    )
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        run.load(checkpoint)
    began = saved = time.monotonic()
    report = {source.sampler.source.name: 0.0 for source, _ in sources}
    for step in range(run.step, options.steps):
        generator = np.random.default_rng([options.seed, step])
        source = choose(sources, generator)
        piece, names = draw(source, generator, options)
        for group in run.optimizer.param_groups:
            group["lr"] = options.rate * options.rate_at(step)
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(net, piece, names)
        run.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        run.optimizer.step()
        with torch.no_grad():
            for name, parameter in net.named_parameters():
                run.averaged[name].lerp_(parameter, 1 - min(options.averaging, (step + 1) / (step + 10)))
        known = report[source.sampler.source.name]
        report[source.sampler.source.name] = 0.95 * known + 0.05 * loss.item() if known else loss.item()
        if step % 100 == 0:
            speed = (step + 1 - run.step) / (time.monotonic() - began)
            print(f"step {step}  {speed:.2f} steps/s  " + "  ".join(f"{k} {v:.2f}" for k, v in report.items()), flush=True)
        if time.monotonic() - saved > options.checkpoint_seconds:
            _Run(net, run.optimizer, run.averaged, step + 1).save(checkpoint)
            saved = time.monotonic()
    save_file({name: value.contiguous() for name, value in run.averaged.items()}, out / "links.safetensors")


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
    entities = torch.from_numpy(source.entities[piece.entities].astype(np.float32))
    if hidden < options.no_names + options.no_entity_names:
        entities = torch.zeros_like(entities)
    return piece, Names(entities, torch.from_numpy(source.vectors(piece.relations)))


def loss_of(net: LinkNetwork, piece: Piece, names: Names | None) -> Tensor:
    """Cross-entropy of the answers among all entities that are no other answer."""
    heads, queries, answers = (torch.from_numpy(column) for column in (piece.heads, piece.queries, piece.answers))
    scores = net(piece.graph, heads, queries, names)
    return F.cross_entropy(scores.masked_fill(torch.from_numpy(piece.others), -1e9), answers)


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
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    sources = read_sources(arguments.data, arguments.out, strict=arguments.strict)
    train(sources, arguments.out, LinkTrainingOptions(dim=arguments.dim, steps=arguments.steps, seed=arguments.seed))


if __name__ == "__main__":
    main()
