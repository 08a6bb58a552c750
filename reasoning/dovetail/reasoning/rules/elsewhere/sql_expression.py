"""Expressions of rules as SQL, where SQL says exactly what SPARQL says; every other function is refused by name.

Some functions are exact for some terms only: SQL compares integers, decimals and doubles as SPARQL does,
but neither dates nor numbers of more than 18 digits. For these a ``Doubt`` is noted: a condition that is
true of a solution which SQL would get wrong, so that whoever runs the rule can ask whether there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pyoxigraph as ox
from sqlglot import exp

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.elsewhere import sql_terms as terms
from dovetail.reasoning.rules.elsewhere.sql_terms import ANY, EXACT, LITERALS, NUMBERS, Kind, sql, text
from dovetail.reasoning.rules.language.terms import XSD
from dovetail.reasoning.rules.rule import Call, Expression, GroundTerm, TripleTerm, Variable, term_text


@dataclass(frozen=True, slots=True)
class Reading:
    """What the text of a term stands for: the columns of ``terms``, those that are known."""

    kind: exp.Expr | None = None
    characters: exp.Expr | None = None
    ending: exp.Expr | None = None
    number: exp.Expr | None = None
    floating: exp.Expr | None = None
    truth: exp.Expr | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """The text of a term (NULL for an error), the kinds it can be of, and its reading unless ``terms`` must be asked."""

    term: exp.Expr
    kinds: frozenset[Kind] = ANY
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A condition under which SQL would not say what SPARQL says, and what to call it."""

    condition: exp.Expr
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
    """Expressions over some variables as SQL, with the doubts met on the way.

    ``look_up`` joins the row of ``terms`` for a text and says what it is called.
    """

    def __init__(self, bound: Mapping[Variable, Value], look_up: Callable[[exp.Expr], str], *, rule: str) -> None:
        self.bound = bound
        self.rule = rule
        self.doubts: list[Doubt] = []
        self._look_up = look_up

    def value(self, expression: Expression) -> Value:
        """The expression's value; ``RuleError`` if SQL cannot say it."""
        if isinstance(expression, Variable):
            return self.bound[expression]
        if isinstance(expression, TripleTerm):
            raise RuleError(f"rule {self.rule}: a triple term with variables inside an expression cannot be said in SQL")
        if not isinstance(expression, Call):
            return constant(expression)
        if expression.function not in FUNCTIONS:
            known = ", ".join(sorted(FUNCTIONS))
            raise RuleError(f"rule {self.rule}: SQL does not compute {expression.function} as SPARQL does; it can compute {known}")
        return FUNCTIONS[expression.function](self, expression.function, tuple(map(self.value, expression.arguments)))

    def reading(self, value: Value) -> Reading:
        """What the value's text stands for."""
        if value.reading is not None:
            return value.reading
        if not value.kinds & LITERALS:
            kind = "CASE WHEN :x LIKE '<<(%' THEN 'TRIPLE' WHEN :x LIKE '<%' THEN 'IRI' ELSE 'BLANK' END"
            return Reading(sql(kind, x=value.term))
        row = self._look_up(value.term)
        return Reading(*(exp.column(name, row) for name in ("kind", "characters", "ending", "number", "floating", "truth")))

    def is_of(self, value: Value, *kinds: Kind) -> exp.Expr:
        """Whether the value is of one of these kinds."""
        told = told_by_text(value, frozenset(kinds))
        if told is not None:
            return told
        names = sorted(kind.name for kind in value.kinds.intersection(kinds))
        return exp.In(this=or_null(self.reading(value).kind), expressions=[text(name) for name in names])

    def truth(self, value: Value) -> exp.Expr:
        """The effective boolean value; NULL for an error."""
        if not value.kinds & (NUMBERS | {Kind.BOOLEAN, Kind.STRING, Kind.ODD}):
            return exp.null()
        if Kind.ODD in value.kinds:
            self.doubt(self.is_of(value, Kind.ODD), "the truth of a number that SQL would round")
        return or_null(self.reading(value).truth)

    def doubt(self, condition: exp.Expr, reason: str) -> None:
        """Notes what SQL would get wrong."""
        if condition != exp.false():
            self.doubts.append(Doubt(condition, reason))


_TESTS = {
    Kind.IRI: ":term LIKE '<%' AND NOT :term LIKE '<<(%'",
    Kind.BLANK: "SUBSTRING(:term, 1, 1) = '_'",
    Kind.TRIPLE: ":term LIKE '<<(%'",
}


def told_by_text(value: Value, kinds: frozenset[Kind]) -> exp.Expr | None:
    """Whether the value is of one of these kinds, if its text alone can say so."""
    wanted = kinds & value.kinds
    if wanted == value.kinds:
        return exp.true()
    if wanted & LITERALS and not wanted >= value.kinds & LITERALS:
        return None
    tests = [test for kind, test in _TESTS.items() if kind in wanted]
    tests.extend(["""SUBSTRING(:term, 1, 1) = '"'"""] if wanted & LITERALS else [])
    return terms.some([sql(test, term=value.term) for test in tests])


def constant(term: GroundTerm) -> Value:
    """A term that is written out."""
    written = term_text(term)
    kind = terms.kind_of(written)
    if not isinstance(term, ox.Literal):
        return Value(text(written), frozenset({kind}), Reading(text(kind.name)))
    characters, ending = text(term.value), text(written.rpartition('"')[2])
    number = sql(f"CAST(:x AS {terms.NUMBER})", x=characters) if kind in EXACT else None
    floating = sql("CAST(:x AS DOUBLE)", x=text(term.value.replace("INF", "Infinity"))) if kind in NUMBERS else None
    truth = None
    if kind in NUMBERS:
        truth = exp.convert(float(term.value) != 0)
    elif kind in (Kind.BOOLEAN, Kind.STRING):
        truth = exp.convert(term.value in ("true", "1") if kind is Kind.BOOLEAN else term.value != "")
    return Value(text(written), frozenset({kind}), Reading(text(kind.name), characters, ending, number, floating, truth))


def from_truth(condition: exp.Expr) -> Value:
    """A boolean that SQL found."""
    characters = sql("CASE WHEN :c THEN 'true' WHEN NOT :c THEN 'false' END", c=condition)
    ending = text(f"^^<{XSD}boolean>")
    term = sql("""'"' || :x || '"' || :ending""", x=characters, ending=ending)
    return Value(term, frozenset({Kind.BOOLEAN}), Reading(text(Kind.BOOLEAN.name), characters, ending, truth=condition))


def from_characters(characters: exp.Expr, *, ending: exp.Expr | None = None) -> Value:
    """A string that SQL made, with a language if its ``ending`` is one."""
    kind = text(Kind.STRING.name) if ending is None else sql("CASE WHEN :x = '' THEN 'STRING' ELSE 'LANGUAGE' END", x=ending)
    kinds = frozenset({Kind.STRING}) if ending is None else terms.STRINGS
    end = ending if ending is not None else text("")
    term = terms.literal(characters, end)
    return Value(term, kinds, Reading(kind, characters, end, truth=terms.when(sql(":k = 'STRING'", k=kind), sql(":x <> ''", x=characters))))


def from_number(number: exp.Expr, *, whole: exp.Expr) -> Value:
    """A number that SQL found: an integer where ``whole`` is true, a decimal elsewhere."""
    integer = sql("CAST(CAST(:n AS BIGINT) AS VARCHAR)", n=number)
    decimal = sql(f"TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(CAST(:n AS {terms.NUMBER}) AS VARCHAR)))", n=number)

    def chosen(one: exp.Expr, other: exp.Expr) -> exp.Expr:
        return one if whole == exp.true() else sql("CASE WHEN :whole THEN :one ELSE :other END", whole=whole, one=one, other=other)

    characters, ending = chosen(integer, decimal), chosen(text(f"^^<{XSD}integer>"), text(f"^^<{XSD}decimal>"))
    reading = Reading(
        chosen(text(Kind.INTEGER.name), text(Kind.DECIMAL.name)),
        characters,
        ending,
        number,
        # Through text, because engines round once too often on the way from decimal to double.
        sql("CAST(CAST(:n AS VARCHAR) AS DOUBLE)", n=number),
        sql(":n <> 0", n=number),
    )
    kinds = frozenset({Kind.INTEGER}) if whole == exp.true() else EXACT
    return Value(sql("""'"' || :x || '"' || :ending""", x=characters, ending=ending), kinds, reading)


def or_null(expression: exp.Expr | None) -> exp.Expr:
    """The expression, or NULL where there is none."""
    return expression if expression is not None else exp.null()
