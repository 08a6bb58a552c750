"""A short description of one thing, put together from what the graph and its documents say.

entity -> facts, by relations that mean much the same     ┐
       -> sentences about it (evidence, mentions, its own  ┼-> aspects, each with its facts and the sentences that tell most of it
          document), by meaning                           ┘

Nothing is written that no document says: sentences are quoted, facts are labels. A sentence is quoted once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rdflib import RDF, BNode, URIRef

from dovetail.kg.errors import InputError
from dovetail.kg.passages import PassageIndex
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.questions.answer import Quote, quote_of
from dovetail.reasoning.questions.describing.choosing import Floats, centrality, chosen, clusters, text_vectors
from dovetail.reasoning.questions.describing.description import Aspect, DescribedFact, Description
from dovetail.reasoning.questions.describing.facts_about import disagreements, facts_about
from dovetail.reasoning.questions.facts import NOT_RELATIONS
from dovetail.reasoning.questions.passages.retrieval import Encoder
from dovetail.reasoning.questions.reading.spans import sentences
from dovetail.reasoning.questions.surfaces import NameTable, normal_name, title_names

IN_SHORT, ALSO = "in short", "also said"
ONE_ASPECT = 0.45
"""Relations whose labels have this average cosine are one aspect."""
POOL = 240
"""So many sentences are looked at."""
SEARCHED = 20
SENTENCES_OF_ASPECT = 2
SHORTEST, LONGEST = 20, 500
"""Characters of a sentence worth quoting."""
LABELS_IN_TITLE = 2


@dataclass(frozen=True, slots=True)
class _Pooled:
    quote: Quote
    relations: frozenset[str]
    opens: bool


def describe(
    graph: KnowledgeGraph, passages: PassageIndex, entity: URIRef | BNode, *, encoder: Encoder | None = None, most: int = 8
) -> Description:
    """What is said of ``entity``, in at most ``most`` sentences. Without an encoder, words take the place of meaning.

    InputError where the graph says nothing of it.

    >>> from rdflib import RDFS, Literal
    >>> from dovetail.kg.statement import Statement
    >>> graph = KnowledgeGraph()
    >>> curie, field = URIRef("urn:x:curie"), URIRef("urn:x:field")
    >>> _ = graph.add([Statement(curie, RDFS.label, Literal("Curie")), Statement(curie, field, Literal("physics"))])
    >>> with PassageIndex(None) as passages:
    ...     found = describe(graph, passages, curie)
    >>> found.name, [(aspect.title, aspect.facts[0].value) for aspect in found.aspects]
    ('Curie', [('field', 'physics')])
    """
    entity = graph.canonical(entity)
    statements = graph.statements_about(entity)
    if not statements:
        raise InputError(f"the graph says nothing of {entity}: name another thing")
    facts = facts_about(graph, entity)
    names = graph.names(entity)
    mentions = [quote_of(e) for s in statements if s.predicate in NOT_RELATIONS for e in s.evidence]
    pool = _pool(facts, mentions, passages, names or [graph.label(entity)])
    vectors = text_vectors([one.quote.quote for one in pool], encoder)
    group = set(graph.same(entity))
    kinds = sorted({graph.label(s.object) for s in statements if s.predicate == RDF.type and s.subject in group})
    label = graph.label(entity)
    return Description(
        label,
        str(entity),
        tuple(kinds),
        tuple(name for name in names if name != label),
        len({one.quote.document for one in pool}),
        tuple(_aspects(facts, pool, vectors, encoder, most)),
        tuple(disagreements(graph, entity, facts)),
    )


def _pool(facts: Sequence[DescribedFact], mentions: Sequence[Quote], passages: PassageIndex, names: Sequence[str]) -> list[_Pooled]:
    """The sentences about an entity, those that state facts first, none overlapping another."""
    relations: dict[Quote, set[str]] = {}
    for fact in facts:
        for quote in fact.evidence:
            relations.setdefault(quote, set()).add(fact.relation_iri)
    opening = dict.fromkeys(_openings(passages, names))
    every = dict.fromkeys([*relations, *opening, *mentions, *_found(passages, names)])
    held: dict[str, list[tuple[int, int]]] = {}
    pool: list[_Pooled] = []
    for quote in every:
        places = held.setdefault(quote.document, [])
        size = len(" ".join(quote.quote.split()))
        if len(pool) < POOL and SHORTEST <= size <= LONGEST and not any(s < quote.end and quote.start < e for s, e in places):
            places.append((quote.start, quote.end))
            opens = any(o.document == quote.document and o.start < quote.end and quote.start < o.end for o in opening)
            pool.append(_Pooled(quote, frozenset(relations.get(quote, ())), opens))
    return pool


def _openings(passages: PassageIndex, names: Sequence[str]) -> Iterator[Quote]:
    """The first sentence of each document that has one of the names for its title."""
    forms = {normal_name(name) for name in names}
    ids = dict.fromkeys(number for name in names[:3] for number, _ in passages.search(name, SEARCHED))
    titled = {p.document: p.title for p in passages.get(ids) if forms & set(title_names(p.title))}
    for document in sorted(titled):
        first = passages.at(document, 0)
        for start, end in sentences(first.text) if first else ():
            text = first.text[start:end] if first else ""
            if first and len(text) >= SHORTEST and normal_name(text) not in forms:
                yield Quote(document, first.start + start, first.start + end, text)
                break


def _found(passages: PassageIndex, names: Sequence[str]) -> Iterator[Quote]:
    """The sentences that hold one of the names, in the passages that a search for it finds."""
    table = NameTable({normal_name(name) for name in names} - {""})
    for number in dict.fromkeys(number for name in names[:3] for number, _ in passages.search(name, SEARCHED)):
        [passage] = passages.get([number])
        for start, end in sentences(passage.text):
            if table.occurrences(passage.text[start:end]):
                yield Quote(passage.document, passage.start + start, passage.start + end, passage.text[start:end])


def _aspects(
    facts: Sequence[DescribedFact], pool: Sequence[_Pooled], vectors: Floats, encoder: Encoder | None, most: int
) -> Iterator[Aspect]:
    states = np.array([min(len(one.relations), 2) / 2 for one in pool])
    opens = np.array([float(one.opens) for one in pool])
    relevance = 0.6 * centrality(vectors) + 0.2 * states + 0.2 * opens
    lead = chosen(relevance, vectors, most=1, among=[i for i, one in enumerate(pool) if one.opens])
    taken = list(lead)
    if lead:
        yield Aspect(IN_SHORT, (), tuple(pool[i].quote for i in lead))
    groups = _groups(facts, encoder)
    for number, group in enumerate(groups):
        iris = {fact.relation_iri for fact in group}
        among = [i for i, one in enumerate(pool) if one.relations & iris]
        left = most - len(taken)
        share = min(SENTENCES_OF_ASPECT if left > len(groups) - number else 1, left)
        picked = chosen(relevance, vectors, most=share, among=among, taken=taken)
        taken += picked
        yield Aspect(_title(group), tuple(group), tuple(pool[i].quote for i in picked))
    rest = chosen(relevance, vectors, most=most - len(taken), among=[i for i, one in enumerate(pool) if not one.relations], taken=taken)
    if rest:
        yield Aspect(ALSO, (), tuple(pool[i].quote for i in rest))


def _groups(facts: Sequence[DescribedFact], encoder: Encoder | None) -> list[list[DescribedFact]]:
    """Facts whose relations mean much the same together, those with most sentences behind them first."""
    labels = sorted({fact.relation for fact in facts})
    together = clusters(text_vectors(labels, encoder), least=ONE_ASPECT)
    groups = [[fact for fact in facts if fact.relation in {labels[i] for i in some}] for some in together]
    return sorted(groups, key=lambda group: (-len({q for fact in group for q in fact.evidence}), -len(group), group[0].relation))


def _title(group: Sequence[DescribedFact]) -> str:
    labels = list(dict.fromkeys(fact.relation for fact in group))
    return ", ".join(labels[:LABELS_IN_TITLE]) + (", ..." if len(labels) > LABELS_IN_TITLE else "")
