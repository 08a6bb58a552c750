"""Coreference measured from the command line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed


def test_coreference_is_evaluated_from_the_command_line(typed: Typed, tmp_path: Path) -> None:
    text = "Ann met Bob . She likes him . Bob left ."
    places = [(text.index("Ann"), 3), (text.index("Bob"), 3), (text.index("She"), 3), (text.index("him"), 3), (text.rindex("Bob"), 3)]
    entities = [{"start": start, "end": start + length, "label": "PER"} for start, length in places]
    story: dict[str, Any] = {"text": text, "entities": entities, "relations": [], "clusters": [[0, 2], [1, 3, 4]]}
    asked = [{**entities[i], "label": label} for i, label in ((2, "Pronoun"), (0, "A"), (1, "B"))]
    gap = {**story, "entities": asked, "clusters": [[0, 1], [2]]}
    for name, row in (("story", story), ("gap", gap)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "dev.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
        (folder / "labels.json").write_text(json.dumps({e["label"]: {} for e in row["entities"]}), "utf-8")
    outcome = typed("evaluate", "extraction", "story/dev.jsonl", "gap/dev.jsonl", "--json")
    assert outcome.status == 0, outcome.err
    figures = [json.loads(line)["metrics"] for line in outcome.out.splitlines()]
    assert {"conll_f1", "muc_f1", "b3_f1", "ceafe_f1"} <= figures[0].keys()
    assert figures[0]["conll_f1"] == pytest.approx(1.0)
    assert figures[1]["gap_f1"] == figures[1]["gap_feminine_f1"] == 1.0
    assert all(math.isfinite(value) for value in figures[1].values())
