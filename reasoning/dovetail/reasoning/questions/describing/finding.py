"""Which thing a typed name means, for whoever would rather be told what is near than be told off."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from rdflib import BNode, URIRef

from dovetail.kg.errors import InputError
from dovetail.kg.labels import entities_named
from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.typed import typed_entity
from dovetail.reasoning.questions.surfaces import normal_name

NEAR = 5


@dataclass(frozen=True, slots=True)
class FoundThing:
    """What was meant, if anything; what else has the same name, by how much is said of it; and names that are near it."""

    entity: URIRef | BNode | None
    others: tuple[URIRef | BNode, ...] = ()
    near: tuple[str, ...] = ()


def find_thing(graph: KnowledgeGraph, text: str) -> FoundThing:
    """What a name, an IRI or a prefixed name means. Of several things of one name, the one of which most is said.

    >>> from rdflib import RDFS, Literal
    >>> from dovetail.kg.statement import Statement
    >>> graph = KnowledgeGraph()
    >>> _ = graph.add([Statement(URIRef("urn:x:curie"), RDFS.label, Literal("Marie Curie"))])
    >>> find_thing(graph, "marie curie").entity, find_thing(graph, "Mary Curie").near
    (rdflib.term.URIRef('urn:x:curie'), ('Marie Curie',))
    """
    named = {graph.canonical(entity) for entity in entities_named(graph.store, text.strip())}
    said = {entity: len(graph.statements_about(entity)) for entity in named}
    ranked = sorted((entity for entity in named if said[entity]), key=lambda entity: (-said[entity], str(entity)))
    if ranked:
        return FoundThing(ranked[0], tuple(ranked[1:]))
    try:
        return FoundThing(typed_entity(graph, text))
    except InputError:
        return FoundThing(None, near=_near(graph, text))


def _near(graph: KnowledgeGraph, text: str) -> tuple[str, ...]:
    by_form: dict[str, str] = {}
    for _, name in graph.all_names():
        by_form.setdefault(normal_name(name), name)
    form = normal_name(text)
    spaced = f" {form} "
    holding = sorted(
        (k for k in by_form if k and form and (spaced in f" {k} " or f" {k} " in spaced)), key=lambda k: (abs(len(k) - len(form)), k)
    )
    close = difflib.get_close_matches(form, list(by_form), n=NEAR, cutoff=0.6)
    return tuple(by_form[known] for known in dict.fromkeys([*close, *holding]))[:NEAR]
