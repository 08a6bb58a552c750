"""The trained networks from their files."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from torch import nn

from dovetail.models.encoder import read_weights
from dovetail.models.errors import ModelError
from dovetail.models.link_network import LinkNetwork

Module = TypeVar("Module", bound=nn.Module)


def load_network(file: Path) -> LinkNetwork:
    """The link network in a file of weights. Raises ModelError where it is none."""
    return with_weights(LinkNetwork(), file)


def with_weights(module: Module, file: Path) -> Module:
    """A module with the weights in a file, for inference. Raises ModelError where they are another's, or another version's."""
    try:
        module.load_state_dict(read_weights(file))
    except RuntimeError as error:
        kind = type(module).__name__
        raise ModelError(f"the weights in {file} are not those of this version's {kind}: train again, or install Dovetail again") from error
    return module.eval().requires_grad_(False)
