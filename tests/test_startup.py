"""What is light stays light: importing the graph, and asking the command line for help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "spacy", "transformers", "pandas", "sklearn", "scipy", "matplotlib")
HELP_SECONDS = 0.5
LAYERS = ("models", "kg", "nlp", "reasoning", "app", "data")


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    path = f"import sys; sys.path[:0] = {[str(ROOT / layer) for layer in LAYERS]!r}\n"
    return subprocess.run([sys.executable, "-c", path + code], check=True, capture_output=True, text=True, cwd=ROOT).stdout


@pytest.mark.parametrize("package", ["dovetail.kg", "dovetail.app", "dovetail.app.settings"])
def test_import_pulls_nothing_heavy_in(package: str) -> None:
    loaded = python(f"import {package}\nprint(*sorted(m for m in {HEAVY!r} if m in sys.modules))")
    assert loaded.split() == []


def test_help_is_instant() -> None:
    def seconds() -> float:  # of the processor: the clock on the wall also counts what else the machine does
        before = os.times()
        assert "ask" in python("from dovetail.app.cli import run\nsys.exit(run(['--help']))")
        after = os.times()
        return after.children_user - before.children_user + after.children_system - before.children_system

    assert min(seconds() for _ in range(3)) < HELP_SECONDS
