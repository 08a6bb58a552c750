"""A graph whose passages were deleted: asking says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from dovetail.app.cli import run
from dovetail.kg import KnowledgeGraph


def test_a_graph_without_passages_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    KnowledgeGraph.open(tmp_path / "graph", create=True).close()
    assert run(["ask", "Who discovered oxygen?", "--graph", str(tmp_path / "graph")]) == 2
    assert "has no passages to answer from" in capfd.readouterr().err.replace("\n", " ")
