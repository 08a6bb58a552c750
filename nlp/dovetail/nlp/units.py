"""The units, currencies and number words that literals are written with."""

from __future__ import annotations

SYMBOLS: dict[str, str] = {
    **{unit: unit for unit in "km m cm mm nm kg g mg ha t kW MW GW kWh MWh kJ MJ kV Hz kHz MHz GHz kPa MPa dB kcal m/s km/h".split()},
    "µm": "um", "μm": "um", "µg": "ug", "μg": "ug", "ml": "mL", "mL": "mL", "L": "L", "ha": "har", "kph": "km/h", "km/hr": "km/h",
    "mi": "[mi_i]", "ft": "[ft_i]", "yd": "[yd_i]", "lb": "[lb_av]", "lbs": "[lb_av]", "oz": "[oz_av]", "mph": "[mi_i]/h",
    "°C": "Cel", "° C": "Cel", "ºC": "Cel", "℃": "Cel", "°F": "[degF]", "° F": "[degF]", "ºF": "[degF]", "°": "deg",
    "km²": "km2", "km2": "km2", "sq km": "km2", "m²": "m2", "m2": "m2", "sq m": "m2", "sq mi": "[mi_i]2", "sq ft": "[ft_i]2",
    "m³": "m3", "m3": "m3", "km³": "km3", "cm³": "cm3", "hp": "[HP]", "psi": "[psi]", "nmi": "[nmi_i]",
    "KB": "kBy", "kB": "kBy", "MB": "MBy", "GB": "GBy", "TB": "TBy", "Mbps": "Mbit/s", "Gbps": "Gbit/s",
}
"""Symbols, whose case matters, and their UCUM codes."""

_LENGTHS = {
    "kilomet(?:re|er)s?": "km",
    "centimet(?:re|er)s?": "cm",
    "millimet(?:re|er)s?": "mm",
    "nanomet(?:re|er)s?": "nm",
    "micromet(?:re|er)s?": "um",
    "met(?:re|er)s?": "m",
    "miles?": "[mi_i]",
    "(?:feet|foot)": "[ft_i]",
    "inch(?:es)?": "[in_i]",
    "yards?": "[yd_i]",
}
WORDS: dict[str, str] = {
    **{f"(?:square|sq\\.?)[ -]{word}": f"{code}2" for word, code in _LENGTHS.items()},
    **{f"cubic[ -]{word}": f"{code}3" for word, code in _LENGTHS.items()},
    **{f"{word} (?:per|an) hour": f"{code}/h" for word, code in _LENGTHS.items()},
    **{f"{word} (?:per|a) second": f"{code}/s" for word, code in _LENGTHS.items()},
    "nautical miles?": "[nmi_i]",
    "light[ -]years?": "[ly]",
    **_LENGTHS,
    "knots?": "[kn_i]",
    "degrees? (?:celsius|centigrade)": "Cel",
    "degrees? fahrenheit": "[degF]",
    "degrees?": "deg",
    "kelvins?": "K",
    "kilograms?": "kg",
    "kilos?": "kg",
    "milligrams?": "mg",
    "micrograms?": "ug",
    "grams?": "g",
    "(?:metric tons?|tonnes?)": "t",
    "tons?": "ton",  # short, long or metric: the text does not say
    "(?:pounds?|lbs\\.?)(?! sterling)": "[lb_av]",
    "ounces?": "[oz_av]",
    "hectares?": "har",
    "acres?": "[acr_us]",
    "millilit(?:re|er)s?": "mL",
    "lit(?:re|er)s?": "L",
    "gallons?": "[gal_us]",
    "barrels?": "[bbl_us]",
    "kilowatt[ -]?hours?": "kWh",
    "megawatt[ -]?hours?": "MWh",
    "kilowatts?": "kW",
    "megawatts?": "MW",
    "gigawatts?": "GW",
    "watts?": "W",
    "volts?": "V",
    "joules?": "J",
    "calories": "cal",
    "horsepower": "[HP]",
    "(?:gigahertz)": "GHz",
    "(?:megahertz)": "MHz",
    "hertz": "Hz",
    "decibels?": "dB",
    "kilobytes?": "kBy",
    "megabytes?": "MBy",
    "gigabytes?": "GBy",
    "terabytes?": "TBy",
    "bytes?": "By",
    "bits?": "bit",
}
"""Names as regular expressions, longer ones before those they contain, and their UCUM codes."""

CURRENCY_SIGNS: dict[str, str] = {
    "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL",
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB",
}
CURRENCY_CODES = frozenset("USD EUR GBP JPY CHF CNY INR CAD AUD NZD SEK NOK DKK RUB BRL KRW".split())
CURRENCY_WORDS: dict[str, str] = {
    "australian dollars?": "AUD",
    "canadian dollars?": "CAD",
    "hong kong dollars?": "HKD",
    "new zealand dollars?": "NZD",
    "(?:u\\.?s\\.? |american )?dollars?": "USD",
    "euros?": "EUR",
    "(?:british pounds?(?: sterling)?|pounds? sterling)": "GBP",
    "(?:japanese )?yen": "JPY",
    "(?:chinese )?(?:yuan|renminbi)": "CNY",
    "(?:indian )?rupees?": "INR",
    "swiss francs?": "CHF",
    "(?:russian )?rubles?": "RUB",
}

PERIODS: dict[str, tuple[int, str]] = {
    "year": (1, "Y"), "yr": (1, "Y"), "decade": (10, "Y"), "century": (100, "Y"), "centurie": (100, "Y"), "millennia": (1000, "Y"),
    "month": (1, "M"), "week": (7, "D"), "wk": (7, "D"), "fortnight": (14, "D"), "day": (1, "D"),
    "hour": (1, "TH"), "hr": (1, "TH"), "h": (1, "TH"), "minute": (1, "TM"), "min": (1, "TM"),
    "second": (1, "TS"), "sec": (1, "TS"), "s": (1, "TS"),
}
"""Periods without their plural s: how many, of which field of an xsd:duration."""

_TEENS = "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
SMALL = {
    **{word: value for value, word in enumerate("zero one two three four five six seven eight nine ten".split())},
    **{word: value for value, word in enumerate(_TEENS, start=11)},
    **{word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)},
}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
SHORT_SCALES = {"k": 1000, "K": 1000, "m": 10**6, "M": 10**6, "mn": 10**6, "b": 10**9, "B": 10**9, "bn": 10**9, "tn": 10**12}
"""Abbreviations that mean a scale only after a currency sign."""
