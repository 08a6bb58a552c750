"""Annotated sentences as a person writes them: a file of JSON, one row a line.

    {"text": "Marie Curie was born in Warsaw.",
     "entities": [{"start": 0, "end": 11, "label": "person"}, {"text": "Warsaw", "label": "city"}],
     "relations": [{"head": 0, "tail": 1, "label": "place_of_birth"}]}
    {"marked": "[Marie Curie|person] was born in [Warsaw|city]."}

A mention has ``start`` and ``end`` (characters of the text, end exclusive), or its ``text``, or both: where they disagree, what the text
says is looked for. The ends of a relation are positions in the list of entities, or what a mention says. ``"reviewed": false`` marks a
row that nobody has looked at; ``annotated`` lists the labels that were looked for in the row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dovetail.kg.errors import InputError

_MARK = re.compile(r"\[([^\[\]|]+)\|([^\[\]|]+)\]")


@dataclass(frozen=True, slots=True)
class Example:
    """One annotated text. ``entities``: (start, end, label). ``relations``: (head, tail, label), positions in ``entities``.

    ``annotated``: the labels that were looked for; None where the row does not say. ``sentences``: characters [start, end) of its
    sentences; empty where the row does not say.
    """

    id: str
    text: str
    entities: tuple[tuple[int, int, str], ...]
    relations: tuple[tuple[int, int, str], ...] = ()
    annotated: frozenset[str] | None = None
    sentences: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of a file, and how many of its rows nobody has reviewed; those are left out."""

    rows: tuple[Example, ...]
    unreviewed: int = 0


def read_examples(path: Path) -> Examples:
    """The reviewed rows of ``path``. InputError, with the line, for what is no row."""
    rows: list[Example] = []
    unreviewed = 0
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{where} is not JSON ({error}); examples are one JSON object a line") from error
        if not isinstance(row, dict):
            raise InputError(f"{where} is no JSON object; a row has text and entities, or marked")
        if row.get("reviewed", True) is False:
            unreviewed += 1
            continue
        rows.append(example_of(row, where, default_id=f"{path.stem}-{number}"))
    if not rows and not unreviewed:
        raise InputError(f"{path} has no rows")
    return Examples(tuple(rows), unreviewed)


def example_of(row: Mapping[str, Any], where: str, *, default_id: str = "") -> Example:
    """The example that a row describes; ``where`` begins the message of the InputError for what cannot be understood.

    >>> found = example_of({"marked": "[Marie Curie|person] was born in [Warsaw|city]."}, "line 1")
    >>> found.text, found.entities
    ('Marie Curie was born in Warsaw.', ((0, 11, 'person'), (24, 30, 'city')))
    """
    if "marked" in row:
        text, marked = unmarked(str(row["marked"]))
        if "text" in row or "entities" in row:
            raise InputError(f"{where}: a row has marked, or text and entities, not both")
        entities: list[tuple[int, int, str]] = marked
    elif isinstance(row.get("text"), str) and isinstance(row.get("entities"), list):
        text, entities = row["text"], []
        for entry in row["entities"]:
            entities.append(_entity(entry, text, entities, where))
    else:
        raise InputError(f"{where}: a row needs text and a list of entities, or marked")
    relations = tuple(_relation(entry, text, entities, where) for entry in _list(row, "relations", where))
    annotated = frozenset(map(str, _list(row, "annotated", where))) if "annotated" in row else None
    sentences = tuple((int(start), int(end)) for start, end in _list(row, "sentences", where))
    return Example(str(row.get("id", default_id)), text, tuple(entities), relations, annotated, sentences)


def unmarked(marked: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The plain text and the mentions of a text with marks: ``[what it says|label]``.

    >>> unmarked("In [Paris|city].")
    ('In Paris.', [(3, 8, 'city')])
    """
    text, entities, at = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        entities.append((len(text), len(text) + len(match.group(1)), match.group(2).strip()))
        text += match.group(1)
        at = match.end()
    return text + marked[at:], entities


def _list(row: Mapping[str, Any], key: str, where: str) -> Sequence[Any]:
    value = row.get(key, [])
    if not isinstance(value, list):
        raise InputError(f"{where}: {key} is a list, not {value!r}")
    return value


def _entity(entry: Any, text: str, before: Sequence[tuple[int, int, str]], where: str) -> tuple[int, int, str]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("label"), str):
        raise InputError(f"{where}: an entity has a label, and start and end or its text, unlike {entry!r}")
    label = str(entry["label"])
    start, end, said = entry.get("start"), entry.get("end"), entry.get("text")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text) and said in (None, text[start:end]):
        return start, end, label
    if not isinstance(said, str) or not said:
        raise InputError(f"{where}: characters {start!r} to {end!r} are not within the text, which has {len(text)}")
    taken = {(a, b) for a, b, _ in before}
    places = [(m.start(), m.end()) for m in re.finditer(re.escape(said), text) if (m.start(), m.end()) not in taken]
    if not places:
        raise InputError(f"{where}: the text does not say {said!r}" + (" once more" if said in text else ""))
    nearest = min(places, key=lambda place: abs(place[0] - start)) if isinstance(start, int) else places[0]
    return *nearest, label


def _relation(entry: Any, text: str, entities: Sequence[tuple[int, int, str]], where: str) -> tuple[int, int, str]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("label"), str):
        raise InputError(f"{where}: a relation has head, tail and label, unlike {entry!r}")
    ends = []
    for side in ("head", "tail"):
        value = entry.get(side)
        if isinstance(value, str):
            found = [i for i, (start, end, _) in enumerate(entities) if text[start:end] == value]
            if len(found) != 1:
                raise InputError(
                    f"{where}: {side} {value!r} is {'no' if not found else 'more than one'} entity of the row; give its position"
                )
            ends.append(found[0])
        elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(entities):
            ends.append(value)
        else:
            raise InputError(f"{where}: {side} {value!r} is no entity of the row; it has {len(entities)}, counted from 0")
    return ends[0], ends[1], str(entry["label"])
