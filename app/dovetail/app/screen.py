"""What commands print with: results on standard output, everything else on standard error.

``emit`` prints a value as one line of JSON and ``out`` rich tables and text, both to standard output;
``note`` prints one line about what is going on to standard error.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Never

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Screen(Console):
    """A console that lets a closed pipe be known, so that `dovetail ... | head` can end quietly."""

    def on_broken_pipe(self) -> Never:
        """Say it with the exception that ``main`` waits for."""
        raise BrokenPipeError


out = Screen(highlight=False, markup=False, emoji=False)
err = Screen(stderr=True, highlight=False, markup=False, emoji=False)


def plain(value: object) -> object:
    """``value`` with dataclasses, enumerations, paths and mappings turned into what JSON holds."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return as_json(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, str) or value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def as_json(value: DataclassInstance) -> dict[str, object]:
    """The fields of a dataclass as what JSON holds, for a command to add to."""
    return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def emit(value: object) -> None:
    """Print ``value`` as one line of JSON."""
    print(json.dumps(plain(value), ensure_ascii=False, allow_nan=False), flush=True)


def note(message: str) -> None:
    """Print one line to standard error."""
    print("dovetail: " + " ".join(message.split()), file=sys.stderr, flush=True)


def indented(line: str, indent: int, *, style: str = "") -> Text:
    """``line`` wrapped to the screen, each piece of it with the same indent."""
    pieces = Text(line).wrap(out, max(out.width - indent, 20))
    return Text("\n").join(Text(" " * indent).append(piece.plain.rstrip(), style=style) for piece in pieces)


def quoted(quote: str, document: str, start: int, end: int, *, indent: int) -> Iterator[Text]:
    """A sentence of a document on the screen, and where it stands there."""
    yield indented(f"“{' '.join(quote.split())}”", indent, style="italic")
    yield indented(f"{document}, characters {start}–{end}", indent, style="dim")


def fields(rows: Iterable[tuple[str, object]]) -> Table:
    """Names and values in two columns, numbers with thousands separated."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(f"{value:,}" if isinstance(value, int) else str(value)))
    return table
