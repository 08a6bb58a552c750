"""An adapter: small residuals on the heads of a trained extractor, fitted to a few examples of a user's; the encoder stays as it is.

    types      logit of label l  +=  unit type vector · w_l + b_l          for the labels that examples were given for
    mention    logit of a range  +=  w · (its words, the words around it, its width)
    relations  logit of label l  +=  unit pair vector · w_l + b_l
    related    logit of a pair   +=  w · (last hidden layer of the head)

Every residual is linear in what the heads see, so that fitting is convex (see adapter_fit), and zero is the extractor as it was.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from dovetail.models.errors import ModelError
from dovetail.models.extraction import Extractor, LabelSet, label_text
from dovetail.models.extractor import MAX_WIDTH, SHAPE_FEATURES, Encoded, ExtractorNet

MENTION_FLOOR = 0.005
"""Mention chance below which a range is not adapted; 97% of CrossNER's mentions in artificial intelligence stand above it."""

SHAPE_SCALE = 0.3
"""Of case features beside word vectors of length one."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """``types`` and ``relations``: label text -> (dim + 1,), the bias last. ``mention`` and ``related``: (features + 1,), or None."""

    types: Mapping[str, Tensor] = field(default_factory=dict)
    mention: Tensor | None = None
    relations: Mapping[str, Tensor] = field(default_factory=dict)
    related: Tensor | None = None


def save_adapter(adapter: Adapter, path: Path) -> None:
    """Write an adapter as safetensors; the texts of its labels are in the file's metadata."""
    tensors = {name: value for name, value in (("mention", adapter.mention), ("related", adapter.related)) if value is not None}
    for name, residuals in (("types", adapter.types), ("relations", adapter.relations)):
        if residuals:
            tensors[name] = torch.stack(list(residuals.values()))
    texts = {"types": json.dumps(list(adapter.types)), "relations": json.dumps(list(adapter.relations))}
    save_file({name: value.contiguous() for name, value in tensors.items()}, path, metadata=texts)


def load_adapter(path: Path) -> Adapter:
    """The adapter that ``save_adapter`` wrote. Raises ModelError."""
    try:
        with safe_open(path, framework="pt") as file:
            texts, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        residuals = {
            name: dict(zip(json.loads(texts[name]), tensors[name], strict=True)) if name in tensors else {}
            for name in ("types", "relations")
        }
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"cannot read the adapter in {path} ({error}): make it again with dovetail fit, or remove it") from error
    return Adapter(residuals["types"], tensors.get("mention"), residuals["relations"], tensors.get("related"))


# ---------------------------------------------------------------------- mentions


@dataclass(frozen=True, slots=True)
class MentionPlaces:
    """n word ranges among ``words`` (all words + 1, features), of which the last row is zero and stands for no word.

    ``first``, ``last``, ``before``, ``after``, ``width``: (n,) rows of ``words``, and words beyond the first.
    """

    words: Tensor
    first: Tensor
    last: Tensor
    before: Tensor
    after: Tensor
    width: Tensor


def mention_places(encoded: Encoded, rows: Tensor, starts: Tensor, widths: Tensor) -> MentionPlaces:
    """Ranges of a batch: (n,) row, first word, and words beyond it."""
    size, length, dim = encoded.words.shape
    vectors = nn.functional.normalize(encoded.words.float(), dim=-1)
    features = torch.cat([vectors, encoded.shapes.float() * SHAPE_SCALE], dim=-1) * encoded.mask.unsqueeze(-1)
    words = torch.cat([features.reshape(size * length, dim + SHAPE_FEATURES), features.new_zeros(1, dim + SHAPE_FEATURES)])
    first = rows * length + starts
    last = first + widths
    none = torch.full_like(first, size * length)
    before = torch.where(starts > 0, first - 1, none)
    after = torch.where(starts + widths + 1 < length, last + 1, none)
    return MentionPlaces(words, first, last, before, after, widths)


def mention_residual(places: MentionPlaces, weights: Tensor) -> Tensor:
    """What an adapter adds to the logits of ranges: ``weights`` (5 features + MAX_WIDTH + 1,) -> (n,).

    The five parts read the first word, the last, the one before, the one after, and the mean over the range.
    """
    features = places.words.shape[1]
    scores = places.words @ weights[: 5 * features].reshape(5, features).T  # (words, 5)
    inside = nn.functional.pad(scores[:, 4].cumsum(0), (1, 0))
    mean = (inside[places.last + 1] - inside[places.first]) / (places.width + 1)
    edges = scores[places.first, 0] + scores[places.last, 1] + scores[places.before, 2] + scores[places.after, 3]
    return edges + mean + weights[5 * features : -1][places.width] + weights[-1]


def mention_size(dim: int) -> int:
    """How many weights ``mention_residual`` takes for word vectors of this length."""
    return 5 * (dim + SHAPE_FEATURES) + MAX_WIDTH + 1


class AdaptedSpans(nn.Module):
    """A span head with a residual where the head does not rule a mention out."""

    weights: Tensor

    def __init__(self, head: nn.Module, weights: Tensor) -> None:
        super().__init__()
        self.head = head
        self.register_buffer("weights", weights.float())

    def forward(self, encoded: Encoded) -> Tensor:
        """Logits of every word range, as ``SpanHead`` gives them."""
        logits: Tensor = self.head(encoded)
        rows, starts, widths = (torch.sigmoid(logits) >= MENTION_FLOOR).nonzero().unbind(1)
        if not len(rows):
            return logits
        adapted = logits.clone()
        adapted[rows, starts, widths] += mention_residual(mention_places(encoded, rows, starts, widths), self.weights)
        return adapted


# ---------------------------------------------------------------------- relations


def pair_vectors(net: ExtractorNet, features: Tensor) -> Tensor:
    """What relation labels are compared with: pair features (pairs, ...) -> unit vectors (pairs, dim), float32."""
    vectors: Tensor = nn.functional.normalize(net.vectors_of_pairs(features).float(), dim=-1)
    return vectors


def related_features(head: nn.Module, features: Tensor) -> Tensor:
    """The last hidden layer of the head that says whether a pair is related: (pairs, hidden), float32, scaled to length one or less."""
    assert isinstance(head, nn.Sequential)
    hidden: Tensor = head[:-1](features)
    scaled: Tensor = hidden.float() / (hidden.float().norm(dim=-1, keepdim=True) + 1.0)
    return scaled


class AdaptedRelated(nn.Module):
    """The head that says whether a pair is related, with a residual."""

    weights: Tensor

    def __init__(self, head: nn.Module, weights: Tensor) -> None:
        super().__init__()
        self.head = head
        self.register_buffer("weights", weights.float())

    def forward(self, features: Tensor) -> Tensor:
        """(pairs, features) -> (pairs, 1)."""
        logits: Tensor = self.head(features)
        added = related_features(self.head, features) @ self.weights[:-1] + self.weights[-1]
        return logits.float() + added.unsqueeze(-1)


# ---------------------------------------------------------------------- the extractor


@dataclass(frozen=True, slots=True)
class AdaptedLabels(LabelSet):
    """Labels with their residuals, (dim + 1, labels); zero for those that an adapter does not know."""

    types: Tensor
    relations: Tensor


class AdaptedExtractor(Extractor):
    """An extractor with an adapter. It shares the encoder with the one that it was made from."""

    def __init__(self, base: Extractor, adapter: Adapter) -> None:
        self.__dict__.update(base.__dict__)  # the same extractor, but for its heads
        self.adapter = adapter
        self.net = copy.deepcopy(base.net, {id(base.net.encoder): base.net.encoder})
        if adapter.mention is not None:
            self.net.spans = AdaptedSpans(self.net.spans, adapter.mention)  # type: ignore[assignment]  # it stands in for a SpanHead
        if adapter.related is not None:
            self.net.related = AdaptedRelated(self.net.related, adapter.related)  # type: ignore[assignment]

    def labels(self, labels: Sequence[tuple[str, str]]) -> LabelSet:
        """Label vectors, with the residuals of those that the adapter knows by name and description."""
        plain = super().labels(labels)
        texts = [label_text(name, description) for name, description in labels]
        zero = torch.zeros(plain.vectors.shape[1] + 1)
        types, relations = (
            torch.stack([known.get(text, zero) for text in texts], dim=1) if texts else zero.unsqueeze(1)[:, :0]
            for known in (self.adapter.types, self.adapter.relations)
        )
        return AdaptedLabels(plain.names, plain.vectors, types, relations)

    def type_logits(self, vectors: Tensor, labels: LabelSet) -> Tensor:
        """Type vectors (spans, dim) against labels: (spans, labels)."""
        logits = super().type_logits(vectors, labels)
        if isinstance(labels, AdaptedLabels):
            logits = logits + nn.functional.normalize(vectors.float(), dim=-1) @ labels.types[:-1] + labels.types[-1]
        return logits

    def relation_logits(self, features: Tensor, labels: LabelSet) -> Tensor:
        """Pair features (pairs, ...) against labels: (pairs, labels)."""
        logits = super().relation_logits(features, labels)
        if isinstance(labels, AdaptedLabels):
            logits = logits + pair_vectors(self.net, features) @ labels.relations[:-1] + labels.relations[-1]
        return logits
