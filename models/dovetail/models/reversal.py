"""Gradient reversal: what follows learns to tell domains apart, what comes before learns to leave it nothing to tell by.

Source: Ganin & Lempitsky, Unsupervised domain adaptation by backpropagation (ICML 2015).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reversed_gradient(value: Tensor, strength: float) -> Tensor:
    """The same value forward; the gradient times minus ``strength`` backward."""
    result: Tensor = _Reversed.apply(value, strength)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result
