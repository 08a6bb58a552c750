"""Expressions of FILTER and SET, read by precedence (W3C productions 103 to 118)."""

from __future__ import annotations

from dovetail.reasoning.rules.language.expression import FUNCTIONS, NOT_IN_RULES
from dovetail.reasoning.rules.language.parse_triples import triple_term
from dovetail.reasoning.rules.language.terms import NUMBERS, RDF_TYPE, TermReader
from dovetail.reasoning.rules.rule import Call, Expression, Node

_COMPARISONS = frozenset({"=", "!=", "<", ">", "<=", ">="})


def read_expression(reader: TermReader) -> Expression:
    """The expression here, and steps over it."""
    left = _conjunction(reader)
    while reader.accept("||"):
        left = Call("||", (left, _conjunction(reader)))
    return left


def read_constraint(reader: TermReader) -> Expression:
    """What FILTER takes: an expression in brackets or a function call."""
    if reader.kind == "(":
        return _bracketed(reader)
    if reader.kind in ("iri", "pname") and reader.following in ("(", "nil"):
        return _primary(reader)
    if reader.kind in FUNCTIONS or reader.following in ("(", "nil"):
        return _built_in(reader)
    reader.fail("expected an expression in brackets, or a function, after FILTER")


def _conjunction(reader: TermReader) -> Expression:
    left = _relation(reader)
    while reader.accept("&&"):
        left = Call("&&", (left, _relation(reader)))
    return left


def _relation(reader: TermReader) -> Expression:
    left = _sum(reader)
    if reader.kind in _COMPARISONS:
        operator = reader.advance()
        return Call(operator, (left, _sum(reader)))
    if reader.accept("IN"):
        return Call("IN", (left, *_arguments(reader, where="after IN")))
    if reader.kind == "NOT" and reader.following == "IN":
        reader.advance()
        reader.advance()
        return Call("NOT IN", (left, *_arguments(reader, where="after NOT IN")))
    return left


def _sum(reader: TermReader) -> Expression:
    left = _product(reader)
    while True:
        if reader.kind in ("+", "-"):
            operator = reader.advance()
            left = Call(operator, (left, _product(reader)))
        elif reader.kind in NUMBERS and reader.value[0] in "+-":  # `?a -5` is a subtraction, though -5 is one word
            operator = reader.split_sign()
            left = Call(operator, (left, _factors(reader, reader.literal())))
        else:
            return left


def _product(reader: TermReader) -> Expression:
    return _factors(reader, _unary(reader))


def _factors(reader: TermReader, left: Expression) -> Expression:
    while reader.kind in ("*", "/"):
        operator = reader.advance()
        left = Call(operator, (left, _unary(reader)))
    return left


def _unary(reader: TermReader) -> Expression:
    if reader.kind in ("!", "+", "-"):
        return Call(reader.advance(), (_primary(reader),))
    return _primary(reader)


def _primary(reader: TermReader) -> Expression:
    kind = reader.kind
    if kind == "var":
        return reader.variable()
    if reader.at_literal():
        return reader.literal()
    if kind == "(":
        return _bracketed(reader)
    if kind in ("iri", "pname"):
        iri = reader.iri(where="in an expression")
        if reader.kind in ("(", "nil"):
            return Call(str(iri), _arguments(reader, where="after a function"))
        return iri
    if kind == "<<(":
        return _triple_term(reader)
    return _built_in(reader)


def _bracketed(reader: TermReader) -> Expression:
    reader.expect("(", where="before an expression")
    inner = read_expression(reader)
    reader.expect(")", where="at the end of an expression")
    return inner


def _built_in(reader: TermReader) -> Expression:
    name, at = reader.kind, reader.place
    if name not in FUNCTIONS:
        if name in NOT_IN_RULES:
            reader.fail("SPARQL has this function, SPARQL-RL has not")
        reader.fail("no such function" if reader.following in ("(", "nil") else "expected an expression")
    reader.advance()
    arguments = _arguments(reader, where=f"after {name}")
    least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        takes = str(least) if least == most else f"{least} or more" if most > 9 else f"{least} to {most}"
        reader.fail(f"{name} takes {takes} argument{'s' if takes != '1' else ''}, not {len(arguments)}", at=at)
    return Call(name, arguments)


def _arguments(reader: TermReader, *, where: str) -> tuple[Expression, ...]:
    if reader.accept("nil"):
        return ()
    reader.expect("(", where=where)
    found = [read_expression(reader)]
    while reader.accept(","):
        found.append(read_expression(reader))
    reader.expect(")", where="or a comma among arguments")
    return tuple(found)


def _triple_term(reader: TermReader) -> Expression:
    reader.advance()
    subject = _inner(reader, where="as the subject of a triple term in an expression")
    verb = reader.variable() if reader.kind == "var" else RDF_TYPE if reader.accept("a") else reader.iri(where="as the predicate")
    value = _triple_term(reader) if reader.kind == "<<(" else _inner(reader, where="as the object of a triple term in an expression")
    reader.expect(")>>", where="at the end of a triple term")
    assert not isinstance(value, Call)
    return triple_term(subject, verb, value)


def _inner(reader: TermReader, *, where: str) -> Node:
    if reader.kind == "var":
        return reader.variable()
    return reader.literal() if reader.at_literal() else reader.iri(where=where)
