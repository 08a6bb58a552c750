"""Values that can be compared: dates with dates, numbers with numbers."""

from __future__ import annotations

import re

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from dovetail.kg.names import DT
from dovetail.kg.statement import Term

DATES = frozenset((XSD.date, XSD.gYear, XSD.gYearMonth, XSD.dateTime))

PERIODS = {DT.decade: "0", DT.century: "00"}
"""What a decade or a century holds of its years, and what is missing to the first of them."""


def comparable(term: Term) -> tuple[float, str] | None:
    """An amount and what sort it is, "date" or "number"; None for what is neither, such as a day without a year.

    A date counts as its year and the part of it that has passed, so that 1867 comes before November 1867. Bare names that are written
    as a year or a number, as in a table without datatypes, count as numbers.

    >>> comparable(Literal("1867-11-07", datatype=XSD.date)), comparable(Literal("12.5", datatype=XSD.decimal))
    ((1867.8975, 'date'), (12.5, 'number'))
    >>> comparable(Literal("--11-07", datatype=XSD.gMonthDay)) is None
    True
    """
    if isinstance(term, URIRef):
        return _number(re.split(r"[/#:]", str(term))[-1])
    if not isinstance(term, Literal):
        return None
    if term.datatype in DATES:
        year = year_of(str(term))
        return None if year is None else (year, "date")
    if term.datatype in PERIODS:
        return (float(f"{term}{PERIODS[term.datatype]}"), "date") if str(term).isdigit() else None
    return _number(str(term))


def agree(one: Term, other: Term) -> bool:
    """Whether two values can both be right: the same, or one a date that holds the other (a year and a day in it).

    >>> agree(Literal("1867-11-07", datatype=XSD.date), Literal("1867", datatype=XSD.gYear)), agree(Literal("5"), Literal("6"))
    (True, False)
    >>> agree(Literal("0973-09-05", datatype=XSD.date), Literal("973", datatype=XSD.integer))
    True
    """
    if isinstance(one, Literal) and isinstance(other, Literal):
        if one.datatype in DATES or other.datatype in DATES:
            first, second = (str(value).zfill(4) for value in (one, other))  # 973 is the year 0973
            return first.startswith(second) or second.startswith(first)
        amounts = comparable(one), comparable(other)
        return amounts[0] == amounts[1] if None not in amounts else str(one) == str(other)
    return one == other


def year_of(written: str) -> float | None:
    """An ISO 8601 date as years, with the part of the year that has passed."""
    date = re.match(r"(-?\d{4,})(?:-(\d\d))?(?:-(\d\d))?", written)
    if date is None:
        return None
    month, day = int(date[2] or 0), int(date[3] or 0)
    return int(date[1]) + round(month / 12.5 + day / 400, 6)


def _number(written: str) -> tuple[float, str] | None:
    try:
        return float(written), "number"
    except ValueError:
        return None


def years_between(one: float, other: float) -> str:
    """The whole years between two dates, as ``year_of`` counts them. Where only years are known, it may be one less.

    >>> years_between(1867.8975, 1934.5800), years_between(2000.0, 2001.0)
    ('66 years', '1 year')
    """
    count = int(abs(one - other) + 1e-6)
    return f"{count} year" if count == 1 else f"{count} years"
