"""Whatever holds a graph, opened to be asked: a graph's folder with its passages, a file of RDF, or a table of triples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dovetail.reasoning.questions.answer import Answer
from dovetail.reasoning.questions.ask import Asker


@contextmanager
def open_asker(path: Path | str, *, titles: bool = True) -> Iterator[Asker]:
    """What answers questions from the graph at ``path``, with everything that Dovetail brings along for it.

    ``titles=False`` hides the titles of documents. InputError where there is no graph, or one without its passages.
    """
    from dovetail.models.encoder import load_encoder  # late: networks take a while to load
    from dovetail.reasoning.questions.bare import open_any
    from dovetail.reasoning.questions.planning.planner import Planner
    from dovetail.reasoning.questions.reading.score import span_reader

    graph, passages = open_any(Path(path))
    with graph, passages:
        packaged = load_encoder()  # the planner has learnt with this one, whichever the passages were read by
        encoder = load_encoder(passages.encoder) if passages.encoder else packaged
        yield Asker(graph, passages, encoder, planner=Planner(graph, packaged), network=span_reader(), titles=titles)


def ask(question: str, graph: Path | str, *, top_k: int = 3, explain: bool = False, predicted: bool = False) -> Answer:
    """The answers to one question, of the graph at a path. For many questions, ``open_asker`` once.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "films.tsv")
    ...     _ = file.write_text("Kismet\\tdirected_by\\tWilliam Dieterle\\n")
    ...     [answer] = ask("Who directed Kismet?", file).answers
    >>> answer.text
    'William Dieterle'
    """
    with open_asker(graph) as asker:
        return asker.ask(question, top_k=top_k, explain=explain, predicted=predicted)
