"""Candidates of a passage: typed spans, and what the network proposes; each stands in the document where it says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from dovetail.kg.passages import Passage
from dovetail.models.span_reader import Odds
from dovetail.reasoning.questions.passages.retrieval import ScoredPassage
from dovetail.reasoning.questions.reading.kinds import wanted
from dovetail.reasoning.questions.reading.reader import ANSWER_FEATURES, Candidate, Reading, read
from dovetail.reasoning.questions.reading.score import CALIBRATION_FEATURES, answer_model, calibration_features, calibration_model, grouped
from dovetail.reasoning.questions.surfaces import NameTable

TEXT = "The engine was slow. It was cooled by running water from the hills, as Ann Lee wrote in 1790."
START = 100
PHRASE = "by running water from the hills"
QUESTION = "How was the engine cooled?"


class Pointing:
    """A reader that is sure of one phrase."""

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Odds]:
        """Tokens are words between spaces."""
        found = []
        for _, text in passages:
            places, at = [], 0
            for word in text.split():
                places.append((at, at + len(word.rstrip(".,"))))
                at += len(word) + 1
            begin = text.index(PHRASE)
            sure = [(a == begin, b == begin + len(PHRASE)) for a, b in places]
            start, end = np.where(np.array(sure).T, 5.0, -5.0).astype(np.float32)
            found.append(Odds(tuple(places), start, end))
        return found


def candidates(network: Pointing | None) -> list[Candidate]:
    passage = Passage(1, "doc", "Engine", START, START + len(TEXT), TEXT)
    reading = Reading(QUESTION, wanted(QUESTION), {"engine": 1.0, "cooled": 2.0}, NameTable(["ann lee"]), {}, (), network)  # type: ignore[arg-type]  # it reads as a SpanReader does
    return read(reading, [ScoredPassage(passage, 0.0, 1.0, 0.5, 0.1)], None)


@pytest.fixture(scope="module")
def found() -> list[Candidate]:
    return candidates(Pointing())


def feature(one: Candidate, name: str) -> float:
    return one.features[ANSWER_FEATURES.index(name)]


def test_candidates_stand_in_the_document_where_they_say(found: list[Candidate]) -> None:
    assert all(TEXT[one.start - START : one.end - START] == one.text for one in found)
    assert all(one.sentence[0] <= one.start and one.end <= one.sentence[1] for one in found)
    assert all(len(one.features) == len(ANSWER_FEATURES) for one in found)


def test_a_phrase_that_is_no_typed_span_is_proposed_and_seen_best(found: list[Candidate]) -> None:
    assert PHRASE not in {one.text for one in candidates(None)}
    [phrase] = [one for one in found if one.text == PHRASE]
    assert feature(phrase, "proposed") == 1.0 and feature(phrase, "share") > 0.9
    assert max(found, key=lambda one: feature(one, "odds")) is phrase
    assert {"Ann Lee", "1790"} <= {one.text for one in found}


def test_the_shipped_models_rank_it_first_and_trust_it_more_than_without_the_network(found: list[Candidate]) -> None:
    def best(some: list[Candidate]) -> tuple[str, float]:
        groups = grouped(some, answer_model().score(np.array([one.features for one in some])))
        return groups[0][1][0].text, float(calibration_model().probability(calibration_features(groups))[0])

    assert best(found)[0] == PHRASE
    assert best(found)[1] > best(candidates(None))[1]


def test_calibration_sees_what_its_features_name(found: list[Candidate]) -> None:
    groups = grouped(found, np.array([feature(one, "odds") for one in found]))
    row = dict(zip(CALIBRATION_FEATURES, calibration_features(groups)[0].tolist(), strict=True))
    assert row["best odds"] == row["odds"] == row["score"] == pytest.approx(1.0)
    assert row["text share"] == feature(groups[0][1][0], "text share")
