"""How every baseline is trained: shuffled batches of facts, until so many steps or so many seconds are over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from dovetail.kg.errors import InputError
from dovetail.models.link_graph import Floats, LinkGraph, Rows


@dataclass(frozen=True, slots=True)
class BaselineOptions:
    """``dim``: numbers per entity. ``steps``: of training, unless ``seconds`` of one processor are over before. Raises InputError.

    The same seed gives the same scores where it is the steps that end. ``proposals``: how many uniform negatives an adversary picks
    one from; of 1, negatives are uniform.
    """

    dim: int = 64
    steps: int = 800
    seconds: float = 60.0
    seed: int = 0
    proposals: int = 20

    def __post_init__(self) -> None:
        for name in ("dim", "steps", "seconds", "proposals"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} of a baseline is {getattr(self, name)}; it must be above 0")


class Trained:
    """A link predictor made of ``tails``: (batch,) heads, (batch,) queries -> (batch, entities)."""

    def __init__(self, tails: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.tails = tails

    @torch.inference_mode()
    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,) heads, (batch,) relations or inverses -> (batch, entities)."""
        return np.asarray(self.tails(torch.from_numpy(heads), torch.from_numpy(queries)).numpy(), np.float32)


def facts_of(graph: LinkGraph) -> Tensor:
    """Head, query and tail of every triple and, after all of them, of every triple backwards: (2 triples, 3)."""
    return torch.from_numpy(np.stack(graph.both_ways, 1))


def fit(optimizer: Optimizer, loss_of: Callable[[Tensor], Tensor], *, rows: int, batch: int, options: BaselineOptions) -> None:
    """Lower ``loss_of`` the numbers of a batch of so many of ``rows``."""
    began = time.thread_time()
    for _, some in zip(range(options.steps), _shuffled(rows, batch), strict=False):
        optimizer.zero_grad()
        loss_of(some).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        if time.thread_time() - began > options.seconds:
            return


def _shuffled(rows: int, batch: int) -> Iterator[Tensor]:
    while rows:
        yield from torch.split(torch.randperm(rows), batch)
