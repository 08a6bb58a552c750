"""The fast encoder: the same vectors as the model's own code, whatever else is read in the call or was read before."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

from dovetail.models.fast_encoder import can_prepack, common_length, fast_encoder

lengths = st.lists(st.integers(1, 40), min_size=1, max_size=5)


def tiny(*, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> BertModel:
    torch.manual_seed(1)
    sizes = BertConfig(
        vocab_size=50, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=128, max_position_embeddings=300
    )
    model: BertModel = BertModel(sizes, add_pooling_layer=False)
    model.train(False)
    layer: Any  # nn.Module types attributes as Tensor | Module
    for layer in model.encoder.layer:
        for part in (layer.attention.self.query, layer.attention.self.key):
            part.weight.data *= scale
    for norm in (m for m in model.modules() if isinstance(m, nn.LayerNorm)):
        norm.bias.data += 0.1 * torch.randn(norm.bias.shape)
    model.to(dtype)  # type: ignore[arg-type]  # transformers leaves it untyped
    return model


def windows_of(lengths: list[int]) -> list[list[int]]:
    draw = torch.Generator().manual_seed(sum(lengths))
    return [torch.randint(0, 50, (n,), generator=draw).tolist() for n in lengths]


@torch.inference_mode()
def by_its_own_code(model: nn.Module, windows: list[list[int]]) -> Tensor:
    return torch.cat([model(input_ids=torch.tensor([w])).last_hidden_state[0] for w in windows])


@settings(deadline=None, max_examples=10)
@given(lengths)
def test_a_bert_gives_its_own_vectors(lengths: list[int]) -> None:
    windows = windows_of(lengths)
    assert torch.allclose(fast_encoder(TINY)(windows), by_its_own_code(TINY, windows), atol=1e-5)


@pytest.mark.parametrize("lengths", [[1], [16], [17, 300], [33, 2, 64]])
def test_half_the_bits_give_nearly_the_same_direction(lengths: list[int]) -> None:
    windows = windows_of(lengths)
    exact = by_its_own_code(TINY, windows)
    half = fast_encoder(tiny(dtype=torch.bfloat16))(windows).float()
    assert torch.cosine_similarity(exact, half, dim=-1).min() > 0.9995


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_laid_out_beforehand_give_the_same_numbers(dtype: torch.dtype) -> None:
    if not can_prepack(dtype):
        pytest.skip(f"no weights are laid out in {dtype} here")
    model, windows = tiny(dtype=dtype), windows_of([7, 90, 31])
    beforehand, each_time = (fast_encoder(model, prepack=prepack)(windows).float() for prepack in (True, False))
    assert torch.allclose(beforehand, each_time, atol=1e-5 if dtype == torch.float32 else 2e-2)


@pytest.mark.parametrize("scale", [100.0, 1e4])
def test_scores_too_large_for_plain_exponentials_are_no_matter(scale: float) -> None:
    model, windows = tiny(scale=scale), windows_of([12, 40])
    found = fast_encoder(model)(windows)
    assert torch.isfinite(found).all()
    assert torch.allclose(found, by_its_own_code(model, windows), atol=1e-3)


def test_a_call_depends_on_its_own_windows_only() -> None:
    read = fast_encoder(tiny(dtype=torch.bfloat16))
    first = read(windows_of([20, 9]))
    read(windows_of([200, 3, 3]))
    assert torch.equal(read(windows_of([20, 9])), first)


def test_nothing_read_gives_no_vectors() -> None:
    assert fast_encoder(TINY)([]).shape == (0, 64)


def test_another_encoder_is_run_by_its_own_code() -> None:
    torch.manual_seed(0)
    model = DistilBertModel(DistilBertConfig(vocab_size=50, dim=32, n_layers=2, n_heads=2, hidden_dim=64)).train(False)
    windows = windows_of([5, 12])
    assert torch.allclose(fast_encoder(model)(windows), by_its_own_code(model, windows), atol=1e-5)


TINY = tiny()


@given(st.integers(0, 5000))
def test_common_lengths_are_few_and_little_longer(count: int) -> None:
    assert count <= common_length(count) <= max(count + 7, count * 17 / 16)
    assert common_length(common_length(count)) == common_length(count)
