"""What a domain is about: the entities and the sentences in the middle of its documents.

domain -> its documents -> mentions                        -> central entities: often spoken of here, and less elsewhere
                        -> passages nearest their middle   -> sentences, the most central that repeat nothing
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyoxigraph as ox
from rdflib import RDF, URIRef

from dovetail.kg import provenance as prov
from dovetail.kg.errors import InputError
from dovetail.kg.names import Layer
from dovetail.kg.passages import PassageIndex
from dovetail.kg.provenance import GRAPHS
from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.terms import to_ox
from dovetail.reasoning.questions.answer import Quote
from dovetail.reasoning.questions.describing.choosing import centrality, chosen, text_vectors
from dovetail.reasoning.questions.describing.description import CentralEntity, DomainDescription
from dovetail.reasoning.questions.passages.retrieval import Encoder
from dovetail.reasoning.questions.reading.spans import sentences
from dovetail.reasoning.questions.surfaces import NameTable, normal_name

ENTITIES = 10
PASSAGES_READ = 40
SENTENCES_READ = 240
SHORTEST, LONGEST = 40, 400
"""Characters of a sentence worth quoting."""


def describe_domain(
    graph: KnowledgeGraph, passages: PassageIndex, name: str, *, encoder: Encoder | None = None, most: int = 8
) -> DomainDescription:
    """The central entities of a domain, and at most ``most`` of its sentences. InputError, with names like it, where there is none.

    >>> with KnowledgeGraph() as graph, PassageIndex(None) as passages:
    ...     describe_domain(graph, passages, "science")
    Traceback (most recent call last):
        ...
    dovetail.kg.errors.InputError: no domain is called 'science': no document of this graph is in any
    """
    known = domains(graph)
    if name not in known:
        near = ", ".join(map(repr, near_domains(name, known)))
        raise InputError(f"no domain is called {name!r}: " + (f"there is {near}" if near else "no document of this graph is in any"))
    documents = known[name]
    entities = _central(graph, name)
    return DomainDescription(name, len(documents), entities, _sentences(passages, documents, entities, encoder, most))


def domains(graph: KnowledgeGraph) -> dict[str, list[str]]:
    """The ids of the documents of each domain, by the domain's name."""
    found: dict[str, list[str]] = {}
    for quad in graph.store.quads_for_pattern(None, prov.DOMAIN, None, GRAPHS[Layer.PROVENANCE]):
        for named in graph.store.quads_for_pattern(quad.subject, prov.IDENTIFIER, None, GRAPHS[Layer.PROVENANCE]):
            assert isinstance(quad.object, ox.Literal) and isinstance(named.object, ox.Literal)
            if quad.object.value:
                found.setdefault(quad.object.value, []).append(named.object.value)
    return {name: sorted(documents) for name, documents in sorted(found.items())}


def near_domains(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The domains whose names are like ``name``, the likest first; all of them where none is.

    >>> near_domains("sciense", ["history", "science"]), near_domains("x", ["history", "science"])
    (('science',), ('history', 'science'))
    """
    by_form = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), list(by_form), n=3, cutoff=0.5)
    return tuple(by_form[form] for form in near) or tuple(by_form.values())


def _central(graph: KnowledgeGraph, domain: str) -> tuple[CentralEntity, ...]:
    counts = _mentions(graph)
    here, everywhere = counts.get(domain, Counter()), sum(counts.values(), Counter[str]())
    order = sorted(here, key=lambda iri: (-here[iri] * (here[iri] / everywhere[iri]) ** 0.5, iri))[:ENTITIES]
    found = []
    for iri in order:
        quads = graph.store.quads_for_pattern(to_ox(URIRef(iri)), ox.NamedNode(RDF.type), None, GRAPHS[Layer.STATED])  # type: ignore[arg-type]
        kinds = sorted({graph.label(URIRef(quad.object.value)) for quad in quads if isinstance(quad.object, ox.NamedNode)})
        found.append(CentralEntity(graph.label(URIRef(iri)), iri, tuple(kinds), here[iri], everywhere[iri] - here[iri]))
    return tuple(found)


def _mentions(graph: KnowledgeGraph) -> dict[str, Counter[str]]:
    """In how many sentences of each domain each entity is mentioned; what is one is counted as one."""
    answer = graph.store.query(
        f"SELECT ?d ?e (COUNT(DISTINCT ?sentence) AS ?n) {{ GRAPH <{Layer.PROVENANCE.value}> {{"
        f" ?statement {prov.PREDICATE} {ox.NamedNode(RDF.type)} ; {prov.SUBJECT} ?e ; {prov.DERIVED_FROM} ?evidence ."
        f" ?evidence {prov.SOURCE_SENTENCE} ?sentence . ?sentence {prov.HAS_SOURCE} ?doc . ?doc {prov.DOMAIN} ?d"
        f" FILTER(ISIRI(?e)) }} }} GROUP BY ?d ?e"
    )
    assert isinstance(answer, ox.QuerySolutions)
    counts: dict[str, Counter[str]] = {}
    for row in answer:
        counts.setdefault(row["d"].value, Counter())[str(graph.canonical(URIRef(row["e"].value)))] += int(row["n"].value)
    return counts


def _sentences(
    passages: PassageIndex, documents: list[str], entities: tuple[CentralEntity, ...], encoder: Encoder | None, most: int
) -> tuple[Quote, ...]:
    ids = passages.ids_of(documents)
    if not ids:
        return ()
    every, vectors = passages.vectors()
    near = centrality(vectors[np.searchsorted(every, ids)].astype(np.float64))
    best = [ids[place] for place in np.lexsort((np.array(ids), -near))[:PASSAGES_READ]]
    quotes = [
        Quote(passage.document, passage.start + start, passage.start + end, passage.text[start:end])
        for passage in passages.get(best)
        for start, end in sentences(passage.text)
        if SHORTEST <= end - start <= LONGEST
    ][:SENTENCES_READ]
    table = NameTable({normal_name(entity.name) for entity in entities} - {""})
    held = np.array([min(len(table.occurrence_names(quote.quote)), 3) / 3 for quote in quotes])
    told = text_vectors([quote.quote for quote in quotes], encoder)
    picked = chosen(0.7 * centrality(told) + 0.3 * held, told, most=most, among=range(len(quotes)))
    return tuple(quotes[place] for place in picked)
