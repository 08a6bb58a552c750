"""The network: packing changes nothing, untrained heads score by similarity alone, invalid spans never win."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from dovetail.models.encoder import load_tokenizer, packaged_weights
from dovetail.models.extractor import MAX_WIDTH, PLACE_FEATURES, ExtractorNet, word_shape
from dovetail.models.fast_encoder import fast_encoder
from dovetail.models.windows import TokenizedWindow, Window, collate, tokenize

SENTENCES = [
    Window.of(text) for text in ("Marie Curie was born in Warsaw.", "She died.", "The World Health Organization (WHO) is based in Geneva.")
]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return load_tokenizer(packaged_weights() / "encoder")


@pytest.fixture(scope="module")
def net() -> ExtractorNet:
    torch.manual_seed(0)
    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    return ExtractorNet(BertModel(config, add_pooling_layer=False), dim=32, hidden=16).eval()


def test_words_have_the_offsets_of_the_text(tokenizer: PreTrainedTokenizerFast) -> None:
    [sentence] = tokenize([Window.of("Café-Bar, 20 %")], tokenizer)
    assert ["Café-Bar, 20 %"[a:b] for a, b in sentence.offsets] == ["Café", "-", "Bar", ",", "20", "%"]
    assert sentence.words_of(5, 8) == (2, 2)
    assert sentence.words_of(50, 60) is None


def test_long_sentences_are_cut_and_empty_ones_are_allowed(tokenizer: PreTrainedTokenizerFast) -> None:
    long, empty = tokenize([Window.of("word " * 500), Window.of("")], tokenizer, max_tokens=20)
    assert len(long.ids) == 20
    assert empty.offsets == ()
    assert collate([empty]).words.sum() == 0


def test_packed_and_padded_sentences_have_the_same_vectors(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    batch = collate(tokenize(SENTENCES, tokenizer))
    with torch.inference_mode():
        padded = net._hidden(batch) * batch.attention.unsqueeze(-1)
        packed = net._packed_hidden(batch, fast_encoder(net.encoder))
    assert torch.allclose(padded, packed, atol=1e-4)


def test_a_sentence_is_read_the_same_alone_and_in_company(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    with torch.inference_mode():
        together = net.encode(collate(tokenize(SENTENCES, tokenizer))).mean[1]
        alone = net.encode(collate(tokenize(SENTENCES[1:2], tokenizer))).mean[0]
    assert torch.allclose(together, alone, atol=1e-4)


def test_untrained_types_are_the_encoders_own_similarity(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    labels = torch.randn(4, 32)
    with torch.inference_mode():
        encoded = net.encode(collate(tokenize(SENTENCES, tokenizer)))
        rows, starts, ends = torch.tensor([0, 2]), torch.tensor([0, 1]), torch.tensor([1, 3])
        means, vectors = net.vectors_of_spans(encoded, rows, starts, ends)
        logits = net.type_logits(vectors, labels)
    similarity = torch.nn.functional.cosine_similarity(means.unsqueeze(1), labels.unsqueeze(0), dim=-1)
    assert torch.allclose(means, vectors)
    assert torch.allclose(logits, similarity * 12 - 6, atol=1e-4)


def test_spans_beyond_a_sentence_never_win(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    batch = collate(tokenize(SENTENCES, tokenizer))
    with torch.inference_mode():
        logits = net.spans(net.encode(batch))
    assert logits.shape == (*batch.words.shape, MAX_WIDTH)
    for row, words in enumerate(batch.words.sum(1).tolist()):
        for start in range(batch.words.shape[1]):
            for width in range(MAX_WIDTH):
                assert (logits[row, start, width] > -1e3) == (start + width < words)


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("Curie", (1, 0, 0, 0, 0, 0)),
        ("WHO", (1, 1, 0, 0, 0, 0)),
        ("iPhone", (0, 0, 1, 0, 0, 0)),
        ("1867", (0, 0, 0, 1, 1, 0)),
        (",", (0, 0, 0, 0, 0, 1)),
    ],
)
def test_word_shape(word: str, shape: tuple[float, ...]) -> None:
    assert word_shape(word) == shape


def test_a_mention_stays_in_its_sentence(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    [window] = tokenize([Window("Ada wrote. Bob read.", ((0, 10), (11, 20)))], tokenizer)
    assert window.sentence == ((0, 2),) * 3 + ((3, 5),) * 3
    with torch.inference_mode():
        logits = net.spans(net.encode(collate([window])))[0]
    for start in range(6):
        for width in range(MAX_WIDTH):
            assert (logits[start, width] > -1e3) == (start // 3 == (start + width) // 3 and start + width < 6)


def test_pairs_of_one_sentence_and_of_two_differ_in_their_place(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    batch = collate(tokenize([Window("Ada wrote. Bob read.", ((0, 10), (11, 20)))], tokenizer))
    with torch.inference_mode():
        features = net.pair_features(
            net.encode(batch), torch.tensor([0, 0]), torch.tensor([[0, 0], [3, 3]]), torch.tensor([[1, 1], [0, 0]])
        )
    place = features[:, -PLACE_FEATURES:]
    assert place[:, 0].tolist() == [1, 0]  # the head comes first
    assert place[:, 4].tolist() == [0, 1]  # the mentions stand in two sentences


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=12), st.integers(0, 40), st.integers(0, 40))
def test_words_of_are_the_words_that_overlap(words: list[tuple[int, int]], start: int, end: int) -> None:
    offsets: list[tuple[int, int]] = []
    for gap, length in words:
        begin = (offsets[-1][1] if offsets else 0) + gap
        offsets.append((begin, begin + length))
    window = TokenizedWindow((), tuple(offsets), (), (), (), ())
    inside = [i for i, (a, b) in enumerate(offsets) if a < end and b > start]
    assert window.words_of(start, end) == ((inside[0], inside[-1]) if inside else None) or start >= end


def test_a_range_scores_as_the_head_is_written(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    batch = collate(tokenize(SENTENCES, tokenizer))
    head = net.spans
    with torch.inference_mode():
        encoded = net.encode(batch)
        logits = head(encoded)
        features = torch.cat([encoded.words, encoded.shapes], dim=-1)
        start, end, inside, edges = head.start(features), head.end(features), head.inside(features), head.edges(features)
    for row, first, last in ((0, 0, 1), (0, 2, 2), (2, 1, 4)):
        before = edges[row, first - 1, 2] if first else 0
        after = edges[row, last + 1, 3]
        expected = start[row, first] @ end[row, last] / 8 + inside[row, first : last + 1].mean() + edges[row, first, 0]
        expected = expected + edges[row, last, 1] + before + after + head.width[last - first] + head.bias
        assert torch.allclose(logits[row, first, last - first], expected, atol=1e-4)
