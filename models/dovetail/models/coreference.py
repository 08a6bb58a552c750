"""Which mentions of a document are one thing: a scorer of mention pairs over the extractor's one encoder pass.

    mention vectors ─┬─ candidate half ─┐
                     ├─ anaphor half ───┼─ + product + features of the pair ─ score of the pair
    own features ────┴─ anaphor alone ──────────────────────────────────────── score of standing alone

Antecedent ranking: an anaphor's candidates and "none of them" share one softmax (Lee et al., End-to-end neural coreference resolution,
EMNLP 2017; features after Clark & Manning, EMNLP 2016). Costs grow linearly with the mentions: each has a bounded number of candidates.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from dovetail.models.coreference_features import OWN, PAIR, PRONOUN, Described, Floats, Ints, Span, pair_features
from dovetail.models.errors import ModelError
from dovetail.models.extraction import ReadWindows

NEAR, MATCHING = 40, 10
"""Candidates of a mention: the NEAR last before it, and the MATCHING last before those with the same head word."""

CONTEXT_WORDS = 2
"""Words on each side of a mention whose vectors the scorer reads as well."""


class CoreferenceNet(nn.Module):
    """``vectors``: (mentions, 3, dim), means over the mention and over CONTEXT_WORDS before and after it."""

    def __init__(self, dim: int, *, size: int = 64, hidden: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(dim, elementwise_affine=False)
        self.reduce = nn.ModuleList([nn.Linear(dim, size) for _ in range(3)])
        self.candidate = nn.Linear(3 * size + OWN, hidden)
        self.anaphor = nn.Linear(3 * size + OWN, hidden)
        self.product = nn.Linear(3 * size, hidden, bias=False)
        self.pair = nn.Linear(PAIR, hidden)
        self.score = nn.Sequential(nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, 64), nn.GELU(), nn.Linear(64, 1))
        self.alone = nn.Sequential(nn.Linear(3 * size + OWN, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, 1))
        self.dropout = nn.Dropout(dropout)

    def represent(self, vectors: Tensor) -> Tensor:
        """(mentions, 3, dim) -> (mentions, 3 size)."""
        parts = [reduce(self.normalise(vectors[:, i])) for i, reduce in enumerate(self.reduce)]
        reduced: Tensor = self.dropout(torch.tanh(torch.cat(parts, dim=-1)))
        return reduced

    def forward(self, vectors: Tensor, own: Tensor, pairs: tuple[Tensor, Tensor], features: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of pairs (candidate indices, anaphor indices), (pairs,), and of standing alone, (mentions,)."""
        reduced = self.represent(vectors)
        known = torch.cat([reduced, own], dim=-1)
        left, right = pairs
        hidden = self.candidate(known)[left] + self.anaphor(known)[right] + self.product(reduced[left] * reduced[right])
        return self.score(hidden + self.pair(features)).squeeze(-1), self.alone(known).squeeze(-1)


def mention_vectors(read: ReadWindows, places: Sequence[tuple[int, int]], mentions: Sequence[Span]) -> Floats:
    """What CoreferenceNet reads of ``mentions``: (mentions, 3, dim), zero beyond the text.

    ``places``: (index of a window, where it starts in the text), in the order of the text; mentions are characters of the text.
    """
    offsets, words = [], []
    for index, start in places:
        batch, row = read.places[index]
        window = read.windows[index]
        if window.offsets:
            offsets.append(np.array(window.offsets, dtype=np.int64) + start)
            words.append(read.batches[batch][1].words[row, : len(window.offsets)].float().numpy())
    if not words or not mentions:
        dim = read.batches[0][1].words.shape[-1] if read.batches else 0
        return np.zeros((len(mentions), 3, dim), dtype=np.float32)
    bounds = np.concatenate(offsets)
    count = len(bounds)
    vectors = np.concatenate(words)
    first = np.searchsorted(bounds[:, 1], np.array([s for s, _ in mentions]), side="right").clip(0, count - 1)
    last = (np.searchsorted(bounds[:, 0], np.array([e for _, e in mentions]), side="left") - 1).clip(first)
    ranges = ((first, last + 1), (first - CONTEXT_WORDS, first), (last + 1, last + 1 + CONTEXT_WORDS))
    return np.stack([_means(vectors, low.clip(0, count), high.clip(0, count)) for low, high in ranges], axis=1)


def _means(vectors: Floats, low: Ints, high: Ints) -> Floats:
    """Means of rows [low, high); zero where there are none."""
    sums = np.zeros((len(low), vectors.shape[1]), dtype=np.float32)
    lengths = high - low
    for step in range(int(lengths.max(initial=0))):
        inside = np.flatnonzero(lengths > step)
        sums[inside] += vectors[low[inside] + step]
    return np.asarray(sums / np.maximum(lengths, 1)[:, None], dtype=np.float32)


def candidates_of(mentions: Described) -> Ints:
    """For every mention the earlier ones it may refer to, nearest first: (mentions, most candidates), -1 where there are fewer."""
    count = len(mentions.order)
    at = np.argsort(mentions.order)
    chosen: list[list[int]] = [[] for _ in range(count)]
    heads: dict[int, list[int]] = {}
    for position, i in enumerate(at):
        near = at[max(0, position - NEAR) : position][::-1].tolist()
        same = heads.setdefault(int(mentions.head[i]), [])
        if mentions.kind[i] != PRONOUN:
            taken = set(near)
            near += [j for j in same[::-1][: NEAR + MATCHING] if j not in taken][:MATCHING]
        chosen[int(i)] = near
        same.append(int(i))
    return padded(chosen)


def padded(lists: Sequence[Sequence[int]]) -> Ints:
    """Lists as rows, filled with -1."""
    width = max((len(row) for row in lists), default=0)
    filled = np.full((len(lists), width), -1, dtype=np.int64)
    for i, row in enumerate(lists):
        filled[i, : len(row)] = row
    return filled


@dataclass(frozen=True, slots=True)
class Antecedents:
    """``candidates``: (mentions, most) indices, -1 for none; ``chances``: (mentions, most + 1), the last that of standing alone."""

    candidates: Ints
    chances: Floats


def rank(net: CoreferenceNet, mentions: Described, vectors: Floats, candidates: Ints) -> Antecedents:
    """How likely each candidate is what its mention refers to."""
    if not candidates.size:
        return Antecedents(candidates, np.ones((len(candidates), 1), dtype=np.float32))
    right, column = np.nonzero(candidates >= 0)
    left = candidates[right, column]
    with torch.inference_mode():
        scores, alone = net(
            torch.from_numpy(vectors),
            torch.from_numpy(mentions.own),
            (torch.from_numpy(left), torch.from_numpy(right)),
            torch.from_numpy(pair_features(mentions, left, right)),
        )
        table = torch.full((candidates.shape[0], candidates.shape[1] + 1), -torch.inf)
        table[right, column] = scores
        table[:, -1] = alone
        return Antecedents(candidates, table.softmax(1).numpy())


def cluster(mentions: Described, antecedents: Antecedents) -> list[list[int]]:
    """Clusters of mention indices, in the order of the text: each mention joins the cluster with the most chance, or starts one.

    A cluster's chance is the sum over its members among the candidates.
    """
    owner: dict[int, int] = {}
    clusters: list[list[int]] = []
    for i in np.argsort(mentions.order).tolist():
        chance: dict[int, float] = {}
        for j, p in zip(antecedents.candidates[i].tolist(), antecedents.chances[i].tolist(), strict=False):
            if j in owner:
                chance[owner[j]] = chance.get(owner[j], 0.0) + p
        best = max(chance, key=lambda c: chance[c], default=-1)
        if best < 0 or chance[best] <= float(antecedents.chances[i, -1]):
            best = len(clusters)
            clusters.append([])
        clusters[best].append(i)
        owner[i] = best
    return clusters


@dataclass(frozen=True, slots=True)
class CoreferenceThresholds:
    """Least chances, chosen on rows kept out of training: of a person's pronoun, another pronoun, a nominal; and of GAP's two names."""

    person: float = 0.5
    thing: float = 0.5
    nominal: float = 0.5
    gap: float = 0.25


@dataclass(frozen=True, slots=True)
class CoreferenceModel:
    """The scorer with its thresholds."""

    net: CoreferenceNet
    thresholds: CoreferenceThresholds


def save_coreference(model: CoreferenceModel, path: Path) -> None:
    """Weights in half precision, with the thresholds as metadata."""
    state = {name: value.detach().half().contiguous() for name, value in model.net.state_dict().items()}
    save_file(state, path, metadata={"thresholds": json.dumps(asdict(model.thresholds))})


def load_coreference(weights: Path) -> CoreferenceModel:
    """The scorer that save_coreference wrote. Raises ModelError."""
    try:
        with safe_open(weights, framework="pt") as stream:
            thresholds = CoreferenceThresholds(**json.loads(stream.metadata()["thresholds"]))
            state = {name: stream.get_tensor(name).float() for name in stream.keys()}  # noqa: SIM118  # it is no dictionary
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise ModelError(f"cannot read coreference weights in {weights} ({error}): install Dovetail again, or name others") from error
    try:
        net = CoreferenceNet(state["reduce.0.weight"].shape[1])
        net.load_state_dict(state)
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{weights} holds weights of another network: train them with python -m dovetail.nlp.train_coreference") from error
    return CoreferenceModel(net.eval(), thresholds)
