"""`dovetail labels suggest`, `dovetail annotate` and `dovetail fit`: labels for a corpus, and heads fitted to a person's examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.inferred import counted
from dovetail.app.options import GraphOption, JsonOption, LabelsOption
from dovetail.app.screen import as_json, emit, fields, note, out, plain

if TYPE_CHECKING:
    from dovetail.kg.statement import Document
    from dovetail.nlp.adapt import FitReport, Gain, ProposedRelation, ProposedType

app = typer.Typer(help="Entity types and relations to look for.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    """Print help where no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("suggest")
def suggest(
    sources: Annotated[
        list[Path] | None, typer.Argument(metavar="SOURCE", help="Files and folders. [default: the documents of the graph]")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a label catalogue to this .json file, to edit and build with."),
    ] = None,
    labels: LabelsOption = None,
    least: Annotated[
        int, typer.Option("--min-support", metavar="N", min=2, help="How many names a type, or pairs a relation, must have.")
    ] = 3,
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, help="How many types, and relations, to give at most.")] = 40,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Propose the entity types and relations that a corpus speaks of, each with examples."""
    from dovetail.app.progress import LiveLine
    from dovetail.app.settings import load_settings, set_threads
    from dovetail.kg.errors import InputError

    if output is not None and output.suffix != ".json":
        raise InputError(f"a label catalogue ends in .json: {output}")
    settings = load_settings()
    known = labels or settings.labels
    _check(*(sources or ()), *([known] if known else ()))
    set_threads()
    with LiveLine("loading models") as line:
        from dovetail.nlp.adapt import catalogue_of, propose_relations, propose_types, sample, survey
        from dovetail.nlp.mentions import shared_catalogue, shared_extractor

        extractor, catalogue = shared_extractor(), shared_catalogue(str(known) if known else None)
        documents = sample(_documents(sources or (), graph or settings.graph))
        line.say(f"reading {counted(len(documents), 'document')}")
        found = survey(documents, extractor, catalogue)
        types = propose_types(found, extractor, catalogue, least=least)
        shown, relations = types.proposals[:top], propose_relations(found, types, extractor, catalogue, least=least)[:top]
    if output is not None:
        from json import dumps

        from dovetail.kg.directory import write_atomically

        write_atomically(output, dumps(catalogue_of(shown, relations, catalogue), indent=1, ensure_ascii=False) + "\n")
    if json and output is not None:
        emit({"file": output, "documents": len(documents), "types": len(shown), "relations": len(relations)})
    elif json:
        for part, proposals in (("type", shown), ("relation", relations)):
            for proposal in proposals:
                emit({"part": part, **as_json(proposal)})
    else:
        _show_proposals(shown, relations)
        if output is not None:
            out.print(f"written to {output}; edit it, then: dovetail build SOURCE --labels {output}", soft_wrap=True)
    if not shown:
        note("too little is mentioned to propose anything; give more documents, or ask less with --min-support")
    return 0


def _show_proposals(types: Sequence[ProposedType], relations: Sequence[ProposedRelation]) -> None:
    from rich.table import Table

    table = Table("type", "catalogue", "names", "documents", "such as", box=None, pad_edge=False, header_style="bold")
    for proposed in types:
        such = ", ".join(" ".join(example.text.split()) for example in proposed.examples)
        table.add_row(
            proposed.name, proposed.catalogue or f"new (near {proposed.nearest})", str(proposed.names), str(proposed.documents), such
        )
    out.print(table)
    table = Table("relation", "catalogue", "pairs", "from", "to", "such as", box=None, pad_edge=False, header_style="bold")
    for relation in relations:
        head, tail = relation.examples[0]
        such = f"{' '.join(head.text.split())} … {' '.join(tail.text.split())}"
        near = relation.catalogue or (f"new (near {relation.nearest})" if relation.nearest else "new")
        table.add_row(relation.name, near, str(relation.pairs), ", ".join(relation.domain), ", ".join(relation.range), such)
    if relations:
        out.print()
        out.print(table)


def annotate(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE", help="Files and folders whose sentences to choose from.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The examples file to write (.jsonl).")],
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="How many sentences.")] = 50,
    labels: LabelsOption = None,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Write the sentences that the model is least sure of, with its guesses, for you to correct and give to `dovetail fit`.

    Correct a row in any text editor, then take its "reviewed": false away.
    """
    from dovetail.app.progress import LiveLine
    from dovetail.app.settings import load_settings, set_threads
    from dovetail.kg.errors import InputError

    settings = load_settings()
    known = labels or settings.labels
    _check(*sources, *([known] if known else ()))
    if output.exists():
        raise InputError(f"{output} is there already, with somebody's work perhaps; name another file")
    set_threads()
    with LiveLine("loading models") as line:
        from dovetail.nlp.adapt import annotate as find_doubtful
        from dovetail.nlp.adapt import sample, write_guesses
        from dovetail.nlp.adapt.adapter import extractor_for
        from dovetail.nlp.mentions import shared_catalogue

        catalogue = shared_catalogue(str(known) if known else None)
        extractor, reason = extractor_for(graph or settings.graph, catalogue)
        documents = sample(_documents(sources, graph or settings.graph))
        line.say(f"reading {counted(len(documents), 'document')}")
        guesses = find_doubtful(documents, extractor, catalogue, count=count)
        write_guesses(guesses, output)
    if reason:
        note(reason)
    row = {"file": output, "documents": len(documents), "sentences": len(guesses)}
    emit(row) if json else out.print(fields([*row.items(), ("next", f"correct it, then: dovetail fit --examples {output}")]))
    return 0


def fit(
    examples: Annotated[
        Path | None, typer.Option("--examples", metavar="FILE", help="Annotated sentences, one JSON object per line.")
    ] = None,
    dev: Annotated[
        Path | None, typer.Option("--dev", metavar="FILE", help="More of them, to judge by. [default: hold out the examples]")
    ] = None,
    labels: LabelsOption = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Every label of the catalogue was looked for. [default: those that occur in the examples]")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Remove the graph's adapter, and go back to the heads as shipped.")] = False,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Adapt the extractor to 20 to 200 annotated sentences; F1 on held-out ones is told, before and after.

    The adapter is kept beside the graph, and the next `dovetail build` reads with it. It is kept only where it helps.
    """
    from dovetail.app.settings import load_settings, set_threads
    from dovetail.kg.errors import InputError

    settings = load_settings()
    folder, known = graph or settings.graph, labels or settings.labels
    if reset == (examples is not None):
        raise InputError("give --examples FILE to fit, or --reset to go back to the heads as shipped")
    _check(*filter(None, (examples, dev, known)))
    from dovetail.kg.directory import check_folder

    check_folder(folder)
    if reset:
        from dovetail.nlp.adapt.adapter import remove_adapter

        gone = remove_adapter(folder)
        emit({"graph": folder, "removed": gone}) if json else out.print("the adapter is removed" if gone else "the graph has no adapter")
        return 0
    assert examples is not None
    set_threads()
    _fit(examples, dev, known, folder, complete=complete, json=json)
    return 0


def _fit(examples: Path, dev: Path | None, labels: Path | None, folder: Path, *, complete: bool, json: bool) -> None:
    from dovetail.app.progress import LiveLine

    with LiveLine("loading models") as line:
        from dovetail.kg.errors import InputError
        from dovetail.nlp.adapt import fit as fit_heads
        from dovetail.nlp.adapt import read_examples, remove_adapter, store_adapter
        from dovetail.nlp.mentions import shared_catalogue, shared_extractor

        read = read_examples(examples)
        if read.unreviewed:
            note(f"{examples}: {counted(read.unreviewed, 'row')} not reviewed, and left out")
        if not read.rows:
            raise InputError(f'{examples} has no reviewed row: correct some, and take their "reviewed": false away')
        development = read_examples(dev).rows if dev else ()
        catalogue = shared_catalogue(str(labels) if labels else None)
        line.say(f"fitting to {counted(len(read.rows), 'example')}")
        adapter, report = fit_heads(read.rows, shared_extractor(), catalogue, development=development, complete=complete)
        stored = store_adapter(folder, adapter, report) if adapter is not None else None
        if stored is None:
            remove_adapter(folder)
    if json:
        emit({**as_json(report), "adapter": plain(stored.heads) if stored else None, "unreviewed": read.unreviewed})
    else:
        out.print(fields([*_rows(report), ("adapter", stored.heads if stored else "none: the heads as shipped are kept")]))
        if stored:
            out.print(f"use it: dovetail build SOURCE --graph {folder}" + (f" --labels {labels}" if labels else ""), soft_wrap=True)


def _rows(report: FitReport) -> Iterator[tuple[str, object]]:
    yield "examples", report.examples
    for name, gain in (("entities", report.entities), ("relations", report.relations)):
        if gain is not None:
            yield name, _gain(gain)
            yield "", ", ".join(f"{label} {count}" for label, count in gain.labels.items())
    yield "judged on", report.judged_on
    yield "seconds", f"{report.seconds:.1f}"


def _gain(gain: Gain) -> str:
    if not gain.adapted:
        return f"F1 {gain.before:.3f}; the examples do not help on those held out, so the heads stay as shipped"
    return f"F1 {gain.before:.3f} → {gain.after:.3f}"


def _check(*paths: Path) -> None:
    from dovetail.kg.errors import InputError

    for path in paths:
        if not path.exists():
            raise InputError(f"no such file or folder: {path}; check the path")


def _documents(sources: Sequence[Path], folder: Path) -> Iterator[Document]:
    """The documents in files and folders; where none are named, those of the graph, as their passages hold them."""
    from dovetail.kg.errors import DocumentError
    from dovetail.nlp.readers import read_documents

    def skip(document: str, error: DocumentError) -> None:
        note(f"skipped {document}: {str(error).removeprefix(f'{document}: ')}")

    if sources:
        yield from read_documents(sources, on_skip=skip)
        return
    from dovetail.kg.passages import open_passages
    from dovetail.kg.statement import Document
    from dovetail.kg.store import KnowledgeGraph

    with KnowledgeGraph.open(folder, read_only=True) as knowledge, open_passages(knowledge) as passages:
        texts: dict[str, list[tuple[int, str]]] = {}
        for passage in passages.all():
            texts.setdefault(passage.document, []).append((passage.start, passage.text))
    for name, parts in sorted(texts.items()):
        yield Document(name, "", "\n\n".join(text for _, text in sorted(parts)), name)
