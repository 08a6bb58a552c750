"""The built-ins of Notation3 that SPARQL can say, each with the expression it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import reduce

import pyoxigraph as ox

from dovetail.reasoning.rules.rule import Call, Expression

_SWAP = "http://www.w3.org/2000/10/swap/"
LOG = _SWAP + "log#"
LIBRARIES = tuple(f"{_SWAP}{name}#" for name in "crypto graph list log math string time".split())
"""The namespaces of which every name computes something."""


class Kind(Enum):
    """What a built-in does with its subject and object."""

    COMPARES = "a condition on both"
    COMPUTES = "the object is made from the subject"
    SAME = "one is the other"


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in: ``make`` is its expression over its inputs, of which ``least`` to ``most`` are needed."""

    name: str
    kind: Kind
    make: Callable[[tuple[Expression, ...]], Expression]
    takes_list: bool = False
    least: int = 1
    most: int = 1_000_000


def _call(function: str, *, text: bool = False) -> Callable[[tuple[Expression, ...]], Expression]:
    """A function or operator of the inputs, of their text if the built-in is about strings."""
    return lambda inputs: Call(function, tuple(Call("STR", (each,)) for each in inputs) if text else inputs)


def _not(make: Callable[[tuple[Expression, ...]], Expression]) -> Callable[[tuple[Expression, ...]], Expression]:
    return lambda inputs: Call("!", (make(inputs),))


def _folded(operator: str, *, nothing: int) -> Callable[[tuple[Expression, ...]], Expression]:
    """A sum or product of any number of inputs."""
    return lambda inputs: reduce(lambda left, right: Call(operator, (left, right)), inputs) if inputs else ox.Literal(nothing)


def _without_case(function: str) -> Callable[[tuple[Expression, ...]], Expression]:
    return lambda inputs: Call(function, tuple(Call("LCASE", (Call("STR", (each,)),)) for each in inputs))


_COMPARISONS = {
    "math:greaterThan": _call(">"),
    "math:lessThan": _call("<"),
    "math:notGreaterThan": _call("<="),
    "math:notLessThan": _call(">="),
    "math:equalTo": _call("="),
    "math:notEqualTo": _call("!="),
    "log:notEqualTo": _not(_call("SAMETERM")),
    "string:greaterThan": _call(">", text=True),
    "string:lessThan": _call("<", text=True),
    "string:notGreaterThan": _call("<=", text=True),
    "string:notLessThan": _call(">=", text=True),
    "string:contains": _call("CONTAINS", text=True),
    "string:startsWith": _call("STRSTARTS", text=True),
    "string:endsWith": _call("STRENDS", text=True),
    "string:matches": _call("REGEX", text=True),
    "string:notMatches": _not(_call("REGEX", text=True)),
    "string:equalIgnoringCase": _without_case("="),
    "string:notEqualIgnoringCase": _without_case("!="),
    "string:containsIgnoringCase": _without_case("CONTAINS"),
}
_OF_ONE = {
    "math:negation": _call("-"),
    "math:absoluteValue": _call("ABS"),
    "math:rounded": _call("ROUND"),
    "math:floor": _call("FLOOR"),
    "math:ceiling": _call("CEIL"),
    "string:length": _call("STRLEN", text=True),
    "string:lowerCase": _call("LCASE", text=True),
    "string:upperCase": _call("UCASE", text=True),
    "log:uri": _call("STR"),
    "time:year": _call("YEAR"),
    "time:month": _call("MONTH"),
    "time:day": _call("DAY"),
    "time:hour": _call("HOURS"),
    "time:minute": _call("MINUTES"),
    "time:second": _call("SECONDS"),
}
_OF_LISTS = {
    "math:sum": Builtin("math:sum", Kind.COMPUTES, _folded("+", nothing=0), takes_list=True, least=0),
    "math:product": Builtin("math:product", Kind.COMPUTES, _folded("*", nothing=1), takes_list=True, least=0),
    "math:difference": Builtin("math:difference", Kind.COMPUTES, _call("-"), takes_list=True, least=2, most=2),
    "math:quotient": Builtin("math:quotient", Kind.COMPUTES, _call("/"), takes_list=True, least=2, most=2),
    "string:concatenation": Builtin("string:concatenation", Kind.COMPUTES, _call("CONCAT", text=True), takes_list=True, least=0),
    "string:replace": Builtin("string:replace", Kind.COMPUTES, _call("REPLACE", text=True), takes_list=True, least=3, most=3),
}

BUILTINS: dict[str, Builtin] = {
    _SWAP + builtin.name.replace(":", "#"): builtin
    for builtin in (
        *(Builtin(name, Kind.COMPARES, make) for name, make in _COMPARISONS.items()),
        *(Builtin(name, Kind.COMPUTES, make) for name, make in _OF_ONE.items()),
        *_OF_LISTS.values(),
        Builtin("log:equalTo", Kind.SAME, lambda inputs: inputs[0]),
    )
}
"""The built-ins by their IRI."""
