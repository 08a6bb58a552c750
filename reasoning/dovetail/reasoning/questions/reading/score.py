"""Which candidate is the answer, and how probable that is.

    candidates -> answer_model (a score each) -> grouped (by text, best first) -> calibration_features -> calibration_model (a probability)

The models are linear, trained by ``train_answers`` on questions that the network had not seen. The calibration has seen the same
questions with their supporting documents left out, so that it tells an answer from the best of what is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dovetail.reasoning.questions.metrics import normal_answer
from dovetail.reasoning.questions.passages.fusion import LinearModel, load_model, weights_path
from dovetail.reasoning.questions.reading.reader import ANSWER_FEATURES, Candidate

if TYPE_CHECKING:
    from dovetail.models.span_reader import SpanReader

Floats = npt.NDArray[np.float64]

CALIBRATION_FEATURES = ("score", "lead", "share", "best odds", "odds", "text share")
LARGEST_LEAD = 5.0
"""What a candidate without a rival leads by."""


@cache
def span_reader() -> SpanReader:
    """The packaged network that reads passages."""
    from dovetail.models.span_reader import load_span_reader  # late: it takes a while to load

    return load_span_reader()


@cache
def answer_model() -> LinearModel:
    """The model that ranks candidates."""
    return load_model(weights_path("answers.json"), ANSWER_FEATURES)


@cache
def calibration_model() -> LinearModel:
    """The model that says how probable the best candidate is."""
    return load_model(weights_path("answers-calibration.json"), CALIBRATION_FEATURES)


def grouped(candidates: Sequence[Candidate], scores: Floats) -> list[tuple[float, list[Candidate]]]:
    """Candidates with the same text in normal form together, each group and its members best first.

    >>> grouped([], np.zeros(0))
    []
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for i in np.argsort(-scores, kind="stable"):
        groups[normal_answer(candidates[i].text)].append(int(i))
    return [(float(scores[members[0]]), [candidates[i] for i in members]) for members in groups.values()]


def calibration_features(groups: Sequence[tuple[float, Sequence[Candidate]]]) -> Floats:
    """What tells how far to trust the best group, (1, 6): its score, its lead, its share of all groups, and what the network sees.

    >>> calibration_features([(1.0, []), (0.0, [])]).round(2).tolist()
    [[1.0, 1.0, 0.73, 0.0, 0.0, 0.0]]
    """
    best = groups[0][0]
    lead = best - groups[1][0] if len(groups) > 1 else LARGEST_LEAD
    share = 1.0 / float(np.exp(np.array([score for score, _ in groups]) - best).sum())
    first = groups[0][1][0] if groups[0][1] else None
    seen = (0.0, 0.0, 0.0)
    if first is not None:
        seen = first.odds / 10, first.features[ANSWER_FEATURES.index("odds")], first.features[ANSWER_FEATURES.index("text share")]
    return np.array([[best, min(lead, LARGEST_LEAD), share, *seen]])
