"""The whole way, as a person walks it: documents in, a look, questions, one document forgotten, a second build."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed

TEXTS = {
    "science/Curie.txt": "Marie Curie was born in Warsaw in 1867.\n\nMarie Curie studied at the University of Paris.",
    "places/Warsaw.txt": "Warsaw is the capital of Poland.\n\nThe Vistula flows through Warsaw.",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
    return tmp_path / "corpus"


def test_from_documents_to_answers_and_back(typed: Typed, corpus: Path) -> None:
    (corpus / "broken.pdf").write_bytes(b"not a pdf")
    built = typed("build", "corpus", "--json", "--strict")
    assert built.status == 1, built.err
    report = json.loads(built.out)
    assert (report["read"], report["unchanged"], [name for name, _ in report["skipped"]]) == (2, 0, ["corpus/broken.pdf"])
    assert "dovetail: skipped corpus/broken.pdf: " in built.err
    assert "dovetail: read corpus/places/Warsaw.txt: " in built.err
    (corpus / "broken.pdf").unlink()

    again = typed("build", "corpus")
    assert (again.status, again.err) == (0, "")
    assert "2 unchanged" in again.out

    shown = typed("info").out
    assert "documents  2" in shown
    assert "place of birth" in shown or "country" in shown  # relations by name, not by number

    asked = typed("ask", "Where was Marie Curie born?", "Who is Zog of Mars?", "--json")
    assert asked.err == ""
    answers = [json.loads(line) for line in asked.out.splitlines()]
    assert [answer["question"] for answer in answers] == ["Where was Marie Curie born?", "Who is Zog of Mars?"]
    assert asked.status == int(any(answer["abstained"] for answer in answers))
    for answer in answers:
        assert set(answer) == {"question", "answers", "abstained", "plan", "seconds"}
        for given in answer["answers"]:
            assert set(given) == {"text", "iri", "probability", "evidence", "proof", "experts"}
            for quote in given["evidence"]:
                text = TEXTS[quote["document"].removeprefix("corpus/")]
                assert text[quote["start"] : quote["end"]] == quote["quote"]
    told = typed("ask", "Where was Marie Curie born?", "--explain", "--top", "2").out
    assert told.startswith("Where was Marie Curie born?\n")
    assert "read as a question of the kind" in told
    assert max(map(len, told.splitlines())) <= 80

    (corpus / "science" / "Curie.txt").unlink()
    missing = typed("build", "corpus")
    assert "no longer in the sources: corpus/science/Curie.txt; remove with: dovetail forget" in missing.err
    assert typed("forget", "corpus/science/Curie.txt").status == 0
    assert "Curie" not in typed("query", "SELECT * { GRAPH ?g { ?s ?p ?o } }", "--format", "csv").out
    assert "Curie" not in typed("ask", "Who studied at the University of Paris?", "--json", "--top", "9").out.partition('"answers"')[2]


def test_an_empty_folder_is_said(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = typed("build", "empty")
    assert (outcome.status, outcome.err) == (0, "dovetail: the sources hold no documents\n")


@pytest.mark.slow
def test_an_interrupted_build_goes_on(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(
        "".join(json.dumps({"id": str(n), "text": f"Person {n} was born in Warsaw. " * 20}) + "\n" for n in range(400)), "utf-8"
    )
    command = [sys.executable, "-c", "from dovetail.app.cli import main; main()", "build", "rows.jsonl", "--json"]
    root = Path(__file__).parents[2]
    roots = os.pathsep.join(str(root / layer) for layer in ("models", "kg", "nlp", "reasoning", "app", "data"))
    environment = {**os.environ, "PYTHONPATH": roots}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        assert first.stderr.readline().startswith("dovetail: read ")
        time.sleep(6)  # longer than a batch is held back
        first.send_signal(signal.SIGINT)
        _, said = first.communicate()
    assert first.returncode == 130
    assert said.endswith("dovetail: interrupted\n")
    second = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    report = json.loads(second.stdout)
    assert report["unchanged"] > 0
    assert report["unchanged"] + report["read"] == 400


@pytest.mark.slow
def test_the_demo(typed: Typed) -> None:
    outcome = typed("demo")
    assert outcome.status == 0
    assert "documents   24 read" in outcome.out
    assert outcome.out.count("?\n") >= 6
    assert "│ by demo:" in outcome.out  # an inferred fact with its proof
    assert "dovetail build FOLDER" in outcome.out


def test_evaluation_prints_one_line_for_each_set(typed: Typed, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    texts = list(TEXTS.values())
    rows = [{"id": str(n), "title": title, "text": text} for n, (title, text) in enumerate(zip(("Curie", "Warsaw"), texts, strict=True))]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    asked = {"id": "q", "question": "What is the capital of Poland?", "answers": ["Warsaw"], "supporting": ["1"], "type": "x"}
    (folder / "questions.jsonl").write_text(json.dumps(asked) + "\n", "utf-8")
    for extra in ([], ["--no-titles"]):
        outcome = typed("evaluate", "questions", "tiny", "--json", *extra)
        result = json.loads(outcome.out)
        assert set(result) == {"set", "n", "metrics", "seconds", "peak_mb"}
        assert (result["set"], result["n"]) == ("tiny", 1)
        assert result["metrics"]["recall@2"] == 1.0
        assert result["metrics"]["quotes_valid"] in (0.0, 1.0)
    assert typed("build", "tiny/corpus.jsonl").status == 0
    shown = typed("evaluate", "questions", "tiny/questions.jsonl")
    assert shown.status == 0
    assert "recall@1" in shown.out
