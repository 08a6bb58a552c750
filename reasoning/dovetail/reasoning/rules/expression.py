"""Expressions, written as SPARQL writes them and computed by Oxigraph, which knows every function of SPARQL 1.2.

Oxigraph keeps numbers and dates by value: ``STR("01"^^xsd:integer)`` is ``"1"``, and language tags are in
small letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyoxigraph as ox

from dovetail.reasoning.rules.rule import Call, Expression, Fresh, GroundTerm, TripleTerm, Variable, term_text, variables
from dovetail.reasoning.rules.terms import XSD

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

_CREATES = frozenset({"BNODE", "UUID", "STRUUID"})


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
    used = sorted({variable.name for variable in variables(expression)} & set(names))
    columns = [names.index(name) for name in used]
    projected = [tuple(row[column] for column in columns) for row in rows]
    numbers = range(len(rows)) if _makes_terms(expression) else _first_of_each(projected)
    store = ox.Store()
    store.bulk_extend(_quads(projected, sorted(set(numbers))))
    bindings = "".join(f"?row <{_COLUMN}{column}> ?{name} . " for column, name in enumerate(used))
    text = expression_text(_with_now(expression, now))
    values: dict[int, GroundTerm | None] = {}
    found = store.query(f"SELECT ?number ?value {{ ?row <{_ROW}> ?number . {bindings} BIND({text} AS ?value) }}")
    assert isinstance(found, ox.QuerySolutions)
    for solution in found:
        values[int(solution["number"].value)] = solution["value"]  # type: ignore[union-attr]  # a number is a literal
    return [values[number] for number in numbers]


def true_rows(expression: Expression, names: tuple[str, ...], rows: Sequence[tuple[GroundTerm, ...]], *, now: ox.Literal) -> list[bool]:
    """Whether FILTER keeps each row: the expression's effective boolean value is true, and no error.

    >>> true_rows(Variable("x"), ("x",), [(ox.Literal("full"),), (ox.Literal(""),), (ox.NamedNode("urn:x"),)], now=ox.Literal(""))
    [True, False, False]
    """
    value = Call("!", (Call("!", (expression,)),))
    return [term == _TRUE for term in evaluate_rows(value, names, rows, now=now)]


_ROW = "urn:dovetail:row"
_COLUMN = "urn:dovetail:column:"
_TRUE = ox.Literal(True)


def calls(expression: Expression) -> Iterator[Call]:
    """Every call inside the expression, the outermost first."""
    if isinstance(expression, Call):
        yield expression
        for argument in expression.arguments:
            yield from calls(argument)


def _makes_terms(expression: Expression) -> bool:
    return any(call.function in _CREATES for call in calls(expression))


def _with_now(expression: Expression, now: ox.Literal) -> Expression:
    if not isinstance(expression, Call):
        return expression
    if expression.function == "NOW":
        return now
    return Call(expression.function, tuple(_with_now(argument, now) for argument in expression.arguments))


def _first_of_each(rows: Sequence[tuple[GroundTerm, ...]]) -> list[int]:
    """For each row, the number of the first that equals it."""
    first: dict[tuple[GroundTerm, ...], int] = {}
    return [first.setdefault(row, number) for number, row in enumerate(rows)]


def _quads(rows: Sequence[tuple[GroundTerm, ...]], numbers: Sequence[int]) -> Iterator[ox.Quad]:
    row_number = ox.NamedNode(_ROW)
    columns = [ox.NamedNode(f"{_COLUMN}{column}") for column in range(len(rows[0]) if rows else 0)]
    for number in numbers:
        node = ox.NamedNode(f"{_ROW}:{number}")
        yield ox.Quad(node, row_number, ox.Literal(number))
        for column, term in zip(columns, rows[number], strict=True):
            yield ox.Quad(node, column, term)
