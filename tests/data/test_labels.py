"""The packaged label catalogue is well formed, and its relations join its types."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

CATALOGUE = Path(__file__).parents[2] / "data" / "dovetail" / "data" / "labels" / "default.json"
KINDS = {"person", "organisation", "place", "event", "work", "substance", "organism", "concept", "product", "group"}
VALUES = {"date", "number"}


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({key for key, _ in pairs}) == len(pairs), "a key stands twice"
    return dict(pairs)


DATA = json.loads(CATALOGUE.read_text("utf-8"), object_pairs_hook=unrepeated)


def test_two_parts() -> None:
    assert set(DATA) == {"entities", "relations"}
    assert len(DATA["entities"]) >= 20
    assert len(DATA["relations"]) >= 60


@pytest.mark.parametrize("part", ["entities", "relations"])
def test_every_label_is_described_and_named_once(part: str) -> None:
    labels: dict[str, dict[str, Any]] = DATA[part]
    for key, label in labels.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", key)
        assert label["name"].strip() == label["name"] != ""
        assert label["description"][0].isupper()
        assert label["description"].endswith(".")
    for field in ("name", "description", "iri"):
        assert len({label[field] for label in labels.values()}) == len(labels)


def test_entities() -> None:
    for label in DATA["entities"].values():
        assert set(label) - {"aliases"} == {"name", "description", "iri", "kind"}
        assert re.fullmatch(r"http://www\.wikidata\.org/entity/Q\d+", label["iri"])
        assert label["kind"] in KINDS
        assert label["name"] not in label.get("aliases", [])
    assert {label["kind"] for label in DATA["entities"].values()} == KINDS


def test_relations_join_kinds_or_types_that_exist() -> None:
    ends = KINDS | set(DATA["entities"])
    for key, label in DATA["relations"].items():
        assert set(label) == {"name", "description", "iri", "domain", "range"}, key
        assert re.fullmatch(r"http://www\.wikidata\.org/prop/direct/P\d+", label["iri"])
        assert label["domain"], key
        assert set(label["domain"]) <= ends, key
        assert set(label["range"]) <= ends or set(label["range"]) <= VALUES, key
        assert label["range"], key
