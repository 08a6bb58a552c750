"""How well questions are answered: ``dovetail evaluate questions``.

questions, a graph and its passages -> Asker -> EvaluationResult (retrieval, answers, evidence, abstention, time)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dovetail.kg.passages import PassageIndex
from dovetail.kg.statement import Document
from dovetail.kg.store import KnowledgeGraph
from dovetail.nlp.measures import EvaluationResult, result
from dovetail.reasoning.questions.answer import Answer, Quote
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.corpus import Question, read_corpus, read_questions
from dovetail.reasoning.questions.metrics import answer_f1, auroc, calibration_error, exact_match, recall_at
from dovetail.reasoning.questions.passages.retrieval import Encoder
from dovetail.reasoning.questions.reading.score import span_reader

READ_AT = 5
PASSAGES_RANKED = 40
"""So many passages hold five documents in all but odd cases."""


Build = Callable[[Sequence[Document]], tuple[KnowledgeGraph, PassageIndex]]
"""What makes a graph and its passages of documents."""


def evaluate_folder(
    folder: Path, encoder: Encoder | None, *, build: Build, titles: bool = True, keep: slice = slice(None)
) -> EvaluationResult:
    """Builds a graph of the ``corpus.jsonl`` of a folder and answers its ``questions.jsonl``, or the rows ``keep``."""
    questions = read_questions(folder / "questions.jsonl")[keep]
    graph, passages = build(read_corpus(folder, titles=titles))
    return evaluate_questions(questions, Asker(graph, passages, encoder, network=span_reader(), titles=titles), name=folder.name)


def evaluate_questions(questions: Sequence[Question], asker: Asker, *, name: str) -> EvaluationResult:
    """Answers each question and compares with what is known.

    ``recall@k`` and ``all@5`` count documents; ``em`` and ``f1`` the most probable candidate, whether or not it was
    probable enough to be given. ``right_auroc`` tells how well its probability parts right from wrong; ``abstention_auroc``
    how well it parts the questions as they are from the same questions with the documents that support their answers left out.
    """
    began = time.perf_counter()
    sums: dict[str, list[float]] = {}
    probabilities, right, times = [], [], []
    supported, unsupported = [], []
    documents = {document.rpartition("#")[2]: document for document in sorted(asker.passages.documents())}
    for question in questions:
        answer = asker.ask(question.question, top_k=1, explain=True)
        times.append(answer.seconds)
        text = answer.answers[0].text if answer.answers else ""
        scores = {
            "em": exact_match(text, question.answers),
            "f1": answer_f1(text, question.answers),
            "answered": float(not answer.abstained),
        }
        probabilities.append(_probability(answer))
        right.append(scores["em"] > 0)
        if question.supporting:
            rows = documents_ranked(asker, question.question)
            scores |= {f"recall@{k}": recall_at(rows, question.supporting, k) for k in (1, 2, 5)}
            scores["all@5"] = float(question.supporting <= set(rows[:READ_AT]))
            without = frozenset(documents[row] for row in question.supporting if row in documents)
            supported.append(probabilities[-1])
            unsupported.append(_probability(asker.ask(question.question, top_k=1, explain=True, without=without)))
        if answer.answers and (quotes := quotes_of(answer)):
            scores["quotes_valid"] = quotes_valid(quotes, asker.graph)
        for key, value in scores.items():
            sums.setdefault(key, []).append(value)
    metrics = {key: float(np.mean(values)) for key, values in sums.items()}
    areas = {
        "abstention_auroc": auroc([*supported, *unsupported], [True] * len(supported) + [False] * len(unsupported)),
        "right_auroc": auroc(probabilities, right),
    }
    metrics |= {key: area for key, area in areas.items() if area is not None}
    metrics["ece"] = calibration_error(probabilities, right)
    if times:
        metrics |= {"seconds_median": float(np.median(times)), "seconds_p95": float(np.percentile(times, 95))}
    return result(name, len(questions), metrics, seconds=time.perf_counter() - began)


def _probability(answer: Answer) -> float:
    """How probable the best answer is; 0 where there is none."""
    return answer.answers[0].probability if answer.answers else 0.0


def documents_ranked(asker: Asker, question: str) -> list[str]:
    """The rows of the corpus whose passages were found, best first, each once. For the question just asked, nothing is searched again."""
    found = asker.retriever.retrieve(question, k=PASSAGES_RANKED)
    return list(dict.fromkeys(scored.passage.document.rpartition("#")[2] for scored in found.passages))


def quotes_of(answer: Answer) -> list[Quote]:
    """The quotes of an answer, those in proofs included."""
    return [quote for given in answer.answers for quote in (*given.evidence, *(q for step in given.proof for q in step.evidence))]


def quotes_valid(quotes: Sequence[Quote], graph: KnowledgeGraph) -> float:
    """The share of some quotes, at least one, that stand in their documents as they say."""
    texts = {name: graph.document(name).text for name in sorted({quote.document for quote in quotes})}
    valid = [texts[quote.document][quote.start : quote.end] == quote.quote for quote in quotes]
    return sum(valid) / len(valid)
