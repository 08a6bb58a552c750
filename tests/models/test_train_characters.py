"""What the training of the character tagger does to its rows, and to a tagger that is trained."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dovetail.models.characters import CharacterTagger, load_tagger
from dovetail.models.encoder import packaged_weights
from dovetail.models.train_characters import COMMON, Row, Training, calibrate, exchanged, strict_f1, without_rare

NAMES = [["张三", "玛丽·居里"], ["联合国"], ["北京", "西藏自治区"]]
LISTED = [["李四"], ["清华大学"], ["上海"]]
ROWS = [
    Row("毛泽东在北京会见了法国总统戴高乐。", ((0, 3, 0), (4, 6, 2), (9, 11, 2), (13, 16, 0))),
    Row("今天天气很好。", ()),
    Row("北京大学位于北京。", ((0, 4, 1), (6, 8, 2))),
]


@pytest.fixture(scope="module")
def tagger() -> CharacterTagger:
    return load_tagger(packaged_weights() / "zh.safetensors")


@given(st.integers(), st.sampled_from(ROWS))
def test_exchanged_names_keep_their_places_and_types(seed: int, row: Row) -> None:
    changed = exchanged(row, (NAMES, LISTED), Training(rows_swapped=1.0, swap=0.7), random.Random(seed))
    assert [kind for _, _, kind in changed.spans] == [kind for _, _, kind in row.spans]
    at = before = 0
    for (start, end, kind), (was_start, was_end, _) in zip(changed.spans, row.spans, strict=True):
        assert changed.text[at:start] == row.text[before:was_start]
        assert changed.text[start:end] in {row.text[was_start:was_end], *NAMES[kind], *LISTED[kind]}
        at, before = end, was_end
    assert changed.text[at:] == row.text[before:]


def test_rows_are_left_alone_where_nothing_is_to_be_exchanged() -> None:
    assert all(exchanged(row, (NAMES, LISTED), Training(rows_swapped=0.0), random.Random(1)) == row for row in ROWS)


def test_rare_characters_become_the_unknown_one(tagger: CharacterTagger) -> None:
    texts = [row.text for row in ROWS]
    kept = without_rare(tagger, set("".join(texts)))
    assert len(kept.alphabet) <= COMMON + len(set("".join(texts)))
    assert kept.tag(texts, threshold=0.0) == tagger.tag(texts, threshold=0.0)


def test_calibration_never_loses_on_the_rows_that_it_is_fitted_to(tagger: CharacterTagger) -> None:
    before = strict_f1(CharacterTagger(tagger.net, tagger.alphabet), ROWS)
    fitted = calibrate(tagger, ROWS)
    assert strict_f1(fitted, ROWS) >= before > 0.5
    assert fitted.temperature > 0 and 0 <= fitted.threshold < 1
