"""Closed rules: bodies that join the two things of the head, each counted once for all heads together.

    path of letters -> the distinct pairs it joins -> letters that join them too -> a rule for each, with exact counts

A path never returns: where two steps can lead back to where they began (in this graph they do somewhere), the two things
around them must differ: a sibling is *another* child. Else a rule could be right only because its body holds its head.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dovetail.reasoning.rules.mining.candidate import Body, W, X, Y, Z, edge
from dovetail.reasoning.rules.mining.pairs import Pairs, between, weigh_kinds, weigh_meets
from dovetail.reasoning.rules.mining.relations import Ints, Links, Relations
from dovetail.reasoning.rules.mining.search import Search

_LARGE_JOIN = 200_000
_ROWS_TRIED = 100
_DOUBT = 4
"""A product is made unless some of its rows say that it has this many times more pairs than any rule with it could bear."""


def single_letters(search: Search) -> None:
    """Bodies of one atom, and of two or three (one joined by others) around the same two things."""
    relations = search.relations
    for letter in relations.path_letters[::2]:
        if search.out_of_time:
            return
        weigh_path(search, (letter,))


def two_letters(search: Search) -> None:
    """Paths of two atoms."""
    if search.options.max_body < 2:
        return
    for word in words(search.relations, 2):
        if search.out_of_time:
            return
        weigh_path(search, word)


def three_letters(search: Search) -> None:
    """Paths of three atoms that sampling has not met."""
    if search.options.max_body < 3:
        return
    for word in words(search.relations, 3):
        if search.out_of_time:
            return
        if word not in search.seen:
            weigh_path(search, word)


def words(relations: Relations, length: int) -> Iterator[tuple[int, ...]]:
    """Every path of that length, in one of its two directions."""
    for word in product(relations.path_letters, repeat=length):
        if word <= inverse(word):
            yield word


def inverse(word: tuple[int, ...]) -> tuple[int, ...]:
    """The path read from its end."""
    return tuple(letter ^ 1 for letter in reversed(word))


def weigh_path(search: Search, word: tuple[int, ...]) -> None:
    """Weigh the rules whose body is this path, with another atom between its ends where there is room."""
    search.seen.add(word)
    links = follow(search, word)
    if links is None or links.count < search.options.min_support:
        return
    body = path_body(search.relations, word)
    xs, ys = links.ends()
    weigh(search, body, xs, ys)


def path_body(relations: Relations, word: tuple[int, ...]) -> Body:
    """The atoms of a path from X to Y, and which of its things must differ."""
    stops = [X, *(Z, W)[: len(word) - 1], Y]
    atoms = tuple(edge(relations.relation(letter), bool(letter & 1), stops[i], stops[i + 1]) for i, letter in enumerate(word))
    return Body(atoms, tuple((stops[i], stops[i + 2]) for i in range(len(word) - 1) if relations.returns(word[i], word[i + 1])))


def follow(search: Search, word: tuple[int, ...]) -> Links | None:
    """The pairs that a path joins; None where the join is too large to make, or of a size that leads to no rule."""
    relations = search.relations
    returns = [relations.returns(first, second) for first, second in pairwise(word)]
    counted = returns[1:] == [True]
    links = relations.links(word[0])
    for i, letter in enumerate(word[1:]):
        joined = relations.join_size(links, letter)
        search.too_large += joined > search.options.max_join
        if not search.options.min_support <= joined <= search.options.max_join:
            return None
        if i == len(word) - 2 and joined > _LARGE_JOIN and search.hopeless(_estimate(relations, links, letter) // _DOUBT):
            return None
        links = relations.product(links, letter, counted=counted)
        if i == 0 and returns[0]:
            links = _kept(links, links.matrix.indices != np.repeat(links.rows, np.diff(links.matrix.indptr)))
    if counted:
        first, second, third = word
        xs, ys = links.ends()
        there = np.flatnonzero(relations.has(first, xs, ys))
        x, y = xs[there], ys[there]
        # Of the ways from x to y, those by y itself: over any other thing that y's two steps return from.
        ways = relations.return_ways(second, third)[y] - (relations.has(second, y, x) & relations.has(third, x, y))
        left = links.matrix.data.copy()
        left[there] -= ways
        links = _kept(links, left > 0)
    return links


def _estimate(relations: Relations, links: Links, letter: int) -> int:
    """About how many pairs the product will have, from some of its rows."""
    every = max(1, len(links.rows) // _ROWS_TRIED)
    return relations.product(Links(links.rows[::every], links.matrix[::every]), letter).count * every


def _kept(links: Links, keep: NDArray[np.bool_]) -> Links:
    """Some of the pairs."""
    old = links.matrix
    indptr = np.concatenate(([0], np.cumsum(keep)))[old.indptr].astype(old.indptr.dtype)
    return Links(links.rows, csr_array((old.data[keep], old.indices[keep], indptr), shape=old.shape))


def weigh(search: Search, body: Body, xs: Ints, ys: Ints, *, without: tuple[int, ...] = ()) -> None:
    """Weigh the rules with this body, which joins exactly these pairs, and one atom more between X and Y if there is room.

    Letters ``without`` are no heads.
    """
    search.bodies += 1
    relations = search.relations
    more = len(body.atoms) < search.options.max_body
    if not more and search.hopeless(len(xs)):
        return
    places, letters = relations.matches(xs, ys)
    support = np.bincount(letters, minlength=relations.letters)
    support[list(without)] = 0
    pairs = Pairs(search, body, xs, ys)
    for letter in np.flatnonzero(search.promising(np.arange(relations.letters), support, len(xs), closed=True)).tolist():
        pairs.offer(letter, int(support[letter]))
    if more:
        weigh_meets(search, pairs, (places, letters))
        weigh_kinds(search, pairs, (places, letters))


def double_letters(search: Search) -> None:
    """Bodies of three atoms, two of which join the same two things."""
    if search.options.max_body < 3:
        return
    relations = search.relations
    for first in relations.path_letters[::2]:  # a double that begins with an odd letter is the inverse of one of these
        counts = relations.joint(first)
        for second in (np.flatnonzero(counts[first + 1 :] >= search.options.min_support) + first + 1).tolist():
            for double in ((first, second), (first ^ 1, second ^ 1)):
                if search.out_of_time:
                    return
                _weigh_double(search, double, main=double[0] == first)


def _weigh_double(search: Search, double: tuple[int, int], *, main: bool) -> None:
    relations = search.relations
    both = relations.links(double[0]).matrix.copy()
    xs, ys = relations.links(double[0]).ends()
    at, letters = relations.matches(xs, ys)
    both.data[:] = False
    both.data[at[letters == double[1]]] = True
    both.eliminate_zeros()
    links = Links(relations.links(double[0]).rows, both)
    atoms = [edge(relations.relation(letter), bool(letter & 1), X, Z) for letter in double]
    if main:
        weigh(search, Body(tuple(between(relations, letter) for letter in double)), *links.ends())
    for letter in relations.path_letters:
        joined = relations.join_size(links, letter)
        if joined > search.options.max_join:
            search.too_large += 1
        elif joined >= search.options.min_support:
            xs, ys = relations.product(links, letter).ends()
            weigh(search, Body((*atoms, edge(relations.relation(letter), bool(letter & 1), Z, Y))), xs, ys)
    domain = links.rows[np.diff(both.indptr) > 0]
    for letter in relations.path_letters:
        xs, ys = relations.links(letter).ends()
        inside = np.isin(xs, domain)
        if inside.sum() >= search.options.min_support:
            weigh(search, Body((between(relations, letter), *atoms)), xs[inside], ys[inside], without=double)
