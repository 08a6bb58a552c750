"""`evaluate_rules`: which tests of the W3C's suites the rules pass.

    a manifest, or a folder with one     entailment (RDF 1.1, RDF 1.2), SPARQL-RL (syntax, well-formedness, strata, results)
    a folder of cases                    premise.rdf with conclusion.rdf (must follow) or non-conclusion.rdf (must not);
                                         what premises import is looked for in imports/ beside the cases

A test is not applicable where it asks for something else than rules do; it counts neither as passed nor as failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyoxigraph as ox

from dovetail.kg.errors import DovetailError, InputError
from dovetail.nlp.measures import EvaluationResult, result
from dovetail.reasoning.rules.closure import PROFILES
from dovetail.reasoning.rules.entailment import consistent, entails
from dovetail.reasoning.rules.graph_files import FORMATS, read_triples
from dovetail.reasoning.rules.manifest import ManifestEntry, read_manifest
from dovetail.reasoning.rules.materialization import Materialization
from dovetail.reasoning.rules.parse import parse_rules
from dovetail.reasoning.rules.rule import RuleSet
from dovetail.reasoning.rules.strata import stratify
from dovetail.reasoning.rules.wellformed import check_rules

_OWL = "http://www.w3.org/2002/07/owl#"
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


@dataclass(frozen=True, slots=True)
class TestCase:
    """What came of one test: ``passed`` is None where it does not apply; ``why`` it failed or does not apply."""

    __test__ = False  # it is no test of pytest's

    name: str
    passed: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class RulesEvaluation:
    """The figures of one set (counts ``passed``, ``failed``, ``not_applicable``), and each of its tests."""

    figures: EvaluationResult
    cases: tuple[TestCase, ...]


class NotApplicable(Exception):
    """A test that asks for something else; the message says for what."""


def evaluate_rules(paths: Iterable[Path]) -> Iterator[RulesEvaluation]:
    """The figures of each set, as it is done: a manifest can hold several. `InputError` where there is nothing to run.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     case = Path(folder) / "same"
    ...     case.mkdir()
    ...     for name in ("premise.ttl", "conclusion.ttl"):
    ...         _ = (case / name).write_text("<urn:a> <urn:p> <urn:b> .")
    ...     [evaluation.figures.metrics for evaluation in evaluate_rules([Path(folder)])]
    [{'passed': 1, 'failed': 0, 'not_applicable': 0}]
    """
    for path in paths:
        manifest = _manifest(path)
        if manifest is None:
            yield _evaluated(path.resolve().name, _folder_tests(path))
            continue
        for file, entries in groupby(read_manifest(manifest), key=lambda entry: entry.manifest):
            yield _evaluated(file.parent.name, [(entry.name, _entry_test(entry)) for entry in entries])


Test = Callable[[], bool]


def _evaluated(name: str, tests: Sequence[tuple[str, Test]]) -> RulesEvaluation:
    began = time.monotonic()
    cases = tuple(_run(case, test) for case, test in tests)
    outcomes = [case.passed for case in cases]
    metrics = {"passed": outcomes.count(True), "failed": outcomes.count(False), "not_applicable": outcomes.count(None)}
    return RulesEvaluation(result(name, len(cases), metrics, seconds=time.monotonic() - began), cases)


def _run(name: str, test: Test) -> TestCase:
    try:
        passed = test()
    except NotApplicable as reason:
        return TestCase(name, None, str(reason))
    except DovetailError as error:
        return TestCase(name, False, str(error))
    return TestCase(name, passed, "" if passed else "the answer is wrong")


# ---- Manifests


def _manifest(path: Path) -> Path | None:
    """The manifest that a path is or holds; None for a folder without one."""
    if not path.is_dir():
        return path
    found = [path / "manifest.ttl"] if (path / "manifest.ttl").is_file() else sorted(path.glob("manifest*.ttl"))
    if len(found) > 1:
        raise InputError(f"{path}: several manifests ({', '.join(file.name for file in found)}); name one of them")
    return found[0] if found else None


def _entry_test(entry: ManifestEntry) -> Test:
    def run() -> bool:
        if entry.kind == "MissingManifest":
            raise NotApplicable(f"the manifest includes {entry.action}, which is not here")
        judge = _JUDGES.get(entry.kind)
        if judge is None:
            raise NotApplicable(f"{entry.kind or 'a test without a class'} is no test of rules")
        return judge(entry)

    return run


def _action(entry: ManifestEntry) -> Path:
    if entry.action is None:
        raise InputError(f"{entry.manifest}: {entry.name} names no file in mf:action")
    return entry.action


def _rules(entry: ManifestEntry) -> RuleSet:
    path = _action(entry)
    try:
        return parse_rules(path.read_text("utf-8"), source=path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def _refused(act: Callable[[], object]) -> bool:
    """Whether the rules are refused, and not for want of a file."""
    try:
        act()
    except DovetailError as error:
        if type(error) is InputError:
            raise
        return True
    return False


def _reads(entry: ManifestEntry) -> bool:
    _rules(entry)
    return True


def _well_formed(entry: ManifestEntry) -> bool:
    check_rules(_rules(entry), source=_action(entry).name)
    return True


def _stratified(entry: ManifestEntry) -> bool:
    stratify(_rules(entry))
    return True


def _derives(entry: ManifestEntry) -> bool:
    rules = _rules(entry)
    check_rules(rules, source=_action(entry).name)
    stratify(rules)
    if not isinstance(entry.result, Path):
        raise InputError(f"{entry.manifest}: {entry.name} names no file in mf:result")
    known = Materialization((triple for file in entry.data for triple in read_triples(file)), rules)
    rows, _ = known.inferred()
    return _canonical(known.triples(rows)) == _canonical(read_triples(entry.result))


def _canonical(triples: Iterable[ox.Triple]) -> set[ox.Quad]:
    """Triples with their blank nodes renamed by what is said of them, so that equal graphs are equal sets."""
    graph = ox.Dataset(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    graph.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return set(graph)


def _follows(entry: ManifestEntry) -> bool:
    """Whether the result follows from the action; a result of false, whether the action contradicts itself."""
    profile = entry.regimes[0].lower() if entry.regimes else "simple"
    if profile not in PROFILES:
        raise NotApplicable(f"entailment regime {entry.regimes[0]} is none of {', '.join(PROFILES)}")
    premise = read_triples(_action(entry))
    if entry.result is False:
        return not consistent(premise, profile=profile, datatypes=_recognised(entry))
    if not isinstance(entry.result, Path):
        raise InputError(f"{entry.manifest}: {entry.name} names no graph in mf:result")
    return entails(premise, read_triples(entry.result), profile=profile, datatypes=_recognised(entry))


def _recognised(entry: ManifestEntry) -> frozenset[str]:
    """The datatypes a test names, and the two that every reader of RDF recognises."""
    return frozenset(entry.recognized) | ALWAYS_RECOGNISED


_JUDGES: dict[str, Callable[[ManifestEntry], bool]] = {
    "PositiveEntailmentTest": _follows,
    "NegativeEntailmentTest": lambda entry: not _follows(entry),
    "RulesPositiveSyntaxTest": _reads,
    "RulesNegativeSyntaxTest": lambda entry: _refused(lambda: _reads(entry)),
    "RulesPositiveWellFormednessTest": _well_formed,
    "RulesNegativeWellFormednessTest": lambda entry: _refused(lambda: _well_formed(entry)),
    "RulesPositiveStratificationTest": _stratified,
    "RulesNegativeStratificationTest": lambda entry: _refused(lambda: _stratified(entry)),
    "RulesEvalTest": _derives,
}
