"""Tables and JSON lines: one document per row, read as a stream."""

from __future__ import annotations

import csv
import json
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from typing import IO

from dovetail.kg.errors import DocumentError
from dovetail.nlp.readers.decode import BINARY, SAMPLE_BYTES, bom_encoding, legacy_encoding, one_line, plausible
from dovetail.nlp.readers.registry import MIB, File, Reading, Skipped, reader

_NAMED = ("id", "title", "text", "domain")
_CHUNK_BYTES = 1 << 20


@reader(".jsonl", ".ndjson")
def read_jsonl(file: File) -> Iterator[Reading | Skipped]:
    """One document per line that holds a JSON object; fields as in ``read_table``."""
    with _open(file, "utf-8") as handle:
        for number, line in _lines(handle, file.limits.text_bytes):
            if line is None:
                yield Skipped(str(number), _too_long(file))
            elif line.strip():
                yield _json_row(number, line)


@reader(".csv", ".tsv")
def read_table(file: File) -> Iterator[Reading | Skipped]:
    """One document per row. Columns id, title, text and domain (any case) are what they say; others are metadata.

    Without a text column the text is the row itself, as ``column: value`` lines. A row whose quotes are
    broken is passed over, and reading goes on at the line after the one where it began.
    """
    with _open(file, _table_encoding(file)) as handle:
        lines = _Lines(_lines(handle, file.limits.text_bytes))
        first = next(iter(lines), None)
        if first is None:
            raise DocumentError("empty; remove it or fill it")
        tab = file.path.suffix.lower() == ".tsv"
        delimiter = "\t" if tab else max(",;\t|", key=first.count)
        header = [one_line(name) for name in next(csv.reader([first], delimiter=delimiter), [])]
        names = [name or f"column {place}" for place, name in enumerate(header, start=1)]
        while (row := _next_row(lines, delimiter, file)) is not None:
            if isinstance(row, Skipped):
                yield row
            elif len(row) > len(names):
                yield Skipped(str(lines.began), f"{len(row)} fields under {len(names)} columns; quote the fields that hold a {delimiter!r}")
            elif any(row):
                fields = dict(zip(names, row, strict=False))
                yield _reading(fields, str(lines.began))


class _Lines:
    """Lines with their numbers, and those of the row being read kept so that it can be given up."""

    def __init__(self, numbered: Iterator[tuple[int, str | None]]) -> None:
        self._numbered = numbered
        self._waiting: list[tuple[int, str]] = []
        self.taken: list[tuple[int, str]] = []
        self.reread = 0

    @property
    def began(self) -> int:
        """The number of the line where the row being read began."""
        return self.taken[0][0] if self.taken else 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._waiting:
            number, line = self._waiting.pop()
        else:
            number, found = next(self._numbered)
            line = found if found is not None else ""
            if found is None:
                raise csv.Error("a line is too long")
        self.taken.append((number, line))
        return line

    def give_up_row(self) -> None:
        """Forget the first line of the row, and read the others again."""
        rest = self.taken[1:]
        self.reread += sum(len(line) for _, line in rest)
        self._waiting.extend(reversed(rest))


def _next_row(lines: _Lines, delimiter: str, file: File) -> list[str] | Skipped | None:
    lines.taken = []
    allowed = csv.field_size_limit(file.limits.text_bytes)  # a setting of the whole process: put back below
    try:
        row = next(csv.reader(lines, delimiter=delimiter, strict=True), None)
    except csv.Error as error:
        number, line = lines.taken[0] if lines.taken else (0, "")
        lines.give_up_row()
        if lines.reread > 4 * file.limits.text_bytes:
            raise DocumentError(f"line {number}: quotes are broken in too many rows; save it again") from error
        if delimiter == "\t" and line.count("\t"):  # many tab-separated files mean quotes as they stand
            return line.rstrip("\r\n").split("\t")
        return Skipped(str(number), f"broken quoting ({error}); mend the row")
    finally:
        csv.field_size_limit(allowed)
    if row and any("\0" in value for value in row):
        return Skipped(str(lines.began), "holds a NUL character; mend the row")
    return row


def _json_row(number: int, line: str) -> Reading | Skipped:
    try:
        line.encode("utf-8")
        fields = json.loads(line)
    except UnicodeEncodeError:
        return Skipped(str(number), "not UTF-8; save the row again")
    except (ValueError, RecursionError) as error:
        return Skipped(str(number), f"not JSON ({error}); mend the row")
    if not isinstance(fields, dict):
        return Skipped(str(number), f'JSON {type(fields).__name__}, not an object; write {{"text": ...}}')
    if not isinstance(next((v for k, v in fields.items() if k.lower() == "text"), ""), str):
        return Skipped(str(number), "its text is not a string; mend the row")
    scalars = {key: _scalar(value) for key, value in fields.items() if isinstance(value, str | int | float)}
    return _reading(scalars, str(number))


def _scalar(value: str | int | float) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _reading(fields: Mapping[str, str], number: str) -> Reading:
    named: dict[str, str] = {}
    others: dict[str, str] = {}
    for name, value in fields.items():
        if name.lower() in _NAMED:
            named.setdefault(name.lower(), value)
        elif value:
            others[one_line(name)] = one_line(value)
    text = named.get("text")
    if text is None:
        text = "\n".join(f"{name}: {value}" for name, value in fields.items() if value and name.lower() != "id")
    return Reading(
        text=text,
        title=one_line(named.get("title", "")),
        row=one_line(named.get("id", "")) or number,
        domain=one_line(named.get("domain", "")),
        metadata=others,
    )


def _open(file: File, encoding: str) -> IO[str]:
    """The file as text lines; bytes that are not ``encoding`` come through as lone surrogates."""
    with file.path.open("rb") as handle:
        head = handle.read(SAMPLE_BYTES)
    if not head:
        raise DocumentError("empty; remove it or fill it")
    encoding = bom_encoding(head) or encoding
    if not plausible(head.decode(encoding, errors="replace").replace("\0", "\x01")):
        raise DocumentError(BINARY)
    return file.path.open(encoding=encoding, errors="surrogateescape", newline="\n")


def _table_encoding(file: File) -> str:
    """UTF-8 where the whole file is, else the likeliest encoding of the part that is not."""
    decoder = getincrementaldecoder("utf-8")()
    with file.path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                break
        else:
            return "utf-8"
        if b"\0" in chunk:
            return "utf-8"
    return legacy_encoding(chunk) or "utf-8"


def _lines(handle: IO[str], limit: int) -> Iterator[tuple[int, str | None]]:
    """Numbered lines with their ends; None for one longer than ``limit`` characters."""
    number = 1
    while line := handle.readline(limit + 1):
        if len(line) > limit:
            while line and not line.endswith("\n"):
                line = handle.readline(limit)
            yield number, None
        else:
            yield number, line
        number += 1


def _too_long(file: File) -> str:
    return f"longer than {file.limits.text_bytes / MIB:g} MiB; split it"
