"""Message passing in one pass over the edges, for the link network: out[v] = sum over edges (u, label, v) of x[u] * w[edge].

The weight of an edge is w = z[label, 0] + share_0 z[label, 1] + share_1 z[label, 2], so that nothing of the size of the edges is ever
stored. One query at a time: its node states stay in the processor's cache. Numba compiles on first use and keeps what it compiled.

Above: what training needs, with gradients. Below: what inference needs (see link_inference.py), in registers from end to end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import torch
from llvmlite import ir  # type: ignore[import-untyped]  # ships no types
from numba import njit, types
from numba.extending import intrinsic, models, register_model
from torch import Tensor

from dovetail.models.link_graph import Adjacency, Floats, Ints

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


LANES = 32
"""Numbers that inference computes with at a time, in whole registers of whatever size; its vectors are padded with zeros to a multiple."""

AHEAD = 16
"""Edges between asking memory for a state and using it."""

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_FAST = ("fast",)


class LanesType(types.Type):
    """LANES numbers in registers, as numba knows them: loops over them neither fear that arrays overlap nor go through memory."""

    def __init__(self) -> None:
        super().__init__(name=f"lanes{LANES}")


_LANES = LanesType()


def instruction(function: Kernel) -> Callable[..., Any]:
    """What kernels call by the name of ``function``, which gives its types and writes its code."""
    return cast(Callable[..., Any], intrinsic(function))


@register_model(LanesType)
class LanesModel(models.PrimitiveModel):
    """What such a value is to the compiler."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]  # numba leaves it untyped


def _place(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset])


@instruction
def _at(_: Any, array: Any, offset: Any) -> Any:
    """The number so far from the beginning of an array, unchecked."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(_place(context, builder, signature.args[0], *values))

    return array.dtype(array, types.intp), code


@instruction
def _load(_: Any, array: Any, offset: Any) -> Any:
    """LANES numbers of an array, from an offset on."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = _place(context, builder, signature.args[0], *values)
        return builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=4)

    return _LANES(array, types.intp), code


@instruction
def _store(_: Any, array: Any, offset: Any, lanes: Any) -> Any:
    """Write LANES numbers into an array, from an offset on."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = _place(context, builder, signature.args[0], *values[:2])
        builder.store(values[2], builder.bitcast(place, _VECTOR.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, _LANES), code


@instruction
def _fetch(_: Any, array: Any, offset: Any) -> Any:
    """Ask memory for LANES numbers that will be loaded."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.bitcast(_place(context, builder, signature.args[0], *values), byte)
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, word, word, word]))
        for line in range(0, 4 * LANES, 64):
            builder.call(fetch, [builder.gep(place, [ir.IntType(64)(line)]), word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@instruction
def _all(_: Any, number: Any) -> Any:
    """A number in every lane."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        none, word = ir.Constant(_VECTOR, ir.Undefined), ir.IntType(32)
        one = builder.insert_element(none, values[0], word(0))
        return builder.shuffle_vector(one, none, ir.Constant(ir.VectorType(word, LANES), [0] * LANES))

    return _LANES(types.float32), code


@instruction
def _sum(_: Any, one: Any, two: Any, base: Any) -> Any:
    """``one * two + base``, in each lane."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.fadd(builder.fmul(values[0], values[1], flags=_FAST), values[2], flags=_FAST)

    return _LANES(_LANES, _LANES, _LANES), code


@instruction
def _positive(_: Any, lanes: Any) -> Any:
    """The number or zero, in each lane."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        return builder.select(builder.fcmp_ordered(">", values[0], zero, flags=_FAST), values[0], zero)

    return _LANES(_LANES), code


@instruction
def _total(_: Any, lanes: Any) -> Any:
    """The sum over lanes."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind, name = ir.FunctionType(ir.FloatType(), [ir.FloatType(), _VECTOR]), f"llvm.vector.reduce.fadd.v{LANES}f32"
        add = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        return builder.call(add, [ir.FloatType()(0.0), values[0]], fastmath=_FAST)

    return types.float32(_LANES), code


class Edges(NamedTuple):
    """As in Adjacency; ``sources`` has AHEAD numbers more than there are edges. Every edge is there both ways."""

    starts: Ints
    sources: Ints
    labels: Ints
    shares: Floats


class Layers(NamedTuple):
    """Message layers: both linear maps as one (layers, 2 dim, dim), its ``bias`` and the norm's ``scale`` and ``shift`` (layers, dim).

    ``width``: what dim was before it was padded.
    """

    weight: Floats
    bias: Floats
    scale: Floats
    shift: Floats
    width: int


class Rooms(NamedTuple):
    """Where one question at a time is worked out.

    ``still`` and ``now``: (layers + 1, nodes, dim) states if there were no head, and states of the question. A node that the head does
    not reach in as many steps as there were layers has the same in both. ``order``: nodes by steps from the head; ``ends``: (layers + 1,)
    how many are reached in so many; ``seen``: (nodes,); ``every``: (nodes,) all of them.
    """

    still: Floats
    now: Floats
    order: Ints
    ends: Ints
    seen: Ints
    every: Ints


@kernel
def _settle(update, at, layers, which, x, out, place) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """Into ``out``: a state of ``x`` and the ReLU of the norm of the numbers of ``update`` from ``at`` on."""
    dim = layers.bias.shape[1]
    total, squares = np.float32(0.0), np.float32(0.0)
    for c in range(0, dim, LANES):
        values = _load(update, at + c)
        total += _total(values)
        squares += _total(_sum(values, values, _all(np.float32(0.0))))
    mean = total / np.float32(layers.width)
    spread = max(squares / np.float32(layers.width) - mean * mean, np.float32(0.0))
    inverse = np.float32(1.0) / np.sqrt(spread + np.float32(1e-5))
    for c in range(0, dim, LANES):
        normal = _sum(_load(update, at + c), _all(inverse), _all(-mean * inverse))
        grown = _positive(_sum(normal, _load(layers.scale, which * dim + c), _load(layers.shift, which * dim + c)))
        _store(out, place + c, _sum(grown, _all(np.float32(1.0)), _load(x, place + c)))


@kernel
def advance(rows, edges, layers, which, z, head, own, x, out) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """One layer for the nodes ``rows``: states ``x`` (nodes, dim) -> ``out``. ``z``: (labels, CHANNELS, dim).

    The node ``head`` starts from ``own`` (dim,); -1 is none.
    """
    starts, sources, labels, shares, weight = edges.starts, edges.sources, edges.labels, edges.shares, layers.weight
    dim = x.shape[1]
    offset = which * 2 * dim * dim
    both, update = np.zeros(6 * dim, np.float32), np.empty(3 * dim, np.float32)  # of three nodes: their sums fill the registers
    for low in range(0, len(rows), 3):
        count = min(3, len(rows) - low)
        for row in range(count):
            v = np.intp(_at(rows, low + row))
            for c in range(0, dim, LANES):
                total = _all(np.float32(0.0))
                for e in range(np.intp(_at(starts, v)), np.intp(_at(starts, v + 1))):
                    _fetch(x, _at(sources, e + AHEAD) * dim + c)
                    base = _at(labels, e) * (CHANNELS * dim) + c
                    w = _sum(_all(_at(shares, 2 * e)), _load(z, base + dim), _load(z, base))
                    w = _sum(_all(_at(shares, 2 * e + 1)), _load(z, base + 2 * dim), w)
                    total = _sum(_load(x, _at(sources, e) * dim + c), w, total)
                if v == head:
                    total = _sum(_load(own, c), _all(np.float32(1.0)), total)
                _store(both, row * 2 * dim + c, _load(x, v * dim + c))
                _store(both, row * 2 * dim + dim + c, total)
        for c in range(0, dim, LANES):
            one = _load(layers.bias, which * dim + c)
            two, three = one, one
            for k in range(2 * dim):
                w = _load(weight, offset + k * dim + c)
                one = _sum(_all(_at(both, k)), w, one)
                two = _sum(_all(_at(both, k + 2 * dim)), w, two)
                three = _sum(_all(_at(both, k + 4 * dim)), w, three)
            _store(update, c, one)
            _store(update, dim + c, two)
            _store(update, 2 * dim + c, three)
        for row in range(count):
            _settle(update, row * dim, layers, which, x, out, np.intp(_at(rows, low + row)) * dim)


@kernel
def first_still(layers, still) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """``still`` after one layer: the same everywhere, as nothing arrives."""
    _settle(layers.bias, 0, layers, 0, still[0], still[1], 0)
    for v in range(1, still.shape[1]):
        still[1, v] = still[1, 0]


@kernel
def reach(head, edges, rooms) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """Fill ``order`` and ``ends``. Once most edges would be walked, every node counts as reached."""
    order, ends, seen, starts, sources = rooms.order, rooms.ends, rooms.seen, edges.starts, edges.sources
    nodes, most = len(order), (len(sources) - AHEAD) * 9 // 10
    order[0], ends[0], seen[head], count, walked = head, 1, 1, 1, 0
    low = 0
    for step in range(1, len(ends)):
        high = count
        for place in range(low, high):
            walked += starts[order[place] + 1] - starts[order[place]]
        if walked > most:
            ends[step:] = nodes
            break
        for place in range(low, high):
            for e in range(starts[order[place]], starts[order[place] + 1]):
                u = sources[e]
                if not seen[u]:
                    seen[u] = 1
                    order[count] = u
                    count += 1
        low, ends[step] = high, count
    for place in range(count):
        seen[order[place]] = 0


@kernel
def walk(head, own, edges, layers, z, known, rooms) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """Work out ``now`` for a head that starts from ``own``; ``still`` is there for layers up to ``known``. ``z``: (layers, labels, ...)."""
    now, order, ends = rooms.now, rooms.order, rooms.ends
    reach(head, edges, rooms)
    now[0, head] = own
    for layer in range(1, len(ends)):
        rows = order[: ends[layer]] if layer <= known and ends[layer] < len(order) else rooms.every
        advance(rows, edges, layers, layer - 1, z[layer - 1], head, own, now[layer - 1], now[layer])


@kernel
def forget(head, known, rooms) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """Make ``now`` what it was before ``walk``."""
    rooms.now[0, head] = 0.0
    for layer in range(1, known + 1):
        if rooms.ends[layer] == len(rooms.order):
            rooms.now[layer] = rooms.still[layer]
        else:
            for place in range(rooms.ends[layer]):
                rooms.now[layer, rooms.order[place]] = rooms.still[layer, rooms.order[place]]


@kernel
def judge(rows, weight, shift, score, x, out) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """The score of each of ``rows``: ``score`` times the ReLU of a state through ``weight`` (dim, dim) and ``shift`` (dim,)."""
    dim = x.shape[1]
    for place in range(0, len(rows), 2):
        v, u = np.intp(_at(rows, place)), np.intp(_at(rows, min(place + 1, len(rows) - 1)))
        first, second = np.float32(0.0), np.float32(0.0)
        for c in range(0, dim, LANES):
            one = _load(shift, c)
            two = one
            for k in range(dim):
                w = _load(weight, k * dim + c)
                one, two = _sum(_all(_at(x, v * dim + k)), w, one), _sum(_all(_at(x, u * dim + k)), w, two)
            first += _total(_sum(_positive(one), _load(score, c), _all(np.float32(0.0))))
            second += _total(_sum(_positive(two), _load(score, c), _all(np.float32(0.0))))
        out[v], out[u] = first, second


@kernel
def states_of(heads, own, edges, layers, z, known, rooms, found) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """Last states for each head, all of which start from ``own``: (batch,) -> ``found`` (batch, nodes, dim)."""
    for row in range(len(heads)):
        walk(heads[row], own, edges, layers, z, known, rooms)
        found[row] = rooms.now[-1]
        forget(heads[row], known, rooms)


@kernel
def scores_of(heads, own, edges, layers, z, known, rooms, readout, found) -> None:  # type: ignore[no-untyped-def]  # numba reads no annotations
    """Scores for each head: (batch,) -> ``found`` (batch, nodes). ``readout``: what ``judge`` takes, and the scores of ``still``."""
    weight, shift, score, still = readout
    last = len(rooms.ends) - 1
    for row in range(len(heads)):
        walk(heads[row], own, edges, layers, z, known, rooms)
        rows = rooms.every
        if known == last and rooms.ends[last] < len(rows):
            rows = rooms.order[: rooms.ends[last]]
            found[row] = still
        judge(rows, weight, shift, score, rooms.now[last], found[row])
        forget(heads[row], known, rooms)
