"""Rules mined from a graph: closed paths and rules with constants, counted exactly, as text that a person can edit."""

from __future__ import annotations

from dovetail.reasoning.rules.mining.mine import mine_rules
from dovetail.reasoning.rules.mining.options import Example, MinedRule, MiningOptions, MiningProgress
from dovetail.reasoning.rules.mining.predict import Foretold, RuleAnswers
from dovetail.reasoning.rules.mining.solutions import predictions
from dovetail.reasoning.rules.mining.write import write_mined

__all__ = [
    "Example",
    "Foretold",
    "MinedRule",
    "MiningOptions",
    "MiningProgress",
    "RuleAnswers",
    "mine_rules",
    "predictions",
    "write_mined",
]
