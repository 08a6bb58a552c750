"""Each subpackage says what it offers: one paragraph, explicit imports, and a sorted `__all__` of exactly those names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FACES = [path for layer in ("models", "kg", "nlp", "reasoning", "app") for path in sorted((ROOT / layer).rglob("__init__.py"))]


def offered(tree: ast.Module) -> list[str]:
    """The value of ``__all__``."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            names = ast.literal_eval(node.value)
            assert isinstance(names, list)
            return names
    raise AssertionError("no __all__")


def imported(tree: ast.Module) -> set[str]:
    """The names that `from ... import ...` binds, at once or, of what is slow to load, when they are asked for."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module not in ("__future__", "typing"):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def is_lazy(node: ast.stmt) -> bool:
    """Whether a statement is part of loading a name when it is asked for (PEP 562)."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef) and node.name == "__getattr__"


def order(name: str) -> tuple[bool, bool, str]:
    """CONSTANTS, then Types, then functions: the order that ruff keeps."""
    return (not name.isupper(), not name[0].isupper(), name)


@pytest.fixture(params=FACES, ids=lambda path: path.relative_to(ROOT).as_posix())
def face(request: pytest.FixtureRequest) -> tuple[Path, ast.Module]:
    path: Path = request.param
    return path, ast.parse(path.read_text("utf-8"))


def test_offers_what_it_imports_in_order(face: tuple[Path, ast.Module]) -> None:
    path, tree = face
    names = offered(tree)
    assert names == sorted(names, key=order)
    assert len(names) == len(set(names))
    modules = {module.stem for module in path.parent.glob("*.py")}
    assert set(names) == {name for name in imported(tree) if name not in modules or name in names}


def test_opens_with_prose_and_holds_no_logic(face: tuple[Path, ast.Module]) -> None:
    _, tree = face
    assert len((ast.get_docstring(tree) or "").split()) >= 10
    plain = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign)
    assert not [node for node in tree.body if not isinstance(node, plain) and not is_lazy(node)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.alias) and node.name == "*"]


def test_every_layer_has_a_face() -> None:
    assert {path.relative_to(ROOT).parts[:3] for path in FACES} >= {
        (layer, "dovetail", layer) for layer in ("models", "kg", "nlp", "reasoning", "app")
    }
