"""Films, who made them and when: a graph that a reader can draw.

Alien (1979) ─ director ─> Scott (1937) <─ director ─ Gladiator (2000) ─ cast ─> Crowe (1964) <─ cast ─ Noah (2014) ─ director ─> Aronofsky
"""

from __future__ import annotations

from rdflib import RDF, RDFS, XSD, Literal, URIRef

from dovetail.kg import KnowledgeGraph, Statement
from dovetail.kg.names import WDT
from dovetail.kg.statement import Term

DIRECTOR, CAST, BORN, RELEASED = WDT.P57, WDT.P161, WDT.P569, WDT.P577
FILM, PERSON = URIRef("urn:x:film"), URIRef("urn:x:person")


def year(number: int) -> Literal:
    """A year as the graph holds it."""
    return Literal(str(number), datatype=XSD.gYear)


def named(name: str) -> URIRef:
    """The thing of this name."""
    return URIRef("urn:x:" + name.replace(" ", "_"))


FACTS: tuple[tuple[str, URIRef, Term], ...] = (
    ("Alien", DIRECTOR, named("Ridley Scott")),
    ("Gladiator", DIRECTOR, named("Ridley Scott")),
    ("Noah", DIRECTOR, named("Darren Aronofsky")),
    ("Alien", CAST, named("Sigourney Weaver")),
    ("Gladiator", CAST, named("Russell Crowe")),
    ("Noah", CAST, named("Russell Crowe")),
    ("Alien", RELEASED, year(1979)),
    ("Gladiator", RELEASED, year(2000)),
    ("Noah", RELEASED, year(2014)),
    ("Ridley Scott", BORN, year(1937)),
    ("Darren Aronofsky", BORN, year(1969)),
    ("Sigourney Weaver", BORN, year(1949)),
    ("Russell Crowe", BORN, year(1964)),
)
LABELS = {DIRECTOR: "director", CAST: "cast member", BORN: "date of birth", RELEASED: "publication date", FILM: "film", PERSON: "person"}


def film_graph() -> KnowledgeGraph:
    """The graph of FACTS, with names and types."""
    graph = KnowledgeGraph()
    films = {"Alien", "Gladiator", "Noah"}
    people = {"Ridley Scott", "Darren Aronofsky", "Sigourney Weaver", "Russell Crowe"}
    graph.add(Statement(term, RDFS.label, Literal(label)) for term, label in LABELS.items())
    graph.add(Statement(named(name), RDFS.label, Literal(name)) for name in films | people)
    graph.add(Statement(named(name), RDF.type, FILM if name in films else PERSON) for name in films | people)
    graph.add(Statement(named(subject), relation, value) for subject, relation, value in FACTS)
    return graph
