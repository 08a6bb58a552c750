"""The link network made fast for one graph: the same scores without gradients, many times sooner.

    relation states ─ once for each query relation; the label vectors of every layer from them, once for questions that stand together
    each layer      ─ messages, both linear maps, norm, ReLU and sum in one kernel, three nodes at a time in registers
    text            ─ what the graph's names are in the readout's projections, once; one matrix product for all questions

After l layers the head has changed only what it reaches in l steps. What all other nodes are without any head depends on the relation
alone: it is worked out once for questions of one relation, wherever that costs less than it saves. Nothing is approximate.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from threading import Lock

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dovetail.models.link_graph import Adjacency, Floats, LinkGraph, Rows
from dovetail.models.link_kernels import (
    AHEAD,
    CHANNELS,
    LANES,
    Edges,
    Layers,
    Rooms,
    advance,
    first_still,
    judge,
    reach,
    scores_of,
    states_of,
)
from dovetail.models.link_network import LinkNetwork, MessageLayer, Names, TextReadout

SAMPLED = 4
"""Heads of which it is counted what they reach, for all that are asked about together."""

KEPT = 2**26
"""Numbers of relation states that are kept at most."""

LINE = 16
"""Numbers in a line of the processor's cache."""


class FastLinkNetwork:
    """Scores of ``net`` on ``graph``; ``names`` are vectors of what things are called. Relation states are kept once made, as far as
    KEPT allows.

    ``dtype``: in which label vectors are computed; all else is float32.
    """

    def __init__(self, net: LinkNetwork, graph: LinkGraph, names: Names | None = None, *, dtype: torch.dtype = torch.float32) -> None:
        self.net = net.eval().requires_grad_(False)
        self.graph = graph
        self.names = names
        self.dtype = dtype
        self._text = None if names is None else _Text(net.text, names)
        self._relations: dict[int, Tensor] = {}
        self._own: dict[int, Tensor] = {}
        self._most = max(KEPT // max(2 * graph.relation_count * net.options.dim, 1), 1)
        self._lock = Lock()
        self._over_relations: _Walks | None = None
        self._over_entities: _Walks | None = None
        self._asked = -1
        first, last = ([p[place] for p in net.projections] for place in (0, 2))  # type: ignore[index]  # of a ModuleList
        self._projections = (*_stacked(first, 1, dtype), *_stacked(last, CHANNELS, dtype))
        self._state = _padded(net.state.weight.T, 2).numpy()
        self._score = _padded(net.score.weight[0], 1).numpy()

    @torch.inference_mode()
    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,) heads, (batch,) relations or inverses -> (batch, entities). Fastest where queries of one relation stand together."""
        found = np.empty((len(heads), self.graph.entity_count), np.float32)
        with self._lock:
            bounds = np.flatnonzero(np.concatenate([[True], queries[1:] != queries[:-1], [True]])) if len(queries) else np.zeros(1, int)
            groups = list(pairwise(bounds.tolist()))
            for first in range(0, len(groups), self._most):
                some = groups[first : first + self._most]
                self._prepare(queries[[low for low, _ in some]])
                for low, high in some:
                    self._some(heads[low:high], int(queries[low]), found[low:high])
        found += self.net.score.bias.item()
        if self._text is not None and len(heads):
            dim = self.net.options.dim
            own = torch.stack([self._own[int(query)][:dim] for query in queries])
            self._text.add(own, torch.from_numpy(heads), torch.from_numpy(queries), torch.from_numpy(found))
        return found

    def _prepare(self, queries: Rows) -> None:
        asked = set(queries.tolist())
        if len(asked | self._relations.keys()) > self._most:
            self._relations.clear()
        missing = np.array(sorted(asked - self._relations.keys()), np.int64)
        if not len(missing):
            return
        if self._over_relations is None:
            self._over_relations = _Walks(self.graph.relation_edges, list(self.net.relation_layers))
            self._over_relations.turn(_padded(self.net.relation_labels, 1).numpy())
        walks = self._over_relations
        own = _padded(torch.ones(self.net.options.dim), 1).numpy()
        found = np.empty((len(missing), *walks.rooms.now.shape[1:]), np.float32)
        walks.deepen(missing)
        states_of(missing, own, walks.edges, walks.layers, walks.labels, walks.known, walks.rooms, found)
        self._relations |= zip(missing.tolist(), torch.from_numpy(found), strict=True)
        self._own |= ((query, self._relations[query][query].clone()) for query in missing.tolist())

    def _some(self, heads: Rows, query: int, found: Floats) -> None:
        relations = self._relations[query]
        if self._over_entities is None:
            self._over_entities = _Walks(self.graph.edges, list(self.net.entity_layers))
        walks = self._over_entities
        if query != self._asked:
            walks.turn(self._label_vectors(relations))
            self._asked = query
        walks.deepen(heads)
        dim = self.net.options.dim
        own = relations[query].numpy()
        shift = _padded(self.net.state.bias + self.net.query(relations[query, :dim]), 1).numpy()
        still = np.empty(self.graph.entity_count, np.float32)
        if walks.known == self.net.options.entity_layers:
            judge(walks.rooms.every, self._state, shift, self._score, walks.rooms.still[-1], still)
        readout = (self._state, shift, self._score, still)
        scores_of(heads, own, walks.edges, walks.layers, walks.labels, walks.known, walks.rooms, readout, found)

    def _label_vectors(self, relations: Tensor) -> Floats:
        """Of every layer: (layers, labels, CHANNELS, dim)."""
        one, one_shift, two, two_shift = self._projections
        every = relations.to(self.dtype).expand(len(one), -1, -1)
        found = torch.baddbmm(two_shift, F.relu(torch.baddbmm(one_shift, every, one)), two).float()
        return np.asarray(found.view(len(one), len(relations), CHANNELS, -1).numpy(), np.float32)


class _Walks:
    """Layers over one graph, one question at a time."""

    def __init__(self, graph: Adjacency, layers: Sequence[nn.Module]) -> None:
        order = np.argsort(np.repeat(np.arange(graph.nodes), np.diff(graph.starts)) * len(graph.inverse) + graph.labels, kind="stable")
        sources = np.concatenate([graph.sources[order], np.zeros(AHEAD, np.int32)])
        self.edges = Edges(graph.starts, sources, graph.labels[order], graph.shares[order])
        self.layers = _layers_of([layer for layer in layers if isinstance(layer, MessageLayer)])
        shape = (len(layers) + 1, graph.nodes, self.layers.bias.shape[1])
        numbers = np.arange(graph.nodes, dtype=np.int32)
        ends = np.zeros(len(layers) + 1, np.int32)
        self.rooms = Rooms(_lines(shape), _lines(shape), numbers.copy(), ends, np.zeros_like(numbers), numbers)
        self.labels: Floats = np.zeros(0, np.float32)
        self.known = 0

    def turn(self, labels: Floats) -> None:
        """Take other label vectors, (layers, labels, CHANNELS, dim)."""
        self.labels = labels
        self.known = 1
        first_still(self.layers, self.rooms.still)
        self.rooms.now[1] = self.rooms.still[1]

    def deepen(self, heads: Rows) -> None:
        """Work out what nodes are without any head, for as many layers as these ``heads`` are enough to pay for."""
        nodes, shares = len(self.rooms.every), []
        for head in heads[:: -(-len(heads) // SAMPLED)] if len(heads) > 1 and nodes else ():
            reach(head, self.edges, self.rooms)
            shares.append(self.rooms.ends / nodes)
        saved = len(heads) * (1 - np.mean(shares, 0)) if shares else np.zeros(len(self.rooms.ends))
        while self.known + 1 < len(saved) and saved[self.known + 1] > 1:
            rooms, known = self.rooms, self.known
            none = rooms.still[0, 0]
            advance(rooms.every, self.edges, self.layers, known, self.labels[known], -1, none, rooms.still[known], rooms.still[known + 1])
            rooms.now[known + 1] = rooms.still[known + 1]
            self.known += 1


class _Text:
    """The readout of names with all that does not depend on the question worked out once."""

    def __init__(self, readout: TextReadout, names: Names) -> None:
        self.readout = readout
        self.names = names
        maps = torch.cat([layer.weight.detach() for layer in (readout.alike, readout.tail, readout.head)])
        self.projected = names.entities @ maps.T  # (entities, 3 rank)

    def add(self, own: Tensor, heads: Tensor, queries: Tensor, scores: Tensor) -> None:
        """Query states (batch, dim), (batch,), (batch,): added to ``scores`` (batch, entities)."""
        readout, vectors, count = self.readout, self.names.entities, len(self.names.relations)
        backwards = (queries >= count).unsqueeze(1)
        relation = readout.relation(self.names.relations[queries % count])
        weights = readout.weigh(F.relu(readout.consider(torch.cat([own, relation, backwards.float()], dim=-1))))
        alike, ordered, typed, plain = weights.split([readout.rank] * 3 + [1], dim=-1)
        same, tail, head = self.projected[heads].view(len(heads), 3, readout.rank).unbind(1)
        forth, back = (ordered * head + typed) * ~backwards, (ordered * tail + typed) * backwards
        scores.addmm_(torch.cat([alike * same, forth, back], dim=-1), self.projected.T)
        scores.addmm_(plain * vectors[heads], vectors.T)


def _padded(numbers: Tensor, axes: int) -> Tensor:
    """The last ``axes`` made a multiple of LANES long by zeros."""
    missing = [(0, -numbers.shape[-1 - axis] % LANES) for axis in range(axes)]
    return F.pad(numbers.detach(), [length for pair in missing for length in pair]).contiguous()


def _lines(shape: tuple[int, ...]) -> Floats:
    """Zeros that begin where a line of the processor's cache does, so that no state lies across more lines than it must."""
    size = int(np.prod(shape))
    numbers = np.zeros(size + LINE, np.float32)
    skipped = -numbers.ctypes.data // numbers.itemsize % LINE
    return numbers[skipped : skipped + size].reshape(shape)


def _stacked(maps: Sequence[nn.Linear], parts: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Linear maps, of ``parts`` vectors each: weights (maps, dim, parts * dim) and shifts (maps, 1, parts * dim)."""
    dim = maps[0].in_features
    weights = [_padded(one.weight.view(parts, dim, dim), 2).permute(2, 0, 1).flatten(1) for one in maps]
    shifts = [_padded(one.bias.view(parts, dim), 1).view(1, -1) for one in maps]
    return torch.stack(weights).to(dtype), torch.stack(shifts).to(dtype)


def _layers_of(layers: Sequence[MessageLayer]) -> Layers:
    weight = torch.stack([torch.cat([_padded(one.weight.T, 2) for one in (layer.own, layer.arrived)]) for layer in layers])
    vectors: tuple[list[Tensor], ...] = (
        [layer.own.bias for layer in layers],
        [layer.norm.weight for layer in layers],
        [layer.norm.bias for layer in layers],
    )
    bias, scale, shift = (_padded(torch.stack(some), 1).numpy() for some in vectors)
    return Layers(weight.numpy(), bias, scale, shift, layers[0].own.in_features)
