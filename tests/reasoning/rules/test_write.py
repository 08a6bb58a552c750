"""Writing rules: what is written reads back as the same, for any rules at all."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.reasoning.rules.language.expression import CASTS, FUNCTIONS
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.parse_triples import triple_term
from dovetail.reasoning.rules.language.write import write_rules
from dovetail.reasoning.rules.rule import Assign, Call, Expression, Filter, Fresh, Negation, Node, Pattern, Rule, RuleSet, Variable

XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = {"": "urn:", "x": XSD, "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "deep.er-1": "http://example.org/a/b#"}
TEXT = st.text(max_size=4) | st.sampled_from(["", "\n\"'\\", "a.", "é\u0000\U0001f600"])

IRIS = ["urn:a", "urn:a.b.", "urn:", "urn:a/b", "http://example.org/a/b#c-d", "http://example.org/café", XSD + "integer"]
WAYS = [ox.BaseDirection.LTR, ox.BaseDirection.RTL]

iris = st.sampled_from([ox.NamedNode(iri) for iri in IRIS])
verbs = iris | st.just(ox.NamedNode(PREFIXES["rdf"] + "type"))
literals = st.one_of(
    st.builds(ox.Literal, TEXT),
    st.builds(lambda text, tag: ox.Literal(text, language=tag), TEXT, st.sampled_from(["en", "zh-hant"])),
    st.builds(lambda text, way: ox.Literal(text, language="ar", direction=way), TEXT, st.sampled_from(WAYS)),
    st.builds(
        lambda text, kind: ox.Literal(text, datatype=ox.NamedNode(kind)),
        st.sampled_from(["1", "-1", "+01", "1.5", ".5", "1.", "1e3", "-1.e-3", "true", "1", "x", ""]),
        st.sampled_from([XSD + name for name in ("integer", "decimal", "double", "boolean", "date")] + ["urn:kind"]),
    ),
)
labels = st.sampled_from(["b", "0", "path1", "list1", "a.b"])
names = st.sampled_from(["x", "y", "_z", "été"]).map(Variable)


def nodes(blanks: st.SearchStrategy[Node], *, variables: bool = True) -> st.SearchStrategy[Node]:
    plain = st.one_of(iris, literals, blanks, names) if variables else st.one_of(iris, literals, blanks)
    predicates = st.one_of(verbs, names) if variables else verbs
    return st.recursive(plain, lambda inner: st.builds(triple_term, inner, predicates, inner), max_leaves=4)


def patterns(blanks: st.SearchStrategy[Node]) -> st.SearchStrategy[Pattern]:
    return st.builds(Pattern, nodes(blanks), st.one_of(verbs, names), nodes(blanks))


def calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def call(function: str, arguments: list[Expression]) -> Call:
        least, most = FUNCTIONS[function]
        return Call(function, tuple((arguments * 4)[: max(least, min(len(arguments), most))]))

    some = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        st.builds(lambda operator, a, b: Call(operator, (a, b)), st.sampled_from("|| && = != < > <= >= + - * /".split()), inner, inner),
        st.builds(lambda operator, a: Call(operator, (a,)), st.sampled_from("!+-"), inner),
        st.builds(lambda operator, a: Call(operator, tuple(a)), st.sampled_from(["IN", "NOT IN"]), some),
        st.builds(lambda cast, a: Call(cast, (a,)), st.sampled_from(sorted(CASTS)), inner),
        st.builds(call, st.sampled_from(sorted(FUNCTIONS)), some),
    )


expressions = st.recursive(st.one_of(names, literals, iris, st.builds(triple_term, iris, verbs, names)), calls, max_leaves=6)
filters = st.builds(Filter, expressions)
in_bodies = patterns(labels.map(lambda label: Variable(f"_:{label}")))
bodies = st.lists(
    st.one_of(
        in_bodies,
        filters,
        st.builds(Assign, names, expressions),
        st.builds(Negation, st.lists(in_bodies | filters, max_size=3).map(tuple), stated_only=st.booleans()),
    ),
    max_size=4,
).map(tuple)


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    """Any rules the language can say, sense or no sense."""
    rules = []
    for number in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from([f"rule-{number + 1}", "urn:r", "http://example.org/r s", "rule-9", "files/x.srl:rule-2"]))
        head = tuple(draw(st.lists(patterns(labels.map(Fresh)), max_size=3)))
        weight = draw(st.floats(0, 1, exclude_min=True))
        rules.append(Rule(name, head, draw(bodies), weight=weight, stated_only=draw(st.booleans()), line=number))
    ground = nodes(labels.map(ox.BlankNode), variables=False)
    stated = [triple_term(*draw(st.tuples(iris | labels.map(ox.BlankNode), verbs, ground))) for _ in range(draw(st.integers(0, 2)))]
    facts = dict.fromkeys(fact for fact in stated if isinstance(fact, ox.Triple))
    return RuleSet(tuple(rules), tuple(facts), draw(st.sampled_from([{}, PREFIXES])))


@settings(max_examples=50, deadline=None)
@given(rule_sets())
def test_what_is_written_reads_back(rules: RuleSet) -> None:
    written = write_rules(rules)
    assert parse_rules(written) == rules
    assert write_rules(parse_rules(written)) == written


def test_is_written_for_people() -> None:
    text = """\
PREFIX : <http://example.org/>

DATA {
    :ann :parent :bob .
    :bob :age 7 .
}

RULE :grand WEIGHT 0.9 { ?x :grandparent ?z }
WHERE {
    ?x :parent _:path1 .
    _:path1 :parent ?z .
    FILTER(?x != ?z)
    NOT { ?x :enemy ?z . FILTER(?z = :bob) }
}

RULE { _:list1 a :Pair . _:list1 :of "x"@en }
WHERE DATA {}
"""
    assert write_rules(parse_rules(text)) == text
