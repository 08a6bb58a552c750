"""Sentences as the network reads them: words with character offsets, packed into padded batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerFast

from dovetail.models.extractor import SHAPE_FEATURES, SentenceBatch, word_shape

MAX_TOKENS = 160
"""Longer sentences are cut by the caller; what is beyond is not seen."""


@dataclass(frozen=True, slots=True)
class TokenizedSentence:
    """Token ids, and per word: characters [start, end) of the text, first and last token, case features."""

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    shapes: tuple[tuple[float, ...], ...]

    def words_of(self, start: int, end: int) -> tuple[int, int] | None:
        """First and last word that overlap characters [start, end), or None where no word does."""
        inside = [i for i, (a, b) in enumerate(self.offsets) if a < end and b > start]
        return (inside[0], inside[-1]) if inside else None


def tokenize(texts: Sequence[str], tokenizer: PreTrainedTokenizerFast, *, max_tokens: int = MAX_TOKENS) -> list[TokenizedSentence]:
    """Each text as words of the tokenizer's own pre-tokenizer (whitespace and punctuation), at most ``max_tokens`` pieces."""
    backend = tokenizer.backend_tokenizer
    backend.no_padding()  # the published tokenizer pads and cuts to 128 by itself
    backend.no_truncation()
    sentences = []
    for text, encoding in zip(texts, backend.encode_batch(list(texts)), strict=True):
        ids, pieces, words = encoding.ids, encoding.offsets, encoding.word_ids
        limit = min(len(ids) - 1, max_tokens - 1)
        offsets: list[tuple[int, int]] = []
        first: list[int] = []
        last: list[int] = []
        previous = None
        for position in range(1, limit):
            start, end = pieces[position]
            if words[position] is not None and words[position] == previous:
                offsets[-1] = (offsets[-1][0], end)
                last[-1] = position
            else:
                offsets.append((start, end))
                first.append(position)
                last.append(position)
            previous = words[position]
        shapes = tuple(word_shape(text[start:end]) for start, end in offsets)
        sentences.append(TokenizedSentence((*ids[:limit], ids[-1]), tuple(offsets), tuple(first), tuple(last), shapes))
    return sentences


def collate(sentences: Sequence[TokenizedSentence], *, padding_id: int = 0) -> SentenceBatch:
    """One padded batch."""
    tokens = max(len(s.ids) for s in sentences)
    words = max(max(len(s.offsets) for s in sentences), 1)
    size = len(sentences)
    ids = torch.full((size, tokens), padding_id, dtype=torch.long)
    attention = torch.zeros((size, tokens), dtype=torch.long)
    first = torch.zeros((size, words), dtype=torch.long)
    last = torch.zeros((size, words), dtype=torch.long)
    mask = torch.zeros((size, words), dtype=torch.bool)
    shapes = torch.zeros((size, words, SHAPE_FEATURES))
    for row, sentence in enumerate(sentences):
        count = len(sentence.offsets)
        ids[row, : len(sentence.ids)] = torch.tensor(sentence.ids)
        attention[row, : len(sentence.ids)] = 1
        if count:
            first[row, :count] = torch.tensor(sentence.first)
            last[row, :count] = torch.tensor(sentence.last)
            mask[row, :count] = True
            shapes[row, :count] = torch.tensor(sentence.shapes)
    return SentenceBatch(ids, attention, first, last, mask, shapes)
