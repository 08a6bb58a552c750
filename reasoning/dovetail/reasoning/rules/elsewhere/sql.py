"""Rules as SQL over tables of triples, in any dialect that sqlglot writes.

    stated (s, p, o)    the given facts          read by WHERE DATA and NOT DATA
    triples (s, p, o)   all that is known        read by every other pattern
    delta (s, p, o)     what the last round found, read in place of ``triples`` by one pattern of a semi-naive variant
    terms (term, ...)   what literals stand for, read by expressions (see ``sql_terms``)

Terms are texts as N-Triples writes them, so equal terms are equal texts. Rules with a WEIGHT below one, and
functions that SQL does not compute as SPARQL does, are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.elsewhere import sql_functions as _functions  # noqa: F401  its import fills the registry
from dovetail.reasoning.rules.elsewhere import sql_terms as terms
from dovetail.reasoning.rules.elsewhere.sql_expression import Translation, Value, constant, told_by_text
from dovetail.reasoning.rules.elsewhere.sql_terms import ANY, NODES, Kind, sql, text
from dovetail.reasoning.rules.rule import Assign, BodyPart, Filter, Fresh, Negation, Node, Pattern, Rule, TripleTerm, Variable, term_text
from dovetail.reasoning.rules.skolem import DIGITS, PREFIX

COLUMNS = ("s", "p", "o")
STATED, KNOWN, DELTA = "stated", "triples", "delta"
_ALLOWED = (NODES, frozenset({Kind.IRI}), ANY)  # what may stand as subject, predicate, object


@dataclass(frozen=True, slots=True)
class DoubtfulCase:
    """A query for solutions of a rule that SQL would get wrong: if it has a row, the rule must not run here."""

    rule: str
    reason: str
    query: exp.Select


@dataclass(frozen=True, slots=True)
class RuleQueries:
    """A rule in SQL: one query for each triple of its head, and what to ask before they are believed."""

    heads: list[exp.Select]
    doubts: list[DoubtfulCase]


def rule_sql(rule: Rule, *, dialect: str = "duckdb", delta: int | None = None) -> str:
    """The triples that a rule makes of ``triples``, as one query.

    With ``delta``, that pattern of the body (counted from 0) reads the table ``delta``, what the last round found.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> rules = parse_rules("PREFIX : <urn:> RULE { ?x :near ?z } WHERE { ?x :near ?y . ?y :in ?z }").rules
    >>> print(rule_sql(rules[0], delta=0))
    SELECT
      t1.s AS s,
      '<urn:near>' AS p,
      t2.o AS o
    FROM delta AS t1, triples AS t2
    WHERE
      t1.p = '<urn:near>' AND t2.s = t1.o AND t2.p = '<urn:in>'
    """
    return "\nUNION\n".join(query.sql(dialect=dialect, pretty=True) for query in rule_queries(rule, delta=delta).heads)


def rule_queries(rule: Rule, *, delta: int | None = None) -> RuleQueries:
    """A rule in SQL, with one of its patterns read from ``delta`` perhaps; ``RuleError`` if SQL cannot say it."""
    if rule.weight < 1:
        raise RuleError(f"rule {rule.name}: SQL carries no confidence, so WEIGHT {rule.weight} cannot be kept")
    scope = body_scope(rule, delta=delta)
    solution = {variable.name: value.term for variable, value in scope.bound.items()}
    queries = []
    for pattern in rule.head:
        conditions = list(scope.conditions)
        columns = []
        for node, allowed in zip(pattern.nodes, _ALLOWED, strict=True):
            value = _made(node, rule, scope.bound, solution)
            conditions.append(_is_of(value, allowed))
            columns.append(value.term)
        for node in pattern.nodes:
            conditions.extend(_well_formed(node, rule, scope.bound, solution))
        aliased = [exp.alias_(column.copy(), name) for column, name in zip(columns, COLUMNS, strict=True)]
        queries.append(_select(aliased, scope.tables, conditions))
    return RuleQueries(queries, scope.doubts)


def delta_places(rule: Rule) -> range:
    """Which patterns of the body can be read from ``delta``: none if the rule looks at given facts alone."""
    return range(0 if rule.stated_only else sum(isinstance(part, Pattern) for part in rule.body))


def reads_terms(parts: Sequence[BodyPart]) -> bool:
    """Whether a body may ask ``terms``: it has expressions."""
    return any(isinstance(part, Filter | Assign) or (isinstance(part, Negation) and reads_terms(part.body)) for part in parts)


@dataclass(slots=True)
class Scope:
    """The tables of a body, what must hold of them, and where each variable's value is."""

    rule: str
    prefix: str = "t"
    tables: list[tuple[str, str]] = field(default_factory=list)
    conditions: list[exp.Expr] = field(default_factory=list)
    bound: dict[Variable, Value] = field(default_factory=dict)
    doubts: list[DoubtfulCase] = field(default_factory=list)
    readings: dict[exp.Expr, str] = field(default_factory=dict)

    def match(self, pattern: Pattern, table: str) -> None:
        """Joins one more row of a table, which matches the pattern."""
        alias = f"{self.prefix}{len(self.tables) + 1}"
        self.tables.append((table, alias))
        for node, column, allowed in zip(pattern.nodes, COLUMNS, _ALLOWED, strict=True):
            self._bind(node, Value(exp.column(column, alias), allowed))

    def _bind(self, node: Node, value: Value) -> None:
        """Says that a place holds a node: a variable for the first time, or what is known already."""
        if isinstance(node, TripleTerm):
            self.conditions.append(_is_of(value, frozenset({Kind.TRIPLE})))
            parts = (terms.subject_of(value.term), terms.predicate_of(value.term), terms.object_of(value.term))
            for inner, part, allowed in zip((node.subject, node.predicate, node.object), parts, _ALLOWED, strict=True):
                self._bind(inner, Value(part, allowed))
        elif isinstance(node, Variable) and node not in self.bound:
            self.bound[node] = value
        elif isinstance(node, Variable):
            known = self.bound[node]
            self.conditions.append(sql(":a = :b", a=value.term, b=known.term))
            self.bound[node] = replace(known, kinds=known.kinds & value.kinds)
        else:
            assert not isinstance(node, Fresh), "a body holds no blank node of a head"
            self.conditions.append(sql(":a = :b", a=value.term, b=text(term_text(node))))

    def filter(self, part: Filter) -> None:
        """Keeps the rows for which the expression is true."""
        translation = Translation(self.bound, self._look_up, rule=self.rule)
        condition = translation.truth(translation.value(part.expression))
        self._note(translation)
        self.conditions.append(condition)

    def assign(self, part: Assign) -> None:
        """Binds a variable to a value, and drops the rows that have none."""
        translation = Translation(self.bound, self._look_up, rule=self.rule)
        value = translation.value(part.expression)
        self._note(translation)
        self.conditions.append(sql(":value IS NOT NULL", value=value.term))
        self.bound[part.variable] = value

    def negate(self, part: Negation, table: str) -> None:
        """Drops the rows for which the negation's body has a match."""
        inner = Scope(self.rule, prefix=f"{self.prefix}{len(self.conditions) + 1}n", bound=dict(self.bound))
        _fill(inner, part.body, [table] * len(part.body))
        # What is doubtful inside depends on a row outside: asked of both at once.
        for case in inner.doubts:
            self.doubts.append(replace(case, query=_joined(case.query, self.tables, self.conditions)))
        if inner.tables:
            self.conditions.append(exp.not_(exp.Exists(this=_select([exp.Literal.number(1)], inner.tables, inner.conditions))))
        else:  # filters alone say the same of every row outside
            self.conditions.append(exp.not_(exp.func("COALESCE", terms.every(inner.conditions), exp.false())))

    def _look_up(self, term: exp.Expr) -> str:
        """Joins the row of ``terms`` for a text, once."""
        if term not in self.readings:
            self.readings[term] = f"{self.prefix}{len(self.tables) + 1}"
            self.tables.append((terms.TERMS, self.readings[term]))
            self.conditions.append(sql(":a = :b", a=exp.column("term", self.readings[term]), b=term))
        return self.readings[term]

    def _note(self, translation: Translation) -> None:
        one = [exp.alias_(exp.Literal.number(1), "doubtful")]
        for doubt in translation.doubts:
            query = _select(one, self.tables, [*self.conditions, doubt.condition]).limit(1)
            self.doubts.append(DoubtfulCase(self.rule, doubt.reason, query))


def body_scope(rule: Rule, *, delta: int | None = None) -> Scope:
    """The body of a rule as tables and conditions."""
    place = 0
    tables = []
    for part in rule.body:
        stated = rule.stated_only or (isinstance(part, Negation) and part.stated_only)
        tables.append(STATED if stated else DELTA if isinstance(part, Pattern) and place == delta else KNOWN)
        place += isinstance(part, Pattern)
    scope = Scope(rule.name)
    _fill(scope, rule.body, tables)
    return scope


def _fill(scope: Scope, body: Sequence[BodyPart], tables: Sequence[str]) -> None:
    for part, table in zip(body, tables, strict=True):
        if isinstance(part, Pattern):
            scope.match(part, table)
        elif isinstance(part, Filter):
            scope.filter(part)
        elif isinstance(part, Assign):
            scope.assign(part)
        else:
            scope.negate(part, table)


def _made(node: Node, rule: Rule, bound: Mapping[Variable, Value], solution: Mapping[str, exp.Expr]) -> Value:
    """A node of a head for one solution."""
    if isinstance(node, Variable):
        return bound[node]
    if isinstance(node, TripleTerm):
        parts = [_made(part, rule, bound, solution).term for part in (node.subject, node.predicate, node.object)]
        written = sql("'<<( ' || :s || ' ' || :p || ' ' || :o || ' )>>'", **dict(zip(COLUMNS, parts, strict=True)))
        return Value(written, frozenset({Kind.TRIPLE}))
    if isinstance(node, Fresh):
        return Value(_skolem(rule.name, node.label, solution), frozenset({Kind.BLANK}))
    return constant(node)


def _skolem(rule: str, label: str, solution: Mapping[str, exp.Expr]) -> exp.Expr:
    """What ``skolem`` makes of a solution, in SQL."""
    key = text(f"{rule}\n{label}")
    for name in sorted(solution):
        key = sql(":key || :name || :value", key=key, name=text(f"\n{name}\n"), value=solution[name])
    return sql(":prefix || SUBSTRING(SHA2(:key, 256), 1, :digits)", prefix=text(f"_:{PREFIX}"), key=key, digits=exp.Literal.number(DIGITS))


def _well_formed(
    node: Node, rule: Rule, bound: Mapping[Variable, Value], solution: Mapping[str, exp.Expr]
) -> list[exp.Expr]:
    """The conditions under which a triple term of a head is one that RDF allows."""
    if not isinstance(node, TripleTerm):
        return []
    found: list[exp.Expr] = []
    for part, allowed in zip((node.subject, node.predicate, node.object), _ALLOWED, strict=True):
        value = _made(part, rule, bound, solution)
        found.append(_is_of(value, allowed))
        found.extend(_well_formed(part, rule, bound, solution))
    return found


def _is_of(value: Value, kinds: frozenset[Kind]) -> exp.Expr:
    told = told_by_text(value, kinds)
    assert told is not None, "what may stand in a place of a triple is told by its text"
    return told


def _select(columns: Sequence[exp.Expr], tables: Sequence[tuple[str, str]], conditions: Sequence[exp.Expr]) -> exp.Select:
    return _joined(exp.select(*columns), tables, conditions)


def _joined(query: exp.Select, tables: Sequence[tuple[str, str]], conditions: Sequence[exp.Expr]) -> exp.Select:
    query = query.copy()
    for table, alias in tables:
        source = exp.alias_(exp.to_table(table), alias, table=True)
        query = query.join(source, copy=False) if query.args.get("from_") else query.from_(source, copy=False)
    condition = terms.every(conditions)
    return query if condition == exp.true() else query.where(condition, copy=False)
