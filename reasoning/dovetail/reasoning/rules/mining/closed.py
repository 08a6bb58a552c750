"""Closed rules: bodies that join the two things of the head, each counted once for all heads together.

    path of letters -> the distinct pairs it joins -> letters that join them too -> a rule for each, with exact counts

A path never turns back: where a letter is followed by its inverse, the two things around them must differ (a sibling is
*another* child), else every such rule would foretell what its body says already.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from dovetail.reasoning.rules.mining.candidate import SWAPPED, Atom, Body, W, X, Y, Z, edge
from dovetail.reasoning.rules.mining.relations import Ints, Links, Relations, Sparse
from dovetail.reasoning.rules.mining.search import Counts, Search


def single_letters(search: Search) -> None:
    """Bodies of one atom, and of two or three (one joined by others) around the same two things."""
    relations = search.relations
    for letter in relations.path_letters:
        _, letters = relations.matches(*relations.links(letter).ends())
        search.alone[letter] = np.bincount(letters, minlength=relations.letters) / relations.sizes[letter]
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
    """The atoms of a path from X to Y."""
    stops = [X, *(Z, W)[: len(word) - 1], Y]
    atoms = tuple(edge(relations.relation(letter), bool(letter & 1), stops[i], stops[i + 1]) for i, letter in enumerate(word))
    turns = [i for i in range(len(word) - 1) if word[i + 1] == word[i] ^ 1]
    return Body(atoms, tuple((stops[i], stops[i + 2]) for i in turns))


def follow(search: Search, word: tuple[int, ...]) -> Links | None:
    """The pairs that a path joins; None where the join is too large to make, or too small to matter."""
    relations = search.relations
    if len(word) == 1:
        return relations.links(word[0])
    if len(word) == 3 and word[1] == word[0] ^ 1 and word[2] == word[0]:
        return _zigzag(search, word[0])
    if len(word) == 3 and word[2] == word[1] ^ 1:
        # The last two steps turn back: the path is read from its end, where they come first.
        turned = follow(search, inverse(word))
        return None if turned is None else _transposed(turned, relations.things)
    links = relations.links(word[0])
    for i, letter in enumerate(word[1:]):
        joined = relations.join_size(links, letter)
        search.too_large += joined > search.options.max_join
        if not search.options.min_support <= joined <= search.options.max_join:
            return None
        links = relations.product(links, letter)
        if i == 0 and letter == word[0] ^ 1:
            links = _off_diagonal(links)
    return links


def _off_diagonal(links: Links) -> Links:
    """The pairs of different things."""
    matrix = links.matrix.copy()
    matrix.data[matrix.indices == np.repeat(links.rows, np.diff(matrix.indptr))] = 0
    matrix.eliminate_zeros()
    return Links(links.rows, matrix)


def _transposed(links: Links, things: int) -> Links:
    """The pairs the other way round."""
    turned = links.matrix.T.tocsr()  # (things, rows)
    rows = np.flatnonzero(np.diff(turned.indptr))
    indptr = np.append(turned.indptr[rows], turned.nnz)
    return Links(rows, csr_array((turned.data, links.rows[turned.indices], indptr), shape=(len(rows), things)))


def _zigzag(search: Search, letter: int) -> Links | None:
    """The pairs (x, y) joined by the letter, its inverse and the letter again, by way of other things than x and y."""
    relations = search.relations
    first = relations.links(letter)
    if relations.join_size(first, letter ^ 1) > search.options.max_join:
        search.too_large += 1
        return None
    step: Sparse = relations.whole(letter).astype(np.int32)
    shared = _off_diagonal(Links(first.rows, first.matrix.astype(np.int32) @ relations.whole(letter ^ 1).astype(np.int32)))
    if relations.join_size(shared, letter) > search.options.max_join:
        search.too_large += 1
        return None
    ways = shared.matrix @ step
    # Of the ways from x to y, those that pass y on their way come to y from every other thing that is linked to it.
    others = np.bincount(step.indices, minlength=relations.things).astype(np.int32) - 1
    through = csr_array((others[first.matrix.indices], first.matrix.indices, first.matrix.indptr), shape=first.matrix.shape)
    rest = (ways - through).tocsr()
    rest.data = rest.data > 0
    rest.eliminate_zeros()
    return Links(first.rows, rest.astype(np.bool_))


def weigh(search: Search, body: Body, xs: Ints, ys: Ints) -> None:
    """Weigh the rules with this body, which joins exactly these pairs, and one atom more between X and Y if there is room."""
    search.bodies += 1
    relations = search.relations
    more = len(body.atoms) < search.options.max_body
    if not more and search.hopeless(len(xs)):
        return
    places, letters = relations.matches(xs, ys)
    support = np.bincount(letters, minlength=relations.letters)
    pairs = Pairs(search, body, xs, ys)
    for letter in np.flatnonzero(search.promising(np.arange(relations.letters), support, len(xs))).tolist():
        pairs.offer(letter, int(support[letter]))
    if more:
        _weigh_meets(search, body, pairs, (places, letters))


class Pairs:
    """The pairs that a body joins, as a rule's statistics need them."""

    def __init__(self, search: Search, body: Body, xs: Ints, ys: Ints) -> None:
        self.search = search
        self.body = body
        self.ends = xs, ys
        self._counts: dict[int, Ints] = {}

    def offer(self, letter: int, support: int) -> None:
        """Offer the rule that has this letter from X to Y for its head."""
        relation = self.search.relations.relation(letter)
        side, known = self.search.relations.known_side(letter)
        if side not in self._counts:
            self._counts[side] = np.bincount(self.ends[side], minlength=self.search.relations.things)
        counts = Counts(support, len(self.ends[0]), int(self._counts[side][known].sum()))
        body = self.body.renamed(SWAPPED) if letter & 1 else self.body
        self.search.offer((relation, X, Y), body, counts)


def _weigh_meets(search: Search, body: Body, pairs: Pairs, matches: tuple[Ints, Ints]) -> None:
    """Weigh the rules whose body has one atom more between X and Y."""
    places, letters = matches
    relations = search.relations
    support = np.bincount(letters, minlength=relations.letters)
    for other, heads in together(places, letters, relations.letters):
        atom = _between(relations, other)
        chosen: Pairs | None = None
        size = int(support[other])
        if size < search.options.min_support or atom in body.atoms:
            continue
        heads[other] = 0
        if search.options.measure == "standard":
            parents = np.maximum(support / len(pairs.ends[0]), search.alone[other])
            heads[heads / size < search.surer(parents)] = 0
        for letter in np.flatnonzero(search.promising(np.arange(relations.letters), heads, size)).tolist():
            if chosen is None:
                inside = places[letters == other]
                chosen = Pairs(search, body.with_atom(atom), pairs.ends[0][inside], pairs.ends[1][inside])
            chosen.offer(letter, int(heads[letter]))


def together(places: Ints, letters: Ints, count: int) -> Iterator[tuple[int, Ints]]:
    """For each letter that is not alone somewhere, how often each letter stands at the same place."""
    sizes = np.bincount(places)
    shared = sizes[places] > 1
    places, letters = places[shared], letters[shared]
    if not len(places):
        return
    table = csr_array((np.ones(len(places), np.int64), (places, letters)), shape=(int(places[-1]) + 1, count))
    counts = (table.T @ table).tocsr()
    for letter in np.flatnonzero(np.diff(counts.indptr)).tolist():
        row = np.zeros(count, np.int64)
        inside = slice(counts.indptr[letter], counts.indptr[letter + 1])
        row[counts.indices[inside]] = counts.data[inside]
        yield letter, row


def _between(relations: Relations, letter: int) -> Atom:
    return edge(relations.relation(letter), bool(letter & 1), X, Y)


def double_letters(search: Search) -> None:
    """Bodies of three atoms, two of which join the same two things."""
    if search.options.max_body < 3:
        return
    relations = search.relations
    places = np.repeat(np.arange(len(relations.pairs.keys)), np.diff(relations.pairs.starts))
    for first, counts in together(places, relations.pairs.letters, relations.letters):
        if first & 1:
            continue  # the inverse of a double that begins with an even letter
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
        weigh(search, Body(tuple(_between(relations, letter) for letter in double)), *links.ends())
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
        if inside.sum() >= search.options.min_support and letter not in double:
            weigh(search, Body((_between(relations, letter), *atoms)), xs[inside], ys[inside])
