"""Questions with known answers, as lessons about the graph that answers them.

Planner, (question, answers) pairs -> teach -> LearntPaths
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from dovetail.reasoning.questions.metrics import answer_form, normal_answer, set_f1
from dovetail.reasoning.questions.planning.learnt import LearntPaths, Lesson, fit
from dovetail.reasoning.questions.planning.planner import PathCandidate, Planner

LEAST_F1 = 0.5
"""A path whose values agree less with the answers is none that was meant."""


def teach(planner: Planner, questions: Iterable[tuple[str, Sequence[str]]]) -> LearntPaths:
    """What the questions teach; where no path leads to the answers, a question teaches nothing."""
    return fit(lessons(planner, questions))


def lessons(
    planner: Planner, questions: Iterable[tuple[str, Sequence[str]]], *, on_question: Callable[[int], None] | None = None
) -> Iterator[Lesson]:
    """For each question that a path leads to the answers of: the paths that are tried, and which lead there best."""
    for number, (question, answers) in enumerate(questions, start=1):
        if on_question is not None:
            on_question(number)
        candidates = planner.candidates(question, wide=True)
        wanted = set(map(answer_form, answers))
        agreement = np.array([_agreement(planner, candidate, wanted) for candidate in candidates])
        if not len(agreement) or agreement.max() < LEAST_F1:
            continue
        yield Lesson(
            tuple(planner.features(candidate) for candidate in candidates),
            np.array([candidate.parts for candidate in candidates]),
            agreement >= agreement.max() - 1e-9,
        )


def _agreement(planner: Planner, candidate: PathCandidate, wanted: set[str]) -> float:
    """The F1 of what a path leads to."""
    ends = candidate.path.ends
    if len(ends) > 10 * len(wanted) + 10:
        return 0.0
    found = {normal_answer(planner.graph.label(planner.view.term(end))) for end in ends}
    return set_f1(found, wanted)
