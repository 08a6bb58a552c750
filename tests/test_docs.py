"""The documentation names what exists: every command, every public name, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from dovetail.app.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = "\n".join([README, *(path.read_text("utf-8") for path in sorted((ROOT / "docs").rglob("*.md")))])
CODE = " ".join(re.findall(r"```.*?```|`[^`\n]+`", PAGES, flags=re.DOTALL))


def commands(typed: typer.Typer, prefix: str = "dovetail") -> Iterator[str]:
    for command in typed.registered_commands:
        yield f"{prefix} {command.name}"
    for group in typed.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{prefix} {group.name}")


def public_names() -> Iterator[tuple[str, str]]:
    for layer in ("models", "kg", "nlp", "reasoning", "app"):
        path = ROOT / layer / "dovetail" / layer / "__init__.py"
        if path.exists():  # that it must exist is said in test_public_face.py
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
                    yield from ((f"dovetail.{layer}", name) for name in ast.literal_eval(node.value))


COMMANDS = sorted(commands(app))
MENTIONED = sorted(set(re.findall(r"(?<![\w./-])dovetail((?: [a-z]+)+)", CODE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(re.escape(command) + r"\b", README)


@pytest.mark.parametrize("words", MENTIONED)
def test_every_command_mentioned_exists(words: str) -> None:
    assert any(f"dovetail{words} ".startswith(f"{command} ") for command in COMMANDS)


@pytest.mark.parametrize(("package", "name"), list(public_names()))
def test_every_public_name_is_documented(package: str, name: str) -> None:
    assert re.search(rf"\b{name}\b", CODE), f"{package}.{name}"


def test_every_link_to_a_file_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    targets = [(page, target) for page in pages for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")) if "://" not in target]
    assert not [f"{page.name}: {target}" for page, target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize(("language", "text"), re.findall(r"```(srl|n3)\n(.*?)```", PAGES, flags=re.DOTALL))
def test_every_rule_in_the_pages_may_run(language: str, text: str) -> None:
    from dovetail.reasoning.rules.language.notation3 import parse_notation3
    from dovetail.reasoning.rules.language.parse import parse_rules
    from dovetail.reasoning.rules.language.strata import stratify
    from dovetail.reasoning.rules.language.wellformed import check_rules

    rules = parse_rules(text) if language == "srl" else parse_notation3(text)
    check_rules(rules)
    assert sum(map(len, stratify(rules))) == len(rules.rules) > 0


def test_every_setting_is_in_the_readme() -> None:
    from dovetail.app.settings import PREFIX, Settings

    for name in Settings.model_fields:
        assert f"`{PREFIX}{name.upper()}`" in README
        assert f"`{name} = " in README
