"""Electronic books: the chapters in the order of the spine, as one document."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from dovetail.kg.errors import DocumentError
from dovetail.nlp.readers.archive import Archive
from dovetail.nlp.readers.decode import decode, one_line
from dovetail.nlp.readers.html import block_text, parse_html
from dovetail.nlp.readers.registry import File, Reading, Skipped, reader

_DC = "{http://purl.org/dc/elements/1.1/}"
_CHAPTERS = {"application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document"}


@reader(".epub")
def read_epub(file: File) -> Iterator[Reading | Skipped]:
    """One document: the book's chapters with a blank line between them."""
    with Archive(file) as archive:
        container = _parse(archive, "META-INF/container.xml")
        root_file = container.find(".//{*}rootfile")
        package_name = unquote(root_file.get("full-path", "") if root_file is not None else "")
        package = _parse(archive, package_name)
        chapters = [_chapter(archive, name) for name in _spine(package, package_name)]
    text = "\n\n".join(filter(None, chapters))
    fields = {key: one_line(package.findtext(f".//{_DC}{tag}") or "") for key, tag in _FIELDS}
    title = fields.pop("title")
    yield Reading(text=text, title=title, metadata={key: value for key, value in fields.items() if value})


_FIELDS = (("title", "title"), ("author", "creator"), ("date", "date"), ("language", "language"))


def _parse(archive: Archive, name: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(archive.read_xml(name))
    except ElementTree.ParseError as error:
        raise DocumentError(f"{name!r} in it is not XML ({error}); save the book again") from error


def _spine(package: ElementTree.Element, package_name: str) -> Iterator[str]:
    """The archive names of the chapters, in reading order."""
    items = {item.get("id"): item for item in package.iterfind(".//{*}manifest/{*}item")}
    for reference in package.iterfind(".//{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and item.get("media-type", "application/xhtml+xml") in _CHAPTERS:
            path = unquote(item.get("href", "").partition("#")[0])
            yield posixpath.normpath(posixpath.join(posixpath.dirname(package_name), path))


def _chapter(archive: Archive, name: str) -> str:
    page = decode(archive.read(name))
    if "<!ENTITY" in page[:100_000]:
        raise DocumentError(f"{name!r} in it declares XML entities, which may hide an entity bomb; save it again without")
    return block_text(parse_html(page).body)
