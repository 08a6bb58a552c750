"""Which entity of a vocabulary a name stands for, and how probable that is: candidates, what speaks for each, and a calibrated choice.

    same name · same words in another spelling · same initials · 20 most similar by 3-grams  ─>  features  ─>  P(entity), P(none of them)

The choice is a conditional logit (McFadden 1974) with "none of them" (NIL) among the alternatives, at score 0: P(i) = exp(s_i) /
(1 + sum of exp(s_j)). Its weights are in ``data/weights/linking.json``; ``train_linking.py`` fits them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from math import log
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from rdflib import URIRef

from dovetail.kg.labels import local_name
from dovetail.nlp.coreference import normal_name
from dovetail.nlp.folding import initials, latin, looks_short, stem
from dovetail.nlp.vocabulary import Row, Vocabulary

Floats: TypeAlias = npt.NDArray[np.float64]

FEATURES = tuple(
    "any exact short_exact folded cosine high_cosine overlap within beyond head first edit numbers acronym only_acronym coherent_acronym "
    "short family expanded surface preferred coherent type_agrees type_differs rivals names".split()
)
"""What speaks for or against a candidate; ``features`` says how each is counted."""


@dataclass(frozen=True, slots=True)
class Query:
    """A name to look up: as it is written, the long form that the document gives it where it is an abbreviation, and its types.

    ``types`` are IRIs and names, any of which a type of the vocabulary may match.
    """

    surface: str
    expansion: str | None = None
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate: the number of the entity, the name that speaks for it most, and its probability."""

    entity: int
    key: str
    probability: float


def rank(query: Query, vocabulary: Vocabulary, *, near: frozenset[int] = frozenset()) -> list[Scored]:
    """The candidates, most probable first; what their probabilities lack to 1 is that it is none of them.

    ``near`` holds the entities that the document names beyond doubt elsewhere.
    """
    rows = candidates(query, vocabulary)
    if not rows:
        return []
    matrix = features(query, rows, vocabulary, near=near)
    chances = probabilities(matrix @ weights())
    scored = [Scored(row.entity, row.key, float(chance)) for row, chance in zip(rows, chances, strict=True)]
    return sorted(scored, key=lambda one: (-round(one.probability, 9), one.key, vocabulary.iri(one.entity)))


def candidates(query: Query, vocabulary: Vocabulary) -> list[Row]:
    """The row that fits best of each entity that the name may stand for."""
    rows: list[Row] = []
    for name in dict.fromkeys(filter(None, (query.expansion, query.surface))):
        found = vocabulary.named(name)
        rows += found
        if not found:
            rows += vocabulary.spelled_like(name)
    if query.expansion is None:
        rows += vocabulary.abbreviated(query.surface)
    if not any(row.cosine > 0.999 for row in rows):
        rows += vocabulary.similar(query.expansion or query.surface)
    wanted = _words(query.expansion or query.surface)
    best: dict[int, tuple[tuple[float, float, str], Row]] = {}
    for row in rows:
        key = (-_overlap(wanted, _words(row.key)), -row.cosine, row.key)
        if row.entity not in best or key < best[row.entity][0]:
            best[row.entity] = (key, row)
    return [row for _, row in best.values()]


def features(query: Query, rows: Sequence[Row], vocabulary: Vocabulary, *, near: frozenset[int]) -> Floats:
    """``(rows, FEATURES)``: what speaks for each row; every column lies between -1 and about 10."""
    name = query.expansion or query.surface
    key = normal_name(name)
    wanted = _words(key)
    short = looks_short(query.surface)
    letters = "".join(c for c in query.surface.casefold() if c.isalnum())
    digits = _numbers(wanted)
    spelled = [row.entity for row in rows if short and query.expansion is None and initials(row.key) == letters]
    surfaces = {row.entity for row in vocabulary.named(query.surface)} if query.expansion else set()
    exact = len({row.entity for row in rows if row.key == key})
    known = _matching(query.types, vocabulary)
    matrix = np.zeros((len(rows), len(FEATURES)))
    for place, row in enumerate(rows):
        same = row.key == key
        words = _words(row.key)
        left, right = set(wanted), set(words)
        types = vocabulary.types_of(row.entity)
        agrees = bool(types & known)
        matrix[place] = (
            1.0,
            same,
            same and len(key) < 5,
            not same and left == right,
            row.cosine,
            max(row.cosine - 0.7, 0.0) * 3,
            _overlap(wanted, words),
            not same and left < right,
            not same and right < left,
            wanted[-1:] == words[-1:],
            wanted[:1] == words[:1],
            1.0 if same else SequenceMatcher(None, key, row.key, autojunk=False).ratio(),
            digits != _numbers(words),
            row.entity in spelled,
            len(spelled) == 1 and row.entity in spelled,
            row.entity in spelled and row.entity in near,
            not same and len(key) < 5,
            len(wanted) == 1 < len(words),
            query.expansion is not None,
            row.entity in surfaces,
            row.preferred,
            row.entity in near,
            agrees,
            bool(known and types) and not agrees,
            log(exact) if same and exact > 1 else 0.0,
            log(1 + vocabulary.size_of(row.entity)),
        )
    return matrix


def probabilities(scores: Floats) -> Floats:
    """The probability of each alternative, and of none with what they lack to 1; ``(candidates,)`` both.

    >>> probabilities(np.array([0.0, 0.0])).round(3).tolist()
    [0.333, 0.333]
    """
    top = max(float(scores.max(initial=0.0)), 0.0)
    grown = np.exp(scores - top)
    return np.asarray(grown / (np.exp(-top) + grown.sum()))


@cache
def weights() -> Floats:
    """The weight of each feature."""
    held = json.loads(files("dovetail.data").joinpath("weights/linking.json").read_text("utf-8"))["weights"]
    return np.array([held[name] for name in FEATURES])


def type_names(*terms: str) -> frozenset[str]:
    """What a type may be called: IRIs and names as they are, and in small letters without what stands before the last part.

    >>> sorted(type_names("http://x.example/onto#NobelPrize", "City"))
    ['City', 'city', 'http://x.example/onto#NobelPrize', 'nobelprize']
    """
    last = {local_name(URIRef(term)) if ":" in term else term for term in terms if term}  # a name with spaces makes no IRI
    return frozenset(filter(None, terms)) | {name.casefold().replace(" ", "") for name in last}


def _matching(types: frozenset[str], vocabulary: Vocabulary) -> frozenset[str]:
    """The types of the vocabulary that are among these."""
    return frozenset(kind for kind in vocabulary.types if type_names(kind) & types) if types else frozenset()


def _words(name: str) -> list[str]:
    return [stem(word) for word in latin(name).split()]


def _numbers(words: Iterable[str]) -> set[str]:
    return {word for word in words if not word.isalpha()}


def _overlap(left: Iterable[str], right: Iterable[str]) -> float:
    one, other = set(left), set(right)
    return len(one & other) / (len(one | other) or 1)
