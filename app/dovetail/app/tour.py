"""`dovetail demo`: the packaged corpus from documents to answers, in one command."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from dovetail.app import ask, documents, inspect
from dovetail.app.screen import err, out

QUESTIONS = (
    "Where was Nikola Tesla born?",
    "Which river flows through Warsaw?",
    "When did the Black Death reach England?",
    "Who discovered oxygen?",
    "Where is the Victoria and Albert Museum?",
    "Who is the prime minister of Mars?",
)
NEXT = """Your own documents:   dovetail build FOLDER
Another question:     dovetail ask "..." --explain --graph {graph}
The facts in SPARQL:  dovetail query "SELECT ?name {{ ?x a wd:Q5 ; rdfs:label ?name }}" --graph {graph}
Take it elsewhere:    dovetail export -o facts.ttl --graph {graph}"""


def demo(
    graph: Annotated[Path, typer.Option("--graph", metavar="DIR", help="Where to build it.")] = Path("demo.dovetail"),
) -> int:
    """Build, look and ask, with 24 packaged articles."""
    corpus = Path(str(files("dovetail.data").joinpath("corpus")))
    _heading(f"dovetail build {_short(corpus)} --graph {graph}")
    documents.build([corpus], graph=graph)
    _heading(f"dovetail info --graph {graph}")
    inspect.info(graph=graph)
    _heading(f"dovetail ask QUESTION... --explain --graph {graph}")
    ask.ask(list(QUESTIONS), graph=graph, explain=True, top=1)
    _heading("What next")
    out.print(NEXT.format(graph=graph))
    return 0


def _heading(text: str) -> None:
    err.file.flush()
    out.print()
    out.print(f"$ {text}" if text.startswith("dovetail") else text, style="bold cyan")


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
