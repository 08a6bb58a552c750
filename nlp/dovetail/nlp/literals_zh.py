"""Dates, numbers, quantities, money and durations in Chinese text, as typed RDF literals.

The values, units and datatypes are those of ``literals``: a query need not know in which language a document is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from dovetail.kg.names import DT
from dovetail.models.chinese_words import fold
from dovetail.nlp.literals import Kind, LiteralMention

DIGITS = {**{c: i for i, c in enumerate("〇一二三四五六七八九")}, "零": 0, "○": 0, "两": 2, "兩": 2}
STEPS = {"十": 10, "百": 100, "千": 1000}
SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}


def _table(lines: str) -> dict[str, str]:
    """Lines of a code and the ways in which it is written, by the way."""
    return {word: code for code, *words in map(str.split, lines.strip().splitlines()) for word in words}


UNITS = _table(
    """
    km2 平方公里 平方千米 km²
    m2 平方米 m²
    m3 立方米
    km 公里 千米 km
    cm 厘米 cm
    mm 毫米 mm
    nm 纳米
    um 微米
    [mi_i] 英里
    [nmi_i] 海里
    [ft_i] 英尺
    [in_i] 英寸
    [ly] 光年
    m 米 公尺 m
    kg 公斤 千克 kg
    mg 毫克 mg
    ug 微克
    t 公吨 吨
    g 克 g
    har 公顷
    [acr_us] 英亩
    mL 毫升
    L 公升 升
    Cel 摄氏度 ℃ °C
    [degF] 华氏度
    kWh 千瓦时
    kW 千瓦
    MW 兆瓦
    W 瓦
    V 伏特
    Hz 赫兹
    dB 分贝
    km/h 千米每小时 公里每小时 km/h
    """
)
"""Units as they are written, and their UCUM codes."""

CURRENCIES = _table(
    """
    CNY 人民币 元 块钱
    USD 美元 美金
    EUR 欧元
    GBP 英镑
    JPY 日元 日圆
    HKD 港元 港币
    TWD 新台币 台币
    KRW 韩元
    RUB 卢布
    INR 卢比
    CHF 法郎
    AUD 澳元
    CAD 加元
    """
)
"""Currencies and their ISO 4217 codes; 元 alone is read as the yuan."""

PERIODS: dict[str, tuple[int, str]] = {
    **dict.fromkeys(("世纪", "个世纪"), (100, "Y")),
    "年": (1, "Y"),
    "个月": (1, "M"),
    **dict.fromkeys(("个星期", "星期", "周"), (7, "D")),
    "天": (1, "D"),
    **dict.fromkeys(("个小时", "小时"), (1, "TH")),
    "分钟": (1, "TM"),
    **dict.fromkeys(("秒", "秒钟"), (1, "TS")),
}

COUNTED = tuple("人名位个座次种件条家所届项只辆艘架枚篇部岁户册卷层间场支首张颗株头匹台门票字市县国省倍步集期站线班级球")
"""What a number in Chinese numerals may count; alone it is a word more often than a number."""


def _any(words: Iterator[str] | dict[str, str] | dict[str, tuple[int, str]]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_ARABIC = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]{1,15}(?:\.[0-9]{1,15})?"
_NUMERAL = "[〇零○一二两兩三四五六七八九十百千万萬亿億]{1,24}"
_MIXED = rf"(?:{_ARABIC})[十百千]?[万萬亿億]{{0,2}}"
_AMOUNT = rf"(?P<amount>{_MIXED}|{_NUMERAL}(?:点[〇零一二三四五六七八九]{{1,9}})?)"
_YEAR = r"(?P<year>[0-9]{4}|[〇零○一二三四五六七八九]{4})"
_FULL = "[0-9]{3}0|[一二][〇零○一二三四五六七八九]{2}[〇零○]"
_MONTH = r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])[ ]?月"
_DAY = r"(?P<day>3[01]|[12][0-9]|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])[ ]?[日号]"
_S = "[ ]?"
_ERA = r"公元前|西元前|前(?=[0-9]{1,4}年)|公元|西元"
_TO = r"[ ]?(?:[-－—–―~～]{1,2}|至|到)[ ]?"


def _value(words: str) -> Decimal | None:
    """The number that digits, numerals or both write; None where they write none.

    >>> [str(_value(words)) for words in ("三百万", "3.5亿", "一千零二十", "二〇〇三", "十五", "百")]
    ['3000000', '350000000.0', '1020', '2003', '15', '100']
    """
    if arabic := re.match(_ARABIC, words):
        value = Decimal(arabic[0].replace(",", ""))
        for scale in words[arabic.end() :]:
            value *= STEPS.get(scale) or SCALES[scale]
        return value
    whole, _, fraction = words.partition("点")
    if len(whole) > 1 and all(c in DIGITS for c in whole):
        value = Decimal("".join(str(DIGITS[c]) for c in whole))
    else:
        total, section, digit = 0, 0, -1
        for c in whole:
            if c in DIGITS:
                if digit > 0:
                    return None
                digit = DIGITS[c]
            elif c in STEPS:
                section, digit = section + (digit if digit > 0 else 1) * STEPS[c], -1
            else:
                total, section, digit = (total + section + max(digit, 0) or 1) * SCALES[c], 0, -1
        value = Decimal(total + section + max(digit, 0))
    return value + Decimal("0." + "".join(str(DIGITS[c]) for c in fraction)) if fraction else value


def _lexical(value: Decimal) -> str:
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _typed(lexical: str, datatype: URIRef) -> Literal:
    return Literal(lexical, datatype=datatype, normalize=False)


def _year_text(year: int) -> str:
    return f"{'-' if year < 0 else ''}{abs(year):04d}"


def _day_of(year: int | None, month: int | None, day: int | None) -> Literal | None:
    """A date of the precision given; None for a day that no calendar has."""
    if month is None:
        return _typed(_year_text(year), XSD.gYear) if year is not None else None
    if day is None:
        return _typed(f"{_year_text(year)}-{month:02d}", XSD.gYearMonth) if year is not None else None
    try:
        date(year if year is not None and year > 0 else 2000, month, day)
    except ValueError:
        return None
    if year is None:
        return _typed(f"--{month:02d}-{day:02d}", XSD.gMonthDay)
    return _typed(f"{_year_text(year)}-{month:02d}-{day:02d}", XSD.date)


def _number(group: str | None) -> int | None:
    value = _value(group) if group else None
    return int(value) if value is not None else None


def _dated(m: re.Match[str]) -> Iterator[LiteralMention]:
    """A year with or without month and day, of an era or of the Republic of China."""
    groups = m.groupdict()
    year = _number(groups.get("year"))
    if year is not None and groups.get("republic"):
        year += 1911
    if year is not None and "前" in (groups.get("era") or ""):
        year = 1 - year  # XSD 1.1: the year before 1 is 0
    value = _day_of(year, _number(groups.get("month")), _number(groups.get("day")))
    if value is not None and year != 0:
        yield LiteralMention(m.start(), m.end(), "date", value)


def _two_years(m: re.Match[str]) -> Iterator[LiteralMention]:
    yield LiteralMention(m.start("first"), m.end("first"), "date", _typed(m["first"], XSD.gYear))
    yield LiteralMention(m.start("second"), m.end(), "date", _typed(m["second"], XSD.gYear))


def _decade(m: re.Match[str]) -> Iterator[LiteralMention]:
    century, decade = _number(m["century"]), _number(m["decade"])
    if m["full"]:
        full = _number(m["full"])
        century, decade = (None, None) if full is None else (full // 100 + 1, full % 100)
    if century is not None and decade is not None and 0 < century < 30 and decade % 10 == 0:
        yield LiteralMention(m.start(), m.end(), "date", _typed(f"{century - 1}{decade // 10}", DT.decade))


def _measured(m: re.Match[str]) -> Iterator[LiteralMention]:
    value = _value(m["amount"])
    if value is None:
        return
    unit = m["unit"]
    if unit in CURRENCIES:
        yield _amount(m, value, "money", CURRENCIES[unit])
    elif unit in UNITS:
        yield _amount(m, value, "quantity", UNITS[unit])
    elif value == value.to_integral_value():
        count, field = PERIODS[unit]
        length = f"P{'T' if 'T' in field else ''}{_lexical(value * count)}{field[-1]}"
        yield LiteralMention(m.start(), m.end(), "duration", _typed(length, XSD.duration))


def _percent(m: re.Match[str]) -> Iterator[LiteralMention]:
    if (value := _value(m["amount"])) is not None:
        yield _amount(m, value, "percent", "%")


def _signed_money(m: re.Match[str]) -> Iterator[LiteralMention]:
    if (value := _value(m["amount"])) is not None:
        code = {"US$": "USD", "$": "USD", "HK$": "HKD", "NT$": "TWD", "€": "EUR", "£": "GBP", "¥": "CNY", "人民币": "CNY"}[m["sign"]]
        yield _amount(m, value, "money", code)


def _counted(m: re.Match[str]) -> Iterator[LiteralMention]:
    value = _value(m["amount"])
    if value is not None and (m["amount"][0].isascii() or value >= 10):
        datatype = XSD.integer if value == value.to_integral_value() else XSD.decimal
        yield LiteralMention(m.start("amount"), m.end("amount"), "number", _typed(_lexical(value), datatype))


def _amount(m: re.Match[str], value: Decimal, kind: Kind, unit: str) -> LiteralMention:
    return LiteralMention(m.start(), m.end(), kind, _typed(_lexical(value), XSD.decimal), unit)


_LASTING = "(?=来|后|後|前|间|間|内|內|之|以|多|的|里|裡|[,，。;；、）)]|$)(?!代)"
_LASTS = "(?<![\u4e00-\u9fff])|(?<=[时時长長约約近了满滿为為有过過超达達共经經这這前后後那整仅僅学學作工刑期用花])"
"""What may stand before a number of years; after other characters it may be the year of a reign."""
_PERIOD = "|".join([*(re.escape(p) for p in sorted(PERIODS, key=len, reverse=True) if p != "年"), f"年{_LASTING}"])

Reader = Callable[[re.Match[str]], Iterator[LiteralMention]]

READERS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"(?P<year>[0-9]{4})(?P<dash>[-/.])(?P<month>1[0-2]|0?[1-9])(?P=dash)(?P<day>3[01]|[12][0-9]|0?[1-9])(?![0-9])", _dated),
        (rf"(?:(?P<full>{_FULL})|(?P<century>[0-9]{{1,2}}|{_NUMERAL})世纪(?P<decade>[0-9]0|{_NUMERAL}))年代", _decade),
        (rf"(?P<era>{_ERA}){_S}(?P<year>[0-9]{{1,4}}|{_NUMERAL}){_S}年(?:{_S}{_MONTH}(?:{_S}{_DAY})?)?", _dated),
        (rf"(?P<republic>民国|民國){_S}(?P<year>[0-9]{{1,3}}|{_NUMERAL}){_S}年(?:{_S}{_MONTH}(?:{_S}{_DAY})?)?", _dated),
        (rf"{_YEAR}{_S}年(?!代)(?:{_S}{_MONTH}(?:{_S}{_DAY})?)?", _dated),
        (rf"(?<![0-9])(?P<year>[0-9]{{3}}){_S}年{_S}{_MONTH}(?:{_S}{_DAY})?", _dated),
        (rf"(?<=[于於在自从從至到（(])(?P<year>[0-9]{{3}}){_S}年(?!代|间|来|后)", _dated),
        (rf"(?<![0-9])(?P<first>[12][0-9]{{3}}){_TO}(?P<second>[12][0-9]{{3}})(?:年|(?=[),，。;；、]))", _two_years),
        (rf"{_MONTH}{_S}{_DAY}", _dated),
        (rf"百分之{_AMOUNT}", _percent),
        (rf"(?P<amount>{_ARABIC}){_S}%", _percent),
        (rf"(?P<sign>US\$|HK\$|NT\$|\$|€|£|¥|人民币){_S}{_AMOUNT}(?:元)?", _signed_money),
        (rf"{_AMOUNT}[多余餘]?{_S}(?P<unit>{_any({**UNITS, **CURRENCIES})})(?![A-Za-z])", _measured),
        (rf"(?:{_LASTS}){_AMOUNT}[多余餘]?{_S}(?P<unit>{_PERIOD})", _measured),
        (rf"{_AMOUNT}{_S}年", lambda m: iter(())),
        (rf"{_AMOUNT}(?=[多余餘]?{_S}(?:{'|'.join(COUNTED)}))", _counted),
        (rf"(?P<amount>{_MIXED})(?![0-9.,:/A-Za-z年月日号-])", _counted),
    )
)  # fmt: skip
"""What a literal may look like, and how it is read; the first that fits at a place is taken."""


_TRIGGER = re.compile(r"[0-9〇零○一二两兩三四五六七八九十百千公西前民$€£¥人UHN]")
_INSIDE = re.compile(r"(?:[A-Za-z_0-9.]|[A-Za-z0-9][,:/-])\Z")


def find_literals_zh(text: str) -> list[LiteralMention]:
    """The literals in Chinese ``text``, left to right, none overlapping another.

    A year of the Republic (民国) is counted from 1912; years of other reigns are left out, and so are ordinals and single
    numerals that count nothing: 一 is a word far more often than a number.

    >>> text = "公元前221年，面积5公里。"
    >>> [(text[m.start:m.end], str(m.value), m.unit) for m in find_literals_zh(text)]
    [('公元前221年', '-0220', None), ('5公里', '5', 'km')]
    """
    folded = fold(text)
    found: list[LiteralMention] = []
    position = 0
    while trigger := _TRIGGER.search(folded, position):
        start = trigger.start()
        position = start + 1
        if folded[start - 1 : start] == "第" or (folded[start].isascii() and _INSIDE.search(text, max(start - 2, 0), start)):
            position = _run_end(folded, start)
            continue
        for pattern, read in READERS:
            if (matched := pattern.match(folded, start)) and (mentions := list(read(matched))):
                found += mentions
                position = max(mentions[-1].end, position)
                break
        else:
            position = _run_end(folded, start)
    return found


_RUN = re.compile(rf"[0-9]+(?:[.,:/-][0-9]+)*|{_NUMERAL}|.", re.DOTALL)


def _run_end(text: str, start: int) -> int:
    run = _RUN.match(text, start)
    assert run is not None, "any character fits"
    return run.end()
