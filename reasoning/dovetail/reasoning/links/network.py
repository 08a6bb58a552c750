"""The trained network as a predictor of links of one graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from dovetail.models.encoder import read_weights
from dovetail.models.link_graph import Floats, LinkGraph, Rows
from dovetail.models.link_network import LinkNetwork, Names


def load_network(file: Path) -> LinkNetwork:
    """The network in a file of weights. Raises ModelError where it is none."""
    net = LinkNetwork()
    net.load_state_dict(read_weights(file))
    return net.eval().requires_grad_(False)


class NetworkPredictor:
    """Scores of the network on ``graph``; ``names`` are vectors of what things are called."""

    def __init__(self, net: LinkNetwork, graph: LinkGraph, names: Names | None = None) -> None:
        self.net = net
        self.graph = graph
        self.names = names

    @torch.inference_mode()
    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,), (batch,) -> (batch, entities)."""
        found = self.net(self.graph, torch.from_numpy(heads), torch.from_numpy(queries), self.names)
        return np.asarray(found.numpy(), np.float32)
