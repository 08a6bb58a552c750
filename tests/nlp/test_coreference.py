"""Names of one thing within a document, and where sentences end: tables under tests/tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, Span

from dovetail.nlp.coreference import clusters_of, plain_title
from dovetail.nlp.sentences import MAX_WORDS, split_sentences

TABLES = Path(__file__).parent.parent / "tables"


def rows(name: str) -> list[str]:
    return [line for line in (TABLES / name).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def mentions_of(text: str) -> list[Span]:
    """Mentions in a made-up text that is nothing but them."""
    pairs = [item.strip().rsplit("/", 1) for item in text.split(";")]
    words = [word for name, _ in pairs for word in name.split()]
    doc = Doc(spacy.blank("en").vocab, words=words)
    spans, at = [], 0
    for name, label in pairs:
        spans.append(Span(doc, at, at + len(name.split()), label=label))
        at += len(name.split())
    return spans


@pytest.mark.parametrize("row", rows("coreference.txt"))
def test_clusters(row: str) -> None:
    given, wanted = row.split("=>")
    title, _, mentions = given.partition("||")
    spans = mentions_of(mentions)
    found = clusters_of(spans, plain_title(title.strip()), {s.label_: s.label_ for s in spans})
    shown = [f"{c.name} ({', '.join(m.text for m in c.mentions)})" for c in found]
    assert shown == [item.strip() for item in wanted.split(";")]


@pytest.mark.parametrize("row", rows("sentences.txt"))
def test_sentences(row: str) -> None:
    wanted = [part.strip() for part in row.split("|")]
    language = "zh" if "。" in row else "en"
    doc = split_sentences(spacy.blank(language)(row.replace("|", "")))
    assert [s.text.strip() for s in doc.sents] == wanted


def test_a_blank_line_ends_a_sentence_and_a_long_one_is_cut() -> None:
    nlp = spacy.blank("en")
    assert [s.text.strip() for s in split_sentences(nlp("A heading\n\nThe text.")).sents] == ["A heading", "The text."]
    assert max(len(s) for s in split_sentences(nlp("word " * 1000)).sents) <= MAX_WORDS
