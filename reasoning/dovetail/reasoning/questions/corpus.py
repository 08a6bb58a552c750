"""Question sets over a corpus, as files: ``corpus.jsonl`` (id, title, text) and ``questions.jsonl``.

folder -> read_corpus    -> Document, one per row
       -> read_questions -> Question (with its answers and the rows that support them)
Document -> plain_build  -> a graph that holds the documents and their passages, and nothing extracted from them
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dovetail.kg.errors import InputError
from dovetail.kg.names import digest
from dovetail.kg.passages import NewPassage, PassageIndex
from dovetail.kg.provenance import DocumentRecord
from dovetail.kg.statement import Document
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.passages.retrieval import Encoder


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is known to be right: ``supporting`` names rows of the corpus."""

    id: str
    question: str
    answers: tuple[str, ...]
    supporting: frozenset[str]
    type: str


def read_corpus(folder: Path, *, titles: bool = True) -> list[Document]:
    """The rows of ``corpus.jsonl``; a document's id ends in ``#`` and the row's id. ``titles=False`` leaves titles empty."""
    return [
        Document(f"corpus.jsonl#{row['id']}", row["title"] if titles else "", row["text"], "corpus.jsonl")
        for row in _rows(folder / "corpus.jsonl", ("id", "title", "text"))
    ]


def read_questions(path: Path) -> list[Question]:
    """The rows of a file of questions."""
    return [
        Question(
            id=str(row.get("id", number)),
            question=row["question"],
            answers=tuple(row["answers"]),
            supporting=frozenset(map(str, row.get("supporting", ()))),
            type=str(row.get("type", row.get("kind", ""))),
        )
        for number, row in enumerate(_rows(path, ("question", "answers")))
    ]


def _rows(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror}): give a folder with corpus.jsonl and questions.jsonl") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"line {number} of {path} is not JSON ({error.msg}): write one object per line") from error
        missing = [key for key in needed if not isinstance(row, dict) or key not in row]
        if missing:
            raise InputError(f"line {number} of {path} has no {missing[0]!r}: each row needs {', '.join(needed)}")
        yield row


def plain_build(documents: Sequence[Document], encoder: Encoder) -> tuple[KnowledgeGraph, PassageIndex]:
    """A graph and a passage index in memory that hold the documents, each as one passage, and no statements."""
    graph, passages = KnowledgeGraph(), PassageIndex(None)
    graph.put_documents(DocumentRecord(document, (), digest(document.title, document.text)) for document in documents)
    vectors = encoder.encode([passage_text(document.title, document.text) for document in documents])
    for document, vector in zip(documents, vectors, strict=True):
        passages.put(document.id, [NewPassage(document.title, 0, len(document.text), document.text, vector)])
    passages.commit()
    return graph, passages


def passage_text(title: str, text: str) -> str:
    """What a passage's vector is made from.

    >>> passage_text("Radium", "A metal."), passage_text("", "A metal.")
    ('Radium. A metal.', 'A metal.')
    """
    return f"{title}. {text}" if title else text
