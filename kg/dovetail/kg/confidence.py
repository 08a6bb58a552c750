"""How sure each stated triple is, for all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from dovetail.kg.dictionary import Terms
from dovetail.kg.index import TripleIndex
from dovetail.kg.names import Layer
from dovetail.kg.provenance import ATTRIBUTED_TO, CONFIDENCE, DERIVED_FROM, GRAPHS, HAS_SOURCE, OBJECT, PREDICATE, SOURCE_SENTENCE, SUBJECT

if TYPE_CHECKING:
    from dovetail.kg.store import KnowledgeGraph


def stated_confidences(graph: KnowledgeGraph, index: TripleIndex) -> NDArray[np.float64] | None:
    """The confidence of each triple of an index of ``graph``, ``(triples,)``; None if all are certain.

    As ``combined_confidence`` says, from the best evidence of each document. What no document states and
    nobody asserted with a confidence is certain, and so is what the vocabulary says.

    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> from rdflib import URIRef
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(URIRef("urn:a"), URIRef("urn:p"), URIRef("urn:b"), 0.5)])
    1
    >>> stated_confidences(graph, graph.index())
    array([0.5])
    """
    said = graph.store.query(f"ASK {{ GRAPH {GRAPHS[Layer.PROVENANCE]} {{ ?x {CONFIDENCE} ?c FILTER(?c < 1) }} }}")
    if not said:
        return None
    notes = graph.index((Layer.PROVENANCE,))
    parts = [_column(notes, predicate) for predicate in (SUBJECT, PREDICATE, OBJECT)]
    doubt = _doubts(notes)
    # One term to each part of a statement, so the columns are in the same order: that of the statements.
    about = parts[0][0]
    known = _shared(notes.terms, index.terms, [part for _, part in parts])
    rows = _rows(index, *known)
    vocabulary = _rows(graph.index((Layer.VOCABULARY,)), *_shared(notes.terms, graph.index((Layer.VOCABULARY,)).terms, [p for _, p in parts]))
    confidences = np.ones(len(index))
    speaks = (rows >= 0) & (vocabulary < 0) & (doubt[about] < 1.0) & ~_of_others(notes, about)
    confidences[rows[speaks]] = 1.0 - doubt[about[speaks]]
    return confidences if (confidences < 1.0).any() else None


def _column(index: TripleIndex, predicate: ox.NamedNode) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The subjects and objects of a predicate, by subject."""
    number = index.terms.find(str(predicate).encode())
    rows = index.rows(p=number) if number is not None else np.empty(0, np.int64)
    return index.subjects[rows].astype(np.int64), index.objects[rows].astype(np.int64)


def _doubts(notes: TripleIndex) -> NDArray[np.float64]:
    """For each term the product of (1 - confidence) over its documents' best evidence and its own assertion."""
    size = len(notes.terms)
    own, literals = _column(notes, CONFIDENCE)
    confidence = np.zeros(size)
    np.maximum.at(confidence, own, [float(_value(notes.terms, number)) for number in literals.tolist()])
    doubt = np.ones(size)
    statements, evidence = _column(notes, DERIVED_FROM)
    sentence, document = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for column, predicate in ((sentence, SOURCE_SENTENCE), (document, HAS_SOURCE)):
        subjects, objects = _column(notes, predicate)
        column[subjects] = objects
    source = document[sentence[evidence]]
    order = np.lexsort((-confidence[evidence], source, statements))
    first = np.ones(len(order), np.bool_)
    first[1:] = (statements[order][1:] != statements[order][:-1]) | (source[order][1:] != source[order][:-1])
    best = order[first]
    np.multiply.at(doubt, statements[best], 1.0 - confidence[evidence[best]])
    said = np.setdiff1d(own, evidence)
    doubt[said] *= 1.0 - confidence[said]
    return doubt


def _of_others(notes: TripleIndex, about: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which statement nodes speak of what rules or models say, not of what is stated."""
    others = np.zeros(len(notes.terms), np.bool_)
    subjects, who = _column(notes, ATTRIBUTED_TO)
    for layer in (Layer.INFERRED, Layer.PREDICTED):
        number = notes.terms.find(str(GRAPHS[layer]).encode())
        if number is not None:
            others[subjects[who == number]] = True
    return others[about]


def _value(terms: Terms, number: int) -> str:
    text = terms.text(number)
    return text[1 : text.rindex('"')]


def _shared(own: Terms, other: Terms, columns: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Columns of one index's term numbers in another's numbers; -1 for terms that it lacks."""
    numbers: dict[int, int] = {}
    for number in np.unique(np.concatenate(columns)).tolist():
        found = other.find(own.text(number).encode())
        numbers[number] = -1 if found is None else found
    return [np.fromiter(map(numbers.__getitem__, column.tolist()), np.int64, len(column)) for column in columns]


def _rows(index: TripleIndex, s: NDArray[np.int64], p: NDArray[np.int64], o: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row of each triple; -1 for those that the index lacks."""
    size = len(index.terms) + 1
    ranks = {int(number): place for place, number in enumerate(index.relations)}
    place = np.fromiter((ranks.get(number, -1) for number in p.tolist()), np.int64, len(p))
    rows = np.full(len(s), -1, np.int64)
    starts = np.searchsorted(index.predicates, index.relations) if len(index) else np.empty(0, np.int64)
    for relation, start in enumerate(starts.tolist()):
        end = int(starts[relation + 1]) if relation + 1 < len(starts) else len(index)
        here = np.flatnonzero((place == relation) & (s >= 0) & (o >= 0))
        keys = index.subjects[start:end].astype(np.int64) * size + index.objects[start:end]
        wanted = s[here] * size + o[here]
        found = np.minimum(np.searchsorted(keys, wanted), max(0, end - start - 1))
        hit = keys[found] == wanted
        rows[here[hit]] = start + found[hit]
    return rows
