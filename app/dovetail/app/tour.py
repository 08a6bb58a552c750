"""`dovetail demo`: the packaged corpus from documents to answers, in one command."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from dovetail.app import ask, documents, explain, infer, inspect, predict
from dovetail.app.screen import err, out

QUESTIONS = (
    "Who discovered oxygen?",
    "When did Sky Digital launch?",
    "Which band did Brian Johnson sing with?",
    "Who is the general manager of the Broncos?",
    "Who is the prime minister of Mars?",  # nothing says
)
JOINED = "Which was founded first, DECnet or ARPANET?"
"""A question that takes two facts, from two documents."""
INFERRED = (("Skyclad", "country of origin", "UK"), ("M. Theo Kearney", "residence", "California"))
"""Facts that no document states; the first is proved that the extractor, which rounds differently elsewhere, makes follow."""
NEXT = """\
your own documents    dovetail build FOLDER
a question of yours   dovetail ask "..." --explain
rules of yours        dovetail infer --rules FILE
the facts in SPARQL   dovetail query "SELECT ?n { ?x a wd:Q5 ; rdfs:label ?n }"
the facts as a file   dovetail export -o facts.ttl"""


def demo(
    graph: Annotated[Path, typer.Option("--graph", metavar="DIR", help="Where to build it.")] = Path("demo.dovetail"),
) -> int:
    """Build, look, ask, infer and predict, with 24 packaged articles."""
    corpus, rules = (Path(str(files("dovetail.data").joinpath(name))) for name in ("corpus", "rules/demo.srl"))
    _heading(f"dovetail build {_short(corpus)} --graph {graph}")
    documents.build([corpus], graph=graph)
    _heading(f"dovetail info --graph {graph}")
    inspect.info(graph=graph)
    _heading(f"dovetail ask QUESTION... --graph {graph}")
    ask.ask(list(QUESTIONS), graph=graph, top=1)
    _heading(f"dovetail ask QUESTION --explain --graph {graph}")
    ask.ask([JOINED], graph=graph, top=1, explain=True)
    _heading(f"dovetail infer --rules {_short(rules)} --graph {graph}")
    infer.infer(rules=[rules], graph=graph)
    if fact := next((fact for fact in INFERRED if _follows(fact, graph)), None):
        _heading(f"dovetail explain {' '.join(map(_quoted, fact))} --graph {graph}")
        explain.explain(*fact, graph=graph)
    _heading(f"dovetail predict --top 1 --graph {graph}")
    predict.predict(top=1, graph=graph)
    _heading(f"What next (with --graph {graph}, or DOVETAIL_GRAPH={graph})")
    out.print(NEXT)
    return 0


def _follows(fact: tuple[str, str, str], folder: Path) -> bool:
    """Whether the inferred layer holds a fact."""
    from dovetail.kg.errors import InputError
    from dovetail.kg.names import Layer
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.kg.typed import typed_triple

    with KnowledgeGraph.open(folder, read_only=True) as graph:
        try:
            subject, predicate, value = typed_triple(graph, *fact)
        except InputError:
            return False
        pattern = f"<{Layer.INFERRED.value}> {{ {subject.n3()} {predicate.n3()} {value.n3()} }}"
        return bool(graph.query(f"ASK {{ GRAPH {pattern} }}").askAnswer)


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


def _heading(text: str) -> None:
    err.file.flush()
    out.print()
    out.print(f"$ {text}" if text.startswith("dovetail") else text, style="bold cyan")


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
