"""From statements to more statements and to answers: rules with their proofs, questions with their evidence.

``infer`` makes a graph's inferred layer and ``refresh`` keeps it true; ``explain`` proves what is in it. ``ask`` answers one
question; ``open_asker`` and ``Asker`` keep what many questions share. ``LinkReasoner`` predicts what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dovetail.reasoning.links.prediction import LinkExplanation, PathStep, Prediction, SimilarCase
from dovetail.reasoning.questions.answer import Answer, GivenAnswer, LinkedName, Plan, ProofStep, Quote
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.corpus import Question, plain_build, read_corpus, read_questions
from dovetail.reasoning.questions.evaluate import evaluate_folder, evaluate_questions
from dovetail.reasoning.questions.opening import ask, open_asker
from dovetail.reasoning.questions.passages.retrieval import Encoder, Retrieval, Retriever, ScoredPassage
from dovetail.reasoning.rules.conformance import RulesEvaluation, evaluate_rules
from dovetail.reasoning.rules.elsewhere import RemoteGraphs, RemoteStore, saturate_remote
from dovetail.reasoning.rules.engine import Materialization, Progress, RuleLimit, SaturationOptions, saturate
from dovetail.reasoning.rules.infer import Contradiction, InferenceOptions, InferenceReport, explain, infer, refresh
from dovetail.reasoning.rules.language import check_rules, load_rules, parse_notation3, parse_rules, stratify, write_rules
from dovetail.reasoning.rules.mining import MinedRule, MiningOptions, MiningProgress, mine_rules, predictions, write_mined
from dovetail.reasoning.rules.profiles import PACKS, RulePack, consistent, entails, load_pack
from dovetail.reasoning.rules.proofs import (
    Likelihood,
    Proof,
    Step,
    likelihood,
    proof_json,
    proof_lines,
    prove,
    steps,
    write_prov,
    write_steps,
)
from dovetail.reasoning.rules.rule import Rule, RuleSet

if TYPE_CHECKING:
    from dovetail.reasoning.links.predict import LinkReasoner

__all__ = [
    "PACKS",
    "Answer",
    "Asker",
    "Contradiction",
    "Encoder",
    "GivenAnswer",
    "InferenceOptions",
    "InferenceReport",
    "Likelihood",
    "LinkExplanation",
    "LinkReasoner",
    "LinkedName",
    "Materialization",
    "MinedRule",
    "MiningOptions",
    "MiningProgress",
    "PathStep",
    "Plan",
    "Prediction",
    "Progress",
    "Proof",
    "ProofStep",
    "Question",
    "Quote",
    "RemoteGraphs",
    "RemoteStore",
    "Retrieval",
    "Retriever",
    "Rule",
    "RuleLimit",
    "RulePack",
    "RuleSet",
    "RulesEvaluation",
    "SaturationOptions",
    "ScoredPassage",
    "SimilarCase",
    "Step",
    "ask",
    "check_rules",
    "consistent",
    "entails",
    "evaluate_folder",
    "evaluate_questions",
    "evaluate_rules",
    "explain",
    "infer",
    "likelihood",
    "load_pack",
    "load_rules",
    "mine_rules",
    "open_asker",
    "parse_notation3",
    "parse_rules",
    "plain_build",
    "predictions",
    "proof_json",
    "proof_lines",
    "prove",
    "read_corpus",
    "read_questions",
    "refresh",
    "saturate",
    "saturate_remote",
    "steps",
    "stratify",
    "write_mined",
    "write_prov",
    "write_rules",
    "write_steps",
]


def __getattr__(name: str) -> object:
    """``LinkReasoner`` brings torch along, which rules do without: it is loaded when it is asked for."""
    if name == "LinkReasoner":
        from dovetail.reasoning.links.predict import LinkReasoner

        return LinkReasoner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
