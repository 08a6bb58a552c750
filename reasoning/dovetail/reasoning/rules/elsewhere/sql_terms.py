r"""Terms as SQL sees them: text that is compared, and one table that says what the text of a literal stands for.

    terms (term, kind, characters, ending, number, floating, truth)

A term is text as N-Triples writes it: ``<iri>``, ``_:label``, ``"text"``, ``"text"@en``, ``"5"^^<datatype>``,
``<<( s p o )>>``. Inside a literal ``"``, ``\`` and control characters are escaped, so the last ``"`` ends its
characters, and U+0001 is nowhere. A column that does not apply is NULL, which is SPARQL's error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import cache

import sqlglot
from sqlglot import exp

from dovetail.reasoning.rules.language.terms import XSD

TERMS = "terms"
NUMBER = "DECIMAL(36, 18)"
"""Integers and decimals: 18 digits on either side of the point. Everything beyond is ``Kind.ODD``."""

FACTOR = "DECIMAL(18, 9)"
"""What can be multiplied without rounding."""


class Kind(Enum):
    """What a term can be. Exactly one of them holds for a term."""

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

_DATES = "dateTime|dateTimeStamp|date|time|gYear|gYearMonth|gMonth|gMonthDay|gDay|duration|yearMonthDuration|dayTimeDuration"
_INTEGERS = (
    "integer|byte|short|int|long|unsignedByte|unsignedShort|unsignedInt|unsignedLong"
    "|positiveInteger|negativeInteger|nonPositiveInteger|nonNegativeInteger"
)
_POINT = r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})"
_ANY_POINT = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"

# The first that fits is the kind of a literal with a datatype.
_DATATYPED: tuple[tuple[Kind, str, str], ...] = (
    (Kind.INTEGER, "[+-]?[0-9]{1,18}", _INTEGERS),
    (Kind.ODD, "[+-]?[0-9]+", _INTEGERS),
    (Kind.DECIMAL, _POINT, "decimal"),
    (Kind.ODD, _ANY_POINT, "decimal"),
    (Kind.DOUBLE, rf"[+-]?INF|{_ANY_POINT}([eE][+-]?[0-9]{{1,2}})?", "double"),
    (Kind.ODD, rf"NaN|[+-]?INF|{_ANY_POINT}([eE][+-]?[0-9]+)?", "double|float"),
    (Kind.BOOLEAN, "true|false|1|0", "boolean"),
    (Kind.DATE, r"[^\x01]*", _DATES),
)
_PATTERNS = tuple((kind, rf'^"({lexical})"\^\^<{XSD}({datatypes})>$') for kind, lexical, datatypes in _DATATYPED)
_ESCAPES = {"\\t": "\t", "\\b": "\b", "\\n": "\n", "\\r": "\r", "\\f": "\f", '\\"': '"'}
_MARK = "\x01"


def sql(template: str, **parts: exp.Expr) -> exp.Expr:
    """The SQL of a template, with each ``:name`` in it replaced.

    >>> sql(":x + 1", x=exp.column("age")).sql()
    'age + 1'
    """

    def filled(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Placeholder):
            return node
        part = parts[node.name].copy()
        operator = isinstance(part, exp.Binary | exp.Not | exp.Neg) and isinstance(node.parent, exp.Binary | exp.Unary)
        joined = isinstance(part, exp.DPipe) and isinstance(node.parent, exp.DPipe)
        return exp.paren(part) if operator and not joined else part

    return _parsed(template).transform(filled)


@cache
def _parsed(template: str) -> exp.Expr:
    return sqlglot.parse_one(template)


def text(value: str) -> exp.Expr:
    """A string as SQL, whatever it holds."""
    return exp.Literal.string(value)


def every(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """All of these, without those that are always true."""
    left = [condition for condition in conditions if condition != exp.true()]
    return exp.and_(*left) if left else exp.true()


def some(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """At least one of these, without those that never are."""
    left = [condition for condition in conditions if condition != exp.false()]
    return exp.true() if exp.true() in left else exp.or_(*left) if left else exp.false()


def when(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    """The value where the condition is true, NULL elsewhere."""
    return value if condition == exp.true() else sql("CASE WHEN :condition THEN :value END", condition=condition, value=value)


def first(values: Sequence[exp.Expr]) -> exp.Expr:
    """The first of these that is not NULL."""
    return values[0] if len(values) == 1 else exp.func("COALESCE", *values) if values else exp.null()


def kind_of(written: str) -> Kind:
    """The kind of a term by its N-Triples text.

    >>> kind_of('"5"^^<http://www.w3.org/2001/XMLSchema#integer>').value
    'integer'
    """
    if not written.startswith('"'):
        return Kind.TRIPLE if written.startswith("<<(") else Kind.BLANK if written.startswith("_") else Kind.IRI
    if not written.endswith(">"):
        return Kind.STRING if written.endswith('"') else Kind.LANGUAGE
    return next((kind for kind, pattern in _PATTERNS if re.search(pattern, written)), Kind.OTHER)


@cache
def no_terms(*, dialect: str) -> str:
    """The table ``terms`` without a row."""
    types = {"number": NUMBER, "floating": "DOUBLE", "truth": "BOOLEAN"}
    columns = [
        f"CAST(NULL AS {types.get(name, 'VARCHAR')}) AS {name}"
        for name in ("term", "kind", "characters", "ending", "number", "floating", "truth")
    ]
    return sql(f"SELECT {', '.join(columns)} LIMIT 0").sql(dialect=dialect)


@cache
def terms_query(table: str, *, dialect: str) -> str:
    """The rows of ``terms`` for what stands as object in a table of triples and for what triple terms nest, if they are new."""
    # Nested objects come one level a time: ask until there is no row.
    found = f"SELECT o AS term FROM {table} UNION SELECT :nested AS term FROM {table} WHERE o LIKE '<<(%'"
    nested = f"SELECT :within AS term FROM {TERMS} WHERE term LIKE '<<(%'"
    new = sql(
        f"SELECT f.term FROM ({found} UNION {nested}) AS f WHERE NOT f.term IN (SELECT term FROM {TERMS})",
        nested=object_of(exp.column("o")),
        within=object_of(exp.column("term")),
    )
    ended = sql(
        """SELECT term, CASE WHEN SUBSTRING(term, 1, 1) = '"' THEN REGEXP_REPLACE(term, :start, '') END AS ending FROM (:new) AS n""",
        new=new,
        start=text(r'^[^\x01]*"'),
    )
    typed = " ".join(f"WHEN REGEXP_LIKE(term, :pattern{n}) THEN '{kind.name}'" for n, (kind, _) in enumerate(_PATTERNS))
    read = sql(
        f"""SELECT term, ending, :characters AS characters, CASE
        WHEN term LIKE '<<(%' THEN 'TRIPLE' WHEN term LIKE '<%' THEN 'IRI' WHEN ending IS NULL THEN 'BLANK'
        WHEN ending = '' THEN 'STRING' WHEN ending LIKE '@%' THEN 'LANGUAGE' {typed} ELSE 'OTHER' END AS kind FROM (:ended) AS e""",
        ended=ended,
        characters=_unescaped(sql("SUBSTRING(term, 2, LENGTH(term) - LENGTH(ending) - 2)")),
        **{f"pattern{n}": text(pattern) for n, (_, pattern) in enumerate(_PATTERNS)},
    )
    number = f"TRY_CAST(characters AS {NUMBER})"
    floating = "TRY_CAST(REPLACE(characters, 'INF', 'Infinity') AS DOUBLE)"
    query = sql(
        f"""SELECT term, kind, characters, ending,
        CASE WHEN kind IN ('INTEGER', 'DECIMAL') THEN {number} END AS number,
        CASE WHEN kind IN ('INTEGER', 'DECIMAL', 'DOUBLE') THEN {floating} END AS floating,
        CASE WHEN kind = 'STRING' THEN term <> '""' WHEN kind = 'BOOLEAN' THEN characters IN ('true', '1')
        WHEN kind IN ('INTEGER', 'DECIMAL') THEN {number} <> 0 WHEN kind = 'DOUBLE' THEN {floating} <> 0 END AS truth
        FROM (:read) AS r""",
        read=read,
    )
    return query.sql(dialect=dialect)


def _unescaped(characters: exp.Expr) -> exp.Expr:
    """The characters themselves; NULL where one is written as its code (U+0001, U+007F and the like)."""
    plain = sql("REPLACE(:x, :two, :mark)", x=characters, two=text("\\\\"), mark=text(_MARK))
    for written, meant in _ESCAPES.items():
        plain = sql("REPLACE(:x, :written, :meant)", x=plain, written=text(written), meant=text(meant))
    # What still begins with a backslash is a code.
    return sql("CASE WHEN STRPOS(:x, :one) = 0 THEN REPLACE(:x, :mark, :one) END", x=plain, mark=text(_MARK), one=text("\\"))


def literal(characters: exp.Expr, ending: exp.Expr) -> exp.Expr:
    """The text of a literal with these characters."""
    written = sql("REPLACE(:x, :one, :two)", x=characters, one=text("\\"), two=text("\\\\"))
    for escape, meant in _ESCAPES.items():
        written = sql("REPLACE(:x, :meant, :escape)", x=written, meant=text(meant), escape=text(escape))
    return sql("""'"' || :x || '"' || :ending""", x=written, ending=ending)


def subject_of(triple: exp.Expr) -> exp.Expr:
    """The first part of a triple term."""
    return sql("SPLIT_PART(:x, ' ', 2)", x=triple)


def predicate_of(triple: exp.Expr) -> exp.Expr:
    """The second part of a triple term."""
    return sql("SPLIT_PART(:x, ' ', 3)", x=triple)


def object_of(triple: exp.Expr) -> exp.Expr:
    """The third part of a triple term, itself one perhaps."""
    start = sql("LENGTH(:s) + LENGTH(:p) + 7", s=subject_of(triple), p=predicate_of(triple))
    return sql("SUBSTRING(:x, :start, LENGTH(:x) - :start - 3)", x=triple, start=start)
