"""Generated questions: each answer is what its SPARQL finds, names are one entity's alone, and what cannot be put in order is not asked."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, XSD, Literal, URIRef

from dovetail.kg import KnowledgeGraph, Statement
from dovetail.kg.names import WD, WDT, Layer, entity_iri
from dovetail.kg.statement import Qualifiers, Term
from dovetail.reasoning.questions.answer import Answer, GivenAnswer, Plan, Quote
from dovetail.reasoning.questions.corpus import read_questions

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
sys.path.append(str(BENCHMARKS))  # scripts, which no package holds

from judge_questions import FILE, JudgedQuestion, answered, read_rows, table  # noqa: E402
from question_drafts import Draft, claims, comparisons, counts_and_lists, superlatives  # noqa: E402
from question_facts import read_facts  # noqa: E402
from reasoning_questions import KINDS, reasoning_questions, write_questions  # noqa: E402

LENGTH = URIRef("urn:x:length")
TYPES = {"person": WD.Q5, "city": WD.Q515, "film": WD.Q11424, "product": WD.Q2424752}
BORN = {
    "Ada Stone": ("1815-12-10", "Paris"),
    "Ben Wood": ("1820", "Paris"),
    "Cleo Hill": ("1790", "Rome"),
    "Dan Moor": ("1850", "Rome"),
    "Eve Lake": ("1850-03", "Rome"),
    "Finn Ford": ("--05-01", "Oslo"),  # a day of no year
}
FILMS = {"Dawn": 1930, "Dusk": 1935, "Noon": 1951}
LENGTHS = {"Red Rope": ("10", "m"), "Blue Rope": ("20", "m"), "Old Chain": ("15", "[ft_i]"), "New Rope": ("10.05", "m")}


def entity(name: str, kind: str = "person") -> URIRef:
    return entity_iri(name, kind)


def date(text: str) -> Literal:
    kind = XSD.gMonthDay if text.startswith("--") else {4: XSD.gYear, 7: XSD.gYearMonth, 10: XSD.date}[len(text)]
    return Literal(text, datatype=kind, normalize=False)


def statements() -> list[tuple[URIRef, URIRef, Term]]:
    labels = {WDT.P19: "place of birth", WDT.P57: "director", LENGTH: "length", **{iri: name for name, iri in TYPES.items()}}
    found: list[tuple[URIRef, URIRef, Term]] = [(iri, RDFS.label, Literal(label)) for iri, label in labels.items()]

    def known(name: str, kind: str) -> URIRef:
        iri = entity(name, kind)
        found.extend([(iri, RDF.type, TYPES[kind]), (iri, RDFS.label, Literal(name))])
        return iri

    for name, (born, place) in BORN.items():
        person = known(name, "person")
        found.extend([(person, WDT.P19, known(place, "city")), (person, WDT.P569, date(born))])
    for name, year in FILMS.items():
        film = known(name, "film")
        found.extend([(film, WDT.P57, entity("Ada Stone")), (film, WDT.P577, date(str(year)))])
    found.append((known("Paris", "person"), WDT.P19, entity("Oslo", "city")))  # a second Paris
    return found


@pytest.fixture
def graph() -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add(Statement(*triple) for triple in statements())
    for name, (number, unit) in LENGTHS.items():
        rope, value = entity(name, "product"), Literal(number, datatype=XSD.decimal)
        graph.add([Statement(rope, RDF.type, TYPES["product"]), Statement(rope, RDFS.label, Literal(name))])
        graph.add([Statement(rope, LENGTH, value, qualifiers=Qualifiers(unit=unit))])
    return graph


def drafts(graph: KnowledgeGraph) -> list[Draft]:
    import random

    facts, rng = read_facts(graph), random.Random(0)
    return [*counts_and_lists(facts), *superlatives(facts), *comparisons(facts, each=40, rng=rng), *claims(facts, rng=rng)]


def asked(graph: KnowledgeGraph) -> dict[str, tuple[str, ...]]:
    return {words: draft.answers for draft in drafts(graph) for words in draft.forms}


def found_by(graph: KnowledgeGraph, draft: Draft) -> set[str]:
    result = graph.query(draft.sparql, timeout=None)
    if result.type == "ASK":
        return {"yes" if result.askAnswer else "no"}
    values = [value for row in result.bindings for value in row.values() if isinstance(value, URIRef | Literal)]
    return {str(value) if draft.kind == "count" else graph.label(value) for value in values}


def merged(graph: KnowledgeGraph) -> None:
    """Gives Cleo Hill another name, another film and another place, all said of an entity that is one with her."""
    other = entity("C. Hill")
    said: list[tuple[URIRef, URIRef, Term]] = [
        (other, RDF.type, TYPES["person"]),
        (other, RDFS.label, Literal("C. Hill")),
        (other, WDT.P551, entity("Oslo", "city")),
    ]
    graph.add(Statement(*triple) for triple in [*said, (entity("Dawn", "film"), WDT.P57, other)])
    graph.add([Statement(other, OWL.sameAs, entity("Cleo Hill"))], layer=Layer.RESOLVED)


@pytest.mark.parametrize("two_names", [False, True])
def test_sparql_finds_what_brute_force_finds(graph: KnowledgeGraph, two_names: bool) -> None:
    if two_names:
        merged(graph)
    made = drafts(graph)
    assert {draft.kind for draft in made} == set(KINDS)
    for draft in made:
        assert found_by(graph, draft) == set(draft.answers), draft


def test_counts_lists_and_superlatives(graph: KnowledgeGraph) -> None:
    questions = asked(graph)
    assert questions["How many people were born in Rome?"] == ("3",)
    assert questions["Which films did Ada Stone direct?"] == ("Dawn", "Dusk", "Noon")
    assert questions["Name all films directed by Ada Stone."] == ("Dawn", "Dusk", "Noon")
    assert questions["Which of the films directed by Ada Stone was released last?"] == ("Noon",)
    assert questions["Who of the people born in Rome is the oldest?"] == ("Cleo Hill",)


def test_a_name_of_two_is_never_asked_about(graph: KnowledgeGraph) -> None:
    assert not [words for words in asked(graph) if "Paris" in words]


def test_what_is_as_early_as_another_wins_nothing(graph: KnowledgeGraph) -> None:
    questions = asked(graph)  # Dan Moor and Eve Lake were born in one year, Finn Ford in none
    assert "Who of the people born in Rome is the youngest?" not in questions
    assert not [words for words in questions if " or " in words and {"Dan Moor", "Eve Lake"} <= set(words.replace("?", ",").split(", "))]
    assert not [words for words in questions if "older" in words and "Finn Ford" in words]


def test_numbers_of_another_unit_or_too_near_are_not_compared(graph: KnowledgeGraph) -> None:
    compared = [words for words in asked(graph) if "length" in words and words.startswith(("Which has", "Is the"))]
    assert [words for words in compared if "Red Rope" in words and "Blue Rope" in words]
    assert not [words for words in compared if "Old Chain" in words or ("Red Rope" in words and "New Rope" in words)]


def test_wrong_objects_are_of_the_same_type_and_not_in_the_graph(graph: KnowledgeGraph) -> None:
    questions = asked(graph)
    assert questions["Was Cleo Hill born in Rome?"] == ("yes",)
    assert ("Was Cleo Hill born in Oslo?") in questions and questions["Was Cleo Hill born in Oslo?"] == ("no",)
    assert questions["Was Cleo Hill born in 1790?"] == ("yes",)


def test_a_century_beside_a_year_is_left_alone(graph: KnowledgeGraph) -> None:
    century = Literal("18", datatype=URIRef("urn:dovetail:term:century"))
    graph.add([Statement(entity("Cleo Hill"), WDT.P569, century)])
    questions = asked(graph)
    assert not [words for words in questions if "Cleo Hill" in words and ("older" in words or "1790" in words)]
    assert "Who of the people born in Rome is the oldest?" not in questions


def test_as_many_as_wanted_with_other_words_and_the_same_for_a_seed(graph: KnowledgeGraph, tmp_path: Path) -> None:
    chosen = reasoning_questions(graph, each=6, seed=1)
    assert chosen == reasoning_questions(graph, each=6, seed=1) != reasoning_questions(graph, each=6, seed=2)
    assert Counter(draft.kind for draft, _ in chosen) == dict.fromkeys(KINDS, 6)
    assert len({words for _, words in chosen}) == len(chosen)
    booleans = [draft.answers for draft, _ in chosen if draft.kind == "boolean"]
    assert booleans.count(("yes",)) == booleans.count(("no",)) == 3
    write_questions(chosen, tmp_path / "asked.jsonl")
    assert [(q.question, q.answers) for q in read_questions(tmp_path / "asked.jsonl")] == [
        (words, draft.answers) for draft, words in chosen
    ]
    first = json.loads((tmp_path / "asked.jsonl").read_text("utf-8").splitlines()[0])
    assert list(first) == ["id", "question", "answers", "kind", "sparql"]


def test_the_judged_questions_are_forty() -> None:
    rows = read_rows(FILE)
    assert Counter(row.domain for row in rows) == dict.fromkeys(("history", "science", "society", "technology"), 10)
    assert table(rows)[-1].split()[:2] == ["all", "40"]


ROW = JudgedQuestion("history", "Who won?", "fact", "Ann", "Ann", "0.90", "no", "Ann won.", "right", "said so")


def answer(*texts: str, plan: bool = False) -> Answer:
    quote = Quote("d", 0, 8, "Ann won.")
    given = tuple(GivenAnswer(text, None, 0.5, (quote,), (), {"plan": 1.0} if plan else {}) for text in texts)
    return Answer("Who won?", given, not texts, Plan("other", (), (), ()), 0.1)


def test_a_verdict_is_kept_for_the_same_answer_only() -> None:
    assert answered(ROW, answer("Ann", "Bob")) == replace(ROW, probability="0.50")
    assert answered(ROW, answer("Ann", "Bob", plan=True)).answer == "Ann & Bob"
    assert answered(ROW, answer("Bob")).verdict == ""
    assert answered(ROW, answer()).verdict == "unknown"
    assert answered(replace(ROW, expected="-"), answer()).verdict == "unknown-ok"


def test_a_row_without_a_verdict_is_not_counted() -> None:
    with pytest.raises(ValueError, match="Who won"):
        table([replace(ROW, verdict="")])
