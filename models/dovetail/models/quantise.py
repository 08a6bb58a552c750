"""Weights in half the room: eight bits a number, with a scale for each row.

    python -m dovetail.models.quantise extractor.safetensors small.safetensors

A matrix of 2**12 numbers or more becomes int8 rows and, beside it, ``NAME:scale``, (rows, 1): row = int8 · scale. What is read
back is computed with as any other weights. Source: Jacob et al., Quantization and training of neural networks (CVPR 2018), symmetric
and per channel.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

SCALE = ":scale"
SMALL = 1 << 12
"""Numbers below which a tensor is left as it is."""

LEVELS = 127


def quantised(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights, each large matrix as int8 rows and their scales."""
    stored: dict[str, Tensor] = {}
    for name, value in weights.items():
        if value.dim() != 2 or not value.is_floating_point() or value.numel() < SMALL:
            stored[name] = value
            continue
        rows = value.float()
        scale = (rows.abs().amax(1, keepdim=True) / LEVELS).clamp(min=torch.finfo(torch.float32).tiny)
        stored[name] = (rows / scale).round().clamp(-LEVELS, LEVELS).to(torch.int8)
        stored[name + SCALE] = scale
    return stored


def dequantised(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What ``quantised`` was given, to half a level of each row, float32 where it was a large matrix; other weights as they are.

    >>> weights = {"w": torch.linspace(-1, 1, 4096).reshape(2, 2048)}
    >>> bool((dequantised(quantised(weights))["w"] - weights["w"]).abs().max() < 1 / 250)
    True
    """
    return {
        name: value.float() * stored[name + SCALE] if name + SCALE in stored else value
        for name, value in stored.items()
        if not name.endswith(SCALE)
    }


def main() -> None:
    """The command line."""
    from dovetail.models.encoder import read_weights

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    save_file(quantised(read_weights(arguments.weights)), arguments.out)
    before, after = (file.stat().st_size / 2**20 for file in (arguments.weights, arguments.out))
    print(f"{arguments.out}: {after:.1f} MB, from {before:.1f} MB")


if __name__ == "__main__":
    main()
