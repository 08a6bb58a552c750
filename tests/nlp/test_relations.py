"""Which pairs of mentions are asked about, and what is said of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from dovetail.nlp.pipeline import load_pipeline
from dovetail.nlp.relations import ALTERNATIVES, MOST_ACROSS, SENTENCES, _Mention, _pairs, beside, is_nationality

VOCAB = spacy.blank("en").vocab


def mentions_of(places: list[tuple[int, int]]) -> list[_Mention]:
    """One-word mentions from (step to the sentence of the next, owner); a negative owner is a literal."""
    doc = Doc(VOCAB, words=["x"] * len(places))
    sentence, found = 0, []
    for i, (step, owner) in enumerate(places):
        sentence += step
        found.append(_Mention(Span(doc, i, i + 1), sentence, owner, "person", 1.0, owner < 0))
    return found


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 5)), max_size=14))
@settings(max_examples=60, deadline=None)
def test_pairs_within_sentences_are_all_asked_and_others_once(places: list[tuple[int, int]]) -> None:
    mentions = mentions_of(places)
    pairs = _pairs(mentions)
    inside = [(a, b) for a, b in pairs if a.sentence == b.sentence]
    across = [(a, b) for a, b in pairs if a.sentence != b.sentence]
    assert all(a.owner != b.owner and not a.literal for a, b in pairs)
    wanted = [(a, b) for a in mentions for b in mentions if a.sentence == b.sentence and a.owner != b.owner and not a.literal]
    assert len(inside) == len(wanted)
    assert all(abs(a.sentence - b.sentence) <= SENTENCES and not b.literal for a, b in across)
    close = {(a.owner, b.owner) for a, b in inside}
    owners = [(a.owner, b.owner) for a, b in across]
    assert len(owners) == len(set(owners)) and not close & set(owners)
    assert {(b, a) for a, b in owners} == set(owners)


def test_a_window_full_of_names_costs_no_more_than_is_promised() -> None:
    pairs = _pairs(mentions_of([(1, i) for i in range(400)]))
    assert len(pairs) == MOST_ACROSS
    assert all(abs(a.sentence - b.sentence) == 1 for a, b in pairs)


def test_relations_come_in_order_with_the_next_likely_ones() -> None:
    nlp = load_pipeline()
    doc = nlp("Marie Curie was born in Warsaw on 7 November 1867. Nikola Tesla was born in Smiljan.")
    found = doc._.relations
    assert found
    assert all(a.head.start <= b.head.start for a, b in pairwise(found))
    for relation in found:
        assert len(relation.alternatives) <= ALTERNATIVES
        assert relation.label not in {label for label, _ in relation.alternatives}
        confidences = [relation.confidence, *(c for _, c in relation.alternatives)]
        assert confidences == sorted(confidences, reverse=True)
        assert 0 < confidences[-1] <= confidences[0] <= 1
    keys = [(r.head.text, r.tail.text, r.label) for r in found]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("text", "thing", "adjective", "wanted"),
    [
        ("Lagos is the largest Nigerian city .", "Lagos", "Nigerian", True),
        ("the German company Siemens", "Siemens", "German", True),
        ("She ( born in Berlin ) was a German singer .", "Berlin", "German", False),
        ("an American politician who is a member of the Colorado Senate", "Colorado Senate", "American", False),
        ("He moved to Seattle , Washington an American town", "Seattle", "American", False),
    ],
)
def test_a_nationality_is_said_of_a_place_beside_it(text: str, thing: str, adjective: str, wanted: bool) -> None:
    doc = spacy.blank("en")(text)
    doc.ents = [
        span for name in ("Lagos", "Berlin", "Seattle", "Washington", "Colorado Senate", "Siemens", adjective)
        if (at := text.find(name)) >= 0 and (span := doc.char_span(at, at + len(name), label="place"))
    ]  # fmt: skip
    one, other = (next(e for e in doc.ents if e.text == name) for name in (thing, adjective))
    assert beside(one, other) is beside(other, one) is wanted


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("a US missile hit Damadola", "US", True),
        ("He moved to the US in 1990", "US", False),
        ("It is made in the US.", "US", False),
        ("Welsh poets", "Welsh", True),
        ("a Nigerian-born poet", "Nigerian-", True),
        ("Wales is old", "Wales", False),
    ],
)
def test_what_is_an_adjective_of_nationality(text: str, name: str, wanted: bool) -> None:
    span = spacy.blank("en")(text).char_span(text.index(name), text.index(name) + len(name), label="country", alignment_mode="expand")
    assert span is not None and is_nationality(span) is wanted
