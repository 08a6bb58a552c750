"""The network tuned to one graph, and kept only where it finds links of that graph better than as it came.

facts ─ less some edges ─► tune ─► ask for these edges, as it came and half tuned ─► the better one

Half way between the network as it came and tuned, after Wortsman et al., Robust fine-tuning of zero-shot models (CVPR 2022): facts to be
predicted are seldom quite like those that are there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from safetensors.torch import save_file

from dovetail.kg.errors import InputError
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.link_data import NamedTriples, PieceSampler
from dovetail.models.link_graph import LinkGraph, Rows
from dovetail.models.link_network import LinkNetwork
from dovetail.models.train_links import Source
from dovetail.models.tune_links import TuneOptions, tune
from dovetail.reasoning.links.calibration import FEWEST, held_out
from dovetail.reasoning.links.experts.registry import EXPERTS, Known
from dovetail.reasoning.links.prepared import NETWORK, known_graph, links_folder
from dovetail.reasoning.links.protocol import Answers, measures, ranks

WORTH = 0.005
"""What tuning must add to the mean reciprocal rank on edges held out; less may be chance."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The better network, and the mean reciprocal rank of ``edges`` held out, as it came and tuned."""

    network: LinkNetwork
    before: float
    after: float
    edges: int

    @property
    def kept(self) -> bool:
        """Whether tuning was worth it."""
        return self.after >= self.before + WORTH


def tuned(known: Known, *, seconds: float = 180.0, seed: int = 1, on_progress: Callable[[float], None] | None = None) -> Tuned:
    """The network tuned to a graph, or as it came where that is no better. Raises InputError for a graph of too few edges."""
    graph = known.view.graph
    rows = held_out(graph, seed=seed)
    if len(rows) < FEWEST:
        raise InputError(f"tuning takes a graph of {4 * FEWEST:,} facts that join two things, or more; this one has {len(graph.heads):,}")
    reduced = replace(known, view=known.view.without(rows))
    better = _between(known.network, tune(known.network, _source(reduced), TuneOptions(seconds=seconds), on_progress))
    before, after = (_rank(replace(reduced, network=net), graph.triples, rows) for net in (known.network, better))
    found = Tuned(better, before, after, len(rows))
    return found if found.kept else replace(found, network=known.network)


def tune_graph(graph: KnowledgeGraph, *, seconds: float = 180.0, on_progress: Callable[[float], None] | None = None) -> Tuned:
    """Tune to a graph, and keep the network beside its store where it is better; predictions use it from then on.

    Raises InputError for a graph in memory, and for one of too few facts.
    """
    folder = links_folder(graph)
    if folder is None:
        raise InputError("a graph in memory has no place to keep a network: open one in a directory")
    found = tuned(known_graph(graph), seconds=seconds, on_progress=on_progress)
    if found.kept:
        folder.mkdir(exist_ok=True)
        draft = folder / f"{NETWORK}.tmp"
        save_file(found.network.state_dict(), draft)
        draft.replace(folder / NETWORK)
    return found


def _source(known: Known) -> Source:
    graph: LinkGraph = known.view.graph
    entities, relations = (tuple(map(str, range(count))) for count in (graph.entity_count, graph.relation_count))
    named = NamedTriples("own", graph.triples, entities, relations, entities, relations)
    return Source(PieceSampler(named), known.entities.astype(np.float16), known.relations.astype(np.float16))


def _between(one: LinkNetwork, other: LinkNetwork) -> LinkNetwork:
    """The mean of the parameters of two networks."""
    found, theirs = copy.deepcopy(one), other.state_dict()
    found.load_state_dict({name: (value + theirs[name]) / 2 for name, value in one.state_dict().items()})
    return found


def _rank(known: Known, triples: Rows, rows: Rows) -> float:
    answers = Answers(triples, relations=known.view.graph.relation_count)
    return measures(ranks(EXPERTS["network"].make(known), triples[rows], answers))["mrr"]
