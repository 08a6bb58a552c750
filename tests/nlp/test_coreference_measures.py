"""Measures of coreference against published examples, and what holds of all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dovetail.nlp.coreference_measures import GapAnswer, b_cubed, ceaf_e, conll, gap, muc

ROWS = [
    line
    for line in (Path(__file__).parent.parent / "tables" / "coreference_measures.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
MEASURES = (muc, b_cubed, ceaf_e)


@pytest.mark.parametrize("row", ROWS)
def test_published_examples(row: str) -> None:
    clusters, wanted = row.split("=>")
    gold, found = ([set(cluster) for cluster in side.split()] for side in clusters.split("|"))
    assert [f"{100 * measure(gold, found).f1:.1f}" for measure in MEASURES] == wanted.split()


@st.composite
def partitions(draw: st.DrawFn) -> list[set[int]]:
    owners = draw(st.lists(st.integers(0, 4), min_size=2, max_size=12))
    return [{i for i, o in enumerate(owners) if o == owner} for owner in sorted(set(owners))]


@given(partitions(), partitions())
def test_recall_one_way_is_precision_the_other(gold: list[set[int]], found: list[set[int]]) -> None:
    for measure in MEASURES:
        there, back = measure(gold, found), measure(found, gold)
        assert (there.recall, there.precision) == pytest.approx((back.precision, back.recall))
        assert 0 <= there.f1 <= 1 + 1e-9


@given(partitions())
def test_what_is_annotated_is_perfect(gold: list[set[int]]) -> None:
    assert b_cubed(gold, gold[::-1]).f1 == pytest.approx(1)
    assert ceaf_e(gold, gold[::-1]).f1 == pytest.approx(1)
    assert muc(gold, gold[::-1]).f1 == (1 if any(len(c) > 1 for c in gold) else 0)


def test_conll_adds_documents_up_before_it_divides() -> None:
    figures = conll([([{1, 2}], [{1, 2}]), ([{1, 2, 3, 4}], [{1}, {2}, {3}, {4}])])
    assert figures["muc_f1"] == pytest.approx(2 * 1 * 0.25 / 1.25)
    assert figures["conll_f1"] == pytest.approx((figures["muc_f1"] + figures["b3_f1"] + figures["ceafe_f1"]) / 3)


def test_gap_counts_two_decisions_a_row() -> None:
    rows = [
        GapAnswer(True, (True, False), (True, False)),
        GapAnswer(True, (False, True), (True, False)),
        GapAnswer(False, (False, False), (False, False)),
        GapAnswer(False, (True, False), (False, False)),
    ]
    figures = gap(rows)
    assert figures["gap_f1"] == pytest.approx(2 * 1 / (3 + 2))
    assert (figures["gap_feminine_f1"], figures["gap_masculine_f1"], figures["gap_bias"]) == (0.5, 0.0, 0.0)
