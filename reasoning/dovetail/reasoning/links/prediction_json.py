"""Predictions as JSON: what the command line prints and what the predicted layer keeps."""

from __future__ import annotations

from typing import Any

from dovetail.kg.names import PREFIXES
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.links.prediction import LinkExplanation, Prediction, Triple
from dovetail.reasoning.rules.language.write import write_rules
from dovetail.reasoning.rules.mining import MinedRule
from dovetail.reasoning.rules.rule import RuleSet


def prediction_json(prediction: Prediction, graph: KnowledgeGraph) -> dict[str, Any]:
    """A prediction with its IRIs, their labels, and why it is made."""
    return {
        **_triple(prediction.triple, graph),
        "probability": round(prediction.probability, 4),
        "experts": {name: round(value, 3) for name, value in prediction.experts.items()},
        **explanation_json(prediction.explanation, graph),
    }


def explanation_json(explanation: LinkExplanation, graph: KnowledgeGraph) -> dict[str, Any]:
    """Why a link is predicted; quotes are ``text[start:end]`` of their documents."""
    return {
        "grounds": explanation.grounds,
        "paths": [
            [
                {
                    **_triple(step.triple, graph),
                    "evidence": [{"document": e.document, "start": e.start, "end": e.end, "quote": e.quote} for e in step.evidence],
                }
                for step in path
            ]
            for path in explanation.paths
        ],
        "rules": [{"rule": rule_text(mined), "support": mined.support, "body_size": mined.body_size} for mined in explanation.rules],
        "cases": [
            {"entity": str(case.entity), "label": graph.label(case.entity), "likeness": round(case.likeness, 3)}
            for case in explanation.cases
        ],
        "names": None if explanation.names is None else round(explanation.names, 3),
    }


def rule_text(mined: MinedRule) -> str:
    """A mined rule on one line, without its weight."""
    written = write_rules(RuleSet((mined.rule,), prefixes=PREFIXES))
    return " ".join(written[written.index("{", written.index("RULE ")) :].split())


def _triple(triple: Triple, graph: KnowledgeGraph) -> dict[str, Any]:
    subject, predicate, value = triple
    return {
        "subject": str(subject),
        "predicate": str(predicate),
        "object": str(value),
        "labels": [graph.label(term) for term in triple],
    }
