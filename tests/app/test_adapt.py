"""Adapting on the command line: labels for a corpus, sentences to correct, heads fitted to them, a build that reads with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed

# lower case, and a label whose name says nothing: what no extractor knows before it is told
GADGETS = ["zorbex", "qualmit", "vintrel", "druxol", "plimter", "gorvane", "sneltor", "brixham", "kelvort", "tamplix"]
SENTENCE = "The crew fitted a {} below deck before Marie Curie left Warsaw."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "log.txt").write_text("\n\n".join(SENTENCE.format(name) for name in ("frobnix", "wuzzle")), "utf-8")
    (tmp_path / "labels.json").write_text(json.dumps({"person": "A human being, given by name.", "gadget": {"name": "qx"}}), "utf-8")
    return tmp_path


def gadgets(typed: Typed) -> set[str]:
    found = typed("query", "SELECT ?name { ?x a dt:gadget ; rdfs:label ?name }", "--format", "csv").out.splitlines()
    return {line.strip() for line in found[1:]}


def test_annotate_fit_build(typed: Typed, corpus: Path) -> None:
    assert typed("build", "corpus", "--labels", "labels.json").status == 0
    before = gadgets(typed)

    written = typed("annotate", "corpus", "-o", "examples.jsonl", "--count", "2", "--labels", "labels.json", "--json")
    assert json.loads(written.out) == {"file": "examples.jsonl", "documents": 1, "sentences": 2}
    kept = typed("annotate", "corpus", "-o", "examples.jsonl")
    assert (kept.status, "name another file" in kept.err) == (2, True)
    unread = typed("fit", "--examples", "examples.jsonl", "--labels", "labels.json")
    assert unread.status == 2
    assert "2 rows not reviewed, and left out" in unread.err

    rows = [json.dumps({"marked": SENTENCE.format(f"[{name}|gadget]")}) for name in GADGETS]
    with (corpus / "examples.jsonl").open("a", encoding="utf-8") as file:
        file.write("".join(row + "\n" for row in rows))
    fitted = typed("fit", "--examples", "examples.jsonl", "--labels", "labels.json", "--json")
    assert fitted.status == 0, fitted.err
    report = json.loads(fitted.out)
    assert (report["examples"], report["unreviewed"], report["relations"]) == (10, 2, None)
    assert report["entities"]["after"] > report["entities"]["before"]
    record = json.loads((corpus / "graph.dovetail" / "adapter" / "adapter.json").read_text("utf-8"))
    assert record["types"] == ["qx"]

    again = json.loads(typed("build", "corpus", "--labels", "labels.json", "--json").out)
    assert (again["read"], again["unchanged"]) == (1, 0)  # what it reads with has changed
    assert gadgets(typed) >= {"frobnix", "wuzzle"}
    assert json.loads(typed("build", "corpus", "--labels", "labels.json", "--json").out)["unchanged"] == 1

    assert "fitted to other labels (qx, ...)" in typed("build", "corpus").err
    assert typed("fit", "--reset").out == "the adapter is removed\n"
    assert json.loads(typed("fit", "--reset", "--json").out)["removed"] is False
    assert typed("build", "corpus", "--labels", "labels.json").status == 0
    assert gadgets(typed) == before


def test_labels_suggested_from_the_graph_are_those_from_its_documents(typed: Typed, corpus: Path) -> None:
    people = ["Anna Berg", "Karl Lund", "Ruth Stein", "Otto Wolf"]
    text = "\n\n".join(
        f"{name}, a physicist, was born in {place}." for name, place in zip(people, ["Kiel", "Bonn", "Bern", "Graz"], strict=True)
    )
    (corpus / "corpus" / "log.txt").write_text(text, "utf-8")
    given = typed("labels", "suggest", "corpus", "-o", "new.json")
    assert given.status == 0, given.err
    assert "physicist" in given.out
    assert "dovetail build SOURCE --labels new.json" in given.out
    assert typed("build", "corpus", "--labels", "new.json").status == 0
    here = [json.loads(line) for line in typed("labels", "suggest", "--json").out.splitlines()]
    assert {row["key"] for row in here if row["part"] == "type"} == set(json.loads((corpus / "new.json").read_text("utf-8"))["entities"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fit"], "give --examples FILE to fit, or --reset"),
        (["fit", "--examples", "none.jsonl"], "no such file or folder: none.jsonl"),
        (["fit", "--reset", "--graph", "corpus"], "a folder of something else"),
        (["labels", "suggest", "corpus", "-o", "labels.txt"], "ends in .json"),
        (["labels", "suggest", "nowhere"], "no such file or folder: nowhere"),
        (["annotate", "corpus", "-o", "a.jsonl", "--labels", "none.json"], "no such file or folder: none.json"),
    ],
)
def test_mistakes_are_said_in_a_line(typed: Typed, corpus: Path, arguments: list[str], said: str) -> None:
    outcome = typed(*arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
