"""The pairs that a body joins, and what becomes of its rules with one atom more that only chooses among these pairs.

    pairs, with the letters that join them too -> another letter between X and Y, or a type of X or Y -> exact counts
"""

from __future__ import annotations

import numpy as np

from dovetail.reasoning.rules.mining.candidate import SWAPPED, Atom, Body, X, Y, edge
from dovetail.reasoning.rules.mining.relations import Ints, Relations, dense_row, joint_counts
from dovetail.reasoning.rules.mining.search import Counts, Search


class Pairs:
    """The distinct pairs that a body joins, as a rule's statistics need them."""

    def __init__(self, search: Search, body: Body, xs: Ints, ys: Ints) -> None:
        self.search = search
        self.body = body
        self.ends = xs, ys
        self._counts: dict[int, Ints] = {}

    def some(self, places: Ints, atom: Atom) -> Pairs:
        """Those at these places, which are all that fulfil another atom of the body."""
        return Pairs(self.search, self.body.with_atom(atom), self.ends[0][places], self.ends[1][places])

    def offer(self, letter: int, support: int) -> None:
        """Offer the rule that has this letter from X to Y for its head."""
        relation = self.search.relations.relation(letter)
        side, known = self.search.relations.known_side(letter)
        if side not in self._counts:
            self._counts[side] = np.bincount(self.ends[side], minlength=self.search.relations.things)
        counts = Counts(support, len(self.ends[0]), int(self._counts[side][known].sum()))
        body = self.body.renamed(SWAPPED) if letter & 1 else self.body
        self.search.offer((relation, X, Y), body, counts)


def between(relations: Relations, letter: int) -> Atom:
    """The atom of a letter from X to Y."""
    return edge(relations.relation(letter), bool(letter & 1), X, Y)


def weigh_meets(search: Search, pairs: Pairs, matches: tuple[Ints, Ints]) -> None:
    """Weigh the rules whose body has one atom more between X and Y.

    ``matches`` are places in the pairs with the letters that join these pairs.
    """
    places, letters = matches
    body = pairs.body
    relations = search.relations
    support = np.bincount(letters, minlength=relations.letters)
    shared = np.bincount(places)[places] > 1
    table = joint_counts(places[shared], letters[shared], relations.letters)
    for other in np.flatnonzero(np.diff(table.indptr)).tolist():
        heads = dense_row(table, other)
        atom = between(relations, other)
        chosen: Pairs | None = None
        size = int(support[other])
        if size < search.options.min_support or atom in body.atoms:
            continue
        heads[other] = 0
        if search.options.measure == "standard":
            parents = np.maximum(support / len(pairs.ends[0]), relations.joint(other) / relations.sizes[other])
            heads[heads / size < search.surer(parents)] = 0
        for letter in np.flatnonzero(search.promising(np.arange(relations.letters), heads, size, closed=True)).tolist():
            if chosen is None:
                chosen = pairs.some(places[letters == other], atom)
            chosen.offer(letter, int(heads[letter]))


def weigh_kinds(search: Search, pairs: Pairs, matches: tuple[Ints, Ints]) -> None:
    """Weigh the rules whose body has a type of X or of Y besides; ``matches`` as for ``weigh_meets``."""
    relations, (classes, members) = search.relations, search.kinds
    if relations.type_letter is None or not len(classes) or not search.options.constants:
        return
    places, letters = matches
    support = np.bincount(letters, minlength=relations.letters)
    for end, variable in enumerate((X, Y)):
        things = pairs.ends[end]
        sizes = members @ np.bincount(things, minlength=relations.things)
        for letter in np.flatnonzero(support >= search.floor).tolist():
            right = members @ np.bincount(things[places[letters == letter]], minlength=relations.things)
            passing = search.promising(np.full(len(classes), letter), right, sizes, closed=True)
            if search.options.measure == "standard":
                passing &= right * len(things) >= search.surer(sizes * float(support[letter]))
            for place in np.flatnonzero(passing).tolist():
                atom = (relations.relation(relations.type_letter), variable, int(classes[place]))
                having = np.zeros(relations.things, np.bool_)
                having[members.indices[members.indptr[place] : members.indptr[place + 1]]] = True
                pairs.some(np.flatnonzero(having[things]), atom).offer(letter, int(right[place]))
