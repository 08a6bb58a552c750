"""Literals of texts in the store: SPARQL compares and orders them, whatever the unit or the precision."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from dovetail.kg import Document, DocumentRecord, Evidence, KnowledgeGraph, Qualifiers, Statement
from dovetail.nlp.literals import find_literals
from dovetail.nlp.quantities import FACTORS, in_si_units, measured, si_value
from dovetail.nlp.units import CURRENCY_SIGNS, SYMBOLS, WORDS

HAS = URIRef("urn:x:has")


def graph_of(*texts: str) -> KnowledgeGraph:
    """Each text says of <urn:x:0>, <urn:x:1>, … that it has its one literal."""
    graph = KnowledgeGraph()
    for number, text in enumerate(texts):
        [found] = find_literals(text)
        value, sense = found.value, Qualifiers()
        if found.unit is not None:
            value, sense = measured(value, found.unit, sense)
        name = str(number)
        evidence = (Evidence(name, 0, len(text), text, 0.9, "hand@1"),)
        says = Statement(URIRef("urn:x:" + name), HAS, value, evidence=evidence, qualifiers=sense)
        graph.put_documents([DocumentRecord(Document(name, name, text, name), [says], "1")])
    return graph


def answered(graph: KnowledgeGraph, where: str) -> list[str]:
    rows = graph.query(f"SELECT ?s {{ ?s <urn:x:has> ?v . {where}").bindings
    return [str(value).removeprefix("urn:x:") for row in rows for value in row.values()]


ORDERED = [
    ("12 mm", "5 inches", "1 foot", "1.8 m", "5 ft 11 in", "35,000 feet", "12 km", "10 miles", "3 AU", "2 light-years"),
    ("3 ounces", "half a pound", "300 g", "5 kg", "12 lb", "15 lb 3 oz", "2 tonnes"),
    ("5 acres", "3 hectares", "1 km²", "1 sq mi"),
    ("-40 °C", "0 °F", "-5 °C", "50 °F", "20 °C", "300 °F"),
    ("50 km/h", "20 m/s", "50 mph", "50 knots"),
    ("500 J", "2 kJ", "3 kcal", "1 kWh", "2 MWh"),
    ("$5", "$10.50", "$3 million", "$3.5 billion"),
    ("90 minutes", "two hours", "2 days", "two weeks", "two and a half years", "3 years", "a century of 100 years"),
    ("3.5%", "5 per cent", "fifty percent"),
    ("dozens of 12", "1,234", "3.2 million", "5 billion"),
]


@pytest.mark.parametrize("texts", ORDERED)
def test_the_store_orders_them(texts: tuple[str, ...]) -> None:
    graph = graph_of(*reversed(texts))
    expected = [str(number) for number in reversed(range(len(texts)))]
    assert answered(graph, "} ORDER BY ?v") == expected
    for place, text in enumerate(texts):
        [found] = find_literals(text)
        value = si_value(found)
        assert answered(graph, f"FILTER (?v < {value.n3()}) }} ORDER BY ?v") == expected[:place]


def test_dates_of_any_precision_are_ordered_by_their_year() -> None:
    texts = ("44 BC", "AD 79", "in 1867", "8 May 1868", "June 1868", "in 1869", "in 2001")
    graph = graph_of(*reversed(texts))
    assert answered(graph, "} ORDER BY YEAR(?v) MONTH(?v)") == [str(number) for number in reversed(range(len(texts)))]
    assert answered(graph, "FILTER (YEAR(?v) < 1868) }") and len(answered(graph, "FILTER (YEAR(?v) = 1868) }")) == 2
    assert len(answered(graph, 'FILTER (?v < "1868"^^xsd:gYear) }')) == 3  # of one precision, dates compare as they are


def test_decades_and_centuries_are_what_their_years_begin_with() -> None:
    graph = graph_of("in 1994", "in 2004", "the 1990s", "the 20th century")
    begins = "?t <urn:x:has> ?p . FILTER (DATATYPE(?p) = dt:decade && STRSTARTS(STR(?v), STR(?p)) && DATATYPE(?v) = xsd:gYear) }"
    assert answered(graph, begins) == ["0"]


def test_the_unit_and_what_was_written_are_kept() -> None:
    graph = graph_of("5 ft", "$3 million", "5 kg")
    rows = graph.query("SELECT ?unit ?written { ?s dt:unit ?unit ; rdf:object ?v OPTIONAL { ?s dt:written ?written } } ORDER BY ?unit")
    assert [[str(value) for value in row.values()] for row in rows.bindings] == [["USD"], ["kg"], ["m", "5 [ft_i]"]]
    [claim] = graph.claims_about(URIRef("urn:x:0"))
    assert (str(claim.object), claim.qualifiers.unit, str(claim.qualifiers.written)) == ("1.524", "m", "5 [ft_i]")
    assert [str(s.object) for s in graph.statements_about(URIRef("urn:x:0"))] == ["1.524"]


def test_every_unit_is_si_or_known_to_have_none() -> None:
    without = {"deg", "dB", "ton", "bit", "K", "[ppm]", "mg/kg", "mg/dL", "mg/L", "mmol/L", "{rev}/min"}
    known = FACTORS.keys() | {"Cel", "[degF]"} | without
    assert {*SYMBOLS.values(), *WORDS.values()} <= known
    assert not set(CURRENCY_SIGNS.values()) & FACTORS.keys()


@given(st.decimals(-(10**9), 10**9, places=3), st.sampled_from(sorted(FACTORS)))
def test_a_unit_keeps_the_order_of_its_numbers(value: Decimal, unit: str) -> None:
    low, base = in_si_units(value, unit)
    high, _ = in_si_units(value + abs(value) / 1000 + 1, unit)
    assert low < high
    assert in_si_units(low, base) == (low, base)
    assert Literal(f"{low:f}", datatype=XSD.decimal).ill_typed is False
