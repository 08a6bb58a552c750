"""The graph as an alphabet of relations that can be multiplied, and a table from pairs of things back to relations.

Letter 2k reads relation k from subject to object, letter 2k + 1 from object to subject; ``letter ^ 1`` is the inverse.

    TripleIndex -> Relations -> Links of a letter -> product -> Links of a path -> matches -> letters that join its ends
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rdflib import RDF, URIRef
from scipy.sparse import csr_array

from dovetail.kg import TripleIndex

Ints: TypeAlias = NDArray[np.int64]
Sparse: TypeAlias = Any  # scipy ships no types

_CACHED_NUMBERS = 1 << 26  # row starts kept for whole matrices: 256 MB of them
_SIEVE_BITS = 22
_SIEVE_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads neighbouring keys
_SIEVE_FROM = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Pairs of things: row i of ``matrix`` (rows, things) holds what ``rows[i]`` is linked to."""

    rows: Ints
    matrix: Sparse

    @property
    def count(self) -> int:
        """How many pairs."""
        return int(self.matrix.nnz)

    def ends(self) -> tuple[Ints, Ints]:
        """The first and the second thing of each pair."""
        return np.repeat(self.rows, np.diff(self.matrix.indptr)), self.matrix.indices.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """Pairs as sorted keys; the letters of pair i are ``letters[starts[i]:starts[i + 1]]``. ``sieve`` rules most others out."""

    keys: Ints
    starts: Ints
    letters: Ints
    sieve: NDArray[np.bool_]


class Relations:
    """The relations of an index without those to ignore; ``rdf:type`` counts as a property of things, not as a path."""

    def __init__(self, index: TripleIndex, ignore: Iterable[str] = ()) -> None:
        left_out = {index.terms.id(URIRef(name)) for name in ignore}
        kind = index.terms.id(RDF.type)
        self.index = index
        self.things = len(index.terms)
        self.first_blank = index.terms.first_blank
        self.names = [int(r) for r in index.relations if int(r) not in left_out]
        self._letters = {name: 2 * place for place, name in enumerate(self.names)}
        self.letters = 2 * len(self.names)
        self.type_letter = 2 * self.names.index(kind) if kind in self.names else None
        self.path_letters = [letter for letter in range(self.letters) if letter & ~1 != self.type_letter]
        self.sizes = np.array([len(index.rows(p=self.names[letter >> 1])) for letter in range(self.letters)], np.int64)
        self.links = lru_cache(maxsize=None)(self._links)
        self.keys = lru_cache(maxsize=None)(self._keys)
        self.whole = lru_cache(maxsize=max(16, _CACHED_NUMBERS // max(self.things, 1)))(self._whole)

    def relation(self, letter: int) -> int:
        """The term number of a letter's relation."""
        return self.names[letter >> 1]

    def letter(self, relation: int) -> int:
        """The letter that reads a relation from subject to object."""
        return self._letters[relation]

    def targets(self, letter: int, thing: int) -> Ints:
        """What a letter leads to from one thing."""
        links = self.links(letter)
        place = int(np.searchsorted(links.rows, thing))
        if place == len(links.rows) or links.rows[place] != thing:
            return np.empty(0, np.int64)
        found: Ints = links.matrix.indices[links.matrix.indptr[place] : links.matrix.indptr[place + 1]]
        return found.astype(np.int64)

    def fan(self, letter: int, things: Ints) -> tuple[Ints, Ints]:
        """What a letter leads to from each of ``things``: places in ``things``, and the targets."""
        links = self.links(letter)
        place = np.minimum(np.searchsorted(links.rows, things), max(len(links.rows) - 1, 0))
        if not len(links.rows):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        starts = links.matrix.indptr[place].astype(np.int64)
        sizes = np.where(links.rows[place] == things, links.matrix.indptr[place + 1] - starts, 0)
        return np.repeat(np.arange(len(things)), sizes), links.matrix.indices[stretches(starts, sizes)].astype(np.int64)

    def known_side(self, letter: int) -> tuple[int, Ints]:
        """Which end (0 or 1) tells that the value of a letter is known, and the things at that end.

        It is the end with more distinct things, so that a wrong guess there is most likely wrong (AMIE's functionality).
        """
        forwards = letter & ~1
        subjects, objects = self.links(forwards).rows, self.links(forwards + 1).rows
        if len(subjects) >= len(objects):
            return letter & 1, subjects
        return 1 - (letter & 1), objects

    def join_size(self, left: Links, letter: int) -> int:
        """How many rows joining ``left`` with a letter takes, repeats included."""
        return int(np.diff(self.whole(letter).indptr)[left.matrix.indices].sum(dtype=np.int64))

    def product(self, left: Links, letter: int, *, counted: bool = False) -> Links:
        """The pairs joined by ``left`` and then the letter; if ``counted``, with the number of ways."""
        if counted:
            return Links(left.rows, left.matrix.astype(np.int32) @ self.whole(letter).astype(np.int32))
        return Links(left.rows, left.matrix @ self.whole(letter))

    def joint(self, letter: int) -> Ints:
        """For each letter, how many pairs both it and this letter join."""
        return dense_row(self._joint, letter)

    def returns(self, first: int, second: int) -> bool:
        """Whether two steps lead from some thing to another and back."""
        return first * self.letters + (second ^ 1) in self._joint_pairs

    def return_ways(self, first: int, second: int) -> Ints:
        """For each thing, how many ways these two steps lead back to it."""
        keys = self.keys(first)
        both = self.has(second ^ 1, keys // self.things, keys % self.things)
        return np.bincount(keys[both] // self.things, minlength=self.things)

    def has(self, letter: int, xs: Ints, ys: Ints) -> NDArray[np.bool_]:
        """Whether the letter joins each of these pairs."""
        keys, wanted = self.keys(letter), xs * self.things + ys
        if not len(keys):
            return np.zeros(len(xs), np.bool_)
        inside: NDArray[np.bool_] = keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)] == wanted
        return np.asarray(inside & (ys < self.things))

    @cached_property
    def pairs(self) -> PairTable:
        """Every pair that path letters join, with these letters."""
        parts = [(self.keys(letter), letter) for letter in self.path_letters]
        keys = np.concatenate([keys for keys, _ in parts]) if parts else np.empty(0, np.int64)
        letters = np.repeat([letter for _, letter in parts], [len(keys) for keys, _ in parts]).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        # Most pairs of a long path are joined by nothing: a small table of bits says so without a search.
        sieve = np.zeros(1 << _SIEVE_BITS, np.bool_)
        sieve[_slots(keys)] = True
        return PairTable(keys[starts], np.append(starts, len(keys)), letters[order], sieve)

    @cached_property
    def _joint(self) -> Sparse:
        places = np.repeat(np.arange(len(self.pairs.keys)), np.diff(self.pairs.starts))
        return joint_counts(places, self.pairs.letters, self.letters)

    @cached_property
    def _joint_pairs(self) -> frozenset[int]:
        table = self._joint.tocoo()
        return frozenset((table.coords[0].astype(np.int64) * self.letters + table.coords[1]).tolist())

    def matches(self, xs: Ints, ys: Ints) -> tuple[Ints, Ints]:
        """Every letter that joins a pair: places in ``xs``, ascending, and the letters."""
        pairs = self.pairs
        keys = xs * self.things + ys
        places = np.flatnonzero(pairs.sieve[_slots(keys)]) if len(keys) > _SIEVE_FROM else np.arange(len(keys))
        if not len(pairs.keys):
            return places[:0], places[:0]
        wanted = keys[places]
        found = np.minimum(np.searchsorted(pairs.keys, wanted), len(pairs.keys) - 1)
        right = pairs.keys[found] == wanted
        found, places = found[right], places[right]
        sizes = pairs.starts[found + 1] - pairs.starts[found]
        return np.repeat(places, sizes), pairs.letters[stretches(pairs.starts[found], sizes)]

    def _links(self, letter: int) -> Links:
        """The pairs that a letter joins."""
        rows = self.index.rows(p=self.relation(letter))
        first, second = self.index.subjects[rows].astype(np.int64), self.index.objects[rows].astype(np.int64)
        if letter & 1:
            keys = np.sort(second * self.things + first)
            first, second = keys // self.things, keys % self.things
        starts = np.flatnonzero(np.diff(first, prepend=-1))
        indptr = np.append(starts, len(first))
        shape = (len(starts), self.things)
        return Links(first[starts], csr_array((np.ones(len(second), np.bool_), second, indptr), shape=shape))

    def _keys(self, letter: int) -> Ints:
        """The pairs that a letter joins as sorted numbers."""
        xs, ys = self.links(letter).ends()
        keys: Ints = xs * self.things + ys
        return keys

    def _whole(self, letter: int) -> Sparse:
        """The pairs that a letter joins, with a row for every thing."""
        links = self.links(letter)
        sizes = np.zeros(self.things + 1, np.int64)
        sizes[links.rows + 1] = np.diff(links.matrix.indptr)
        indptr = np.cumsum(sizes).astype(links.matrix.indices.dtype)
        return csr_array((links.matrix.data, links.matrix.indices, indptr), shape=(self.things, self.things))


def joint_counts(places: Ints, letters: Ints, count: int) -> Sparse:
    """How often two letters stand at the same place, for all of them (letters, letters)."""
    rows = int(places[-1]) + 1 if len(places) else 0
    table = csr_array((np.ones(len(places), np.int64), (places, letters)), shape=(rows, count))
    return (table.T @ table).tocsr()


def dense_row(table: Sparse, place: int) -> Ints:
    """One row of a sparse matrix as an array."""
    row: Ints = np.zeros(table.shape[1], np.int64)
    inside = slice(table.indptr[place], table.indptr[place + 1])
    row[table.indices[inside]] = table.data[inside]
    return row


def stretches(starts: Ints, sizes: Ints) -> Ints:
    """The numbers of all stretches, one after another.

    >>> stretches(np.array([5, 9]), np.array([2, 3])).tolist()
    [5, 6, 9, 10, 11]
    """
    ends: Ints = np.cumsum(sizes)
    numbers: Ints = np.arange(int(sizes.sum())) + np.repeat(starts - (ends - sizes), sizes)
    return numbers


def _slots(keys: Ints) -> NDArray[np.uint64]:
    slots: NDArray[np.uint64] = (keys.astype(np.uint64) * _SIEVE_FACTOR) >> np.uint64(64 - _SIEVE_BITS)
    return slots
