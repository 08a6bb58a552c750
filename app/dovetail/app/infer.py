"""`dovetail infer`: what follows from the graph by rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.inferred import Standing, inferred_words, report_json, show_contradictions, standing_rules
from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.screen import as_json, emit, fields, out

if TYPE_CHECKING:
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.reasoning.rules.engine.options import Progress
    from dovetail.reasoning.rules.infer import Contradiction, InferenceOptions, InferenceReport


def infer(
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="rdfs|owl-rl", help="A packaged set of rules: see dovetail rules list.")
    ] = None,
    rules: Annotated[list[Path] | None, typer.Option("--rules", metavar="FILE", help="Your rules: .srl or .n3. May be repeated.")] = None,
    min_confidence: Annotated[
        float | None, typer.Option("--min-confidence", metavar="P", min=0.0, max=1.0, help="Drop what is less sure. [default: 0]")
    ] = None,
    max_facts: Annotated[
        int | None, typer.Option("--max-facts", metavar="N", min=1, help="Stop, and change nothing, rather than have more facts.")
    ] = None,
    predict: Annotated[
        bool, typer.Option("--predict", help="Also fill the predicted layer with what is probably true but missing.")
    ] = False,
    min_probability: Annotated[
        float, typer.Option("--min-probability", metavar="P", min=0.0, max=1.0, help="Leave out what is less probable.")
    ] = 0.5,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 1 where the graph contradicts itself.")] = False,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Infer what follows from the graph by rules.

    The graph keeps the rules: build and forget infer again with them, and so does this command where it is given none.
    What is predicted is only believed: it has a layer of its own, which goes when the documents change.
    """
    from dovetail.app.settings import load_settings
    from dovetail.kg.store import KnowledgeGraph

    folder = graph or load_settings().graph
    with KnowledgeGraph.open(folder) as knowledge:
        told: dict[str, object] = {"graph": folder}
        rows: list[tuple[str, object]] = [("graph", folder)]
        found: tuple[Contradiction, ...] = ()
        if not predict or profile is not None or rules or standing_rules(knowledge) is not None:
            options = _options(knowledge, profile, rules or [], min_confidence, max_facts)
            report = _inferred(knowledge, options)
            standing = Standing(options.profile, len(options.rules.rules), options.min_confidence)
            found = report.contradictions
            told |= as_json(standing) | report_json(report, knowledge)
            rows += [
                ("rules", standing.words),
                ("facts read", report.facts),
                ("inferred", inferred_words(report)),
                ("contradictions", len(found)),
                ("seconds", f"{report.seconds:.1f}"),
            ]
        if predict:
            from dovetail.app.predict import keep_predictions

            told["predicted"] = kept = keep_predictions(knowledge, min_probability=min_probability)
            rows.append(("predicted", f"{kept:,} of probability {min_probability:g} or more"))
        if json:
            emit(told)
        else:
            out.print(fields(rows))
            show_contradictions(found, knowledge)
    return 1 if strict and found else 0


def _inferred(graph: KnowledgeGraph, options: InferenceOptions) -> InferenceReport:
    from dovetail.app.progress import LiveLine

    with LiveLine("reading the graph") as line:
        from dovetail.reasoning.rules.infer import infer as infer_layer

        def show(progress: Progress) -> None:
            line.say(f"{progress.done:,} of {progress.components:,} groups of rules · {progress.facts:,} facts")

        return infer_layer(graph, options=replace(options, on_progress=show))


def _options(
    graph: KnowledgeGraph, profile: str | None, rules: list[Path], min_confidence: float | None, max_facts: int | None
) -> InferenceOptions:
    """What to infer with: what was typed, or else what the graph stands by."""
    from dovetail.kg.errors import InputError
    from dovetail.kg.inference import read_inference
    from dovetail.reasoning.rules.infer import InferenceOptions, read_rule_files, standing_options

    if profile is not None or rules:
        options = InferenceOptions(profile, read_rule_files(rules))
    elif read_inference(graph) is None:
        raise InputError("the graph has no rules yet; give it some: dovetail infer --profile rdfs, or --rules FILE")
    else:
        options = standing_options(graph)
    if min_confidence is not None:
        options = replace(options, min_confidence=min_confidence)
    return options if max_facts is None else replace(options, max_facts=max_facts)

