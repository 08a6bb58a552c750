"""R-GCN: entities encoded by what they are linked to, and DistMult over the codes.

After Schlichtkrull et al., Modeling relational data with graph convolutional networks (ESWC 2018). In each step some facts are
asked about and left out of the graph that is encoded.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch_geometric.nn import RGCNConv

from dovetail.models.link_graph import LinkGraph
from dovetail.reasoning.links.baselines.training import BaselineOptions, Trained, facts_of, fit

ASKED = 0.2
"""Part of the facts that one step asks about."""

BASES = 8
DROPOUT = 0.2
LAYERS = 1
RATE = 0.01


class RelationalEncoder(nn.Module):
    """Codes of entities by rounds of messages, and a vector for every relation and inverse."""

    def __init__(self, graph: LinkGraph, dim: int) -> None:
        super().__init__()
        labels = 2 * graph.relation_count
        self.entities = nn.Parameter(torch.empty(graph.entity_count, dim))
        self.relations = nn.Parameter(torch.empty(labels, dim))
        nn.init.xavier_uniform_(self.entities)
        nn.init.xavier_uniform_(self.relations)
        self.layers = nn.ModuleList(RGCNConv(dim, dim, labels, num_bases=BASES) for _ in range(LAYERS))

    def forward(self, facts: Tensor) -> Tensor:
        """(facts, 3) head, query, tail -> (entities, dim)."""
        states: Tensor = self.entities
        for layer in self.layers:
            states = states + F.dropout(F.relu(layer(states, facts[:, [0, 2]].T, facts[:, 1])), DROPOUT, self.training)
        return states

    def tails(self, codes: Tensor, heads: Tensor, queries: Tensor) -> Tensor:
        """(entities, dim), (batch,), (batch,) -> (batch, entities)."""
        return (codes[heads] * self.relations[queries]) @ codes.T


def train_rgcn(graph: LinkGraph, options: BaselineOptions) -> Trained:
    """An encoder of the graph's own entities, learnt from its facts."""
    net, facts = RelationalEncoder(graph, options.dim), facts_of(graph)
    count = len(graph.heads)

    def loss_of(rows: Tensor) -> Tensor:
        asked = torch.zeros(count, dtype=torch.bool)
        asked[rows] = True
        asked = asked.repeat(2)
        heads, queries, tails = facts[asked].T
        return F.cross_entropy(net.tails(net(facts[~asked]), heads, queries), tails)

    fit(torch.optim.Adam(net.parameters(), lr=RATE), loss_of, rows=count, batch=max(int(ASKED * count), 1), options=options)
    net.eval()
    with torch.inference_mode():
        codes = net(facts)
    return Trained(lambda heads, queries: net.tails(codes, heads, queries))
