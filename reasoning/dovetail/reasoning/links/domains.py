"""Which domains the entities of a graph belong to: those of the documents that say something of them, else their types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray
from rdflib import RDF

from dovetail.kg import provenance as prov
from dovetail.kg.names import Layer
from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.terms import from_ox
from dovetail.reasoning.links.view import LinkView


def domains_of(graph: KnowledgeGraph, view: LinkView) -> Mapping[str, NDArray[np.bool_]]:
    """Each domain by its name, with which entities are in it, (entities,). Those of no document are in none.

    In a graph without documents of any domain, the labels of types take the place of domains.
    """
    place = {int(term): number for number, term in enumerate(view.entities)}
    found: defaultdict[str, NDArray[np.bool_]] = defaultdict(lambda: np.zeros(len(view.entities), bool))
    answer = graph.store.query(
        f"SELECT DISTINCT ?e ?d {{ GRAPH <{Layer.PROVENANCE.value}> {{ ?doc {prov.DOMAIN} ?d . ?sentence {prov.HAS_SOURCE} ?doc ."
        f" ?evidence {prov.SOURCE_SENTENCE} ?sentence . ?statement {prov.DERIVED_FROM} ?evidence ; ?part ?e ."
        f" VALUES ?part {{ {prov.SUBJECT} {prov.OBJECT} }} FILTER(!ISLITERAL(?e)) }} }}"
    )
    assert isinstance(answer, ox.QuerySolutions)
    for entity, domain in ((row["e"], row["d"]) for row in answer):
        term = from_ox(entity)
        number = view.index.terms.id(graph.canonical(term))  # type: ignore[arg-type]  # the filter leaves no literal
        if number in place:
            found[domain.value][place[number]] = True
    if found:
        return dict(sorted(found.items()))
    kind = view.index.terms.id(RDF.type)
    for row in view.index.rows(p=kind) if kind is not None else ():
        found[graph.label(view.index.terms[view.index.objects[row]])][place[int(view.index.subjects[row])]] = True
    return dict(sorted(found.items()))


def exclusive(domains: Mapping[str, NDArray[np.bool_]], name: str, other: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The entities of one domain and not of the other, and the other way round."""
    return domains[name] & ~domains[other], domains[other] & ~domains[name]
