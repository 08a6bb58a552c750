"""Bytes to the text that is kept: encodings, newlines, control characters."""

from __future__ import annotations

import codecs
import re

from dovetail.kg.errors import DocumentError

BINARY = "binary, not text; rename it to its real format or remove it"
SAMPLE_BYTES = 1 << 18

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    r"""``text`` as a document keeps it: ``\n`` newlines, no leading byte-order mark, spaces for controls.

    >>> clean("\ufeffone\r\ntwo\x00three")
    'one\ntwo three'
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text))


def one_line(text: str) -> str:
    r"""``text`` cleaned, with every run of white space as one space, for titles and names.

    >>> one_line(" A\n title ")
    'A title'
    """
    return " ".join(clean(text).split())


def decode(data: bytes, declared: str = "") -> str:
    """The text in ``data``, not yet cleaned; ``DocumentError`` where it does not look like text.

    A byte-order mark is believed, then strict UTF-8, then ``declared``, then statistics.
    """
    encoding = bom_encoding(data)
    if encoding is None and b"\0" in data:
        raise DocumentError(BINARY)
    if encoding:
        text = data.decode(encoding, errors="replace")
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = _decode_legacy(data, declared)
    if not plausible(text):
        raise DocumentError(BINARY)
    return text


def bom_encoding(data: bytes) -> str | None:
    """The encoding that the byte-order mark at the start of ``data`` names."""
    return next((name for mark, name in _BOMS if data.startswith(mark)), None)


def plausible(text: str) -> bool:
    """Whether at most a tenth of ``text`` is control or undecodable characters, and none is NUL."""
    return "\0" not in text and len(_UNPRINTABLE.findall(text)) * 10 <= len(text)


def legacy_encoding(data: bytes) -> str | None:
    """The likeliest encoding of bytes that are not UTF-8, judged from a sample."""
    from charset_normalizer import from_bytes

    matches = list(from_bytes(data[:SAMPLE_BYTES]))
    if not matches:
        return None
    # Short western texts look alike in several code pages; the commonest one breaks the tie.
    ties = [m for m in matches if m.chaos == matches[0].chaos]
    if any("cp1252" in m.could_be_from_charset for m in ties):
        return "cp1252"
    return matches[0].encoding


def _decode_legacy(data: bytes, declared: str) -> str:
    mended = data.decode("utf-8", errors="replace")
    damaged = mended.count("\ufffd")
    sound = sum(map(len, re.findall("[\x80-\ufffc]+", mended))) if damaged < 10_000 else 0
    if sound > 2 * damaged:  # UTF-8 with a few broken bytes: legacy text is never mostly valid UTF-8
        return mended
    for encoding in (declared, legacy_encoding(data)):
        try:
            if encoding and plausible(text := data.decode(encoding)):
                return text
        except (LookupError, UnicodeDecodeError):
            continue
    raise DocumentError(BINARY)
