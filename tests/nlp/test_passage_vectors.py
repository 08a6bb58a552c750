"""Passages read by an encoder of the user's own: a tiny one, made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from dovetail.kg import InputError, KnowledgeGraph
from dovetail.kg.passages import open_passages
from dovetail.models import ModelError, load_encoder
from dovetail.models.extractor import ExtractorNet
from dovetail.nlp.build import BuildOptions, build_graph
from dovetail.nlp.passage_vectors import encoder_mark
from dovetail.nlp.pipeline import PipelineOptions, load_pipeline


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    words = ["[PAD]", "[UNK]", *"Radium is a metal . Warsaw city Paris".split()]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]")  # type: ignore[no-untyped-call]  # left untyped
    fast.save_pretrained(tmp_path / "encoder")
    torch.manual_seed(3)
    tiny(len(words)).save_pretrained(tmp_path / "encoder")
    return tmp_path / "encoder"


def tiny(vocabulary: int) -> BertModel:
    return BertModel(BertConfig(vocab_size=vocabulary, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16))


def test_a_graph_keeps_to_the_encoder_that_it_was_built_with(tmp_path: Path, folder: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Radium is a metal.", "utf-8")
    named = BuildOptions(encoder=str(folder))
    with KnowledgeGraph.open(tmp_path / "g", create=True) as graph:
        assert build_graph([corpus], graph, options=named).read == 1
        with open_passages(graph) as passages:
            assert passages.encoder == str(folder.resolve())
            text = load_encoder(passages.encoder).encode(["Radium is a metal.", "a"])
            expected = text[0] + 0.5 * text[1]  # a document without a title of its own has its file's name
            [vector] = passages.vectors()[1]
            np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-2)
        assert build_graph([corpus], graph, options=named).unchanged == 1
        with pytest.raises(InputError, match=r"read by .*encoder, and this is the packaged encoder"):
            build_graph([corpus], graph)


def test_a_pipeline_reads_with_an_extractor_for_that_encoder(folder: Path) -> None:
    encoder = load_encoder(str(folder), dtype=torch.float32)
    weights = folder / "extractor.safetensors"  # heads that have learnt nothing
    save_file({key: value.clone() for key, value in ExtractorNet(encoder.model, dim=encoder.dim).state_dict().items()}, weights)
    doc = load_pipeline(PipelineOptions(weights=weights, encoder=str(folder)))("Radium is a metal. Warsaw is a city.")
    assert [s.text for s in doc.sents] == ["Radium is a metal.", "Warsaw is a city."]
    assert doc._.read.mean(0, 0, 6).shape == (16,)
    with pytest.raises(ModelError, match="do not fit the encoder"):
        load_pipeline(PipelineOptions(encoder=str(folder)))  # the packaged heads on another encoder


def test_other_weights_are_another_encoder_and_an_absent_one_is_said(folder: Path) -> None:
    before = encoder_mark(str(folder))
    torch.manual_seed(4)
    tiny(9).save_pretrained(folder)
    assert encoder_mark(str(folder)) != before
    assert encoder_mark("") == ""
    with pytest.raises(ModelError, match="no text encoder in"):
        encoder_mark(str(folder / "nothing here"))
