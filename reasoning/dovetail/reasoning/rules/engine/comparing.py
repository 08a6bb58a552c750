"""Filters that only compare names, decided on numbers: siblings, neighbours, pairs of different things."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dovetail.reasoning.rules.engine.numbering import Numbering, Numbers
from dovetail.reasoning.rules.rule import Call, Expression, TripleTerm, Variable

Mask = NDArray[np.bool_]


def compared(expression: Expression, column: Callable[[str], Numbers], numbering: Numbering) -> Mask | None:
    """Which rows an expression is true for, ``(rows,)``; None where terms must be looked at.

    Numbers tell terms apart, which is all that sameTerm asks, and all that ``=`` and ``!=`` ask of IRIs and blank nodes.
    """
    if not isinstance(expression, Call):
        return None
    if expression.function in ("!", "&&", "||"):
        parts = [compared(argument, column, numbering) for argument in expression.arguments]
        masks = [part for part in parts if part is not None]
        if len(masks) < len(parts):
            return None
        return ~masks[0] if expression.function == "!" else masks[0] & masks[1] if expression.function == "&&" else masks[0] | masks[1]
    if expression.function not in ("=", "!=", "SAMETERM"):
        return None
    sides = []
    for argument in expression.arguments:
        if isinstance(argument, Call | TripleTerm):
            return None
        sides.append(column(argument.name) if isinstance(argument, Variable) else np.array([numbering.number(argument)]))
    if expression.function != "SAMETERM" and not all(numbering.nodes(side).all() for side in sides):
        return None
    equal: Mask = sides[0] == sides[1]
    return ~equal if expression.function == "!=" else equal
