"""`dovetail ask`: questions in, answers with their evidence out, or "I don't know"."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.answer_text import show_answer
from dovetail.app.inferred import warn_if_stale
from dovetail.app.options import JsonOption
from dovetail.app.screen import emit, note, out

if TYPE_CHECKING:
    from dovetail.app.settings import Settings
    from dovetail.reasoning.questions.answer import Answer
    from dovetail.reasoning.questions.ask import Asker
    from dovetail.reasoning.questions.assisted import Tell

STANDARD_INPUT = "-"


def ask(
    questions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUESTION]...", help="Questions, each in quotes; - reads one from each line of the input."),
    ] = None,
    graph: Annotated[
        Path | None,
        typer.Option(
            "--graph", metavar="DIR|FILE", help="The graph's folder, or a file of RDF or triples (.tsv). [default: graph.dovetail]"
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, help="How many answers to give at most.")] = 3,
    explain: Annotated[bool, typer.Option("--explain", help="Show how each answer was reached.")] = False,
    allow_predicted: Annotated[bool, typer.Option("--allow-predicted", help="Answer from facts that are merely predicted, too.")] = False,
    json: JsonOption = False,
) -> int:
    """Answer questions, and quote the evidence.

    Without a question: a conversation, where "he", "there" or "and in 1998?" lean on what was asked before; Ctrl-D ends it.
    Exit status 1 means that the answer to one of them is unknown.
    """
    from dovetail.app.settings import load_settings

    settings = load_settings()
    path = graph or settings.graph
    _check_there(path)
    from dovetail.reasoning.questions.wording import worded

    lines = questions == [STANDARD_INPUT]
    asked: Iterable[str] = sys.stdin if lines else [worded(question) for question in questions or ()]
    with open_asker(path) as asker:
        tell = teller(asker, settings, top=top, explain=explain, predicted=allow_predicted)
        if questions:
            return _answer(asked, tell, explain=explain, json=json, lines=lines)
        from dovetail.app.conversation import converse

        return converse(asker, tell, explain=explain, json=json)


def _answer(questions: Iterable[str], tell: Tell, *, explain: bool, json: bool, lines: bool) -> int:
    """Answer each question by itself as it comes. Of ``lines``, empty ones are passed over, and a wrong one does not end the rest."""
    from dovetail.kg.errors import InputError
    from dovetail.reasoning.questions.wording import worded

    status = shown = 0
    for number, line in enumerate(questions, 1):
        if lines and not line.strip():
            continue
        try:
            told = tell(worded(line))
        except InputError as error:
            if not lines:
                raise
            note(f"error: line {number}: {error}")
            status = 2
            continue
        status = max(status, int(told.answer.abstained))
        if json:
            emit(told.to_json())
        else:
            if shown:
                out.print()
            show_answer(told.answer, explain=explain, sentence=told.sentence)
        shown += 1
    return status


def _check_there(path: Path) -> None:
    """InputError where no graph is: before anything else, for what answers takes seconds to load."""
    from dovetail.kg.store import KnowledgeGraph

    if not path.is_file():
        KnowledgeGraph.open(path, read_only=True).close()


@contextmanager
def open_asker(path: Path, *, titles: bool = True) -> Iterator[Asker]:
    """What answers questions from the graph at ``path``, a folder or a file. InputError where there is none, or without its passages."""
    from dovetail.app.settings import set_threads

    _check_there(path)
    from dovetail.reasoning.questions import opening

    set_threads()
    with opening.open_asker(path, titles=titles) as asker:
        warn_if_stale(asker.graph)
        yield asker


def teller(asker: Asker, settings: Settings, *, top: int, explain: bool, predicted: bool) -> Tell:
    """What answers one question, with the help of a language model where the settings name one."""
    from dovetail.kg.errors import InputError
    from dovetail.reasoning.questions.assisted import Assistant, Told

    def answer(question: str) -> Answer:
        return asker.ask(question, top_k=top, explain=explain, predicted=predicted)

    if not settings.llm_url:
        return lambda question: Told(answer(question))
    if not settings.llm_model:
        raise InputError("llm_url is set and llm_model is not: name the model, in dovetail.toml or DOVETAIL_LLM_MODEL")
    from dovetail.reasoning.questions.endpoint import ChatEndpoint

    model = ChatEndpoint(settings.llm_url, settings.llm_model, key=settings.llm_key.get_secret_value(), seconds=settings.llm_seconds)
    assistant = Assistant(asker, model, warn=note)
    return lambda question: assistant.tell(question, answer)
