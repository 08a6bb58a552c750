"""What every command has in common: help, one-line errors, exit statuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed

ROOT = Path(__file__).parents[2]
ALL = ["build", "forget", "info", "query", "ask", "infer", "explain", "rules", "export", "evaluate", "demo"]
UNDER = [["evaluate", name] for name in ("extraction", "questions", "rules")] + [["rules", name] for name in ("check", "list", "mine")]


def test_help_names_every_command(typed: Typed) -> None:
    outcome = typed("--help")
    assert outcome.status == 0
    assert all(command in outcome.out for command in ALL)
    assert typed().out == outcome.out


@pytest.mark.parametrize("command", [[name] for name in ALL] + UNDER)
def test_every_command_has_help_that_fits_the_screen(typed: Typed, command: list[str]) -> None:
    outcome = typed(*command, "--help")
    assert outcome.status == 0
    assert "Usage" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80
    if command not in (["evaluate"], ["rules"], ["demo"]):
        assert "--json" in outcome.out


def test_version(typed: Typed) -> None:
    assert typed("--version").out.startswith("dovetail 0.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["biuld"], "No such command 'biuld'"),
        (["build"], "SOURCE"),
        (["build", "nowhere"], "no such file or folder: nowhere"),
        (["build", ".", "--labels", "nowhere.json"], "no such file or folder: nowhere.json"),
        (["build", ".", "--workers", "0"], "--workers"),
        (["info"], "there is no graph at graph.dovetail; make one with: dovetail build"),
        (["forget", "x.txt", "--graph", "other"], "there is no graph at other"),
        (["query", "ASK {}", "--format", "xml"], "--format"),
        (["ask", "Who?"], "there is no graph at graph.dovetail"),
        (["infer", "--profile", "rdfs"], "there is no graph at graph.dovetail"),
        (["explain", "a", "b", "c"], "there is no graph at graph.dovetail"),
        (["rules", "mine"], "there is no graph at graph.dovetail"),
        (["export", "-o", "x.ttl"], "there is no graph at graph.dovetail"),
        (["evaluate", "extraction", "nowhere.jsonl"], "no such file or folder: nowhere.jsonl"),
        (["evaluate", "nothing"], "No such command 'nothing'"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(typed: Typed, arguments: list[str], words: str) -> None:
    outcome = typed(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("dovetail: error: ")
    assert outcome.err.count("\n") == 1
    assert words in outcome.err


@pytest.mark.usefixtures("curie")
def test_the_graph_comes_from_the_option_the_environment_or_the_file(typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert typed("query", "ASK {}").status == 0
    (tmp_path / "dovetail.toml").write_text('graph = "from-file"')
    assert "from-file" in typed("query", "ASK {}").err
    monkeypatch.setenv("DOVETAIL_GRAPH", "from-environment")
    assert "from-environment" in typed("query", "ASK {}").err
    assert typed("query", "ASK {}", "--graph", "graph.dovetail").status == 0


def test_a_damaged_graph_is_status_3(typed: Typed, curie: Path) -> None:
    (curie / "store" / "CURRENT").unlink()
    outcome = typed("forget", "c/a.txt")
    assert outcome.status == 3
    assert outcome.err.startswith("dovetail: error: ")


def test_a_locked_graph_is_status_3(typed: Typed, curie: Path) -> None:
    hold = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'kg')!r})\n"
        "from dovetail.kg.store import KnowledgeGraph\n"
        f"with KnowledgeGraph.open({str(curie)!r}): print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        outcome = typed("forget", "c/a.txt")
        holder.communicate("")
    assert outcome.status == 3
    assert outcome.err.count("\n") == 1
    assert typed("forget", "c/a.txt").status == 0


def test_a_closed_pipe_is_quiet(curie: Path) -> None:
    path = ":".join(str(ROOT / layer) for layer in ("app", "kg", "nlp", "models", "reasoning"))
    rows = "SELECT ?n WHERE { VALUES ?n { " + " ".join(map(str, range(5_000))) + " } }"
    command = [sys.executable, "-c", "from dovetail.app.cli import main; main()", "query", rows, "--graph", str(curie)]
    for extra in ([], ["--format", "csv"]):
        with subprocess.Popen(
            [*command, *extra], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"PYTHONPATH": path, "PATH": ""}
        ) as piped:
            assert piped.stdout is not None
            assert piped.stderr is not None
            piped.stdout.read(10)
            piped.stdout.close()
            assert piped.stderr.read() == b""
        assert piped.returncode == 0


def test_forget_says_what_went(typed: Typed, curie: Path) -> None:
    gone = {"documents": 1, "statements": 1, "entities": 0, "inference": None, "resolution": {"added": 0, "removed": 0}}
    assert json.loads(typed("forget", "c/a.txt", "--json").out) == gone
    near = typed("forget", "c/c.txt")
    assert near.status == 2
    assert "c/b.txt" in near.err
    assert typed("query", "ASK { ?x wdt:P19 ?y }").out == "yes\n"
    assert "documents" in typed("forget", "c/b.txt").out
    assert typed("query", "ASK { ?x wdt:P19 ?y }").out == "no\n"


@pytest.mark.usefixtures("curie")
def test_export_writes_a_file(typed: Typed, tmp_path: Path) -> None:
    outcome = typed("export", "-o", "facts.ttl", "--json")
    assert json.loads(outcome.out) == {"file": "facts.ttl", "triples": 3}
    assert "Marie Curie" in (tmp_path / "facts.ttl").read_text("utf-8")
    assert typed("export", "-o", "facts.nt", "--layer", "inferred").status == 0
    wrong = typed("export", "-o", "facts.xyz")
    assert wrong.status == 2
    assert "turtle" in wrong.err
    assert typed("export", "-o", "no/where/facts.ttl").status == 2
