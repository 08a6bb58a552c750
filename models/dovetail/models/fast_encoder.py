"""A text encoder's weights, run over windows of any length with nothing computed on padding.

    rows of token ids ─ one (tokens, dim) matrix ─┬─ linear layers   over all tokens at once, weights laid out for the processor beforehand
                                                  └─ attention       window by window

For BERT encoders (MiniLM is one); any other encoder is run by its own code, window by window, behind the same call. Every
result depends on the windows of one call and on nothing else.

Source: Devlin et al., BERT (NAACL 2019), equations of Vaswani et al., Attention is all you need (NeurIPS 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from transformers import BertModel

Encode: TypeAlias = Callable[[Sequence[Sequence[int]]], Tensor]
"""Token ids of each window -> (tokens, dim) vectors of all of them, one window after another."""

Linear: TypeAlias = Callable[[Tensor], Tensor]
"""(tokens, inputs) -> (tokens, outputs)."""

BLOCK = 16
"""Attention is computed on windows filled up to a multiple of this many tokens: whole vector registers, and few shapes to keep code for."""

PACK_HINT = 128
"""Tokens that a layout of weights is chosen for; any number of them can be read."""

FINEST, PARTS = 8, 16
"""Lengths are rounded up to multiples of FINEST, longer ones to a PARTS-th of the power of two below; see common_length."""

_SAFE = (1e-30, 1e30)
"""Sums of exponentials between which none of them overflowed, and not all vanished."""


def common_length(count: int) -> int:
    """A length that many inputs share, at least ``count`` and at most 1/16 above it, or 7 in all.

    oneDNN compiles code for every shape that it meets, and keeps it: half a millisecond and half a megabyte each, where a
    document's own matrices take little more to multiply.

    >>> [common_length(n) for n in (0, 1, 100, 257, 1000)]
    [0, 8, 104, 272, 1024]
    """
    step = max(FINEST, (1 << max(count.bit_length() - 1, 0)) // PARTS)
    return -(-count // step) * step


def fast_encoder(model: nn.Module, *, prepack: bool = True) -> Encode:
    """The fastest way to run ``model`` on this processor. Later changes of its weights may go unseen.

    ``prepack`` lays weights out beforehand where torch offers it; the numbers are the same without, 5 to 15% more slowly.
    """
    if isinstance(model, BertModel) and model.config.hidden_act == "gelu" and not model.config.is_decoder:
        return _Bert(model, prepack=prepack and can_prepack(next(model.parameters()).dtype))
    return _Plain(model)


def can_prepack(dtype: torch.dtype) -> bool:
    """Whether this torch has the oneDNN operators that take weights laid out beforehand, and this processor does it in ``dtype``.

    They are not public, so they may go; in bfloat16 they take AVX-512.
    """
    try:
        torch.ops.mkldnn._reorder_linear_weight(torch.zeros(16, 16, dtype=dtype), PACK_HINT)
        return bool(torch.backends.mkldnn.enabled and torch.ops.mkldnn._linear_pointwise)
    except (AttributeError, RuntimeError):
        return False


class _Plain:
    """Any Hugging Face encoder by its own forward pass."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    @torch.inference_mode()
    def __call__(self, windows: Sequence[Sequence[int]]) -> Tensor:
        read = [self.model(input_ids=torch.tensor([list(ids)])).last_hidden_state[0] for ids in windows]
        return torch.cat(read)


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    eps: float

    @classmethod
    def of(cls, norm: nn.LayerNorm) -> _Norm:
        return cls(norm.weight.detach(), norm.bias.detach(), norm.eps)

    def __call__(self, x: Tensor) -> Tensor:
        return torch.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


@dataclass(frozen=True, slots=True)
class _Layer:
    qkv: Linear
    output: Linear
    attended: _Norm
    up: Linear
    down: Linear
    finished: _Norm


class _Bert:
    """A BertModel's weights, queries, keys and values in one matrix."""

    def __init__(self, model: BertModel, *, prepack: bool) -> None:
        embeddings: Any = model.embeddings
        self.words = embeddings.word_embeddings.weight.detach()
        self.places = embeddings.position_embeddings.weight.detach()
        self.kind = embeddings.token_type_embeddings.weight[0].detach()
        self.embedded = _Norm.of(embeddings.LayerNorm)
        self.heads = model.config.num_attention_heads
        self.layers = []
        layer: Any  # nn.Module types attributes as Tensor | Module
        for layer in model.encoder.layer:
            attention, output = layer.attention.self, layer.attention.output
            three = (attention.query, attention.key, attention.value)
            self.layers.append(
                _Layer(
                    _linear(torch.cat([x.weight for x in three]), torch.cat([x.bias for x in three]), prepack=prepack),
                    _linear(output.dense.weight, output.dense.bias, prepack=prepack),
                    _Norm.of(output.LayerNorm),
                    _linear(layer.intermediate.dense.weight, layer.intermediate.dense.bias, prepack=prepack),
                    _linear(layer.output.dense.weight, layer.output.dense.bias, prepack=prepack),
                    _Norm.of(layer.output.LayerNorm),
                )
            )

    @torch.inference_mode()
    def __call__(self, windows: Sequence[Sequence[int]]) -> Tensor:
        lengths = [len(ids) for ids in windows]
        assert max(lengths, default=0) <= len(self.places), "windows are cut to the positions there are"
        count = sum(lengths)
        filling = common_length(count) - count  # tokens that nobody attends to
        ids = torch.tensor([*(i for window in windows for i in window), *[0] * filling], dtype=torch.long)
        places = torch.cat([*(self.places[:length] for length in lengths), self.places[:1].expand(filling, -1)])
        x = self.embedded(self.words[ids] + self.kind + places)
        blocks = [x.new_zeros(3, self.heads, -(-length // BLOCK) * BLOCK, x.shape[1] // self.heads) for length in lengths]
        for layer in self.layers:
            x = layer.attended(layer.output(self._attend(layer.qkv(x), lengths, blocks)).add_(x))
            x = layer.finished(layer.down(nn.functional.gelu(layer.up(x))).add_(x))
        return x[:count]

    def _attend(self, qkv: Tensor, lengths: Sequence[int], blocks: Sequence[Tensor]) -> Tensor:
        """Every window's tokens attend to each other: (tokens, 3 dim) -> (tokens, dim).

        ``blocks``: for each window (3, heads, its length in whole BLOCKs, head dim), zero beyond its length, to be written in.
        """
        tokens = qkv.shape[0]
        dim = qkv.shape[1] // 3
        split = qkv.view(tokens, 3, self.heads, dim // self.heads)
        attended = qkv.new_zeros(tokens, self.heads, dim // self.heads)
        start = 0
        for length, block in zip(lengths, blocks, strict=True):
            block[:, :, :length] = split[start : start + length].permute(1, 2, 0, 3)
            _attention(block, length, out=attended[start : start + length].transpose(0, 1))
            start += length
        return attended.view(tokens, dim)


def _attention(block: Tensor, length: int, *, out: Tensor) -> None:
    """softmax(q kᵀ / sqrt(d)) v of one window: (3, heads, length or more, d) -> ``out`` (heads, length, d).

    Exponentials are not shifted by their maximum, which would take longer than all else here; where one overflows, or all
    vanish, the textbook form is taken. Tokens that fill up a block have no value, and are left out of the sum.
    """
    size = block.shape[-1]
    q, k, v = block
    scores = torch.baddbmm(q.new_empty(1, 1, 1), q, k.transpose(1, 2), beta=0, alpha=math.log2(math.e) / math.sqrt(size))
    powers = torch.exp2(scores)
    sums = powers[:, :length, :length].sum(-1, keepdim=True)
    least, most = torch.aminmax(sums)
    if not _SAFE[0] < float(least) <= float(most) < _SAFE[1]:
        q, k, v = block[:, :, :length].float()
        out.copy_(torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)) / math.sqrt(size), -1), v))
    else:
        torch.div(torch.bmm(powers, v)[:, :length], sums, out=out)


def _linear(weight: Tensor, bias: Tensor, *, prepack: bool) -> Linear:
    weight, bias = weight.detach(), bias.detach()
    if not prepack:
        return lambda x: nn.functional.linear(x, weight, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, PACK_HINT)
    multiply = torch.ops.mkldnn._linear_pointwise.default

    def linear(x: Tensor) -> Tensor:
        product: Tensor = multiply(x, packed, bias, "none", [], "")
        return product

    return linear
