"""The operators and functions of SPARQL that SQL says exactly, each with the terms for which it would not."""

from __future__ import annotations

from itertools import pairwise

from sqlglot import exp

from dovetail.reasoning.rules import sql_terms as terms
from dovetail.reasoning.rules.sql_expression import Translation, Value, double, exact_number, from_number, from_truth, function, truth
from dovetail.reasoning.rules.sql_terms import ANY, EXACT, LITERALS, NODES, NUMBERS, STRINGS, TYPED, Kind, sql, text
from dovetail.reasoning.rules.terms import RDF, XSD

_COMPARED = {"<": exp.LT, ">": exp.GT, "<=": exp.LTE, ">=": exp.GTE, "=": exp.EQ}
_INEXACT = (Kind.DOUBLE, Kind.ODD, Kind.DATE)


@function("&&")
def _and(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    return from_truth(terms.every([truth(value) for value in values]))


@function("||")
def _or(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    return from_truth(terms.some([truth(value) for value in values]))


@function("!")
def _not(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    return from_truth(exp.not_(truth(values[0])))


@function("SAMETERM")
def _same_term(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    return from_truth(sql(":a = :b", a=values[0].term, b=values[1].term))


@function("=", "!=")
def _equal(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    a, b = values
    for one, other in ((a, b), (b, a)):
        if other.kinds & TYPED and one.kinds & {Kind.ODD, Kind.DATE}:
            unsure = exp.and_(sql(":a <> :b", a=a.term, b=b.term), one.is_of(Kind.ODD, Kind.DATE), other.is_of(*TYPED))
            translation.doubt(unsure, f"{name} of a date, or of a number that SQL would round")
    if Kind.TRIPLE in a.kinds & b.kinds:
        translation.doubt(exp.and_(sql(":a <> :b", a=a.term, b=b.term), a.is_of(Kind.TRIPLE), b.is_of(Kind.TRIPLE)), f"{name} of triple terms")
    equal = _equality(a, b)
    return from_truth(exp.not_(equal) if name == "!=" else equal)


def _equality(a: Value, b: Value) -> exp.Expression:
    same = sql(":a = :b", a=a.term, b=b.term)
    # Terms of unlike text are equal if their values are, and nobody knows about literals of other datatypes.
    unknown = [
        exp.and_(one.is_of(Kind.OTHER), other.is_of(*TYPED))
        for one, other in ((a, b), (b, a))
        if Kind.OTHER in one.kinds and TYPED & other.kinds
    ]
    by_value = _compared("=", a, b)
    if Kind.BOOLEAN in a.kinds & b.kinds:
        by_value.append(sql(":a = :b", a=_boolean(a), b=_boolean(b)))
    if not unknown and not by_value:
        return same
    return sql(
        "CASE WHEN :same THEN TRUE WHEN :unknown THEN NULL ELSE :value END",
        same=same,
        unknown=terms.some(unknown),
        value=terms.first([*by_value, sql("CASE WHEN :a IS NOT NULL AND :b IS NOT NULL THEN FALSE END", a=a.term, b=b.term)]),
    )


def _boolean(value: Value) -> exp.Expression:
    return value.truth if value.truth is not None else terms.boolean(value.term)


def _compared(operator: str, a: Value, b: Value) -> list[exp.Expression]:
    """The comparison of two numbers: exactly where both are exact, else as doubles."""
    node = _COMPARED[operator]
    found: list[exp.Expression] = []
    if a.kinds & EXACT and b.kinds & EXACT:
        found.append(node(this=exact_number(a), expression=exact_number(b)))
    if a.kinds & NUMBERS and b.kinds & NUMBERS and Kind.DOUBLE in a.kinds | b.kinds:
        found.append(node(this=double(a), expression=double(b)))
    return found


@function("<", ">", "<=", ">=")
def _ordered(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    a, b = values
    for one, other in ((a, b), (b, a)):
        if Kind.ODD in one.kinds and other.kinds & (NUMBERS | {Kind.ODD}):
            unsure = exp.and_(one.is_of(Kind.ODD), other.is_of(Kind.ODD, *NUMBERS))
            translation.doubt(unsure, f"{name} of a number that SQL would round")
    for kind in (Kind.DATE, Kind.LANGUAGE, Kind.BOOLEAN):
        if kind in a.kinds & b.kinds:
            translation.doubt(exp.and_(a.is_of(kind), b.is_of(kind)), f"{name} of two values of kind {kind.value!r}")
    found = _compared(name, a, b)
    if Kind.STRING in a.kinds & b.kinds:
        both = exp.and_(a.is_of(Kind.STRING), b.is_of(Kind.STRING))
        compared = _COMPARED[name](this=_characters(translation, a, both), expression=_characters(translation, b, both))
        found.append(sql("CASE WHEN :both THEN :compared END", both=both, compared=compared))
    return from_truth(terms.first(found))


@function("IN", "NOT IN")
def _in(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    found = terms.some([truth(_equal(translation, "=", (values[0], value))) for value in values[1:]])
    return from_truth(exp.not_(found) if name == "NOT IN" else found)


@function("+", "-", "*")
def _arithmetic(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    for value in values:
        if value.kinds.intersection(_INEXACT):
            translation.doubt(value.is_of(*_INEXACT), f"{name} of a double, a date, or a number that SQL would round")
    numbers = [exact_number(value) for value in values]
    if len(values) == 1:
        result = sql("-:n" if name == "-" else ":n", n=exp.paren(numbers[0]))
    elif name == "*":
        a, b = (sql(f"CASE WHEN TRY_CAST(:n AS {terms.FACTOR}) = :n THEN TRY_CAST(:n AS {terms.FACTOR}) END", n=n) for n in numbers)
        result = sql(":a * :b", a=a, b=b)
    else:
        result = sql(f":a {name} :b", a=numbers[0], b=numbers[1])
    fitting = sql(f"TRY_CAST(:n AS {terms.NUMBER})", n=result)
    if len(values) > 1:
        there = [sql(":n IS NOT NULL", n=n) for n in numbers]
        translation.doubt(exp.and_(*there, sql(":n IS NULL", n=fitting)), f"{name} of numbers with too many digits")
    return from_number(fitting, whole=terms.every([value.is_of(Kind.INTEGER) for value in values]))


@function("ABS")
def _absolute(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    translation.doubt(value.is_of(*_INEXACT), f"{name} of a double, a date, or a number that SQL would round")
    return from_number(sql("ABS(:n)", n=exact_number(value)), whole=value.is_of(Kind.INTEGER))


@function("ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISTRIPLE")
def _is_kind(_: Translation, name: str, values: tuple[Value, ...]) -> Value:
    kinds = {"ISBLANK": {Kind.BLANK}, "ISLITERAL": LITERALS, "ISTRIPLE": {Kind.TRIPLE}}.get(name, {Kind.IRI})
    return from_truth(_of_a_term(values[0], values[0].is_of(*kinds)))


@function("ISNUMERIC")
def _is_numeric(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    return from_truth(_of_a_term(values[0], values[0].is_of(Kind.ODD, *NUMBERS)))


def _of_a_term(value: Value, condition: exp.Expression) -> exp.Expression:
    return sql("CASE WHEN :term IS NOT NULL THEN :condition END", term=value.term, condition=condition)


@function("IF")
def _if(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    condition, then, otherwise = truth(values[0]), values[1], values[2]
    term = sql("CASE WHEN :c THEN :then WHEN NOT :c THEN :otherwise END", c=exp.paren(condition), then=then.term, otherwise=otherwise.term)
    return Value(term, then.kinds | otherwise.kinds)


@function("STR")
def _str(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    iri = _quoted(sql("SUBSTRING(:x, 2, LENGTH(:x) - 2)", x=value.term))
    term = sql(
        "CASE WHEN :literal THEN :characters WHEN :iri THEN :name END",
        literal=value.is_of(*LITERALS), characters=_quoted(_escaped(value)), iri=value.is_of(Kind.IRI), name=iri,
    )  # fmt: skip
    return Value(term, frozenset({Kind.STRING}))


@function("LANG")
def _lang(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    language = sql("SPLIT_PART(SUBSTRING(:suffix, 2), '--', 1)", suffix=terms.suffix(value.term))
    term = sql(
        "CASE WHEN :tagged THEN :language WHEN :literal THEN :none END",
        tagged=value.is_of(Kind.LANGUAGE), language=_quoted(language), literal=value.is_of(*LITERALS), none=text('""'),
    )  # fmt: skip
    return Value(term, frozenset({Kind.STRING}))


@function("DATATYPE")
def _datatype(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    ending = terms.suffix(value.term)
    term = sql(
        """CASE WHEN :plain THEN :string WHEN :tagged THEN CASE WHEN :ending LIKE '%--%' THEN :directed ELSE :language END
        WHEN :literal THEN SUBSTRING(:ending, 3) END""",
        plain=value.is_of(Kind.STRING), string=text(f"<{XSD}string>"),
        tagged=value.is_of(Kind.LANGUAGE), directed=text(f"<{RDF}dirLangString>"), language=text(f"<{RDF}langString>"),
        literal=value.is_of(*LITERALS), ending=ending,
    )  # fmt: skip
    return Value(term, frozenset({Kind.IRI}))


@function("STRLEN")
def _strlen(translation: Translation, _: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    string = value.is_of(*STRINGS)
    length = sql(f"CASE WHEN :string THEN CAST(LENGTH(:x) AS {terms.NUMBER}) END", string=string, x=_characters(translation, value, string))
    return from_number(length, whole=exp.true())


@function("CONTAINS", "STRSTARTS", "STRENDS")
def _search(translation: Translation, name: str, values: tuple[Value, ...]) -> Value:
    a, b = values
    fit = exp.and_(
        a.is_of(*STRINGS),
        exp.or_(b.is_of(Kind.STRING), exp.and_(b.is_of(Kind.LANGUAGE), sql(":a = :b", a=terms.suffix(a.term), b=terms.suffix(b.term)))),
    )
    if name == "STRSTARTS":  # escapes are told from other characters by how they begin, so they may stay
        found = sql("STARTS_WITH(:a, :b)", a=_escaped(a), b=_escaped(b))
    else:
        template = "CONTAINS(:a, :b)" if name == "CONTAINS" else "ENDS_WITH(:a, :b)"
        found = sql(template, a=_characters(translation, a, fit), b=_characters(translation, b, fit))
    return from_truth(sql("CASE WHEN :fit THEN :found END", fit=fit, found=found))


@function("CONCAT")
def _concat(_: Translation, __: str, values: tuple[Value, ...]) -> Value:
    if not values:
        return Value(text('""'), frozenset({Kind.STRING}), characters="")
    joined = sql(" || ".join(f":x{number}" for number in range(len(values))), **{f"x{n}": _escaped(v) for n, v in enumerate(values)})
    strings = terms.every([value.is_of(*STRINGS) for value in values])
    plain = any(Kind.LANGUAGE not in value.kinds for value in values)
    if plain:  # one without a language leaves the whole without
        return Value(sql("CASE WHEN :strings THEN :joined END", strings=strings, joined=_quoted(joined)), frozenset({Kind.STRING}))
    endings = [terms.suffix(value.term) for value in values]
    alike = terms.every([sql(":a = :b", a=a, b=b) for a, b in pairwise(endings)])
    ending = sql("CASE WHEN :alike THEN :ending ELSE '' END", alike=alike, ending=endings[0])
    term = sql("CASE WHEN :strings THEN :joined || :ending END", strings=strings, joined=_quoted(joined), ending=ending)
    return Value(term, STRINGS)


@function("SUBJECT", "PREDICATE", "OBJECT")
def _part(_: Translation, name: str, values: tuple[Value, ...]) -> Value:
    (value,) = values
    take, kinds = {
        "SUBJECT": (terms.subject_of, NODES),
        "PREDICATE": (terms.predicate_of, frozenset({Kind.IRI})),
        "OBJECT": (terms.object_of, ANY),
    }[name]
    return Value(sql("CASE WHEN :triple THEN :part END", triple=value.is_of(Kind.TRIPLE), part=take(value.term)), kinds)


def _quoted(escaped: exp.Expression) -> exp.Expression:
    return sql("""'"' || :x || '"'""", x=escaped)


def _escaped(value: Value) -> exp.Expression:
    """The characters of a literal as N-Triples writes them."""
    if isinstance(value.term, exp.Literal) and value.characters is not None:
        return text(value.term.this[1:].rpartition('"')[0])
    return terms.escaped(value.term)


def _characters(translation: Translation, value: Value, applies: exp.Expression) -> exp.Expression:
    """The characters themselves; where they are asked for, SQL must see them all."""
    if value.characters is not None:
        return text(value.characters)
    translation.doubt(exp.and_(applies, terms.has_control(value.term)), "a string with a control character")
    return terms.unescape(terms.escaped(value.term))
