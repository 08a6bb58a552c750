"""Facts by relation: pairs for a property, single terms for a class, and everything for a rule that asks for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from dovetail.reasoning.rules.engine.clause import Atom
from dovetail.reasoning.rules.engine.relation import Batch, Keys, Relation, Run, firsts, pack, rights, run_of, union

Key: TypeAlias = tuple[int, int]
"""A relation: (property, PAIRS), or (a predicate that is split, its object)."""

PAIRS = -1
ANY: Key = (-1, -1)
"""Stands for all relations together, where a rule leaves the predicate open."""


def keys_within(key: Key, left: Keys, right: Keys | int) -> Keys:
    """The keys, within a relation, of facts with these subjects and objects."""
    return left if key[1] != PAIRS else pack(left, right)


class Facts:
    """Relations by key.

    The facts of ``split`` predicates (rdf:type) are kept by object, so that a rule about one class
    neither reads nor waits for the others. For the rules that leave the class open, ``mirror`` keeps
    the same facts as pairs too. ``private`` predicates are not part of ANY.
    """

    def __init__(self, split: Iterable[int], private: Iterable[int] = ()) -> None:
        self.split = frozenset(split)
        self.private = frozenset(private)
        self.mirrored: set[int] = set()
        self.relations: dict[Key, Relation] = {}
        self.with_past = False
        self._count = 0

    def key(self, atom: Atom) -> Key:
        """The relation that an atom reads or writes."""
        if isinstance(atom.predicate, str):
            return ANY
        if atom.predicate in self.split and isinstance(atom.right, int):
            return atom.predicate, atom.right
        return atom.predicate, PAIRS

    def place(self, s: int, p: int, o: int) -> tuple[Key, int]:
        """The relation that a fact belongs in, and its key there."""
        if p in self.split:
            return (p, o), s
        return (p, PAIRS), s << 32 | o

    def runs(self, key: Key) -> Sequence[Run]:
        """What there is to read of a relation now."""
        relation = self.relations.get(key)
        return () if relation is None else relation.read(self.with_past)

    def size(self, key: Key) -> int:
        """How many facts a relation has; of ANY, all."""
        if key == ANY:
            return len(self)
        relation = self.relations.get(key)
        return 0 if relation is None else len(relation)

    def __len__(self) -> int:
        return self._count

    def stored(self) -> list[Key]:
        """The keys of all relations, mirrors left out."""
        return [key for key in self.relations if key[1] != PAIRS or key[0] not in self.split]

    def open_keys(self) -> list[Key]:
        """The relations that an open predicate stands for."""
        return [key for key in self.stored() if key[0] not in self.private]

    def mirror(self, predicate: int) -> None:
        """Keep the facts of a split predicate as pairs too."""
        if predicate in self.mirrored:
            return
        self.mirrored.add(predicate)
        found = [
            Batch(pack(run.keys, key[1]), run.values)
            for key, relation in self.relations.items()
            if key[0] == predicate and key[1] != PAIRS
            for run in relation.runs
        ]
        if found:
            self.relations[predicate, PAIRS] = Relation([run_of(union(found))])

    def add(self, key: Key, facts: Batch, stamp: int) -> Iterator[tuple[Key, Batch]]:
        """Add facts; yields what is new (or surer) by relation, mirrors included."""
        for part, own in self.parts(key, facts):
            relation = self.relations.get(part)
            if relation is None:
                relation = self.relations[part] = Relation()
            before = len(relation)
            fresh = relation.add(own, stamp)
            if len(fresh):
                self._count += len(relation) - before
                yield part, fresh
                if part[1] != PAIRS and part[0] in self.mirrored:
                    pairs = Batch(pack(fresh.keys, part[1]), fresh.values)
                    mirror = self.relations.setdefault((part[0], PAIRS), Relation())
                    yield (part[0], PAIRS), mirror.add(pairs, stamp)

    def remove(self, key: Key, keys: Keys) -> Iterator[tuple[Key, Batch]]:
        """Take facts into the past; yields what was there by relation, mirrors included."""
        for part, own in self.parts(key, Batch(keys)):
            if part not in self.relations:
                continue
            gone = self.relations[part].remove(own.keys)
            if len(gone):
                self._count -= len(gone)
                yield part, gone
                if part[1] != PAIRS and part[0] in self.mirrored:
                    pairs = pack(gone.keys, part[1])
                    yield (part[0], PAIRS), self.relations[part[0], PAIRS].remove(pairs)

    def load(self, key: Key, runs: Sequence[Run]) -> None:
        """Make a relation of runs that were sorted before."""
        self.relations[key] = Relation(runs)
        self._count += len(self.relations[key])

    def clear(self) -> None:
        """Forget every fact."""
        self.relations.clear()
        self.mirrored.clear()
        self.with_past = False
        self._count = 0

    def parts(self, key: Key, facts: Batch) -> Iterator[tuple[Key, Batch]]:
        """Facts by the relation they belong in: pairs of a split predicate go to their classes."""
        if key[1] != PAIRS or key[0] not in self.split:
            yield key, facts
            return
        if not len(facts):
            return
        order = np.argsort(rights(facts.keys), kind="stable")
        classes = rights(facts.keys)[order]
        starts = [*np.flatnonzero(firsts(classes)).tolist(), len(classes)]
        members = (facts.keys >> 32)[order]
        values = None if facts.values is None else facts.values[order]
        for start, end in itertools.pairwise(starts):
            yield (
                (key[0], int(classes[start])),
                Batch(members[start:end], None if values is None else values[start:end]),
            )

    def changed(self, parts: Iterable[tuple[Key, Batch]]) -> list[tuple[Key, Batch]]:
        """What ``add`` or ``remove`` did, mirrors left out."""
        return [(key, facts) for key, facts in parts if key[1] != PAIRS or key[0] not in self.split]

    def copy(self) -> dict[Key, Relation]:
        """The relations as they are now: their runs are never changed in place but for confidences, which are copied."""
        return {key: Relation(run_of(Batch(r.keys, r.values)) for r in relation.runs) for key, relation in self.relations.items()}

    def restore(self, relations: dict[Key, Relation]) -> None:
        """Go back to what ``copy`` gave."""
        self.relations = relations
        self._count = sum(len(relations[key]) for key in self.stored())

    def settle(self) -> None:
        """Forget the past of every relation."""
        for relation in self.relations.values():
            relation.settle()
