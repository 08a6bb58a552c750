"""Which entities complete (head, relation, ?), on any graph: a network that has no parameters for entities or relations.

    query relation ─ relation layers over the graph of relations ─► what each relation is to the query   (batch, 2 relations, dim)
    query head     ─ entity layers over the graph, edges weighted by the above ─► what each entity is to it   (batch, entities, dim)
    both, and what names say ─ readout ─► a score for each entity   (batch, entities)

After Zhu et al., NBFNet (NeurIPS 2021), and Galkin et al., ULTRA (ICLR 2024). New here: edges also carry how exclusive they are (the part
of a node's edges with that relation, the part of a relation's entities that another has), and names are read by a text encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch_geometric.nn import MessagePassing

from dovetail.models.link_graph import RELATION_LABELS, Adjacency, LinkGraph
from dovetail.models.link_kernels import CHANNELS, edges_of, propagate


@dataclass(frozen=True, slots=True)
class LinkNetworkOptions:
    """Sizes. ``text_dim``: length of the vectors of names; ``text_rank``: of their projections."""

    dim: int = 32
    relation_layers: int = 6
    entity_layers: int = 6
    text_dim: int = 384
    text_rank: int = 32


@dataclass(frozen=True, slots=True)
class Names:
    """What names say: ``entities`` (entities, text_dim) and ``relations`` (relations, text_dim), unit vectors or zero."""

    entities: Tensor
    relations: Tensor


class MessageLayer(MessagePassing):  # type: ignore[misc]  # torch-geometric ships no types
    """One round: what arrives over edges, together with the node's own state, through a linear map and a norm, added to the state."""

    def __init__(self, dim: int) -> None:
        super().__init__(aggr="add", node_dim=-2)
        self.own = nn.Linear(dim, dim)
        self.arrived = nn.Linear(dim, dim, bias=False)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, z: Tensor, start: Tensor, graph: Adjacency, *, fused: bool = True) -> Tensor:
        """States (batch, nodes, dim), label vectors (batch, labels, CHANNELS, dim), states at the start -> states."""
        if fused:
            arrived = propagate(x, z, graph)
        else:
            edge_index, labels, shares = edges_of(graph)
            arrived = self.propagate(edge_index, x=x, weight=z[:, labels], shares=shares, size=(graph.nodes, graph.nodes))
        return x + F.relu(self.norm(self.own(x) + self.arrived(arrived + start))).float()

    def message(self, x_j: Tensor, weight: Tensor, shares: Tensor) -> Tensor:
        """Over each edge: the state of its source, weighted by the label and the edge's shares."""
        return x_j * (weight[:, :, 0] + shares[:, :1] * weight[:, :, 1] + shares[:, 1:] * weight[:, :, 2])


class LinkNetwork(nn.Module):
    """The whole network. Its parameters fit every graph."""

    def __init__(self, options: LinkNetworkOptions | None = None) -> None:
        super().__init__()
        options = options or LinkNetworkOptions()
        dim = options.dim
        self.options = options
        self.relation_labels = nn.Parameter(torch.zeros(options.relation_layers, RELATION_LABELS, CHANNELS, dim))
        nn.init.normal_(self.relation_labels[:, :, 0].data, 1.0, 0.2)
        self.relation_layers = nn.ModuleList(MessageLayer(dim) for _ in range(options.relation_layers))
        self.projections = nn.ModuleList(
            nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, CHANNELS * dim)) for _ in range(options.entity_layers)
        )
        self.entity_layers = nn.ModuleList(MessageLayer(dim) for _ in range(options.entity_layers))
        self.text = TextReadout(options)
        self.state = nn.Linear(dim, dim)
        self.query = nn.Linear(dim, dim)
        self.score = nn.Linear(dim, 1)

    def relations(self, graph: LinkGraph, queries: Tensor, *, fused: bool = True) -> Tensor:
        """What each relation is to each query relation: (batch,) -> (batch, 2 relations, dim)."""
        edges = graph.relation_edges
        start = torch.zeros(len(queries), edges.nodes, self.options.dim)
        start[torch.arange(len(queries)), queries] = 1.0
        x = start
        for labels, layer in zip(self.relation_labels, self.relation_layers, strict=True):
            x = layer(x, labels.expand(len(queries), -1, -1, -1), start, edges, fused=fused)
        return x

    def entities(self, graph: LinkGraph, relations: Tensor, heads: Tensor, queries: Tensor, *, fused: bool = True) -> Tensor:
        """What each entity is to each query: relation states (batch, 2 relations, dim), (batch,), (batch,) -> (batch, entities, dim)."""
        batch, dim = torch.arange(len(heads)), self.options.dim
        own = relations[batch, queries]
        start = torch.zeros(len(heads), graph.entity_count, dim).index_put((batch, heads), own)
        x = start
        for projection, layer in zip(self.projections, self.entity_layers, strict=True):
            z = projection(relations).view(len(heads), -1, CHANNELS, dim).float()
            x = layer(x, z, start, graph.edges, fused=fused)
        return x

    def forward(self, graph: LinkGraph, heads: Tensor, queries: Tensor, names: Names | None = None, *, fused: bool = True) -> Tensor:
        """Scores of all entities: ``heads`` (batch,), ``queries`` (batch,) relations or inverses -> (batch, entities)."""
        relations = self.relations(graph, queries, fused=fused)
        states = self.entities(graph, relations, heads, queries, fused=fused)
        return self.read_out(relations, states, heads, queries, names)

    def read_out(self, relations: Tensor, states: Tensor, heads: Tensor, queries: Tensor, names: Names | None) -> Tensor:
        """Scores from what the layers gave: (batch, entities)."""
        own = relations[torch.arange(len(queries)), queries]
        hidden = self.state(states) + self.query(own).unsqueeze(1)
        scores: Tensor = self.score(F.relu(hidden)).squeeze(-1).float()
        return scores if names is None else scores + self.text(own, heads, queries, names)


class TextReadout(nn.Module):
    """What the names of two entities and of a relation say of their being joined, as a score beside the structure's.

    The names of head and candidate are compared in two projections, one that is the same for both (they mean the same) and one that is
    not (one is a kind of the other); a third says whether a candidate is what the relation leads to. What counts is weighed by
    the query's state and by the relation's name. All weights of the sum start at zero: an untrained readout says nothing.
    """

    def __init__(self, options: LinkNetworkOptions) -> None:
        super().__init__()
        self.rank = options.text_rank
        self.alike = nn.Linear(options.text_dim, self.rank, bias=False)
        self.head = nn.Linear(options.text_dim, self.rank, bias=False)
        self.tail = nn.Linear(options.text_dim, self.rank, bias=False)
        self.relation = nn.Linear(options.text_dim, self.rank, bias=False)
        self.consider = nn.Linear(options.dim + self.rank + 1, options.dim)
        self.weigh = nn.Linear(options.dim, 3 * self.rank + 1)
        for layer in (self.alike, self.head, self.tail, self.relation):
            nn.init.normal_(layer.weight, std=0.5)  # of unit vectors: numbers of about that size
        nn.init.zeros_(self.weigh.weight)
        nn.init.zeros_(self.weigh.bias)

    def forward(self, own: Tensor, heads: Tensor, queries: Tensor, names: Names) -> Tensor:
        """Query states (batch, dim), (batch,), (batch,) -> (batch, entities)."""
        backwards = (queries >= len(names.relations)).unsqueeze(1)
        relation = self.relation(names.relations[queries % len(names.relations)])
        weights = self.weigh(F.relu(self.consider(torch.cat([own, relation, backwards.float()], dim=-1))))
        alike, ordered, typed, plain = weights.split([self.rank] * 3 + [1], dim=-1)
        vectors = names.entities
        one = vectors[heads]
        forth = (ordered * self.head(one) + typed) @ self.tail(vectors).T
        back = (ordered * self.tail(one) + typed) @ self.head(vectors).T
        scores = (alike * self.alike(one)) @ self.alike(vectors).T + plain * (one @ vectors.T) + torch.where(backwards, back, forth)
        result: Tensor = scores.float()
        return result
