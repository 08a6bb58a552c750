"""Imports run one way: models and kg know nothing of each other, and nothing imports upward."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT: dict[str, set[str]] = {
    "models": {"models"},
    "kg": {"kg"},
    "data": {"data"},
    "nlp": {"nlp", "models", "kg", "data"},
    "reasoning": {"reasoning", "nlp", "models", "kg", "data"},
    "app": {"app", "reasoning", "nlp", "models", "kg", "data"},
}
FILES = [path for layer in MAY_IMPORT for path in sorted((ROOT / layer).rglob("*.py"))]


def imports(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of each module that the source of a module in ``package`` imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def climbs(layer: str, name: str) -> bool:
    parts = name.split(".")
    return parts[0] == "dovetail" and (len(parts) < 2 or parts[1] not in MAY_IMPORT[layer])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_import_climbs(path: Path) -> None:
    layer = path.relative_to(ROOT).parts[0]
    package = ".".join(path.relative_to(ROOT / layer).parts[:-1])
    climbing = [f"line {line} imports {name}" for line, name in imports(path.read_text("utf-8"), package) if climbs(layer, name)]
    assert not climbing


@pytest.mark.parametrize(
    ("layer", "line", "climbing"),
    [
        ("kg", "import dovetail.nlp", True),
        ("kg", "from dovetail.models import encoder", True),
        ("kg", "from dovetail import reasoning", True),
        ("kg", "from ..nlp import build", True),
        ("kg", "from . import store", False),
        ("nlp", "from dovetail.kg.statement import Document", False),
        ("nlp", "from dovetail.reasoning import ask", True),
        ("app", "from dovetail.reasoning import ask", False),
        ("models", "import torch", False),
    ],
)
def test_arrows_that_climb_are_seen(layer: str, line: str, climbing: bool) -> None:
    assert any(climbs(layer, name) for _, name in imports(line, f"dovetail.{layer}")) == climbing


def test_dovetail_is_a_namespace_package() -> None:
    assert not [path for layer in MAY_IMPORT for path in (ROOT / layer).glob("dovetail/__init__.py")]


def test_there_is_something_to_check() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} >= {"models", "kg", "nlp", "reasoning", "app"}
