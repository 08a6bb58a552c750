"""From statements to answers: passages found for a question, answers with their evidence, and how good both are.

``ask`` answers one question; ``Asker`` keeps what many questions share. Nothing here writes to a graph.
"""

from __future__ import annotations

from dovetail.reasoning.answer import Answer, GivenAnswer, LinkedName, Plan, ProofStep, Quote
from dovetail.reasoning.ask import Asker, ask
from dovetail.reasoning.corpus import Question, plain_build, read_corpus, read_questions
from dovetail.reasoning.evaluate_questions import evaluate_folder, evaluate_questions
from dovetail.reasoning.retrieval import Encoder, Retrieval, Retriever, ScoredPassage

__all__ = [
    "Answer",
    "Asker",
    "Encoder",
    "GivenAnswer",
    "LinkedName",
    "Plan",
    "ProofStep",
    "Question",
    "Quote",
    "Retrieval",
    "Retriever",
    "ScoredPassage",
    "ask",
    "evaluate_folder",
    "evaluate_questions",
    "plain_build",
    "read_corpus",
    "read_questions",
]
