r"""SQL over the text of a term: what kind it is, which number it stands for, which characters it holds.

A term is text as N-Triples writes it: ``<iri>``, ``_:label``, ``"text"``, ``"text"@en``, ``"5"^^<datatype>``,
``<<( s p o )>>``. Inside a literal ``"``, ``\`` and control characters are escaped, so that the last ``"``
ends its characters, and U+0001 is nowhere. A question that does not apply is NULL: SPARQL's error.
"""

from __future__ import annotations

from enum import Enum
from functools import cache

import sqlglot
from sqlglot import exp

from dovetail.reasoning.rules.terms import XSD

NUMBER = "DECIMAL(36, 18)"
"""Integers and decimals: 18 digits on either side of the point. Everything beyond is ``Kind.ODD``."""

FACTOR = "DECIMAL(18, 9)"
"""What can be multiplied without rounding."""


class Kind(Enum):
    """What a term can be. Only one of them holds for a term."""

    IRI = "IRI"
    BLANK = "blank node"
    TRIPLE = "triple term"
    STRING = "string"
    LANGUAGE = "string with a language"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    ODD = "number that SQL would round"
    DATE = "date, time or duration"
    OTHER = "literal of another or the wrong datatype"


NODES = frozenset({Kind.IRI, Kind.BLANK})
EXACT = frozenset({Kind.INTEGER, Kind.DECIMAL})
NUMBERS = EXACT | {Kind.DOUBLE}
STRINGS = frozenset({Kind.STRING, Kind.LANGUAGE})
TYPED = NUMBERS | {Kind.STRING, Kind.BOOLEAN, Kind.ODD, Kind.DATE, Kind.OTHER}
LITERALS = TYPED | {Kind.LANGUAGE}
ANY = LITERALS | NODES | {Kind.TRIPLE}

_INTEGERS = (
    "integer|byte|short|int|long|unsignedByte|unsignedShort|unsignedInt|unsignedLong"
    "|positiveInteger|negativeInteger|nonPositiveInteger|nonNegativeInteger"
)
_DATES = (
    "dateTime|dateTimeStamp|date|time|gYear|gYearMonth|gMonth|gMonthDay|gDay|duration|yearMonthDuration|dayTimeDuration"
)
_WHOLE = "[+-]?[0-9]{1,18}"
_POINT = r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})"
_FLOATING = r"[+-]?(INF|([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?)"
_ANY_FLOATING = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"


def _typed(lexical: str, datatypes: str) -> str:
    return rf'"({lexical})"\^\^<{XSD}({datatypes})>'


PATTERNS = {
    Kind.INTEGER: _typed(_WHOLE, _INTEGERS),
    Kind.DECIMAL: _typed(_POINT, "decimal"),
    Kind.DOUBLE: _typed(_FLOATING, "double"),
    Kind.ODD: "|".join(
        (
            _typed("[+-]?[0-9]{19,}", _INTEGERS),
            _typed(r"[+-]?([0-9]{19,}(\.[0-9]*)?|[0-9]*\.[0-9]{19,})", "decimal"),
            _typed(r"NaN|[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]{3,}", "double"),
            _typed(rf"NaN|[+-]?INF|{_ANY_FLOATING}", "float"),
        )
    ),
    Kind.DATE: _typed(r"[^\x01]*", _DATES),
    Kind.BOOLEAN: _typed("true|false|1|0", "boolean"),
}
_ESCAPES = {"\\t": "\t", "\\b": "\b", "\\n": "\n", "\\r": "\r", "\\f": "\f", '\\"': '"'}


def sql(template: str, **parts: exp.Expression) -> exp.Expression:
    """The SQL of a template, with each ``:name`` in it replaced.

    >>> sql(":x + 1", x=exp.column("age")).sql()
    'age + 1'
    """

    def filled(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Placeholder):
            return node
        part = parts[node.name].copy()
        return exp.paren(part) if isinstance(part, exp.Binary | exp.Not) and isinstance(node.parent, exp.Binary | exp.Unary) else part

    return _parsed(template).transform(filled)


@cache
def _parsed(template: str) -> exp.Expression:
    return sqlglot.parse_one(template)


def text(value: str) -> exp.Expression:
    """A string as SQL, whatever it holds."""
    return exp.Literal.string(value)


def every(conditions: list[exp.Expression]) -> exp.Expression:
    """All of these."""
    return exp.and_(*conditions) if conditions else exp.true()


def some(conditions: list[exp.Expression]) -> exp.Expression:
    """At least one of these."""
    return exp.or_(*conditions) if conditions else exp.false()


def first(values: list[exp.Expression]) -> exp.Expression:
    """The first of these that is not NULL."""
    return values[0] if len(values) == 1 else exp.func("COALESCE", *values) if values else exp.null()


def matches(term: exp.Expression, pattern: str) -> exp.Expression:
    """Whether a term's whole text is of this form."""
    return sql("REGEXP_LIKE(:term, :pattern)", term=term, pattern=text(f"^({pattern})$"))


def is_a(term: exp.Expression, kind: Kind) -> exp.Expression:
    """Whether a term is of one kind; never NULL for a term."""
    if kind in PATTERNS:
        return matches(term, PATTERNS[kind])
    if kind is Kind.OTHER:
        known = [is_a(term, other) for other in (*PATTERNS,)]
        return sql(""":term LIKE '"%>' AND NOT (:known)""", term=term, known=some(known))
    return sql(
        {
            Kind.IRI: ":term LIKE '<%' AND NOT :term LIKE '<<(%'",
            Kind.BLANK: "SUBSTRING(:term, 1, 1) = '_'",
            Kind.TRIPLE: ":term LIKE '<<(%'",
            Kind.STRING: """:term LIKE '"%"'""",
            Kind.LANGUAGE: """:term LIKE '"%' AND NOT :term LIKE '%"' AND NOT :term LIKE '%>'""",
        }[kind],
        term=term,
    )


def is_one_of(term: exp.Expression, kinds: frozenset[Kind], possible: frozenset[Kind]) -> exp.Expression:
    """Whether a term is of one of these kinds, when it can only be of the ``possible`` ones."""
    wanted = kinds & possible
    if wanted == possible:
        return exp.true()
    if wanted == LITERALS & possible:
        return sql("""SUBSTRING(:term, 1, 1) = '"'""", term=term)
    return some([is_a(term, kind) for kind in sorted(wanted, key=lambda kind: kind.name)])


def suffix(literal: exp.Expression) -> exp.Expression:
    """What follows the characters of a literal: nothing, ``@language`` or ``^^<datatype>``."""
    return sql("REGEXP_REPLACE(:x, :start, '')", x=literal, start=text(r'^[^\x01]*"'))


def escaped(literal: exp.Expression) -> exp.Expression:
    """The characters of a literal as N-Triples writes them."""
    return sql("SUBSTRING(:x, 2, LENGTH(:x) - LENGTH(:suffix) - 2)", x=literal, suffix=suffix(literal))


def unescape(characters: exp.Expression) -> exp.Expression:
    """The characters themselves. Those that `has_control` sees are not undone."""
    plain = sql("REPLACE(:x, :two, :mark)", x=characters, two=text("\\\\"), mark=text("\x01"))
    for written, meant in _ESCAPES.items():
        plain = sql("REPLACE(:x, :written, :meant)", x=plain, written=text(written), meant=text(meant))
    return sql("REPLACE(:x, :mark, :one)", x=plain, mark=text("\x01"), one=text("\\"))


def has_control(literal: exp.Expression) -> exp.Expression:
    """Whether a literal holds a character that is written as its code (U+0001, U+007F and the like)."""
    return sql("STRPOS(REPLACE(:x, :two, ''), :code) > 0", x=literal, two=text("\\\\"), code=text("\\u"))


def exact(term: exp.Expression, possible: frozenset[Kind]) -> exp.Expression:
    """The value of an integer or decimal, else NULL."""
    kinds = EXACT & possible
    value = sql(f"""TRY_CAST(SPLIT_PART(:term, '"', 2) AS {NUMBER})""", term=term)
    return sql("CASE WHEN :number THEN :value END", number=some([is_a(term, kind) for kind in sorted(kinds, key=_name)]), value=value)


def floating(term: exp.Expression, possible: frozenset[Kind]) -> exp.Expression:
    """The value of any number as a double, else NULL."""
    kinds = sorted(NUMBERS & possible, key=_name)
    value = sql("""TRY_CAST(REPLACE(SPLIT_PART(:term, '"', 2), 'INF', 'Infinity') AS DOUBLE)""", term=term)
    return sql("CASE WHEN :number THEN :value END", number=some([is_a(term, kind) for kind in kinds]), value=value)


def boolean(term: exp.Expression) -> exp.Expression:
    """The value of a boolean, else NULL."""
    return sql(
        "CASE WHEN :term IN (:true, :one) THEN TRUE WHEN :term IN (:false, :zero) THEN FALSE END",
        term=term,
        **{name: text(f'"{value}"^^<{XSD}boolean>') for name, value in zip(("true", "one", "false", "zero"), ("true", "1", "false", "0"), strict=True)},
    )


def subject_of(triple: exp.Expression) -> exp.Expression:
    """The first part of a triple term."""
    return sql("SPLIT_PART(:x, ' ', 2)", x=triple)


def predicate_of(triple: exp.Expression) -> exp.Expression:
    """The second part of a triple term."""
    return sql("SPLIT_PART(:x, ' ', 3)", x=triple)


def object_of(triple: exp.Expression) -> exp.Expression:
    """The third part of a triple term, itself one perhaps."""
    start = sql("LENGTH(:s) + LENGTH(:p) + 7", s=subject_of(triple), p=predicate_of(triple))
    return sql("SUBSTRING(:x, :start, LENGTH(:x) - :start - 3)", x=triple, start=start)


def _name(kind: Kind) -> str:
    return kind.name
