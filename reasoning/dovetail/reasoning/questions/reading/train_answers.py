"""Trains what ranks answers and says how probable they are.

    python -m dovetail.reasoning.questions.reading.train_answers GRAPHS READERS

    question sets -> candidates of each question, right or wrong -> fit_ranking  -> data/weights/answers.json
                  -> the best of each, by models trained without it, and the best of each
                     where its supporting documents are left out   -> fit_logistic -> data/weights/answers-calibration.json

It learns from the sets that ``train_fusion`` learns from, with all odd-numbered questions of xquad. ``GRAPHS`` is what it
is there; a set without a graph teaches nothing about facts. ``READERS`` is the folder that ``train_span_reader`` filled: each question
is read by the network that was trained without its fold. No randomness.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dovetail.models.encoder import load_encoder
from dovetail.models.span_reader import SpanReader, load_span_reader
from dovetail.models.train_span_reader import FOLDS as READER_FOLDS
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.metrics import exact_match
from dovetail.reasoning.questions.passages.fusion import LinearModel, fit_logistic, save_model, weights_path
from dovetail.reasoning.questions.passages.retrieval import Encoder
from dovetail.reasoning.questions.passages.train_fusion import TRAINING_SETS, fit_ranking, training_graph, training_questions
from dovetail.reasoning.questions.reading.kinds import wanted
from dovetail.reasoning.questions.reading.reader import ANSWER_FEATURES, Candidate
from dovetail.reasoning.questions.reading.score import CALIBRATION_FEATURES, calibration_features, grouped

RIDGE = 0.2
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question's candidates and whether each is right: none is where the supporting documents were ``left_out``."""

    question: str
    candidates: list[Candidate]
    features: np.ndarray
    right: np.ndarray
    left_out: bool


def lessons(name: str, encoder: Encoder, graphs: Path, readers: Sequence[SpanReader]) -> list[Lesson]:
    """What the training questions of a set teach; those that are decided otherwise (yes or no) are left out."""
    graph, passages = training_graph(name, encoder, graphs)
    askers = [Asker(graph, passages, encoder, network=reader) for reader in readers]
    documents = {passage.document.rpartition("#")[2]: passage.document for passage in passages.all()}
    found = []
    for row, question in enumerate(training_questions(name)):
        want = wanted(question.question)
        if want.kind == "yes/no":
            continue
        asker = askers[row % len(askers)]
        supporting = frozenset(documents[one] for one in question.supporting if one in documents)
        for without in (frozenset(), supporting):
            retrieval = asker.retriever.retrieve(question.question, k=20, without=without)
            plan = asker.plan(question.question, want, retrieval)
            candidates = asker.candidates(question.question, want, retrieval, plan, without=without)
            if candidates:
                right = np.array([not without and exact_match(one.text, question.answers) > 0 for one in candidates])
                found.append(Lesson(question.id, candidates, np.array([one.features for one in candidates]), right, bool(without)))
    return found


def fit(some: Sequence[Lesson]) -> LinearModel:
    """The model that puts right candidates first."""
    weights = fit_ranking([(lesson.features, lesson.right) for lesson in some if not lesson.left_out], any_of=True, ridge=RIDGE)
    return LinearModel(ANSWER_FEATURES, weights, 0.0)


def calibrate(every: Sequence[Lesson]) -> LinearModel:
    """The model of how probable the best candidate is, from questions that the ranking has not seen."""
    rows, right = [], []
    number = {question: i for i, question in enumerate(dict.fromkeys(lesson.question for lesson in every))}
    for fold in range(FOLDS):
        model = fit([lesson for lesson in every if number[lesson.question] % FOLDS != fold])
        for lesson in every:
            if number[lesson.question] % FOLDS == fold:
                scores = model.score(lesson.features)
                rows.append(calibration_features(grouped(lesson.candidates, scores))[0])
                right.append(float(lesson.right[int(np.argmax(scores))]))
    weights, intercept = fit_logistic(np.array(rows), np.array(right), weights=np.ones(len(rows)), ridge=1.0)
    return LinearModel(CALIBRATION_FEATURES, weights, intercept)


def main(graphs: Path, readers: Path) -> None:
    """Trains and writes both models."""
    encoder = load_encoder()
    networks = [load_span_reader(readers / f"fold-{fold}.safetensors") for fold in range(READER_FOLDS)]
    every = [lesson for name in TRAINING_SETS for lesson in lessons(name, encoder, graphs, networks)]
    about: dict[str, object] = {
        "command": "python -m dovetail.reasoning.questions.reading.train_answers GRAPHS READERS",
        "questions": sum(not lesson.left_out for lesson in every),
        "sets": list(TRAINING_SETS),
        "graphs": [name for name in TRAINING_SETS if (graphs / name).is_dir()],
    }
    save_model(fit(every), weights_path("answers.json"), about=about)
    save_model(calibrate(every), weights_path("answers-calibration.json"), about=about)
    print(weights_path("answers.json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
