"""Embeddings of entities and relations: torch-geometric's models, each scoring all tails of a question at once.

An inverse is a relation of its own, so that both directions are asked as tails. Training is softmax over all entities, after
Lacroix et al., Canonical tensor decomposition for knowledge base completion (ICML 2018), as are its optimiser and its regulariser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn.kge import ComplEx, DistMult, KGEModel, RotatE, TransE

from dovetail.models.link_graph import LinkGraph
from dovetail.reasoning.links.baselines.training import BaselineOptions, Trained, facts_of, fit

BATCH = 1_024
RATE = 0.1


@dataclass(frozen=True, slots=True)
class Embedding:
    """``make``: of (entities, queries, dim). ``tails``: the scores of its ``forward``, (batch,), (batch,) -> (batch, entities).

    ``sharpness``: what scores are multiplied by before the softmax. ``cubes``: weight of the regulariser.
    """

    make: Callable[[int, int, int], KGEModel]
    tails: Callable[[KGEModel, Tensor, Tensor], Tensor]
    sharpness: float = 1.0
    cubes: float = 0.0

    def of(self, graph: LinkGraph, dim: int) -> KGEModel:
        """The untrained model of a graph."""
        return self.make(graph.entity_count, 2 * graph.relation_count, dim)


def _transe_tails(model: TransE, heads: Tensor, queries: Tensor) -> Tensor:
    entities = F.normalize(model.node_emb.weight, p=model.p_norm, dim=-1)
    return -torch.cdist(entities[heads] + model.rel_emb(queries), entities, p=model.p_norm)


def _distmult_tails(model: DistMult, heads: Tensor, queries: Tensor) -> Tensor:
    scores: Tensor = (model.node_emb(heads) * model.rel_emb(queries)) @ model.node_emb.weight.T
    return scores


def _complex_tails(model: ComplEx, heads: Tensor, queries: Tensor) -> Tensor:
    turned = _product(model.node_emb(heads), model.node_emb_im(heads), model.rel_emb(queries), model.rel_emb_im(queries))
    return turned @ torch.cat([model.node_emb.weight, model.node_emb_im.weight], -1).T


def _rotate_tails(model: RotatE, heads: Tensor, queries: Tensor) -> Tensor:
    angles = model.rel_emb(queries)
    turned = _product(model.node_emb(heads), model.node_emb_im(heads), angles.cos(), angles.sin())
    distances = torch.cdist(turned, torch.cat([model.node_emb.weight, model.node_emb_im.weight], -1))
    return torch.as_tensor(model.margin - distances)


def _product(a: Tensor, a_im: Tensor, b: Tensor, b_im: Tensor) -> Tensor:
    """Complex product, its imaginary part behind its real one: (batch, dim) each -> (batch, 2 dim)."""
    return torch.cat([a * b - a_im * b_im, a * b_im + a_im * b], -1)


EMBEDDINGS: Mapping[str, Embedding] = {
    "transe": Embedding(partial(TransE, p_norm=2.0), _transe_tails, sharpness=10.0),
    "distmult": Embedding(DistMult, _distmult_tails, cubes=0.01),
    "complex": Embedding(ComplEx, _complex_tails, cubes=0.01),
    "rotate": Embedding(RotatE, _rotate_tails),
}


def train_embedding(kind: Embedding, graph: LinkGraph, options: BaselineOptions) -> Trained:
    """Embeddings of the graph's own entities, learnt from its facts."""
    model, facts = kind.of(graph, options.dim), facts_of(graph)

    def loss_of(rows: Tensor) -> Tensor:
        heads, queries, tails = facts[rows].T
        scores = kind.sharpness * kind.tails(model, heads, queries)
        return F.cross_entropy(scores, tails) + kind.cubes * _cubes(model, facts[rows])

    fit(torch.optim.Adagrad(model.parameters(), lr=RATE), loss_of, rows=len(facts), batch=BATCH, options=options)
    return Trained(partial(kind.tails, model))


def _cubes(model: KGEModel, triples: Tensor) -> Tensor:
    """The third powers of all numbers of a triple (Lacroix et al., section 4), on average: (batch, 3) -> ()."""
    heads, queries, tails = triples.T
    used = [(table, (heads, tails) if name.startswith("node") else (queries,)) for name, table in model.named_children()]
    return torch.stack([table(rows).abs().pow(3).sum() for table, columns in used for rows in columns]).sum() / len(triples)
