"""`dovetail train questions`: what questions with known answers teach about a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.screen import emit, fields, out


def train_questions(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.jsonl", help='Rows with "question" and "answers".')],
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Learn from questions with answers how the graph is asked.

    Delete planner/ in the graph's folder to go back.
    """
    from dovetail.app.progress import LiveLine
    from dovetail.app.settings import load_settings, set_threads
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.reasoning.questions.corpus import read_questions

    asked = [(question.question, question.answers) for file in files for question in read_questions(file)]
    with KnowledgeGraph.open(graph or load_settings().graph, read_only=True) as knowledge, LiveLine("reading the graph") as line:
        from dovetail.models.encoder import load_encoder
        from dovetail.reasoning.questions.planning.learnt import fit
        from dovetail.reasoning.questions.planning.planner import Planner, learnt_path
        from dovetail.reasoning.questions.planning.teach import lessons

        set_threads()
        planner = Planner(knowledge, load_encoder())
        taught = list(lessons(planner, asked, on_question=lambda done: line.say(f"question {done} of {len(asked)}")))
        path = learnt_path(knowledge)
        assert path is not None, "a graph that was opened from a folder has one"
        fit(taught).save(path)
    if json:
        emit({"questions": len(asked), "understood": len(taught)})
    else:
        out.print(fields([("questions", f"{len(asked):,}"), ("a path of facts leads to the answers of", f"{len(taught):,}")]))
    return 0
