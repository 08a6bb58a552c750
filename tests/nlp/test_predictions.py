"""Facts and rates read off scored pairs, against counting by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dovetail.models.windows import Window
from dovetail.nlp.annotated import window_pairs
from dovetail.nlp.evaluate import relation_counts
from dovetail.nlp.measures import Counts
from dovetail.nlp.predictions import ScoredPair, found_relations, related_pairs

ROW: dict[str, Any] = {
    "text": "Ann founded Acme. She left it.",
    "entities": [{"start": s, "end": e, "label": "x"} for s, e in ((0, 3), (12, 16), (18, 21), (27, 29))],
    "clusters": [[0, 2], [1, 3]],
    "cluster_relations": [{"head": 1, "tail": 0, "label": "founded by"}],
    "relations": [],
}
"""Ann (0) and she (2) are one cluster, Acme (1) and it (3) the other."""


def pair(head: int, tail: int, label: str, score: float) -> ScoredPair:
    return ScoredPair(0, head, tail, label, score, score / 2, (head < 2) == (tail < 2))


pairs = st.lists(
    st.builds(
        pair,
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from(["founded by", "owner"]),
        st.floats(0, 1),
    ).filter(lambda p: p.head % 2 != p.tail % 2),
    max_size=12,
)


def test_a_fact_counts_once_by_its_surest_pair() -> None:
    facts = found_relations([ROW], [pair(1, 0, "founded by", 0.4), pair(3, 2, "founded by", 0.9), pair(0, 1, "owner", 0.5)])
    assert [(f.head, f.tail, f.pair.label, f.score, f.right) for f in facts] == [
        (0, 1, "owner", 0.5, False),
        (1, 0, "founded by", 0.9, True),
    ]
    counts = relation_counts([ROW], facts)
    assert (counts.precision, counts.recall) == (0.5, 1.0)


@given(pairs)
def test_facts_are_the_best_of_each_pair_of_clusters(scored: list[ScoredPair]) -> None:
    best: dict[tuple[int, int, str], float] = {}
    for p in scored:
        key = p.head % 2, p.tail % 2, p.label
        best[key] = max(best.get(key, 0.0), p.score)
    assert {(f.head, f.tail, f.pair.label): f.score for f in found_relations([ROW], scored)} == best


@given(pairs, st.floats(0, 1))
def test_rates_of_pairs_are_counts_of_those_in_one_sentence(scored: list[ScoredPair], least: float) -> None:
    best: dict[tuple[int, int], ScoredPair] = {}
    for p in scored:  # of a pair with several relations the surest counts
        if (p.head < 2) == (p.tail < 2) and p.score >= best.get((p.head, p.tail), p).score:
            best[p.head, p.tail] = p
    together = list(best.values())
    related = [p for p in together if p.head % 2 == 1]
    others = [p for p in together if p.head % 2 == 0]
    false, true = related_pairs([ROW], scored, least=least)
    assert false == pytest.approx(sum(p.score >= least for p in others) / max(len(others), 1))
    assert true == pytest.approx(sum(p.score >= least for p in related) / max(len(related), 1))


def test_relations_that_nobody_looked_for_are_no_errors() -> None:
    row = {**ROW, "annotated_relations": ["founded by"]}
    assert not found_relations([row], [pair(0, 1, "owner", 0.9)])
    assert found_relations([row], [pair(1, 0, "founded by", 0.9)])[0].right


def test_pairs_lie_in_one_window_and_say_whether_in_one_sentence() -> None:
    whole = Window(ROW["text"], ((0, 17), (18, 30)))
    found = {(head, tail): together for head, tail, _, together in window_pairs(ROW, [(0, 0)], [whole])}
    assert found == {(h, t): (h < 2) == (t < 2) for h in range(4) for t in range(4) if h != t}
    halves = [Window("Ann founded Acme.", ((0, 17),)), Window("She left it.", ((0, 12),))]
    assert [(h, t, p) for h, t, p, _ in window_pairs(ROW, [(0, 0), (18, 1)], halves)] == [
        (0, 1, (0, (0, 3), (12, 16))),
        (1, 0, (0, (12, 16), (0, 3))),
        (2, 3, (1, (0, 3), (9, 11))),
        (3, 2, (1, (9, 11), (0, 3))),
    ]


def test_counts_of_nothing() -> None:
    assert (Counts(0, 0, 5).precision, Counts(0, 3, 0).recall, Counts(0, 0, 0).f1) == (1.0, 1.0, 0.0)
