"""How well questions are answered from a graph alone: ``dovetail evaluate questions --graph GRAPH FILE.jsonl``.

    GRAPH (a folder, RDF, or a table of triples), FILE.jsonl... -> evaluate_graph_questions -> EvaluationResult for each file

Hits@1 counts the most probable answer, set F1 all answers of the plan that gives it. ``train`` questions of each file teach the planner
first; ``without`` is a share of the triples that is taken out, at random, to see what is still found.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyoxigraph as ox
from rdflib import Literal, URIRef

from dovetail.kg.errors import InputError
from dovetail.kg.store import KnowledgeGraph
from dovetail.nlp.measures import EvaluationResult, result
from dovetail.reasoning.questions.answer import Answer, ProofStep
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.corpus import Question, read_questions
from dovetail.reasoning.questions.facts import LAYERS, NOT_RELATIONS
from dovetail.reasoning.questions.metrics import answer_form, set_f1
from dovetail.reasoning.questions.planning.planner import Planner
from dovetail.reasoning.questions.planning.teach import teach


@dataclass(frozen=True, slots=True)
class GraphTest:
    """Of each file: ``train`` questions to learn from and ``limit`` others to answer (None: all), drawn with ``seed``.

    ``without`` is the share of facts that is taken out, ``predicted`` whether answers may rest on predicted facts.
    """

    train: int = 0
    limit: int | None = None
    seed: int = 0
    without: float = 0.0
    predicted: bool = False


def graph_sets(folder: Path) -> list[tuple[Path, list[Path]]]:
    """The graphs of a folder, each with its files of questions: all of them for ``graph.tsv``, ``X.jsonl`` for ``X.graph.tsv``.

    InputError where there is none.
    """
    found = []
    for graph in sorted(folder.glob("*.tsv")):
        name = graph.name.removesuffix(".tsv").removesuffix("graph").rstrip(".")
        questions = sorted(folder.glob(f"{name}.jsonl" if name else "*.jsonl"))
        if questions:
            found.append((graph, questions))
    if not found:
        raise InputError(f"{folder} has neither a corpus.jsonl nor a .tsv with questions beside it: name a folder that has")
    return found


def evaluate_graph_questions(asker: Asker, files: Sequence[Path], *, test: GraphTest) -> Iterator[EvaluationResult]:
    """The figures of each file, its own when it is done. The asker's planner learns from the questions that are drawn for that."""
    parts = {file: drawn(read_questions(file), test) for file in files}
    known = [question for train, _ in parts.values() for question in train]
    if known and asker.planner is not None:
        asker.planner.learnt = teach(asker.planner, [(question.question, question.answers) for question in known])
    for file, (_, asked) in parts.items():
        yield measured(asker, asked, name=file.stem, predicted=test.predicted)


def thinned(asker: Asker, test: GraphTest) -> Asker:
    """An asker over the graph without a share of its facts, drawn with the seed; the same one where none is taken out."""
    if not test.without or asker.planner is None:
        return asker
    graph, old = KnowledgeGraph(), asker.graph.store
    draw = random.Random(test.seed).random
    kept = [
        quad
        for layer in LAYERS
        for quad in sorted(old.quads_for_pattern(None, None, None, ox.NamedNode(layer.value)), key=str)
        if URIRef(quad.predicate.value) in NOT_RELATIONS or draw() >= test.without
    ]
    with graph.changing() as store:
        store.bulk_extend(kept)
    planner = Planner(graph, asker.planner.encoder, network=asker.planner.network)
    return Asker(graph, asker.passages, asker.encoder, planner=planner, network=asker.network)


def drawn(questions: Sequence[Question], test: GraphTest) -> tuple[list[Question], list[Question]]:
    """Questions to learn from and others to answer.

    >>> some = [Question(str(i), "?", (), frozenset(), "") for i in range(5)]
    >>> train, asked = drawn(some, GraphTest(train=2, limit=2))
    >>> len(train), len(asked), set(train) & set(asked)
    (2, 2, set())
    """
    if not test.train and test.limit is None:
        return [], list(questions)
    order = random.Random(test.seed).sample(range(len(questions)), len(questions))
    end = None if test.limit is None else test.train + test.limit
    return [questions[i] for i in order[: test.train]], [questions[i] for i in order[test.train : end]]


def measured(asker: Asker, questions: Sequence[Question], *, name: str, predicted: bool = False) -> EvaluationResult:
    """Hits@1, set F1, exact sets, how many were answered, and the seconds that each took."""
    began = time.perf_counter()
    rows: dict[str, list[float]] = {}
    times = []
    for question in questions:
        answer = asker.ask(question.question, top_k=10_000, explain=True, predicted=predicted)
        times.append(answer.seconds)
        wanted = set(map(answer_form, question.answers))
        given = given_set(answer)
        scores = {
            "hits@1": float(bool(given) and given[0] in wanted),
            "f1": set_f1(set(given), wanted),
            "exact": float(set(given) == wanted),
            "answered": float(not answer.abstained),
        }
        if answer.answers:
            scores["proofs_valid"] = float(all(replays(step, asker.graph) for one in answer.answers for step in one.proof))
        for key, value in scores.items():
            rows.setdefault(key, []).append(value)
    metrics = {key: float(np.mean(values)) for key, values in rows.items()}
    if times:
        metrics |= {"seconds_median": float(np.median(times)), "seconds_p95": float(np.percentile(times, 95))}
    return result(name, len(questions), metrics, seconds=time.perf_counter() - began)


def replays(step: ProofStep, graph: KnowledgeGraph) -> bool:
    """Whether a step is in the graph and its sentences in their documents; one that is marked as predicted has only a probability."""
    if step.predicted is not None:
        return 0.0 < step.predicted <= 1.0
    asked = f"ASK {{ <{step.subject}> <{step.predicate}> ?value FILTER(STR(?value) = {Literal(step.object).n3()}) }}"
    quoted = all(graph.document(quote.document).text[quote.start : quote.end] == quote.quote for quote in step.evidence)
    return bool(graph.query(asked).askAnswer) and quoted and all(replays(one, graph) for one in step.because)


def given_set(answer: Answer) -> list[str]:
    """The answers that are given together, in normal form: those of the plan that was followed, or the best one alone."""
    best = answer.answers[:1]
    if best and "plan" in best[0].experts:
        best = tuple(one for one in answer.answers if "plan" in one.experts)
    return [answer_form(one.text) for one in best]
