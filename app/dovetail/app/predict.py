"""`dovetail predict`, `dovetail bridge`, and what `dovetail infer --predict` writes: what is probably true but missing, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.screen import emit, fields, indented, note, out, quoted

if TYPE_CHECKING:
    from rich.text import Text

    from dovetail.kg.store import KnowledgeGraph
    from dovetail.reasoning.links.predict import LinkReasoner
    from dovetail.reasoning.links.prediction import Prediction

train = typer.Typer(help="Tune what Dovetail brings along to a graph of your own.", rich_markup_mode=None)


@train.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    """Print help where no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@train.command("links")
def train_links(
    seconds: Annotated[float, typer.Option("--seconds", metavar="N", min=1.0, help="How long to train at most.")] = 180.0,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Tune the network that predicts links to the graph, and keep it if it finds facts held out from it better.

    Delete links/ in the graph's folder to go back.
    """
    from dovetail.app.progress import LiveLine
    from dovetail.app.settings import set_threads
    from dovetail.kg.store import KnowledgeGraph

    with KnowledgeGraph.open(graph or _folder()) as knowledge:
        with LiveLine("reading the graph") as line:
            from dovetail.reasoning.links.transfer import tune_graph

            set_threads()
            found = tune_graph(knowledge, seconds=seconds, on_progress=lambda done: line.say(f"tuning · {done:.0%}"))
        told = {"kept": found.kept, "mrr_before": found.before, "mrr_after": found.after, "held_out": found.edges}
        if json:
            emit(told)
        else:
            rows = [
                ("facts held out", f"{found.edges:,}"),
                ("mean reciprocal rank", f"{found.before:.3f} before, {found.after:.3f} tuned"),
                ("kept", "the tuned network" if found.kept else "the network as it was: tuning adds too little"),
            ]
            out.print(fields(rows))
    return 0


TopOption = Annotated[int, typer.Option("--top", metavar="K", min=1, help="How many predictions to give at most.")]
QUOTES = 1
"""Quotes shown of one fact; --json gives them all."""
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
MOST = 2_000
"""Predictions that are kept at most."""


def predict(
    head: Annotated[str | None, typer.Option("--head", metavar="X", help="The subject: a name, an IRI or a prefixed name.")] = None,
    relation: Annotated[str | None, typer.Option("--relation", metavar="R", help="The same, of a relation.")] = None,
    tail: Annotated[str | None, typer.Option("--tail", metavar="Y", help="The object.")] = None,
    across: Annotated[bool, typer.Option("--across", help="Only what joins things of different domains.")] = False,
    top: TopOption = 10,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Predict facts that are probably true but missing, and say why.

    Give what you know of the fact: --head X --relation R for what may complete it, both ends for how they may be joined,
    nothing for what is missing anywhere. Exit status 1 means that nothing can be said.
    """
    with _opened(graph or _folder()) as knowledge:
        from dovetail.kg.typed import typed_entity, typed_relation

        ends = [None if text is None else typed_entity(knowledge, text) for text in (head, tail)]
        how = None if relation is None else typed_relation(knowledge, relation)
        found = _reasoner(knowledge).predict(head=ends[0], relation=how, tail=ends[1], top=top, across=across)
        return _show(found, knowledge, json=json)


def bridge(
    one: Annotated[str, typer.Argument(metavar="A", help="A domain of the graph, as dovetail info lists them.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    top: TopOption = 10,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Find what may join two domains: facts that nobody states, between things that chains of facts join.

    Exit status 1 means that no chain joins them.
    """
    with _opened(graph or _folder()) as knowledge:
        return _show(_reasoner(knowledge).bridge(one, other, top=top), knowledge, json=json)


def keep_predictions(knowledge: KnowledgeGraph, *, min_probability: float) -> int:
    """Make the predicted layer hold what is at least so probable; returns how many triples that is."""
    from dovetail.kg.predictions import write_predictions
    from dovetail.kg.statement import Statement
    from dovetail.reasoning.links.prediction_json import prediction_json

    found = _reasoner(knowledge).predict(top=MOST, least=min_probability)
    if len(found) == MOST:
        note(f"warning: only the {MOST:,} likeliest predictions are kept")
    told = ((Statement(*each.triple, each.probability), prediction_json(each, knowledge)) for each in found)
    return write_predictions(knowledge, told)


def _folder() -> Path:
    from dovetail.app.settings import load_settings

    return load_settings().graph


def _opened(folder: Path) -> KnowledgeGraph:
    """The graph to write to, so that what predictions need is kept; to read where another process writes."""
    from dovetail.kg.errors import GraphLocked
    from dovetail.kg.store import KnowledgeGraph

    try:
        return KnowledgeGraph.open(folder)
    except GraphLocked:
        return KnowledgeGraph.open(folder, read_only=True)


def _reasoner(knowledge: KnowledgeGraph) -> LinkReasoner:
    from dovetail.app.inferred import warn_if_stale
    from dovetail.app.progress import LiveLine
    from dovetail.app.settings import set_threads

    warn_if_stale(knowledge)
    with LiveLine("learning from the graph"):
        from dovetail.reasoning.links.predict import LinkReasoner

        set_threads()
        return LinkReasoner(knowledge)


def _show(found: Sequence[Prediction], knowledge: KnowledgeGraph, *, json: bool) -> int:
    from dovetail.reasoning.links.prediction_json import prediction_json

    for number, each in enumerate(found):
        told = prediction_json(each, knowledge)
        if json:
            emit(told)
            continue
        if number:
            out.print()
        for line in prediction_lines(told):
            out.print(line)
    if not found and not json:
        out.print("Nothing can be said: the graph has no fact that leads to an answer.")
    return 0 if found else 1


def prediction_lines(told: Mapping[str, Any]) -> Iterator[Text]:
    """A prediction, as JSON, in lines for the screen."""
    named = indented(" → ".join(told["labels"]), 0, style="bold green")
    named.append(f"  {_percent(told['probability'])}", style="dim")
    yield named
    for path in told["paths"][:1]:
        for step in path:
            yield indented(" → ".join(step["labels"]), 4)
            for quote in step["evidence"][:QUOTES] if step["predicate"] != _TYPE else ():
                yield from quoted(**quote, indent=6)
    for rule in told["rules"][:1]:
        yield indented(f"rule, right {rule['support']:,} times of {rule['body_size']:,}: {rule['rule']}", 4)
    if told["cases"]:
        yield indented("so too: " + ", ".join(f"{case['label']} (alike {case['likeness']:.2f})" for case in told["cases"]), 4)
    grounds = told["grounds"] if told["grounds"].startswith("no path") else ""
    believed = ", ".join(f"{name} {value:+.2f}" for name, value in told["experts"].items() if round(value, 2))
    yield indented("; ".join(filter(None, (grounds, f"experts: {believed}"))), 4, style="dim")


def _percent(probability: float) -> str:
    return f"{probability:.0%}" if probability >= 0.005 else "under 1%"
