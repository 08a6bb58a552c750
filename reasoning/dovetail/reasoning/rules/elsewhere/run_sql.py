"""Rules run by a database: the engine holds the tables and does the joins, this only says what to do next.

    engine = DuckDb(duckdb.connect())                     or Spark(session)
    write_triples(engine, triples)                        or a table or view ``stated`` (s, p, o) of N-Triples texts
    saturate_sql(rules, engine)
    set(read_triples(engine))                             or the table ``inferred``

The tables ``triples``, ``delta``, ``terms``, ``new_terms`` and ``inferred`` are made anew each time. Needs the extra
``sql`` (sqlglot, DuckDB) or ``spark``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

import pyoxigraph as ox

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.elsewhere import sql_terms
from dovetail.reasoning.rules.elsewhere.sql import DELTA, KNOWN, STATED, RuleQueries, delta_places, reads_terms, rule_queries
from dovetail.reasoning.rules.engine.clause import HELPER
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.rule import Pattern, Rule, RuleSet, Variable, term_text

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession

INFERRED = "inferred"

Row: TypeAlias = tuple[str, str, str]


class SqlEngine(Protocol):
    """What is asked of a database. ``dialect`` is what sqlglot calls its SQL."""

    dialect: str

    def load(self, table: str, rows: Iterable[Row]) -> None:
        """Makes a table (s, p, o) of rows."""

    def store(self, table: str, query: str) -> int:
        """Makes a table of a query's result, which may read the table's old self, and says how many rows it has."""

    def append(self, table: str, query: str) -> None:
        """Adds a query's result to a table."""

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """A query's result."""


class DuckDb:
    """A DuckDB connection."""

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def load(self, table: str, rows: Iterable[Row]) -> None:
        """Makes a table of rows."""
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
        self._connection.execute(f"CREATE OR REPLACE TABLE {table} (s VARCHAR, p VARCHAR, o VARCHAR)")
        self._connection.execute(f"INSERT INTO {table} SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[])", columns)

    def store(self, table: str, query: str) -> int:
        """Makes a table of a query's result."""
        self._connection.execute(f"CREATE OR REPLACE TABLE {table} AS {query}")
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def append(self, table: str, query: str) -> None:
        """Adds a query's result to a table."""
        self._connection.execute(f"INSERT INTO {table} {query}")

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """A query's result."""
        return self._connection.execute(query).fetchall()


class Spark:
    """A Spark session. Each table is a temporary view of a checkpointed frame, so that no plan grows with the rounds.

    Checkpoints go to the session's checkpoint directory if it has one, else to the executors' own disks.
    """

    dialect = "spark"

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def load(self, table: str, rows: Iterable[Row]) -> None:
        """Makes a table of rows."""
        frame = self._session.createDataFrame(list(rows), "s string, p string, o string")
        frame.createOrReplaceTempView(table)

    def store(self, table: str, query: str) -> int:
        """Makes a table of a query's result."""
        frame = self._session.sql(query)
        kept = frame.checkpoint() if self._session.sparkContext.getCheckpointDir() else frame.localCheckpoint()
        kept.createOrReplaceTempView(table)
        return int(kept.count())

    def append(self, table: str, query: str) -> None:
        """Adds a query's result to a table."""
        self.store(table, f"SELECT * FROM {table} UNION ALL {query}")

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """A query's result."""
        return [tuple(row) for row in self._session.sql(query).collect()]


def saturate_sql(rules: RuleSet, engine: SqlEngine) -> int:
    """How many triples follow from ``stated``; they are left in the table ``inferred``, DATA of the rules included.

    Rules that SQL cannot say, and facts for which it would say something else than SPARQL, raise ``RuleError``
    with the rule's name: the former before anything runs, the latter before anything is in ``inferred``.

    >>> import duckdb
    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> rules = parse_rules("PREFIX : <urn:> RULE { ?x :near ?z } WHERE { ?x :near ?y . ?y :near ?z }")
    >>> engine = DuckDb(duckdb.connect())
    >>> a, b, c, near = (ox.NamedNode(f"urn:{name}") for name in ("a", "b", "c", "near"))
    >>> write_triples(engine, [ox.Triple(a, near, b), ox.Triple(b, near, c)])
    >>> saturate_sql(rules, engine)
    1
    >>> print(*read_triples(engine))
    <urn:a> <urn:near> <urn:c>
    """
    check_rules(rules)
    # All of it now, so that nothing has run when a rule is refused.
    layers = [[(rule, rule_queries(rule)) for rule in layer] for layer in stratify(rules)]
    saturation = _Saturation(engine, asks_terms=any(reads_terms(rule.body) for rule in rules.rules))
    saturation.start(rules.facts)
    for layer in layers:
        general = [rule for rule, _ in layer if not rule.runs_once]
        saturation.add([query for rule, queries in layer if rule.runs_once for query in _texts(queries, engine)])
        found = saturation.add([query for rule, queries in layer if not rule.runs_once for query in _texts(queries, engine)])
        places = [(rule, place) for rule in general for place in _fed(rule, general)]
        later = [query for rule, place in places for query in _texts(rule_queries(rule, delta=place), engine)]
        while found and later:
            found = saturation.add(later)
        for case in (case for _, queries in layer for case in queries.doubts):
            if engine.rows(case.query.sql(dialect=engine.dialect)):
                raise RuleError(f"rule {case.rule}: some of its facts need {case.reason}, where SQL and SPARQL differ")
    new = f"SELECT s, p, o FROM {KNOWN} WHERE NOT p LIKE '<{HELPER}%' EXCEPT SELECT s, p, o FROM {STATED}"
    return engine.store(INFERRED, new)


def write_triples(engine: SqlEngine, triples: Iterable[ox.Triple], *, table: str = STATED) -> None:
    """Makes a table of triples."""
    engine.load(table, ((term_text(t.subject), term_text(t.predicate), term_text(t.object)) for t in triples))


def read_triples(engine: SqlEngine, *, table: str = INFERRED) -> Iterator[ox.Triple]:
    """The triples of a table."""
    lines = (" ".join((*row, ".")) for row in engine.rows(f"SELECT s, p, o FROM {table}"))
    for quad in ox.parse("\n".join(lines), ox.RdfFormat.N_TRIPLES):
        yield ox.Triple(quad.subject, quad.predicate, quad.object)


class _Saturation:
    """The tables while rules run."""

    def __init__(self, engine: SqlEngine, *, asks_terms: bool) -> None:
        self._engine = engine
        self._asks_terms = asks_terms

    def start(self, facts: Sequence[ox.Triple]) -> None:
        """What is stated and what the rules state is known."""
        write_triples(self._engine, facts, table=DELTA)
        self._engine.store(KNOWN, f"SELECT s, p, o FROM {STATED} UNION SELECT s, p, o FROM {DELTA}")
        if self._asks_terms:
            self._engine.store(sql_terms.TERMS, sql_terms.no_terms(dialect=self._engine.dialect))
            self._read_terms(KNOWN)

    def add(self, queries: Sequence[str]) -> int:
        """Makes known what the queries find, and says how much of it is new."""
        if not queries:
            return 0
        found = "\nUNION ALL\n".join(queries)
        new = self._engine.store(DELTA, f"SELECT s, p, o FROM (\n{found}\n) AS found EXCEPT SELECT s, p, o FROM {KNOWN}")
        if new:
            self._engine.append(KNOWN, f"SELECT s, p, o FROM {DELTA}")
            if self._asks_terms:
                self._read_terms(DELTA)
        return new

    def _read_terms(self, table: str) -> None:
        query = sql_terms.terms_query(table, dialect=self._engine.dialect)
        while self._engine.store("new_terms", query):
            self._engine.append(sql_terms.TERMS, "SELECT * FROM new_terms")


def _texts(queries: RuleQueries, engine: SqlEngine) -> list[str]:
    return [query.sql(dialect=engine.dialect) for query in queries.heads]


def _fed(rule: Rule, layer: Sequence[Rule]) -> list[int]:
    """The patterns of a rule that may match what the rules of its layer make."""
    made = {pattern.predicate for other in layer for pattern in other.head}
    patterns = [part for part in rule.body if isinstance(part, Pattern)]
    anything = any(isinstance(node, Variable) for node in made)
    return [n for n in delta_places(rule) if anything or isinstance(patterns[n].predicate, Variable) or patterns[n].predicate in made]
