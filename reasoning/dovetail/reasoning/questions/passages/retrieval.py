"""Passages that can answer a question: three searches, and what one passage adds to another.

    question -> Retriever.candidates -> Candidates (BM25, cosine, walk over names)
             -> fusion               -> Retrieval (passages, best first, with each search's part)

The structure of names and words is kept under ``snapshot/`` of a graph directory; when passages have come or gone, only these are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox
from rdflib import RDF

from dovetail.kg.names import Layer
from dovetail.kg.passages import Passage, PassageIndex, search_terms
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.passages.fusion import Candidates, FusionModel, load_fusion, weights_path
from dovetail.reasoning.questions.passages.hops import Asked
from dovetail.reasoning.questions.passages.structure import NameGraph, build_structure, load_structure, save_structure, update_structure
from dovetail.reasoning.questions.passages.walk import Transitions, personalised_pagerank, rarity, transitions, without_passages
from dovetail.reasoning.questions.surfaces import NameTable, Occurrence, normal_name, stem, words_of

CANDIDATES = 100
"""How many passages each search brings up."""
BM25_SEEDS = 10
BM25_SHARE = 0.3
"""The walk starts at the best passages by BM25 as well: this much beside the names of the question (1)."""

Vector: TypeAlias = npt.NDArray[np.float32]


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
def fusion_model() -> FusionModel:
    """The model that ships with Dovetail."""
    return load_fusion(weights_path("fusion.json"))


class Retriever:
    """The searches over one state of a graph's passages. Make another when they have changed.

    Without an encoder, meaning plays no part; ``titles=False`` keeps titles out of the walk.
    """

    def __init__(self, graph: KnowledgeGraph, passages: PassageIndex, encoder: Encoder | None, *, titles: bool = True) -> None:
        self.passages = passages
        self.encoder = encoder
        self.structure = structure_of(graph, passages, titles=titles)
        held = self.structure.held
        self._table = NameTable(held.labels)
        self._number = {name: i for i, name in enumerate(held.labels)}
        self._rows = held.rows
        self._steps = transitions(self.structure)
        self._rarity = rarity(held.frequency, len(self.structure.passages))
        words = self.structure.words
        self._word = {label: i for i, label in enumerate(words.labels)}
        self._word_frequency = words.frequency
        self._last: tuple[tuple[str, frozenset[str]], Candidates] | None = None

    def seeds(self, question: str) -> list[Occurrence]:
        """The known names in ``question``, longest first at each place: capitalised, or of several words."""
        return [o for o in self._table.occurrences(question, lower=True) if o.capital or o.words > 1]

    def candidates(self, question: str, *, without: frozenset[str] = frozenset(), vector: Vector | None = None) -> Candidates:
        """Every passage that one of the searches brings up, by id, with all their scores.

        ``without`` names documents to search as if they were not there (how rare words and names are is not counted again).
        ``vector`` is the question's, where the caller has it already. The last question's candidates are kept, and given again.
        """
        if self._last is not None and self._last[0] == (question, without):
            return self._last[1]
        structure, count = self.structure, len(self.structure.passages)
        left_out = self.passages.ids_of(without)
        there = np.ones(count, dtype=bool)
        there[np.searchsorted(structure.passages, left_out)] = False
        bm25, cosine = np.zeros(count), np.zeros(count)
        for found, score in self.passages.search(question, max(CANDIDATES, BM25_SEEDS) + len(left_out)):
            bm25[np.searchsorted(structure.passages, found)] = score
        if vector is None and self.encoder is not None and count:
            [vector] = self.encoder.encode([question])
        if vector is not None and count:
            cosine = (self.passages.vectors()[1] @ vector).astype(np.float64)
        bm25[~there] = cosine[~there] = 0.0
        steps = without_passages(self._steps, there) if len(left_out) else self._steps
        seeds = [seed for seed in self.seeds(question) if there.all() or self._written(seed.name, there)]
        walk = self._walk(bm25, seeds, steps)
        chosen = np.unique(np.concatenate([_best(scores) for scores in (bm25, cosine, walk)]))
        candidates = Candidates(
            ids=structure.passages[chosen],
            places=chosen,
            bm25=bm25[chosen],
            cosine=cosine[chosen],
            walk=walk[chosen],
            titled=self._titled([seed.name for seed in seeds])[chosen],
            seeds=tuple(seeds),
            asked=self._asked(question, seeds),
            graph=structure,
        )
        self._last = (question, without), candidates
        return candidates

    def _asked(self, question: str, seeds: Sequence[Occurrence]) -> Asked:
        """What the question has of the names and words of the passages; a word that no passage has weighs as the rarest."""
        stems = list(dict.fromkeys(stem(word.form) for term in search_terms(question) for word in words_of(term)))
        columns = np.array([self._word.get(one, -1) for one in stems], dtype=np.int64)
        known = columns >= 0
        counts = np.zeros(len(stems))
        counts[known] = self._word_frequency[columns[known]]
        weights = np.log1p(len(self.structure.passages) / (1.0 + counts))
        names = np.array(sorted({self._number[seed.name] for seed in seeds}), dtype=np.int64)
        return Asked(names, columns[known], weights[known] / max(float(weights.sum()), 1e-9))

    def _written(self, name: str, there: npt.NDArray[np.bool_]) -> bool:
        """Whether a passage that is ``there`` holds ``name``."""
        return bool(there[self._rows[self.structure.held.columns == self._number[name]]].any())

    def _walk(self, bm25: npt.NDArray[np.float64], seeds: Sequence[Occurrence], steps: Transitions) -> npt.NDArray[np.float64]:
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
        return personalised_pagerank(steps, reset, names)[0]

    def titled(self, name: str) -> list[int]:
        """The ids of the passages that this name, in normal form, heads: as their title, or, without one, as what they open with."""
        return self.structure.passages[self._titled([name]) > 0].tolist() if name in self._number else []

    def _titled(self, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """1 for each passage that one of ``names`` heads."""
        structure = self.structure
        named = np.zeros(len(structure.names), dtype=bool)
        named[[self._number[name] for name in names]] = True
        titled = np.zeros(len(structure.passages))
        titled[self._rows[structure.heads & named[structure.held.columns]]] = 1.0
        return titled

    def retrieve(
        self,
        question: str,
        *,
        k: int = 5,
        model: FusionModel | None = None,
        without: frozenset[str] = frozenset(),
        vector: Vector | None = None,
    ) -> Retrieval:
        """The ``k`` passages most likely to help answer ``question``, best first. ``model``: the shipped one.

        ``without`` and ``vector`` as for ``candidates``.
        """
        found = self.candidates(question, without=without, vector=vector)
        scores = (model or fusion_model()).score(found)
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
    """The names and words of the passages, from the graph directory where they are still true, or brought up to date there."""
    key = f"{graph.revision} {passages.revision}"
    path = graph.path / "snapshot" / ("names.npz" if titles else "names-without-titles.npz") if graph.path else None
    stored = load_structure(path) if path else None
    if stored is not None and stored[1] == key:
        return stored[0]
    everything, names = passages.all(), entity_names(graph)
    if stored is not None:
        structure = update_structure(stored[0], everything, names, titles=titles)
    else:
        structure = build_structure(everything, names, titles=titles)
    if path:
        save_structure(structure, path, key)
    return structure


def entity_names(graph: KnowledgeGraph) -> set[str]:
    """The normal forms of the names of all that the documents say the kind of.

    >>> with KnowledgeGraph() as graph:
    ...     entity_names(graph)
    set()
    """
    kind, stated = ox.NamedNode(str(RDF.type)), ox.NamedNode(Layer.STATED.value)
    subjects = (quad.subject for quad in graph.store.quads_for_pattern(None, kind, None, stated))
    entities = {subject.value for subject in subjects if isinstance(subject, ox.NamedNode | ox.BlankNode)}
    return {normal_name(name) for entity, name in graph.all_names() if str(entity) in entities} - {""}
