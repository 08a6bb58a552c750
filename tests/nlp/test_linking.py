"""Names and the entities of a vocabulary that they stand for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDFS, Literal, URIRef

from dovetail.kg import KnowledgeGraph, Layer, Statement
from dovetail.nlp.abbreviations import abbreviations
from dovetail.nlp.evaluate_linking import linking_metrics, vocabulary_of
from dovetail.nlp.folding import fold, latin, sound
from dovetail.nlp.graph_vocabulary import vocabulary_folder
from dovetail.nlp.link_ranking import Query
from dovetail.nlp.linking import link_all
from dovetail.nlp.vocabulary import Vocabulary, VocabularyName

NAMES = [
    ("urn:x:hypertension", "Hypertension"),
    ("urn:x:hypertension", "high blood pressure"),
    ("urn:x:hypotension", "Hypotension"),
    ("urn:x:mercury-planet", "Mercury"),
    ("urn:x:mercury-metal", "Mercury"),
    ("urn:x:münchen", "München"),
    ("urn:x:北京", "北京"),
    ("urn:x:carbamazepine", "carbamazepine"),
    ("urn:x:cancer", "breast cancer"),
    ("urn:x:diabetes-2", "type 2 diabetes"),
    ("urn:x:diabetes-1", "type 1 diabetes"),
    ("urn:x:petrov", "Иван Петров"),
]


def vocabulary(names: list[tuple[str, str]] = NAMES) -> Vocabulary:
    return Vocabulary.of([VocabularyName(URIRef(iri), name) for iri, name in names])


@pytest.mark.parametrize(
    ("name", "iri"),
    [
        ("hypertension", "urn:x:hypertension"),
        ("the High Blood Pressure", "urn:x:hypertension"),
        ("high  blood pressures", "urn:x:hypertension"),
        ("Hypotension", "urn:x:hypotension"),
        ("Munchen", "urn:x:münchen"),
        ("北京", "urn:x:北京"),
        ("breast cancers", "urn:x:cancer"),
        ("type II diabetes", "urn:x:diabetes-2"),
        ("Ivan Petrov", "urn:x:petrov"),
        ("type 3 diabetes", None),
        ("Mercury", None),
        ("Warsaw", None),
        ("tension", None),
        ("", None),
    ],
)
def test_a_name_is_linked_or_is_nobody(name: str, iri: str | None) -> None:
    [link] = link_all([Query(name)], vocabulary())
    assert link.iri == (URIRef(iri) if iri else None)
    assert 0 <= link.probability <= 1 and 0 <= link.nil <= 1


def test_a_long_form_in_the_document_stands_for_its_abbreviation() -> None:
    text = "Seizures under carbamazepine (CBZ) are rare."
    assert link_all([Query("CBZ")], vocabulary())[0].iri is None
    assert link_all([Query("CBZ", abbreviations(text)["CBZ"])], vocabulary())[0].iri == URIRef("urn:x:carbamazepine")


def test_what_the_document_names_elsewhere_decides_an_acronym() -> None:
    there = vocabulary([("urn:x:af", "atrial fibrillation"), ("urn:x:heart", "heart failure")])
    alone = link_all([Query("AF")], there)[0]
    beside = link_all([Query("AF"), Query("atrial fibrillation")], there)
    assert beside[1].iri == URIRef("urn:x:af")
    assert beside[0].probability > alone.probability


def test_an_empty_vocabulary_knows_nothing() -> None:
    assert link_all([Query("Warsaw")], Vocabulary.of(()))[0].iri is None
    assert Vocabulary.of(()).similar("Warsaw") == []


words = st.text(st.sampled_from("abcdeéжβ北 -"), min_size=1, max_size=12).filter(lambda text: any(c.isalnum() for c in text))
named = st.lists(st.tuples(st.sampled_from(["urn:x:a", "urn:x:b", "urn:x:c"]), words), max_size=12)


@settings(max_examples=40, deadline=None)
@given(named, st.randoms(use_true_random=False))
def test_order_does_not_count_and_every_name_is_found(names: list[tuple[str, str]], rng: object) -> None:
    one = vocabulary(names)
    other = vocabulary(sorted(names, reverse=True))
    assert one.fingerprint == other.fingerprint
    for iri, name in names:
        for held in (one, other):
            assert URIRef(iri) in {held.iri(row.entity) for row in held.named(name)}
            if row := held.named(name):
                assert row[0].key in {similar.key for similar in held.similar(name)}


def test_a_saved_vocabulary_is_the_same(tmp_path: Path) -> None:
    made = vocabulary()
    made.save(tmp_path / "v")
    opened = Vocabulary.open(tmp_path / "v")
    for name in ("hypertension", "Hypertensive", "Мюнхен", "type 1 diabetes"):
        assert [(row.key, row.cosine) for row in made.similar(name)] == [(row.key, row.cosine) for row in opened.similar(name)]
    (tmp_path / "v" / "gram_rows.npy").unlink()
    with pytest.raises(OSError, match="gram_rows"):
        Vocabulary.open(tmp_path / "v")


def test_the_vocabulary_of_a_graph_lies_beside_it_until_it_changes(tmp_path: Path) -> None:
    with KnowledgeGraph.open(tmp_path / "graph", create=True) as graph:
        with vocabulary_folder(graph, without=frozenset()) as (folder, content):
            assert (folder, content) == (None, "")
        graph.add([Statement(URIRef("urn:x:a"), RDFS.label, Literal("Ay"))], layer=Layer.VOCABULARY)
        with vocabulary_folder(graph, without=frozenset()) as (first, _):
            assert first is not None and first.parent == tmp_path / "graph" / "vocabulary"
        graph.add([Statement(URIRef("urn:x:b"), RDFS.label, Literal("Bee"))], layer=Layer.VOCABULARY)
        with vocabulary_folder(graph, without=frozenset()) as (second, content):
            assert second is not None and len(Vocabulary.open(second)) == 2 and second.name == content
            assert not first.exists()
        with vocabulary_folder(graph, without=frozenset({"urn:x:b"})) as (third, _):
            assert third is not None and len(Vocabulary.open(third)) == 1


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("treated with valproic acid (VPA) twice", "VPA", "valproic acid"),
        ("the World Health Organization (WHO) said", "WHO", "World Health Organization"),
        ("WHO (World Health Organization) said", "WHO", "World Health Organization"),
        ("in rats (n = 12) that", "n = 12", None),
        ("of patients (see Table)", "see Table", None),
    ],
)
def test_abbreviations_are_explained_in_brackets(text: str, short: str, long: str | None) -> None:
    assert abbreviations(text).get(short) == long


@pytest.mark.parametrize(
    ("how", "one", "other", "alike"),
    [
        (latin, "Łukasz", "lukasz", True),
        (latin, "Пётр", "Petr", True),
        (fold, "tumours of the brain", "brain tumor", True),
        (fold, "anaemia", "anemias", True),
        (fold, "hypertension", "hypotension", False),
        (sound, "Чайковский", "Tchaikovsky", True),
        (sound, "Gorbatschow", "Gorbachov", True),
        (sound, "Curie", "Curry", False),
    ],
)
def test_spellings(how: object, one: str, other: str, alike: bool) -> None:
    assert callable(how)
    assert (how(one) == how(other)) == alike


def test_figures_count_what_is_not_there_as_right_only_when_nothing_is_linked() -> None:
    def row(*mentions: tuple[str, str]) -> dict[str, object]:
        text = " ".join(surface for surface, _ in mentions)
        entities = [
            {"start": text.index(surface), "end": text.index(surface) + len(surface), "label": "Disease", "kb_id": kb}
            for surface, kb in mentions
        ]
        return {"text": text, "entities": entities}

    held = vocabulary_of([row(("hypertension", "D1"), ("migraine", "D2"))])
    figures = linking_metrics([row(("Hypertension", "D1"), ("migraine", "D9"), ("schizophrenia", "D8"), ("tremor", "D1|D7"))], held)
    assert figures["linking_accuracy"] == 0.5
    assert figures["linking_accuracy_known"] == 0.5
    assert figures["linking_accuracy_nil"] == 0.5
    assert linking_metrics([{"text": "x", "entities": []}], held) == {}
