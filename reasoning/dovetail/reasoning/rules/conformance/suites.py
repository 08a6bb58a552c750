"""`evaluate_rules`: which tests of the W3C's suites the rules pass.

    a manifest, or a folder with some    entailment (RDF 1.1, RDF 1.2), SPARQL-RL (syntax, well-formedness, strata, results)
    a folder of cases                    premise.rdf with conclusion.rdf (must follow) or non-conclusion.rdf (must not);
                                         what premises import is looked for in imports/ beside the cases

A test is not applicable where it asks for something else than rules do; it counts neither as passed nor as failed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from dovetail.kg.errors import DovetailError
from dovetail.nlp.measures import EvaluationResult, peak_megabytes
from dovetail.reasoning.rules.conformance.judges import NotApplicable, Test, folder_tests, manifest_test
from dovetail.reasoning.rules.conformance.manifest import read_manifest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test: ``passed`` is None where it does not apply; ``why`` it failed or does not apply."""

    name: str
    passed: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class RulesEvaluation(EvaluationResult):
    """The figures of one set, whose metrics are counts (``passed``, ``failed``, ``not_applicable``), and each of its tests."""

    cases: tuple[Outcome, ...]


def evaluate_rules(paths: Iterable[Path]) -> Iterator[RulesEvaluation]:
    """The figures of each set, as it is done: a manifest can hold several. `InputError` where there is nothing to run.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     case = Path(folder) / "same"
    ...     case.mkdir()
    ...     for name in ("premise.ttl", "conclusion.ttl"):
    ...         _ = (case / name).write_text("<urn:a> <urn:p> <urn:b> .")
    ...     [evaluation.metrics for evaluation in evaluate_rules([Path(folder)])]
    [{'passed': 1, 'failed': 0, 'not_applicable': 0}]
    """
    suites = [(path, _manifests(path)) for path in paths]
    tests = {path: [] if manifests else folder_tests(path) for path, manifests in suites}  # what is wrong is said before hours of work
    for path, manifests in suites:
        if not manifests:
            yield _evaluated(path.resolve().name, tests[path])
        for manifest in manifests:
            for file, entries in groupby(read_manifest(manifest), key=lambda entry: entry.manifest):
                yield _evaluated(file.parent.name, [(entry.name, manifest_test(entry)) for entry in entries])


def _evaluated(name: str, tests: Sequence[tuple[str, Test]]) -> RulesEvaluation:
    began = time.monotonic()
    cases = tuple(_run(case, test) for case, test in tests)
    outcomes = [case.passed for case in cases]
    metrics = {"passed": outcomes.count(True), "failed": outcomes.count(False), "not_applicable": outcomes.count(None)}
    return RulesEvaluation(name, len(cases), metrics, round(time.monotonic() - began, 2), peak_megabytes(), cases)


def _run(name: str, test: Test) -> Outcome:
    try:
        passed = test()
    except NotApplicable as reason:
        return Outcome(name, None, str(reason))
    except DovetailError as error:
        return Outcome(name, False, str(error))
    return Outcome(name, passed, "" if passed else "the answer is wrong")


def _manifests(path: Path) -> list[Path]:
    """The manifests that a path is or holds, those inside the folder of another left out."""
    if not path.is_dir():
        return [path]
    found: list[Path] = []
    for file in sorted(path.rglob("manifest*.ttl"), key=lambda file: (len(file.parts), file)):
        if not any(other.parent in file.parents for other in found):
            found.append(file)
    return found
