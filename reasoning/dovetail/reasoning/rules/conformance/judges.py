"""What the tests of the W3C's suites ask of rules, each as a function that says whether they do it right."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from dovetail.kg.errors import DovetailError, InputError
from dovetail.reasoning.rules.conformance.graph_files import FORMATS, read_triples
from dovetail.reasoning.rules.conformance.manifest import ManifestEntry
from dovetail.reasoning.rules.engine.materialization import Materialization
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.profiles.closure import PROFILES
from dovetail.reasoning.rules.profiles.entailment import consistent, entails
from dovetail.reasoning.rules.profiles.refutation import TYPE, owl
from dovetail.reasoning.rules.rule import GroundTerm, RuleSet

Test: TypeAlias = Callable[[], bool]
"""Whether a test is passed; raises `NotApplicable`, or a `DovetailError` that is the reason why not."""


_Graphs: TypeAlias = Mapping[GroundTerm, Sequence[ox.Triple]]
"""Graphs by the ontology that they say they are."""


class NotApplicable(Exception):
    """A test that asks for something else; the message says for what."""


# ---- Folders of cases


def folder_tests(folder: Path) -> list[tuple[str, Test]]:
    """The cases in a folder, or in its folder ``cases``, by name."""
    cases = [case for case in sorted([folder, *folder.glob("*"), *folder.glob("cases/*")]) if case.is_dir() and _file(case, "premise")]
    if not cases:
        raise InputError(f"{folder}: neither a manifest.ttl nor cases with a premise.rdf are in this folder")
    imports: _Graphs = {
        triple.subject: graph
        for path in sorted((folder / "imports").glob("*"))
        if path.suffix in FORMATS
        for graph in [read_triples(path)]
        for triple in graph
        if triple.predicate == TYPE and triple.object == owl("Ontology")
    }
    return [(case.name, _case_test(case, imports)) for case in cases]


def _file(case: Path, stem: str) -> Path | None:
    return next((path for suffix in FORMATS if (path := case / f"{stem}{suffix}").is_file()), None)


def _case_test(case: Path, imports: _Graphs) -> Test:
    def run() -> bool:
        premise, conclusion, other = (_file(case, stem) for stem in ("premise", "conclusion", "non-conclusion"))
        assert premise is not None
        graph = _with_imports(read_triples(premise), imports)
        if conclusion is None and other is None:
            raise NotApplicable("there is neither a conclusion nor a non-conclusion")
        return (conclusion is None or entails(graph, read_triples(conclusion))) and (
            other is None or not entails(graph, read_triples(other))
        )

    return run


def _with_imports(graph: list[ox.Triple], imports: _Graphs) -> list[ox.Triple]:
    """A graph with those that it imports, and that they import."""
    whole = list(graph)
    done: set[GroundTerm] = set()
    for triple in whole:  # grows on the way
        if triple.predicate == owl("imports") and triple.object not in done:
            done.add(triple.object)
            if triple.object not in imports:
                raise NotApplicable(f"it imports {triple.object}, which is not in imports/")
            whole += imports[triple.object]
    return whole


# ---- Entries of manifests


def manifest_test(entry: ManifestEntry) -> Test:
    """What an entry of a manifest asks."""

    def run() -> bool:
        if entry.kind == "MissingManifest":
            raise NotApplicable(f"the manifest includes {os.path.relpath(_action(entry), entry.manifest.parent)}, which is not here")
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
        return not consistent(premise, profile=profile, datatypes=entry.recognized)
    if not isinstance(entry.result, Path):
        raise InputError(f"{entry.manifest}: {entry.name} names no graph in mf:result")
    return entails(premise, read_triples(entry.result), profile=profile, datatypes=entry.recognized)


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
