"""A network that reads a passage for the answer to a question: where it starts, where it ends, or that it is not there.

    question, passages -> tokens "[CLS] question [SEP] title [SEP] text [SEP]" -> encoder -> Odds (start, end of each token)

Odds are against "no answer here", which is read at the first token, so that spans of different passages compare. The encoder
is the packaged one with its layers trained further (``train_span_reader``); its word embeddings are shared with it.

Source: Devlin et al., BERT (NAACL 2019), section 4.3, and Clark and Gardner, Simple and effective multi-paragraph reading
comprehension (ACL 2018) for odds that compare.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from dovetail.models.encoder import TextEncoder, load_encoder, packaged_weights, read_weights
from dovetail.models.errors import ModelError
from dovetail.models.fast_encoder import fast_encoder

Floats = npt.NDArray[np.float32]

MAX_TOKENS = 256
"""Question and passage together; a longer passage is read in windows."""
QUESTION_TOKENS = 64
TITLE_TOKENS = 16
OVERLAP = 64
"""Tokens that a window of a passage shares with the one before it."""
LONGEST_ANSWER = 20
"""Tokens."""
WEIGHTS = "reader.safetensors"
LAYERS = "encoder.layer."
"""What the trained layers' names begin with; the rest of the encoder is the packaged one's."""


@dataclass(frozen=True, slots=True)
class PairTokens:
    """One window as the network reads it: token ids; the passage's tokens begin at ``begin``, with ``offsets`` into its text."""

    ids: tuple[int, ...]
    begin: int
    offsets: tuple[tuple[int, int], ...]


def pair_tokens(
    question: str, title: str, text: str, tokenizer: PreTrainedTokenizerFast, *, max_tokens: int = MAX_TOKENS
) -> list[PairTokens]:
    """The windows of ``text`` with the question before each; none where there is no text."""
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    asked, named, read = (backend.encode(part, add_special_tokens=False) for part in (question, title, text))
    begin, end = tokenizer.cls_token_id, tokenizer.sep_token_id
    head = [begin, *asked.ids[:QUESTION_TOKENS], end]
    if named.ids:
        head += [*named.ids[:TITLE_TOKENS], end]
    room = max_tokens - len(head) - 1
    windows = []
    for at in range(0, max(len(read.ids) - OVERLAP, 1), room - OVERLAP):
        ids, offsets = read.ids[at : at + room], read.offsets[at : at + room]
        if ids:
            windows.append(PairTokens((*head, *ids, end), len(head), tuple(offsets)))
    return windows


class SpanHead(nn.Module):
    """Two numbers of each token: that an answer starts there, that one ends there."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 2)

    def forward(self, hidden: Tensor) -> Tensor:
        """(…, dim) -> (…, 2)."""
        scores: Tensor = self.linear(hidden)
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class Odds:
    """What the network sees in one passage: per token its place in the text, and log-odds that an answer starts or ends there."""

    offsets: tuple[tuple[int, int], ...]
    start: Floats
    end: Floats

    def tokens(self, start: int, end: int) -> tuple[int, int] | None:
        """The first and last token in ``text[start:end]``; None where none lies there."""
        first = bisect_right(self.offsets, start, key=itemgetter(1))
        last = bisect_left(self.offsets, end, key=itemgetter(0)) - 1
        return (first, last) if first <= last else None

    def spans(self) -> Floats:
        """The log-odds of every span against "no answer here": (LONGEST_ANSWER, tokens), by tokens after the first, and first token."""
        count = len(self.offsets)
        table = np.full((LONGEST_ANSWER, count), -np.inf, dtype=np.float32)
        for more in range(min(LONGEST_ANSWER, count)):
            table[more, : count - more] = self.start[: count - more] + self.end[more:]
        return table


class SpanReader:
    """Reads passages for answers, all of one question together."""

    def __init__(self, encoder: TextEncoder, head: SpanHead) -> None:
        self.tokenizer = encoder.tokenizer
        self._run = fast_encoder(encoder.model.eval())
        self._head = head.eval().to(next(encoder.model.parameters()).dtype)

    @torch.inference_mode()
    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Odds]:
        """What is seen in each passage, given as (title, text)."""
        windows = [pair_tokens(question, title, text, self.tokenizer) for title, text in passages]
        flat = [window for some in windows for window in some]
        if not flat:
            return [_joined([], []) for _ in passages]
        scores = self._head(self._run([window.ids for window in flat])).float().numpy()
        seen = []
        at = 0
        for window in flat:
            mine = scores[at : at + len(window.ids)]
            seen.append((mine - mine[0])[window.begin : window.begin + len(window.offsets)])
            at += len(window.ids)
        parts = iter(seen)
        return [_joined(some, [next(parts) for _ in some]) for some in windows]


def _joined(windows: Sequence[PairTokens], scores: Sequence[Floats]) -> Odds:
    """Windows of one passage as one; where two overlap, the higher odds of a token hold."""
    found: dict[tuple[int, int], Floats] = {}
    for window, rows in zip(windows, scores, strict=True):
        for place, row in zip(window.offsets, rows, strict=True):
            found[place] = np.maximum(found[place], row) if place in found else row
    rows = np.array([found[place] for place in found], dtype=np.float32).reshape(-1, 2)
    return Odds(tuple(found), rows[:, 0], rows[:, 1])


def load_span_reader(file: Path | None = None) -> SpanReader:
    """The packaged reader, or that of a file that ``train_span_reader`` wrote. Raises ModelError."""
    weights = read_weights(file or packaged_weights() / WEIGHTS)
    encoder = load_encoder()
    head = SpanHead(encoder.dim)
    layers = {name: value for name, value in weights.items() if name.startswith(LAYERS)}
    try:
        head.load_state_dict({name.removeprefix("head."): value for name, value in weights.items() if name.startswith("head.")})
        unknown = encoder.model.load_state_dict(layers, strict=False).unexpected_keys
    except RuntimeError as error:
        raise ModelError(f"the weights in {file} do not fit the packaged encoder: train them again") from error
    if unknown:
        raise ModelError(f"the weights in {file} name what the encoder lacks ({unknown[0]}): train them again")
    return SpanReader(encoder, head)
