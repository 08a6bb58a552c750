"""Domain adaptation of the link network: what it makes of a query's relation is not to betray which graph the relation is of.

    source piece ─ questions asked ───────────────────────────► loss of the answers
    both pieces ─ states of query relations ─ gradient reversed ─ critic ─► loss of telling source from target

The critic learns to tell; the network, which its gradient reaches with the sign turned and times ``strength``, learns to leave it
nothing to tell by (Ganin & Lempitsky, Unsupervised domain adaptation by backpropagation, ICML 2015).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dovetail.models.link_data import Piece
from dovetail.models.link_network import LinkNetwork
from dovetail.models.reversal import reversed_gradient


class Critic(nn.Module):
    """Whether a state is of the target graph: (n, dim) -> (n,) logits."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 1))

    def forward(self, states: Tensor) -> Tensor:
        """(n, dim) -> (n,)."""
        logits: Tensor = self.layers(states).squeeze(-1)
        return logits


def confusion(net: LinkNetwork, critic: Critic, pieces: tuple[Piece, Piece], *, strength: float) -> Tensor:
    """The critic's loss over the query relations of a source piece and of a target piece; each counts half."""
    losses = []
    for piece, target in zip(pieces, (0.0, 1.0), strict=True):
        queries = torch.from_numpy(np.unique(piece.queries))
        states = net.relations(piece.graph, queries)[torch.arange(len(queries)), queries]
        logits = critic(reversed_gradient(states, strength))
        losses.append(F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target)))
    return (losses[0] + losses[1]) / 2
