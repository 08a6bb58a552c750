"""The language of rules: W3C SPARQL-RL and a part of Notation3, read, checked, put in strata and written."""

from __future__ import annotations

from dovetail.reasoning.rules.language.load import load_rules
from dovetail.reasoning.rules.language.notation3 import parse_notation3
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.language.write import write_rules

__all__ = [
    "check_rules",
    "load_rules",
    "parse_notation3",
    "parse_rules",
    "stratify",
    "write_rules",
]
