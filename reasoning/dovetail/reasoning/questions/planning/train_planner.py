"""Trains the network that reads questions: ``python -m dovetail.reasoning.questions.planning.train_planner --out FILE``.

    phrases of relations  -> synthetic questions ┐
    SimpleQuestions       -> masked questions    ┴-> QuestionNetwork over the frozen text encoder -> data/weights/planner.safetensors

Each batch draws one label for each relation, so that the network learns what labels mean and not which there are. ``--hold-out SHARE``
keeps some relations out of training and measures how well their labels are found: the figure to choose designs by.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from dovetail.models.encoder import TextEncoder, fast_dtype, load_encoder
from dovetail.models.question_network import KINDS, MOST_HOPS, QuestionNetwork, Reading, label_states, save_question_network, token_states
from dovetail.nlp.catalogue import load_catalogue
from dovetail.reasoning.questions.passages.fusion import weights_path
from dovetail.reasoning.questions.planning.lexicon import RelationPhrases, relation_phrases
from dovetail.reasoning.questions.planning.simple_questions import simple_questions
from dovetail.reasoning.questions.planning.synthesis import Synthesis, TrainingQuestion

BATCH = 64
COMMON = 3
"""Relations of the packaged catalogue, which built graphs have, are asked about so many times as often as others."""
REAL_SHARE = 0.25
DEEPENED = 0.5
"""Of real questions, so many are asked of a phrase and not of a name, since they are all about one fact."""
RATE = 4e-4


@dataclass(frozen=True, slots=True)
class Labels:
    """Label states of all relations and nouns, to draw from."""

    relations: Sequence[RelationPhrases]
    states: Tensor
    rows: Sequence[tuple[Sequence[int], Sequence[int]]]
    nouns: Sequence[str]
    noun_states: Tensor


def labels_of(relations: Sequence[RelationPhrases], encoder: TextEncoder) -> Labels:
    """The states of every label and noun."""
    texts: list[str] = []
    rows = []
    for one in relations:
        ways = [list(range(len(texts), len(texts) + len(one.labels)))]
        texts.extend(one.labels)
        ways.append(list(range(len(texts), len(texts) + len(one.inverse_labels))))
        texts.extend(one.inverse_labels)
        rows.append((ways[0], ways[1]))
    nouns = sorted({noun for one in relations for noun in one.subject})
    return Labels(relations, label_states(encoder, texts), rows, nouns, label_states(encoder, nouns))


class Batch:
    """Questions as tensors of targets; -1 where a question teaches nothing of a head."""

    def __init__(self, questions: Sequence[TrainingQuestion], labels: Labels, flipped: Sequence[bool]) -> None:
        number = {one.name: i for i, one in enumerate(labels.relations)}
        nouns = {noun: i for i, noun in enumerate(labels.nouns)}
        steps = torch.full((len(questions), MOST_HOPS), -1)
        for row, question in enumerate(questions):
            for hop, step in enumerate(question.steps):
                relation = number[step.relation]
                steps[row, hop] = 2 * relation + int(step.inverse != flipped[relation])
        self.kind = torch.tensor([KINDS.index(question.kind) for question in questions])
        self.hops = torch.tensor([len(question.steps) if question.kind not in ("boolean", "connection") else -1 for question in questions])
        self.steps = steps
        self.type = torch.tensor([nouns[question.type] if question.type else -1 for question in questions])
        self.dimension, self.second = (
            torch.tensor([2 * number[name] + int(flipped[number[name]]) if name else -1 for name in names])
            for names in ([question.dimension for question in questions], [question.second for question in questions])
        )
        self.smallest = torch.tensor([-1.0 if question.smallest is None else float(question.smallest) for question in questions])


def loss_of(network: QuestionNetwork, read: Reading, want: Batch, relations: Tensor, nouns: Tensor) -> Tensor:
    """The sum over the heads of their mean losses over the questions that teach them."""
    offered, sharp = relations.flatten(0, 1), network.sharpness

    def chosen(logits: Tensor, wanted: Tensor) -> Tensor:
        return cross_entropy(logits, wanted, ignore_index=-1) if (wanted >= 0).any() else logits.sum() * 0.0

    total = chosen(read.kind, want.kind) + chosen(read.hops, want.hops)
    for hop in range(MOST_HOPS):
        total = total + chosen(sharp * read.steps[:, hop] @ offered.T, want.steps[:, hop])
    total = total + 0.5 * chosen(sharp * read.type @ nouns.T, want.type) + chosen(sharp * read.dimension @ offered.T, want.dimension)
    total = total + chosen(sharp * read.second @ offered.T, want.second)
    directed = want.smallest >= 0
    if directed.any():
        total = total + binary_cross_entropy_with_logits(read.smallest[directed], want.smallest[directed])
    return total


def drawn(labels: Labels, random_: random.Random) -> tuple[list[int], list[bool]]:
    """One label for each relation, and whether it says the relation the other way round."""
    rows, flipped = [], []
    for forth, back in labels.rows:
        turn = bool(back) and random_.random() < 0.2
        rows.append(random_.choice(back if turn else forth))
        flipped.append(turn)
    return rows, flipped


@torch.no_grad()
def accuracy(network: QuestionNetwork, encoder: TextEncoder, questions: Sequence[TrainingQuestion], labels: Labels) -> dict[str, float]:
    """How often the kind, the number of steps, every step, and dimension and direction are right, with each relation's first label."""
    network.eval()
    want = Batch(questions, labels, [False] * len(labels.relations))
    made = token_states(encoder, [question.text for question in questions], [question.topic for question in questions])
    first = [rows[0] for rows, _ in labels.rows]
    offered = network.relations(labels.states[first]).flatten(0, 1)
    read = network(made.states, made.mask, made.flags)
    right = (read.steps @ offered.T).argmax(-1) == want.steps
    asked = want.steps >= 0
    path = (right | ~asked).all(1) & (read.hops.argmax(-1) == want.hops)
    measured = (want.hops > 0) & asked.any(1)
    compared = want.dimension >= 0
    way = (read.smallest > 0).float() == want.smallest
    network.train()
    return {
        "kind": float((read.kind.argmax(-1) == want.kind).float().mean()),
        "hops": float((read.hops.argmax(-1) == want.hops)[want.hops >= 0].float().mean()),
        **{f"hop {hop + 1}": float(right[:, hop][asked[:, hop]].float().mean()) for hop in range(MOST_HOPS)},
        "path": float(path[measured].float().mean()),
        "dimension": float(((read.dimension @ offered.T).argmax(-1) == want.dimension)[compared].float().mean()),
        "direction": float(way[compared].float().mean()),
    }


def train(args: argparse.Namespace) -> None:
    """Trains and writes the network."""
    torch.manual_seed(args.seed)
    encoder = load_encoder()
    every = list(relation_phrases().values())
    common = {str(entry.iri) for entry in load_catalogue().relations}
    labels = labels_of(every, encoder)
    held = {one.name for one in random.Random(args.seed).sample(every, int(args.hold_out * len(every)))}
    questions = simple_questions(args.data / "questions" / "forms" / "simplequestions-wikidata.train.jsonl")
    real = [question for question in questions if question.steps[0].relation not in held]
    known = Synthesis([one for one in every if one.name not in held for _ in range(COMMON if one.iri in common else 1)], seed=args.seed)
    unknown = Synthesis([one for one in every if one.name in held], seed=1) if held else known
    tests = {"synthetic": [unknown.draw() for _ in range(500)]}
    if held:
        tests["real"] = random.Random(1).sample([q for q in questions if q.steps[0].relation in held], 300)
    network = QuestionNetwork(encoder.dim)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=args.steps, pct_start=0.06)
    random_ = random.Random(args.seed)
    began = time.perf_counter()
    for step in range(args.steps):
        batch = [known.draw() for _ in range(BATCH)]
        for row in range(int(REAL_SHARE * BATCH)):
            batch[row] = random_.choice(real)
            if random_.random() < DEEPENED:
                batch[row] = known.deeper(batch[row])
        rows, flipped = drawn(labels, random_)
        made = token_states(encoder, [question.text for question in batch], [question.topic for question in batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=fast_dtype() is torch.bfloat16):
            read = network(made.states.clone(), made.mask.clone(), made.flags.clone())
            relations = network.relations(labels.states[rows])
            nouns = network.nouns(labels.noun_states)
            loss = loss_of(network, read, Batch(batch, labels, flipped), relations, nouns)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not type backward
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % args.every == args.every - 1:
            print(f"step {step + 1}  loss {float(loss.detach()):.3f}  {time.perf_counter() - began:.0f} s", flush=True)
            for name, some in tests.items():
                print("  ", name, {key: round(value, 3) for key, value in accuracy(network, encoder, some, labels).items()}, flush=True)
            save_question_network(network, args.out)
    save_question_network(network, args.out)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")))
    parser.add_argument("--out", type=Path, default=weights_path("planner.safetensors"))
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--every", type=int, default=500, help="steps between measures and checkpoints")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--hold-out", type=float, default=0.0, metavar="SHARE")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
