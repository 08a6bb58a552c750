"""Graphs to train the link network on: folders of triples with names, and pieces of them that vary in size and density.

A piece is grown breadth first from a triple, at most so many neighbours of each entity. Pieces range from hundreds of entities to thousands
and lose a share of their triples, because graphs met later may be as sparse as an extracted one or as dense as Wikidata.
Relations are left out and taken together at random, so that nothing can be learnt of a relation but how it stands to others.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dovetail.models.link_graph import Floats, LinkGraph, Rows
from dovetail.models.link_kernels import kernel

SHARES: Mapping[str, float] = {"fb15k-237": 4.0, "wn18rr": 3.0, "codex-m": 2.0, "codex-s": 0.5, "umls": 0.3, "nations": 0.2, "kinship": 0.3}
"""Folder -> share of the steps (relative)."""


@dataclass(frozen=True, slots=True)
class NamedTriples:
    """``triples``: (triples, 3) numbers of head, relation, tail. ``texts``: what entities, and what relations, are called; may be ''."""

    name: str
    triples: Rows
    entities: tuple[str, ...]
    relations: tuple[str, ...]
    entity_texts: tuple[str, ...]
    relation_texts: tuple[str, ...]


def read_triples(folder: Path, files: Sequence[str], *, without: frozenset[tuple[str, str, str]] = frozenset()) -> NamedTriples:
    """The triples in ``files`` of a folder, less those in ``without``, with names from entities.tsv and relations.tsv where they are.

    Entities and relations are those of all triples, whichever are left out.
    """
    rows = [row for file in files for row in read_rows(folder / file)]
    entities = sorted({end for row in rows for end in (row[0], row[2])})
    relations = sorted({row[1] for row in rows})
    places = {name: i for i, name in enumerate(entities)}, {name: i for i, name in enumerate(relations)}
    kept = [(places[0][h], places[1][r], places[0][t]) for h, r, t, *_ in rows if (h, r, t) not in without]
    triples = np.array(kept, np.int64).reshape(-1, 3)
    texts = [read_names(folder / f"{kind}.tsv", wanted) for kind, wanted in (("entities", entities), ("relations", relations))]
    return NamedTriples(folder.name, triples, tuple(entities), tuple(relations), *texts)


def read_rows(file: Path) -> list[tuple[str, ...]]:
    """The rows of a file of tab-separated values; none where there is no such file."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return [tuple(row) for row in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)]


def read_names(file: Path, wanted: Sequence[str]) -> tuple[str, ...]:
    """What the things in ``wanted`` are called: name and description from a file of identifiers, names and descriptions, or ''."""
    found = {row[0]: ", ".join(part for part in row[1:3] if part) for row in read_rows(file)}
    return tuple(found.get(name, "") for name in wanted)


def name_vectors(encode: Callable[[Sequence[str]], NDArray[np.float32]], texts: Sequence[str]) -> NDArray[np.float16]:
    """Vectors of names (texts, dim), zero where there is none."""
    vectors = encode([text[:200] for text in texts]).astype(np.float16)
    vectors[[not text for text in texts]] = 0
    return np.asarray(vectors, np.float16)


@dataclass(frozen=True, slots=True)
class Piece:
    """A graph with questions asked of it: which tails complete ``heads`` and ``queries`` (batch,), ``answers`` (batch,) among them.

    ``others``: (batch, entities) true where another entity is an answer too. ``entities``: what each was in the whole graph; ``relations``
    likewise.
    """

    graph: LinkGraph
    heads: Rows
    queries: Rows
    answers: Rows
    others: NDArray[np.bool_]
    entities: Rows
    relations: Rows


@dataclass(frozen=True, slots=True)
class PieceOptions:
    """``smallest`` and ``largest``: entities of a piece. ``edges``: triples at most. ``work``: about entities and edges times questions.

    ``varied``: pieces lose triples and relations at random, as what is learnt should hold on other graphs. Else they are as the graph
    is, and a graph that fits into one piece is that piece.
    """

    smallest: int = 300
    largest: int = 6000
    edges: int = 20_000
    neighbours: int = 60
    work: int = 500_000
    questions: int = 48
    varied: bool = True


class PieceSampler:
    """Pieces of one graph."""

    def __init__(self, source: NamedTriples, options: PieceOptions | None = None) -> None:
        self.source = source
        self.options = options or PieceOptions()
        count = len(source.entities)
        ends = source.triples[:, [0, 2]]
        froms, to = np.concatenate([ends[:, 0], ends[:, 1]]), np.concatenate([ends[:, 1], ends[:, 0]])
        order = np.argsort(froms, kind="stable")
        self.starts = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(froms, minlength=count), out=self.starts[1:])
        self.near = to[order]

    def sample(self, generator: np.random.Generator, *, vectors: Callable[[Rows], Floats] | None) -> Piece:
        """A piece. ``vectors`` gives those of relations' names; None leaves names out of the graph of relations."""
        options = self.options
        triples = self.source.triples
        chosen = self._entities(generator)
        place = np.full(len(self.source.entities), -1)
        place[chosen] = np.arange(len(chosen))
        rows = np.flatnonzero((place[triples[:, 0]] >= 0) & (place[triples[:, 2]] >= 0))
        density = min(np.exp(generator.uniform(np.log(0.15), np.log(1.5))), 1.0) if options.varied else 1.0
        rows = rows[generator.permutation(len(rows))[: max(int(density * len(rows)), 10)]][: options.edges]
        kept = triples[rows].copy()
        if options.varied:
            kept = kept[_relations_kept(kept[:, 1], generator)]
        kept[:, 0], kept[:, 2] = place[kept[:, 0]], place[kept[:, 2]]
        relations, kept[:, 1] = np.unique(kept[:, 1], return_inverse=True)
        entities, ends = np.unique(kept[:, [0, 2]], return_inverse=True)
        kept[:, [0, 2]] = ends.reshape(-1, 2)
        if options.varied:
            kept[:, 1] = _taken_together(len(relations), generator)[kept[:, 1]]
        return self._ask(kept, chosen[entities], relations, generator, vectors)

    def _entities(self, generator: np.random.Generator) -> Rows:
        options, triples = self.options, self.source.triples
        count = len(self.source.entities)
        if not options.varied and count <= options.largest and len(triples) <= options.edges:
            return np.arange(count)
        size = int(np.exp(generator.uniform(np.log(options.smallest), np.log(options.largest))))
        seed = int(triples[generator.integers(len(triples)), 0])
        neighbours = int(np.exp(generator.uniform(np.log(5), np.log(options.neighbours))))
        return _grow(self.starts, self.near, seed, size, neighbours, int(generator.integers(2**31)))

    def _ask(
        self, triples: Rows, entities: Rows, relations: Rows, generator: np.random.Generator, vectors: Callable[[Rows], Floats] | None
    ) -> Piece:
        options, count = self.options, len(relations)
        many = int(np.clip(options.work // (3 * len(entities) + 2 * len(triples)), 2, options.questions))
        rows = generator.permutation(len(triples))[: min(many, max(len(triples) // 4, 1))]
        backwards = generator.random(len(rows)) < 0.5
        heads = np.where(backwards, triples[rows, 2], triples[rows, 0])
        answers = np.where(backwards, triples[rows, 0], triples[rows, 2])
        queries = triples[rows, 1] + count * backwards
        both = np.concatenate([triples, triples[:, ::-1] + [0, count, 0]])
        others = np.zeros((len(rows), len(entities)), bool)
        for i, (head, query) in enumerate(zip(heads, queries, strict=True)):
            others[i, both[(both[:, 0] == head) & (both[:, 1] == query), 2]] = True
        others[np.arange(len(rows)), answers] = False
        named = vectors(relations) if vectors is not None else None
        graph = LinkGraph(triples[:, 0], triples[:, 1], triples[:, 2], len(entities), count, named).without(rows)
        return Piece(graph, heads, queries, answers, others, entities, relations)


@kernel
def _grow(starts: Rows, near: Rows, seed: int, size: int, neighbours: int, random_seed: int) -> Rows:
    """Entities around ``seed``, breadth first, up to ``neighbours`` new ones from each, drawn at random: (entities,)."""
    np.random.seed(random_seed)
    seen = np.zeros(len(starts) - 1, np.bool_)
    found = np.empty(size, np.int64)
    found[0] = seed
    seen[seed] = True
    count, position = 1, 0
    while position < count and count < size:
        one = found[position]
        position += 1
        low, high = starts[one], starts[one + 1]
        for k in range(min(high - low, neighbours)):
            other = near[low + k] if high - low <= neighbours else near[np.random.randint(low, high)]
            if not seen[other]:
                seen[other] = True
                found[count] = other
                count += 1
                if count == size:
                    break
    return found[:count]


def _relations_kept(relations: Rows, generator: np.random.Generator) -> NDArray[np.bool_]:
    """In a third of the pieces, up to half of the relations are left out."""
    distinct = np.unique(relations)
    if len(distinct) < 4 or generator.random() > 1 / 3:
        return np.ones(len(relations), bool)
    lost = generator.permutation(distinct)[: int(generator.uniform(0, 0.5) * len(distinct))]
    kept = ~np.isin(relations, lost)
    return kept if kept.sum() >= 10 else np.ones(len(relations), bool)


def _taken_together(count: int, generator: np.random.Generator) -> Rows:
    """For each relation which one it becomes: in a tenth of the pieces, some become others."""
    becomes = np.arange(count)
    if count >= 6 and generator.random() < 0.1:
        moved = generator.permutation(count)[: count // 6]
        becomes[moved] = generator.integers(0, count, len(moved))
    return becomes
