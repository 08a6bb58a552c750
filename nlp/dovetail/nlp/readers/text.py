"""Plain text, as it is."""

from __future__ import annotations

from collections.abc import Iterator

from dovetail.nlp.readers.decode import decode
from dovetail.nlp.readers.registry import File, Reading, Skipped, read_bytes, reader


@reader(".txt")
def read_text(file: File) -> Iterator[Reading | Skipped]:
    """One document: the text of the file."""
    yield Reading(text=decode(read_bytes(file, file.limits.text_bytes)))
