"""Links predicted from the command line, with the weights that come along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed


def write_task(folder: Path) -> None:
    """Thirty people work in six towns and, but for the last six, live where they work."""
    folder.mkdir()
    works = [f"person{n}\tworks in\ttown{n % 6}\n" for n in range(30)]
    lives = [f"person{n}\tlives in\ttown{n % 6}\n" for n in range(30)]
    (folder / "facts.tsv").write_text("".join(works + lives[:24]), "utf-8")
    (folder / "test.tsv").write_text("".join(lives[24:]), "utf-8")


@pytest.mark.parametrize("model", ["fused", "network", "rules"])
def test_what_follows_a_pattern_is_found(typed: Typed, tmp_path: Path, model: str) -> None:
    write_task(tmp_path / "towns")
    outcome = typed("evaluate", "links", "towns", "--model", model, "--json")
    assert outcome.status == 0, outcome.err
    found = json.loads(outcome.out)
    assert found["set"] == "towns"
    assert found["n"] == 12  # six links, asked both ways
    assert found["metrics"]["hits@1"] >= 0.5  # a town is found at once; of its people several may be meant
    assert found["metrics"]["hits@10"] == 1.0


def test_an_unknown_expert_is_one_line(typed: Typed, tmp_path: Path) -> None:
    write_task(tmp_path / "towns")
    outcome = typed("evaluate", "links", "towns", "--model", "oracle")
    assert outcome.status == 2
    assert "try one of fused, network, rules, cases, text" in outcome.err


def test_a_folder_that_is_no_task_is_one_line(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = typed("evaluate", "links", "empty")
    assert outcome.status == 2
    assert "facts.tsv" in outcome.err
