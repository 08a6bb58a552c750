"""Models of the literature, trained on the facts of one graph, to stand beside the experts: by name, through the same ``scores``."""

from __future__ import annotations

from dovetail.reasoning.links.baselines.registry import BASELINES
from dovetail.reasoning.links.baselines.training import BaselineOptions

__all__ = ["BASELINES", "BaselineOptions"]
