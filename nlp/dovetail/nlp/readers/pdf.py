"""PDF: the text of its pages, with lines joined into paragraphs and broken words mended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dovetail.kg.errors import DocumentError
from dovetail.nlp.readers.decode import one_line
from dovetail.nlp.readers.registry import MIB, File, Reading, Skipped, reader

_PASSWORD = 4  # pdfium's FPDF_ERR_PASSWORD
_BROKEN = re.compile("(?<![^\\W\\d_])([^\\W\\d_]++)(?:[\ufffe\x02\xad]\\s*|-\n)(?=([^\\W\\d_]+))")
_END = re.compile(r"[.!?:;。！？…][\"'”’)\]]*$")
_ITEM = re.compile(r"[•‣▪●–—-] |\(?\d{1,3}[.)] |[a-z]\) ")


@reader(".pdf")
def read_pdf(file: File) -> Iterator[Reading | Skipped]:
    """One document: its pages' text with a blank line between pages."""
    import pypdfium2  # type: ignore[import-untyped]  # it carries no types

    size = file.path.stat().st_size
    if not size:
        raise DocumentError("empty; remove it or fill it")
    if size > file.limits.pdf_bytes:
        raise DocumentError(f"larger than {file.limits.pdf_bytes / MIB:g} MiB ({size / MIB:.1f}); split it")
    try:
        pdf = pypdfium2.PdfDocument(str(file.path))
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise DocumentError("encrypted PDF; remove its password first") from error
        raise DocumentError("damaged or truncated PDF; download or export it again") from error
    try:
        pages = [_page_text(pdf, number) for number in range(len(pdf))]
        about = pdf.get_metadata_dict(skip_empty=True)
    finally:
        pdf.close()
    text = join_pages(pages)
    if not text.strip():
        raise DocumentError("empty: no text in this PDF, its pages may be pictures; run OCR on it first")
    metadata = {"author": one_line(about.get("Author", "")), "date": _iso_date(about.get("CreationDate", ""))}
    yield Reading(
        text=text,
        title=one_line(about.get("Title", "")),
        metadata={key: value for key, value in metadata.items() if value},
    )


def join_pages(pages: Sequence[str]) -> str:
    r"""Raw page texts as one text: words broken at a line's end mended, lines joined into paragraphs.

    A break goes unless the same word is seen with its hyphen elsewhere, or goes on with a capital.

    >>> join_pages(["The fox is a re-\nmarkable beast, known to Anglo-\nSaxon poets.", "The end."])
    'The fox is a remarkable beast, known to Anglo-Saxon poets.\n\nThe end.'
    """
    lines = [page.replace("\r\n", "\n").replace("\r", "\n") for page in pages]
    words = {word.lower() for page in lines for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", page)}

    def mend(broken: re.Match[str]) -> str:
        head, tail = broken[1], broken[2]
        whole = f"{head}{tail}".lower() in words
        hyphenated = f"{head}-{tail}".lower() in words or not tail[0].islower()
        return f"{head}-" if hyphenated and not whole else head

    return "\n\n".join(filter(None, (_paragraphs(_BROKEN.sub(mend, page)) for page in lines)))


def _page_text(pdf: Any, number: int) -> str:
    page = pdf[number]
    text_page = page.get_textpage()
    try:
        return str(text_page.get_text_range())
    finally:
        text_page.close()
        page.close()


def _paragraphs(page: str) -> str:
    """A line ends a paragraph where the next is blank or a list item, or where it is short and ends a sentence.

    A short line that ends no sentence, before a line with a capital, is a heading.
    """
    lines = [line.strip() for line in page.split("\n")]
    lengths = sorted(len(line) for line in lines if line)
    if not lengths:
        return ""
    usual = lengths[len(lengths) * 9 // 10]
    out: list[str] = []
    joining = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line:
            if joining:
                out[-1] += " " + line
            else:
                out.append(line)
        short = len(line) < 0.75 * usual
        sentence = bool(_END.search(line))
        breaks = not line or not following or bool(_ITEM.match(following))
        breaks |= short and (sentence or not (following[:1].islower() or len(line) > 0.6 * usual))
        joining = not breaks
    return "\n\n".join(out)


def _iso_date(date: str) -> str:
    """``D:20240131…`` as 2024-01-31, anything else as nothing."""
    found = re.match(r"D:(\d{4})(\d\d)?(\d\d)?", date)
    return "-".join(filter(None, found.groups())) if found else ""
