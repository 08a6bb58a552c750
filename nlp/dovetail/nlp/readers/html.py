"""Web pages: the main text, without menus and adverts."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dovetail.kg.errors import DocumentError
from dovetail.nlp.readers.decode import decode, one_line
from dovetail.nlp.readers.registry import File, Reading, Skipped, read_bytes, reader

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_NESTING = re.compile(r"<(/?)(?:div|span|section|article|table|ul|ol|blockquote|font|b|i|em|strong|a)\b", re.IGNORECASE)
_MAX_DEPTH = 5_000
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
_UNSEEN = frozenset("head link meta noscript script style svg template title".split())
_AUTHORS = ('meta[name="author"]', 'meta[property="article:author"]')
_DATES = ('meta[property="article:published_time"]', 'meta[name="date"]', 'meta[name="dcterms.date"]')


@reader(".html", ".htm", ".xhtml")
def read_html(file: File) -> Iterator[Reading | Skipped]:
    """One document: the main text of the page, or all of its text where no main text is found."""
    data = read_bytes(file, file.limits.text_bytes)
    declared = _CHARSET.search(data[:4096])
    page = decode(data, declared[1].decode("ascii") if declared else "")
    tree = parse_html(page)
    yield Reading(text=_main_text(page) or block_text(tree.body), title=page_title(tree), metadata=_metadata(tree))


def parse_html(page: str) -> LexborHTMLParser:
    """The page as a tree; ``DocumentError`` where tags nest so deep that parsing would not end."""
    from selectolax.lexbor import LexborHTMLParser

    depth = 0
    for tag in _NESTING.finditer(page):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > _MAX_DEPTH:
            raise DocumentError(f"HTML nests deeper than {_MAX_DEPTH:,} tags; save the page again")
    return LexborHTMLParser(page)


def page_title(tree: LexborHTMLParser) -> str:
    """What stands in the ``title`` element of a page."""
    node = tree.css_first("title")
    return one_line(node.text()) if node else ""


def block_text(root: LexborNode | None) -> str:
    """The text below ``root``, with paragraphs apart and white space as a browser shows it."""
    if root is None:
        return ""
    parts: list[str] = []
    verbatim = 0
    node: LexborNode | None = root
    while node is not None:  # by hand, as recursion would end at the depth of Python's stack
        tag = node.tag or ""
        child = None
        if node.is_text_node:
            words = node.text_content or ""
            parts.append(words if verbatim else re.sub(r"[ \t\r\n\f]+", " ", words))
        elif tag not in _UNSEEN:
            parts.append(_opening(tag))
            child = node.child
            verbatim += tag == "pre" and child is not None
        while child is None and node is not None and node != root:
            if node.next is not None:
                child = node.next
            else:
                node = node.parent
                if node is not None:
                    verbatim -= node.tag == "pre"
                    parts.append("\n\n" if node.tag in _BLOCKS and node.tag != "tr" else "")
        node = child
    lines = "\n".join(line.strip(" \t") for line in "".join(parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def _opening(tag: str) -> str:
    if tag in {"br", "tr"}:
        return "\n"
    if tag in {"td", "th"}:
        return " \t"
    return "\n\n" if tag in _BLOCKS else ""


def _main_text(page: str) -> str:
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it reports each empty page on standard error
    found = trafilatura.bare_extraction(page, include_comments=False)
    return "" if found is None or isinstance(found, dict) else (found.text or "").strip()


def _metadata(tree: LexborHTMLParser) -> dict[str, str]:
    fields = {"author": _first(tree, _AUTHORS), "date": _first(tree, _DATES)}
    root = tree.css_first("html")
    fields["language"] = one_line(root.attributes.get("lang") or "") if root else ""
    return {key: value for key, value in fields.items() if value}


def _first(tree: LexborHTMLParser, selectors: tuple[str, ...]) -> str:
    nodes = (tree.css_first(selector) for selector in selectors)
    return next((one_line(node.attributes.get("content") or "") for node in nodes if node), "")
