"""The executor: rules as clauses over integers, run to their fixpoint and kept true when facts or rules change."""

from __future__ import annotations

from dovetail.reasoning.rules.engine.materialization import Materialization, saturate
from dovetail.reasoning.rules.engine.options import Progress, RuleLimit, SaturationOptions

__all__ = [
    "Materialization",
    "Progress",
    "RuleLimit",
    "SaturationOptions",
    "saturate",
]
