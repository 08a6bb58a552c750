"""Questions over bare graphs: asked, taught, and measured from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dovetail.kg import KnowledgeGraph
from dovetail.reasoning.questions.bare import open_any

if TYPE_CHECKING:
    from tests.app.conftest import Typed

YEARS = {"Alien": "1979", "Gladiator": "2000", "The Martian": "2015", "Titanic": "1997", "Avatar": "2009"}
FACTS = [
    *((film, "directed_by", "Ridley Scott") for film in ("Alien", "Gladiator", "The Martian")),
    *((film, "directed_by", "James Cameron") for film in ("Titanic", "Avatar")),
    ("Gladiator", "starred_actors", "Russell Crowe"),
    ("The Martian", "starred_actors", "Matt Damon"),
    ("Titanic", "starred_actors", "Kate Winslet"),
    ("Avatar", "starred_actors", "Kate Winslet"),
    *((film, "release_year", year) for film, year in YEARS.items()),
]
QUESTIONS = {
    "who directed Titanic": ["James Cameron"],
    "which movies did Ridley Scott direct": ["Alien", "Gladiator", "The Martian"],
    "who acted in the films directed by James Cameron": ["Kate Winslet"],
    "when was Alien released": ["1979"],
}


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "graph.tsv").write_text("".join("\t".join(fact) + "\n" for fact in FACTS), "utf-8")
    rows = (json.dumps({"question": question, "answers": answers}) for question, answers in QUESTIONS.items())
    (folder / "two-hop.jsonl").write_text("\n".join(rows), "utf-8")
    return folder


@pytest.mark.parametrize(("question", "answers"), QUESTIONS.items())
def test_a_table_is_asked_what_no_question_taught(typed: Typed, films: Path, question: str, answers: list[str]) -> None:
    told = json.loads(typed("ask", question, "--graph", str(films / "graph.tsv"), "--top", "9", "--explain", "--json").out)
    assert sorted(answer["text"] for answer in told["answers"]) == sorted(answers)
    assert told["plan"]["query"]["sparql"].startswith("SELECT DISTINCT")
    for answer in told["answers"]:
        assert [step["predicate"].rpartition(":")[2] for step in answer["proof"]["path"]]


def test_counts_and_comparisons_of_a_table(typed: Typed, films: Path) -> None:
    asked = ("How many films did Ridley Scott direct?", "Was Alien directed by James Cameron?", "Was Alien directed by Ridley Scott?")
    told = [json.loads(line) for line in typed("ask", *asked, "--graph", str(films / "graph.tsv"), "--explain", "--json").out.splitlines()]
    assert [one["answers"][0]["text"] for one in told] == ["3", "no", "yes"]


def test_a_folder_of_a_graph_set_is_measured(typed: Typed, films: Path) -> None:
    result = json.loads(typed("evaluate", "questions", str(films), "--json").out)
    assert result["set"] == "two-hop" and result["n"] == 4
    assert result["metrics"]["hits@1"] == 1.0 and result["metrics"]["proofs_valid"] == 1.0


def test_fewer_facts_answer_less(typed: Typed, films: Path) -> None:
    whole, half = (
        json.loads(typed("evaluate", "questions", str(films), "--without-triples", share, "--json").out) for share in ("0", "0.8")
    )
    assert half["metrics"]["f1"] < whole["metrics"]["f1"]


def test_questions_teach_a_graph_its_words(typed: Typed, films: Path, tmp_path: Path) -> None:
    """A made-up word for a relation, which nothing could tell beforehand."""
    folder = tmp_path / "graph.dovetail"
    graph, _ = open_any(films / "graph.tsv")
    with KnowledgeGraph.open(folder, create=True) as kept, kept.changing() as store:
        store.bulk_extend(list(graph.store))
    taught = {f"the glorb of {film}": [year] for film, year in YEARS.items() if film != "The Martian"}
    lessons = tmp_path / "lessons.jsonl"
    lessons.write_text("\n".join(json.dumps({"question": q, "answers": a}) for q, a in taught.items()), "utf-8")
    told = json.loads(typed("train", "questions", str(lessons), "--graph", str(folder), "--json").out)
    assert told == {"questions": 4, "understood": 4}
    answer = json.loads(typed("ask", "the glorb of The Martian", "--graph", str(folder), "--explain", "--json").out)
    assert answer["answers"][0]["text"] == "2015"


def test_a_folder_without_questions_says_so(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = typed("evaluate", "questions", "empty")
    assert told.status == 2 and "corpus.jsonl" in told.err
