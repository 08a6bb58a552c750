"""The rule language: tables of what is read, what is refused and why, and files that import others."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg import RuleError
from dovetail.reasoning.rules.language.expression import CASTS, FUNCTIONS, evaluate_rows, true_rows
from dovetail.reasoning.rules.language.load import load_rules
from dovetail.reasoning.rules.language.notation3 import parse_notation3
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.language.write import write_rules
from dovetail.reasoning.rules.rule import Assign, Call, Expression, Filter, Fresh, GroundTerm, Pattern, Rule, RuleSet, Variable
from tests.reasoning.rules.reference import NOW

TABLES = Path(__file__).parents[2] / "tables"
PROLOGUE = """PREFIX : <http://example.org/> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> BASE <http://example.org/> """
NOTATION3 = "@prefix : <http://example.org/> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . " + " ".join(
    f"@prefix {name}: <http://www.w3.org/2000/10/swap/{name}#> ." for name in ("log", "math", "string")
)
X, Y = Variable("x"), Variable("y")
P = ox.NamedNode("urn:p")


def table(name: str) -> list[tuple[str, ...]]:
    lines = (TABLES / name).read_text("utf-8").splitlines()
    return [tuple(part.strip() for part in line.split("⇒")) for line in lines if line and not line.startswith("#")]


def on_one_line(text: str) -> str:
    """Written rules without their prefixes and line breaks."""
    return " ".join(word for line in text.splitlines() if not line.startswith("PREFIX") for word in line.split())


@pytest.mark.parametrize(("body", "plain"), table("rule_bodies.txt"))
def test_a_body_becomes_plain_triples(body: str, plain: str) -> None:
    rules = parse_rules(f"{PROLOGUE} RULE {{}} WHERE {{ {body.replace(chr(92) + 'nlines', chr(10) + 'lines')} }}")
    assert on_one_line(write_rules(rules)) == f"RULE {{}} WHERE {{ {plain} }}"


@pytest.mark.parametrize(("rules", "mistake"), table("rule_mistakes.txt"))
def test_a_mistake_is_shown_where_it_is(rules: str, mistake: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rules(f"PREFIX : <http://example.org/>\n{rules}", source="my.srl")
    assert str(caught.value).startswith(f"my.srl:{mistake}")


@pytest.mark.parametrize(("text", "bracketed", "value"), table("rule_expressions.txt"))
def test_an_expression_is_read_written_and_computed(text: str, bracketed: str, value: str) -> None:
    def read(written: str) -> RuleSet:
        return parse_rules(f"{PROLOGUE} RULE {{}} WHERE {{ SET(?result := {written}) }}")

    def expression_of(rules: RuleSet) -> Expression:
        (part,) = rules.rules[0].body
        assert isinstance(part, Assign)
        return part.expression

    expression = expression_of(read(text))
    assert on_one_line(write_rules(read(text))) == f"RULE {{}} WHERE {{ SET(?result := {bracketed}) }}"
    assert expression_of(read(bracketed)) == expression
    bindings = {"s": ox.Literal("Hi", language="en"), "x": ox.Literal(3), "y": ox.Literal(4)}
    (found,) = evaluate_rows(expression, tuple(bindings), [tuple(bindings.values())], now=NOW)
    assert found == (expression_of(read(value)) if value else None)


def test_rows_are_computed_in_bulk_blank_nodes_among_them() -> None:
    blank, nested = ox.BlankNode("b"), ox.Triple(P, P, ox.Triple(P, P, ox.BlankNode("c")))
    rows: list[tuple[GroundTerm]] = [(ox.Literal(number),) for number in range(60_000)] + [(blank,), (nested,), (P,)]
    values = evaluate_rows(X, ("x",), rows, now=NOW)  # more than one query's worth
    assert values == [row[0] for row in rows]
    assert true_rows(Call("ISBLANK", (X,)), ("x",), rows[-3:], now=NOW) == [True, False, False]


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=5), st.integers(-5, 5)), max_size=5))
def test_any_text_passes_through_an_expression(pairs: list[tuple[str, int]]) -> None:
    rows = [(ox.Literal(text), ox.Literal(number)) for text, number in pairs]
    assert evaluate_rows(Call("STR", (X,)), ("x", "r"), rows, now=NOW) == [text for text, _ in rows]
    assert true_rows(Call(">", (Variable("r"), ox.Literal(0))), ("x", "r"), rows, now=NOW) == [number > 0 for _, number in pairs]


@pytest.mark.parametrize("function", [*FUNCTIONS, *CASTS])
def test_every_function_of_the_language_is_computed(function: str) -> None:
    least, most = FUNCTIONS.get(function, (1, 1))
    for count in range(least, min(most, 4) + 1):
        assert len(evaluate_rows(Call(function, (X,) * count), ("x",), [(ox.Literal("1"),)], now=NOW)) == 1


def test_new_terms_are_made_for_each_row() -> None:
    made = evaluate_rows(Call("BNODE", ()), (), [(), ()], now=NOW)
    assert len(set(made)) == 2


UNSAFE = [
    ("RULE { ?x :p ?y } WHERE { ?x :q 1 }", "?y in the head has no value"),
    ("RULE { } WHERE { FILTER(?x > 1) ?x :q 1 }", "?x has no value yet where FILTER uses it"),
    ("RULE { } WHERE { ?x :q 1 NOT { ?x :p ?y } FILTER(?y > 1) }", "?y has no value yet where FILTER uses it"),
    ("RULE { } WHERE { NOT { FILTER(?y > 1) ?x :p ?y } }", "?y has no value yet where FILTER uses it"),
    ("RULE { } WHERE { SET(?x := ?y) }", "?y has no value yet where SET uses it"),
    ("RULE { } WHERE { ?x :q 1 SET(?x := 2) }", "SET gives ?x a second value"),
    ("RULE { } WHERE { ?x :q ?y FILTER(:twice(?y) = 2) }", "no function <http://example.org/twice>"),
]


@pytest.mark.parametrize(("rule", "problem"), UNSAFE)
def test_what_cannot_run_is_named_with_its_line(rule: str, problem: str) -> None:
    rules = parse_rules(f"PREFIX : <http://example.org/>\nRULE {{}} WHERE {{}}\n{rule}")
    with pytest.raises(RuleError) as caught:
        check_rules(rules, source="my.srl")
    assert str(caught.value).startswith(f"my.srl:3: rule rule-2: {problem}")


def test_a_pattern_under_not_binds_for_its_filter() -> None:
    check_rules(parse_rules("RULE {} WHERE { ?x <urn:p> ?y NOT { ?x <urn:q> ?z FILTER(?z > ?y) } }"))


def test_rules_made_in_python_are_checked_too() -> None:
    with pytest.raises(RuleError, match="its weight is 2"):
        check_rules(RuleSet((Rule("r", (), (), weight=2),)))
    with pytest.raises(RuleError, match="rules:0: rule r: no function TWICE"):
        check_rules(RuleSet((Rule("r", (), (Filter(Call("TWICE", (P,))),)),)))


@pytest.mark.parametrize("nested", ["RULE {} WHERE { FILTER" + "(" * 10_000, "DATA { " + "[ <urn:p> " * 10_000])
def test_deep_nesting_is_a_mistake_not_a_crash(nested: str) -> None:
    with pytest.raises(RuleError, match="nested too deeply"):
        parse_rules(nested)
    with pytest.raises(RuleError, match="nested too deeply"):
        parse_notation3("[ <urn:p> " * 10_000)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from(list("RULEWHDAT{}()[]<>?:.;,a \n\"'\\^@_-+*/=!&|~#1e")), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    refusals = []
    for read in (parse_rules, parse_notation3):
        try:
            read(text)
        except RuleError as error:
            refusals.append(str(error))
    assert all(refusal.startswith("rules:") for refusal in refusals)


def test_data_beyond_rdf_is_a_rule_that_always_holds() -> None:
    rules = parse_rules("PREFIX : <urn:> DATA { 1 :p _:b . :a :p _:b }")
    assert rules.facts == (ox.Triple(ox.NamedNode("urn:a"), P, ox.BlankNode("b")),)
    assert rules.rules == (Rule("rule-1", (Pattern(ox.Literal(1), P, ox.BlankNode("b")),), ()),)
    assert parse_rules(write_rules(rules)) == rules


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (Rule("r", (Pattern(X, P, ox.BlankNode("b")),), (Pattern(X, P, X),)), "_:b is a node of one graph"),
        (Rule("r", (Pattern(Variable("_:b"), P, X),), (Pattern(X, P, Variable("_:b")),)), "its head uses _:b"),
        (Rule("r", (), (Pattern(X, P, Fresh("n")),)), "its body uses _:n"),
        (Rule("r", (), (Pattern(X, P, Variable("_:b")), Filter(Call("ISBLANK", (Variable("_:b"),))))), "_:b stands in an expression"),
    ],
)
def test_what_the_language_cannot_say_is_not_written(rule: Rule, problem: str) -> None:
    with pytest.raises(RuleError, match=f"rule r cannot be written: .*{problem}"):
        write_rules(RuleSet((rule,)))


@pytest.mark.parametrize(("text", "expected"), table("notation3.txt"))
def test_notation3(text: str, expected: str) -> None:
    if expected.startswith("!"):
        with pytest.raises(RuleError) as caught:
            parse_notation3(f"{NOTATION3}\n{text}", source="my.n3")
        assert str(caught.value).startswith("my.n3:2:") and expected[2:] in str(caught.value)
    else:
        assert on_one_line(write_rules(parse_notation3(f"{NOTATION3}\n{text}"))) == expected


def test_imports_are_followed_once_and_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "a b.srl").write_text("IMPORTS <main.srl> IMPORTS <more.n3> DATA { _:x <urn:p> 1 } RULE {} WHERE {}", "utf-8")
    (tmp_path / "more.n3").write_text("{ ?x <urn:p> ?y } => { ?x <urn:q> ?y } . _:x <urn:p> 2 .", "utf-8")
    (tmp_path / "main.srl").write_text("PREFIX : <urn:> IMPORTS <a%20b.srl> DATA { _:x :p 3, <#here> } RULE {} WHERE {}", "utf-8")
    rules = load_rules(tmp_path / "main.srl")
    assert [rule.name for rule in rules.rules] == ["more.n3:rule-1", "a b.srl:rule-1", "rule-1"]
    assert len({fact.subject for fact in rules.facts}) == 3 and len(rules.facts) == 4
    assert rules.facts[-1].object == ox.NamedNode((tmp_path / "main.srl").as_uri() + "#here")
    assert rules.prefixes == {"": "urn:"}
    assert parse_rules(write_rules(rules)) == rules


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.srl", "IMPORTS <https://example.org/r.srl>", "a.srl:1:9: only local files are imported"),
        ("a.srl", "\nIMPORTS <none.srl>", "a.srl:2:9: imported none.srl: cannot read this rule file"),
        ("a.srl", "IMPORTS <b.txt>", "a.srl:1:9: imported b.txt: rule files end in .srl"),
        ("a.srl", "RULE", "a.srl:1:5: expected {"),
        ("a.rules", "", "a.rules: rule files end in .srl (SPARQL-RL) or .n3 (Notation3), not in .rules"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name: str, text: str, problem: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "b.txt").write_text("", "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rules(tmp_path / name)
    assert problem in str(caught.value)


def test_text_alone_imports_nothing() -> None:
    with pytest.raises(RuleError, match="rules:2:9: IMPORTS works in files only"):
        parse_rules("\nIMPORTS <other.srl>")
