"""Expressions, written as SPARQL writes them and computed by Oxigraph, which knows every function of SPARQL 1.2.

Oxigraph keeps numbers and dates by value: ``STR("01"^^xsd:integer)`` is ``"1"``, and language tags are in
small letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyoxigraph as ox

from dovetail.reasoning.rules.language.terms import XSD
from dovetail.reasoning.rules.rule import Call, Expression, Fresh, GroundTerm, TripleTerm, Variable, term_text

_ONE = """STR LANG LANGDIR DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI YEAR MONTH DAY HOURS MINUTES
    SECONDS TIMEZONE TZ ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC HASLANG HASLANGDIR ISTRIPLE SUBJECT PREDICATE OBJECT"""
_TWO = "LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT SAMETERM"

FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(_ONE.split(), (1, 1)),
    **dict.fromkeys(_TWO.split(), (2, 2)),
    **dict.fromkeys("IF STRLANGDIR TRIPLE".split(), (3, 3)),
    **dict.fromkeys("NOW UUID STRUUID".split(), (0, 0)),
    "BNODE": (0, 1),
    "CONCAT": (0, 1_000_000),
    "SUBSTR": (2, 3),
    "REGEX": (2, 3),
    "REPLACE": (3, 4),
}
"""The built-in functions of SPARQL-RL, with the fewest and the most arguments that each takes."""

NOT_IN_RULES = frozenset("BOUND COALESCE EXISTS RAND MD5 SHA1 SHA256 SHA384 SHA512".split())
"""Functions of SPARQL that SPARQL-RL leaves out on purpose."""

CASTS = frozenset(f"<{XSD}{name}>" for name in "boolean integer decimal float double string dateTime date time duration".split())
"""The functions called by IRI that there are."""

CREATES = frozenset({"BNODE", "UUID", "STRUUID"})
"""Functions that make another term each time: their value must be computed for each solution, equal or not."""


def expression_text(expression: Expression, *, term: Callable[[GroundTerm], str] = term_text) -> str:
    """The expression in SPARQL, bracketed so that no precedence need be known; ``term`` writes its constants.

    >>> expression_text(Call("+", (Variable("x"), Call("STRLEN", (ox.Literal("a"),)))))
    '(?x + STRLEN("a"))'
    """
    if isinstance(expression, Variable):
        return f"?{expression.name}"
    if isinstance(expression, TripleTerm):
        inner = (expression.subject, expression.predicate, expression.object)
        assert not any(isinstance(node, Fresh) for node in inner), "an expression holds no blank node of a head"
        return f"<<( {' '.join(expression_text(node, term=term) for node in inner if not isinstance(node, Fresh))} )>>"
    if not isinstance(expression, Call):
        return term(expression)
    arguments = [expression_text(argument, term=term) for argument in expression.arguments]
    function = expression.function
    if function in ("IN", "NOT IN"):
        return f"({arguments[0]} {function} ({', '.join(arguments[1:])}))"
    if function[0] == "<" and function[-1] == ">":
        return f"{term(ox.NamedNode(function[1:-1]))}({', '.join(arguments)})"
    if function[0].isalpha():
        return f"{function}({', '.join(arguments)})"
    return f"({function} {arguments[0]})" if len(arguments) == 1 else f"({arguments[0]} {function} {arguments[1]})"


def evaluate_rows(
    expression: Expression, names: tuple[str, ...], rows: Sequence[tuple[GroundTerm, ...]], *, now: ox.Literal
) -> list[GroundTerm | None]:
    """The value of the expression for each row of bindings, None where it has none (an error, in SPARQL's sense).

    ``names`` are the variables that the columns bind; ``now`` is what NOW() is. All rows are computed at once.

    >>> twice = Call("*", (Variable("x"), ox.Literal(2)))
    >>> [str(value) for value in evaluate_rows(twice, ("x",), [(ox.Literal(4),), (ox.Literal("four"),)], now=ox.Literal(""))]
    ['"8"^^<http://www.w3.org/2001/XMLSchema#integer>', 'None']
    """
    text = expression_text(_with_now(expression, now))
    row_name, value_name = "r" * (1 + max(map(len, names), default=0)), "v" * (1 + max(map(len, names), default=0))  # not the rules' own
    values: list[GroundTerm | None] = [None] * len(rows)
    for where, store in _tables(names, rows, row_name):
        found = store.query(f"SELECT ?{row_name} ?{value_name} {{ {where} BIND({text} AS ?{value_name}) }}")
        assert isinstance(found, ox.QuerySolutions)
        for number, value in found:
            values[int(number.value)] = value
    return values


def true_rows(expression: Expression, names: tuple[str, ...], rows: Sequence[tuple[GroundTerm, ...]], *, now: ox.Literal) -> list[bool]:
    """Whether FILTER keeps each row: the expression's effective boolean value is true, and no error.

    >>> true_rows(Variable("x"), ("x",), [(ox.Literal("full"),), (ox.Literal(""),), (ox.NamedNode("urn:x"),)], now=ox.Literal(""))
    [True, False, False]
    """
    value = Call("!", (Call("!", (expression,)),))
    return [term == _TRUE for term in evaluate_rows(value, names, rows, now=now)]


_TRUE = ox.Literal(True)
_EMPTY = ox.Store()
_AT_ONCE = 50_000  # rows in one query, which is text: a bound on memory


def calls(expression: Expression) -> Iterator[Call]:
    """Every call inside the expression, the outermost first."""
    if isinstance(expression, Call):
        yield expression
        for argument in expression.arguments:
            yield from calls(argument)


def _with_now(expression: Expression, now: ox.Literal) -> Expression:
    if not isinstance(expression, Call):
        return expression
    if expression.function == "NOW":
        return now
    return Call(expression.function, tuple(_with_now(argument, now) for argument in expression.arguments))


def _tables(names: tuple[str, ...], rows: Sequence[tuple[GroundTerm, ...]], row_name: str) -> Iterator[tuple[str, ox.Store]]:
    """The rows as patterns that bind ``names``, and ``row_name`` to the row's number, with the stores to ask.

    They are written into the query as VALUES (3 to 4 times faster than through a store), but for those with
    blank nodes, which a query cannot name.
    """
    nameless = [number for number, row in enumerate(rows) if any(map(_nameless, row))]
    kept_apart = set(nameless)
    plain = [number for number in range(len(rows)) if number not in kept_apart]
    variables = " ".join(f"?{name}" for name in (row_name, *names))
    for start in range(0, len(plain), _AT_ONCE):
        lines = (f"({number} {' '.join(map(term_text, rows[number]))})" for number in plain[start : start + _AT_ONCE])
        yield f"VALUES ({variables}) {{ {' '.join(lines)} }}", _EMPTY
    if nameless:
        columns = [ox.NamedNode(f"urn:dovetail:column:{column}") for column in range(len(names) + 1)]
        store = ox.Store()
        for number in nameless:
            row = ox.BlankNode()
            store.extend(ox.Quad(row, column, term) for column, term in zip(columns, (ox.Literal(number), *rows[number]), strict=True))
        yield " ".join(f"?{row_name}{row_name} {column} ?{name} ." for column, name in zip(columns, (row_name, *names), strict=True)), store


def _nameless(term: GroundTerm) -> bool:
    """Whether it is a blank node, or has one inside."""
    return isinstance(term, ox.BlankNode) or (isinstance(term, ox.Triple) and (_nameless(term.subject) or _nameless(term.object)))
