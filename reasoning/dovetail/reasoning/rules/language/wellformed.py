"""Whether rules may run at all: every variable has a value by the time it is used, every function exists.

A body is read from left to right, as the W3C draft says: a triple binds its variables, SET binds a new one,
FILTER and NOT bind nothing and see what stands before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.language.expression import CASTS, FUNCTIONS, calls
from dovetail.reasoning.rules.rule import Assign, BodyPart, Expression, Filter, Negation, Pattern, Rule, RuleSet, Variable, variables


def check_rules(rules: RuleSet, *, source: str = "rules") -> None:
    """Nothing, if every rule is safe to run; otherwise ``RuleError`` with the first rule that is not, and why.

    >>> import pyoxigraph as ox
    >>> x, p = Variable("x"), ox.NamedNode("urn:p")
    >>> check_rules(RuleSet((Rule("unsafe", (Pattern(x, p, Variable("y")),), (Pattern(x, p, x),), line=3),)))
    Traceback (most recent call last):
        ...
    dovetail.kg.errors.RuleError: rules:3: rule unsafe: ?y in the head has no value, since no triple or SET of the body binds it
    """
    for rule in rules.rules:
        for problem in _problems(rule):
            raise RuleError(f"{source}:{rule.line}: rule {rule.name}: {problem}")


def _problems(rule: Rule) -> Iterator[str]:
    if not 0 < rule.weight <= 1:
        yield f"its weight is {rule.weight}, not above 0 and at most 1"
    bound: set[str] = set()
    yield from _unsafe(rule.body, bound)
    for pattern in rule.head:
        for variable in variables(pattern):
            if variable.name not in bound:
                yield f"{_shown(variable)} in the head has no value, since no triple or SET of the body binds it"


def _unsafe(parts: Iterable[BodyPart], bound: set[str]) -> Iterator[str]:
    """What is wrong with a body; adds to ``bound`` what it binds."""
    for part in parts:
        if isinstance(part, Pattern):
            bound.update(variable.name for variable in variables(part))
        elif isinstance(part, Filter):
            yield from _unready(part.expression, bound, "FILTER")
        elif isinstance(part, Negation):
            yield from _unsafe(part.body, set(bound))
        elif isinstance(part, Assign):
            yield from _unready(part.expression, bound, "SET")
            if part.variable.name in bound:
                yield f"SET gives {_shown(part.variable)} a second value; choose a new variable, and compare the two with FILTER"
            bound.add(part.variable.name)


def _unready(expression: Expression, bound: set[str], where: str) -> Iterator[str]:
    for variable in variables(expression):
        if variable.name not in bound:
            yield f"{_shown(variable)} has no value yet where {where} uses it; put the triple that binds it before"
    for call in calls(expression):
        function = call.function
        if function[0].isalpha() and function not in FUNCTIONS and function not in ("IN", "NOT IN"):
            yield f"no function {function}"
        elif len(function) > 2 and function[0] == "<" and function not in CASTS:
            yield f"no function {function}; the functions called by IRI are the casts to XML Schema's types"


def _shown(variable: Variable) -> str:
    return variable.name if variable.name.startswith("_:") else f"?{variable.name}"
