"""Weights kept in eight bits: near the ones they were, row by row; small ones untouched; read like any others."""

from __future__ import annotations

from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from dovetail.models.encoder import read_weights
from dovetail.models.quantise import LEVELS, dequantised, quantised


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=6), st.integers(0, 99))
def test_no_number_moves_by_more_than_half_a_level_of_its_row(sizes: list[float], seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    weights = torch.randn(len(sizes), 4096, generator=draw) * torch.tensor(sizes).unsqueeze(1)
    near = dequantised(quantised({"w": weights}))["w"]
    level = weights.abs().amax(1, keepdim=True) / LEVELS
    assert ((near - weights).abs() <= level * 0.501).all()


def test_small_weights_and_rows_of_zeros_stay_as_they_are() -> None:
    weights = {"bias": torch.randn(384), "small": torch.randn(4, 4), "count": torch.arange(5000).reshape(50, 100)}
    weights["zero"] = torch.zeros(2, 4096)
    stored = quantised(weights)
    assert stored["bias"] is weights["bias"] and stored["small"] is weights["small"] and stored["count"] is weights["count"]
    assert not dequantised(stored)["zero"].any()


def test_a_quantised_file_is_read_like_any_other_and_takes_half_the_room(tmp_path: Path) -> None:
    weights = {"encoder.w": torch.randn(64, 512).bfloat16(), "head.w": torch.randn(64, 512).bfloat16()}
    for name, tensors in (("plain", weights), ("small", quantised(weights))):
        save_file(tensors, tmp_path / name)
    found = read_weights(tmp_path / "small", "encoder.")
    assert list(found) == ["w"]
    assert torch.cosine_similarity(found["w"], weights["encoder.w"].float(), dim=-1).min() > 0.9999
    assert (tmp_path / "small").stat().st_size < 0.55 * (tmp_path / "plain").stat().st_size
