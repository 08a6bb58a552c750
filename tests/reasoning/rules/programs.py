"""Random graphs and stratified programs over a vocabulary small enough that everything meets everything."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import strategies as st

from dovetail.kg.errors import DovetailError
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.rule import (
    Assign,
    Call,
    Filter,
    Fresh,
    Negation,
    Node,
    Pattern,
    Rule,
    RuleSet,
    TripleTerm,
    Variable,
    variables,
)

ENTITIES = [ox.NamedNode(f"urn:{name}") for name in "abcde"]
PROPERTIES = [ox.NamedNode(f"urn:{name}") for name in "pqr"]
CLASSES = [ox.NamedNode(f"urn:{name}") for name in "ABC"]
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SUBCLASS = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
NAMES = [Variable(name) for name in "xyz"]

_links = st.builds(ox.Triple, st.sampled_from(ENTITIES), st.sampled_from(PROPERTIES), st.sampled_from(ENTITIES))
_types = st.builds(ox.Triple, st.sampled_from(ENTITIES), st.just(TYPE), st.sampled_from(CLASSES))
_schema = st.builds(ox.Triple, st.sampled_from(CLASSES), st.just(SUBCLASS), st.sampled_from(CLASSES))

triples = st.one_of(_links, _links, _types, _schema)
graphs = st.lists(triples, max_size=12, unique=True)


def _nodes(constants: list[ox.NamedNode]) -> st.SearchStrategy[Node]:
    return st.one_of(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(constants))


_patterns = st.one_of(
    st.builds(Pattern, _nodes(ENTITIES), st.sampled_from(PROPERTIES), _nodes(ENTITIES)),
    st.builds(Pattern, _nodes(ENTITIES), st.sampled_from(PROPERTIES), _nodes(ENTITIES)),
    st.builds(Pattern, _nodes(ENTITIES), st.just(TYPE), _nodes(CLASSES)),
    st.builds(Pattern, _nodes(CLASSES), st.just(SUBCLASS), _nodes(CLASSES)),
    st.builds(Pattern, _nodes(ENTITIES), st.sampled_from(NAMES), _nodes(ENTITIES)),
)
_filters = st.builds(lambda x, y: Filter(Call("!=", (x, y))), st.sampled_from(NAMES), st.sampled_from(NAMES))


MADE = Variable("w")
_quoted = st.builds(TripleTerm, st.sampled_from(NAMES), st.sampled_from(PROPERTIES), st.sampled_from(NAMES))


@st.composite
def making_rules(draw: st.DrawFn, name: str) -> Rule:
    """A rule that makes terms (a string, a blank node, a triple term), or looks inside triple terms."""
    patterns = [draw(_patterns), draw(_patterns)]
    body: list[Pattern | Assign | Negation] = list(patterns)
    if draw(st.booleans()):
        body.append(Pattern(draw(st.sampled_from(NAMES)), draw(st.sampled_from(PROPERTIES)), draw(_quoted)))
    bound = sorted({v for part in body for v in variables(part)}, key=lambda v: v.name)
    if not bound:
        return Rule(name, (Pattern(ENTITIES[0], PROPERTIES[0], ENTITIES[1]),), tuple(body))
    x, y = draw(st.sampled_from(bound)), draw(st.sampled_from(bound))
    choices: list[Node] = [MADE, Fresh("b"), TripleTerm(x, PROPERTIES[0], y)]
    made = draw(st.sampled_from(choices))
    if made == MADE:
        body.append(Assign(MADE, Call("CONCAT", (Call("STR", (x,)), ox.Literal("!")))))
    head = Pattern(x, draw(st.sampled_from(PROPERTIES)), made)
    return Rule(name, (head, Pattern(y, draw(st.sampled_from(PROPERTIES)), made)), tuple(body))


@st.composite
def rules(draw: st.DrawFn, name: str, *, negation: bool = True, weights: bool = False) -> Rule:
    """A rule that is well-formed by itself."""
    body: list[Pattern | Filter | Negation] = list(draw(st.lists(_patterns, min_size=1, max_size=3)))
    bound = {v for part in body for v in variables(part)}
    test = draw(st.none() | _filters)
    if test is not None and set(variables(test)) <= bound:
        body.append(test)
    if negation and draw(st.booleans()):
        body.append(Negation(tuple(draw(st.lists(_patterns, min_size=1, max_size=2))), stated_only=draw(st.booleans())))
    usable = sorted(bound, key=lambda v: v.name)
    heads = _patterns.filter(lambda p: set(variables(p)) <= set(usable))
    weight = draw(st.sampled_from([1.0, 0.9, 0.5])) if weights else 1.0
    return Rule(name, (draw(heads),), tuple(body), weight, stated_only=draw(st.integers(0, 7)) == 0)


@st.composite
def programs(draw: st.DrawFn, *, negation: bool = True, weights: bool = False, making: bool = False) -> RuleSet:
    """A few rules that are well-formed and stratified together."""
    chosen: list[Rule] = []
    for number in range(draw(st.integers(1, 5))):
        made = making and draw(st.booleans())
        rule = draw(making_rules(f"rule-{number}") if made else rules(f"rule-{number}", negation=negation, weights=weights))
        attempt = RuleSet((*chosen, rule))
        try:
            check_rules(attempt, source="test")
            stratify(attempt)
        except DovetailError:
            continue
        chosen.append(rule)
    return RuleSet(tuple(chosen))
