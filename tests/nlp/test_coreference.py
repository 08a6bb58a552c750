"""Names of one thing within a document, and where sentences end: tables under tests/tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from dovetail.nlp.coreference import RULES, _Alike, clusters_of, normal_name, plain_title
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


KINDS = {"country": "place", "location": "place", "nationality": "group", "language": "concept"}


@pytest.mark.parametrize(
    ("mentions", "kinds", "wanted"),
    [
        ("Welsh/nationality; Wales/country", KINDS, ["Wales country Welsh|Wales"]),
        ("Welsh/country", KINDS, ["Wales country Welsh"]),
        ("Texans/nationality", KINDS, ["Texas location Texans"]),
        ("Welsh/language; Welsh/language", KINDS, ["Welsh language Welsh|Welsh"]),
        ("Yazidi/nationality", KINDS, ["Yazidi nationality Yazidi"]),
        ("Welsh/nationality", {"nationality": "group"}, ["Welsh nationality Welsh"]),  # a catalogue without countries asked for it
    ],
)
def test_a_demonym_names_its_place(mentions: str, kinds: dict[str, str], wanted: list[str]) -> None:
    found = clusters_of(mentions_of(mentions), "", kinds)
    assert [f"{c.name} {c.label} {'|'.join(m.text for m in c.mentions)}" for c in found] == wanted


NAMES = [
    "Marie Curie",
    "M. Curie",
    "M.Curie",
    "Curie, M.",
    "Dr. Curie",
    "Apple",
    "Apple, Inc.",
    "WHO",
    "W.H.O.",
    "World Health-Organization",
    "Ann-Lee Ray",
]


@given(st.lists(st.sampled_from(NAMES), min_size=2, max_size=8, unique=True), st.sampled_from(["person", "organisation"]))
def test_every_two_names_that_a_rule_joins_are_tried(names: list[str], kind: str) -> None:
    surfaces = {normal_name(name): name for name in names}
    alike = _Alike(list(surfaces), surfaces)
    for short in surfaces:
        tried = alike.to(short)
        assert short not in tried and tried == [n for n in surfaces if n in tried]
        assert not [long for long in surfaces if long != short and long not in tried and any(r(short, long, kind, surfaces) for r in RULES)]


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
