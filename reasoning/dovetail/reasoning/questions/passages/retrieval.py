"""Passages that can answer a question: three searches, one order.

    question -> Retriever.candidates -> Candidates (BM25, cosine, walk over names)
             -> fusion               -> Retrieval (passages, best first, with each search's part)

The walk's structure is kept under ``snapshot/`` of a graph directory and made again when the graph has moved.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from dovetail.kg.names import PREFIXES
from dovetail.kg.passages import Passage, PassageIndex
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.passages.fusion import FUSION_FEATURES, Candidates, LinearModel, fusion_features, load_model, weights_path
from dovetail.reasoning.questions.passages.walk import (
    NameGraph,
    build_structure,
    load_structure,
    personalised_pagerank,
    rarity,
    save_structure,
    transitions,
)
from dovetail.reasoning.questions.surfaces import NameTable, Occurrence

CANDIDATES = 100
"""How many passages each search brings up."""
BM25_SEEDS = 10
BM25_SHARE = 0.3
"""The walk starts at the best passages by BM25 as well: this much beside the names of the question (1)."""
NAMES_PER_ENTITY = 5


class Encoder(Protocol):
    """What makes vectors of texts, such as ``dovetail.models.TextEncoder``."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One L2-normalised row per text."""


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage with its place's reason: the fused score (log-odds), and what each search said."""

    passage: Passage
    score: float
    bm25: float
    cosine: float
    walk: float


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found for a question: passages, best first, and the names of the question the walk started at."""

    passages: tuple[ScoredPassage, ...]
    seeds: tuple[Occurrence, ...]


@cache
def fusion_model() -> LinearModel:
    """The model that ships with Dovetail."""
    return load_model(weights_path("fusion.json"), FUSION_FEATURES)


class Retriever:
    """The searches over one state of a graph and its passages. Make another when they have changed.

    Without an encoder, meaning plays no part; ``titles=False`` keeps titles out of the walk.
    """

    def __init__(self, graph: KnowledgeGraph, passages: PassageIndex, encoder: Encoder | None, *, titles: bool = True) -> None:
        self.passages = passages
        self.encoder = encoder
        self.structure = structure_of(graph, passages, titles=titles)
        self._table = NameTable(self.structure.names)
        self._number = {name: i for i, name in enumerate(self.structure.names)}
        self._steps = transitions(self.structure)
        self._rarity = rarity(self.structure.frequency, len(self.structure.passages))

    def seeds(self, question: str) -> list[Occurrence]:
        """The known names in ``question``, longest first at each place: capitalised, or of several words."""
        return [o for o in self._table.occurrences(question, lower=True) if o.capital or o.words > 1]

    def candidates(self, question: str) -> Candidates:
        """Every passage that one of the searches brings up, by id, with all their scores."""
        structure, count = self.structure, len(self.structure.passages)
        bm25, cosine = np.zeros(count), np.zeros(count)
        for found, score in self.passages.search(question, max(CANDIDATES, BM25_SEEDS)):
            bm25[np.searchsorted(structure.passages, found)] = score
        if self.encoder is not None and count:
            [vector] = self.encoder.encode([question])
            cosine = (self.passages.vectors()[1] @ vector).astype(np.float64)
        seeds = self.seeds(question)
        walk = self._walk(bm25, seeds)
        chosen = np.unique(np.concatenate([_best(scores) for scores in (bm25, cosine, walk)])) if count else np.zeros(0, dtype=np.int64)
        return Candidates(
            ids=structure.passages[chosen],
            bm25=bm25[chosen],
            cosine=cosine[chosen],
            walk=walk[chosen],
            titled=self._titled([seed.name for seed in seeds])[chosen],
            seeds=tuple(seeds),
        )

    def _walk(self, bm25: npt.NDArray[np.float64], seeds: Sequence[Occurrence]) -> npt.NDArray[np.float64]:
        names = np.zeros(len(self.structure.names))
        for seed in seeds:
            names[self._number[seed.name]] += self._rarity[self._number[seed.name]]
        if names.any():
            names /= names.sum()
        reset = np.zeros(len(bm25))
        top = _best(bm25, BM25_SEEDS)
        reset[top] = bm25[top] ** 2
        if reset.any():
            reset *= (BM25_SHARE if names.any() else 1.0) / reset.sum()
        return personalised_pagerank(self._steps, reset, names)[0]

    def titled(self, name: str) -> list[int]:
        """The ids of the passages whose title has this normal form."""
        return self.structure.passages[self._titled([name]) > 0].tolist() if name in self._number else []

    def _titled(self, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """1 for each passage whose title is among ``names``."""
        structure = self.structure
        named = np.zeros(len(structure.names), dtype=bool)
        named[[self._number[name] for name in names]] = True
        titled = np.zeros(len(structure.passages))
        titled[structure.rows[structure.titled & named[structure.columns]]] = 1.0
        return titled

    def retrieve(self, question: str, *, k: int = 5, model: LinearModel | None = None) -> Retrieval:
        """The ``k`` passages most likely to help answer ``question``, best first. ``model``: the shipped one."""
        found = self.candidates(question)
        scores = (model or fusion_model()).score(fusion_features(found))
        order = np.lexsort((found.ids, -scores))[:k]
        return Retrieval(
            passages=tuple(
                ScoredPassage(passage, float(scores[i]), float(found.bm25[i]), float(found.cosine[i]), float(found.walk[i]))
                for i, passage in zip(order, self.passages.get(found.ids[order].tolist()), strict=True)
            ),
            seeds=found.seeds,
        )


def _best(scores: npt.NDArray[np.float64], k: int = CANDIDATES) -> npt.NDArray[np.int64]:
    """The places of the ``k`` highest scores above 0."""
    k = min(k, len(scores))
    places = np.argpartition(-scores, k - 1)[:k] if k else np.zeros(0, dtype=np.int64)
    return places[scores[places] > 0].astype(np.int64)


def structure_of(graph: KnowledgeGraph, passages: PassageIndex, *, titles: bool = True) -> NameGraph:
    """The graph of names and passages, from the graph directory if it is there and still true."""
    key = f"{graph.revision} {passages.revision} {titles}"
    path = graph.path / "snapshot" / ("names.npz" if titles else "names-without-titles.npz") if graph.path else None
    structure = load_structure(path, key) if path else None
    if structure is None:
        everything = passages.all()
        structure = build_structure(everything, mentions(graph, everything), titles=titles)
        if path:
            save_structure(structure, path, key)
    return structure


MENTIONS = """
SELECT ?entity ?document ?start WHERE { GRAPH <urn:dovetail:layer:provenance> {
    ?statement rdf:predicate rdf:type ; rdf:subject ?entity ; prov:wasDerivedFrom ?evidence .
    ?evidence prov:hadPrimarySource ?sentence . ?sentence oa:start ?start ; oa:hasSource ?source .
    ?source dcterms:identifier ?document
} }
"""


def mentions(graph: KnowledgeGraph, passages: Sequence[Passage]) -> dict[int, list[str]]:
    """By passage id, the names of the entities that the graph's evidence says are mentioned there.

    These are all names of each entity, at most 5, however the passage itself calls it.
    """
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for passage in passages:
        places[passage.document].append((passage.start, passage.id))
    for some in places.values():
        some.sort()
    names: dict[str, list[str]] = defaultdict(list)
    for term, name in graph.all_names():
        names[str(term)].append(name)
    found: dict[int, set[str]] = defaultdict(set)
    for entity, document, start in _rows(graph, MENTIONS):
        some = places.get(document, [])
        at = bisect_right(some, (int(start), 2**62)) - 1
        if at >= 0:
            found[some[at][1]].update(names[entity][:NAMES_PER_ENTITY])
    return {passage: sorted(some) for passage, some in found.items()}


def _rows(graph: KnowledgeGraph, query: str) -> list[list[str]]:
    """The rows of a SELECT, as text: straight from the store, since there may be a million."""
    solutions = graph.store.query(query, prefixes=PREFIXES, use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)
    return [[getattr(term, "value", "") for term in row] for row in solutions]
