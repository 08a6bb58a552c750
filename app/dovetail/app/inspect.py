"""`dovetail info` and `dovetail export`: the graph as a summary, and as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from dovetail.app.inferred import standing_rules, warn_if_stale
from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.resolution import show_entity
from dovetail.app.screen import as_json, emit, fields, out

if TYPE_CHECKING:
    from rdflib import URIRef
    from rich.table import Table

    from dovetail.kg.summary import GraphSummary

Key = TypeVar("Key")

BOOKKEEPING = (
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/2004/02/skos/core#",
    "http://purl.org/dc/terms/",
)
"""Predicates that name and sort things; what is left are the facts."""
SHOWN = 12
"""Rows of each table; --json gives them all."""


class LayerName(StrEnum):
    """A layer, as it is typed."""

    VOCABULARY = "vocabulary"
    STATED = "stated"
    INFERRED = "inferred"
    PREDICTED = "predicted"
    RESOLVED = "resolved"
    PROVENANCE = "provenance"


def info(
    entity: Annotated[
        str | None,
        typer.Option("--entity", metavar="X", help="One thing instead: its names, why they were merged, and what was kept apart."),
    ] = None,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Say what is in the graph and what it was built from."""
    from dovetail.app.settings import load_settings
    from dovetail.kg.inference import is_current
    from dovetail.kg.names import Layer
    from dovetail.kg.store import KnowledgeGraph

    folder = graph or load_settings().graph
    with KnowledgeGraph.open(folder, read_only=True) as knowledge:
        if entity is not None:
            show_entity(knowledge, entity, json=json)
            return 0
        summary, rules, current = knowledge.summary(), standing_rules(knowledge), is_current(knowledge)
        facts = summary.triples_by_layer[Layer.INFERRED]
        if json:
            inference = None if rules is None else {**as_json(rules), "inferred": facts, "current": current}
            emit({**as_json(summary), "inference": inference})
        else:
            state = f"{facts:,} facts, " + ("current" if current else "out of date: run dovetail infer")
            rows = [] if rules is None else [("rules", rules.words), ("inferred", state)]
            show_summary(summary, folder, knowledge.label, rows)
    return 0


def export(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write; it is there whole or not at all.")],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="turtle, ntriples, trig, nquads, jsonld, rdf12, graphml, csv or parquet. [default: as the name of FILE ends]",
        ),
    ] = None,
    layer: Annotated[
        list[LayerName] | None, typer.Option("--layer", help="Only this layer. May be repeated. [default: what the format can hold]")
    ] = None,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Write the graph to a file."""
    from dovetail.app.settings import load_settings
    from dovetail.kg.formats import export_graph
    from dovetail.kg.names import Layer
    from dovetail.kg.store import KnowledgeGraph

    layers = [Layer[name.name] for name in layer] if layer else None
    with KnowledgeGraph.open(graph or load_settings().graph, read_only=True) as knowledge:
        warn_if_stale(knowledge)
        triples = export_graph(knowledge.store, output, format=format, layers=layers)
    if json:
        emit({"file": output, "triples": triples})
    else:
        out.print(fields([("file", output), ("triples", triples)]))
    return 0


def show_summary(summary: GraphSummary, folder: Path, name: Callable[[URIRef], str], more: Iterable[tuple[str, object]] = ()) -> None:
    """Print the counts of a graph, with ``more`` below the first; ``name`` says what to call a type or relation."""
    from rich.columns import Columns
    from rich.padding import Padding

    relations = {iri: count for iri, count in summary.relations.items() if not str(iri).startswith(BOOKKEEPING)}
    facts = sum(relations.values())
    counts = [("graph", folder), ("documents", summary.documents), ("entities", summary.entities), ("facts", facts)]
    if summary.claims:
        counts.append(("also said", ", ".join(f"{n:,} {kind}" for kind, n in summary.claims.items())))
    out.print(fields([*counts, *more]))
    left = counted("domain", summary.documents_by_domain, str), counted("type", summary.entities_by_type, name)
    right = counted("layer", summary.triples_by_layer, lambda layer: layer.name.lower()), counted("relation", relations, name)
    for pair in zip(left, right, strict=True):
        out.print(Padding(Columns(pair, padding=(0, 4)), (1, 0, 0, 0)))
    if summary.extractors:
        out.print("\nextracted by", ", ".join(summary.extractors))


def counted(title: str, counts: Mapping[Key, int], name: Callable[[Key], str]) -> Table:
    """The largest counts, with a line for how many are left out."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column(title, overflow="fold", width=24)
    table.add_column("", justify="right")
    for key, count in list(counts.items())[:SHOWN]:
        table.add_row(name(key) or "(none)", f"{count:,}")
    if len(counts) > SHOWN:
        table.add_row(f"and {len(counts) - SHOWN:,} more", "", style="dim")
    return table
