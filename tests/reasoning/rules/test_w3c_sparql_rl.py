"""The W3C's SPARQL-RL suite: syntax, well-formedness, stratification, and evaluation by the reference."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from dovetail.kg import RuleError
from dovetail.reasoning.rules.conformance.manifest import ManifestEntry, read_manifest
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.language.write import write_rules
from tests.reasoning.rules.reference import isomorphic, naive

SUITE = Path(__file__).parents[2] / "w3c" / "sparql-rl" / "manifest-sparql-rl.ttl"
ENTRIES = [entry for entry in read_manifest(SUITE) if entry.kind != "MissingManifest"]
UNLISTED = sorted((SUITE.parent / "stratification").glob("stratification-bad-0[67].srl"))


def of_kind(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.kind == kind], ids=lambda entry: entry.name)


def text_of(entry: ManifestEntry) -> str:
    assert entry.action is not None
    return entry.action.read_text("utf-8")


def triples_of(path: Path) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(path.read_bytes(), ox.RdfFormat.TURTLE, base_iri=path.as_uri())}


def test_the_suite_is_whole() -> None:
    counts = {kind: sum(entry.kind == kind for entry in ENTRIES) for kind in {entry.kind for entry in ENTRIES}}
    assert counts == {
        "RulesPositiveSyntaxTest": 108,
        "RulesNegativeSyntaxTest": 36,
        "RulesPositiveWellFormednessTest": 4,
        "RulesNegativeWellFormednessTest": 4,
        "RulesPositiveStratificationTest": 7,
        "RulesNegativeStratificationTest": 5,
        "RulesEvalTest": 41,
    }


@of_kind("RulesPositiveSyntaxTest")
def test_is_read_and_written_back(entry: ManifestEntry) -> None:
    rules = parse_rules(text_of(entry))
    assert parse_rules(write_rules(rules)) == rules


@of_kind("RulesNegativeSyntaxTest")
def test_is_not_read(entry: ManifestEntry) -> None:
    with pytest.raises(RuleError, match=r"^rules:\d+:\d+: "):
        parse_rules(text_of(entry))


@of_kind("RulesPositiveWellFormednessTest")
def test_is_well_formed(entry: ManifestEntry) -> None:
    check_rules(parse_rules(text_of(entry)))


@of_kind("RulesNegativeWellFormednessTest")
def test_is_not_well_formed(entry: ManifestEntry) -> None:
    rules = parse_rules(text_of(entry))
    with pytest.raises(RuleError, match="rule-1"):
        check_rules(rules)


@of_kind("RulesPositiveStratificationTest")
def test_has_layers(entry: ManifestEntry) -> None:
    rules = parse_rules(text_of(entry))
    assert sorted(rule.name for layer in stratify(rules) for rule in layer) == sorted(rule.name for rule in rules.rules)


@of_kind("RulesNegativeStratificationTest")
def test_has_no_layers(entry: ManifestEntry) -> None:
    rules = parse_rules(text_of(entry))
    with pytest.raises(RuleError, match="no order of running: rule-1 -> "):
        stratify(rules)


@pytest.mark.parametrize("path", UNLISTED, ids=lambda path: path.name)
def test_does_not_nest_triple_terms_for_ever(path: Path) -> None:
    with pytest.raises(RuleError, match="nest"):
        stratify(parse_rules(path.read_text("utf-8")))


@of_kind("RulesEvalTest")
def test_evaluates(entry: ManifestEntry) -> None:
    assert isinstance(entry.result, Path)
    rules = parse_rules(text_of(entry))
    check_rules(rules)
    base = {triple for path in entry.data for triple in triples_of(path)}
    assert isomorphic(naive(rules, base), triples_of(entry.result))
