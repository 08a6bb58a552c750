"""Train the coreference scorer: ``python -m dovetail.nlp.train_coreference --data DIR``.

The extractor's encoder stays as it is; it reads LitBank's and GAP's training rows once, and the scorer learns to rank the candidates of
each mention: the chance of all that are right together is to be high (Lee et al., EMNLP 2017, equation 8). Every HELD_OUT-th training
row is kept back and chooses the thresholds. The same command and seed give the same weights.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from dovetail.models.coreference import CoreferenceModel, CoreferenceNet, CoreferenceThresholds, rank, save_coreference
from dovetail.models.coreference_features import NAME, NEUTER, PRONOUN, pair_features
from dovetail.models.extraction import Extractor, load_extractor
from dovetail.nlp.annotated import rows_of
from dovetail.nlp.coreference_data import RankingTask, RowText, annotated_task, found_task, gap_task, read_texts
from dovetail.nlp.evaluate_coreference import gap_chances, gap_figures
from dovetail.nlp.mentions import shared_extractor

T = TypeVar("T")
HELD_OUT = 8
PRECISION = 0.9
"""Wanted of what the pipeline resolves, in LitBank's documents."""

HARD_PRECISION = 0.8
"""Wanted of GAP's pronouns as well, each of which was picked for having two names of its gender near it."""

LEAST_CHANCE = 0.7
"""No threshold is lower: in the demo corpus 43 of 47 references from 0.7 were right, 18 of 32 from 0.5 to 0.7 (benchmarks/judged)."""

LEAST_DECISIONS = 15


@dataclass(frozen=True, slots=True)
class CoreferenceOptions:
    """One step is one LitBank document, as annotated and as found, and a share of GAP's rows.

    ``share``: of a document's mentions, those that a step asks.
    """

    epochs: int = 5
    share: float = 0.5
    rate: float = 1e-3
    weight_decay: float = 1e-2
    dropout: float = 0.3
    seed: int = 13


@dataclass(frozen=True, slots=True)
class _Ready:
    """A task with the pairs that are asked, as tensors."""

    task: RankingTask
    right: Tensor
    column: Tensor
    left: Tensor
    features: Tensor
    asked: Tensor


def _ready(task: RankingTask) -> _Ready:
    right, column = np.nonzero((task.candidates >= 0) & (task.weight > 0)[:, None])
    left = task.candidates[right, column]
    features = torch.from_numpy(pair_features(task.mentions, left, right)).half()
    asked = torch.from_numpy(task.weight > 0)
    return _Ready(task, torch.from_numpy(right), torch.from_numpy(column), torch.from_numpy(left), features, asked)


def ranking_loss(net: CoreferenceNet, ready: _Ready, asked: Tensor) -> Tensor:
    """Mean negative log of the chance of all that is right, over the mentions that are ``asked`` (mentions,)."""
    task = ready.task
    kept = asked[ready.right]
    left, right, column = ready.left[kept], ready.right[kept], ready.column[kept]
    own = torch.from_numpy(task.mentions.own)
    scores, alone = net(torch.from_numpy(task.vectors), own, (left, right), ready.features[kept].float())
    table = torch.full((task.candidates.shape[0], task.candidates.shape[1] + 1), -1e9)
    table[right, column] = scores
    table[:, -1] = alone
    table, correct = table[asked], torch.from_numpy(task.right)[asked]
    return (table.logsumexp(1) - table.masked_fill(~correct, -1e9).logsumexp(1)).mean()


def train(documents: Sequence[tuple[RankingTask, ...]], rows: Sequence[RankingTask], options: CoreferenceOptions) -> CoreferenceNet:
    """A trained scorer. ``documents``: the tasks of each LitBank document; ``rows``: GAP's."""
    torch.manual_seed(options.seed)
    order = random.Random(options.seed)
    net = CoreferenceNet(rows[0].vectors.shape[2], dropout=options.dropout)
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=options.weight_decay)
    ready = [[_ready(t) for t in tasks if t.weight.any()] for tasks in documents]
    gap = [_ready(t) for t in rows]
    steps = options.epochs * len(ready)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: min(1.0, (s + 1) / 50) * (1 - s / steps))
    began = time.monotonic()
    for epoch in range(options.epochs):
        net.train()
        order.shuffle(ready)
        order.shuffle(gap)
        total = 0.0
        for i, tasks in enumerate(ready):
            share = gap[i :: len(ready)]
            loss = torch.zeros(())
            for t in tasks:
                asked = t.asked & (torch.rand(len(t.asked)) < options.share)
                loss = loss + (ranking_loss(net, t, asked) if asked.any() else 0.0)
            for t in share:
                loss = loss + ranking_loss(net, t, t.asked) / len(share)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / len(ready):.3f}, {time.monotonic() - began:.0f} s", flush=True)
    return net.eval()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the pipeline would decide of a pronoun or nominal: how sure, and whether it is right to say so."""

    chance: float
    right: bool


def decisions(net: CoreferenceNet, task: RankingTask, which: Callable[[int], bool]) -> Iterator[Decision]:
    """What is likeliest for each mention that ``which`` chooses: of the annotated clusters with a name, and other names, that it may be."""
    antecedents = rank(net, task.mentions, task.vectors, task.candidates)
    names = task.mentions.kind == NAME
    named = set(task.owner[names].tolist()) - {-1}
    for i in np.flatnonzero(task.candidates[:, 0] >= 0).tolist() if task.candidates.size else ():
        if not which(i):
            continue
        chance: dict[int, float] = {}
        for j, p in zip(task.candidates[i].tolist(), antecedents.chances[i].tolist(), strict=False):
            if j >= 0 and (names[j] or int(task.owner[j]) in named):
                key = int(task.owner[j]) if task.owner[j] >= 0 else -1 - int(task.mentions.key[j])
                chance[key] = chance.get(key, 0.0) + p
        if chance:
            best = max(chance, key=lambda c: chance[c])
            yield Decision(chance[best], best >= 0 and best == task.owner[i])


def threshold_of(found: Sequence[Decision], *, precision: float = PRECISION) -> tuple[float, float, float]:
    """The least threshold from which decisions are right this often, the precision reached, and the share of right ones kept.

    Where no threshold with LEAST_DECISIONS above it reaches that, the one that comes nearest.

    >>> threshold_of([Decision(c / 20, c > 4) for c in range(20)], precision=1.0)
    (0.25, 1.0, 1.0)
    """
    ordered = sorted(found, key=lambda d: -d.chance)
    possible = max(sum(d.right for d in ordered), 1)
    best = (1.0, 0.0, 0.0)
    true = 0
    for count, decision in enumerate(ordered, 1):
        true += decision.right
        reached = (decision.chance, true / count, true / possible)
        if count >= LEAST_DECISIONS and (reached[1] >= precision or (best[1] < precision and reached[1] >= best[1])):
            best = reached
    return best


def choose_thresholds(net: CoreferenceNet, found: Sequence[RankingTask], rows: Sequence[RankingTask]) -> CoreferenceThresholds:
    """Thresholds from rows that were not trained on, printed with the precision and recall that they have there."""

    def of(wanted: str) -> list[Decision]:
        return [d for t in found for d in decisions(net, t, lambda i, t=t: _sort(t, i) == wanted)]  # type: ignore[misc]

    hard = [d for t in rows for d in decisions(net, t, lambda i: i == 0)]
    chosen = {}
    for name, group, precision in (
        ("person", of("person"), PRECISION),
        ("hard", hard, HARD_PRECISION),
        ("thing", of("thing"), PRECISION),
        ("nominal", of("nominal"), PRECISION),
    ):
        threshold, reached, recall = threshold_of(group, precision=precision)
        chosen[name] = max(round(threshold, 3), LEAST_CHANCE)
        print(f"{name}: {len(group)} decisions, threshold {threshold:.3f}, precision {reached:.3f}, recall {recall:.3f}")
    chances = [gap_chances(net, t) for t in rows]
    steps = [i / 50 for i in range(1, 30)]
    best = max(steps, key=lambda t: (gap_figures(rows, chances, t)["gap_f1"], -t))
    print(f"gap: threshold {best}, held-out F1 {gap_figures(rows, chances, best)['gap_f1']:.3f}")
    return CoreferenceThresholds(max(chosen["person"], chosen["hard"]), chosen["thing"], chosen["nominal"], best)


def _sort(task: RankingTask, i: int) -> str:
    if task.mentions.kind[i] != PRONOUN:
        return "nominal"
    return "person" if task.mentions.gender[i] < NEUTER else "thing"


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with litbank/train.jsonl and gap/train.jsonl")
    parser.add_argument("--weights", type=Path, help="the extractor's weights, instead of the packaged ones")
    parser.add_argument("--out", type=Path, required=True, help="where coreference.safetensors goes")
    for option in fields(CoreferenceOptions):
        parser.add_argument(f"--{option.name.replace('_', '-')}", type=type(option.default), default=option.default)
    given = vars(parser.parse_args())
    options = CoreferenceOptions(**{f.name: given[f.name] for f in fields(CoreferenceOptions)})
    torch.set_num_threads(1)
    extractor = load_extractor(given["weights"]) if given["weights"] else shared_extractor()
    began = time.monotonic()
    documents = [(annotated_task(t), found_task(t)) for t in _read(given["data"], "litbank", extractor)]
    rows = [gap_task(t) for t in _read(given["data"], "gap", extractor)]
    print(f"read in {time.monotonic() - began:.0f} s", flush=True)
    learnt, held = _divide(documents), _divide(rows)
    net = train(learnt[0], held[0], options)
    thresholds = choose_thresholds(net, [tasks[1] for tasks in learnt[1]], held[1])
    given["out"].mkdir(parents=True, exist_ok=True)
    save_coreference(CoreferenceModel(net, thresholds), given["out"] / "coreference.safetensors")
    print(f"{sum(v.numel() for v in net.parameters())} parameters, {time.monotonic() - began:.0f} s in all")


def _read(data: Path, name: str, extractor: Extractor) -> list[RowText]:
    return read_texts(rows_of(data / name / "train.jsonl"), extractor)


def _divide(items: Sequence[T]) -> tuple[list[T], list[T]]:
    """What is learnt from, and what is kept back."""
    return [x for i, x in enumerate(items) if i % HELD_OUT], [x for i, x in enumerate(items) if i % HELD_OUT == 0]


if __name__ == "__main__":
    _main()
