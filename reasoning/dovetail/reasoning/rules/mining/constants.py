"""Rules with constants: what holds of one thing foretells a value of it.

    ?x :worksFor :acme  =>  ?x :livesIn :paris        ?x :directed ?film  =>  ?x a :Director

A property is a letter with the constant it leads to. The things of each property are one row of a sparse matrix, so one
product counts every pair of properties at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from dovetail.reasoning.rules.mining.candidate import Atom, Body, W, X, Z, edge
from dovetail.reasoning.rules.mining.relations import Ints, Relations, Sparse, stretches
from dovetail.reasoning.rules.mining.search import Counts, Search

_ROWS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Properties:
    """Properties with the things that have them: row i of ``members`` (properties, things) for ``letters[i]``, ``constants[i]``."""

    letters: Ints
    constants: Ints
    members: Sparse
    of_thing: Sparse

    def atom(self, relations: Relations, place: int) -> Atom:
        """The property as an atom about X."""
        letter = int(self.letters[place])
        return edge(relations.relation(letter), bool(letter & 1), X, int(self.constants[place]))


def properties(relations: Relations, least: int) -> Properties:
    """Every letter and constant that at least so many things have."""
    letters, constants, starts, members = [], [], [np.zeros(1, np.int64)], []
    for letter in _letters(relations):
        links = relations.links(letter ^ 1)
        sizes = np.diff(links.matrix.indptr).astype(np.int64)
        # A blank node has no name that a rule could call it by.
        chosen = np.flatnonzero((sizes >= least) & (links.rows < relations.first_blank))
        letters.append(np.full(len(chosen), letter))
        constants.append(links.rows[chosen])
        starts.append(sizes[chosen])
        members.append(links.matrix.indices[stretches(links.matrix.indptr[chosen].astype(np.int64), sizes[chosen])])
    return _table(relations, letters, constants, (starts, members))


def _letters(relations: Relations) -> list[int]:
    """Those that may be part of a property: the paths, and having a type."""
    return relations.path_letters + [relations.type_letter] * (relations.type_letter is not None)  # type: ignore[list-item]  # not None


def _table(relations: Relations, letters: list[Ints], constants: list[Ints], rows: tuple[list[Ints], list[Ints]]) -> Properties:
    starts, members = (np.concatenate(part) if part else np.zeros(1, np.int64) for part in rows)
    names = [np.concatenate(part) if part else np.empty(0, np.int64) for part in (letters, constants)]
    table = csr_array((np.ones(len(members), np.int32), members, np.cumsum(starts)), shape=(len(names[0]), relations.things))
    return Properties(names[0], names[1], members=table, of_thing=table.T.tocsr())


def constant_properties(search: Search) -> None:
    """Bodies of one atom about X: having any value of a relation, then having a certain value."""
    if not search.options.constants:
        return
    relations = search.relations
    table = properties(relations, search.options.min_support)
    known = _known(relations)
    for letter in _letters(relations):
        if search.out_of_time:
            return
        anything = np.zeros(len(table.letters), np.int64), 1
        if letter != relations.type_letter:
            body = Body((edge(relations.relation(letter), bool(letter & 1), X, Z),))
            things = relations.links(letter).rows
            anything = weigh_things(search, table, things, body, (letter, relations.links(letter ^ 1).rows)), len(things)
        for rows in _chunks(table, letter):
            if search.out_of_time:
                return
            _weigh_rows(search, table, rows, known, anything)


def _known(relations: Relations) -> dict[int, Ints]:
    """For each letter of which X may or may not have a known value: the things that have."""
    sides = {letter: relations.known_side(letter) for letter in _letters(relations)}
    return {letter: things for letter, (side, things) in sides.items() if side == 0}


def _chunks(table: Properties, letter: int) -> Iterator[range]:
    """The rows of a letter, in stretches whose products are of bearable size."""
    own = np.flatnonzero(table.letters == letter)
    if not len(own):
        return
    starts = table.members.indptr[own[0] : own[-1] + 2]
    partners = np.diff(table.of_thing.indptr)[table.members.indices[starts[0] : starts[-1]]]
    costs = np.cumsum(np.add.reduceat(partners, starts[:-1] - starts[0], dtype=np.int64))
    start = 0
    while start < len(costs):
        done = costs[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(costs, done + _ROWS_AT_ONCE, "right")))
        yield range(int(own[start]), int(own[start]) + end - start)
        start = end


def _weigh_rows(search: Search, table: Properties, rows: range, known: dict[int, Ints], anything: tuple[Ints, int]) -> None:
    """Weigh each of these properties as a body, with every property as its head.

    ``anything`` says how often each head holds of things with any value of the same relation, and how many they are.
    """
    relations = search.relations
    search.bodies += len(rows)
    some = table.members[rows.start : rows.stop]
    shared = (some @ table.of_thing).tocoo()
    bodies, heads, support = shared.coords[0] + rows.start, shared.coords[1], shared.data.astype(np.int64)
    sizes = np.diff(table.members.indptr)
    passing = search.promising(table.letters[heads], support, sizes[bodies], closed=False) & (bodies != heads)
    if search.options.measure == "standard":
        parents = np.where(table.letters[bodies] == table.letters[heads], -1.0, anything[0][heads] / anything[1])
        passing &= support / sizes[bodies] >= search.surer(parents)
    columns = {letter: place for place, letter in enumerate(known)}
    both = (some @ _indicators(relations, list(known.values()))).toarray()
    for body, head, count in zip(bodies[passing].tolist(), heads[passing].tolist(), support[passing].tolist(), strict=True):
        size = int(sizes[body])
        column = columns.get(int(table.letters[head]))
        counts = Counts(count, size, size if column is None else int(both[body - rows.start, column]))
        search.offer(table.atom(relations, head), Body((table.atom(relations, body),)), counts)


def _indicators(relations: Relations, sets: Sequence[Ints]) -> Sparse:
    """A matrix (things, sets) that has 1 where a thing is in a set."""
    members = np.concatenate([*sets, np.empty(0, np.int64)])
    indptr = np.cumsum([0, *map(len, sets)])
    return csr_array((np.ones(len(members), np.int32), members, indptr), shape=(len(sets), relations.things)).T.tocsr()


def weigh_things(search: Search, heads: Properties, things: Ints, body: Body, via: tuple[int, Ints]) -> Ints:
    """Weigh the rules whose body holds of exactly these things; how many of them have each property.

    ``via`` is the first letter of its path, with the things from which the path's rest goes on. A head of that letter
    and one of these things is left out: whoever has it fulfils the body by it.
    """
    search.bodies += 1
    relations = search.relations
    starts = heads.of_thing.indptr[things].astype(np.int64)
    sizes = heads.of_thing.indptr[things + 1] - starts
    support = np.bincount(heads.of_thing.indices[stretches(starts, sizes)], minlength=len(heads.letters))
    for place in np.flatnonzero(search.promising(heads.letters, support, len(things), closed=False)).tolist():
        letter, constant = int(heads.letters[place]), int(heads.constants[place])
        if letter == via[0] and contains(via[1], constant):
            continue
        side, known = relations.known_side(letter)
        size = len(things) if side else int(np.isin(things, known, assume_unique=True).sum())
        search.offer(heads.atom(relations, place), body, Counts(int(support[place]), len(things), size))
    return support


def contains(ordered: Ints, value: int) -> bool:
    """Whether a sorted array has the value."""
    place = int(np.searchsorted(ordered, value))
    return place < len(ordered) and int(ordered[place]) == value


def two_step_body(relations: Relations, first: int, second: int, constant: int | None) -> Body:
    """The atoms of a path of two letters from X, to a constant or to anything."""
    end = W if constant is None else constant
    return Body((edge(relations.relation(first), bool(first & 1), X, Z), edge(relations.relation(second), bool(second & 1), Z, end)))
