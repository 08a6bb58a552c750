"""Expressions of rules as SQL, where SQL says exactly what SPARQL says; every other function is refused by name.

Some functions are exact for some terms only: SQL compares integers, decimals and doubles as SPARQL does,
but neither dates nor numbers of more than 18 digits. For these a ``Doubt`` is noted: a condition that is
true of a solution which SQL would get wrong, so that whoever runs the rule can ask whether there is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pyoxigraph as ox
from sqlglot import exp

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules import sql_terms as terms
from dovetail.reasoning.rules.rule import Call, Expression, GroundTerm, TripleTerm, Variable, term_text
from dovetail.reasoning.rules.sql_terms import ANY, EXACT, Kind, sql, text
from dovetail.reasoning.rules.terms import XSD


@dataclass(frozen=True, slots=True)
class Value:
    """What SQL knows of an expression: the text of its term (NULL for an error) and the kinds it can be of.

    ``truth`` and ``number`` are there where SQL had the value before it had the text, ``characters`` are
    those of a literal that is written out.
    """

    term: exp.Expression
    kinds: frozenset[Kind] = ANY
    truth: exp.Expression | None = None
    number: exp.Expression | None = None
    characters: str | None = None

    def is_of(self, *kinds: Kind) -> exp.Expression:
        """Whether it is of one of these kinds."""
        return terms.is_one_of(self.term, frozenset(kinds), self.kinds)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A condition under which SQL would not say what SPARQL says, and what to call it."""

    condition: exp.Expression
    reason: str


Function: TypeAlias = Callable[["Translation", str, tuple[Value, ...]], Value]

FUNCTIONS: dict[str, Function] = {}
"""What can be said in SQL: operators and functions as ``Call`` names them."""


def function(*names: str) -> Callable[[Function], Function]:
    """Enters a translation under these names."""

    def enter(translate: Function) -> Function:
        FUNCTIONS.update(dict.fromkeys(names, translate))
        return translate

    return enter


class Translation:
    """Expressions over some variables as SQL, with the doubts met on the way."""

    def __init__(self, bound: Mapping[Variable, Value], *, rule: str) -> None:
        self.bound = bound
        self.rule = rule
        self.doubts: list[Doubt] = []

    def value(self, expression: Expression) -> Value:
        """The expression's value; ``RuleError`` if SQL cannot say it."""
        if isinstance(expression, Variable):
            return self.bound[expression]
        if isinstance(expression, TripleTerm):
            raise RuleError(f"rule {self.rule}: a triple term with variables in an expression cannot be said in SQL")
        if not isinstance(expression, Call):
            return constant(expression)
        if expression.function not in FUNCTIONS:
            raise RuleError(
                f"rule {self.rule}: {expression.function} cannot be said in SQL exactly as SPARQL means it; what can: {', '.join(sorted(FUNCTIONS))}"
            )
        return FUNCTIONS[expression.function](self, expression.function, tuple(self.value(argument) for argument in expression.arguments))

    def doubt(self, condition: exp.Expression, reason: str) -> None:
        """Notes what SQL would get wrong."""
        if condition != exp.false():
            self.doubts.append(Doubt(condition, reason))


def constant(term: GroundTerm) -> Value:
    """A term that is written out."""
    written = term_text(term)
    kind = kind_of(written)
    if not isinstance(term, ox.Literal):
        return Value(text(written), frozenset({kind}))
    number = sql(f"CAST(:value AS {terms.NUMBER})", value=text(term.value)) if kind in EXACT else None
    return Value(text(written), frozenset({kind}), number=number, characters=term.value)


def kind_of(written: str) -> Kind:
    """The kind of a term by its N-Triples text.

    >>> kind_of('"5"^^<http://www.w3.org/2001/XMLSchema#integer>').value
    'integer'
    """
    if not written.startswith('"'):
        return Kind.TRIPLE if written.startswith("<<(") else Kind.BLANK if written.startswith("_") else Kind.IRI
    if not written.endswith(">"):
        return Kind.STRING if written.endswith('"') else Kind.LANGUAGE
    return next((kind for kind, pattern in terms.PATTERNS.items() if re.fullmatch(pattern, written)), Kind.OTHER)


def truth(value: Value) -> exp.Expression:
    """The effective boolean value; NULL for an error."""
    if value.truth is not None:
        return value.truth
    found = [sql(":n <> 0", n=exact_number(value))] if value.kinds & EXACT else []
    if Kind.DOUBLE in value.kinds:
        found.append(sql(":n <> 0", n=double(value)))
    if Kind.BOOLEAN in value.kinds:
        found.append(terms.boolean(value.term))
    if Kind.STRING in value.kinds:
        found.append(sql("CASE WHEN :string THEN :term <> :empty END", string=value.is_of(Kind.STRING), term=value.term, empty=text('""')))
    return terms.first(found)


def from_truth(condition: exp.Expression) -> Value:
    """A boolean that SQL found."""
    yes, no = (text(f'"{word}"^^<{XSD}boolean>') for word in ("true", "false"))
    term = sql("CASE WHEN :c THEN :yes WHEN NOT :c THEN :no END", c=exp.paren(condition), yes=yes, no=no)
    return Value(term, frozenset({Kind.BOOLEAN}), truth=condition)


def from_number(number: exp.Expression, *, whole: exp.Expression) -> Value:
    """A number that SQL found: an integer where ``whole`` is true, a decimal elsewhere."""
    integer = sql("CAST(CAST(:n AS BIGINT) AS VARCHAR)", n=number)
    decimal = sql("TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(:n AS VARCHAR)))", n=sql(f"CAST(:n AS {terms.NUMBER})", n=number))
    written = {
        kind: sql("""'"' || :digits || :suffix""", digits=digits, suffix=text(f'"^^<{XSD}{name}>'))
        for kind, digits, name in ((Kind.INTEGER, integer, "integer"), (Kind.DECIMAL, decimal, "decimal"))
    }
    if whole == exp.true():
        return Value(written[Kind.INTEGER], frozenset({Kind.INTEGER}), number=number)
    term = sql("CASE WHEN :whole THEN :integer ELSE :decimal END", whole=whole, integer=written[Kind.INTEGER], decimal=written[Kind.DECIMAL])
    return Value(term, EXACT, number=number)


def exact_number(value: Value) -> exp.Expression:
    """The value of an integer or decimal, else NULL."""
    return value.number if value.number is not None else terms.exact(value.term, value.kinds)


def double(value: Value) -> exp.Expression:
    """The value of any number as a double, else NULL."""
    if value.number is None:
        return terms.floating(value.term, value.kinds)
    # Through text, because engines round once too often on the way from decimal to double.
    return sql("CAST(CAST(:n AS VARCHAR) AS DOUBLE)", n=value.number)
