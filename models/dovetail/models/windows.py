"""Windows as the network reads them: words with character offsets and sentences, packed into padded batches.

A window is a run of consecutive sentences of one document. What it holds is read together, so that a relation or a
pronoun may reach into the next sentence; a mention never does.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

import torch
from tokenizers import Encoding
from transformers import PreTrainedTokenizerFast

from dovetail.models.extractor import SHAPE_FEATURES, WindowBatch, word_shape
from dovetail.models.fast_encoder import common_length

MAX_TOKENS = 256
"""Positions beyond this were never trained in all-MiniLM-L6-v2; what is beyond is not seen."""

WINDOW_WORDS = 130
"""Words after which no further sentence joins a window; with a sentence's 90 at most this stays within MAX_TOKENS for most text."""


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive sentences: their text, and the characters [start, end) of each in it, in order."""

    text: str
    sentences: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, text: str) -> Window:
        """A text that is one sentence.

        >>> Window.of("It rains.").sentences
        ((0, 9),)
        """
        return cls(text, ((0, len(text)),))


@dataclass(frozen=True, slots=True)
class TokenizedWindow:
    """Token ids, and per word: characters [start, end) of the text, first and last token, case features, words of its sentence."""

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    shapes: tuple[tuple[float, ...], ...]
    sentence: tuple[tuple[int, int], ...]

    def words_of(self, start: int, end: int) -> tuple[int, int] | None:
        """First and last word that overlap characters [start, end), or None where no word does."""
        first = bisect_right(self.offsets, start, key=itemgetter(1))
        last = bisect_left(self.offsets, end, key=itemgetter(0)) - 1
        return (first, last) if first <= last else None


def group_sentences(lengths: Iterable[int], *, most: int = WINDOW_WORDS) -> Iterator[list[int]]:
    """Indices of consecutive sentences that share a window, from their lengths in words.

    >>> list(group_sentences([60, 50, 40, 200, 10]))
    [[0, 1], [2], [3], [4]]
    """
    held: list[int] = []
    size = 0
    for index, length in enumerate(lengths):
        if held and size + length > most:
            yield held
            held, size = [], 0
        held.append(index)
        size += length
    if held:
        yield held


def tokenize(windows: Sequence[Window], tokenizer: PreTrainedTokenizerFast, *, max_tokens: int = MAX_TOKENS) -> list[TokenizedWindow]:
    """Each window as words, at most ``max_tokens`` pieces: pieces of one word of the tokenizer's own, parted at white space, punctuation
    and Han characters, so that word-piece, byte-level and sentence-piece tokenizers give words of one kind.
    """
    backend = tokenizer.backend_tokenizer
    backend.no_padding()  # the published tokenizer pads and cuts to 128 by itself
    backend.no_truncation()
    return [
        _tokenized(window, encoding, max_tokens)
        for window, encoding in zip(windows, backend.encode_batch([w.text for w in windows]), strict=True)
    ]


def _tokenized(window: Window, encoding: Encoding, max_tokens: int) -> TokenizedWindow:
    ids, pieces, words, special = encoding.ids, encoding.offsets, encoding.word_ids, encoding.special_tokens_mask
    lead = next((i for i, mark in enumerate(special) if not mark), len(ids) // 2)
    tail = next((i for i, mark in enumerate(reversed(special)) if not mark), len(ids) - lead)
    limit = min(len(ids), max_tokens) - tail
    offsets: list[tuple[int, int]] = []
    first: list[int] = []
    last: list[int] = []
    previous = None
    for position in range(lead, limit):
        start, end = pieces[position]
        while start < end and window.text[start].isspace():  # a sentence-piece tokenizer counts the space before a word to it
            start += 1
        if start == end:
            continue
        if words[position] is not None and words[position] == previous and not _parted(window.text, offsets[-1][1], start):
            offsets[-1] = (offsets[-1][0], end)
            last[-1] = position
        else:
            offsets.append((start, end))
            first.append(position)
            last.append(position)
        previous = words[position]
    shapes = tuple(word_shape(window.text[start:end]) for start, end in offsets)
    kept = (*ids[:limit], *ids[len(ids) - tail :])
    return TokenizedWindow(kept, tuple(offsets), tuple(first), tuple(last), shapes, _sentences(window, offsets))


def _parted(text: str, end: int, start: int) -> bool:
    """Whether a piece that ends at ``end`` and the next, which begins at ``start``, belong to two words; bytes of one character do not."""
    return end < start or (end == start and (_alone(text[end - 1]) or _alone(text[start])))


def _alone(character: str) -> bool:
    """Whether a character is a word of its own: punctuation, as BERT's tokenizer has it, or Han."""
    if character.isascii():
        return not character.isalnum()
    return unicodedata.category(character)[0] == "P" or "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U000323af"


def _sentences(window: Window, offsets: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """First and last word of the sentence of each word."""
    spans: list[tuple[int, int]] = []
    begin = 0
    for _, end in window.sentences:
        stop = begin
        while stop < len(offsets) and offsets[stop][0] < end:
            stop += 1
        spans += [(begin, stop - 1)] * (stop - begin)
        begin = stop
    return tuple(spans + [(begin, len(offsets) - 1)] * (len(offsets) - begin))


def collate(windows: Sequence[TokenizedWindow], *, padding_id: int = 0) -> WindowBatch:
    """One padded batch."""
    tokens = max(len(s.ids) for s in windows)
    words = common_length(max(max(len(s.offsets) for s in windows), 1))
    size = len(windows)
    ids = torch.full((size, tokens), padding_id, dtype=torch.long)
    attention = torch.zeros((size, tokens), dtype=torch.long)
    first = torch.zeros((size, words), dtype=torch.long)
    last = torch.zeros((size, words), dtype=torch.long)
    mask = torch.zeros((size, words), dtype=torch.bool)
    shapes = torch.zeros((size, words, SHAPE_FEATURES))
    sentence = torch.zeros((size, words, 2), dtype=torch.long)
    for row, window in enumerate(windows):
        count = len(window.offsets)
        ids[row, : len(window.ids)] = torch.tensor(window.ids)
        attention[row, : len(window.ids)] = 1
        if count:
            first[row, :count] = torch.tensor(window.first)
            last[row, :count] = torch.tensor(window.last)
            mask[row, :count] = True
            shapes[row, :count] = torch.tensor(window.shapes)
            sentence[row, :count] = torch.tensor(window.sentence)
    return WindowBatch(ids, attention, first, last, mask, shapes, sentence)
