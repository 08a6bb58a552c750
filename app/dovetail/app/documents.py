"""`dovetail build` and `dovetail forget`: documents into the graph, and out of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.inferred import keep_true, say_problems, upkeep_rows
from dovetail.app.options import GraphOption, JsonOption, LabelsOption
from dovetail.app.resolution import keep_resolved, resolved_rows
from dovetail.app.screen import as_json, emit, fields, note, out

if TYPE_CHECKING:
    from dovetail.nlp.build import BuildReport

SHOWN = 5
"""Names of documents that a note lists before it counts the rest."""


def build(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE", help="Files and folders: txt, md, html, pdf, docx, epub, csv, jsonl.")],
    graph: GraphOption = None,
    vocabulary: Annotated[
        list[Path] | None, typer.Option("--vocabulary", metavar="FILE", help="An ontology or thesaurus to link names to. May be repeated.")
    ] = None,
    labels: LabelsOption = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", min=1, help="Processes to read with. [default: one per core]")
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option("--min-confidence", metavar="P", min=0.0, max=1.0, help="Leave out relations that are less sure.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 1 where a document was skipped.")] = False,
    json: JsonOption = False,
) -> int:
    """Read documents into the graph.

    Documents that have not changed since the last build are passed over, so the same command goes on where an interrupted one stopped.
    """
    from dovetail.app.progress import BuildProgress
    from dovetail.app.settings import load_settings
    from dovetail.kg.errors import InputError

    settings = load_settings()
    catalogue = labels or settings.labels
    vocabularies = tuple(vocabulary or settings.vocabulary)
    for path in (*sources, *vocabularies, *([catalogue] if catalogue else [])):
        if not path.exists():  # said before the seconds that the models take to load
            raise InputError(f"no such file or folder: {path}; check the path")

    from dovetail.kg.store import KnowledgeGraph
    from dovetail.nlp.build import BuildOptions, build_graph

    folder = graph or settings.graph
    least = settings.min_confidence if min_confidence is None else min_confidence
    options = BuildOptions(
        vocabularies=vocabularies,
        labels=catalogue,
        workers=workers or settings.workers,
        min_confidence=least,
        encoder=settings.encoder,
    )
    with KnowledgeGraph.open(folder, create=True) as knowledge:
        with BuildProgress() as progress:
            report = build_graph(sources, knowledge, options=options, on_event=progress)
        links = keep_resolved(knowledge)
        upkeep = keep_true(knowledge)
        if json:
            emit({**as_json(report), "resolution": as_json(links), "inference": upkeep.to_json(knowledge)})
        else:
            show_report(report, folder, [*resolved_rows(links), *upkeep_rows(upkeep)])
    if report.missing:
        note(f"in the graph, but no longer in the sources: {listing(report.missing)}; remove with: dovetail forget DOCUMENT...")
    if not (report.read or report.unchanged or report.replaced or report.skipped):
        note("the sources hold no documents")
    return say_problems(upkeep) or int(strict and bool(report.skipped))


def show_report(report: BuildReport, folder: Path, more: Iterable[tuple[str, object]]) -> None:
    """Print what a build did, and how fast."""
    speed = round(report.words / report.seconds) if report.seconds else 0
    read = f"{report.read:,} read ({report.replaced:,} of them replaced)"
    rows: list[tuple[str, object]] = [
        ("graph", folder),
        ("documents", f"{read}, {report.unchanged:,} unchanged, {len(report.skipped):,} skipped"),
        ("words", report.words),
        ("statements", report.statements),
        *more,
        ("seconds", f"{report.seconds:.1f} ({speed:,} words per second)"),
    ]
    out.print(fields(rows))


def forget(
    documents: Annotated[list[str], typer.Argument(metavar="DOCUMENT", help="Ids of documents, as `dovetail info` shows them.")],
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Remove documents, everything that rests on them alone, and everything inferred from that."""
    from dovetail.app.settings import load_settings
    from dovetail.kg.passages import forget_documents
    from dovetail.kg.store import KnowledgeGraph

    with KnowledgeGraph.open(graph or load_settings().graph) as knowledge:
        gone = forget_documents(documents, knowledge)
        links = keep_resolved(knowledge)
        upkeep = keep_true(knowledge)
        if json:
            emit({**as_json(gone), "resolution": as_json(links), "inference": upkeep.to_json(knowledge)})
        else:
            counts = [("documents", gone.documents), ("statements", gone.statements), ("entities", gone.entities)]
            out.print(fields([*counts, *resolved_rows(links), *upkeep_rows(upkeep)]))
    return say_problems(upkeep)


def listing(names: tuple[str, ...]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
