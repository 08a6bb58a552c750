"""A graph's relations and classes as the question network sees them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from rdflib import URIRef
from torch import Tensor

from dovetail.kg.store import KnowledgeGraph
from dovetail.models.encoder import TextEncoder
from dovetail.models.question_network import QuestionNetwork, label_states, load_question_network
from dovetail.reasoning.questions.passages.fusion import weights_path
from dovetail.reasoning.questions.planning.lexicon import phrases_by_iri

Floats = NDArray[np.float64]


@cache
def question_network() -> QuestionNetwork:
    """The network that ships with Dovetail."""
    return load_question_network(weights_path("planner.safetensors"))


@dataclass(frozen=True, slots=True, eq=False)
class GraphVocabulary:
    """The vectors of a graph's relations, under each of their names, and of its classes.

    Row i of ``names`` (names, dim) is a way to say relation ``owners[i] // 2``, against it where ``owners[i]`` is odd; ``nouns`` (classes,
    dim) follow ``classes``.
    """

    relations: tuple[URIRef, ...]
    names: Tensor
    owners: NDArray[np.int64]
    classes: tuple[URIRef, ...]
    nouns: Tensor
    sharpness: float

    @classmethod
    @torch.inference_mode()
    def of(
        cls, graph: KnowledgeGraph, relations: Sequence[URIRef], classes: Sequence[URIRef], encoder: TextEncoder, network: QuestionNetwork
    ) -> GraphVocabulary:
        """The vectors of these relations and classes by their labels, and by the lexicon's where a relation has an IRI that it knows."""
        texts: list[str] = []
        owners: list[tuple[int, int]] = []
        for number, relation in enumerate(relations):
            phrases = phrases_by_iri().get(str(relation))
            forth = dict.fromkeys((plain_label(graph.label(relation)), *(phrases.labels if phrases else ())))
            for way, labels in ((0, forth), (1, phrases.inverse_labels if phrases else ())):
                texts.extend(labels)
                owners.extend((2 * number + way, 2 * number + 1 - way) for _ in labels)
        names = network.relations(label_states(encoder, texts)).reshape(-1, encoder.dim)
        nouns = network.nouns(label_states(encoder, [plain_label(graph.label(kind)) for kind in classes]))
        return cls(
            tuple(relations),
            names,
            np.array(owners, dtype=np.int64).reshape(-1),
            tuple(classes),
            nouns,
            float(network.sharpness.detach()),
        )

    def steps(self, vectors: Tensor) -> Floats:
        """For each vector (n, dim) the log-probability of each step (n, 2 · relations): along relation r at 2r, against it at 2r + 1."""
        likeness = (self.sharpness * vectors @ self.names.T).double().numpy()
        best = np.full((len(vectors), 2 * len(self.relations)), -1e9)
        for row, values in enumerate(likeness):
            np.maximum.at(best[row], self.owners, values)
        return log_softmax(best)

    def types(self, vectors: Tensor) -> Floats:
        """For each vector (n, dim) the log-probability of each class (n, classes)."""
        return log_softmax((self.sharpness * vectors @ self.nouns.T).double().numpy())


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities of the last axis."""
    if not logits.shape[-1]:
        return logits
    moved = logits - logits.max(-1, keepdims=True)
    return np.asarray(moved - np.log(np.exp(moved).sum(-1, keepdims=True)))


def plain_label(label: str) -> str:
    """A label as words: without the path before it, underscores, or capitals inside.

    >>> plain_label("__film__cinematographer__film"), plain_label("/people/person/place_of_birth"), plain_label("hasGenre")
    ('film', 'place of birth', 'has genre')
    """
    last = re.split(r"/|__|\.", label.strip("/_. "))[-1] or label
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last.replace("_", " ")).strip().lower()
