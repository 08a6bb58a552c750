"""The character tagger: persons, places and organisations in Chinese text.

    text ─> characters, bigrams, jieba's words ─> bidirectional LSTM ─> CRF over B, I, E, S of each type and O

Chinese writes no spaces, and a word segmenter's mistakes would be an entity recogniser's too, so labels stand on characters and words are
features (Zhang & Yang, Chinese NER using lattice LSTM, ACL 2018; dictionary bits as in Ma et al., Simplify the usage of lexicon, ACL 2020).
A span's confidence is its exact probability under the CRF, softened by a temperature that was fitted on rows kept out of training.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from dovetail.models.chinese_words import LEXICON_FEATURES, TAGS, WordFeatures, fold, word_features
from dovetail.models.crf import (
    FORBIDDEN,
    backward_scores,
    best_paths,
    forward_scores,
    log_partition,
    path_score,
    segment_log_probability,
)
from dovetail.models.errors import ModelError

TYPES = ("PER", "ORG", "LOC")
BATCH_CHARACTERS = 4096
"""Padded characters that are read at a time."""

LONGEST = 256
"""Characters of a text that are read; the caller cuts longer ones."""

UNKNOWN, PADDING = 0, 1
"""Rows of the table of characters."""


@dataclass(frozen=True, slots=True)
class TaggerSize:
    """``bigrams`` is the number of rows that all pairs of characters share by their hash."""

    characters: int
    bigrams: int = 12_288
    character_dim: int = 64
    bigram_dim: int = 32
    tag_dim: int = 16
    hidden: int = 160


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """Characters [start, end) of a text, the index of the type in TYPES, and how probable it is."""

    start: int
    end: int
    label: int
    confidence: float


@dataclass(frozen=True, slots=True)
class CharacterBatch:
    """Padded texts: characters, bigrams and tags (batch, length), lexicon bits as 0 or 1 (batch, length, features), mask."""

    characters: Tensor
    bigrams: Tensor
    tags: Tensor
    lexicon: Tensor
    mask: Tensor


class CharacterNet(nn.Module):
    """Scores of labels; label 0 is O, and 1 + 4 * type + 0, 1, 2, 3 are B, I, E and S of a type."""

    def __init__(self, size: TaggerSize, *, dropout: float = 0.5) -> None:
        super().__init__()
        labels = 1 + 4 * len(TYPES)
        self.size = size
        self.characters = nn.Embedding(size.characters, size.character_dim)
        self.bigrams = nn.Embedding(size.bigrams, size.bigram_dim)
        self.tags = nn.Embedding(4 * (1 + len(TAGS)), size.tag_dim)
        width = size.character_dim + 2 * size.bigram_dim + size.tag_dim + LEXICON_FEATURES
        self.rightward = nn.LSTM(width, size.hidden, batch_first=True)
        self.leftward = nn.LSTM(width, size.hidden, batch_first=True)
        self.out = nn.Linear(2 * size.hidden, labels)
        self.transitions = nn.Parameter(torch.zeros(labels, labels))
        self.border = nn.Parameter(torch.zeros(2, labels))
        self.dropout = nn.Dropout(dropout)
        steps, ends = allowed_steps(len(TYPES))
        self.register_buffer("steps", torch.where(steps, 0.0, FORBIDDEN), persistent=False)
        self.register_buffer("ends", torch.where(ends, 0.0, FORBIDDEN), persistent=False)

    def emissions(self, batch: CharacterBatch) -> Tensor:
        """Scores of each label at each character: (batch, length, labels)."""
        before = torch.cat([torch.zeros_like(batch.bigrams[:, :1]), batch.bigrams[:, :-1]], 1)
        parts = [self.characters(batch.characters), self.bigrams(before), self.bigrams(batch.bigrams), self.tags(batch.tags), batch.lexicon]
        given = self.dropout(torch.cat(parts, 2))
        places = torch.arange(given.shape[1]).expand(given.shape[:2])
        last = batch.mask.sum(1, keepdim=True) - 1
        turned = torch.where(places <= last, last - places, places).unsqueeze(2)  # each text backwards, padding where it was
        right = self.rightward(given)[0]
        left = self.leftward(given.gather(1, turned.expand_as(given)))[0]
        hidden = torch.cat([right, left.gather(1, turned.expand_as(left))], 2)
        out: Tensor = self.out(self.dropout(hidden))
        return out.float()

    def chain(self) -> tuple[Tensor, Tensor]:
        """Transitions (labels, labels) and border (2, labels), with steps that no labelling takes ruled out."""
        assert isinstance(self.steps, Tensor) and isinstance(self.ends, Tensor)
        return self.transitions + self.steps, self.border + self.ends

    def loss(self, batch: CharacterBatch, path: Tensor) -> Tensor:
        """Mean negative log-likelihood of the paths (batch, length)."""
        emissions = self.emissions(batch)
        chain = self.chain()
        with torch.autocast("cpu", enabled=False):  # sums of exponentials need all digits
            return (log_partition(emissions, batch.mask, *chain) - path_score(emissions, batch.mask, path, *chain)).mean()


def allowed_steps(types: int) -> tuple[Tensor, Tensor]:
    """Which label may follow which (labels, labels), and which may come first and last (2, labels)."""
    kinds = [(None, "O"), *((t, part) for t in range(types) for part in "BIES")]
    steps = torch.tensor([[_follows(a, b) for b in kinds] for a in kinds])
    ends = torch.tensor([[part in "OBS" for _, part in kinds], [part in "OES" for _, part in kinds]])
    return steps, ends


def _follows(before: tuple[int | None, str], after: tuple[int | None, str]) -> bool:
    if before[1] in "BI":
        return after[1] in "IE" and after[0] == before[0]
    return after[1] in "OBS"


def labels_of(length: int, spans: Sequence[tuple[int, int, int]]) -> list[int]:
    """The path of labels for spans (start, end, type) that do not overlap.

    >>> labels_of(5, [(0, 1, 0), (2, 5, 1)])
    [4, 0, 5, 6, 7]
    """
    path = [0] * length
    for start, end, kind in spans:
        path[start:end] = span_labels(end - start, kind)
    return path


def span_labels(length: int, kind: int) -> list[int]:
    """The labels of a span of ``length`` characters."""
    first = 1 + 4 * kind
    return [first + 3] if length == 1 else [first, *[first + 1] * (length - 2), first + 2]


def spans_of(path: Sequence[int]) -> list[tuple[int, int, int]]:
    """Spans (start, end, type) of a path of labels.

    >>> spans_of([4, 0, 5, 6, 7])
    [(0, 1, 0), (2, 5, 1)]
    """
    spans = []
    start = 0
    for i, label in enumerate(path):
        kind, part = divmod(label - 1, 4)
        if label and part in (0, 3):
            start = i
        if label and part in (2, 3):
            spans.append((start, i + 1, kind))
    return spans


class CharacterTagger:
    """The network with its table of characters and its calibration."""

    def __init__(self, net: CharacterNet, alphabet: str, *, temperature: float = 1.0, threshold: float = 0.0) -> None:
        self.net = net.eval()
        self.alphabet = alphabet
        self.temperature = temperature
        self.threshold = threshold
        self._rows = {c: i for i, c in enumerate(alphabet, 2)}

    def batch(self, texts: Sequence[str], features: Sequence[WordFeatures]) -> CharacterBatch:
        """Folded texts with their features as tensors."""
        length = max(len(t) for t in texts)
        characters = torch.full((len(texts), length), PADDING)
        bigrams, tags, bits = (torch.zeros((len(texts), length), dtype=torch.long) for _ in range(3))
        mask = torch.zeros((len(texts), length), dtype=torch.bool)
        for row, (text, feature) in enumerate(zip(texts, features, strict=True)):
            n = len(text)
            characters[row, :n] = torch.tensor([self._rows.get(c, UNKNOWN) for c in text])
            bigrams[row, :n] = torch.tensor([bigram_row(text[i : i + 2], self.net.size.bigrams) for i in range(n)])
            tags[row, :n] = torch.tensor(feature.tags)
            bits[row, :n] = torch.tensor(feature.lexicon)
            mask[row, :n] = True
        lexicon = (bits.unsqueeze(2) >> torch.arange(LEXICON_FEATURES)) & 1
        return CharacterBatch(characters, bigrams, tags, lexicon.float(), mask)

    @torch.inference_mode()
    def tag(self, texts: Sequence[str], *, threshold: float | None = None) -> list[list[TaggedSpan]]:
        """The entities of each text, left to right, that are at least as probable as ``threshold`` (the fitted one without)."""
        least = self.threshold if threshold is None else threshold
        found: list[list[TaggedSpan]] = [[] for _ in texts]
        folded = [fold(t)[:LONGEST] for t in texts]
        order = sorted((i for i, t in enumerate(folded) if t), key=lambda i: len(folded[i]))
        chain = self.net.chain()
        while order:
            longest = len(folded[order[-1]])
            rows = order[-max(BATCH_CHARACTERS // longest, 1) :]
            order = order[: -len(rows)]
            batch = self.batch([folded[i] for i in rows], [word_features(folded[i]) for i in rows])
            emissions = self.net.emissions(batch)
            paths = best_paths(emissions, batch.mask, *chain)
            soft, steps, border = emissions / self.temperature, chain[0] / self.temperature, chain[1] / self.temperature
            forward = forward_scores(soft, batch.mask, steps, border)
            backward = backward_scores(soft, batch.mask, steps, border)
            for k, (row, path) in enumerate(zip(rows, paths, strict=True)):
                scores = soft[k], forward[k], backward[k]
                for start, end, kind in spans_of(path):
                    log = segment_log_probability(scores, steps, start, span_labels(end - start, kind))
                    if (confidence := float(torch.tensor(log).exp().clamp(max=1.0))) >= least:
                        found[row].append(TaggedSpan(start, end, kind, confidence))
        return found


def bigram_row(pair: str, rows: int) -> int:
    """The row that a pair of characters shares with others; the last character of a text stands alone."""
    return zlib.crc32(pair.encode()) % rows


def save_tagger(tagger: CharacterTagger, path: Path) -> None:
    """Write weights (half precision) with everything that ``load_tagger`` needs."""
    about = {"alphabet": tagger.alphabet, "temperature": tagger.temperature, "threshold": tagger.threshold, "size": asdict(tagger.net.size)}
    weights = {name: value.half().contiguous() for name, value in tagger.net.state_dict().items()}
    save_file(weights, path, metadata={"tagger": json.dumps(about, ensure_ascii=False, sort_keys=True)})


def load_tagger(path: Path) -> CharacterTagger:
    """The tagger that ``save_tagger`` wrote. Raises ModelError."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["tagger"])
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118  # it is no mapping
        net = CharacterNet(TaggerSize(**about["size"]))
        net.load_state_dict(weights)
        return CharacterTagger(net, about["alphabet"], temperature=about["temperature"], threshold=about["threshold"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path} holds no character tagger ({error}): make one with python -m dovetail.models.train_characters") from error
