"""What is refused before a parser sees a file from somewhere else.

Each guard stands for something that was tried against the parsers: entities that unfold to
gigabytes (pyoxigraph takes a DOCTYPE even inside the root element), contexts fetched from the
network, and nesting that overruns the stack or takes time in the square of its depth.
"""

from __future__ import annotations

import json
import mmap
import os
import re
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from dovetail.kg.errors import InputError

MAX_BYTES = 2 * 2**30
"""What one file may hold."""

MAX_DEPTH = 500
"""Elements, triple terms or JSON values inside one another. Twenty thousand crash pyoxigraph."""

# Large pieces, because expat before 2.6 scans a long token again with every piece.
XML_PIECE_BYTES = 4 * 2**20

_LEXEME = re.compile(
    rb"""\\. | \#[^\n\r]*+ | <[^<>\s]*+>
    | "{3}(?:[^"\\]|\\.|"(?!""))*+(?:"{3})? | '{3}(?:[^'\\]|\\.|'(?!''))*+(?:'{3})?
    | "(?:[^"\\\n\r]|\\.)*+"? | '(?:[^'\\\n\r]|\\.)*+'?
    | (?P<open><<) | (?P<close>>>)""",
    re.VERBOSE | re.DOTALL,
)


def check_xml(path: Path) -> str:
    """The name of the root element (namespace, space, name) of well-formed XML without a DOCTYPE.

    Anything else is an `InputError`; a `SyntaxError` says where the XML is not well formed.
    """
    root = ""
    depth = 0

    def start_doctype(*_: object) -> None:
        raise InputError(
            f"{path}: line {parser.CurrentLineNumber}: XML with a DOCTYPE is refused, because its entities "
            "can fill the memory; take the DOCTYPE out, or save the file as Turtle"
        )

    def start_element(name: str, _: object) -> None:
        nonlocal root, depth
        root = root or name
        depth += 1
        if depth > MAX_DEPTH:
            raise InputError(f"{path}: line {parser.CurrentLineNumber}: more than {MAX_DEPTH} elements inside one another")

    def end_element(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = start_doctype
    parser.StartElementHandler = start_element
    parser.EndElementHandler = end_element
    try:
        with path.open("rb") as file:
            while piece := file.read(XML_PIECE_BYTES):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, expat.ExpatError):
            message = expat.ErrorString(error.code)
            raise located(message, line=error.lineno, column=error.offset + 1) from error
        # A declared encoding that Python does not have, or that is not one byte to a character.
        raise located(str(error), line=parser.CurrentLineNumber, column=1) from error
    return root


def check_json_ld(path: Path) -> None:
    """Nothing, if the file is JSON whose contexts are all in it; `InputError` or `SyntaxError` otherwise."""

    # The hook sees every pair, doubled keys too, and keeps nothing.
    def check_object(pairs: list[tuple[str, object]]) -> None:
        for key, value in pairs:
            inside = value if isinstance(value, list) else [value]
            remote = next((item for item in inside if isinstance(item, str)), None)
            if remote is not None and key in ("@context", "@import"):
                raise InputError(
                    f"{path}: the JSON-LD {key} {remote!r} is in another file, and no context is ever fetched; "
                    "write the context itself in its place"
                )

    try:
        json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=check_object)
    except json.JSONDecodeError as error:
        raise located(error.msg, line=error.lineno, column=error.colno) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except RecursionError as error:
        raise InputError(f"{path}: too many JSON values inside one another") from error


def check_file(path: Path, max_bytes: int) -> None:
    """Nothing, if ``path`` is a file of at most ``max_bytes``."""
    if not path.exists():
        raise InputError(f"there is no file {path}")
    if not path.is_file():
        raise InputError(f"{path} is not a file")
    check_size(path, path.stat().st_size, max_bytes)


def check_size(path: Path, size: int, max_bytes: int) -> None:
    """Nothing, if what is read from ``path`` has at most ``max_bytes``."""
    if size > max_bytes:
        raise InputError(f"{path} has {size:,} bytes, more than the limit of {max_bytes:,}; split it or raise the limit")


def check_triple_terms(file: BinaryIO, *, path: Path) -> None:
    """Nothing, if no RDF 1.2 triple terms of a Turtle-like file nest deeper than `MAX_DEPTH`.

    ``path`` is what to call the file, which must be one with a descriptor.
    """
    if os.fstat(file.fileno()).st_size == 0:
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if next(islice(re.finditer(rb"<<", data), MAX_DEPTH, None), None) is None:
            return  # the ordinary file: too few of them to nest, wherever they stand
        depth = 0
        for lexeme in _LEXEME.finditer(data):
            depth += (lexeme.lastgroup == "open") - (lexeme.lastgroup == "close")
            if depth > MAX_DEPTH:
                raise InputError(f"{path}: more than {MAX_DEPTH} triple terms inside one another")


def located(message: str, *, line: int, column: int) -> SyntaxError:
    """A syntax error at a line and column, both counted from one."""
    return SyntaxError(message, (None, line, column, None))


def located_message(error: SyntaxError) -> str:
    """``line 2, column 13: The prefix x: has not been declared``, from the parser's longer sentence."""
    message = " ".join(error.msg.split())
    if error.lineno is not None:
        if message.startswith("Parser error "):
            message = message.partition(": ")[2]
        message = f"line {error.lineno}, column {error.offset}: {message}"
    if "No scheme found" in message:
        message += " (a relative IRI: declare a base in the file, or write it in full)"
    return message
