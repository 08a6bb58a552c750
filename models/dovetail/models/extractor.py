"""One encoder pass per window of sentences, shared by entity spans, their types, and relations between them.

    tokens ─ encoder ─┬─ spans      which word ranges are mentions          (batch, words, width)
                      ├─ types      span vector · label vector               (spans, labels)
                      └─ relations  pair vector · label vector, and a NULL   (pairs, labels + 1)

A bi-encoder: labels are text (name and description) encoded once, so any set of labels can be asked for. Every head is a
residual that starts at zero, so that an untrained head scores by the encoder's own similarity (random heads destroy
transfer to unseen labels). Spans follow Zhong & Chen, PURE (NAACL 2021); label matching Zaratiana et al., GLiNER (NAACL 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from dovetail.models.fast_encoder import Encode

MAX_WIDTH = 12
"""Longest mention, in words of the encoder's own pre-tokenizer (punctuation counts)."""

SHAPE_FEATURES = 6
"""Case features of a word, since the encoder is uncased; see word_shape."""

PLACE_FEATURES = 6
"""Where the mentions of a pair stand: order, distance, whether in one sentence; see ExtractorNet.pair_features."""


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """Windows as the network reads them.

    ``input_ids``, ``attention``: (batch, tokens). ``first``, ``last``: (batch, words) token positions of each word's first and
    last piece. ``words``: (batch, words) bool, true where there is a word. ``shapes``: (batch, words, SHAPE_FEATURES).
    ``sentence``: (batch, words, 2) first and last word of each word's sentence.
    """

    input_ids: Tensor
    attention: Tensor
    first: Tensor
    last: Tensor
    words: Tensor
    shapes: Tensor
    sentence: Tensor


@dataclass(frozen=True, slots=True)
class Encoded:
    """What every head reads: word vectors (batch, words, dim), their running sum, means over all tokens (batch, dim), and the
    batch's ``shapes``, ``mask`` (its words) and ``sentence``.
    """

    words: Tensor
    running: Tensor
    mean: Tensor
    shapes: Tensor
    mask: Tensor
    sentence: Tensor


@lru_cache(maxsize=1 << 16)
def word_shape(word: str) -> tuple[float, ...]:
    """Case features: initial capital, all capitals, mixed case, has digit, is number, is punctuation."""
    return (
        float(word[:1].isupper()),
        float(word.isupper() and len(word) > 1),
        float(any(c.isupper() for c in word[1:]) and not word.isupper()),
        float(any(c.isdigit() for c in word)),
        float(word.isdigit()),
        float(not any(c.isalnum() for c in word)),
    )


def _residual(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """A two-layer perceptron whose output starts at zero."""
    last = nn.Linear(hidden, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), last)


class Matcher(nn.Module):
    """Scaled cosine between things and labels, with a residual on the label side: (n, dim), (labels, dim) -> (n, labels)."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.label = _residual(dim, hidden, dim)
        self.scale = nn.Parameter(torch.tensor(12.0))
        self.bias = nn.Parameter(torch.tensor(-6.0))

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Logits of every pair."""
        return self.against(vectors, self.ready(labels))

    def ready(self, labels: Tensor) -> Tensor:
        """Labels as things are compared with them, of length one: (labels, dim)."""
        return nn.functional.normalize(labels + self.label(labels), dim=-1)

    def against(self, vectors: Tensor, ready: Tensor) -> Tensor:
        """Logits of things against labels made ``ready``."""
        return nn.functional.normalize(vectors, dim=-1) @ ready.T * self.scale + self.bias


def _at_ends(values: Tensor) -> Tensor:
    """A value per word as one per word range, that of its last word; 0 beyond the text: (batch, words) -> (batch, words, MAX_WIDTH)."""
    return nn.functional.pad(values, (0, MAX_WIDTH - 1)).unfold(1, MAX_WIDTH, 1)


def _band(products: Tensor) -> Tensor:
    """Of (batch, words, words), first by last word, the ranges up to MAX_WIDTH: (batch, words, MAX_WIDTH)."""
    size, words, _ = products.shape
    wide = nn.functional.pad(products, (0, MAX_WIDTH - 1))
    row = words + MAX_WIDTH - 1
    return wide.as_strided((size, words, MAX_WIDTH), (words * row, row + 1, 1))


class SpanHead(nn.Module):
    """Class-agnostic mention score of every word range up to MAX_WIDTH: (batch, words, MAX_WIDTH) logits."""

    def __init__(self, dim: int, rank: int = 64) -> None:
        super().__init__()
        self.start = nn.Linear(dim + SHAPE_FEATURES, rank)
        self.end = nn.Linear(dim + SHAPE_FEATURES, rank)
        self.inside = nn.Linear(dim + SHAPE_FEATURES, 1)
        self.edges = nn.Linear(dim + SHAPE_FEATURES, 4)  # start, end, the word before, the word after
        self.width = nn.Parameter(torch.zeros(MAX_WIDTH))
        self.bias = nn.Parameter(torch.tensor(-3.0))

    def forward(self, encoded: Encoded) -> Tensor:
        """Logits of every word range; those that leave their sentence are far below any other."""
        features = torch.cat([encoded.words, encoded.shapes], dim=-1)
        length = features.shape[1]
        ends = torch.arange(length).unsqueeze(1) + torch.arange(MAX_WIDTH)  # (words, width): last word of each range
        inside_range = (ends <= encoded.sentence[..., 1:]) & encoded.mask.unsqueeze(-1)  # a mention stays in its sentence
        start, end = self.start(features), self.end(features)
        edges = self.edges(features)
        inside = nn.functional.pad(self.inside(features).squeeze(-1).float().cumsum(1), (1, 0))
        mean_inside = (_at_ends(inside[:, 1:]) - inside[:, :length].unsqueeze(-1)) / torch.arange(1, MAX_WIDTH + 1)
        before = nn.functional.pad(edges[..., 2], (1, 0))[:, :length]
        after = nn.functional.pad(edges[..., 3], (0, 1))[:, 1:]
        products = _band(start @ end.transpose(1, 2)) / start.shape[-1] ** 0.5
        logits = (
            products.float() + mean_inside + edges[..., 0].unsqueeze(-1).float() + _at_ends(edges[..., 1]).float()
            + before.unsqueeze(-1).float() + _at_ends(after).float() + self.width.float() + self.bias.float()
        )  # fmt: skip
        valid = inside_range & _at_ends(encoded.mask)
        masked: Tensor = logits.masked_fill(~valid, -1e4)
        return masked


class ExtractorNet(nn.Module):
    """The whole network. ``encoder`` maps (input_ids, attention_mask) to an object with last_hidden_state (batch, tokens, dim)."""

    def __init__(self, encoder: nn.Module, dim: int = 384, hidden: int = 384) -> None:
        super().__init__()
        self.encoder = encoder
        self.spans = SpanHead(dim)
        self.width = nn.Embedding(MAX_WIDTH, 32)
        nn.init.zeros_(self.width.weight)
        self.span_vector = _residual(4 * dim + 3 * SHAPE_FEATURES + 32, hidden, dim)
        self.types = Matcher(dim, hidden)
        self.pair_vector = _residual(4 * dim + PLACE_FEATURES, hidden, dim)
        self.related = nn.Sequential(nn.Linear(4 * dim + PLACE_FEATURES, hidden // 2), nn.GELU(), nn.Linear(hidden // 2, 1))
        self.relations = Matcher(dim, hidden)

    def encode(self, batch: WindowBatch, *, encoder: Encode | None = None) -> Encoded:
        """The one encoder pass; by ``encoder``, the network's own made fast, where it is given."""
        hidden = self._hidden(batch) if encoder is None else self._packed_hidden(batch, encoder)
        rows = torch.arange(hidden.shape[0]).unsqueeze(1)
        words = (hidden[rows, batch.first] + hidden[rows, batch.last]) / 2 * batch.words.unsqueeze(-1).to(hidden.dtype)
        running = nn.functional.pad(words.float().cumsum(1), (0, 0, 1, 0))
        attention = batch.attention.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * attention).float().sum(1) / attention.float().sum(1).clamp(min=1)
        return Encoded(words, running, mean, batch.shapes.to(words.dtype), batch.words, batch.sentence)

    def _hidden(self, batch: WindowBatch) -> Tensor:
        hidden: Tensor = self.encoder(input_ids=batch.input_ids, attention_mask=batch.attention).last_hidden_state
        return hidden

    @staticmethod
    def _packed_hidden(batch: WindowBatch, encoder: Encode) -> Tensor:
        """The same vectors without computing on padding."""
        lengths = batch.attention.sum(1).tolist()
        rows = encoder([ids[:length] for ids, length in zip(batch.input_ids.tolist(), lengths, strict=True)])
        hidden = rows.new_zeros(*batch.input_ids.shape, rows.shape[-1])
        for row, vectors in enumerate(torch.split(rows, lengths)):
            hidden[row, : len(vectors)] = vectors
        return hidden

    def vectors_of_spans(self, encoded: Encoded, rows: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
        """Plain means and type vectors of word ranges [starts, ends]: indices (spans,) -> two (spans, dim)."""
        mean = (encoded.running[rows, ends + 1] - encoded.running[rows, starts]) / (ends - starts + 1).unsqueeze(-1)
        mean = mean.to(encoded.words.dtype)
        following = (ends + 1).clamp(max=encoded.shapes.shape[1] - 1)
        shapes = [encoded.shapes[rows, starts], encoded.shapes[rows, ends], encoded.shapes[rows, following]]
        width = self.width((ends - starts).clamp(max=MAX_WIDTH - 1)).to(mean.dtype)
        first, last = encoded.sentence[rows, starts].unbind(-1)
        sentence = self._mean(encoded, rows, first, last).to(mean.dtype)
        features = torch.cat([encoded.words[rows, starts], encoded.words[rows, ends], mean, sentence, *shapes, width], dim=-1)
        return mean, mean + self.span_vector(features)

    def type_logits(self, span_vectors: Tensor, labels: Tensor) -> Tensor:
        """(spans, dim), (labels, dim) -> (spans, labels)."""
        logits: Tensor = self.types(span_vectors, labels)
        return logits.float()

    def pair_features(self, encoded: Encoded, rows: Tensor, heads: Tensor, tails: Tensor) -> Tensor:
        """What both relation heads read of ordered pairs: (pairs, 4 dim + PLACE_FEATURES). ``heads``, ``tails``: (pairs, 2) first and
        last words. The third part is the mean of what stands between, the fourth that of the sentences from the first to the second.
        """
        head = self._mean(encoded, rows, heads[:, 0], heads[:, 1])
        tail = self._mean(encoded, rows, tails[:, 0], tails[:, 1])
        left = torch.minimum(heads[:, 1], tails[:, 1]) + 1
        right = torch.maximum(torch.maximum(heads[:, 0], tails[:, 0]) - 1, left - 1)
        between = (encoded.running[rows, right + 1] - encoded.running[rows, left]) / (right - left + 1).clamp(min=1).unsqueeze(-1)
        begin = encoded.sentence[rows, torch.minimum(heads[:, 0], tails[:, 0])]
        end = encoded.sentence[rows, torch.maximum(heads[:, 0], tails[:, 0])]
        around = self._mean(encoded, rows, begin[:, 0], end[:, 1])
        gap = (right - left + 1).float()
        place = torch.stack(
            [
                (heads[:, 0] < tails[:, 0]).float(),
                (gap == 0).float(),
                gap.clamp(max=30) / 30,
                (gap > 12).float(),
                (begin[:, 0] != end[:, 0]).float(),
                gap.clamp(max=120) / 120,
            ],
            dim=-1,
        )
        return torch.cat([head, tail, between, around, place], dim=-1).to(encoded.words.dtype)

    def related_logits(self, features: Tensor) -> Tensor:
        """That there is any relation at all: (pairs,)."""
        logits: Tensor = self.related(features)
        return logits.squeeze(-1).float()

    def vectors_of_pairs(self, features: Tensor) -> Tensor:
        """What relation labels are compared with: (pairs, dim)."""
        dim = (features.shape[1] - PLACE_FEATURES) // 4
        vectors: Tensor = features[:, 3 * dim : 4 * dim] + self.pair_vector(features)
        return vectors

    def relation_logits(self, features: Tensor, labels: Tensor) -> Tensor:
        """Each relation, given that there is one: (pairs, labels)."""
        logits: Tensor = self.relations(self.vectors_of_pairs(features), labels)
        return logits.float()

    @staticmethod
    def _mean(encoded: Encoded, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        return (encoded.running[rows, ends + 1] - encoded.running[rows, starts]) / (ends - starts + 1).unsqueeze(-1)
