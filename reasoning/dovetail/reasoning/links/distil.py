"""Teach the network what all experts say together: ``python -m dovetail.reasoning.links.distil --data DIR --out DIR --steps N``.

    piece of a graph ─ many questions ─ every expert, weighed by the gate ─► a lesson   (seconds each)
    lesson ─ some of its questions ─ the network ─► loss of the answers, and of the distance to what the gate said   (milliseconds)

So a lesson is made once and many steps return to it. ``--network`` and ``--fusion`` name other weights to begin with and to learn from than
the packaged ones; with ``--weight 0`` the network learns from the answers alone.
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

from dovetail.models.encoder import packaged_weights
from dovetail.models.link_data import Piece, PieceOptions, PieceSampler
from dovetail.models.link_network import LinkNetwork
from dovetail.models.train_links import Learner, LinkTrainingOptions, Source, Teaching, choose, loss_of, read_sources
from dovetail.reasoning.links.fusion import Gate
from dovetail.reasoning.links.network import load_network, with_weights
from dovetail.reasoning.links.train_fusion import fusion_over

PIECES = PieceOptions(smallest=300, largest=3000, questions=192, work=10**9)
ASKED = PieceOptions().work
"""Entities and edges times questions of a step, about."""

TRAINING = LinkTrainingOptions(steps=600, rate=3e-4, warmup=30, averaging=0.98)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A piece of a source, and what the experts together say of its questions: ``scores`` (questions, entities)."""

    source: Source
    piece: Piece
    scores: NDArray[np.float16]

    def some(self, generator: np.random.Generator) -> Lesson:
        """The same with as many of the questions as one step can ask."""
        piece = self.piece
        many = max(ASKED // (3 * len(piece.entities) + 2 * len(piece.graph.heads)), 2)
        rows = generator.permutation(len(piece.heads))[: min(many, PieceOptions().questions)]
        heads, queries, answers, others = piece.heads[rows], piece.queries[rows], piece.answers[rows], piece.others[rows]
        return replace(self, piece=replace(piece, heads=heads, queries=queries, answers=answers, others=others), scores=self.scores[rows])


@dataclass(frozen=True, slots=True)
class DistilOptions:
    """``weight`` of the experts' scores beside the answers, and the ``temperature`` they are taken at."""

    weight: float = 0.5
    temperature: float = 1.0
    training: LinkTrainingOptions = TRAINING


def lesson_of(source: Source, net: LinkNetwork, gate: Gate, generator: np.random.Generator) -> Lesson:
    """A piece's questions, answered by every expert together."""
    piece = source.sampler.sample(generator, vectors=source.vectors)
    order = np.argsort(piece.queries, kind="stable")
    fusion = fusion_over(piece, source, net, gate)
    scores = np.empty(piece.others.shape, np.float16)
    for rows in np.array_split(order, len(order) // 32 + 1):
        scores[rows] = fusion.scores(piece.heads[rows], piece.queries[rows])
    return Lesson(source, piece, scores)


def distil(net: LinkNetwork, lessons: Sequence[Lesson], options: DistilOptions) -> LinkNetwork:
    """``net`` itself, having learnt the lessons."""
    learner = Learner.of(net.train().requires_grad_(True))
    training = options.training
    for step in range(training.steps):
        generator = np.random.default_rng([training.seed, step])
        lesson = lessons[int(generator.integers(len(lessons)))].some(generator)
        teaching = Teaching(torch.from_numpy(lesson.scores.astype(np.float32)), options.weight, options.temperature)
        loss = loss_of(net, lesson.piece, lesson.source.names(lesson.piece), teaching)
        learner.learn(loss, rate=training.rate * training.rate_at(step), averaging=training.averaging)
        if step % 100 == 0:
            print(f"step {step}  {loss.item():.3f}", flush=True)
    net.load_state_dict(learner.averaged)
    return net.eval().requires_grad_(False)


def main() -> None:
    """The command line."""
    defaults = DistilOptions()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training graphs")
    parser.add_argument("--out", type=Path, required=True, help="where links.safetensors goes; vectors of names are kept there")
    parser.add_argument("--network", type=Path, default=packaged_weights() / "links.safetensors", help="weights to begin with")
    parser.add_argument("--fusion", type=Path, default=packaged_weights() / "links-fusion.safetensors", help="weights of the gate")
    parser.add_argument("--lessons", type=int, default=100)
    parser.add_argument("--steps", type=int, default=defaults.training.steps)
    parser.add_argument("--weight", type=float, default=defaults.weight, help="of the experts' scores beside the answers")
    parser.add_argument("--temperature", type=float, default=defaults.temperature, help="that the experts' scores are taken at")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    read = read_sources(arguments.data, arguments.out)
    sources = [(replace(source, sampler=PieceSampler(source.sampler.source, PIECES)), share) for source, share in read]
    net, gate = load_network(arguments.network), with_weights(Gate(), arguments.fusion)
    lessons = []
    for number in range(arguments.lessons):
        generator = np.random.default_rng([defaults.training.seed, number])
        lessons.append(lesson_of(choose(sources, generator), net, gate, generator))
        print(f"lesson {number}  {lessons[-1].source.sampler.source.name}  {lessons[-1].scores.shape}", flush=True)
    training = replace(defaults.training, steps=arguments.steps)
    distil(net, lessons, DistilOptions(arguments.weight, arguments.temperature, training))
    save_file({name: value.contiguous() for name, value in net.state_dict().items()}, arguments.out / "links.safetensors")


if __name__ == "__main__":
    main()
