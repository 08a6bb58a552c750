"""A rule over numbers while it is weighed: its parts, its one spelling, the shorter rules it contains.

Terms are numbers from 0, variables are X, Y, Z, W below 0. The head of a closed rule is ``(relation, X, Y)``, that of a
rule about one thing ``(relation, X, constant)`` or ``(relation, constant, X)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import TypeAlias

Atom: TypeAlias = tuple[int, int, int]
"""Relation, subject, object."""

X, Y, Z, W = -1, -2, -3, -4
SWAPPED = {X: Y, Y: X}


@dataclass(frozen=True, slots=True, order=True)
class Body:
    """Atoms, and the pairs of variables that must stand for different things."""

    atoms: tuple[Atom, ...]
    differ: tuple[tuple[int, int], ...] = ()

    def with_atom(self, atom: Atom) -> Body:
        """The body with one atom more."""
        return Body((*self.atoms, atom), self.differ)

    def renamed(self, names: Mapping[int, int]) -> Body:
        """The body with other variables, its parts in order."""
        atoms = sorted((r, names.get(s, s), names.get(o, o)) for r, s, o in self.atoms)
        differ = sorted(tuple(sorted((names.get(a, a), names.get(b, b)))) for a, b in self.differ)
        return Body(tuple(atoms), tuple((a, b) for a, b in differ))


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A head and a body."""

    head: Atom
    body: Body

    @property
    def closed(self) -> bool:
        """Whether the head joins two variables."""
        return self.head[1:] == (X, Y)


def edge(letter_relation: int, backwards: bool, start: int, end: int) -> Atom:
    """The atom of a step from ``start`` to ``end``, along the relation or against it."""
    return (letter_relation, end, start) if backwards else (letter_relation, start, end)


def canonical(candidate: Candidate) -> Candidate:
    """The one spelling of all rules that differ in the order of atoms and the names of inner variables.

    >>> one = Candidate((7, X, Y), Body(((8, W, Y), (9, X, W))))
    >>> canonical(one) == canonical(Candidate((7, X, Y), Body(((9, X, Z), (8, Z, Y)))))
    True
    """
    fixed = {term for term in candidate.head[1:] if term < 0}
    inner = sorted({term for _, *ends in candidate.body.atoms for term in ends if term < 0} - fixed)
    spare = [name for name in (Z, W, Y) if name not in fixed][: len(inner)]
    spellings = [candidate.body.renamed(dict(zip(inner, names, strict=True))) for names in permutations(spare)]
    return Candidate(candidate.head, spellings[0] if len(spellings) == 1 else min(spellings))


def shorter(candidate: Candidate) -> Iterator[Candidate]:
    """The rules that say the same of more: without some of its atoms, or with a variable for a constant.

    >>> sorted({(other.head, other.body.atoms) for other in shorter(Candidate((7, X, 0), Body(((8, 0, X),))))})
    [((7, -1, -2), ((8, -2, -1),)), ((7, -1, 0), ((8, -3, -1),))]
    """
    head, body = candidate.head, candidate.body
    wanted = {term for term in head[1:] if term < 0}
    for size in range(1, len(body.atoms)):
        for atoms in combinations(body.atoms, size):
            inside = {term for _, *ends in atoms for term in ends if term < 0}
            if wanted <= inside:
                # Two atoms that the longer body joins by a third may be a path that stands with X and Y apart.
                apart = ((Y, X),) if wanted == {X, Y} and size > 1 else ()
                yield from (canonical(Candidate(head, Body(atoms, pairs))) for pairs in dict.fromkeys(((), apart)))
    closed = dict(zip(head[1:], (X, Y), strict=True))
    if any(term >= 0 and term in atom[1:] for term in closed for atom in body.atoms):
        wider_body = body.renamed(closed)
        for pairs in dict.fromkeys((wider_body.differ, ((Y, X),))):
            yield canonical(Candidate((head[0], X, Y), Body(wider_body.atoms, pairs)))
    free = next(name for name in (Y, Z, W, W - 1) if name not in wanted and all(name not in atom[1:] for atom in body.atoms))
    for place, (relation, subject, value) in enumerate(body.atoms):
        for wider in ((relation, free, value),) * (subject >= 0) + ((relation, subject, free),) * (value >= 0):
            atoms = (*body.atoms[:place], wider, *body.atoms[place + 1 :])
            yield canonical(Candidate(head, Body(atoms, body.differ)))
