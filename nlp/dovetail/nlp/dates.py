"""Dates in English text: days, months, years, eras and decades, as typed RDF literals."""

from __future__ import annotations

import re
from datetime import date
from typing import TypeAlias

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from dovetail.kg.names import DT

Dated: TypeAlias = tuple[int, int, Literal]
"""Where a date stands, and the date."""

GAP = "[ \t\u00a0\u202f]{0,3}\n?[ \t\u00a0\u202f]{0,3}"  # tokenised text puts spaces anywhere
SPACE = "[ \t\u00a0\u202f\n]{1,3}"
DASH = "[-–—]"
_MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTH = (
    r"(Jan(?:uary\b|\b\.?)|Feb(?:ruary\b|\b\.?)|Mar(?:ch\b|\b\.?)|Apr(?:il\b|\b\.?)|May\b|June?\b\.?|July?\b\.?"
    r"|Aug(?:ust\b|\b\.?)|Sep(?:tember\b|t?\b\.?)|Oct(?:ober\b|\b\.?)|Nov(?:ember\b|\b\.?)|Dec(?:ember\b|\b\.?)"
    r"|JAN(?:UARY)?\b|FEB(?:RUARY)?\b|MAR(?:CH)?\b|APR(?:IL)?\b|MAY\b|JUNE?\b|JULY?\b|AUG(?:UST)?\b"
    r"|SEP(?:TEMBER|T)?\b|OCT(?:OBER)?\b|NOV(?:EMBER)?\b|DEC(?:EMBER)?\b)"
)
_DAY = r"(0?[1-9]|[12][0-9]|3[01])(?:[ ]?(?:st|nd|rd|th)\b)?"
_YEAR = r"([0-9]{4})(?![0-9%]|[.,][0-9])"
_ERA = r"(BCE?\b|B\. ?C\.(?: ?E\.)?|AD\b|A\. ?D\.|CE\b|C\. ?E\.)"
_DAY_FIRST = re.compile(rf"{_DAY}(?:{GAP}{DASH}{GAP}{_DAY})?(?:{GAP}|-)(?:of )?{_MONTH}(?:(?:{GAP},?{GAP}|-){_YEAR})?")
_MONTH_FIRST = re.compile(
    rf"{_MONTH}(?:{SPACE}{_DAY}(?![0-9:/%.][0-9]|[0-9]|%)(?:{GAP}{DASH}{GAP}{_DAY}(?![0-9]))?(?:{GAP},?{GAP}{_YEAR})?"
    rf"|{GAP},?{SPACE}(?:of )?{_YEAR})"
)
_ISO = re.compile(r"([0-9]{4})([-/])([0-9][0-9])\2([0-9][0-9])(?:T[0-9:.]+Z?)?(?![0-9-])")
_NUMERIC_DATE = re.compile(r"([0-9]{1,2})([/.])([0-9]{1,2})\2([0-9]{4})(?![0-9./])")
_DECADE = re.compile(r"([0-9]{3})0[ ]?['’]?s\b")
_CENTURY = re.compile(rf"([1-9]|1[0-9]|2[01])(?:st|nd|rd|th){GAP}century\b(?![ \n\u00a0]*(?:BCE?\b|B\. ?C))", re.IGNORECASE)
_YEARS = re.compile(rf"([0-9]{{1,4}}|[0-9]{{1,2}},[0-9]{{3}})(?:{GAP}{DASH}{GAP}([0-9]{{1,4}}))?{GAP}{_ERA}")
_ERA_YEAR = re.compile(r"(?:AD|A\. ?D\.)[ \u00a0]{0,2}([0-9]{1,4})(?![0-9,.][0-9]|[0-9])")
_YEAR_RANGE = re.compile(rf"([0-9]{{4}})({GAP}(?:{DASH}|/){GAP})([0-9]{{4}}|[0-9][0-9])(?![0-9%]|[-–/.,:][0-9]|[^\W\d_])")
_EARLY_YEAR = re.compile(r"([1-9][0-9]{2})(?=[,.;)–]|[ \n]*$|[ ](?:BC|AD|he|she|after|before|and)\b)(?![.,][0-9])")
_BARE_YEAR = re.compile(r"(1[0-9]{3}|20[0-9]{2}|2100)(?![0-9%°]|[.,:/][0-9]|[-–][0-9]|[^\W\d_])")
MONTH_START = r"J(?:an|u[nl]|AN|U[NL])|Feb|FEB|M(?:a[ry]|A[RY])|A(?:pr|ug|PR|UG)|Sep|SEP|Oct|OCT|Nov|NOV|Dec|DEC"

_READS_AS_YEAR = re.compile(
    r"(?:\b(?:in|since|until|till|during|circa|ca?\.|year|early|late|mid|born|died|b\.|d\.|©"
    r"|spring|summer|autumn|fall|winter|season)[ -]|\()$",
    re.IGNORECASE,
)
_READS_AS_EARLY = re.compile(r"\b(?:[iI]n|since|until|circa|ca?\.|born|died)[ ]$")
_COUNTED = re.compile(r"[ \n](?:people|men|women|children|sheep|troops|fish|cattle|[a-z]{2,}[^aiousw'’]s)\b(?!['’])")


def date_at_digit(text: str, start: int) -> list[Dated]:
    """The dates that begin at the digit at ``start``; two where it begins a range, none where it is no date.

    >>> [(start, end, str(value)) for start, end, value in date_at_digit("7-9 May 1867", 0)]
    [(0, 1, '1867-05-07'), (2, 12, '1867-05-09')]
    """
    for pattern, read in _READERS.items():
        if (matched := pattern.match(text, start)) and (dates := read(matched)):
            return dates
    return []


def date_at_month(text: str, start: int) -> tuple[list[Dated], int] | None:
    """The dates that begin with the month name at ``start``, and where reading goes on."""
    matched = _MONTH_FIRST.match(text, start)
    return (_month_first(matched), matched.end()) if matched else None


def year_at_era(text: str, start: int) -> Dated | None:
    """The year that begins with AD at ``start``."""
    matched = _ERA_YEAR.match(text, start)
    return _year(matched.start(), matched.end(), int(matched[1])) if matched else None


def lone_year(text: str, start: int, *, before: str) -> Dated | None:
    """A number that reads as a year after ``before``: four digits that count nothing, or three after "in" or "c."."""
    if matched := _BARE_YEAR.match(text, start):
        counts = not _READS_AS_YEAR.search(before) and _COUNTED.match(text, matched.end())
        return None if counts else _year(start, matched.end(), int(matched[1]))
    early = _EARLY_YEAR.match(text, start) if _READS_AS_EARLY.search(before) else None
    return _year(start, early.end(), int(early[1])) if early else None


def _typed(start: int, end: int, lexical: str, datatype: URIRef) -> Dated:
    return start, end, Literal(lexical, datatype=datatype, normalize=False)


def _year(start: int, end: int, year: int) -> Dated:
    return _typed(start, end, f"{'-' if year < 0 else ''}{abs(year):04d}", XSD.gYear)


def _calendar(span: tuple[int, int], year: str | None, month: int, day: str | None) -> list[Dated]:
    if day is None:
        return [_typed(*span, f"{year}-{month:02d}", XSD.gYearMonth)] if year and int(year) else []
    try:
        date(int(year or 2000), month, int(day))
    except ValueError:
        return []
    if year is None:
        return [_typed(*span, f"--{month:02d}-{int(day):02d}", XSD.gMonthDay)]
    return [_typed(*span, f"{year}-{month:02d}-{int(day):02d}", XSD.date)]


def _month_number(name: str) -> int:
    return _MONTH_NAMES.index(name[:3].title()) + 1


def _day_first(m: re.Match[str]) -> list[Dated]:
    month = _month_number(m[3])
    if m[2] is None:
        return _calendar(m.span(), m[4], month, m[1])
    first = _calendar(m.span(1), m[4], month, m[1])
    last = _calendar((m.start(2), m.end()), m[4], month, m[2])
    return first + last if first and last else []


def _month_first(m: re.Match[str]) -> list[Dated]:
    month = _month_number(m[1])
    year = m[4] or m[5]
    if m[3] is None:
        return _calendar(m.span(), year, month, m[2])
    first = _calendar((m.start(), m.end(2)), year, month, m[2])
    last = _calendar((m.start(3), m.end()), year, month, m[3])
    return first + last if first and last else []


def _iso(m: re.Match[str]) -> list[Dated]:
    return _calendar(m.span(), m[1], int(m[3]), m[4]) if 1 <= int(m[3]) <= 12 else []


def _numeric_date(m: re.Match[str]) -> list[Dated]:
    """Only where the order of day and month cannot be mistaken."""
    first, second = int(m[1]), int(m[3])
    if first > 12 >= second or first == second:
        return _calendar(m.span(), m[4], second, m[1])
    if second > 12 >= first:
        return _calendar(m.span(), m[4], first, m[3])
    return []


def _decade(m: re.Match[str]) -> list[Dated]:
    return [_typed(*m.span(), m[1], DT.decade)] if "100" <= m[1] <= "210" else []


def _century(m: re.Match[str]) -> list[Dated]:
    return [_typed(*m.span(), f"{int(m[1]) - 1:02d}", DT.century)]


def _years_of_era(m: re.Match[str]) -> list[Dated]:
    def read(number: str) -> int:
        year = int(number.replace(",", ""))
        return 1 - year if m[3].startswith("B") else year

    if not int(m[1].replace(",", "")):
        return []
    if m[2] is None:
        return [_year(*m.span(), read(m[1]))]
    return [_year(*m.span(1), read(m[1])), _year(m.start(2), m.end(), read(m[2]))]


def _year_range(m: re.Match[str]) -> list[Dated]:
    first, last = int(m[1]), m[3]
    if not 1000 <= first <= 2100:
        return []
    second = int(last) if len(last) == 4 else first - first % 100 + int(last)
    if len(last) == 2 and second == first - first % 100 and first % 100 == 99:
        second += 100  # 1999-00
    if second <= first:
        one_to_twelve = len(last) == 2 and 1 <= int(last) <= 12 and m[2] == "-"
        return [_typed(*m.span(), f"{first}-{last}", XSD.gYearMonth)] if one_to_twelve else []
    if second > 2100 or (len(last) == 2 and m[2].strip() != m[2]):
        return []
    return [_year(*m.span(1), first), _year(*m.span(3), second)]


_READERS = {
    _ISO: _iso,
    _NUMERIC_DATE: _numeric_date,
    _DAY_FIRST: _day_first,
    _DECADE: _decade,
    _CENTURY: _century,
    _YEARS: _years_of_era,
    _YEAR_RANGE: _year_range,
}
