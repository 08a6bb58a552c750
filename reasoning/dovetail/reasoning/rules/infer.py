"""Rules over a knowledge graph: its inferred layer made, kept true, and explained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray
from rdflib import BNode, URIRef

from dovetail.kg.confidence import stated_confidences
from dovetail.kg.errors import InputError
from dovetail.kg.inference import Inference, is_current, read_inference, write_inferences
from dovetail.kg.names import DT, Layer
from dovetail.kg.statement import Term
from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.terms import to_ox
from dovetail.reasoning.rules.engine.materialization import Materialization, saturate
from dovetail.reasoning.rules.engine.options import Progress, SaturationOptions
from dovetail.reasoning.rules.language.load import load_rules
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.language.write import write_rules
from dovetail.reasoning.rules.profiles.closure import literal_clashes
from dovetail.reasoning.rules.profiles.packs import load_pack
from dovetail.reasoning.rules.proofs.proof import Fact, Proof, prove, prove_facts
from dovetail.reasoning.rules.rule import GroundTerm, RuleSet

INCONSISTENT = ox.NamedNode(DT["inconsistent"])
"""``?x dt:inconsistent ?rule``: what a pack derives where a graph contradicts itself."""

MOST_PROOFS = 100
"""Contradictions that are proved; more are only counted."""

_READ = (Layer.VOCABULARY, Layer.STATED)


@dataclass(frozen=True, slots=True)
class InferenceOptions:
    """What to infer with: a rule pack, rules of one's own, or both.

    ``min_confidence``: what is less sure is neither kept nor used. ``max_facts``: stop, and change nothing,
    rather than derive more. ``on_progress`` is called as groups of rules are done.
    """

    profile: str | None = None
    rules: RuleSet = field(default_factory=RuleSet)
    min_confidence: float = 0.0
    max_facts: int = 25_000_000
    on_progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A thing of which impossible things are said, the rule that forbids them, and the proof that they follow.

    What is ill-typed is proved by the proof that it has the type.
    """

    thing: GroundTerm
    rule: str
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class InferenceReport:
    """What a run did: facts read, facts in the inferred layer now, how many of them came and went, and what is contradictory."""

    facts: int
    inferred: int
    added: int
    removed: int
    contradictions: tuple[Contradiction, ...]
    seconds: float


def infer(graph: KnowledgeGraph, *, options: InferenceOptions) -> InferenceReport:
    """Make the inferred layer of a graph hold what rules prove of its vocabulary and of what is stated.

    The graph remembers the rules, so that ``refresh`` can keep the layer true. RuleError and RuleLimit
    leave the layer as it was.

    >>> from dovetail.kg import Statement
    >>> a, b, knows = URIRef("urn:a"), URIRef("urn:b"), URIRef("urn:knows")
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(a, knows, b)])
    1
    >>> rules = parse_rules("RULE { ?y <urn:knows> ?x } WHERE { ?x <urn:knows> ?y }")
    >>> infer(graph, options=InferenceOptions(rules=rules)).added
    1
    """
    start = time.perf_counter()
    known = materialize(graph, options=options)
    read = len(graph.index(_READ))  # kept since then, until something is written
    rows, confidences = known.inferred()
    inference = Inference(options.profile, write_rules(options.rules), options.min_confidence, options.max_facts)
    added, removed = write_inferences(graph, known.triples(rows), None if confidences is None else confidences.tolist(), inference)
    wrong = contradictions(known, rows)
    return InferenceReport(read, len(rows), added, removed, wrong, time.perf_counter() - start)


def contradictions(known: Materialization, inferred: NDArray[np.int64]) -> tuple[Contradiction, ...]:
    """What a pack's rules find impossible in saturated facts, each with a proof for the first MOST_PROOFS of them."""
    numbering = known.numbering
    number = numbering.find(INCONSISTENT)
    found: list[tuple[str, Fact]] = []
    for s, p, o in inferred[inferred[:, 1] == number].tolist() if number is not None else ():
        rule = numbering.term(o)
        found.append((rule.value if isinstance(rule, ox.NamedNode) else str(rule), (numbering.term(s), numbering.term(p), rule)))
    if known.options.generalised:
        found += [(clash.rule, clash.fact) for clash in literal_clashes(known)]
    proofs: list[Proof | None] = [*prove_facts(known, [fact for _, fact in found[:MOST_PROOFS]])]
    proofs += [None] * (len(found) - len(proofs))
    return tuple(Contradiction(fact[0], rule, proof) for (rule, fact), proof in zip(found, proofs, strict=True))


def refresh(graph: KnowledgeGraph) -> InferenceReport | None:
    """Bring the inferred layer up to date with what is stated now; None where no rules were ever given, or nothing changed."""
    if is_current(graph):
        return None
    return infer(graph, options=standing_options(graph))


def explain(graph: KnowledgeGraph, subject: URIRef | BNode, predicate: URIRef, object: Term) -> Proof:
    """The best proof of a triple of the graph, from its rules, down to what was stated.

    InputError where the graph does not hold the triple.
    """
    known = materialize(graph, options=standing_options(graph))
    return prove(known, ox.Triple(to_ox(subject), to_ox(predicate), to_ox(object)))  # type: ignore[arg-type]


def standing_options(graph: KnowledgeGraph) -> InferenceOptions:
    """What the inferred layer of a graph was made with; no rules where there is none."""
    standing = read_inference(graph)
    if standing is None:
        return InferenceOptions()
    rules = parse_rules(standing.rules, source="the graph's rules")
    return InferenceOptions(standing.profile, rules, standing.min_confidence, standing.max_facts)


def materialize(graph: KnowledgeGraph, *, options: InferenceOptions) -> Materialization:
    """What is stated in a graph with all that follows, in memory: for proofs, and for changes that cost no run from scratch."""
    check_rules(options.rules, source="rules")
    pack = None if options.profile is None else load_pack(options.profile)
    rules = options.rules
    if pack is not None:
        stratify(options.rules)  # by themselves; beside a profile the engine finds the order
        rules = joined(pack.rules, options.rules)
    index = graph.index(_READ)
    return saturate(
        index,
        rules,
        options=SaturationOptions(
            generalised=pack is not None and pack.generalised,
            max_facts=options.max_facts,
            min_confidence=options.min_confidence,
            on_progress=options.on_progress,
        ),
        confidence=stated_confidences(graph, index),
    )


def joined(first: RuleSet, second: RuleSet) -> RuleSet:
    """Two rule sets as one."""
    return RuleSet((*first.rules, *second.rules), (*first.facts, *second.facts), {**first.prefixes, **second.prefixes})


def read_rule_files(paths: Iterable[Path]) -> RuleSet:
    """Rules from files as one set; RuleError names file, line and column."""
    rules = RuleSet()
    for path in paths:
        if not path.is_file():
            raise InputError(f"no such file: {path}; check the path")
        part = load_rules(path)
        check_rules(part, source=str(path))
        rules = joined(rules, part)
    return rules
