"""Embeddings trained against an adversary that chooses their negatives.

Of some uniform proposals for a fact's tail, a generator draws one by softmax; the embeddings rank the fact above it by a margin; the
generator is rewarded with the score they gave to what it drew (REINFORCE, with the mean reward as baseline). After Cai & Wang, KBGAN:
Adversarial learning for knowledge graph embeddings (NAACL 2018).
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch_geometric.nn.kge import DistMult

from dovetail.models.link_graph import LinkGraph
from dovetail.reasoning.links.baselines.embeddings import RATE, Embedding
from dovetail.reasoning.links.baselines.training import BaselineOptions, Trained, facts_of, fit

BATCH = 1_024
MARGIN = 1.0


class Generator(nn.Module):
    """DistMult that draws tails which are no facts. ``facts``: (facts, 3) head, query, tail."""

    def __init__(self, graph: LinkGraph, facts: Tensor, options: BaselineOptions) -> None:
        super().__init__()
        self.entities, self.queries = graph.entity_count, 2 * graph.relation_count
        self.proposals = options.proposals
        self.scorer = DistMult(self.entities, self.queries, options.dim)
        self.facts: Tensor = self._keys(*facts.T).sort().values

    def forward(self, heads: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """(batch,), (batch,) -> the tails drawn, and the logarithms of their probabilities: (batch,) each."""
        heads, queries = heads[:, None], queries[:, None]
        proposed = torch.randint(self.entities, (len(heads), self.proposals))
        true = self._true(self._keys(heads, queries, proposed))
        chances = self.scorer(heads, queries, proposed).masked_fill(true, -1e9).log_softmax(-1)
        drawn = chances.detach().exp().multinomial(1)
        return proposed.gather(1, drawn)[:, 0], chances.gather(1, drawn)[:, 0]

    def _keys(self, heads: Tensor, queries: Tensor, tails: Tensor) -> Tensor:
        return (heads * self.queries + queries) * self.entities + tails

    def _true(self, keys: Tensor) -> Tensor:
        places = torch.searchsorted(self.facts, keys).clamp(max=len(self.facts) - 1)
        return self.facts[places] == keys


def train_adversarial(kind: Embedding, graph: LinkGraph, options: BaselineOptions) -> Trained:
    """Embeddings of the graph's own entities, learnt from its facts and what passes for them."""
    return Trained(partial(kind.tails, compete(kind, graph, options)[0]))


def compete(kind: Embedding, graph: LinkGraph, options: BaselineOptions) -> tuple[nn.Module, Generator]:
    """The embeddings and their adversary, trained together."""
    facts = facts_of(graph)
    model, generator = kind.of(graph, options.dim), Generator(graph, facts, options)

    def loss_of(rows: Tensor) -> Tensor:
        heads, queries, tails = facts[rows].T
        drawn, chances = generator(heads, queries)
        right, wrong = model(heads, queries, tails), model(heads, queries, drawn)
        rewards = wrong.detach() - wrong.detach().mean()
        margin = F.margin_ranking_loss(right, wrong, torch.ones_like(right), margin=MARGIN)
        loss: Tensor = margin - (rewards * chances).mean()
        return loss

    both = [*model.parameters(), *generator.parameters()]
    fit(torch.optim.Adagrad(both, lr=RATE), loss_of, rows=len(facts), batch=BATCH, options=options)
    return model, generator
