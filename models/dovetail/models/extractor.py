"""One encoder pass per sentence, shared by entity spans, their types, and relations between them.

    tokens ─ encoder ─┬─ spans      which word ranges are mentions          (batch, words, width)
                      ├─ types      span vector · label vector               (spans, labels)
                      └─ relations  pair vector · label vector, and a NULL   (pairs, labels + 1)

A bi-encoder: labels are text (name and description) encoded once, so any set of labels can be asked for. Every head is a
residual that starts at zero, so that an untrained head scores by the encoder's own similarity (random heads destroy
transfer to unseen labels). Spans follow Zhong & Chen, PURE (NAACL 2021); label matching Zaratiana et al., GLiNER (NAACL 2024).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

MAX_WIDTH = 12
"""Longest mention, in words of the encoder's own pre-tokenizer (punctuation counts)."""

SHAPE_FEATURES = 6
"""Case features of a word, since the encoder is uncased; see word_shape."""


@dataclass(frozen=True, slots=True)
class SentenceBatch:
    """Sentences as the network reads them.

    ``input_ids``, ``attention``: (batch, tokens). ``first``, ``last``: (batch, words) token positions of each word's first and
    last piece. ``words``: (batch, words) bool, true where there is a word. ``shapes``: (batch, words, SHAPE_FEATURES).
    """

    input_ids: Tensor
    attention: Tensor
    first: Tensor
    last: Tensor
    words: Tensor
    shapes: Tensor


@dataclass(frozen=True, slots=True)
class Encoded:
    """What every head reads: word vectors (batch, words, dim), their running sum, and sentence means (batch, dim)."""

    words: Tensor
    running: Tensor
    sentence: Tensor
    shapes: Tensor
    mask: Tensor


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
        labels = nn.functional.normalize(labels + self.label(labels), dim=-1)
        return nn.functional.normalize(vectors, dim=-1) @ labels.T * self.scale + self.bias


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
        """Logits of every word range; those that leave the sentence are far below any other."""
        features = torch.cat([encoded.words, encoded.shapes], dim=-1)
        length = features.shape[1]
        ends = torch.arange(length).unsqueeze(1) + torch.arange(MAX_WIDTH)  # (words, width): last word of each range
        inside_range = (ends < length).unsqueeze(0) & encoded.mask.unsqueeze(-1)
        ends = ends.clamp(max=length - 1)
        start, end = self.start(features), self.end(features)
        edges = self.edges(features)
        inside = nn.functional.pad(self.inside(features).squeeze(-1).float().cumsum(1), (1, 0))
        mean_inside = (inside[:, ends + 1] - inside[:, :length].unsqueeze(-1)) / torch.arange(1, MAX_WIDTH + 1)
        before = nn.functional.pad(edges[..., 2], (1, 0))[:, :length]
        after = nn.functional.pad(edges[..., 3], (0, 1))[:, 1:]
        products = torch.einsum("bwr,bwkr->bwk", start, end[:, ends]) / start.shape[-1] ** 0.5
        logits = (
            products.float() + mean_inside + edges[..., 0].unsqueeze(-1).float() + edges[..., 1][:, ends].float()
            + before.unsqueeze(-1).float() + after[:, ends].float() + self.width.float() + self.bias.float()
        )  # fmt: skip
        valid = inside_range & encoded.mask[:, ends]
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
        self.pair_vector = _residual(4 * dim + 4, hidden, dim)
        self.related = nn.Sequential(nn.Linear(4 * dim + 4, hidden // 2), nn.GELU(), nn.Linear(hidden // 2, 1))
        self.relations = Matcher(dim, hidden)

    def encode(self, batch: SentenceBatch) -> Encoded:
        """The one encoder pass."""
        hidden = self._hidden(batch) if self.training else self._packed_hidden(batch)
        rows = torch.arange(hidden.shape[0]).unsqueeze(1)
        words = (hidden[rows, batch.first] + hidden[rows, batch.last]) / 2 * batch.words.unsqueeze(-1).to(hidden.dtype)
        running = nn.functional.pad(words.float().cumsum(1), (0, 0, 1, 0))
        attention = batch.attention.unsqueeze(-1).to(hidden.dtype)
        sentence = (hidden * attention).float().sum(1) / attention.float().sum(1).clamp(min=1)
        return Encoded(words, running, sentence, batch.shapes.to(words.dtype), batch.words)

    def _hidden(self, batch: SentenceBatch) -> Tensor:
        hidden: Tensor = self.encoder(input_ids=batch.input_ids, attention_mask=batch.attention).last_hidden_state
        return hidden

    def _packed_hidden(self, batch: SentenceBatch) -> Tensor:
        """The same vectors without computing on padding: all sentences in one row, each attending to itself."""
        real = batch.attention.bool()
        size, tokens = real.shape
        owner = torch.arange(size).repeat_interleave(batch.attention.sum(1))
        alone = (owner.unsqueeze(0) == owner.unsqueeze(1))[None, None]
        places = torch.arange(tokens).expand(size, tokens)[real].unsqueeze(0)
        row: Tensor = self.encoder(
            input_ids=batch.input_ids[real].unsqueeze(0), attention_mask=alone, position_ids=places
        ).last_hidden_state[0]
        hidden = row.new_zeros(size, tokens, row.shape[-1])
        hidden[real] = row
        return hidden

    def vectors_of_spans(self, encoded: Encoded, rows: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
        """Plain means and type vectors of word ranges [starts, ends]: indices (spans,) -> two (spans, dim)."""
        mean = (encoded.running[rows, ends + 1] - encoded.running[rows, starts]) / (ends - starts + 1).unsqueeze(-1)
        mean = mean.to(encoded.words.dtype)
        following = (ends + 1).clamp(max=encoded.shapes.shape[1] - 1)
        shapes = [encoded.shapes[rows, starts], encoded.shapes[rows, ends], encoded.shapes[rows, following]]
        width = self.width((ends - starts).clamp(max=MAX_WIDTH - 1)).to(mean.dtype)
        sentence = encoded.sentence[rows].to(mean.dtype)
        features = torch.cat([encoded.words[rows, starts], encoded.words[rows, ends], mean, sentence, *shapes, width], dim=-1)
        return mean, mean + self.span_vector(features)

    def type_logits(self, span_vectors: Tensor, labels: Tensor) -> Tensor:
        """(spans, dim), (labels, dim) -> (spans, labels)."""
        logits: Tensor = self.types(span_vectors, labels)
        return logits.float()

    def pair_features(self, encoded: Encoded, rows: Tensor, heads: Tensor, tails: Tensor) -> Tensor:
        """What both relation heads read of ordered pairs: (pairs, 4 dim + 4). ``heads``, ``tails``: (pairs, 2) first and last words."""
        head = self._mean(encoded, rows, heads[:, 0], heads[:, 1])
        tail = self._mean(encoded, rows, tails[:, 0], tails[:, 1])
        left = torch.minimum(heads[:, 1], tails[:, 1]) + 1
        right = torch.maximum(torch.maximum(heads[:, 0], tails[:, 0]) - 1, left - 1)
        between = (encoded.running[rows, right + 1] - encoded.running[rows, left]) / (right - left + 1).clamp(min=1).unsqueeze(-1)
        gap = (right - left + 1).float()
        place = torch.stack([(heads[:, 0] < tails[:, 0]).float(), (gap == 0).float(), gap.clamp(max=30) / 30, (gap > 12).float()], dim=-1)
        return torch.cat([head, tail, between, encoded.sentence[rows], place], dim=-1).to(encoded.words.dtype)

    def related_logits(self, features: Tensor) -> Tensor:
        """That there is any relation at all: (pairs,)."""
        logits: Tensor = self.related(features)
        return logits.squeeze(-1).float()

    def relation_logits(self, encoded: Encoded, rows: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """Each relation, given that there is one: (pairs, labels)."""
        logits: Tensor = self.relations(encoded.sentence[rows].to(features.dtype) + self.pair_vector(features), labels)
        return logits.float()

    @staticmethod
    def _mean(encoded: Encoded, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        return (encoded.running[rows, ends + 1] - encoded.running[rows, starts]) / (ends - starts + 1).unsqueeze(-1)
