"""Which quads stand or fall with which documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from dovetail.kg import provenance as prov
from dovetail.kg.names import Layer
from dovetail.kg.provenance import GRAPHS

_PROVENANCE, _STATED = GRAPHS[Layer.PROVENANCE], GRAPHS[Layer.STATED]
_SUPPORT = (prov.DERIVED_FROM, prov.ATTRIBUTED_TO)


def supported_only_by(store: ox.Store, documents: Iterable[ox.NamedNode]) -> set[ox.Quad]:
    """Every quad that would not be there without these documents."""
    gone: set[ox.Quad] = set()
    going: defaultdict[ox.NamedNode, set[ox.Quad]] = defaultdict(set)  # statement node -> its links that go
    for document in documents:
        gone.update(_about(store, document))
        for sentence in _nodes(store, prov.HAS_SOURCE, document):
            gone.update(_about(store, sentence))
            for evidence in _nodes(store, prov.SOURCE_SENTENCE, sentence):
                gone.update(_about(store, evidence))
                for statement in _nodes(store, prov.DERIVED_FROM, evidence):
                    going[statement].add(ox.Quad(statement, prov.DERIVED_FROM, evidence, _PROVENANCE))
    for statement, links in going.items():
        gone |= links
        notes = set(_about(store, statement))
        # What another document or a person also says, stays.
        if all(quad in links or quad.predicate not in _SUPPORT for quad in notes):
            gone |= notes
            part = {quad.predicate: quad.object for quad in notes}
            if prov.POLARITY in part:  # whether the triple stands is for its plain node to say
                continue
            subject, predicate, value = (part[p] for p in (prov.SUBJECT, prov.PREDICATE, prov.OBJECT))
            assert not isinstance(subject, ox.Literal) and isinstance(predicate, ox.NamedNode)
            gone.add(ox.Quad(subject, predicate, value, _STATED))
    return gone


def _about(store: ox.Store, node: ox.NamedNode) -> Iterator[ox.Quad]:
    return store.quads_for_pattern(node, None, None, _PROVENANCE)


def _nodes(store: ox.Store, predicate: ox.NamedNode, value: ox.NamedNode) -> Iterator[ox.NamedNode]:
    for quad in store.quads_for_pattern(None, predicate, value, _PROVENANCE):
        assert isinstance(quad.subject, ox.NamedNode)
        yield quad.subject
