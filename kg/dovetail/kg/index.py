"""An immutable snapshot of the graph as integers, for rules, networks and everything else in bulk.

store --(one table per predicate)--> numbered terms --(sorted, each once)--> arrays, memory-mapped
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from dovetail.kg.dictionary import Ids, Terms, ntriples
from dovetail.kg.directory import is_settled
from dovetail.kg.errors import InputError
from dovetail.kg.names import Layer
from dovetail.kg.statement import Term

if TYPE_CHECKING:
    import networkx  # type: ignore[import-untyped]  # it ships no types

    from dovetail.kg.store import KnowledgeGraph

_ARRAYS = ("subjects", "predicates", "objects", "by_subject", "by_object", "subject_starts", "object_starts")
_HEADER_BYTES = 128


@dataclass(frozen=True, slots=True, eq=False)
class TripleIndex:
    """Distinct triples of some layers as term numbers, sorted by predicate, subject, object.

    ``by_subject`` holds the row numbers in order of subject; those of subject ``s`` lie from
    ``subject_starts[s]`` up to ``subject_starts[s + 1]``. Objects likewise.

    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> from rdflib import URIRef
    >>> a, b, knows = URIRef("urn:x:a"), URIRef("urn:x:b"), URIRef("urn:x:knows")
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(a, knows, b)])
    1
    >>> index = graph.index()
    >>> index.triples(s=index.terms.id(a)).tolist()
    [[0, 2, 1]]
    >>> [str(term) for triple in index.decode(index.triples()) for term in triple]
    ['urn:x:a', 'urn:x:knows', 'urn:x:b']
    """

    subjects: Ids
    predicates: Ids
    objects: Ids
    by_subject: Ids
    by_object: Ids
    subject_starts: Ids
    object_starts: Ids
    terms: Terms
    _cache: dict[str, Ids] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.subjects)

    @property
    def relations(self) -> Ids:
        """The term numbers of the predicates, ascending."""
        return self._once("relations", lambda: self.predicates[_firsts(self.predicates)])

    @property
    def edge_index(self) -> Ids:
        """Subjects above objects, ``(2, triples)``: edges between term numbers, as graph networks take them."""
        return self._once("edge_index", lambda: np.stack((self.subjects, self.objects)).astype(np.int64))

    @property
    def edge_type(self) -> Ids:
        """For each triple its predicate's place in ``relations``, ``(triples,)``."""
        return self._once("edge_type", lambda: np.searchsorted(self.relations, self.predicates))

    def rows(self, s: int | None = None, p: int | None = None, o: int | None = None) -> Ids:
        """The row numbers of the triples with these terms, ascending; None matches all."""
        if p is not None and (s is not None or o is None):
            low, high = _span(self.predicates, p)
            if s is not None:
                low, high = _span(self.subjects, s, low, high)
                if o is not None:
                    low, high = _span(self.objects, o, low, high)
            return np.arange(low, high)
        if s is not None:
            rows = _group(self.by_subject, self.subject_starts, s)
            return rows if o is None else rows[self.objects[rows] == o]
        if o is not None:
            rows = _group(self.by_object, self.object_starts, o)
            return rows if p is None else rows[slice(*_span(self.predicates[rows], p))]
        return np.arange(len(self))

    def triples(self, s: int | None = None, p: int | None = None, o: int | None = None) -> Ids:
        """The triples with these terms, ``(matches, 3)`` in columns s, p, o; None matches all."""
        rows = self.rows(s, p, o)
        return np.stack((self.subjects[rows], self.predicates[rows], self.objects[rows]), axis=1)

    def decode(self, triples: Ids | Iterable[Sequence[int]]) -> Iterator[tuple[Term, Term, Term]]:
        """The terms of triples given as numbers; each term is made once per call."""
        made: dict[int, Term] = {}
        for triple in triples:
            s, p, o = (made.setdefault(n, self.terms[n]) if n not in made else made[n] for n in map(int, triple))
            yield s, p, o

    def to_networkx(self) -> networkx.MultiDiGraph[Term]:
        """The triples as a networkx graph: terms as nodes, an edge keyed by its predicate."""
        import networkx

        graph: networkx.MultiDiGraph[Term] = networkx.MultiDiGraph()
        graph.add_edges_from((s, o, p) for s, p, o in self.decode(self.triples()))
        return graph

    def save(self, folder: Path) -> None:
        """Write the arrays to a new folder; a crash leaves no folder of that name."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
        try:
            for name in _ARRAYS:
                np.save(draft / f"{name}.npy", getattr(self, name))
            np.save(draft / "term_bytes.npy", self.terms.text_bytes)
            np.save(draft / "term_offsets.npy", self.terms.offsets)
            if not folder.exists():
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path) -> TripleIndex:
        """The index saved in a folder, memory-mapped; OSError or ValueError if it is not whole."""

        def array(name: str) -> Any:
            path = folder / f"{name}.npy"
            # A file with an empty array is only its header, and the empty rest cannot be mapped.
            mode: Literal["r"] | None = "r" if path.stat().st_size > _HEADER_BYTES else None
            return np.load(path, mmap_mode=mode, allow_pickle=False)

        terms = Terms(array("term_bytes"), array("term_offsets"))
        return cls(**{name: array(name) for name in _ARRAYS}, terms=terms)

    def _once(self, name: str, make: Callable[[], Ids]) -> Ids:
        if name not in self._cache:
            self._cache[name] = make()
        return self._cache[name]


def load_index(graph: KnowledgeGraph, layers: Sequence[Layer]) -> TripleIndex:
    """The index of these layers of ``graph``: the one beside the store if it is of this revision.

    Otherwise it is made, and kept there where that may be written and the revision is settled.
    """
    if graph.path is None or not is_settled(graph.revision):
        return build_index(graph.store, layers)
    home = graph.path / "snapshot"
    folder = home / "-".join([graph.revision, *(layer.name.lower() for layer in layers)])
    try:
        return TripleIndex.load(folder)
    except (OSError, ValueError):
        index = build_index(graph.store, layers)
    try:
        if not graph.read_only:
            for old in home.glob("*"):
                if not old.name.startswith(f"{graph.revision}-") or old == folder:
                    shutil.rmtree(old, ignore_errors=True)
        index.save(folder)
        return TripleIndex.load(folder)
    except (OSError, ValueError):  # a full disk, or a folder of somebody else's
        return index


def build_index(store: ox.Store, layers: Sequence[Layer]) -> TripleIndex:
    """The index of these layers of a store, in memory."""
    if not layers:
        raise InputError("an index needs at least one layer")
    numbers: defaultdict[bytes, int] = defaultdict(count().__next__)
    pairs: defaultdict[int, list[NDArray[np.int64]]] = defaultdict(list)
    for layer in layers:
        for predicate in _column(store, f"SELECT DISTINCT ?p {{ GRAPH <{layer.value}> {{ ?s ?p ?o }} }}"):
            # Turning the store's own keys into text is what costs, so nothing is asked for twice.
            cells = _column(store, f"SELECT ?s ?o {{ GRAPH <{layer.value}> {{ ?s {predicate.decode()} ?o }} }}")
            found = np.fromiter(map(numbers.__getitem__, cells), np.int64, len(cells))
            pairs[numbers[predicate]].append(found.reshape(-1, 2))
    texts = ntriples(list(numbers))
    numbers.clear()
    return arranged(pairs, texts)


def arranged(pairs: dict[int, list[NDArray[np.int64]]], texts: Sequence[bytes]) -> TripleIndex:
    """The index of each predicate's (subject, object) pairs; terms are numbered by their place in ``texts``. Empties ``pairs``."""
    order = sorted(range(len(texts)), key=texts.__getitem__)
    terms = Terms.of([texts[place] for place in order])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    width = np.dtype(np.int32 if len(rank) < 2**31 else np.int64)
    total = max(len(rank), 1)
    columns: list[tuple[NDArray[np.int64], int]] = []
    for predicate in sorted(pairs, key=rank.__getitem__):
        both = np.concatenate(pairs.pop(predicate))
        keys = rank[both[:, 0]] * total + rank[both[:, 1]]
        keys.sort()
        columns.append((keys[_firsts(keys)], int(rank[predicate])))
    size = sum(len(keys) for keys, _ in columns)
    subjects: Ids = np.empty(size, width)
    predicates: Ids = np.empty(size, width)
    objects: Ids = np.empty(size, width)
    start = 0
    for keys, predicate in columns:
        end = start + len(keys)
        subjects[start:end], objects[start:end] = keys // total, keys % total
        predicates[start:end] = predicate
        start = end
    return TripleIndex(
        subjects,
        predicates,
        objects,
        by_subject=np.argsort(subjects, kind="stable").astype(width),
        by_object=np.argsort(objects, kind="stable").astype(width),
        subject_starts=_starts(subjects, len(rank)).astype(width),
        object_starts=_starts(objects, len(rank)).astype(width),
        terms=terms,
    )


def _starts(column: Ids, values: int) -> NDArray[np.int64]:
    """Where each value's stretch begins in the column once sorted, and where the last one ends."""
    starts = np.zeros(values + 1, np.int64)
    np.cumsum(np.bincount(column, minlength=values), out=starts[1:])
    return starts


def _group(order: Ids, starts: Ids, value: int) -> Ids:
    """The rows of one value."""
    if not 0 <= value < len(starts) - 1:
        return order[:0]
    return order[starts[value] : starts[value + 1]]


def _column(store: ox.Store, sparql: str) -> list[bytes]:
    """The cells of a result table, row after row, as they are written."""
    answer = store.query(sparql)
    assert isinstance(answer, ox.QuerySolutions)
    table = answer.serialize(format=ox.QueryResultsFormat.TSV)
    assert isinstance(table, bytes)
    cells = table.replace(b"\t", b"\n").split(b"\n")
    return cells[table[: table.index(b"\n")].count(b"\t") + 1 : -1]


def _firsts(ordered: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Where a sorted array begins a new value."""
    mask = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=mask[1:])
    return mask


def _span(ordered: Ids, value: int, low: int = 0, high: int | None = None) -> tuple[int, int]:
    """Where ``value`` begins and ends in a sorted stretch of an array."""
    stretch = ordered[low:high]
    try:
        # Of the array's own kind: for any other, numpy would convert the whole array first.
        wanted = ordered.dtype.type(value)
    except OverflowError:
        return low, low
    return low + int(np.searchsorted(stretch, wanted, "left")), low + int(np.searchsorted(stretch, wanted, "right"))
