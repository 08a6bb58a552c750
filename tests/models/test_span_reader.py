"""The span reader: windows hold every token of a passage once or more, odds of spans are sums, and the packaged weights read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dovetail.models.encoder import TextEncoder, load_encoder
from dovetail.models.span_reader import LONGEST_ANSWER, Odds, SpanHead, SpanReader, pair_tokens

TEXT = "Marie Curie was born in Warsaw in 1867. " * 60


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return load_encoder(dtype=torch.float32)


def test_windows_cover_the_passage_and_offsets_point_into_it(encoder: TextEncoder) -> None:
    windows = pair_tokens("Where was she born?", "Marie Curie", TEXT, encoder.tokenizer)
    covered = {place for window in windows for place in window.offsets}
    words = {(match, match + len("Warsaw")) for match in range(len(TEXT)) if TEXT.startswith("Warsaw", match)}
    assert words <= covered and len(windows) > 1
    assert all(len(window.ids) <= 256 and len(window.ids) == window.begin + len(window.offsets) + 1 for window in windows)


def test_a_passage_without_text_has_no_windows(encoder: TextEncoder) -> None:
    assert pair_tokens("Who?", "Title", "", encoder.tokenizer) == []


def test_spans_are_sums_of_their_ends() -> None:
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 30)).astype(np.float32)
    table = Odds(tuple((i, i + 1) for i in range(30)), start, end).spans()
    for first in range(30):
        for more in range(LONGEST_ANSWER):
            wanted = start[first] + end[first + more] if first + more < 30 else -np.inf
            assert table[more, first] == wanted


def test_tokens_of_a_stretch_are_those_inside_it() -> None:
    zeros = np.zeros(3, dtype=np.float32)
    odds = Odds(((0, 5), (6, 9), (9, 10)), zeros, zeros)
    assert (odds.tokens(0, 5), odds.tokens(6, 10), odds.tokens(5, 6)) == ((0, 0), (1, 2), None)


def test_passages_read_together_read_as_they_do_alone(encoder: TextEncoder) -> None:
    torch.manual_seed(0)
    reader = SpanReader(encoder, SpanHead(encoder.dim))
    passages = [("", "She was born in Warsaw."), ("Empty", ""), ("Long", TEXT)]
    together = reader.read("Where was she born?", passages)
    assert [len(odds.offsets) for odds in together][:2] == [6, 0]
    for passage, odds in zip(passages, together, strict=True):
        [alone] = reader.read("Where was she born?", [passage])
        assert alone.offsets == odds.offsets
        np.testing.assert_allclose(alone.start, odds.start, atol=1e-3)
        assert all(passage[1][a:b] for a, b in odds.offsets)
