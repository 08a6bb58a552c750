from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed

SELECT = "SELECT ?name { ?person rdfs:label ?name }"
CONSTRUCT = "CONSTRUCT WHERE { ?person rdfs:label ?name }"


@pytest.mark.usefixtures("curie")
@pytest.mark.parametrize(
    ("sparql", "format", "shown"),
    [
        (SELECT, "table", ["name", "Marie Curie", "1 row"]),
        (SELECT, "csv", ["name\nMarie Curie\n"]),
        ("SELECT ?x { ?x wdt:P19 ?y }", "table", ["entity:person:Marie_Curie"]),
        ("SELECT ?x { ?x wdt:P19 ?y }", "csv", ["urn:dovetail:entity:person:Marie_Curie"]),
        ("ASK { ?x a wd:Q5 }", "table", ["yes\n"]),
        ("ASK { ?x a wd:Q6 }", "csv", ["false\n"]),
        (CONSTRUCT, "table", ["subject", "rdfs:label", "Marie Curie"]),
        (CONSTRUCT, "csv", ["subject,predicate,object\nurn:dovetail:entity:person:Marie_Curie,"]),
        (CONSTRUCT, "turtle", ['rdfs:label "Marie Curie" .']),
    ],
)
def test_formats(typed: Typed, sparql: str, format: str, shown: list[str]) -> None:
    outcome = typed("query", sparql, "--format", format)
    assert (outcome.status, outcome.err) == (0, "")
    for part in shown:
        assert part in outcome.out.replace("\r\n", "\n")


@pytest.mark.usefixtures("curie")
def test_json_is_what_the_standards_say(typed: Typed) -> None:
    rows = json.loads(typed("query", SELECT, "--json").out)
    assert [row["name"]["value"] for row in rows["results"]["bindings"]] == ["Marie Curie"]
    assert json.loads(typed("query", "ASK { ?x a wd:Q5 }", "--format", "json").out)["boolean"] is True
    (node,) = json.loads(typed("query", CONSTRUCT, "--json").out)
    assert node["@id"] == "urn:dovetail:entity:person:Marie_Curie"


@pytest.mark.usefixtures("curie")
def test_reads_standard_input(typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written = tmp_path / "q.rq"
    written.write_text(SELECT)
    with written.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert "Marie Curie" in typed("query", "-").out


@pytest.mark.usefixtures("curie")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((SELECT, "--format", "turtle"), "SELECT has no triples"),
        (("SELECT ?x {",), ""),
        (("SELECT * { SERVICE <http://x.example/> { ?s ?p ?o } }",), "SERVICE is refused"),
        (("INSERT DATA { wd:Q1 a wd:Q2 }",), ""),
    ],
)
def test_refusals_are_one_line(typed: Typed, arguments: tuple[str, ...], words: str) -> None:
    outcome = typed("query", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("dovetail: error: ")
    assert outcome.err.count("\n") == 1
    assert words in outcome.err


@pytest.mark.usefixtures("curie")
def test_a_query_that_runs_too_long_is_stopped(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOVETAIL_QUERY_SECONDS", "0.2")
    endless = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9)) + " }"
    outcome = typed("query", endless)
    assert outcome.status == 2
    assert "0.2" in outcome.err
