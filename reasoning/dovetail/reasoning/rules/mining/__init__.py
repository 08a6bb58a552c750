"""Rules mined from a graph: closed paths and rules with constants, counted exactly, as text that a person can edit."""

from __future__ import annotations

from dovetail.reasoning.rules.mining.mine import mine_rules
from dovetail.reasoning.rules.mining.options import Example, MinedRule, MiningOptions, MiningProgress
from dovetail.reasoning.rules.mining.solutions import predictions

__all__ = ["Example", "MinedRule", "MiningOptions", "MiningProgress", "mine_rules", "predictions"]
