"""Databases derive what the rules mean, or say which rule they cannot run."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.elsewhere.run_sql import DuckDb, Spark, SqlEngine, read_triples, saturate_sql, write_triples
from dovetail.reasoning.rules.elsewhere.sql import delta_places, rule_sql
from dovetail.reasoning.rules.engine.materialization import saturate
from dovetail.reasoning.rules.language.load import load_rules
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.rule import Assign, Call, Expression, Filter, Pattern, Rule, RuleSet, Variable
from dovetail.reasoning.rules.skolem import skolem
from tests.reasoning.rules import programs
from tests.reasoning.rules.elsewhere import PROGRAMS, Program
from tests.reasoning.rules.reference import canonical, naive

RULES = Path(__file__).parents[3] / "data/dovetail/data/rules"
SCHEMA = [
    ox.Triple(quad.subject, quad.predicate, quad.object)
    for quad in ox.parse(
        """
        PREFIX : <urn:x:> PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        :p a owl:TransitiveProperty ; rdfs:domain :A . :q owl:inverseOf :p . :A rdfs:subClassOf :B . :C owl:intersectionOf (:A :B) .
        :a :p :b . :b :p :c . :c :name "c" . :a owl:sameAs :z .
        """,
        ox.RdfFormat.TURTLE,
    )
]
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture(scope="module")
def engine() -> DuckDb:
    return DuckDb(duckdb.connect())


def run(rules: RuleSet, facts: list[ox.Triple], engine: SqlEngine) -> set[ox.Triple]:
    write_triples(engine, facts)
    count = saturate_sql(rules, engine)
    found = set(read_triples(engine))
    assert len(found) == count
    return found


def check(program: Program, engine: SqlEngine) -> None:
    if "sql" in program.refusals:
        with pytest.raises(RuleError, match=r"rule \S+:") as refusal:
            run(program.rules, list(program.given), engine)
        assert program.refusals["sql"] in str(refusal.value)
    else:
        assert canonical(run(program.rules, list(program.given), engine)) == canonical(naive(program.rules, program.given))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.title)
def test_duckdb_runs_the_table(program: Program, engine: DuckDb) -> None:
    check(program, engine)


@settings(deadline=None, max_examples=25)
@given(programs.graphs, programs.programs())
def test_duckdb_derives_what_the_naive_evaluator_derives(facts: list[ox.Triple], rules: RuleSet) -> None:
    assert run(rules, facts, DuckDb(SHARED)) == naive(rules, facts)


SHARED = duckdb.connect()
OK, V, W = (ox.NamedNode(f"urn:x:{name}") for name in ("ok", "v", "w"))
TERMS: list[ox.NamedNode | ox.BlankNode | ox.Literal] = [
    ox.NamedNode("urn:x:a"),
    ox.BlankNode("b"),
    ox.Literal(""),
    ox.Literal("ab"),
    ox.Literal("a\nb"),
    ox.Literal("a", language="en"),
    ox.Literal("ab", language="fr"),
    *(ox.Literal(number) for number in (0, 1, 2, -3)),
    *(ox.Literal(text, datatype=ox.NamedNode(f"{XSD}decimal")) for text in ("0.5", "-1.25", "1")),
    *(ox.Literal(text, datatype=ox.NamedNode(f"{XSD}double")) for text in ("0.5", "2", "INF")),
    ox.Literal(True),
    ox.Literal(False),
    ox.Literal("x", datatype=ox.NamedNode(f"{XSD}integer")),
    ox.Literal("1", datatype=ox.NamedNode("urn:x:t")),
    ox.Literal("2020-01-01", datatype=ox.NamedNode(f"{XSD}date")),
]
X, Y = Variable("x"), Variable("y")


def calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def call(names: str, arguments: int) -> st.SearchStrategy[Call]:
        return st.builds(Call, st.sampled_from(names.split()), st.tuples(*[inner] * arguments))

    return st.one_of(
        call("! - ABS ISIRI ISBLANK ISLITERAL ISNUMERIC STR LANG DATATYPE STRLEN", 1),
        call("|| && = != < > <= >= + - * SAMETERM CONTAINS STRSTARTS STRENDS CONCAT", 2),
        st.builds(Call, st.just("IF"), st.tuples(inner, inner, inner)),
        st.builds(Call, st.sampled_from(["IN", "NOT IN"]), st.tuples(inner, inner, inner)),
    )


constants = st.sampled_from([term for term in TERMS if not isinstance(term, ox.BlankNode)])
leaves: st.SearchStrategy[Expression] = st.one_of(st.just(X), st.just(Y), constants)
expressions = calls(st.one_of(leaves, leaves, calls(leaves)))


@settings(deadline=None, max_examples=25)
@given(expressions, st.lists(st.tuples(st.sampled_from(TERMS), st.sampled_from(TERMS)), min_size=1, max_size=6))
def test_expressions_mean_what_they_mean_in_sparql(expression: Expression, rows: list[tuple[ox.Literal, ox.Literal]]) -> None:
    facts = []
    for number, (x, y) in enumerate(rows):
        node = ox.NamedNode(f"urn:row:{number}")
        facts += [ox.Triple(node, V, x), ox.Triple(node, W, y)]
    read = (Pattern(Variable("row"), V, X), Pattern(Variable("row"), W, Y))
    head = Pattern(Variable("row"), OK, OK)
    kept = Rule("kept", (head,), (*read, Filter(expression)))
    made = Rule("made", (Pattern(Variable("row"), OK, Variable("z")),), (*read, Assign(Variable("z"), expression)))
    for rule in (kept, made):
        try:
            found = run(RuleSet((rule,)), facts, DuckDb(SHARED))
        except RuleError:
            continue  # which data are refused, the table says
        assert found == naive(RuleSet((rule,)), facts)


def test_the_same_blank_node_as_every_other_engine(engine: DuckDb) -> None:
    x, y = Variable("x"), Variable("y")
    program = next(program for program in PROGRAMS if program.title.startswith("a new node"))
    found = run(program.rules, list(program.given), engine)
    label = next(node.label for pattern in program.rules.rules[0].head for node in pattern.nodes if hasattr(node, "label"))
    for triple in program.given:
        binding = {x.name: str(triple.subject), y.name: str(triple.object)}
        made = skolem(program.rules.rules[0].name, label, binding)
        assert made in {node for fact in found for node in (fact.subject, fact.object)}


@pytest.mark.parametrize("dialect", ["spark", "postgres", "trino"])
def test_every_dialect_reads_what_is_written_for_it(dialect: str) -> None:
    rules = [rule for program in PROGRAMS if not program.refusals for rule in program.rules.rules]
    for rule in rules:
        read = {table.name for table in sqlglot.parse_one(rule_sql(rule, dialect=dialect), read=dialect).find_all(exp.Table)}
        assert read <= {"triples", "stated", "terms"}


def test_each_pattern_has_a_variant_that_reads_what_is_new() -> None:
    rule = PROGRAMS[0].rules.rules[0]
    tables = [[table.name for table in sqlglot.parse_one(rule_sql(rule, delta=n)).find_all(exp.Table)] for n in delta_places(rule)]
    assert tables == [["delta", "triples"], ["triples", "delta"]]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    """Spark with one thread in this process's own Java."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: pip install dovetail[spark]")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 on the path")
    from pyspark.sql import SparkSession

    place = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(place / "warehouse"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    session = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.sparkContext.setCheckpointDir(str(place / "checkpoints"))
    yield Spark(session)
    session.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")  # of pyspark
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.title)
def test_spark_runs_the_table(program: Program, spark: Spark) -> None:
    check(program, spark)


def test_helper_predicates_stay_inside(engine: DuckDb) -> None:
    rules = parse_rules(
        "PREFIX : <urn:x:> PREFIX h: <urn:dovetail:helper:> RULE { ?x h:of ?y } WHERE { ?x :v ?y } RULE { ?y :ok ?x } WHERE { ?x h:of ?y }"
    )
    assert run(rules, [ox.Triple(OK, V, W)], engine) == {ox.Triple(W, OK, OK)}


@pytest.mark.parametrize("pack", ["rdfs", pytest.param("owl-rl", marks=pytest.mark.slow)])
def test_a_rule_pack_derives_what_the_engine_derives(pack: str, engine: DuckDb) -> None:
    rules = load_rules(RULES / f"{pack}.srl")
    known = saturate(SCHEMA, rules)
    assert run(rules, SCHEMA, engine) == set(known.triples(known.inferred()[0])) != set()


def test_refused_before_anything_runs(engine: DuckDb) -> None:
    write_triples(engine, [ox.Triple(OK, V, W)])
    before = run(RuleSet(), [ox.Triple(OK, V, W)], engine)
    half = Call("/", (X, ox.Literal(2)))
    bad = Rule("halves", (Pattern(X, OK, Variable("z")),), (Pattern(X, V, Y), Assign(Variable("z"), half)))
    good = Rule("fine", (Pattern(X, OK, Y),), (Pattern(X, V, Y),))
    with pytest.raises(RuleError, match="rule halves: SQL does not compute /"):
        saturate_sql(RuleSet((good, bad)), engine)
    assert set(read_triples(engine)) == before
