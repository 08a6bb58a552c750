"""One document through the pipeline: odd texts, segments, passages."""

from __future__ import annotations

import numpy as np
import pytest
from rdflib import Literal
from rdflib.namespace import RDFS, XSD
from spacy.language import Language

from dovetail.kg import Document
from dovetail.nlp import extract as module
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.extract import Extraction, SentenceVector, extract, passages_of, segments
from dovetail.nlp.pipeline import load_pipeline

CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_pipeline()


def extracted(text: str, nlp: Language, title: str = "") -> Extraction:
    return extract(Document("d.txt", title, text, "d.txt"), nlp, CATALOGUE, extractor="test@1", fingerprint="f")


@pytest.mark.parametrize(
    "text",
    [
        " \n\n ",
        "\u200b",
        "🙂🙂🙂 🙂",
        "a" * 60_000,
        "word " * 400,
        "العاصمة هي القاهرة. وُلد نجيب محفوظ فيها عام 1911.",
        "北京是中国的首都。玛丽·居里出生于华沙。",
        "Line one\r\nline two\x0b. Marie Curie\u2028was born in Warsaw.",
        "(((((" * 100,
        "1. 2. 3. 4. 5.",
    ],
)
def test_no_text_is_too_odd(text: str, nlp: Language) -> None:
    result = extracted(text, nlp)
    for statement in result.record.statements:
        for evidence in statement.evidence:
            assert text[evidence.start : evidence.end] == evidence.quote
    for passage in result.passages:
        assert text[passage.start : passage.end] == passage.text
        assert np.isfinite(passage.vector).all()


def test_facts_have_types_names_and_typed_literals(nlp: Language) -> None:
    facts = {
        (s.subject, s.predicate, s.object) for s in extracted("Marie Curie was born in Warsaw on 7 November 1867.", nlp).record.statements
    }
    curie = next(s for s, p, o in facts if p == RDFS.label and str(o) == "Marie Curie")
    properties = {r.key: r.iri for r in CATALOGUE.relations}
    assert (curie, properties["date_of_birth"], Literal("1867-11-07", datatype=XSD.date)) in facts
    assert any(s == curie and p == properties["place_of_birth"] and "Warsaw" in str(o) for s, p, o in facts)


def test_the_same_document_gives_the_same_facts_beside_others(nlp: Language) -> None:
    text = "Nikola Tesla was born in Smiljan. Tesla worked for Thomas Edison."
    first = extracted(text, nlp).record.statements
    extracted("Something else entirely, about Paris and London. " * 5, nlp)
    assert extracted(text, nlp).record.statements == first


def test_segments_cover_the_text_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT", 50)
    text = "First sentence here. Second one follows it.\n\nA new paragraph with many words in it. " + "x" * 120
    found = list(segments(text))
    assert "".join(piece for _, piece in found) == text
    assert [start for start, _ in found] == [sum(len(p) for _, p in found[:i]) for i in range(len(found))]
    assert max(len(piece) for _, piece in found) <= 50


def test_headings_join_what_follows_and_long_paragraphs_are_cut() -> None:
    parts = (
        ["Heading\n\n"]
        + ["A sentence of exactly seven words here. "] * 60
        + ["\n\n"]
        + ["The last paragraph has enough words to stand by itself. "] * 3
    )
    text = "".join(parts)
    sentences, at = [], 0
    for part in parts:
        if part.strip():
            sentences.append(SentenceVector(at, at + len(part.rstrip()), len(part.split()), np.ones(384, dtype=np.float32)))
        at += len(part)
    found = list(passages_of(Document("d.txt", "T", text, "d.txt"), sentences, None))
    assert found[0].text.startswith("Heading\n\nA sentence")
    assert found[-1].text.startswith("The last paragraph")
    assert all(len(p.text.split()) <= module.PASSAGE_WORDS * 1.5 + 10 for p in found)
    assert all(text[p.start : p.end] == p.text for p in found)
