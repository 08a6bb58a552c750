"""`dovetail evaluate extraction` on a few annotated lines, and `--min-confidence`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dovetail.nlp.evaluate import evaluate_extraction
from dovetail.nlp.pipeline import PipelineOptions, load_pipeline

TEXTS = ("Marie Curie was born in Warsaw.", "Nikola Tesla was born in Smiljan.", "Ada Lovelace was born in London.")


def annotated(text: str) -> dict[str, Any]:
    person, place = text[: text.index(" was")], text[text.index(" in ") + 4 : -1]
    entities = [{"start": 0, "end": len(person), "label": "PER"}, {"start": text.index(place), "end": len(text) - 1, "label": "LOC"}]
    related = {"clusters": [[0], [1]], "cluster_relations": [{"head": 0, "tail": 1, "label": "P19"}]}
    return {"id": person, "text": text, "entities": entities, "relations": [{"head": 0, "tail": 1, "label": "P19"}], **related}


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two rows as one text; what is related stays so."""
    start = len(first["text"]) + 1
    moved = [{**e, "start": e["start"] + start, "end": e["end"] + start} for e in second["entities"]]
    related = [{"head": at, "tail": at + 1, "label": "P19"} for at in (0, 2)]
    text, entities = f"{first['text']} {second['text']}", [*first["entities"], *moved]
    return {"text": text, "entities": entities, "relations": related, "clusters": [[0], [1], [2], [3]], "cluster_relations": related}


TYPES = {
    "PER": {"name": "person", "description": "A human being."},
    "LOC": {"name": "city", "description": "A place where people live."},
}
RELATIONS = {
    "P19": {"name": "place of birth", "description": "Where a person was born."},
    "P127": {"name": "owner", "description": "Who owns a thing."},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [annotated(text) for text in TEXTS]
    rows.append(joined(rows[0], rows[1]))
    (tmp_path / "dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "labels.json").write_text(json.dumps(TYPES), "utf-8")
    (tmp_path / "relations.json").write_text(json.dumps(RELATIONS), "utf-8")
    return tmp_path


def test_figures_fit_each_other(folder: Path) -> None:
    [found] = evaluate_extraction([folder / "dev.jsonl"])
    assert found.n == 4
    assert found.metrics["entity_f1"] >= 0.6
    for name in ("entity", "relation"):
        precision, recall = found.metrics[f"{name}_precision"], found.metrics[f"{name}_recall"]
        if precision + recall:
            assert found.metrics[f"{name}_f1"] == pytest.approx(2 * precision * recall / (precision + recall), abs=1e-3)
        assert 0 <= found.metrics[f"{name}_ece"] <= 1
    assert found.metrics["pair_recall"] >= found.metrics["relation_recall"]  # no two mentions are in two sentences and related
    assert [r.metrics for r in evaluate_extraction([folder / "dev.jsonl"])] == [found.metrics]


def test_min_confidence_leaves_out_what_is_less_sure() -> None:
    text = " ".join(TEXTS)
    every = [(r.head.text, r.tail.text, r.label, r.confidence) for r in load_pipeline()(text)._.relations]
    assert every
    middle = sorted(confidence for *_, confidence in every)[len(every) // 2]
    sure = load_pipeline(PipelineOptions(min_confidence=middle - 0.0005))(text)._.relations
    assert {(r.head.text, r.tail.text, r.label) for r in sure} == {(h, t, label) for h, t, label, c in every if c >= middle}
