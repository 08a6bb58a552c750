"""The experts on missing links: each by its name, how it is made for a graph, and how its scores are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from dovetail.kg.errors import InputError
from dovetail.models.encoder import fast_dtype
from dovetail.models.link_graph import Floats, LinkGraph
from dovetail.models.link_inference import FastLinkNetwork
from dovetail.models.link_network import LinkNetwork, Names
from dovetail.reasoning.links.experts.cases import CaseExpert
from dovetail.reasoning.links.experts.rules import RuleExpert
from dovetail.reasoning.links.experts.text import TextExpert
from dovetail.reasoning.links.protocol import LinkPredictor
from dovetail.reasoning.links.view import LinkView
from dovetail.reasoning.rules.mining import MinedRule


@dataclass(frozen=True, slots=True)
class Known:
    """What experts read: a graph, vectors of the names of its entities and relations (zero where nothing is known), and the network.

    ``rules``: mined ones where there are some; else they are mined, for ``rule_seconds`` at most. Raises InputError for vectors that do
    not fit the graph or are not finite.
    """

    view: LinkView
    entities: Floats
    relations: Floats
    network: LinkNetwork
    rules: Sequence[MinedRule] | None = None
    rule_seconds: float = 20.0

    def __post_init__(self) -> None:
        graph = self.view.graph
        for vectors, count, what in ((self.entities, graph.entity_count, "entities"), (self.relations, graph.relation_count, "relations")):
            if vectors.shape != (count, self.network.options.text_dim):
                raise InputError(f"vectors of {what} are {vectors.shape}; they must be {(count, self.network.options.text_dim)}")
            if not np.isfinite(vectors).all():
                row = int(np.flatnonzero(~np.isfinite(vectors).all(1))[0])
                raise InputError(f"the vector of number {row:,} of the {what} is not finite: mend the embeddings, or give zeros")

    @property
    def named_graph(self) -> LinkGraph:
        """The graph, with the names of its relations where any has one."""
        return replace(self.view.graph, relation_vectors=self.relations) if self.relations.any() else self.view.graph

    @property
    def names(self) -> Names | None:
        """The vectors as the network reads them; None where no relation has a name, as it was in training."""
        if not self.relations.any():
            return None
        return Names(torch.from_numpy(self.entities), torch.from_numpy(self.relations))


@dataclass(frozen=True, slots=True)
class Scaled:
    """Scores (n, entities) on a scale of about 1, whether the expert ``said`` anything of each, and how ``sure`` it is (n, 2).

    The last is how its first answer scores, and by how much that leads.
    """

    values: Floats
    said: Floats
    sure: Floats


@dataclass(frozen=True, slots=True)
class Expert:
    """``scale`` reads scores (n, entities), given the best and the second of each row."""

    make: Callable[[Known], LinkPredictor]
    scale: Callable[[Floats, Floats, Floats], Scaled]


def _of_logits(scores: Floats, best: Floats, second: Floats) -> Scaled:
    shifted = scores - best[:, None]
    values = np.maximum(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)), -15.0) / 5
    return Scaled(values, np.ones_like(scores), np.stack([values.max(1), (best - second) / 5], 1))


def _of_cosines(scores: Floats, best: Floats, second: Floats) -> Scaled:
    return Scaled((scores - best[:, None]) * 4, scores != 0, np.stack([best, (best - second) * 4], 1))


def _of_weights(scores: Floats, best: Floats, second: Floats) -> Scaled:
    values = np.log(scores + 1e-4) / 5
    first = values.max(1)
    return Scaled(values, scores != 0, np.stack([first, first - np.log(second + 1e-4) / 5], 1))


EXPERTS: Mapping[str, Expert] = {
    "network": Expert(lambda known: FastLinkNetwork(known.network, known.named_graph, known.names, dtype=fast_dtype()), _of_logits),
    "rules": Expert(lambda known: RuleExpert(known.view, rules=known.rules, seconds=known.rule_seconds), _of_weights),
    "cases": Expert(lambda known: CaseExpert(known.view), _of_weights),
    "text": Expert(lambda known: TextExpert(known.view, known.entities), _of_cosines),
}
"""Adding one is a class with ``scores`` and a line here; then the gate is trained again."""
