"""A Chinese question is answered with the sentence that holds most of it, or not at all.

The reader of English answers knows English words. What a Chinese question says is compared with sentences by its characters, two by
two, as passages are found; a sentence that holds less than half of it, weighed by rarity, answers nothing. The probability of an
answer is that share: it is not calibrated on questions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dovetail.kg.passages import Passage, PassageIndex, search_terms

LEAST_SHARE = 0.5
PASSAGES_READ = 10

_SENTENCE = re.compile(r"[^\s。！？；!?](?:[^。！？；!?\n]*[^\s。！？；!?])?[。！？；!?”’」』）)]*")


@dataclass(frozen=True, slots=True)
class FoundSentence:
    """A sentence, ``passage.text[start:end]``, and the share of the question that it holds; ``rank`` of its passage, 0 for the best."""

    passage: Passage
    start: int
    end: int
    share: float
    rank: int

    @property
    def text(self) -> str:
        """The sentence."""
        return self.passage.text[self.start : self.end]


def answering_sentences(question: str, passages: PassageIndex, *, top_k: int) -> list[FoundSentence]:
    """The ``top_k`` sentences that hold at least LEAST_SHARE of ``question``, those that hold most first; ties go by passage and place.

    >>> import numpy as np
    >>> from dovetail.kg.passages import NewPassage
    >>> with PassageIndex(None) as passages:
    ...     passages.put("a.txt", [NewPassage("", 0, 20, "居里出生于华沙。她在巴黎工作。", np.zeros(4, dtype=np.float32))])
    ...     [found.text for found in answering_sentences("居里出生在哪里？", passages, top_k=3)]
    ...     answering_sentences("牛顿出生在哪里？", passages, top_k=3)
    ['居里出生于华沙。']
    []
    """
    weights = term_weights(question, passages)
    ids = [number for number, _ in passages.search(question, PASSAGES_READ)]
    found = [
        FoundSentence(passage, start, end, share_of(weights, passage.title + "\n" + passage.text[start:end]), rank)
        for rank, passage in enumerate(passages.get(ids))
        for start, end in sentences_of(passage.text)
    ]
    return sorted((f for f in found if f.share >= LEAST_SHARE), key=lambda f: (-f.share, f.rank, f.start))[:top_k]


def sentences_of(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of Chinese ``text`` are."""
    for match in _SENTENCE.finditer(text):
        yield match.start(), match.end()


def term_weights(question: str, passages: PassageIndex) -> Mapping[str, float]:
    """The pairs of characters, and words, that the question is made of, weighed by how rare they are."""
    terms = search_terms(question)
    counts, total = passages.frequency(terms), len(passages)
    return {term: math.log1p(total / (0.5 + counts[term])) for term in terms}


def share_of(weights: Mapping[str, float], text: str) -> float:
    """The share of all weight whose terms stand in ``text``."""
    low = text.lower()
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in low) / total if total else 0.0
