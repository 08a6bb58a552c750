"""Tune the link network on one graph: a copy of it, trained for a minute or so on the graph's own triples.

Each step hides some triples of a piece of the graph, of all of it where it is small, and asks for them. What the network learns is how
relations of this graph hang together. Tuning can also hurt: compare both networks on triples kept from the tuning.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dovetail.models.link_data import PieceOptions, PieceSampler
from dovetail.models.link_network import LinkNetwork
from dovetail.models.train_links import Learner, LinkTrainingOptions, Source, draw, loss_of

TRAINING = LinkTrainingOptions(steps=300, rate=1e-3, warmup=20, averaging=0.98, no_names=0.0, no_entity_names=0.0)
PIECES = PieceOptions(largest=10_000, edges=40_000, varied=False)


@dataclass(frozen=True, slots=True)
class TuneOptions:
    """``seconds``: the most it may take. Where half of them do for the steps of ``training``, the same seed gives the same network."""

    seconds: float = 180.0
    training: LinkTrainingOptions = TRAINING
    pieces: PieceOptions = PIECES


def tune(net: LinkNetwork, source: Source, options: TuneOptions, on_progress: Callable[[float], None] | None = None) -> LinkNetwork:
    """A copy of ``net`` tuned on all triples of ``source``. ``on_progress`` hears the part that is done."""
    tuned = copy.deepcopy(net).train().requires_grad_(True)
    learner = Learner.of(tuned)
    own = replace(source, sampler=PieceSampler(source.sampler.source, options.pieces))
    training = options.training if source.relations.any() else replace(options.training, no_names=1.0)
    began = time.monotonic()
    while (done := max(learner.step / training.steps, (time.monotonic() - began) / options.seconds)) < 1:
        generator = np.random.default_rng([training.seed, learner.step])
        loss = loss_of(tuned, *draw(own, generator, training))
        cooled = max(learner.step / training.steps, 2 * done - 1)  # by the clock only in the second half of its time
        rate = training.rate * min((learner.step + 1) / training.warmup, 1 - cooled)
        learner.learn(loss, rate=rate, averaging=training.averaging)
        if on_progress is not None:
            on_progress(done)
    tuned.load_state_dict(learner.averaged)
    return tuned.eval().requires_grad_(False)
