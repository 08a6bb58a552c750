"""A variational graph auto-encoder whose decoder knows relations.

After Kipf & Welling, Variational graph auto-encoders (2016): graph convolutions, blind to relations, give every entity a normal
distribution; what is drawn from it has to give the facts back. Their decoder is the inner product; here a vector of the relation
weighs it.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch_geometric.nn import VGAE, GCNConv

from dovetail.models.link_graph import LinkGraph
from dovetail.reasoning.links.baselines.training import BaselineOptions, Trained, facts_of, fit

BATCH = 2_048
NEGATIVES = 4
RATE = 0.01


class GaussianEncoder(nn.Module):
    """Means and logarithms of deviations, by two rounds of convolution over learnt features of the entities."""

    def __init__(self, entities: int, dim: int) -> None:
        super().__init__()
        self.features = nn.Parameter(torch.empty(entities, dim))
        nn.init.xavier_uniform_(self.features)
        self.shared, self.mean, self.deviation = (GCNConv(dim, dim) for _ in range(3))

    def forward(self, edges: Tensor) -> tuple[Tensor, Tensor]:
        """(2, edges) -> (entities, dim), (entities, dim)."""
        states = self.shared(self.features, edges).relu()
        return self.mean(states, edges), self.deviation(states, edges)


class RelationDecoder(nn.Module):
    """How probable facts are, given codes of entities."""

    def __init__(self, labels: int, dim: int) -> None:
        super().__init__()
        self.relations = nn.Parameter(torch.ones(labels, dim))

    def forward(self, codes: Tensor, triples: Tensor, sigmoid: bool = True) -> Tensor:
        """(entities, dim), (3, triples) head, query, tail -> (triples,)."""
        heads, queries, tails = triples
        scores = (codes[heads] * self.relations[queries] * codes[tails]).sum(-1)
        return scores.sigmoid() if sigmoid else scores

    def tails(self, codes: Tensor, heads: Tensor, queries: Tensor) -> Tensor:
        """(entities, dim), (batch,), (batch,) -> (batch, entities)."""
        return (codes[heads] * self.relations[queries]) @ codes.T


def train_vgae(graph: LinkGraph, options: BaselineOptions) -> Trained:
    """Codes of the graph's own entities, learnt by giving its facts back."""
    facts, count = facts_of(graph), graph.entity_count
    edges = torch.unique(facts[:, [0, 2]], dim=0).T
    decoder = RelationDecoder(2 * graph.relation_count, options.dim)
    net = VGAE(GaussianEncoder(count, options.dim), decoder)

    def loss_of(rows: Tensor) -> Tensor:
        codes, right = net.encode(edges), facts[rows].T
        wrong = right.repeat(1, NEGATIVES)
        wrong[2] = torch.randint(count, wrong[2].shape)
        loss: Tensor = net.recon_loss(codes, right, wrong) + net.kl_loss() / count
        return loss

    fit(torch.optim.Adam(net.parameters(), lr=RATE), loss_of, rows=len(facts), batch=BATCH, options=options)
    net.eval()
    with torch.inference_mode():
        codes = net.encode(edges)
    return Trained(partial(decoder.tails, codes))
