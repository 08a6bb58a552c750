"""Message passing in one pass over the edges, for the link network: out[v] = sum over edges (u, label, v) of x[u] * w[edge].

The weight of an edge is w = z[label, 0] + share_0 z[label, 1] + share_1 z[label, 2], so that nothing of the size of the edges is ever
stored. One query at a time: its node states stay in the processor's cache. Numba compiles on first use and keeps what it compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numba import njit
from torch import Tensor

from dovetail.models.link_graph import Adjacency

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

CHANNELS = 3
"""Vectors of a label: its own, and one for either share."""


def kernel(function: Kernel) -> Kernel:
    """Compile a function on first use. It takes arrays, runs beside other threads, and is kept compiled on disk."""
    return cast(Kernel, njit(fastmath=True, nogil=True, cache=True)(function))


@kernel
def _gather(starts, sources, labels, shares, x, z, out) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """``x``: (batch, nodes, dim); ``z``: (batch, labels, CHANNELS, dim); ``out``: (batch, nodes, dim)."""
    dim = x.shape[2]
    for b in range(x.shape[0]):
        for v in range(x.shape[1]):
            total = out[b, v]
            for i in range(dim):
                total[i] = 0.0
            for e in range(starts[v], starts[v + 1]):
                u, label = sources[e], labels[e]
                first, second = shares[e, 0], shares[e, 1]
                state, own, one, two = x[b, u], z[b, label, 0], z[b, label, 1], z[b, label, 2]
                for i in range(dim):
                    total[i] += state[i] * (own[i] + first * one[i] + second * two[i])


@kernel
def _weigh_back(starts, sources, labels, shares, x, g, gz) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """The gradient of ``z``. Short loops: a compiler that must fear overlaps vectorises those with few arrays."""
    dim = x.shape[2]
    product = np.empty(dim, np.float32)
    for b in range(x.shape[0]):
        for v in range(x.shape[1]):
            grown = g[b, v]
            for e in range(starts[v], starts[v + 1]):
                label, first, second = labels[e], shares[e, 0], shares[e, 1]
                state = x[b, sources[e]]
                for i in range(dim):
                    product[i] = state[i] * grown[i]
                own, one, two = gz[b, label, 0], gz[b, label, 1], gz[b, label, 2]
                for i in range(dim):
                    own[i] += product[i]
                for i in range(dim):
                    one[i] += first * product[i]
                for i in range(dim):
                    two[i] += second * product[i]


class _Propagate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, z: Tensor, graph: Adjacency) -> Tensor:
        x, z = x.detach().contiguous(), z.detach().contiguous()
        out = torch.empty_like(x)
        _gather(graph.starts, graph.sources, graph.labels, graph.shares, x.numpy(), z.numpy(), out.numpy())
        ctx.save_for_backward(x, z)
        ctx.graph = graph
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        x, z = ctx.saved_tensors
        graph: Adjacency = ctx.graph
        gx, gz = torch.empty_like(x), torch.zeros_like(z)
        g = gradients[0].contiguous().numpy()
        backwards = graph.inverse[graph.labels], np.ascontiguousarray(graph.shares[:, ::-1])
        _gather(graph.starts, graph.sources, *backwards, g, z.numpy(), gx.numpy())
        _weigh_back(graph.starts, graph.sources, graph.labels, graph.shares, x.numpy(), g, gz.numpy())
        return gx, gz, None


def propagate(x: Tensor, z: Tensor, graph: Adjacency) -> Tensor:
    """What arrives at each node: states (batch, nodes, dim), label vectors (batch, labels, CHANNELS, dim) -> (batch, nodes, dim).

    Both are float32. Differentiable in both.
    """
    result: Tensor = _Propagate.apply(x, z, graph)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result


def edges_of(graph: Adjacency) -> tuple[Tensor, Tensor, Tensor]:
    """The same edges as torch-geometric takes them: (2, edges) sources above targets, labels (edges,), shares (edges, 2)."""
    targets = np.repeat(np.arange(graph.nodes), np.diff(graph.starts))
    edge_index = torch.from_numpy(np.stack([graph.sources, targets]).astype(np.int64))
    return edge_index, torch.from_numpy(graph.labels.astype(np.int64)), torch.from_numpy(graph.shares)
