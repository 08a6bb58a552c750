"""`dovetail query`: SPARQL over the graph, as a table, JSON, CSV or Turtle."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.inferred import warn_if_stale
from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.screen import out

if TYPE_CHECKING:
    from rdflib.query import Result
    from rich.table import Table


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    TURTLE = "turtle"


def query(
    sparql: Annotated[str, typer.Argument(metavar="SPARQL|-", help="A query, or - to read it from standard input.")],
    graph: GraphOption = None,
    format: Annotated[
        Format, typer.Option("--format", help="How to print the result; turtle is for CONSTRUCT and DESCRIBE.")
    ] = Format.TABLE,
    json: JsonOption = False,
) -> int:
    """Query the graph with SPARQL.

    The usual prefixes (rdf, rdfs, skos, owl, xsd, prov, wd, wdt, entity, dt, ...) are declared already.
    """
    from dovetail.app.settings import load_settings
    from dovetail.kg.store import KnowledgeGraph

    settings = load_settings()
    text = sys.stdin.read() if sparql == "-" else sparql
    with KnowledgeGraph.open(graph or settings.graph, read_only=True) as knowledge:
        warn_if_stale(knowledge)
        result = knowledge.query(text, timeout=settings.query_seconds)
        show(result, Format.JSON if json else format)
    return 0


def show(result: Result, format: Format) -> None:
    """Print a result of SELECT, ASK, CONSTRUCT or DESCRIBE."""
    from dovetail.kg.errors import InputError

    if format is Format.TURTLE and result.graph is None:
        raise InputError(f"{result.type} has no triples to print as turtle; use --format table, json or csv")
    if result.type == "ASK":
        shown = {Format.TABLE: "yes" if result.askAnswer else "no", Format.CSV: str(result.askAnswer).lower()}
        text = shown.get(format) or _serialised(result, "json")
        print(text)
    elif result.graph is not None:
        _show_triples(result, format)
    elif format is Format.TABLE:
        columns = result.vars or []
        _print_rows(columns, [[binding.get(column) for column in columns] for binding in result.bindings])
    else:
        print(_serialised(result, format.value).rstrip("\r\n"))


def _show_triples(result: Result, format: Format) -> None:
    assert result.graph is not None
    if format is Format.TURTLE:
        from dovetail.kg.names import PREFIXES

        for prefix, namespace in PREFIXES.items():
            result.graph.bind(prefix, namespace, replace=True)
        print(result.graph.serialize(format="turtle").rstrip())
    elif format is Format.JSON:
        print(result.graph.serialize(format="json-ld", indent=None, ensure_ascii=False, sort_keys=True))
    else:
        triples = sorted(result.graph)
        if format is Format.TABLE:
            _print_rows(["subject", "predicate", "object"], triples)
        else:
            import csv

            csv.writer(sys.stdout, lineterminator="\n").writerows([("subject", "predicate", "object"), *triples])


def _serialised(result: Result, format: str) -> str:
    data = result.serialize(format=format)
    assert data is not None  # without a destination the bytes come back
    return data.decode()


def _print_rows(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = table_of(columns, [[short(value) for value in row] for row in rows])
    out.print(table)
    out.print(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}", style="dim")


def table_of(columns: Sequence[str], rows: list[list[str]]) -> Table:
    """A table that folds what is too wide for the terminal instead of cutting it."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def short(term: object) -> str:
    """A term as a person reads it: IRIs with the usual prefixes, literals without their type."""
    from rdflib import URIRef

    from dovetail.kg.names import prefixed

    if isinstance(term, URIRef):
        return prefixed(str(term))
    return "" if term is None else str(term)
