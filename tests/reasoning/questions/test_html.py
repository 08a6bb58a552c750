"""An answer as HTML: whatever documents, graphs and questions hold stays text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.reasoning.questions.answer import Answer, Conflict, GivenAnswer, Plan, ProofStep, Quote
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.html import answer_html
from tests.reasoning.tiny import WordCounter, world

TAGS = {"section", "p", "strong", "ol", "li", "a", "span", "em", "blockquote", "q", "br", "cite", "details", "summary"}
ATTRIBUTES = {"class", "style", "href", "rel", "title"}


class Seen(HTMLParser):
    """What a browser would see: elements, attributes, and text; and that what is opened is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def with_all(hostile: str) -> Answer:
    """An answer with the same text in every place that text can be in."""
    quote = Quote(hostile, 0, len(hostile), hostile)
    because = ProofStep(hostile, hostile, hostile, (hostile, hostile, hostile), (quote,), predicted=0.3)
    step = ProofStep(hostile, hostile, hostile, (hostile,) * 3, (quote,), since=hostile, until=hostile, rule=hostile, because=(because,))
    one = GivenAnswer(hostile, hostile, 0.9, (quote,), (step,), {hostile: 1.0}, (Conflict(hostile, (quote,)),))
    return Answer(hostile, (one,), False, Plan(hostile, (), (), (hostile,)), 0.1)


def is_harmless(page: str) -> Seen:
    seen = Seen(page)
    assert seen.open == []
    assert set(seen.tags) <= TAGS
    assert {name for name, _ in seen.attributes} <= ATTRIBUTES
    assert all((value or "").startswith(("http://", "https://")) for name, value in seen.attributes if name == "href")
    return seen


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</blockquote></li></ol></section><iframe src=//evil.example>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://x.example/"onclick="alert(1)',
    "<!-- ",
    "]]><svg/onload=alert(1)>",
    "\x1b[31mred\x00",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_quote_stays_text(hostile: str) -> None:
    seen = is_harmless(answer_html(with_all(hostile)))
    assert "".join(c for c in hostile if c.isprintable()) in seen.text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_stays_text(hostile: str) -> None:
    is_harmless(answer_html(with_all(hostile)))


def test_it_holds_what_an_answer_holds() -> None:
    graph, passages = world()
    answer = Asker(graph, passages, WordCounter()).ask("Where was Marie Curie born?", explain=True)
    seen = is_harmless(answer_html(answer))
    assert "Where was Marie Curie born?" in seen.text
    assert "“" not in seen.text and "She was born in Warsaw on 7 November 1867." in seen.text  # <q> brings its own marks
    assert "tiny#Marie Curie, characters 29–71" in seen.text
    assert "Marie Curie → " in seen.text
    assert seen.tags.count("details") == sum(bool(one.proof) for one in answer.answers) > 0


def test_what_is_predicted_or_contradicted_is_marked() -> None:
    seen = is_harmless(answer_html(with_all("x")))
    assert "but also said: x" in seen.text
    assert "predicted, 30%" in seen.text and "by x" in seen.text and "x – x" in seen.text
