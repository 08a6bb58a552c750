"""Names and the IRIs they stand for."""

from __future__ import annotations

import pytest
from rdflib import URIRef

from dovetail.nlp.linking import Vocabulary

NAMES = [
    ("urn:x:hypertension", "Hypertension"),
    ("urn:x:hypertension", "high blood pressure"),
    ("urn:x:hypotension", "Hypotension"),
    ("urn:x:mercury-planet", "Mercury"),
    ("urn:x:mercury-metal", "Mercury"),
    ("urn:x:münchen", "München"),
    ("urn:x:北京", "北京"),
]


@pytest.mark.parametrize(
    ("name", "iri"),
    [
        ("hypertension", "urn:x:hypertension"),
        ("the High Blood Pressure", "urn:x:hypertension"),
        ("high  blood pressures", "urn:x:hypertension"),
        ("Hypotension", "urn:x:hypotension"),
        ("Munchen", "urn:x:münchen"),
        ("北京", "urn:x:北京"),
        ("Mercury", None),
        ("Warsaw", None),
        ("tension", None),
        ("", None),
    ],
)
def test_a_name_is_linked_or_is_nobody(name: str, iri: str | None) -> None:
    found = Vocabulary([(URIRef(i), n) for i, n in NAMES]).find(name)
    assert found == (URIRef(iri) if iri else None)


def test_an_empty_vocabulary_knows_nothing() -> None:
    assert Vocabulary(()).find("Warsaw") is None
