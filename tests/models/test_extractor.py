"""The network: packing changes nothing, untrained heads score by similarity alone, invalid spans never win."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModel, BertConfig, BertModel, PreTrainedTokenizerFast

from dovetail.models import locate_encoder
from dovetail.models.encoder import load_tokenizer
from dovetail.models.extractor import MAX_WIDTH, ExtractorNet, word_shape
from dovetail.models.sentences import collate, tokenize

SENTENCES = ["Marie Curie was born in Warsaw.", "She died.", "The World Health Organization (WHO) is based in Geneva."]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return load_tokenizer(locate_encoder())


@pytest.fixture(scope="module")
def net() -> ExtractorNet:
    torch.manual_seed(0)
    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    return ExtractorNet(BertModel(config, add_pooling_layer=False), dim=32, hidden=16).eval()


def test_words_have_the_offsets_of_the_text(tokenizer: PreTrainedTokenizerFast) -> None:
    [sentence] = tokenize(["Café-Bar, 20 %"], tokenizer)
    assert ["Café-Bar, 20 %"[a:b] for a, b in sentence.offsets] == ["Café", "-", "Bar", ",", "20", "%"]
    assert sentence.words_of(5, 8) == (2, 2)
    assert sentence.words_of(50, 60) is None


def test_long_sentences_are_cut_and_empty_ones_are_allowed(tokenizer: PreTrainedTokenizerFast) -> None:
    long, empty = tokenize(["word " * 500, ""], tokenizer, max_tokens=20)
    assert len(long.ids) == 20
    assert empty.offsets == ()
    assert collate([empty]).words.sum() == 0


def test_packed_and_padded_sentences_have_the_same_vectors(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    batch = collate(tokenize(SENTENCES, tokenizer))
    with torch.inference_mode():
        padded = net._hidden(batch) * batch.attention.unsqueeze(-1)
        packed = net._packed_hidden(batch)
    assert torch.allclose(padded, packed, atol=1e-4)


def test_a_sentence_is_read_the_same_alone_and_in_company(net: ExtractorNet, tokenizer: PreTrainedTokenizerFast) -> None:
    with torch.inference_mode():
        together = net.encode(collate(tokenize(SENTENCES, tokenizer))).sentence[1]
        alone = net.encode(collate(tokenize(SENTENCES[1:2], tokenizer))).sentence[0]
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


def test_the_published_encoder_is_what_its_hash_says() -> None:
    model = AutoModel.from_pretrained(locate_encoder(), local_files_only=True, add_pooling_layer=False)
    assert model.config.hidden_size == 384
