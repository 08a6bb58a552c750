"""The formats a graph can be written to and read from: one entry each, found by name or file suffix.

An exporter gets quads that are already chosen and sorted; an importer yields quads as they are in
the file. Both know nothing of layers, temporary files or transactions: `formats.py` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias, TypeVar

from pyoxigraph import Quad, Store

from dovetail.kg.errors import InputError
from dovetail.kg.names import Layer

Writer: TypeAlias = Callable[[Store, Sequence[Quad], BinaryIO], None]
Reader: TypeAlias = Callable[[Path], Iterator[Quad]]

KNOWLEDGE = (Layer.VOCABULARY, Layer.STATED, Layer.INFERRED)
"""The layers of a format that shows one graph; predictions and provenance are asked for by name."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """A way to write quads.

    ``layers`` is what it writes unless told otherwise (``None``: every graph of the store);
    without ``graphs`` it cannot name graphs and gets the union of the layers as one graph.
    """

    write: Writer
    suffixes: tuple[str, ...]
    layers: tuple[Layer, ...] | None
    graphs: bool


@dataclass(frozen=True, slots=True)
class Importer:
    """A way to read quads. What it raises is `InputError`, or `SyntaxError` with a position."""

    read: Reader
    suffixes: tuple[str, ...]


EXPORTERS: dict[str, Exporter] = {}
IMPORTERS: dict[str, Importer] = {}


def exporter(
    name: str,
    *suffixes: str,
    layers: tuple[Layer, ...] | None = None,
    graphs: bool = True,
) -> Callable[[Writer], Writer]:
    """A decorator that makes a function the exporter ``name``, and that of files with ``suffixes``."""

    def register(write: Writer) -> Writer:
        EXPORTERS[name] = Exporter(write, suffixes, layers, graphs)
        return write

    return register


def importer(name: str, *suffixes: str) -> Callable[[Reader], Reader]:
    """A decorator that makes a function the importer ``name``, and that of files with ``suffixes``."""

    def register(read: Reader) -> Reader:
        IMPORTERS[name] = Importer(read, suffixes)
        return read

    return register


class _HasSuffixes(Protocol):
    @property
    def suffixes(self) -> tuple[str, ...]: ...


_Format = TypeVar("_Format", bound=_HasSuffixes)


def find_format(registry: Mapping[str, _Format], path: Path | None, *, name: str | None) -> _Format:
    """The format called ``name`` or, without one, that of the suffix of ``path``."""
    if name is not None:
        if name not in registry:
            raise InputError(f"no format named {name!r}; try one of {', '.join(sorted(registry))}")
        return registry[name]
    if path is None:
        raise InputError(f"a stream needs a format; name one of {', '.join(sorted(registry))}")
    for entry in registry.values():
        if path.suffix.lower() in entry.suffixes:
            return entry
    suffixes = sorted(suffix for entry in registry.values() for suffix in entry.suffixes)
    raise InputError(
        f"{path}: the file name does not say which format it has; end it in one of "
        f"{' '.join(suffixes)}, or name a format: {', '.join(sorted(registry))}"
    )
