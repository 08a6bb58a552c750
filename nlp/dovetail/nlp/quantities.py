"""Quantities as the graph holds them: a decimal in the coherent SI unit, which SPARQL can compare, beside what was written.

    "5 ft"  ->  "1.524"^^xsd:decimal, in m, written "5 [ft_i]"^^cdt:ucum

Factors are those of UCUM 2.2 (the international foot, the avoirdupois pound, the US gallon and acre), IAU 2012 for the astronomical
unit. Money stays in its currency and a percentage what it is; so does what has no SI unit, or several (a ton).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Context, Decimal

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from dovetail.kg.statement import Qualifiers
from dovetail.nlp.literals import LiteralMention

UCUM = URIRef("https://w3id.org/cdt/ucum")
"""The datatype of a number with a UCUM code (Lefrancois and Zimmermann 2018)."""

_LENGTHS = {
    "km": "1000",
    "m": "1",
    "cm": "0.01",
    "mm": "0.001",
    "um": "0.000001",
    "nm": "0.000000001",
    "[in_i]": "0.0254",
    "[ft_i]": "0.3048",
    "[yd_i]": "0.9144",
    "[mi_i]": "1609.344",
    "[nmi_i]": "1852",
    "AU": "149597870700",
    "[ly]": "9460730472580800",
    "pc": "30856775814913700",
}
_ENERGIES = {"J": "1", "kJ": "1000", "MJ": "1000000", "kWh": "3600000", "MWh": "3600000000", "GWh": "3600000000000"}
_OTHERS: dict[str, dict[str, str]] = {
    "m": _LENGTHS,
    "m2": {"har": "10000", "[acr_us]": "4046.872609874252"},
    "m3": {"L": "0.001", "mL": "0.000001", "[gal_us]": "0.003785411784", "[bbl_us]": "0.158987294928"},
    "kg": {
        "kg": "1",
        "g": "0.001",
        "mg": "0.000001",
        "ug": "0.000000001",
        "t": "1000",
        "[lb_av]": "0.45359237",
        "[oz_av]": "0.028349523125",
    },
    "m/s": {"[kn_i]": str(Decimal(1852) / 3600)},
    "m/s2": {"m/s2": "1"},
    "J": {**_ENERGIES, "TWh": "3600000000000000", "cal": "4.184", "kcal": "4184"},
    "W": {"W": "1", "kW": "1000", "MW": "1000000", "GW": "1000000000", "TW": "1000000000000", "[HP]": "745.69987158227022"},
    "Hz": {"Hz": "1", "kHz": "1000", "MHz": "1000000", "GHz": "1000000000"},
    "V": {"V": "1", "kV": "1000"},
    "Pa": {
        "kPa": "1000",
        "MPa": "1000000",
        "[psi]": "6894.757293168361",
        "bar": "100000",
        "atm": "101325",
        "mm[Hg]": "133.322387415",
    },
    "By": {"By": "1", "kBy": "1000", "MBy": "1000000", "GBy": "1000000000", "TBy": "1000000000000"},
    "bit/s": {"Mbit/s": "1000000", "Gbit/s": "1000000000"},
    "kg/m3": {"kg/m3": "1", "g/cm3": "1000"},
}
_DIGITS = Context(prec=12)


def _factors() -> dict[str, tuple[str, Decimal]]:
    found = {unit: (base, Decimal(factor)) for base, units in _OTHERS.items() for unit, factor in units.items()}
    for unit, text in _LENGTHS.items():
        factor = Decimal(text)
        found |= {
            f"{unit}2": ("m2", factor**2),
            f"{unit}3": ("m3", factor**3),
            f"{unit}/s": ("m/s", factor),
            f"{unit}/h": ("m/s", factor / 3600),
        }
    return found


FACTORS = _factors()
"""For each UCUM code, the SI unit and how many of that it is; temperatures, which have another zero, apart."""


def in_si_units(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """A quantity in the coherent SI unit, to twelve digits; as it is where there is none.

    >>> in_si_units(Decimal(5), "[ft_i]"), in_si_units(Decimal(20), "Cel"), in_si_units(Decimal(3), "ton")
    ((Decimal('1.5240'), 'm'), (Decimal('293.15'), 'K'), (Decimal('3'), 'ton'))
    """
    if unit == "Cel":
        return value + Decimal("273.15"), "K"
    if unit == "[degF]":
        return _DIGITS.divide((value + Decimal("459.67")) * 5, Decimal(9)), "K"
    if unit not in FACTORS:
        return value, unit
    base, factor = FACTORS[unit]
    return _DIGITS.multiply(value, factor), base


def measured(value: Literal, unit: str, sense: Qualifiers) -> tuple[Literal, Qualifiers]:
    """What a statement says of a quantity: the number that its triple has, and the unit and what was written as qualifiers.

    >>> value, sense = measured(Literal("5", datatype=XSD.decimal), "km", Qualifiers())
    >>> str(value), sense.unit, str(sense.written)
    ('5000', 'm', '5 km')
    """
    number, base = in_si_units(Decimal(str(value)), unit)
    written = Literal(f"{value} {unit}", datatype=UCUM)
    return _decimal(number), replace(sense, unit=base, written=written if base != unit else None)


def si_value(mention: LiteralMention) -> Literal:
    """The number that a statement has for a literal in a text."""
    return _decimal(in_si_units(Decimal(str(mention.value)), mention.unit)[0]) if mention.unit else mention.value


def _decimal(number: Decimal) -> Literal:
    digits = f"{number:f}"
    return Literal(digits.rstrip("0").rstrip(".") if "." in digits else digits, datatype=XSD.decimal, normalize=False)
