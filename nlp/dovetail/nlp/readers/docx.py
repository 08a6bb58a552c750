"""Word documents: paragraphs and tables in the order they are read."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from dovetail.kg.errors import DocumentError
from dovetail.nlp.readers.archive import Archive
from dovetail.nlp.readers.decode import one_line
from dovetail.nlp.readers.registry import File, Reading, Skipped, reader

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_WORDS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_NOT_SHOWN = {f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", f"{_W}instrText", _FALLBACK}


_TEMPLATE_TITLE = "Word Document"  # what python-docx puts where a file has no title


@reader(".docx")
def read_docx(file: File) -> Iterator[Reading | Skipped]:
    """One document: its paragraphs and tables (cells joined by `` | ``), a blank line between blocks."""
    import docx
    from docx.opc.exceptions import OpcError

    try:
        opened = docx.Document(_safe_copy(file))
    except (OpcError, SyntaxError, KeyError, ValueError) as error:  # lxml calls bad XML a SyntaxError
        raise DocumentError(f"not a Word document ({one_line(str(error))}); save it again as .docx") from error
    about = opened.core_properties
    metadata = {"author": one_line(about.author), "language": one_line(about.language)}
    if about.created:
        metadata["date"] = about.created.date().isoformat()
    yield Reading(
        text="\n\n".join(_blocks(opened.element.body)),
        title=one_line(about.title) if about.title != _TEMPLATE_TITLE else "",
        metadata={key: value for key, value in metadata.items() if value},
    )


def _safe_copy(file: File) -> BytesIO:
    """The archive again, with its XML parts unpacked within the limits and everything else empty."""
    copy = BytesIO()
    with Archive(file) as archive, ZipFile(copy, "w") as target:
        if "[Content_Types].xml" not in archive.names:
            raise DocumentError("not a Word document (no [Content_Types].xml in it); save it again as .docx")
        for name in sorted(archive.names):
            is_xml = name.lower().endswith((".xml", ".rels"))
            target.writestr(name, archive.read_xml(name) if is_xml else b"")
    copy.seek(0)
    return copy


def _blocks(parent: Any) -> Iterator[str]:
    """The text of each paragraph and table directly in ``parent``, or in a wrapper such as a content control."""
    for element in parent:
        tag = element.tag
        if tag == f"{_W}p":
            if words := "".join(_words(element)).strip():
                yield words
        elif tag == f"{_W}tbl":
            rows = (" | ".join(_cells(row)) for row in element.iter(f"{_W}tr"))
            if table := "\n".join(row for row in rows if row.strip(" |")):
                yield table
        elif tag not in _NOT_SHOWN:
            yield from _blocks(element)


def _cells(row: Any) -> Iterator[str]:
    for cell in row:
        if cell.tag == f"{_W}tc":
            yield one_line(" ".join(_blocks(cell)))


def _words(element: Any) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag == f"{_W}t":
            yield child.text or ""
        elif tag in _WORDS:
            yield _WORDS[tag]
        elif tag not in _NOT_SHOWN:
            yield from _words(child)
