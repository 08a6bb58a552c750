"""Asking in the tiny world: answers carry sentences that stand in the documents, and a proof where the graph states them."""

from __future__ import annotations

import pytest

from dovetail.kg.passages import PassageIndex
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.corpus import Question
from dovetail.reasoning.questions.evaluate import evaluate_questions, quotes_of, quotes_valid
from dovetail.reasoning.questions.facts import fact_paths
from dovetail.reasoning.questions.reading.spans import answer_spans, sentences
from dovetail.reasoning.questions.surfaces import NameTable
from tests.reasoning.tiny import MARIE, POLAND, WARSAW, WordCounter, world

QUESTIONS = [
    ("Where was Marie Curie born?", "Warsaw"),
    ("When was Marie Curie born?", "7 November 1867"),
    ("Who married Marie Curie?", "Pierre Curie"),
    ("How many people live in Warsaw?", "1,863,056"),
    ("Who was born first, Marie Curie or Pierre Curie?", "Pierre Curie"),
    ("Are Marie Curie and Pierre Curie both physicists?", "yes"),
]


@pytest.fixture(scope="module")
def asker() -> Asker:
    graph, passages = world()
    return Asker(graph, passages, WordCounter())


@pytest.mark.parametrize(("question", "answer"), QUESTIONS)
def test_the_answer_is_among_the_first_with_true_quotes(asker: Asker, question: str, answer: str) -> None:
    found = asker.ask(question, explain=True)
    assert answer in [given.text for given in found.answers]
    assert quotes_valid(quotes_of(found), asker.graph) == 1.0
    assert all(given.evidence and 0 <= given.probability <= 1 for given in found.answers)
    chances = [given.probability for given in found.answers]
    assert chances == sorted(chances, reverse=True)


def test_a_fact_of_the_graph_is_a_proof(asker: Asker) -> None:
    [given] = [one for one in asker.ask("Where was Marie Curie born?", explain=True).answers if one.text == "Warsaw"]
    assert given.iri == str(WARSAW)
    assert [(step.labels[0], step.labels[2]) for step in given.proof] == [("Marie Curie", "Warsaw")]
    assert given.proof[0].evidence[0].quote == "She was born in Warsaw on 7 November 1867."
    assert given.experts["graph"] > 0


def test_paths_of_two_statements_are_found() -> None:
    graph, _ = world()
    paths = fact_paths("Of which country is the place of birth of Marie Curie the capital?", [MARIE], graph, WordCounter())
    assert POLAND in {path.answer for path in paths if len(path.edges) == 2}


def test_what_nothing_tells_of_is_unknown() -> None:
    with KnowledgeGraph() as graph, PassageIndex(None) as passages:
        answer = Asker(graph, passages, WordCounter()).ask("Who discovered Neptune?")
    assert answer.abstained and answer.answers == ()
    assert answer.plan.unknown == ("Neptune",)


def test_the_answer_as_json(asker: Asker) -> None:
    stored = asker.ask("Where was Marie Curie born?", explain=True).to_json()
    assert list(stored) == ["question", "answers", "abstained", "plan", "seconds"]
    assert list(stored["answers"][0]) == ["text", "iri", "probability", "evidence", "proof", "experts"]
    assert list(stored["answers"][0]["evidence"][0]) == ["document", "start", "end", "quote"]
    assert stored["plan"]["names"][0] == {"text": "Marie Curie", "candidates": [str(MARIE)]}


def test_evaluation_measures_what_asking_gives(asker: Asker) -> None:
    questions = [Question(str(i), q, (a,), frozenset({"Marie Curie"}), "") for i, (q, a) in enumerate(QUESTIONS[:2])]
    result = evaluate_questions(questions, asker, name="tiny")
    assert result.n == 2
    assert result.metrics["recall@5"] == 1.0 and result.metrics["quotes_valid"] == 1.0
    assert result.seconds >= 0 and result.peak_mb > 0


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("Dr. No met J. R. Smith. He left.", ["Dr. No met J. R. Smith.", "He left."]),
        ("No end", ["No end"]),
        ("", []),
        ("Title\n\nText here.", ["Title", "Text here."]),
        ("It cost 3.5 km. Yes!", ["It cost 3.5 km.", "Yes!"]),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("born on 7 November 1867 in Paris", ["7 November 1867", "1867", "Paris"]),
        ('the song "Blue Moon" by Rodgers', ["Blue Moon", "Rodgers", "song"]),
        ("it is a large sandstone cave", ["large sandstone cave"]),
    ],
)
def test_answer_spans(text: str, expected: list[str]) -> None:
    found = [text[span.start : span.end] for span in answer_spans(text, NameTable([]))]
    assert set(expected) <= set(found)
