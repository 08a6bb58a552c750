"""A conversation in the tiny world."""

from __future__ import annotations

import pytest

from dovetail.kg import InputError
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.session import Session
from dovetail.reasoning.questions.wording import LONGEST_QUESTION, worded
from tests.reasoning.tiny import WordCounter, world


@pytest.fixture
def session() -> Session:
    graph, passages = world()
    return Session(Asker(graph, passages, WordCounter()))


def test_a_pronoun_is_the_person_asked_about(session: Session) -> None:
    session.ask("Where was Marie Curie born?")
    turn = session.ask("When was she born?")
    assert turn.answer.question == "When was Marie Curie born?"
    assert turn.question == "When was she born?"
    assert turn.to_json()["assumed"] == [{"said": "she", "meant": "Marie Curie"}]
    assert session.ask("And Pierre Curie?").answer.question == "When was Pierre Curie born?"
    assert session.ask("And his spouse?").answer.question == "When was Pierre Curie's spouse born?"


def test_a_pronoun_is_the_answer(session: Session) -> None:
    assert session.ask("Who married Marie Curie?").answer.answers[0].text == "Pierre Curie"
    assert session.ask("When was he born?").answer.question == "When was Pierre Curie born?"


def test_the_graph_says_of_what_kind_a_name_is(session: Session) -> None:
    found = {placed.referent.name: placed.referent for placed in session.names("Did Marie Curie meet Pierre Curie in Warsaw?")}
    assert (found["Marie Curie"].kind, found["Warsaw"].kind) == ("person", "place")


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Was Marie Curie in Warsaw?", ["Marie Curie", "Warsaw"]),
        ("Who is Zog of Mars?", ["Zog of Mars"]),
        ("Is the Old Warsaw Bridge in Poland?", ["Old Warsaw Bridge", "Poland"]),
        ("who was pierre curie?", ["pierre curie"]),
        ("What is tea?", []),
    ],
)
def test_what_a_question_names(session: Session, question: str, names: list[str]) -> None:
    assert [placed.referent.name for placed in session.names(question)] == names


def test_nothing_is_asked_about_nobody(session: Session) -> None:
    turn = session.ask("When was he born?")
    assert turn.answer.abstained and turn.answer.answers == ()
    assert turn.whole.unresolved == ("he",)
    assert "assumed" not in turn.to_json()
    assert session.ask("Where was Marie Curie born?").answer.question == "Where was Marie Curie born?"


def test_a_question_of_its_own_is_asked_as_it_is(session: Session) -> None:
    session.ask("Where was Marie Curie born?")
    turn = session.ask("What is the capital of Poland?")
    assert (turn.whole.assumed, turn.answer.question) == ((), "What is the capital of Poland?")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "the question is empty"),
        (" \n\t", "the question is empty"),
        ("?!", "there are no words"),
        ("a" * 10_000, f"10,000 characters, and may have {LONGEST_QUESTION:,}"),
        ("SELECT ?x WHERE { ?x ?y ?z }", "that is SPARQL"),
        ("caf\udce9?", "not UTF-8"),
    ],
)
def test_what_is_no_question_is_told_so(question: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        worded(question)


def test_what_cannot_be_seen_is_taken_out() -> None:
    assert worded("Who\x00 is\u202e \x1b[31mshe?") == "Who is [31mshe?"
    assert worded("select the best answer") == "select the best answer"
