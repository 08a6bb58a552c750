"""Annotated files: JSONL rows with entities and relations, and those rows after the encoder pass."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import spacy

from dovetail.kg.errors import InputError
from dovetail.models.extraction import Extractor, Pair, ReadWindows
from dovetail.models.windows import Window, group_sentences
from dovetail.nlp.sentences import split_sentences, windows_of

Row: TypeAlias = Mapping[str, Any]
"""``text``, ``entities``, ``relations`` and perhaps ``clusters``, ``cluster_relations``, ``sentences``, ``annotated_relations``."""


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Rows after the encoder pass: per row, the (offset, index) of each of its windows."""

    placed: list[list[tuple[int, int]]]
    windows: list[Window]
    read: ReadWindows


def rows_of(file: Path) -> list[dict[str, Any]]:
    """The rows of an annotated file. InputError, with the line, for what is no row."""
    rows = []
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                row = json.loads(line)
                if not {"text", "entities"} <= row.keys():
                    raise InputError(f"{file}, line {number}: a row needs text and entities")
                rows.append({"relations": [], **row})
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{file} is not JSON, one row a line: {error}") from error
    if not rows:
        raise InputError(f"{file} has no rows")
    return rows


def read_rows(rows: Sequence[Row], extractor: Extractor) -> ReadRows:
    """Every row's windows after the encoder pass; of the set's own sentences where it has them."""
    nlp = spacy.blank("en")
    placed: list[list[tuple[int, int]]] = []
    windows: list[Window] = []
    for row in rows:
        found = _own_windows(row) if "sentences" in row else list(windows_of(split_sentences(nlp.make_doc(row["text"]))))
        placed.append([(start, len(windows) + i) for i, (start, _) in enumerate(found)])
        windows.extend(window for _, window in found)
    return ReadRows(placed, windows, extractor.read(windows))


def _own_windows(row: Row) -> list[tuple[int, Window]]:
    """Windows of the sentences that a row lists."""
    bounds: list[tuple[int, int]] = row["sentences"]
    found = []
    for group in group_sentences(row["text"].count(" ", start, end) + 1 for start, end in bounds):
        start, end = bounds[group[0]][0], bounds[group[-1]][1]
        places = tuple((bounds[i][0] - start, bounds[i][1] - start) for i in group)
        found.append((start, Window(row["text"][start:end], places)))
    return found


def clusters_of(row: Row) -> dict[int, int]:
    """The cluster of each mention; each its own where a row lists no relations between clusters.

    >>> clusters_of({"entities": [{}, {}], "relations": []})
    {0: 0, 1: 1}
    """
    clusters = row["clusters"] if "cluster_relations" in row else [[i] for i in range(len(row["entities"]))]
    return {mention: number for number, mentions in enumerate(clusters) for mention in mentions}


def gold_relations(row: Row) -> set[tuple[int, int, str]]:
    """The relations annotated in a row, between clusters."""
    return {(r["head"], r["tail"], r["label"]) for r in row.get("cluster_relations", row["relations"])}


def window_pairs(row: Row, placed: Sequence[tuple[int, int]], windows: Sequence[Window]) -> Iterator[tuple[int, int, Pair, bool]]:
    """Ordered pairs of annotated mentions in a window: head, tail, what the extractor takes, and whether one sentence holds both."""
    for offset, index in placed:
        end = offset + len(windows[index].text)
        inside = [i for i, e in enumerate(row["entities"]) if offset <= e["start"] and e["end"] <= end]
        place = {i: (row["entities"][i]["start"] - offset, row["entities"][i]["end"] - offset) for i in inside}
        sentence = {i: _sentence_at(place[i][0], windows[index]) for i in inside}
        for head in inside:
            for tail in inside:
                if head != tail:
                    yield head, tail, (index, place[head], place[tail]), sentence[head] == sentence[tail]


def _sentence_at(character: int, window: Window) -> int:
    return next((n for n, (_, end) in enumerate(window.sentences) if character < end), len(window.sentences))
