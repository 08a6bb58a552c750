"""`dovetail describe`, in the tiny world and of a bare file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.app.tiny_graph import write_world
from tests.reasoning.tiny import TEXTS

if TYPE_CHECKING:
    from tests.app.conftest import Typed


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path) -> None:
    write_world(tmp_path / "graph.dovetail")


def test_one_thing_by_aspect(typed: Typed) -> None:
    told = typed("describe", "Marie Curie")
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith("Marie Curie\nperson; in ")
    assert "“Marie Curie was a physicist.”\n  tiny#Marie Curie, characters 0–28\n" in told.out
    assert "  place of birth born: Warsaw\n" in told.out
    assert "  spouse married of: Pierre Curie\n" in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    found = json.loads(typed("describe", "Marie Curie", "--json", "--sentences", "2").out)
    assert set(found) == {"name", "iri", "kinds", "also_called", "documents", "aspects", "disagreements"}
    said = [quote for aspect in found["aspects"] for quote in aspect["sentences"]]
    assert 0 < len(said) <= 2
    for quote in said:
        assert TEXTS[quote["document"].removeprefix("tiny#")][quote["start"] : quote["end"]] == quote["quote"]


def test_what_is_not_there_is_said_with_what_is_near(typed: Typed) -> None:
    told = typed("describe", "Mary Curie")
    assert told.status == 1
    assert told.out.startswith("I know of no thing called “Mary Curie”. Near it: Marie Curie")
    assert json.loads(typed("describe", "Zzyzx", "--json").out) == {"name": "Zzyzx", "found": False, "near": []}
    assert typed("describe", "--domain", "science").out == "I know of no domain called “science”.\n"
    both = typed("describe", "Marie Curie", "--domain", "science")
    assert both.status == typed("describe").status == 2
    assert "name one thing, or one domain" in both.err


def test_a_bare_file_is_described(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "films.tsv").write_text("Kismet\tdirected_by\tWilliam Dieterle\nKismet\trelease_year\t1944\n", "utf-8")
    told = typed("describe", "William Dieterle", "--graph", "films.tsv")
    assert (told.status, told.err) == (0, "")
    assert "  directed by of: Kismet\n" in told.out
