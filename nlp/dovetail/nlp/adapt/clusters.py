"""Spherical k-means without chance: unit vectors in, a group for each out.

Dhillon & Modha, Concept decompositions for large sparse text data using clustering (Machine Learning 2001), begun from the vectors
that lie farthest apart (Gonzalez, Theoretical Computer Science 1985).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]

ROUNDS = 25


def cluster(vectors: Vector, weights: Vector, *, groups: int) -> npt.NDArray[np.int64]:
    """The group of each of n unit ``vectors`` (n, dim), at most ``groups`` of them, numbered by falling weight. ``weights``: (n,).

    >>> cluster(np.eye(2, dtype=np.float32)[[0, 1, 0, 0]], np.ones(4, dtype=np.float32), groups=2).tolist()
    [0, 1, 0, 0]
    """
    if not len(vectors):
        return np.zeros(0, dtype=np.int64)
    centres = _begin(vectors, weights, min(groups, len(vectors)))
    owner = np.zeros(len(vectors), dtype=np.int64)
    for round_ in range(ROUNDS):
        nearest = np.argmax(vectors @ centres.T, axis=1)
        if round_ and np.array_equal(nearest, owner):
            break
        owner = nearest
        for group in range(len(centres)):
            inside = owner == group
            if inside.any():
                centres[group] = unit((vectors[inside] * weights[inside, None]).sum(axis=0))
    sizes = np.bincount(owner, weights=weights, minlength=len(centres))
    order = np.lexsort((np.arange(len(sizes)), -sizes))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[owner].astype(np.int64)


def _begin(vectors: Vector, weights: Vector, count: int) -> Vector:
    """The vector nearest to the middle, then each time the one that is farthest from those chosen, the heavier of near equals."""
    middle = unit((vectors * weights[:, None]).sum(axis=0))
    chosen = [int(np.argmax(vectors @ middle))]
    nearest = vectors @ vectors[chosen[0]]
    while len(chosen) < count:
        far = (1.0 - np.round(nearest, 4)) * np.log1p(weights)
        chosen.append(int(np.argmax(far)))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    return vectors[chosen].copy()


def unit(vector: Vector) -> Vector:
    """``vector`` with length one; zero stays zero."""
    return np.asarray(vector / (float(np.linalg.norm(vector)) or 1.0), dtype=np.float32)
