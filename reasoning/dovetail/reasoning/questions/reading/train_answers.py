"""Trains what ranks answers and says how probable they are: ``python -m dovetail.reasoning.questions.reading.train_answers [GRAPHS]``.

    question sets -> candidates of each question, right or wrong -> fit_ranking  -> data/weights/answers.json
                  -> the best of each, by models trained without it -> fit_logistic -> data/weights/answers-calibration.json

It learns from the sets that ``train_fusion`` learns from, with all odd-numbered questions of xquad. ``GRAPHS`` is what it
is there; a set without a graph teaches nothing about facts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dovetail.models.encoder import load_encoder
from dovetail.reasoning.questions.ask import CALIBRATION_FEATURES, Asker, calibration_features, grouped
from dovetail.reasoning.questions.metrics import exact_match
from dovetail.reasoning.questions.passages.fusion import LinearModel, fit_logistic, save_model, weights_path
from dovetail.reasoning.questions.passages.retrieval import Encoder
from dovetail.reasoning.questions.passages.train_fusion import TRAINING_SETS, fit_ranking, training_graph, training_questions
from dovetail.reasoning.questions.reading.kinds import wanted
from dovetail.reasoning.questions.reading.reader import ANSWER_FEATURES, Candidate

RIDGE = 0.01
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question's candidates and whether each is right."""

    candidates: list[Candidate]
    features: np.ndarray
    right: np.ndarray


def lessons(name: str, encoder: Encoder, graphs: Path | None) -> list[Lesson]:
    """What the training questions of a set teach; those that are decided otherwise (yes or no) are left out."""
    graph, passages = training_graph(name, encoder, graphs)
    asker = Asker(graph, passages, encoder)
    found = []
    for question in training_questions(name):
        want = wanted(question.question)
        if want.kind == "yes/no":
            continue
        retrieval = asker.retriever.retrieve(question.question, k=20)
        candidates = asker.candidates(question.question, want, retrieval, asker.plan(question.question, want, retrieval))
        if candidates:
            right = np.array([exact_match(one.text, question.answers) > 0 for one in candidates])
            found.append(Lesson(candidates, np.array([one.features for one in candidates]), right))
    return found


def fit(some: Sequence[Lesson]) -> LinearModel:
    """The model that puts right candidates first."""
    weights = fit_ranking([(lesson.features, lesson.right) for lesson in some], any_of=True, ridge=RIDGE)
    return LinearModel(ANSWER_FEATURES, weights, 0.0)


def calibrate(every: Sequence[Lesson]) -> LinearModel:
    """The model of how probable the best candidate is, from questions that the ranking has not seen."""
    rows, right = [], []
    for fold in range(FOLDS):
        model = fit([lesson for i, lesson in enumerate(every) if i % FOLDS != fold])
        for lesson in every[fold::FOLDS]:
            scores = model.score(lesson.features)
            rows.append(calibration_features(grouped(lesson.candidates, scores), scores)[0])
            right.append(float(lesson.right[int(np.argmax(scores))]))
    weights, intercept = fit_logistic(np.array(rows), np.array(right), weights=np.ones(len(rows)), ridge=1.0)
    return LinearModel(CALIBRATION_FEATURES, weights, intercept)


def main(graphs: Path | None) -> None:
    """Trains and writes both models."""
    encoder = load_encoder()
    every = [lesson for name in TRAINING_SETS for lesson in lessons(name, encoder, graphs)]
    about: dict[str, object] = {
        "command": "python -m dovetail.reasoning.questions.reading.train_answers" + (" GRAPHS" if graphs else ""),
        "questions": len(every),
        "sets": list(TRAINING_SETS),
        "graphs": [name for name in TRAINING_SETS if graphs is not None and (graphs / name).is_dir()],
    }
    save_model(fit(every), weights_path("answers.json"), about=about)
    save_model(calibrate(every), weights_path("answers-calibration.json"), about=about)
    print(weights_path("answers.json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
