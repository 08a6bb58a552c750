"""In which sense sentences say relations: tables of sentences, the component on a Doc, and texts of any kind."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from dovetail.kg.errors import InputError
from dovetail.kg.statement import PLAIN
from dovetail.nlp.assertion import Asserter, Assertion
from dovetail.nlp.cues import load_cues, parse_cues
from dovetail.nlp.mentions import LITERALS, mark_literals
from dovetail.nlp.relations import Relation
from dovetail.nlp.sentences import split_sentences
from dovetail.nlp.tokens import split_ranges

TABLES = Path(__file__).parents[1] / "tables"
MARKED = re.compile(r"\[[^\]]+\]|\{[^}]+\}|<[^>]+>")
NLP = spacy.blank("en")
split_ranges(NLP)
ASSERTER = Asserter(load_cues("en"))


def marked(text: str) -> tuple[Doc, Relation]:
    """The Doc of a sentence with its mentions, and the relation of the one in [] to the one in {}."""
    plain, places, at = "", [], 0
    for mark in MARKED.finditer(text):
        plain += text[at : mark.start()]
        name = mark[0][1:-1].removeprefix("p:")
        places.append((mark[0][0], len(plain), len(plain) + len(name), "person" if mark[0][1:3] == "p:" else "thing"))
        plain, at = plain + name, mark.end()
    doc = split_sentences(NLP(plain + text[at:]))
    spans = {kind + str(start): doc.char_span(start, end, label=label, alignment_mode="expand") for kind, start, end, label in places}
    doc.ents = list(spans.values())
    mark_literals(doc)
    found: dict[str, Span] = {}
    for kind, span in spans.items():
        found[kind[0]] = next((s for s in doc.spans[LITERALS] if (s.start, s.end) == (span.start, span.end)), span)
    return doc, Relation(found["["], found["{"], "any", 1.0)


def judged(text: str) -> str:
    doc, relation = marked(text)
    doc._.relations = [relation]
    [assertion] = ASSERTER(doc)._.assertions
    q = assertion.qualifiers
    said = [word for word in (q.polarity, q.modality) if word not in ("affirmed", "asserted")]
    said += [f"{name}={str(time).rpartition(':')[2]}" for name, time in (("start", q.start), ("end", q.end), ("at", q.at)) if time]
    return " ".join(said)


def rows(name: str) -> list[tuple[str, str]]:
    lines = (TABLES / name).read_text("utf-8").splitlines()
    pairs = (line.split("⇒") for line in lines if line and not line.startswith("#"))
    return [(text.strip(), expected.strip()) for text, expected in pairs]


@pytest.mark.parametrize(("text", "expected"), rows("assertion.txt"))
def test_table(text: str, expected: str) -> None:
    assert judged(text) == expected


@pytest.mark.parametrize(("text", "expected"), rows("assertion-unseen.txt"))
def test_unseen(text: str, expected: str) -> None:
    assert judged(text) == expected


@pytest.mark.xfail(strict=True, reason="cue and scope without a parser")
@pytest.mark.parametrize(("text", "expected"), rows("assertion-limits.txt"))
def test_limits(text: str, expected: str) -> None:
    assert judged(text) == expected


# -------------------------------------------------------------------- the component


def relations_of(text: str, *pairs: tuple[str, str]) -> Doc:
    """A Doc with relations between the first places of these words, each of them an entity."""
    doc = split_sentences(NLP(text))
    spans = {word: doc.char_span(text.index(word), text.index(word) + len(word), label="thing") for pair in pairs for word in pair}
    doc.ents = list(spans.values())
    mark_literals(doc)
    doc._.relations = [Relation(spans[head], spans[tail], "any", 1.0) for head, tail in pairs]
    return ASSERTER(doc)


def test_there_is_one_assertion_for_each_relation_in_their_order() -> None:
    doc = relations_of("Ann never met Bob. Cy met Dan in 1990.", ("Bob", "Ann"), ("Cy", "Dan"), ("Ann", "Bob"))
    assert [a.qualifiers.polarity for a in doc._.assertions] == ["negated", "affirmed", "negated"]
    assert [a.cues for a in doc._.assertions] == [("never",), (), ("never",)]
    assert str(doc._.assertions[1].qualifiers.at) == "1990"


def test_what_two_sentences_say_is_denied_where_either_denies_it() -> None:
    doc = relations_of("Ann did not like Bob. It is said that Cy may know Dan.", ("Ann", "Dan"), ("Bob", "Cy"), ("Cy", "Ann"))
    assert [(a.qualifiers.polarity, a.qualifiers.modality) for a in doc._.assertions] == [
        ("affirmed", "possible"),
        ("negated", "asserted"),
        ("affirmed", "reported"),
    ]


def test_a_value_has_no_time_at_which_it_holds() -> None:
    doc = relations_of("Ann met Bob in 1990 and Cy in 1991.", ("Ann", "Bob"))
    year = doc.spans[LITERALS][0]
    doc._.relations = [Relation(doc.ents[0], year, "any", 1.0)]
    assert ASSERTER(doc)._.assertions[0].qualifiers == PLAIN


def test_in_a_language_without_cues_all_is_plain() -> None:
    assert load_cues("xx") is None
    doc = relations_of("Ann never met Bob.", ("Ann", "Bob"))
    assert Asserter(None)(doc)._.assertions == (Assertion(),)


def test_a_file_of_cues_begins_with_a_section() -> None:
    with pytest.raises(InputError, match="line 2 of a file of cues stands in no section"):
        parse_cues("# words\nnot\n")


WORDS = st.sampled_from(
    "Ann Bob 1990 1995 7 May not never and or , ; ( ) that who but if may will no from to until since in is was left joined ? . – « said"
    " according to the former did n't failed deny think know refused neither nor \n \n\n 说 é".split(" ")
)


@settings(deadline=None, max_examples=200)
@given(st.lists(WORDS, max_size=25), st.data())
def test_any_words_in_any_order_have_a_sense(words: list[str], data: st.DataObject) -> None:
    doc = split_sentences(NLP(" ".join(["Ann", *words, "Bob"])))
    numbers = st.integers(0, len(doc) - 1)
    spans = [doc[i : i + 1] for i in sorted({0, len(doc) - 1, *data.draw(st.lists(numbers, max_size=4))}) if not doc[i].is_space]
    doc.ents = [Span(doc, s.start, s.end, label="thing") for s in spans]
    mark_literals(doc)
    doc._.relations = [Relation(head, tail, "any", 1.0) for head in doc.ents for tail in doc.ents if head.start != tail.start]
    assertions = ASSERTER(doc)._.assertions
    assert len(assertions) == len(doc._.relations)
    for relation, assertion in zip(doc._.relations, assertions, strict=True):
        assert (
            (assertion.qualifiers == PLAIN)
            or assertion.cues
            or any((assertion.qualifiers.start, assertion.qualifiers.end, assertion.qualifiers.at))
            or "?" in doc.text
        )
        assert relation.head.doc is doc


@given(st.sampled_from([text for text, _ in rows("assertion.txt")]))
def test_what_follows_in_another_sentence_changes_nothing(text: str) -> None:
    assert judged(text + "\n\nIt never may.") == judged(text)


@given(st.sampled_from([text for text, _ in rows("assertion.txt")]), st.randoms(use_true_random=False))
def test_where_lines_break_changes_nothing(text: str, random: Random) -> None:
    parts = re.split(r" (?![^\[{<]*[\]}>])", text)
    broken = parts[0] + "".join(random.choice(" \n") + part for part in parts[1:])
    assert judged(broken) == judged(text)
