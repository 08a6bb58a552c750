"""`dovetail ask` as it is used: a conversation, a batch, a bare file, a language model, and what is no question."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dovetail.kg import KnowledgeGraph
from tests.app.tiny_graph import write_world
from tests.reasoning.chat_stub import running_stub

if TYPE_CHECKING:
    from tests.app.conftest import Typed

BORN = "Where was Marie Curie born?"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_world(tmp_path / "graph.dovetail")


def says(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """What is piped into the next command."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.mark.usefixtures("tiny")
def test_a_conversation_is_piped_in(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, "When was he born?", BORN, "", "When was she born?", "And Pierre Curie?")
    told = typed("ask")
    assert told.status == 1
    assert "I don't know what “he” means here: ask with a name." in told.out
    assert "“she” is taken to mean: Marie Curie\nWhen was Marie Curie born?\n" in told.out
    assert "When was Pierre Curie born?\n" in told.out
    assert max(map(len, told.out.splitlines())) <= 80

    says(monkeypatch, BORN, "When was she born?")
    rows = [json.loads(line) for line in typed("ask", "--json").out.splitlines()]
    assert "assumed" not in rows[0]
    assert rows[1]["question"] == "When was Marie Curie born?"
    assert (rows[1]["asked"], rows[1]["assumed"]) == ("When was she born?", [{"said": "she", "meant": "Marie Curie"}])


@pytest.mark.usefixtures("tiny")
def test_a_batch_answers_each_line_by_itself(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, BORN, "???", "", "When was she born?")
    told = typed("ask", "-", "--json")
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [row["question"] for row in rows] == [BORN, "When was she born?"]
    assert all("assumed" not in row for row in rows)
    assert (told.status, told.err) == (2, "dovetail: error: line 2: there are no words in the question '???': ask in words\n")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "the question is empty"),
        (" ", "the question is empty"),
        ("?!", "there are no words in the question"),
        ("why " * 2_500, "the question has 9,999 characters, and may have 1,000"),
        ("SELECT ?x WHERE { ?x ?y ?z }", "that is SPARQL, not a question: give it to dovetail query"),
    ],
)
@pytest.mark.usefixtures("tiny")
def test_what_is_no_question_is_one_line_and_status_2(typed: Typed, question: str, words: str) -> None:
    told = typed("ask", BORN, question)
    assert (told.status, told.out) == (2, "")
    assert words in told.err
    assert told.err.count("\n") == 1


def test_odd_questions_are_answered_honestly_and_change_nothing(typed: Typed, tiny: Path, tmp_path: Path) -> None:
    with KnowledgeGraph.open(tiny, read_only=True) as graph:
        before = len(graph.store)
    odd = [
        "居里夫人出生在哪里？",
        "Who is the prime minister of Mars?",
        'Who is "} DELETE WHERE { ?s ?p ?o } #"?',
        "Who is $(touch pwned); `touch pwned` | touch pwned?",
        'Who is " OR 1=1) NEAR( title:* -- ?',
        "Who is ' UNION { ?s ?p ?o } '?",
        "[bold red]Who[/bold red] is :smile: Zog?",
        "🦉 🦉 who?",
    ]
    told = typed("ask", *odd, "--json")
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [row["question"] for row in rows] == odd
    assert told.err == ""
    assert told.status == 1
    assert rows[0]["abstained"] and rows[1]["abstained"]
    assert not (tmp_path / "pwned").exists()
    with KnowledgeGraph.open(tiny, read_only=True) as graph:
        assert len(graph.store) == before
    shown = typed("ask", odd[1], odd[-2])
    assert "  I don't know." in shown.out
    assert "[bold red]Who[/bold red] is :smile: Zog?" in shown.out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("films.tsv", "Kismet\tdirected_by\tWilliam Dieterle\nKismet\trelease_year\t1944\n"),
        ("films.nt", "<urn:x:Kismet> <urn:x:directedBy> <urn:x:WilliamDieterle> .\n"),
    ],
)
def test_a_bare_file_is_asked(typed: Typed, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    told = typed("ask", "Who directed Kismet?", "Who is Zog of Mars?", "--graph", name, "--json")
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert told.err == ""
    assert len(rows) == 2
    assert rows[1]["abstained"]
    assert told.status == 1
    wrong = typed("ask", "Who?", "--graph", "nothing.tsv")
    assert wrong.status == 2
    assert "nothing.tsv" in wrong.err


def test_a_graph_of_facts_alone_is_asked(typed: Typed, tmp_path: Path) -> None:
    from rdflib import URIRef

    from dovetail.kg import Statement

    with KnowledgeGraph.open(tmp_path / "graph.dovetail", create=True) as graph:
        graph.add([Statement(URIRef("urn:x:a"), URIRef("urn:x:knows"), URIRef("urn:x:b"))])
    told = typed("ask", "Who is Zog of Mars?")
    assert (told.status, told.err) == (1, "")
    assert "I don't know." in told.out


@pytest.mark.usefixtures("tiny")
def test_a_language_model_helps_or_is_warned_about(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = json.loads(typed("ask", BORN, "--json").out)
    with running_stub() as stub:
        monkeypatch.setenv("DOVETAIL_LLM_URL", stub.url)
        told = typed("ask", BORN)
        assert told.status == 2
        assert "name the model, in dovetail.toml or DOVETAIL_LLM_MODEL" in told.err
        monkeypatch.setenv("DOVETAIL_LLM_MODEL", "tiny")
        stub.says(json.dumps({"answer": "Warsaw", "passage": 1, "question": None, "sentence": "Marie Curie was born in Warsaw."}))
        helped = typed("ask", BORN, "--json")
        assert (helped.status, helped.err) == (0, "")
        row = json.loads(helped.out)
        assert row["answers"][0]["text"] == "Warsaw"
        assert row["sentence"] == "Marie Curie was born in Warsaw."
        assert "  Marie Curie was born in Warsaw.\n" in typed("ask", BORN).out
        stub.status = 500
        failed = typed("ask", BORN, "--json")
        row = json.loads(failed.out)
        assert {**row, "seconds": 0} == {**plain, "seconds": 0}
        assert failed.err.startswith("dovetail: warning: answered without the language model: ")
        assert failed.err.count("\n") == 1


@pytest.mark.usefixtures("tiny")
def test_nothing_is_sent_anywhere_unless_it_is_asked_for(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_stub() as stub:
        monkeypatch.setenv("DOVETAIL_LLM_MODEL", "tiny")
        typed("ask", BORN)
        assert stub.requests == []
