"""`dovetail ask`: questions in, answers with their evidence out, or "I don't know"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.inferred import warn_if_stale
from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.screen import emit, indented, out, quoted

if TYPE_CHECKING:
    from rich.text import Text

    from dovetail.reasoning.questions.answer import Answer, GivenAnswer, Plan, Quote
    from dovetail.reasoning.questions.ask import Asker

QUOTES = 2
"""Quotes shown for one answer or one step; --json gives them all."""
WORTH_A_WORD = 0.01
"""The probability from which another answer is named beside the best."""


def ask(
    questions: Annotated[list[str], typer.Argument(metavar="QUESTION", help="One or more questions, each in quotes.")],
    graph: GraphOption = None,
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, help="How many answers to give at most.")] = 3,
    explain: Annotated[bool, typer.Option("--explain", help="Show how each answer was reached.")] = False,
    json: JsonOption = False,
) -> int:
    """Answer questions, and quote the evidence.

    Exit status 1 means that the answer to one of them is unknown.
    """
    from dovetail.app.settings import load_settings

    unknown = False
    with open_asker(graph or load_settings().graph) as asker:
        for number, question in enumerate(questions):
            answer = asker.ask(question, top_k=top, explain=explain)
            unknown |= answer.abstained
            if json:
                emit(answer.to_json())
            else:
                if number:
                    out.print()
                show_answer(answer, explain=explain)
    return 1 if unknown else 0


@contextmanager
def open_asker(folder: Path, *, titles: bool = True) -> Iterator[Asker]:
    """What answers questions from the graph in ``folder``. InputError where its passages are missing."""
    from dovetail.app.settings import set_threads
    from dovetail.kg.errors import InputError
    from dovetail.kg.passages import PassageIndex
    from dovetail.kg.store import KnowledgeGraph

    index = folder / "passages" / "passages.db"
    with KnowledgeGraph.open(folder, read_only=True) as graph:
        if not index.exists():
            raise InputError(f"{folder} has no passages to answer from; build again from its documents, which makes them")
        from dovetail.models.encoder import load_encoder  # late: a graph that is not there is said at once
        from dovetail.reasoning.questions.ask import Asker

        warn_if_stale(graph)
        set_threads()
        with PassageIndex(index) as passages:
            yield Asker(graph, passages, load_encoder(passages.encoder or None), titles=titles)


def show_answer(answer: Answer, *, explain: bool) -> None:
    """Print one question with its answers."""
    out.print(answer.question, style="bold")
    if answer.abstained:
        unknown = f" Not in the graph: {', '.join(answer.plan.unknown)}." if answer.plan.unknown and not explain else ""
        out.print("  I don't know." + (" At best:" if answer.answers else "") + unknown)
    for given in answer.answers if explain else answer.answers[:1]:
        for line in _answer_lines(given, explain=explain):
            out.print(line)
    if explain:
        for words in _plan_lines(answer.plan):
            out.print(indented(words, 2, style="dim"))
        out.print(indented(f"{answer.seconds:.2f} seconds", 2, style="dim"))
    elif others := [f"{given.text} {given.probability:.0%}" for given in answer.answers[1:] if given.probability >= WORTH_A_WORD]:
        out.print(indented("or: " + ", ".join(others), 4, style="dim"))


def _answer_lines(given: GivenAnswer, *, explain: bool) -> Iterator[Text]:
    named = indented(given.text, 2, style="bold green")
    named.append(f"  {given.probability:.0%}", style="dim")
    yield named
    if explain and given.proof:
        for step in given.proof:
            yield indented(" → ".join(step.labels), 4)
            yield from _quote_lines(step.evidence, 6)
    else:
        yield from _quote_lines(given.evidence, 4)
    if explain:
        believed = ", ".join(f"{name} {value:.2f}" for name, value in given.experts.items() if value)
        if believed:
            yield indented(f"believed by {believed}", 4, style="dim")


def _quote_lines(quotes: Sequence[Quote], indent: int) -> Iterator[Text]:
    for quote in quotes[:QUOTES]:
        yield from quoted(quote.quote, quote.document, quote.start, quote.end, indent=indent)
    if len(quotes) > QUOTES:
        yield indented(f"and {len(quotes) - QUOTES} more", indent, style="dim")


def _plan_lines(plan: Plan) -> Iterator[str]:
    yield f"read as a question of the kind: {plan.kind}"
    if plan.names:
        yield "names recognised: " + ", ".join(name.text for name in plan.names)
    if plan.unknown:
        yield "not in the graph: " + ", ".join(plan.unknown)
