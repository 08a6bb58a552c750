"""The W3C's test suites for RDF, RDFS, OWL 2 RL and SPARQL-RL, run and judged."""

from __future__ import annotations

from dovetail.reasoning.rules.conformance.manifest import ManifestEntry, read_manifest
from dovetail.reasoning.rules.conformance.suites import RulesEvaluation, evaluate_rules

__all__ = [
    "ManifestEntry",
    "RulesEvaluation",
    "evaluate_rules",
    "read_manifest",
]
