"""What a reader of one format is: a function from a file to what can be read in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from dovetail.kg.errors import DocumentError

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may cost. Rows of csv, tsv and jsonl are limited one by one, not the file."""

    text_bytes: int = 64 * MIB
    pdf_bytes: int = 256 * MIB
    unzipped_bytes: int = 256 * MIB
    unzipped_ratio: int = 200
    zip_entries: int = 10_000


@dataclass(frozen=True, slots=True)
class File:
    """A file to read: where it is, what it is called in messages, and what it may cost."""

    path: Path
    name: str
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Reading:
    """One document as a reader found it. ``row`` names it where a file holds several."""

    text: str
    title: str = ""
    row: str = ""
    domain: str = ""
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Skipped:
    """One row of a file that cannot be read; the rows after it can."""

    row: str
    why: str


Reader: TypeAlias = Callable[[File], Iterator[Reading | Skipped]]

READERS: dict[str, Reader] = {}
"""The reader of each suffix, such as ``.txt``."""


def reader(*suffixes: str) -> Callable[[Reader], Reader]:
    """Register a function as the reader of files with these suffixes; the latest one wins.

    >>> @reader(".shout")
    ... def read_shout(file):
    ...     yield Reading(text=file.path.read_text().upper())
    >>> READERS.pop(".shout") is read_shout
    True
    """

    def register(read: Reader) -> Reader:
        READERS.update((suffix.lower(), read) for suffix in suffixes)
        return read

    return register


def read_bytes(file: File, limit: int) -> bytes:
    """The whole file; ``DocumentError`` where it is empty or larger than ``limit`` bytes."""
    with file.path.open("rb") as handle:
        data = handle.read(limit + 1)
    if len(data) > limit:
        size = file.path.stat().st_size
        raise DocumentError(f"larger than {limit / MIB:g} MiB ({size / MIB:.1f}); split it")
    if not data:
        raise DocumentError("empty; remove it or fill it")
    return data
