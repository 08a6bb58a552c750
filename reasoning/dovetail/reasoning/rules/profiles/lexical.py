"""From the text of a literal to the value it stands for, by kind of datatype; `ValueError` where it stands for none."""

from __future__ import annotations

import base64
import json
import re
import struct
from calendar import monthrange
from collections.abc import Callable, Hashable
from decimal import Decimal
from xml.etree.ElementTree import ParseError, canonicalize

DECIMAL = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
FLOATING = DECIMAL + r"(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN"
NAME_START = (
    r"A-Z_a-z\xC0-\xD6\xD8-\xF6\xF8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF"
    r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
NAME = NAME_START + r"\-.0-9\xB7\u0300-\u036F\u203F\u2040"
TEXT = r"[\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]*"


def reader(pattern: str, read: Callable[[str], Hashable]) -> Callable[[str], Hashable]:
    """What reads texts of this pattern, and no others.

    >>> reader("[0-9]+", int)("010")
    10
    """
    compiled = re.compile(pattern)

    def checked(text: str) -> Hashable:
        if not compiled.fullmatch(text):
            raise ValueError(text)
        return read(text)

    return checked


def fits(pattern: str) -> Callable[[Hashable], bool]:
    """Whether a value is a text of this pattern.

    >>> fits("[a-z]+")("token"), fits("[a-z]+")(1)
    (True, False)
    """
    compiled = re.compile(pattern)
    return lambda text: isinstance(text, str) and compiled.fullmatch(text) is not None


def single(text: str) -> bytes:
    """The nearest float of four bytes, as bytes, because -0 is another value than 0, and NaN the same as itself.

    >>> single("16777206.5") == single("16777205.5"), single("0") == single("-0"), single("1E400") == single("INF")
    (True, False, True)
    """
    try:
        return struct.pack(">f", float(text))
    except OverflowError:
        return struct.pack(">f", float("-inf" if text[0] == "-" else "inf"))


def double(text: str) -> bytes:
    """The nearest float of eight bytes, as bytes.

    >>> double("1E400") == double("INF")
    True
    """
    return struct.pack(">d", float(text))


def base64_bytes(text: str) -> bytes:
    """What base 64 stands for.

    >>> base64_bytes("aGk =")
    b'hi'
    """
    return base64.b64decode(text.replace(" ", ""), validate=True)


def date_time(text: str) -> Hashable:
    """Year to second and the zone's minutes from UTC, None without zone; two zones make two values.

    >>> date_time("1999-12-31T24:00:00Z") == date_time("2000-01-01T00:00:00+00:00")
    True
    """
    match = _DATE_TIME.fullmatch(text)
    if not match:
        raise ValueError(text)
    year, month, day, hour, minute = (int(match[part]) for part in ("year", "month", "day", "hour", "minute"))
    second = Decimal(match["second"])
    midnight = hour == 24 and minute == 0 and second == 0
    # Days of a month repeat every 400 years, and Python's calendar starts with the year 1.
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year % 400 + 400, month)[1] or not (midnight or hour < 24):
        raise ValueError(text)
    if midnight:  # the same as 00:00:00 of the next day
        hour, day = 0, day + 1
        if day > monthrange(year % 400 + 400, month)[1]:
            year, month, day = year + month // 12, month % 12 + 1, 1
    zone = match["zone"]
    if zone is None:
        return year, month, day, hour, minute, second, None
    offset = 0 if zone == "Z" else (-1 if zone[0] == "-" else 1) * (int(zone[1:3]) * 60 + int(zone[4:]))
    return year, month, day, hour, minute, second, offset


_DATE_TIME = re.compile(
    r"(?P<year>-?(?:[1-9]\d{3,8}|0\d{3}))-(?P<month>\d\d)-(?P<day>\d\d)T(?P<hour>\d\d):(?P<minute>[0-5]\d)"
    r":(?P<second>[0-5]\d(?:\.\d+)?)(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?",
    re.ASCII,
)


def canonical_xml(text: str) -> str:
    """The canonical form of well-formed XML content. A DOCTYPE cannot stand inside an element, so none is obeyed.

    >>> canonical_xml("<b y='1' x='2'/>")
    '<x><b x="2" y="1"></b></x>'
    """
    try:
        return canonicalize(f"<x>{text}</x>")
    except ParseError as error:
        raise ValueError(text) from error


def json_value(text: str) -> Hashable:
    """What JSON stands for: the order of keys means nothing, and numbers are doubles.

    >>> json_value('{"a": 1, "b": 2}') == json_value('{"b": 2.0, "a": 1e0}')
    True
    """
    try:
        return _frozen(json.loads(text, parse_int=double, parse_float=double, parse_constant=_no_constant))
    except RecursionError as error:
        raise ValueError("too many JSON values inside one another") from error


def _no_constant(name: str) -> Hashable:
    raise ValueError(name)


def _frozen(value: object) -> Hashable:
    if isinstance(value, dict):
        return ("object", frozenset((key, _frozen(inner)) for key, inner in value.items()))
    if isinstance(value, list):
        return ("array", tuple(map(_frozen, value)))
    return (type(value).__name__, str(value) if isinstance(value, str | bool) else value if isinstance(value, bytes) else "")


def no_lexical_form(text: str) -> Hashable:
    """Refuses: a literal of such a datatype is written with a language tag.

    >>> no_lexical_form("chat")
    Traceback (most recent call last):
    ValueError: chat
    """
    raise ValueError(text)
