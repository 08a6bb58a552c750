"""Train the gate: ``python -m dovetail.reasoning.links.train_fusion --data DIR --network FILE --out DIR``.

Pieces of the training graphs, their questions answered by every expert, and a softmax over the candidates that any of them puts forward.
Experts are left out at random, so that the gate also serves where there are no names or no rules.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch.nn import functional as F

from dovetail.models.link_data import Piece, PieceOptions, PieceSampler
from dovetail.models.link_network import LinkNetwork
from dovetail.models.train_links import Source, choose, read_sources
from dovetail.reasoning.links.experts.registry import EXPERTS, Known
from dovetail.reasoning.links.fusion import Evidence, Fusion, Gate
from dovetail.reasoning.links.network import load_network
from dovetail.reasoning.links.view import LinkView

PIECES = PieceOptions(smallest=500, largest=5000, questions=40, work=10**9)
FIRST = 25
"""Candidates of each expert that are learnt from; as many others are drawn."""

RULE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Questions:
    """Evidence of some candidates of each question (n, candidates, ...), the answer first, and which do not count (n, candidates)."""

    seen: Evidence
    hidden: NDArray[np.bool_]


def questions_of(source: Source, net: LinkNetwork, generator: np.random.Generator) -> Questions:
    """A piece's questions, answered by every expert."""
    piece = source.sampler.sample(generator, vectors=source.vectors)
    order = np.argsort(piece.queries, kind="stable")
    seen = fusion_over(piece, source, net, Gate()).evidence(piece.heads[order], piece.queries[order])
    return _some(seen, piece, order, generator)


def fusion_over(piece: Piece, source: Source, net: LinkNetwork, gate: Gate) -> Fusion:
    """Every expert on a piece of a source, and the gate."""
    vectors = source.entities[piece.entities].astype(np.float32)
    known = Known(LinkView.made_of(piece.graph), vectors, source.vectors(piece.relations), net, rule_seconds=RULE_SECONDS)
    return Fusion(known.view, {name: expert.make(known) for name, expert in EXPERTS.items()}, gate)


def _some(seen: Evidence, piece: Piece, order: NDArray[np.int64], generator: np.random.Generator) -> Questions:
    count = min((len(EXPERTS) + 1) * FIRST, seen.experts.shape[1])
    chosen = np.zeros((len(order), count), np.int64)
    for row, question in enumerate(order.tolist()):
        best = [np.argsort(-seen.experts[row, :, e, 1], kind="stable")[:FIRST] for e in range(len(EXPERTS))]
        listed = np.unique(np.concatenate([[piece.answers[question]], *best, generator.integers(0, seen.experts.shape[1], count)]))
        listed = np.concatenate([[piece.answers[question]], generator.permutation(listed[listed != piece.answers[question]])])[:count]
        chosen[row] = np.resize(listed, count)
    rows = np.arange(len(order))[:, None]
    hidden = piece.others[order[:, None], chosen]
    hidden |= (chosen == chosen[:, :1]) & (np.arange(count) > 0)
    some = Evidence(seen.experts[rows, chosen], seen.circumstances, seen.candidates[rows, chosen])
    return Questions(some, hidden)


def fit(parts: Sequence[Questions], *, steps: int, seed: int) -> Gate:
    """The gate that ranks the answers highest."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    gate = Gate()
    optimizer = torch.optim.Adam(gate.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        loss = torch.zeros(())
        for part in (parts[i] for i in generator.integers(0, len(parts), 16)):
            experts, circumstances = torch.from_numpy(part.seen.experts).clone(), torch.from_numpy(part.seen.circumstances).clone()
            for place in np.flatnonzero(generator.random(len(EXPERTS)) < 0.12):
                experts[:, :, place] = 0.0
                circumstances[:, -2 * len(EXPERTS) + 2 * place : len(circumstances[0]) - 2 * len(EXPERTS) + 2 * place + 2] = 0.0
            scores = gate(experts, circumstances, torch.from_numpy(part.seen.candidates))
            hidden = torch.from_numpy(part.hidden)
            loss = loss + F.cross_entropy(scores.masked_fill(hidden, -1e9), torch.zeros(len(hidden), dtype=torch.long))
        optimizer.zero_grad()
        (loss / 16).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        schedule.step()
    return gate.eval()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training graphs")
    parser.add_argument("--network", type=Path, required=True, help="weights of the network")
    parser.add_argument("--out", type=Path, required=True, help="where links-fusion.safetensors goes; vectors of names are kept there")
    parser.add_argument("--pieces", type=int, default=120)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    read = read_sources(options.data, options.out)
    sources = [(replace(source, sampler=PieceSampler(source.sampler.source, PIECES)), share) for source, share in read]
    net = load_network(options.network)
    parts = []
    for number in range(options.pieces):
        generator = np.random.default_rng([options.seed, number])
        source = choose(sources, generator)
        parts.append(questions_of(source, net, generator))
        print(f"piece {number}  {source.sampler.source.name}  {parts[-1].seen.experts.shape}", flush=True)
    gate = fit(parts, steps=options.steps, seed=options.seed)
    save_file(gate.state_dict(), options.out / "links-fusion.safetensors")


if __name__ == "__main__":
    main()
