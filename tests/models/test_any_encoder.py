"""Any Hugging Face encoder in the place of the packaged one: tiny ones, made here, with tokenizers of three kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
)

from dovetail.models import ModelError, load_encoder, load_extractor
from dovetail.models.encoder import packaged_weights
from dovetail.models.extractor import ExtractorNet
from dovetail.models.train_extractor import build_network
from dovetail.models.windows import Window, collate, tokenize

TEXT = "Marie Curie (1867) was born in Warsaw. Émile, work-book: 居里夫人。"
WORDS = ["Marie", "Curie", "(", "1867", ")", "was", "born", "in", "Warsaw", ".", "Émile", ",", "work", "-", "book", ":", *"居里夫人。"]
CORPUS = [
    TEXT[: TEXT.index("居")],
    "居 里 夫 人 。",
    "Radium was discovered in Paris by Marie Curie and her husband.",
    "The city of Warsaw stands beside a river.",
] * 20


def wordpiece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def bytelevel() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def sentencepiece() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<pad>", "<unk>", "</s>"]
    tokenizer.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=150, special_tokens=special, unk_token="<unk>"))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])  # none in front
    return tokenizer


def bert(vocabulary: int) -> PreTrainedModel:
    config = BertConfig(vocab_size=vocabulary, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48)
    config.max_position_embeddings = 64
    return BertModel(config)


def roberta(vocabulary: int) -> PreTrainedModel:
    config = RobertaConfig(vocab_size=vocabulary, hidden_size=48, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64)
    config.max_position_embeddings, config.type_vocab_size = 66, 1  # two places are lost to padding
    return RobertaModel(config)


def distilbert(vocabulary: int) -> PreTrainedModel:
    config = DistilBertConfig(vocab_size=vocabulary, max_position_embeddings=64, dim=24, n_layers=1, n_heads=2, hidden_dim=32)
    return DistilBertModel(config)


KINDS = {"bert": (bert, wordpiece), "roberta": (roberta, bytelevel), "distilbert": (distilbert, sentencepiece)}


@pytest.fixture(scope="module", params=sorted(KINDS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    make, train = KINDS[request.param]
    return saved(make, train(), tmp_path_factory.mktemp(str(request.param)))


def saved(make: Callable[[int], PreTrainedModel], tokenizer: Tokenizer, into: Path) -> Path:
    torch.manual_seed(1)
    padding = next(token for token in ("[PAD]", "<pad>") if tokenizer.token_to_id(token) is not None)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=padding)  # type: ignore[no-untyped-call]  # left untyped
    fast.save_pretrained(into)
    make(tokenizer.get_vocab_size()).save_pretrained(into)
    return into


def extractor_for(folder: Path) -> Path:
    """Weights as a training writes them, with heads that have learnt nothing."""
    torch.manual_seed(2)
    encoder = load_encoder(str(folder), dtype=torch.float32)
    state = ExtractorNet(encoder.model, dim=encoder.dim).state_dict()
    save_file({key: value.clone() for key, value in state.items()}, folder / "extractor.safetensors")
    return folder / "extractor.safetensors"


def test_texts_of_any_length_have_vectors(folder: Path) -> None:
    encoder = load_encoder(str(folder))
    vectors = encoder.encode([TEXT, "", TEXT * 40])
    assert vectors.shape == (3, encoder.dim)
    assert np.isfinite(vectors).all()
    assert encoder.max_tokens <= 64


def test_words_are_the_same_whatever_the_tokenizer(folder: Path) -> None:
    [window] = tokenize([Window.of(TEXT)], load_encoder(str(folder)).tokenizer)
    assert [TEXT[start:end] for start, end in window.offsets] == WORDS
    assert window.words_of(TEXT.index("Warsaw"), TEXT.index("Warsaw") + 6) == (8, 8)


def test_an_extractor_reads_windows_the_same_alone_and_in_company(folder: Path) -> None:
    extractor = load_extractor(extractor_for(folder), encoder=str(folder))
    windows = [Window.of("Marie Curie."), Window.of(TEXT), Window.of("She was born in Warsaw.")]
    labels = extractor.labels([("person", "A human being."), ("city", "")])
    together, alone = extractor.read(windows), extractor.read(windows[1:2])
    for span in extractor.entities(together, labels, threshold=0.0)[1]:
        assert TEXT[span.start : span.end].strip() == TEXT[span.start : span.end]
    np.testing.assert_allclose(together.mean(1, 0, 11), alone.mean(0, 0, 11), atol=0.05)
    each, related = extractor.relations(together, [(1, (0, 11), (31, 37))], labels)
    assert each.shape == (1, 2) and 0 <= float(related[0]) <= 1


def test_heads_can_be_trained_for_it(folder: Path) -> None:
    net, tokenizer = build_network(str(folder))
    net.train()
    windows = tokenize([Window.of("Marie Curie."), Window.of("She was born in Warsaw.")], tokenizer)
    net.spans(net.encode(collate(windows))).sum().backward()
    learning = [p for p in net.encoder.parameters() if p.grad is not None]
    assert learning and all(bool(torch.isfinite(p.grad).all()) for p in learning if p.grad is not None)


def test_weights_for_an_encoder_of_another_size_are_refused_in_one_line(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"do not fit the encoder in .*: train an extractor for it") as raised:
        load_extractor(packaged_weights() / "extractor.safetensors", encoder=str(folder))
    assert "\n" not in str(raised.value)
