"""The operators and functions of SPARQL that SQL says exactly, each with the terms for which it would not."""

from __future__ import annotations

import re
from dataclasses import astuple
from itertools import pairwise

from sqlglot import exp

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.elsewhere import sql_terms as terms
from dovetail.reasoning.rules.elsewhere.sql_expression import (
    Reading,
    Translation,
    Value,
    from_characters,
    from_number,
    from_truth,
    function,
    or_null,
)
from dovetail.reasoning.rules.elsewhere.sql_terms import EXACT, LITERALS, NUMBERS, STRINGS, TYPED, Kind, sql, text
from dovetail.reasoning.rules.language.terms import RDF, XSD

# Characters, classes, groups and repetition, which every engine reads alike; anchors at the two ends.
_SIMPLE_PATTERN = re.compile(
    r"""\^?(?:[(|]|(?:[\w #/:~@%,;=&'"<>!-]|\\[.^$*+?()\[\]{}|\\/-]|\[\^?[\w #/:.-]+\]|\))(?:[?*+]|\{\d+(?:,\d*)?\})?)*\$?""", re.ASCII
)
_INEXACT = (Kind.DOUBLE, Kind.ODD, Kind.DATE)


@function("&&")
def _and(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    return from_truth(exp.and_(*map(translation.truth, values)))


@function("||")
def _or(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    return from_truth(exp.or_(*map(translation.truth, values)))


@function("!")
def _not(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    return from_truth(exp.not_(translation.truth(values[0])))


@function("SAMETERM")
def _same_term(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    return from_truth(_alike(*values))


@function("=", "!=")
def _equal(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    equal = _equality(translation, *values)
    return from_truth(exp.not_(equal) if name == "!=" else equal)


@function("IN", "NOT IN")
def _in(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    found = terms.some([_equality(translation, values[0], value) for value in values[1:]])
    return from_truth(exp.not_(found) if name == "NOT IN" else found)


def _equality(translation: Translation, a: Value, b: Value) -> exp.Expr:
    """Whether two terms are alike or their values are; of a literal with a datatype of its own nobody knows (NULL)."""
    unknown = []
    for one, other in ((a, b), (b, a)):
        if other.kinds & TYPED and one.kinds & {Kind.ODD, Kind.DATE}:
            beyond = exp.and_(translation.is_of(one, Kind.ODD, Kind.DATE), translation.is_of(other, *TYPED), exp.not_(_alike(a, b)))
            translation.doubt(beyond, "= of a date, or of a number that SQL would round")
        if other.kinds & TYPED and Kind.OTHER in one.kinds:
            unknown.append(terms.every([translation.is_of(one, Kind.OTHER), translation.is_of(other, *TYPED)]))
    if Kind.TRIPLE in a.kinds & b.kinds:
        both = exp.and_(translation.is_of(a, Kind.TRIPLE), translation.is_of(b, Kind.TRIPLE), exp.not_(_alike(a, b)))
        translation.doubt(both, "= of triple terms")
    by_value = _compared(translation, "=", a, b)
    if Kind.BOOLEAN in a.kinds & b.kinds:
        booleans = terms.every([translation.is_of(a, Kind.BOOLEAN), translation.is_of(b, Kind.BOOLEAN)])
        by_value.append(terms.when(booleans, sql(":a = :b", a=translation.truth(a), b=translation.truth(b))))
    if not unknown and not by_value:
        return _alike(a, b)
    no = sql("CASE WHEN NOT :alike THEN FALSE END", alike=_alike(a, b))
    return sql(
        "CASE WHEN :alike THEN TRUE WHEN :unknown THEN NULL ELSE :value END",
        alike=_alike(a, b), unknown=terms.some(unknown), value=terms.first([*by_value, no]),
    )  # fmt: skip


def _alike(a: Value, b: Value) -> exp.Expr:
    return sql(":a = :b", a=a.term, b=b.term)


def _compared(translation: Translation, operator: str, a: Value, b: Value) -> list[exp.Expr]:
    """The comparison of two numbers: exactly where both are exact, else as doubles."""
    found: list[exp.Expr] = []
    if a.kinds & NUMBERS and b.kinds & NUMBERS:
        one, other = translation.reading(a), translation.reading(b)
        if a.kinds & EXACT and b.kinds & EXACT:
            found.append(sql(f":a {operator} :b", a=or_null(one.number), b=or_null(other.number)))
        if Kind.DOUBLE in a.kinds | b.kinds:
            found.append(sql(f":a {operator} :b", a=or_null(one.floating), b=or_null(other.floating)))
    return found


@function("<", ">", "<=", ">=")
def _ordered(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    a, b = values
    for one, other in ((a, b), (b, a)):
        if Kind.ODD in one.kinds and other.kinds & (NUMBERS | {Kind.ODD}):
            unsure = exp.and_(translation.is_of(one, Kind.ODD), translation.is_of(other, Kind.ODD, *NUMBERS))
            translation.doubt(unsure, f"{name} of a number that SQL would round")
    for kind in (Kind.DATE, Kind.LANGUAGE, Kind.BOOLEAN):
        if kind in a.kinds & b.kinds:
            both = exp.and_(translation.is_of(a, kind), translation.is_of(b, kind), exp.not_(_alike(a, b)))
            translation.doubt(both, f"{name} of two terms of kind {kind.value!r}")
    found = _compared(translation, name, a, b)
    if Kind.STRING in a.kinds & b.kinds:
        strings = terms.every([translation.is_of(a, Kind.STRING), translation.is_of(b, Kind.STRING)])
        found.append(terms.when(strings, sql(f":a {name} :b", a=_characters(translation, a), b=_characters(translation, b))))
    if a.kinds & b.kinds - NUMBERS - {Kind.STRING}:  # other terms have no order, but Oxigraph finds each level with itself
        found.append(terms.when(_alike(a, b), exp.convert(name in ("<=", ">="))))
    return from_truth(terms.first(found))


@function("+", "-", "*")
def _arithmetic(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    numbers = [_number(translation, name, value) for value in values]
    if len(values) == 1:
        result = sql("-:n", n=numbers[0]) if name == "-" else numbers[0]
    elif name == "*":
        a, b = (sql(f"CASE WHEN TRY_CAST(:n AS {terms.FACTOR}) = :n THEN TRY_CAST(:n AS {terms.FACTOR}) END", n=n) for n in numbers)
        result = sql(":a * :b", a=a, b=b)
    else:
        result = sql(f":a {name} :b", a=numbers[0], b=numbers[1])
    fitting = sql(f"TRY_CAST(:n AS {terms.NUMBER})", n=result)
    translation.doubt(
        exp.and_(*(sql(":n IS NOT NULL", n=n) for n in numbers), sql(":n IS NULL", n=fitting)), f"{name} of numbers with too many digits"
    )
    return from_number(fitting, whole=terms.every([translation.is_of(value, Kind.INTEGER) for value in values]))


@function("ABS")
def _absolute(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    return from_number(sql("ABS(:n)", n=_number(translation, name, values[0])), whole=translation.is_of(values[0], Kind.INTEGER))


def _number(translation: Translation, name: str, value: Value) -> exp.Expr:
    if value.kinds.intersection(_INEXACT):
        translation.doubt(translation.is_of(value, *_INEXACT), f"{name} of a double, a date, or a number that SQL would round")
    return or_null(translation.reading(value).number) if value.kinds & EXACT else sql(f"CAST(NULL AS {terms.NUMBER})")


@function("ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISNUMERIC", "ISTRIPLE")
def _is_kind(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    kinds = {
        "ISBLANK": {Kind.BLANK},
        "ISLITERAL": LITERALS,
        "ISNUMERIC": NUMBERS | {Kind.ODD},
        "ISTRIPLE": {Kind.TRIPLE},
    }.get(name, {Kind.IRI})
    return from_truth(terms.when(sql(":x IS NOT NULL", x=values[0].term), translation.is_of(values[0], *kinds)))


@function("IF")
def _if(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    condition, one, other = translation.truth(values[0]), values[1], values[2]

    def chosen(a: exp.Expr | None, b: exp.Expr | None) -> exp.Expr | None:
        if a is None and b is None:
            return None
        return sql("CASE WHEN :c THEN :a WHEN NOT :c THEN :b END", c=condition, a=or_null(a), b=or_null(b))

    readings = [astuple(translation.reading(value)) for value in (one, other)]
    reading = Reading(*(chosen(a, b) for a, b in zip(*readings, strict=True)))
    return Value(or_null(chosen(one.term, other.term)), one.kinds | other.kinds, reading)


@function("STR")
def _str(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    found = []
    if value.kinds & LITERALS:
        found.append(terms.when(translation.is_of(value, *LITERALS), _characters(translation, value)))
    if Kind.IRI in value.kinds:
        found.append(terms.when(translation.is_of(value, Kind.IRI), sql("SUBSTRING(:x, 2, LENGTH(:x) - 2)", x=value.term)))
    return from_characters(terms.first(found))


@function("LANG")
def _lang(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    if not value.kinds & LITERALS:
        return from_characters(exp.null())
    ending = or_null(translation.reading(value).ending)
    language = "SPLIT_PART(SUBSTRING(:x, 2), '--', 1)"
    return from_characters(sql(f"CASE WHEN :x LIKE '@%' THEN {language} WHEN :x IS NOT NULL THEN '' END", x=ending))


@function("DATATYPE")
def _datatype(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    if not value.kinds & LITERALS:
        return Value(exp.null(), frozenset({Kind.IRI}))
    ending = or_null(translation.reading(value).ending)
    term = sql(
        """CASE WHEN :x = '' THEN :string WHEN :x LIKE '@%--%' THEN :directed WHEN :x LIKE '@%' THEN :language ELSE SUBSTRING(:x, 3) END""",
        x=ending, string=text(f"<{XSD}string>"), directed=text(f"<{RDF}dirLangString>"), language=text(f"<{RDF}langString>"),
    )  # fmt: skip
    return Value(term, frozenset({Kind.IRI}))


@function("STRLEN")
def _strlen(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    length = sql(f"CAST(LENGTH(:x) AS {terms.NUMBER})", x=_characters(translation, values[0]))
    return from_number(terms.when(translation.is_of(values[0], *STRINGS), length), whole=exp.true())


@function("CONTAINS", "STRSTARTS", "STRENDS")
def _search(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    a, b = values
    fits = [translation.is_of(b, Kind.STRING)]
    if Kind.LANGUAGE in a.kinds & b.kinds:
        endings = [or_null(translation.reading(value).ending) for value in values]
        fits.append(exp.and_(translation.is_of(b, Kind.LANGUAGE), sql(":a = :b", a=endings[0], b=endings[1])))
    template = {"CONTAINS": "CONTAINS(:a, :b)", "STRSTARTS": "STARTS_WITH(:a, :b)", "STRENDS": "ENDS_WITH(:a, :b)"}[name]
    found = sql(template, a=_characters(translation, a), b=_characters(translation, b))
    return from_truth(terms.when(terms.every([translation.is_of(a, *STRINGS), terms.some(fits)]), found))


@function("REGEX")
def _regex(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    written = translation.reading(values[1]).characters if values[1].kinds == {Kind.STRING} and len(values) == 2 else None
    if not isinstance(written, exp.Literal) or not _SIMPLE_PATTERN.fullmatch(written.this):
        raise RuleError(f"rule {translation.rule}: SQL engines differ about REGEX, unless its pattern is a simple constant without flags")
    # To some engines $ is also before a last line break, to none is \z.
    pattern = text(re.sub(r"(?<!\\)\$$", r"\\z", written.this))
    found = sql("REGEXP_LIKE(:x, :pattern)", x=_characters(translation, values[0]), pattern=pattern)
    return from_truth(terms.when(translation.is_of(values[0], *STRINGS), found))


@function("CONCAT")
def _concat(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    if not values:
        return from_characters(text(""))
    parts = {f"x{number}": _characters(translation, value) for number, value in enumerate(values)}
    strings = terms.every([translation.is_of(value, *STRINGS) for value in values])
    joined = terms.when(strings, sql(" || ".join(f":{name}" for name in parts), **parts))
    if any(Kind.LANGUAGE not in value.kinds for value in values):  # one without a language leaves the whole without
        return from_characters(joined)
    endings = [or_null(translation.reading(value).ending) for value in values]
    alike = terms.every([sql(":a = :b", a=a, b=b) for a, b in pairwise(endings)])
    return from_characters(joined, ending=sql("CASE WHEN :alike THEN :ending ELSE '' END", alike=alike, ending=endings[0]))


def _characters(translation: Translation, value: Value) -> exp.Expr:
    """The characters of a literal; where they are asked for, SQL must see them all."""
    if not value.kinds & LITERALS:
        return exp.null()
    characters = or_null(translation.reading(value).characters)
    if value.reading is None:
        unseen = exp.and_(translation.is_of(value, *LITERALS), sql(":x IS NULL", x=characters))
        translation.doubt(unseen, "a string with a control character")
    return characters
