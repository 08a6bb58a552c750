"""The scorer of mention pairs: what it reads, what it promises of its output, and its weights on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.models.coreference import (
    MATCHING,
    NEAR,
    CoreferenceModel,
    CoreferenceNet,
    CoreferenceThresholds,
    candidates_of,
    cluster,
    load_coreference,
    mention_vectors,
    rank,
    save_coreference,
)
from dovetail.models.coreference_features import PAIR, Described, describe, pair_features
from dovetail.models.encoder import packaged_weights
from dovetail.models.errors import ModelError
from dovetail.models.extraction import load_extractor
from dovetail.models.windows import Window

WORDS = ["Ann", "Bob", "he", "she", "it", "the doctor", "her dog", "Ann Lee", "said", ".", "“", "”", "and"]


def described(words: list[str]) -> Described:
    """Every phrase is a mention; a full stop ends a sentence."""
    spans, sentences, at, begin = [], [], 0, 0
    for word in words:
        spans.append((at, at + len(word)))
        at += len(word) + 1
        if word == ".":
            sentences.append((begin, at))
            begin = at
    sentences.append((begin, max(at, 1)))
    return describe(" ".join(words), sentences, spans)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=90), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_every_mention_has_bounded_candidates_before_it_and_ends_in_one_cluster(words: list[str], seed: int) -> None:
    torch.manual_seed(seed)
    mentions = described(words)
    candidates = candidates_of(mentions)
    assert candidates.shape[0] == len(words) and (candidates.size == 0 or candidates.shape[1] <= NEAR + MATCHING)
    for i, row in enumerate(candidates.tolist()):
        chosen = [j for j in row if j >= 0]
        assert len(chosen) == len(set(chosen)) and all(j < i for j in chosen) and (i - 1 in chosen or i == 0)
    found = rank(CoreferenceNet(8), mentions, np.ones((len(words), 3, 8), dtype=np.float32), candidates)
    assert found.chances.sum(axis=1) == pytest.approx(np.ones(len(words)), abs=1e-5)
    assert sorted(m for members in cluster(mentions, found) for m in members) == list(range(len(words)))


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=40))
@settings(max_examples=30, deadline=None)
def test_features_of_pairs_are_finite_and_the_same_one_by_one(words: list[str]) -> None:
    mentions = described(words)
    left, right = np.triu_indices(len(words), 1)
    together = pair_features(mentions, left.astype(np.int64), right.astype(np.int64))
    assert together.shape == (len(left), PAIR) and np.isfinite(together).all() and np.isfinite(mentions.own).all()
    for k in (0, len(left) // 2, len(left) - 1):
        assert (pair_features(mentions, left[k : k + 1], right[k : k + 1])[0] == together[k]).all()


def test_vectors_are_means_over_words_across_windows() -> None:
    extractor = load_extractor(packaged_weights() / "extractor.safetensors")
    texts = ["Marie Curie was born in Warsaw .", "She left ."]
    read = extractor.read([Window.of(t) for t in texts])
    places = [(0, 0), (1, len(texts[0]) + 1)]
    start = len(texts[0]) + 1
    vectors = mention_vectors(read, places, [(0, 11), (start, start + 3)])
    assert vectors.shape[:2] == (2, 3)
    assert vectors[0, 0] == pytest.approx(read.mean(0, 0, 11), abs=1e-3)
    assert not vectors[0, 1].any()
    assert vectors[0, 2] == pytest.approx(read.mean(0, 12, 20), abs=1e-3)
    assert vectors[1, 0] == pytest.approx(read.mean(1, 0, 3), abs=1e-3)
    assert vectors[1, 1] == pytest.approx(read.mean(0, texts[0].index("Warsaw"), len(texts[0])), abs=1e-3)


def test_weights_come_back_with_their_thresholds(tmp_path: Path) -> None:
    model = CoreferenceModel(CoreferenceNet(8), CoreferenceThresholds(0.7, 0.8, 0.9, 0.3))
    save_coreference(model, tmp_path / "w.safetensors")
    loaded = load_coreference(tmp_path / "w.safetensors")
    assert loaded.thresholds == model.thresholds
    for name, value in loaded.net.state_dict().items():
        assert torch.allclose(value, model.net.state_dict()[name], atol=1e-3)


@pytest.mark.parametrize("content", [b"", b"no weights at all", None])
def test_weights_that_cannot_be_read_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"w\.safetensors"):
        load_coreference(path)


def test_weights_of_another_network_are_named(tmp_path: Path) -> None:
    save_coreference(CoreferenceModel(CoreferenceNet(8, hidden=16), CoreferenceThresholds()), tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="another network"):
        load_coreference(tmp_path / "w.safetensors")
