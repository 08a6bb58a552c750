"""What the span network sees: shares are of one whole, proposals are the best spans, and candidates carry both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from dovetail.models.span_reader import LONGEST_ANSWER, Odds
from dovetail.reasoning.questions.reading.network import LOWEST, NETWORK_FEATURES, Sight, see

TEXTS = [("", "She was born in Warsaw ."), ("Paris", "Paris lies on the Seine ."), ("", "")]


class Tabled:
    """A reader whose odds are drawn once for each passage."""

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Odds]:
        """Tokens are words between spaces."""
        rng = np.random.default_rng(len(question))
        found = []
        for _, text in passages:
            places, at = [], 0
            for word in text.split():
                places.append((at, at + len(word)))
                at += len(word) + 1
            start, end = rng.normal(size=(2, len(places))).astype(np.float32)
            found.append(Odds(tuple(places), start, end))
        return found


@pytest.fixture
def sight() -> Sight:
    return see(Tabled(), "Where was she born?", TEXTS)  # type: ignore[arg-type]  # it reads as a SpanReader does


def spans_of(odds: Odds) -> dict[tuple[int, int], float]:
    count = len(odds.offsets)
    pairs = [(i, j) for i, j in product(range(count), repeat=2) if i <= j < i + LONGEST_ANSWER]
    return {(odds.offsets[i][0], odds.offsets[j][1]): float(odds.start[i] + odds.end[j]) for i, j in pairs}


def test_shares_of_all_spans_and_of_no_answer_make_one(sight: Sight) -> None:
    every = [value for one in sight.passages for value in spans_of(one.odds).values()]
    assert sight.total == pytest.approx(np.log(1 + np.exp(every).sum()), rel=1e-5)
    assert sight.best == pytest.approx(max(every), rel=1e-5)


def test_features_of_a_span_are_its_own(sight: Sight) -> None:
    [(start, end)] = [place for place in spans_of(sight.passages[0].odds) if place == (4, 12)]
    spans = spans_of(sight.passages[0].odds)
    features = dict(zip(NETWORK_FEATURES, sight.features(0, start, end, (0, 24)), strict=True))
    assert features["odds"] == pytest.approx(spans[4, 12] / 10, rel=1e-4)
    assert features["share"] == pytest.approx(np.exp(spans[4, 12] - sight.total), rel=1e-4)
    whole = np.exp(sight.total)
    assert features["start share"] == pytest.approx(sum(np.exp(v) for (a, _), v in spans.items() if a == 4) / whole, rel=1e-4)
    assert features["end share"] == pytest.approx(sum(np.exp(v) for (_, b), v in spans.items() if b == 12) / whole, rel=1e-4)
    was, born = (sum(np.exp(v) for (a, b), v in spans.items() if a <= at and b >= stop) / whole for at, stop in ((4, 7), (8, 12)))
    assert features["covered"] == pytest.approx((was + born) / 2, rel=1e-3)
    assert features["touched"] == pytest.approx(max(was, born), rel=1e-3)
    assert features["sentence odds"] == features["passage odds"] == pytest.approx(max(spans.values()) / 10, rel=1e-4)


def test_proposals_are_the_best_spans_in_order(sight: Sight) -> None:
    for number in (0, 1):
        spans = spans_of(sight.passages[number].odds)
        proposed = sight.proposed(number)
        assert proposed == sorted(spans, key=lambda place: -spans[place])[: len(proposed)]
    assert sight.proposed(2) == []


def test_an_empty_passage_is_seen_as_nothing(sight: Sight) -> None:
    assert sight.sentence_odds(2, 0, 0) == LOWEST
    assert sight.features(2, 0, 0, (0, 0))[0] == LOWEST / 10
