"""The rule packs, rule by rule: the tables in tests/tables/owl_rl.txt and tests/tables/rdfs.txt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.engine.clause import HELPER
from dovetail.reasoning.rules.engine.materialization import Materialization
from dovetail.reasoning.rules.engine.options import SaturationOptions
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.profiles.closure import everything
from dovetail.reasoning.rules.profiles.matching import Fact
from dovetail.reasoning.rules.profiles.packs import PACKS, load_pack
from dovetail.reasoning.rules.rule import RuleSet, term_text
from tests.reasoning.rules.reference import naive_facts

TABLES = Path(__file__).parents[2] / "tables"
PREFIXES = """
    PREFIX : <urn:>
    PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    PREFIX owl: <http://www.w3.org/2002/07/owl#>
    PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
    PREFIX dt: <urn:dovetail:term:>
    PREFIX rl: <urn:dovetail:rule:owl-rl:>
"""
SERVING = {"list", "cardinality"}
"""The rules that only serve others, which have the recommendation's names."""


@dataclass(frozen=True)
class Case:
    pack: str
    rules: tuple[str, ...]
    stated: str
    expected: str
    holds: bool


def cases(pack: str, table: str) -> list[Case]:
    found = []
    for block in (TABLES / table).read_text("utf-8").split("\n\n")[1:]:
        names, stated, expected = block.strip().split("\n")
        wanted = expected.removeprefix("=> ")
        found.append(Case(pack, tuple(names.split()), stated, wanted.removeprefix("not "), not wanted.startswith("not ")))
    return found


CASES = cases("owl-rl", "owl_rl.txt") + cases("rdfs", "rdfs.txt")


def graph(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(PREFIXES + text, ox.RdfFormat.TURTLE)]


def known(stated: str, rules: RuleSet) -> Materialization:
    return Materialization(graph(stated), rules, options=SaturationOptions(generalised=True))


def local(name: str) -> str:
    return name.rsplit(":", 1)[1]


def alone(pack: str, names: tuple[str, ...]) -> RuleSet:
    rules = load_pack(pack).rules
    return replace(rules, rules=tuple(rule for rule in rules.rules if local(rule.name) in {*names, *SERVING}), facts=())


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case.rules))
def test_rule(case: Case) -> None:
    rules = alone(case.pack, case.rules) if case.holds else load_pack(case.pack).rules
    found = known(case.stated, rules)
    assert {term_text(triple): triple in found for triple in graph(case.expected)} == {
        term_text(triple): case.holds for triple in graph(case.expected)
    }


@pytest.mark.parametrize("case", [case for case in CASES if case.holds], ids=lambda case: " ".join(case.rules))
def test_nothing_else_does_it(case: Case) -> None:
    """The rule is what the case needs: its helpers alone derive nothing of it."""
    found = known(case.stated, alone(case.pack, case.rules[1:]))
    assert not all(triple in found for triple in graph(case.expected))


@pytest.mark.parametrize("pack", ["owl-rl", "rdfs"])
def test_every_rule_has_a_case(pack: str) -> None:
    names = {local(rule.name) for rule in load_pack(pack).rules.rules} - SERVING
    assert names == {case.rules[0] for case in CASES if case.pack == pack}


@pytest.mark.parametrize("pack", sorted(PACKS))
def test_is_well_formed_and_has_layers(pack: str) -> None:
    rules = load_pack(pack).rules
    check_rules(rules, source=pack)
    assert [rule for layer in stratify(rules) for rule in layer] == list(rules.rules)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from([case.stated for case in CASES]), max_size=5), st.sampled_from(sorted(PACKS)))
def test_engine_and_reference_agree(stated: set[str], pack: str) -> None:
    """Several cases at once, which share their names, so that their rules meet."""
    rules = load_pack(pack).rules
    facts: set[Fact] = {(triple.subject, triple.predicate, triple.object) for text in stated for triple in graph(text)}
    expected = naive_facts(rules, set(facts), generalised=True) | facts
    assert public(everything(facts, rules)) == public(expected)


def public(facts: Iterable[Sequence[object]]) -> set[Sequence[object]]:
    """Facts without those of helper predicates, which are the engine's own affair."""
    return {fact for fact in facts if not str(fact[1]).startswith(f"<{HELPER}")}


def test_what_every_graph_holds() -> None:
    stated = set(load_pack("owl-rl").rules.facts)
    assert stated >= set(graph("rdfs:label a owl:AnnotationProperty . owl:Nothing a owl:Class . xsd:byte a rdfs:Datatype ."))


def test_an_instance_gets_no_more_than_the_schema_says() -> None:
    rules = load_pack("owl-rl").rules
    rows, _ = known(":C a owl:Class . :a a :C ; :p :b . :c :p 1 .", rules).inferred()
    schema, _ = known(":C a owl:Class .", rules).inferred()
    assert len(rows) == len(schema) + 1  # :a a owl:Thing


def test_long_lists_of_data_cost_nothing() -> None:
    numbers = " ".join(map(str, range(300)))
    rows, _ = known(f":a :p ( {numbers} ) .", load_pack("owl-rl").rules).inferred()
    assert len(rows) == len(known("", load_pack("owl-rl").rules).inferred()[0])


def test_a_circular_list_ends() -> None:
    circle = ":l rdf:first :D ; rdf:rest :m . :m rdf:first :E ; rdf:rest :l ."
    ways = "owl:intersectionOf owl:unionOf owl:oneOf owl:propertyChainAxiom owl:hasKey owl:members".split()
    stated = [circle, *(f":C {way} :l ." for way in ways), ":C a owl:AllDisjointClasses . :a a :E ."]
    found = known(" ".join(stated), load_pack("owl-rl").rules)
    assert graph(":a a :C .")[0] in found


def test_an_unknown_pack_is_refused_with_the_names() -> None:
    with pytest.raises(InputError, match="no rule pack named 'owl'; try one of owl-rl, rdf, rdfs"):
        load_pack("owl")
