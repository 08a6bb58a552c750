"""The baselines, each by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch

from dovetail.models.link_graph import LinkGraph
from dovetail.reasoning.links.baselines.adversarial import train_adversarial
from dovetail.reasoning.links.baselines.embeddings import EMBEDDINGS, train_embedding
from dovetail.reasoning.links.baselines.relational import train_rgcn
from dovetail.reasoning.links.baselines.training import BaselineOptions
from dovetail.reasoning.links.baselines.variational import train_vgae
from dovetail.reasoning.links.protocol import LinkPredictor

Train = Callable[[LinkGraph, BaselineOptions], LinkPredictor]


def _seeded(train: Train) -> Train:
    def seeded(graph: LinkGraph, options: BaselineOptions) -> LinkPredictor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            return train(graph, options)

    return seeded


BASELINES: Mapping[str, Train] = {
    **{name: _seeded(partial(train_embedding, kind)) for name, kind in EMBEDDINGS.items()},
    **{f"{name}-adversarial": _seeded(partial(train_adversarial, kind)) for name, kind in EMBEDDINGS.items()},
    "rgcn": _seeded(train_rgcn),
    "vgae": _seeded(train_vgae),
}
"""Adding one is a function from a graph and options to a predictor, and a line here."""
