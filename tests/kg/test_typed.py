"""Terms as people type them, beside the terms that are meant."""

from __future__ import annotations

import pytest
from rdflib import RDF, RDFS, SKOS, XSD, BNode, Literal, URIRef

from dovetail.kg import InputError, KnowledgeGraph, Layer, Statement, Term
from dovetail.kg.names import WD, WDT
from dovetail.kg.typed import typed_triple

CURIE, WARSAW, COUNTRY, POLAND = (URIRef(f"urn:x:{name}") for name in ("curie", "warsaw", "country", "poland"))


@pytest.fixture
def graph() -> KnowledgeGraph:
    """Curie was born in Warsaw; `country` is a class by that name, and the relation wdt:P17 too."""
    graph = KnowledgeGraph()
    graph.add([Statement(WDT.P17, RDFS.label, Literal("country", lang="en"))], layer=Layer.VOCABULARY)
    names = [(CURIE, "Marie Curie"), (WARSAW, "Warsaw"), (COUNTRY, "country"), (POLAND, "Poland"), (URIRef("urn:x:film"), "warsaw")]
    graph.add([Statement(thing, RDFS.label, Literal(name)) for thing, name in names])
    graph.add([Statement(WARSAW, SKOS.altLabel, Literal(name)) for name in ("Warszawa", "Poland")])
    graph.add([Statement(WARSAW, WDT.P17, POLAND), Statement(POLAND, RDF.type, COUNTRY)])
    return graph


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("Marie Curie", "wdt:P19", "Warsaw"), (CURIE, WDT.P19, WARSAW)),
        (("marie curie", "wdt:P19", " Warszawa "), (CURIE, WDT.P19, WARSAW)),
        (("Warsaw", "country", "Poland"), (WARSAW, WDT.P17, POLAND)),  # a label comes before an alternative label
        (("Poland", "a", "country"), (POLAND, RDF.type, COUNTRY)),
        (("warsaw", "rdf:type", "wd:Q5"), (URIRef("urn:x:film"), RDF.type, WD.Q5)),  # the letter comes before the capitals
        (("<urn:x:any%20thing>", "urn:p", "https://x.example/y"), ("urn:x:any%20thing", "urn:p", "https://x.example/y")),
        (("_:b1", "urn:p", "entity:place:A%27b"), (BNode("b1"), "urn:p", "urn:dovetail:entity:place:A%27b")),
        (("urn:a", "urn:p", '"Warsaw"'), ("urn:a", "urn:p", Literal("Warsaw"))),
        (("urn:a", "urn:p", "'two marks'@EN"), ("urn:a", "urn:p", Literal("two marks", lang="en"))),
        (("urn:a", "urn:p", '"007"^^xsd:integer'), ("urn:a", "urn:p", Literal("7", datatype=XSD.integer))),
    ],
)
def test_what_is_meant(graph: KnowledgeGraph, typed: tuple[str, str, str], meant: tuple[Term | str, ...]) -> None:
    assert typed_triple(graph, *typed) == tuple(URIRef(term) if type(term) is str else term for term in meant)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("Mary Curie", "a", "country"), "no thing is called 'Mary Curie'; did you mean 'Marie Curie'"),
        (("Warsaw", "contry", "Poland"), "no relation is called 'contry'; did you mean 'country'?"),
        (("Zog", "a", "country"), "no thing is called 'Zog'; give its IRI or a prefixed name; literals stand in quotation marks"),
        (("Curie", "a", "country"), "2 things are called 'Curie': <urn:x:1>, <urn:x:2>; say which"),
        (('"Curie"', "a", "country"), 'a literal is no subject: "Curie"'),
        (("Warsaw", "_:p", "Poland"), "not a predicate: _:p"),
        (("Warsaw", "country", '"Poland'), 'not a literal: "Poland; write'),
        (("Warsaw", "country", '"a" . <urn:a> <urn:p> "b"'), "not a literal: "),
        (("<no iri>", "country", "Poland"), "not an absolute IRI: 'no iri'"),
    ],
)
def test_what_is_refused(graph: KnowledgeGraph, typed: tuple[str, str, str], words: str) -> None:
    graph.add([Statement(URIRef(f"urn:x:{n}"), RDFS.label, Literal("Curie")) for n in (1, 2)])
    with pytest.raises(InputError) as raised:
        typed_triple(graph, *typed)
    assert words in str(raised.value)


def test_what_has_no_label_is_called_by_the_end_of_its_iri() -> None:
    graph = KnowledgeGraph()
    ann, knows, bob = URIRef("http://ex.org/Ann"), URIRef("http://ex.org/rel#knows"), URIRef("http://ex.org/Bob")
    graph.add([Statement(ann, knows, bob)])
    assert typed_triple(graph, "Ann", "knows", "Bob") == (ann, knows, bob)
