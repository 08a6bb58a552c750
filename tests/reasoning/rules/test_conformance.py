"""The W3C's suites, all of them, through the runner behind `dovetail evaluate rules`."""

from __future__ import annotations

from pathlib import Path

import pytest

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.conformance.suites import Outcome, evaluate_rules

SUITES = Path(__file__).parents[2] / "w3c"
COUNTS = {
    "owl2-rl": [("owl2-rl", 50, 0)],
    "rdf-mt": [("rdf-mt", 48, 0)],
    "rdf12-semantics": [("rdf12-semantics", 29, 1)],
    "sparql-rl": [
        ("syntax", 144, 0),
        ("wellformed", 8, 0),
        ("stratification", 12, 0),
        ("eval", 35, 0),
        ("eval2", 6, 0),
        ("sparql-rl", 0, 1),
    ],
}
"""By suite: its sets, how many tests each passes, and to how many that does not apply."""


@pytest.mark.parametrize("suite", sorted(COUNTS))
def test_suite(suite: str) -> None:
    evaluations = list(evaluate_rules([SUITES / suite]))
    assert [case for evaluation in evaluations for case in evaluation.cases if case.passed is False] == []
    metrics = [(evaluation.set, evaluation.metrics) for evaluation in evaluations]
    assert sorted((name, each["passed"], each["not_applicable"]) for name, each in metrics) == sorted(COUNTS[suite])


def test_owl_cases_are_of_both_kinds() -> None:
    cases = SUITES / "owl2-rl" / "cases"
    assert (len(list(cases.glob("*/conclusion.rdf"))), len(list(cases.glob("*/non-conclusion.rdf")))) == (27, 23)


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name.replace("__", ".").replace("_", "-")).write_text(text, "utf-8")
    return folder


def outcome(folder: Path) -> Outcome:
    (evaluation,) = evaluate_rules([folder])
    (case,) = evaluation.cases
    return case


FACT = "<urn:a> <urn:p> <urn:b> ."
OTHER = "<urn:a> <urn:p> <urn:c> ."


def test_a_conclusion_that_does_not_follow_fails(tmp_path: Path) -> None:
    assert outcome(write(tmp_path / "case", premise__ttl=FACT, conclusion__ttl=OTHER)) == Outcome("case", False, "the answer is wrong")


def test_a_non_conclusion_that_follows_fails(tmp_path: Path) -> None:
    assert outcome(write(tmp_path / "case", premise__ttl=FACT, non_conclusion__ttl=FACT)).passed is False


def test_entities_are_refused_not_unfolded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
    case = outcome(write(tmp_path / "case", premise__rdf=bomb, conclusion__ttl=""))
    assert case.passed is False and "DOCTYPE is refused" in case.why


def test_a_missing_import_is_no_failure(tmp_path: Path) -> None:
    importing = "<urn:o> <http://www.w3.org/2002/07/owl#imports> <urn:elsewhere> ."
    case = outcome(write(tmp_path / "case", premise__ttl=importing, conclusion__ttl=FACT))
    assert case == Outcome("case", None, "it imports <urn:elsewhere>, which is not in imports/")


def manifest(tmp_path: Path, test: str, **files: str) -> Outcome:
    head = "PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#> PREFIX srt: <http://www.w3.org/ns/sparql-rl-tests#> "
    return outcome(write(tmp_path / "suite", manifest__ttl=f"{head} <> mf:entries ( <#t> ) . <#t> mf:name 't' ; {test} .", **files))


def test_another_regime_does_not_apply(tmp_path: Path) -> None:
    test = "a mf:PositiveEntailmentTest ; mf:entailmentRegime 'RDFS-Plus' ; mf:action <a.ttl> ; mf:result <a.ttl>"
    case = manifest(tmp_path, test, a__ttl=FACT)
    assert case == Outcome("t", None, "entailment regime RDFS-Plus is none of simple, rdf, rdfs, owl-rl")


def test_another_kind_of_test_does_not_apply(tmp_path: Path) -> None:
    assert manifest(tmp_path, "a mf:QueryEvaluationTest") == Outcome("t", None, "QueryEvaluationTest is no test of rules")


def test_a_file_that_is_not_there_fails_negative_tests_too(tmp_path: Path) -> None:
    case = manifest(tmp_path, "a srt:RulesNegativeSyntaxTest ; mf:action [ srt:ruleset <nowhere.srl> ]")
    assert case.passed is False and "nowhere.srl" in case.why


def test_rules_that_derive_something_else_fail(tmp_path: Path) -> None:
    case = manifest(
        tmp_path,
        "a srt:RulesEvalTest ; mf:action [ srt:ruleset <r.srl> ; srt:data <d.ttl> ] ; mf:result <d.ttl>",
        r__srl="RULE { ?y <urn:p> ?x } WHERE { ?x <urn:p> ?y }",
        d__ttl=FACT,
    )
    assert case == Outcome("t", False, "the answer is wrong")


def test_a_folder_without_tests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a manifest"):
        list(evaluate_rules([tmp_path]))
