"""What a text denies, through the command line: recorded with its sentence, counted, never a fact, and gone with its document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed

TEXT = """Marie Curie was born in Warsaw. Nikola Tesla was not born in Vienna. Albert Einstein was never born in Paris.

Isaac Newton may have been born in Berlin. Max Planck was born in Kiel. Niels Bohr was not born in London.
"""
DENIED = """SELECT DISTINCT ?name ?place ?quote WHERE {
  ?claim dt:polarity "negated" ; rdf:subject/rdfs:label ?name ; rdf:object/rdfs:label ?place ;
         prov:wasDerivedFrom/prov:hadPrimarySource/oa:exact ?quote }"""
STATED = "SELECT ?name ?place { ?s wdt:P19 ?o . ?s rdfs:label ?name . ?o rdfs:label ?place }"


def rows(typed: Typed, sparql: str) -> list[dict[str, str]]:
    shown = json.loads(typed("query", sparql, "--format", "json").out)
    return [{name: cell["value"] for name, cell in row.items()} for row in shown["results"]["bindings"]]


def test_what_is_denied_is_no_fact(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "births.txt").write_text(TEXT, "utf-8")
    assert typed("build", "corpus").status == 0
    denied = rows(typed, DENIED)
    assert denied
    assert all(" not " in row["quote"] or " never " in row["quote"] for row in denied)
    assert {row["place"] for row in rows(typed, STATED)}.isdisjoint({"Vienna", "Paris", "London", "Berlin"})
    claims = json.loads(typed("info", "--json").out)["claims"]
    assert claims["negated"] >= len({(row["name"], row["place"]) for row in denied})
    shown = typed("info").out
    assert f"also said  {claims['negated']} negated" in shown
    assert typed("forget", "corpus/births.txt").status == 0
    assert json.loads(typed("info", "--json").out)["claims"] == {}
    assert rows(typed, DENIED) == []


@pytest.mark.usefixtures("curie")
def test_where_nothing_is_qualified_nothing_more_is_shown(typed: Typed) -> None:
    assert "also said" not in typed("info").out
