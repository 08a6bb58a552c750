"""Pronouns and nominals: what refers back, to which mentions it may, what joins a cluster, and how facts attach to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal
from rdflib.namespace import RDFS, SKOS
from spacy.language import Language
from spacy.tokens import Doc

from dovetail.kg import Document
from dovetail.models.coreference import NEAR
from dovetail.models.coreference_features import describe
from dovetail.nlp.anaphora import find_anaphors
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.coreference_candidates import Candidate, compatible_candidates
from dovetail.nlp.extract import Extraction, extract
from dovetail.nlp.pipeline import load_pipeline
from dovetail.nlp.train_coreference import Decision, threshold_of

TABLE = (Path(__file__).parent.parent / "tables" / "anaphora.txt").read_text("utf-8").splitlines()
CURIE = "Marie Curie was born in Warsaw. In 1891 she moved to Paris, and there she studied at the University of Paris."


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_pipeline()


def read(nlp: Language, text: str, title: str = "") -> Doc:
    doc = nlp.make_doc(text)
    doc._.title = title
    return nlp(doc)


def extracted(nlp: Language, text: str, title: str = "") -> Extraction:
    return extract(Document("d.txt", title, text, "d.txt"), nlp, load_catalogue(), extractor="test@1", fingerprint="f")


@pytest.mark.parametrize("row", [line for line in TABLE if not line.startswith("#")])
def test_what_refers_back(row: str) -> None:
    marked, wanted = (side.strip() for side in row.split("=>"))
    names = [(m.start() - 2 * i, m.end() - 2 * i - 2) for i, m in enumerate(re.finditer(r"\[[^]]*\]", marked))]
    found = find_anaphors(re.sub(r"[\[\]]", "", marked), names)
    assert " ".join(a.head for a in found) == ("" if wanted == "-" else wanted)


@given(st.lists(st.sampled_from(["he", "she", "it", "Ann", "Acme", "they"]), min_size=1, max_size=150))
@settings(max_examples=30, deadline=None)
def test_candidates_come_before_fit_and_are_bounded(words: list[str]) -> None:
    kinds = {"he": "person", "she": "person", "Ann": "person", "Acme": "organisation", "it": "organisation", "they": "organisation"}
    places = [(sum(len(w) + 1 for w in words[:i]), sum(len(w) + 1 for w in words[:i]) + len(w)) for i, w in enumerate(words)]
    text = " ".join(words)
    mentions = describe(text, [(0, len(text))], places)
    known = [Candidate(frozenset({kinds[w]}), w[0].islower(), w) for w in words]
    for i, row in enumerate(compatible_candidates(mentions, known).tolist()):
        chosen = [j for j in row if j >= 0]
        assert len(chosen) <= NEAR and chosen == sorted(chosen, reverse=True) and all(j < i for j in chosen)
        assert known[i].refers or not chosen
        assert all((kinds[words[j]] == kinds[words[i]] and "he" not in (words[i], words[j])) or words[j] == words[i] for j in chosen)
        if i and known[i].refers and words[i - 1] == words[i]:
            assert i - 1 in chosen


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=20, max_size=60))
def test_a_threshold_keeps_its_promise(rows: list[tuple[float, bool]]) -> None:
    found = [Decision(chance, right) for chance, right in rows]
    threshold, precision, recall = threshold_of(found, precision=0.6)
    kept = [d for d in found if d.chance >= threshold]
    if len({d.chance for d in found}) == len(found):
        assert sum(d.right for d in kept) / len(kept) == pytest.approx(precision)
        assert sum(d.right for d in kept) == pytest.approx(recall * max(sum(d.right for d in found), 1))
    ordered = sorted(found, key=lambda d: -d.chance)
    possible = any(sum(d.right for d in ordered[:n]) / n >= 0.6 for n in range(15, len(ordered) + 1))
    assert (precision >= 0.6) == possible


def test_a_pronoun_joins_the_cluster_of_a_name_and_names_nothing(nlp: Language) -> None:
    doc = read(nlp, CURIE, "Marie Curie")
    curie = next(c for c in doc._.clusters if c.name == "Marie Curie")
    assert [r.span.text for r in curie.references] == ["she", "she"]
    assert all(0 < r.confidence <= 1 for r in curie.references)
    assert not {"she"} & {e.text for e in doc.ents}
    assert not any(c.references for c in doc._.clusters if c.kind != "person")


def test_pronouns_that_nothing_fits_stay_unresolved(nlp: Language) -> None:
    for text in ("Warsaw lies on the Vistula. She laughed.", "She laughed and he cried.", "It rained in Warsaw."):
        assert not any(c.references for c in read(nlp, text)._.clusters), text


def test_a_fact_said_of_a_pronoun_is_the_entity_s(nlp: Language) -> None:
    statements = extracted(nlp, CURIE, "Marie Curie").record.statements
    curie = next(s.subject for s in statements if s.predicate == RDFS.label and s.object == Literal("Marie Curie"))
    assert not {str(s.object).lower() for s in statements if s.predicate in (RDFS.label, SKOS.altLabel)} & {"she", "her"}
    later = [e for s in statements if s.subject == curie for e in s.evidence if e.quote.startswith("In 1891")]
    assert later, "the sentence that only says 'she' supports a fact of Marie Curie"
    for statement in statements:
        for evidence in statement.evidence:
            assert CURIE[evidence.start : evidence.end] == evidence.quote


def test_the_same_document_gives_the_same_references_beside_others(nlp: Language) -> None:
    first = extracted(nlp, CURIE, "Marie Curie").record.statements
    extracted(nlp, "Thomas Edison met her. He left. The company paid him.", "Edison")
    assert extracted(nlp, CURIE, "Marie Curie").record.statements == first
