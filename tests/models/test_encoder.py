"""Finding the encoder: what is named, what is verified, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

from dovetail.models import ModelError, load_encoder, load_extractor, locate_published
from dovetail.models.encoder import packaged_weights


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no text encoder in"):
        locate_published(str(tmp_path))


def test_weights_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "weights.safetensors"
    broken.write_bytes(b"not weights")
    with pytest.raises(ModelError, match="cannot read the weights in"):
        load_extractor(broken)


def test_similar_texts_have_similar_vectors() -> None:
    vectors = load_encoder().encode(["A cat sleeps on the sofa.", "A kitten naps on a couch.", "The parliament passed a law.", ""])
    assert vectors.shape == (4, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-2)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_the_weights_of_another_encoder_are_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="do not fit the encoder"):
        load_extractor(packaged_weights() / "extractor.safetensors", encoder=str(tmp_path))


def test_weights_without_an_encoder_are_refused(tmp_path: Path) -> None:
    save_file({"spans.bias": torch.zeros(1)}, tmp_path / "heads.safetensors")
    with pytest.raises(ModelError, match="holds no extractor"):
        load_extractor(tmp_path / "heads.safetensors")
