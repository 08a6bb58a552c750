"""A graph's facts as arrays that steps of a plan are taken in: entities that are one taken together, values among them.

KnowledgeGraph -> FactView.of -> .offers(nodes)          which relations lead on from some nodes, and against which
                              -> .follow(nodes, r, way)  where one of them leads
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rdflib import RDF, URIRef

from dovetail.kg.index import TripleIndex
from dovetail.kg.names import Layer
from dovetail.kg.resolution import canonical_terms
from dovetail.kg.statement import Term
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.facts import LAYERS, NOT_RELATIONS

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Edges in order of ``keys``, which are start · relations + relation: ``ends`` is the far end, ``rows`` the triple."""

    keys: Ids
    ends: Ids
    rows: Ids

    @classmethod
    def of(cls, starts: Ids, relations: Ids, ends: Ids, rows: Ids, count: int) -> _Table:
        keys = starts * count + relations
        order = np.lexsort((ends, keys))
        return cls(keys[order], ends[order], rows[order])


@dataclass(frozen=True, slots=True)
class Moves:
    """Edges followed: from ``sources[i]`` to ``ends[i]`` by the triple in row ``rows[i]`` of the index."""

    sources: Ids
    ends: Ids
    rows: Ids


@dataclass(frozen=True, eq=False)
class FactView:
    """Nodes are term numbers of ``index``; relation i is ``relations[i]``, against it ``~i``; ``classes`` holds each class's members."""

    index: TripleIndex
    canonical: Ids
    relations: tuple[URIRef, ...]
    classes: dict[URIRef, Ids]
    forth: _Table
    back: _Table

    @classmethod
    def of(cls, graph: KnowledgeGraph, layers: Sequence[Layer] = LAYERS) -> FactView:
        """What ``layers`` of a graph state, without names, types and how the graph speaks about itself.

        >>> from dovetail.kg import Statement
        >>> graph = KnowledgeGraph()
        >>> a, b, knows = URIRef("urn:x:a"), URIRef("urn:x:b"), URIRef("urn:x:knows")
        >>> _ = graph.add([Statement(a, knows, b)])
        >>> view = FactView.of(graph)
        >>> [str(view.term(end)) for end in view.follow(np.array([view.node(a)]), 0).ends]
        ['urn:x:b']
        """
        index = graph.index(layers)
        canonical = canonical_terms(graph.store, index).astype(np.int64)
        kept = {int(p): URIRef(index.terms[int(p)]) for p in index.relations}
        numbers = [p for p, term in kept.items() if term not in NOT_RELATIONS]
        rows = np.flatnonzero(np.isin(index.predicates, numbers))
        relations = np.searchsorted(np.array(numbers, dtype=np.int64), index.predicates[rows]).astype(np.int64)
        starts, ends = (canonical[column[rows]].astype(np.int64) for column in (index.subjects, index.objects))
        count = max(len(numbers), 1)
        return cls(
            index,
            canonical,
            tuple(kept[p] for p in numbers),
            _members(index, canonical),
            _Table.of(starts, relations, ends, rows, count),
            _Table.of(ends, relations, starts, rows, count),
        )

    def node(self, term: Term) -> int | None:
        """The number of the node that stands for ``term``; None where no fact speaks of it."""
        number = self.index.terms.id(term)
        return None if number is None else int(self.canonical[number])

    def members(self, classes: Sequence[URIRef]) -> Ids:
        """The nodes that are of one of ``classes``, ascending."""
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(self.classes[one] for one in classes)]))

    def term(self, node: int) -> Term:
        """The term of a node."""
        return self.index.terms[int(node)]

    def offers(self, nodes: Ids) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which relations lead on from any of ``nodes``, and which lead to them: (relations,) each."""
        count = max(len(self.relations), 1)
        found = []
        for table in (self.forth, self.back):
            places, _ = _ranges(np.searchsorted(table.keys, nodes * count), np.searchsorted(table.keys, (nodes + 1) * count))
            found.append(np.bincount(table.keys[places] % count, minlength=count)[: len(self.relations)] > 0)
        return found[0], found[1]

    def follow(self, nodes: Ids, relation: int) -> Moves:
        """Every edge of ``relation`` from ``nodes``; of ``~relation``, against it."""
        table, relation = (self.forth, relation) if relation >= 0 else (self.back, ~relation)
        keys = nodes * max(len(self.relations), 1) + relation
        places, owner = _ranges(np.searchsorted(table.keys, keys), np.searchsorted(table.keys, keys, side="right"))
        return Moves(nodes[owner], table.ends[places], table.rows[places])

    @cached_property
    def degrees(self) -> Ids:
        """How many facts speak of each node: (terms,)."""
        count, terms = max(len(self.relations), 1), len(self.index.terms)
        return np.bincount(self.forth.keys // count, minlength=terms) + np.bincount(self.back.keys // count, minlength=terms)

    @cached_property
    def nodes(self) -> dict[str, int]:
        """The node of every IRI and blank node, by its text in the index; for looking many up."""
        terms = self.index.terms
        return {terms.text(number): int(self.canonical[number]) for number in range(terms.first_iri, len(terms))}


def leaving(ends: Ids, start: int) -> NDArray[np.bool_]:
    """Which of ``ends`` are not where a path started; all, where it leads nowhere else.

    Who shares a director with a film is another film, not itself.

    >>> leaving(np.array([1, 2]), 1).tolist(), leaving(np.array([1, 1]), 1).tolist()
    ([False, True], [True, True])
    """
    others: NDArray[np.bool_] = ends != start
    return others if others.any() else np.ones(len(ends), dtype=bool)


def _ranges(starts: Ids, ends: Ids) -> tuple[Ids, Ids]:
    """Every number from each start up to its end, and which range it is of."""
    lengths = ends - starts
    owner = np.repeat(np.arange(len(starts)), lengths)
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.arange(len(owner)) - before + starts[owner], owner


def _members(index: TripleIndex, canonical: Ids) -> dict[URIRef, Ids]:
    number = index.terms.id(RDF.type)
    if number is None:
        return {}
    typed = index.triples(p=number)
    return {
        URIRef(index.terms[int(kind)]): np.unique(canonical[typed[typed[:, 2] == kind, 0]]).astype(np.int64)
        for kind in np.unique(typed[:, 2])
    }
