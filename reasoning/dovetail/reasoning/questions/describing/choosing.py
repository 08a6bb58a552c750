"""Sentences that say most and repeat least.

texts -> vectors -> centrality (how like all the others) -> chosen (maximal marginal relevance)

Source of the choice: Carbonell & Goldstein, The Use of MMR, Diversity-Based Reranking (SIGIR 1998).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from dovetail.kg.passages import FUNCTION_WORDS
from dovetail.reasoning.questions.passages.retrieval import Encoder
from dovetail.reasoning.questions.surfaces import words_of

Floats = npt.NDArray[np.float64]

RELEVANCE = 0.7
"""How much relevance counts beside novelty (1 minus this)."""
SAME = 0.8
"""Two sentences with this cosine say the same."""


def text_vectors(texts: Sequence[str], encoder: Encoder | None) -> Floats:
    """A unit vector for each text (texts, dim), by meaning; without an encoder, by the words they hold.

    >>> vectors = text_vectors(["Oxygen is a gas.", "A gas: oxygen.", "Warsaw lies in Poland."], None)
    >>> (vectors @ vectors[0]).round(1).tolist()
    [1.0, 1.0, 0.0]
    """
    if encoder is not None and texts:
        return encoder.encode(list(texts)).astype(np.float64)
    words = [[word.form for word in words_of(text) if word.form not in FUNCTION_WORDS] for text in texts]
    number = {form: place for place, form in enumerate(sorted({form for some in words for form in some}))}
    vectors = np.zeros((len(texts), max(len(number), 1)))
    for row, some in zip(vectors, words, strict=True):
        for form in some:
            row[number[form]] += 1
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def centrality(vectors: Floats) -> Floats:
    """How like the middle of all each vector is, between 0 and 1: (texts,)."""
    if not len(vectors):
        return np.zeros(0)
    middle = vectors.mean(axis=0)
    alike: Floats = np.clip(vectors @ middle / max(float(np.linalg.norm(middle)), 1e-9), 0.0, 1.0)
    return alike


def chosen(relevance: Floats, vectors: Floats, *, most: int, among: Collection[int], taken: Sequence[int] = ()) -> list[int]:
    """At most ``most`` places of ``among``, the most relevant that do not repeat each other or those ``taken``, best first.

    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> chosen(np.array([0.9, 0.8, 0.1]), vectors, most=3, among=range(3))
    [0, 2]
    """
    found: list[int] = []
    left = sorted(set(among) - set(taken))
    while left and len(found) < most:
        held = [*taken, *found]
        alike = (vectors[left] @ vectors[held].T).max(axis=1) if held else np.zeros(len(left))
        scores = RELEVANCE * relevance[left] - (1 - RELEVANCE) * alike
        scores[alike >= SAME] = -np.inf
        best = int(np.argmax(scores))
        if scores[best] == -np.inf:
            break
        found.append(left.pop(best))
    return found


def clusters(vectors: Floats, *, least: float) -> list[list[int]]:
    """Places whose vectors have an average cosine of at least ``least``, put together greedily; the order is that of the places.

    >>> clusters(np.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.44]]), least=0.6)
    [[0, 2], [1]]
    """
    groups = [[place] for place in range(len(vectors))]
    alike = vectors @ vectors.T if len(vectors) else np.zeros((0, 0))
    while len(groups) > 1:
        best, pair = least, None
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                value = float(alike[np.ix_(groups[i], groups[j])].mean())
                if value >= best:
                    best, pair = value, (i, j)
        if pair is None:
            break
        groups[pair[0]] = sorted(groups[pair[0]] + groups.pop(pair[1]))
    return groups
