"""Train the character tagger: ``python -m dovetail.models.train_characters TRAIN.jsonl OUT.safetensors``.

Rows are ``{"text", "entities": [{"start", "end", "label"}]}`` with the labels of characters.TYPES. Characters start from what jieba's
dictionary says of them (positive pointwise mutual information of a character with its neighbours and with the part of speech of its words,
reduced by a singular value decomposition). In every epoch some names are exchanged for others of their type, from the rows or from the
dictionary. The weights kept are the mean over the later epochs. Every tenth row is kept out of training: progress is measured on these, and
the temperature of confidences and the least confidence are fitted to them.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds
from torch import Tensor

from dovetail.models.characters import (
    TYPES,
    CharacterBatch,
    CharacterNet,
    CharacterTagger,
    TaggedSpan,
    TaggerSize,
    labels_of,
    load_tagger,
    save_tagger,
)
from dovetail.models.chinese_words import WordFeatures, dictionary, fold, word_features
from dovetail.models.encoder import fast_dtype

HELD = 10
COMMON = 10_000
"""Characters of the dictionary that are kept, commonest first."""
TEMPERATURES = (0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4)
OUTSIDE = (0.0, 0.3, 0.6, 0.9, 1.2)
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)

DICTIONARY_TYPES = {"nr": 0, "nrt": 0, "nt": 1, "ns": 2}
"""Which type, by its index in TYPES, the names in jieba's dictionary have."""


@dataclass(frozen=True, slots=True)
class Row:
    """A folded text with its spans (start, end, type)."""

    text: str
    spans: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Training:
    """``rows_swapped``: share of texts of an epoch that have names exchanged; ``swap``: chance of each name in them; ``from_dictionary``:
    that the other name comes from the dictionary; ``mask_...``: rates of hiding inputs.
    """

    epochs: int = 26
    batch: int = 32
    rate: float = 2.5e-3
    rows_swapped: float = 0.35
    swap: float = 0.6
    from_dictionary: float = 0.5
    mask_characters: float = 0.1
    mask_bigrams: float = 0.3
    mask_words: float = 0.1
    average_from: float = 0.5
    seed: int = 13


def read_rows(path: Path) -> list[Row]:
    """The rows of an annotated file."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spans = sorted((e["start"], e["end"], TYPES.index(e["label"])) for e in row["entities"])
        rows.append(Row(fold(row["text"]), tuple(spans)))
    return rows


def character_vectors(dim: int) -> tuple[str, Tensor]:
    """The dictionary's characters, commonest first, and their vectors (characters, dim)."""
    counts: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for word, tag, frequency in dictionary():
        weight = math.log1p(frequency)
        for i, character in enumerate(word):
            totals[character] += weight  # type: ignore[assignment]  # a Counter adds up any numbers
            place = "S" if len(word) == 1 else "B" if i == 0 else "E" if i == len(word) - 1 else "M"
            contexts = [f"{tag}/{place}", f"{len(word)}/{place}"]
            contexts += [f"<{word[i - 1]}"] if i else []
            contexts += [f">{word[i + 1]}"] if i + 1 < len(word) else []
            for context in contexts:
                counts[(character, context)] += weight  # type: ignore[assignment]
    alphabet = sorted(totals, key=lambda c: (-totals[c], c))
    rows = {c: i for i, c in enumerate(alphabet)}
    columns: dict[str, int] = {}
    for _, context in counts:
        columns.setdefault(context, len(columns))
    where = ([rows[c] for c, _ in counts], [columns[x] for _, x in counts])
    matrix = csr_matrix((list(counts.values()), where), shape=(len(rows), len(columns)))
    by_row, by_column = np.asarray(matrix.sum(1)).ravel(), np.asarray(matrix.sum(0)).ravel() ** 0.75
    by_column *= by_row.sum() / by_column.sum()
    cells = matrix.tocoo()
    gain = np.log(cells.data * by_row.sum() / (by_row[cells.row] * by_column[cells.col]))
    positive = csr_matrix((np.maximum(gain, 0), (cells.row, cells.col)), shape=matrix.shape)
    left, values, _ = svds(positive, dim, v0=np.ones(min(positive.shape)))
    signs = np.sign(left[np.abs(left).argmax(0), np.arange(dim)])
    vectors = left * signs * np.sqrt(values)
    return "".join(alphabet), torch.tensor(vectors / vectors.std(), dtype=torch.float32)


def exchanged(row: Row, names: Sequence[Sequence[Sequence[str]]], options: Training, generator: random.Random) -> Row:
    """``row`` with some of its names exchanged. ``names``: per source (rows, dictionary) and type."""
    if generator.random() >= options.rows_swapped:
        return row
    text, spans, at = "", [], 0
    for start, end, kind in row.spans:
        text += row.text[at:start]
        name = row.text[start:end]
        if generator.random() < options.swap:
            source = names[generator.random() < options.from_dictionary][kind]
            name = generator.choice(source)
        spans.append((len(text), len(text) + len(name), kind))
        text += name
        at = end
    return Row(text + row.text[at:], tuple(spans))


def masked(batch: CharacterBatch, options: Training) -> CharacterBatch:
    """``batch`` with some characters, bigrams and all words of some texts hidden."""
    shape = batch.characters.shape
    characters = batch.characters.masked_fill((torch.rand(shape) < options.mask_characters) & batch.mask, 0)
    bigrams = batch.bigrams.masked_fill(torch.rand(shape) < options.mask_bigrams, 0)
    silent = torch.rand(shape[0], 1) < options.mask_words
    lexicon = batch.lexicon * ~silent.unsqueeze(2)
    return CharacterBatch(characters, bigrams, batch.tags.masked_fill(silent, 0), lexicon, batch.mask)


def train(rows: Sequence[Row], options: Training, *, held: Sequence[Row] = (), size: dict[str, int] | None = None) -> CharacterTagger:
    """A tagger trained on ``rows``; prints progress, with strict F1 on ``held`` where there are any."""
    generator = random.Random(options.seed)
    torch.manual_seed(options.seed)
    sizes = size or {}
    alphabet, vectors = character_vectors(sizes.get("character_dim", TaggerSize(0).character_dim))
    seen = Counter(c for row in rows for c in row.text)
    known = set(alphabet)
    extra = "".join(sorted(c for c in seen if c not in known))
    net = CharacterNet(TaggerSize(characters=2 + len(alphabet) + len(extra), **sizes))
    with torch.no_grad():
        net.characters.weight.mul_(0.5)
        net.characters.weight[2 : 2 + len(alphabet)] = vectors
        net.bigrams.weight.mul_(0.3)
        net.tags.weight.mul_(0.5)
    tagger = CharacterTagger(net, alphabet + extra)
    own = [[row.text[a:b] for row in rows for a, b, k in row.spans if k == kind] for kind in range(len(TYPES))]
    listed = [[w for w, tag, _ in dictionary() if DICTIONARY_TYPES.get(tag) == kind and len(w) > 1] for kind in range(len(TYPES))]
    cache: dict[str, WordFeatures] = {row.text: word_features(row.text) for row in rows}
    optimizer = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=0.01)
    steps = options.epochs * math.ceil(len(rows) / options.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1, (s + 1) / 100) * (0.1 + 0.9 * (1 - s / steps)))
    mean: dict[str, Tensor] = {}
    count = 0
    began = time.process_time()
    for epoch in range(options.epochs):
        net.train()
        drawn = [exchanged(row, (own, listed), options, generator) for row in rows]
        drawn.sort(key=lambda r: len(r.text) + generator.random() * 20)
        batches = [drawn[i : i + options.batch] for i in range(0, len(drawn), options.batch)]
        generator.shuffle(batches)
        total = 0.0
        for chosen in batches:
            features = [cache.get(r.text) or word_features(r.text) for r in chosen]
            batch = masked(tagger.batch([r.text for r in chosen], features), options)
            path = torch.zeros_like(batch.characters)
            for i, row in enumerate(chosen):
                path[i, : len(row.text)] = torch.tensor(labels_of(len(row.text), row.spans))
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast_dtype() is torch.bfloat16):
                loss = net.loss(batch, path)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        if epoch + 1 > options.epochs * options.average_from:
            count += 1
            state = net.state_dict()
            mean = {key: mean.get(key, value) + (value - mean.get(key, value)) / count for key, value in state.items()}
        report = f"epoch {epoch + 1}  loss {total / len(batches):.3f}  {time.process_time() - began:.0f} s"
        if held and (epoch % 4 == 3 or epoch + 1 == options.epochs):
            report += f"  held F1 {strict_f1(tagger, held):.4f}"
            if mean:
                averaged = copy.deepcopy(net)
                averaged.load_state_dict(mean)
                report += f"  of the mean {strict_f1(CharacterTagger(averaged, tagger.alphabet), held):.4f}"
        print(report, file=sys.stderr, flush=True)
    net.load_state_dict(mean)
    net.eval()
    return tagger


def strict_f1(tagger: CharacterTagger, rows: Sequence[Row]) -> float:
    """Micro F1 of characters and type together."""
    tagger.net.eval()
    return _f1([(s.confidence, right) for s, right in judged(tagger, rows)], sum(len(r.spans) for r in rows), least=tagger.threshold)


def judged(tagger: CharacterTagger, rows: Sequence[Row]) -> list[tuple[TaggedSpan, bool]]:
    """Every span found in ``rows``, whatever its confidence, and whether it is annotated."""
    found = tagger.tag([r.text for r in rows], threshold=0.0)
    return [(s, (s.start, s.end, s.label) in row.spans) for row, spans in zip(rows, found, strict=True) for s in spans]


def _f1(found: Sequence[tuple[float, bool]], gold: int, *, least: float) -> float:
    kept = [right for confidence, right in found if confidence >= least]
    return 2 * sum(kept) / max(len(kept) + gold, 1)


def without_rare(tagger: CharacterTagger, seen: Collection[str]) -> CharacterTagger:
    """``tagger`` without the rarest characters of the dictionary that were not in training: they become the unknown one."""
    kept = [i for i, c in enumerate(tagger.alphabet) if i < COMMON or c in seen]
    rows = torch.tensor([0, 1, *(i + 2 for i in kept)])
    state = tagger.net.state_dict()
    state["characters.weight"] = state["characters.weight"][rows]
    net = CharacterNet(replace(tagger.net.size, characters=len(rows)))
    net.load_state_dict(state)
    return CharacterTagger(net, "".join(tagger.alphabet[i] for i in kept), temperature=tagger.temperature, threshold=tagger.threshold)


def calibrate(tagger: CharacterTagger, rows: Sequence[Row]) -> CharacterTagger:
    """``tagger`` with what fits ``rows`` best: how much less likely O becomes, by F1; then the temperature of confidences, by their
    likelihood; then the least confidence, by F1 again.
    """
    gold = sum(len(r.spans) for r in rows)
    scored = []
    for less in OUTSIDE:
        lenient = CharacterTagger(copy.deepcopy(tagger.net), tagger.alphabet)
        with torch.no_grad():
            lenient.net.out.bias[0] -= less
        scored.append((strict_f1(lenient, rows), -less, lenient))
    tagger = max(scored, key=lambda s: s[:2])[2]
    fitted = []
    for temperature in TEMPERATURES:
        found = judged(CharacterTagger(tagger.net, tagger.alphabet, temperature=temperature), rows)
        chances = [min(max(s.confidence, 1e-6), 1 - 1e-6) for s, _ in found]
        loss = -sum(math.log(c if right else 1 - c) for c, (_, right) in zip(chances, found, strict=True))
        fitted.append((loss, temperature, [(s.confidence, right) for s, right in found]))
    _, temperature, found_then = min(fitted)
    threshold = max(THRESHOLDS, key=lambda least: (_f1(found_then, gold, least=least), -least))
    return CharacterTagger(tagger.net, tagger.alphabet, temperature=temperature, threshold=threshold)


def main() -> None:
    """Train, calibrate, write."""
    parser = argparse.ArgumentParser(description="Train the character tagger.")
    parser.add_argument("train", type=Path, help="annotated rows, JSONL")
    parser.add_argument("out", type=Path, help="the safetensors file to write")
    parser.add_argument("--epochs", type=int, default=Training().epochs)
    parser.add_argument("--seed", type=int, default=Training().seed)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = read_rows(given.train)
    held = rows[::HELD]
    tagger = train([r for i, r in enumerate(rows) if i % HELD], Training(epochs=given.epochs, seed=given.seed), held=held)
    save_tagger(without_rare(tagger, {c for row in rows for c in row.text}), given.out)
    tagger = calibrate(load_tagger(given.out), held)
    save_tagger(tagger, given.out)
    print(f"held F1 {strict_f1(tagger, held):.4f}, temperature {tagger.temperature}, threshold {tagger.threshold}")


if __name__ == "__main__":
    main()
