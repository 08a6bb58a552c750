"""Which entity a name stands for: the spaCy component ``dovetail_linking`` sets ``Span.kb_id_``.

A name in the user's vocabulary gets the vocabulary's IRI: the same name first, then the most similar one where it is similar
enough (character 3-grams, cosine of TF-IDF) and nothing else is as similar. Any other name gets an IRI minted from the fullest name of
its cluster and its kind, so that the same name in two documents is one entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rdflib import URIRef
from scipy.sparse import csr_matrix
from spacy.language import Language
from spacy.tokens import Doc, Span

from dovetail.kg.names import entity_iri
from dovetail.nlp.coreference import clean_surface, normal_name

NIL_THRESHOLD = 0.85
"""Least similarity of a name that is not in the vocabulary letter by letter; below it the name is somebody else's."""


class Vocabulary:
    """Names and the IRIs they stand for, for look-up by name.

    >>> vocabulary = Vocabulary([(URIRef("urn:x:radium"), "Radium"), (URIRef("urn:x:radon"), "Radon")])
    >>> vocabulary.find("the radium")
    rdflib.term.URIRef('urn:x:radium')
    >>> vocabulary.find("Polonium") is None
    True
    """

    def __init__(self, names: Iterable[tuple[URIRef, str]], *, nil_threshold: float = NIL_THRESHOLD) -> None:
        self.nil_threshold = nil_threshold
        owners: dict[str, set[URIRef]] = {}
        for iri, name in names:
            key = normal_name(name)
            if key:
                owners.setdefault(key, set()).add(iri)
        self._exact = {key: next(iter(iris)) for key, iris in owners.items() if len(iris) == 1}
        self._ambiguous = frozenset(key for key, iris in owners.items() if len(iris) > 1)
        self._keys = sorted(self._exact)
        self._grams: dict[str, int] = {}
        self._weights = np.zeros(0)
        self._matrix = self._index(self._keys) if self._keys else csr_matrix((0, 0))
        self._found: dict[str, URIRef | None] = {}

    def __len__(self) -> int:
        return len(self._exact)

    def find(self, name: str) -> URIRef | None:
        """The IRI of this name, or None where no name, or more than one entity, is near enough."""
        key = normal_name(name)
        if key in self._exact:
            return self._exact[key]
        if key in self._ambiguous or len(key) < 5 or not self._keys:
            return None
        if key not in self._found:
            self._found[key] = self._nearest(key)
        return self._found[key]

    def _nearest(self, key: str) -> URIRef | None:
        similarity = self._matrix @ self._vector(key)
        best = int(similarity.argmax())
        if similarity[best] < self.nil_threshold:
            return None
        rivals = {self._exact[self._keys[i]] for i in np.flatnonzero(similarity >= similarity[best] - 1e-9)}
        return self._exact[self._keys[best]] if len(rivals) == 1 else None

    def _index(self, keys: Sequence[str]) -> csr_matrix:
        rows, columns = [], []
        for row, key in enumerate(keys):
            for gram in _grams(key):
                rows.append(row)
                columns.append(self._grams.setdefault(gram, len(self._grams)))
        counts = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(keys), len(self._grams)))
        frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
        self._weights = np.log((1 + len(keys)) / (1 + frequency)) + 1
        weighted = counts.multiply(self._weights).tocsr()
        lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return csr_matrix(weighted.multiply((1 / np.maximum(lengths, 1e-12))[:, None]))

    def _vector(self, key: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        vector = np.zeros(len(self._grams))
        unknown = 0
        for gram in _grams(key):
            if gram in self._grams:
                vector[self._grams[gram]] += self._weights[self._grams[gram]]
            else:
                unknown += 1
        rare = float(self._weights.max())  # a gram that no name has counts as the rarest one
        length = float(np.sqrt((vector**2).sum() + unknown * rare**2))
        return vector / max(length, 1e-12)


def _grams(key: str) -> list[str]:
    padded = f" {key} "
    return [padded[i : i + 3] for i in range(len(padded) - 2)]


@Language.factory("dovetail_linking")
def create_linker(nlp: Language, name: str) -> Linker:
    """The component for ``nlp.add_pipe``; set its ``vocabulary`` to link to one."""
    return Linker()


class Linker:
    """Gives every mention of a cluster the IRI of its entity."""

    def __init__(self) -> None:
        self.vocabulary = Vocabulary(())

    def __call__(self, doc: Doc) -> Doc:
        """Set ``Span.kb_id_`` of every entity."""
        linked = []
        for cluster in doc._.clusters or ():
            iri = self.vocabulary.find(cluster.name)
            for surface in sorted({clean_surface(m.text) for m in cluster.mentions}) if iri is None else ():
                iri = iri or self.vocabulary.find(surface)
            iri = iri or entity_iri(cluster.name, cluster.kind)
            for mention in cluster.mentions:
                span = Span(doc, mention.start, mention.end, label=cluster.label, kb_id=str(iri))
                linked.append(span)
        doc.ents = linked
        return doc
