"""Which entity a name stands for: the spaCy component ``dovetail_linking`` sets ``Span.kb_id_``.

A name in the user's vocabulary gets the vocabulary's IRI where that is more probable than everything else (``link_ranking.py``): first
come names that mean one entity only, then all others, which an entity named in the same document is likelier to be. Any other name gets
an IRI minted from the fullest name of its cluster and its kind, so that the same name in two documents is one entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rdflib import URIRef
from spacy.language import Language
from spacy.tokens import Doc, Span

from dovetail.kg.names import entity_iri
from dovetail.nlp.abbreviations import abbreviations
from dovetail.nlp.coreference import Cluster, clean_surface
from dovetail.nlp.link_ranking import Query, rank, type_names
from dovetail.nlp.mentions import shared_catalogue
from dovetail.nlp.vocabulary import Vocabulary

LINK_FROM = 0.5
"""Probability above which a name is linked; below it the name is somebody else's."""

SURFACES = 4
"""Names of a cluster that are looked up at most."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a name stands for: an entity of the vocabulary with its probability, or none; ``nil`` is the probability that it is none."""

    iri: URIRef | None
    probability: float
    nil: float


def link_all(queries: Sequence[Query], vocabulary: Vocabulary) -> list[Link]:
    """The links of the names of one document, in their order.

    >>> from dovetail.nlp.vocabulary import VocabularyName
    >>> vocabulary = Vocabulary.of([VocabularyName(URIRef("urn:x:radium"), "Radium"), VocabularyName(URIRef("urn:x:radon"), "Radon")])
    >>> [link.iri for link in link_all([Query("radium"), Query("Polonium")], vocabulary)]
    [rdflib.term.URIRef('urn:x:radium'), None]
    """
    if not len(vocabulary):
        return [Link(None, 0.0, 1.0)] * len(queries)
    beyond_doubt = {query: sure([query], vocabulary) for query in dict.fromkeys(queries)}
    near = frozenset[int]().union(*beyond_doubt.values())
    links = {}
    for query, own in beyond_doubt.items():
        ranked = rank(query, vocabulary, near=near - own)
        nil = 1.0 - sum(one.probability for one in ranked)
        if ranked and ranked[0].probability > LINK_FROM:
            links[query] = Link(vocabulary.iri(ranked[0].entity), ranked[0].probability, nil)
        else:
            links[query] = Link(None, ranked[0].probability if ranked else 0.0, nil)
    return [links[query] for query in queries]


def sure(queries: Iterable[Query], vocabulary: Vocabulary) -> frozenset[int]:
    """The numbers of the entities that these names mean beyond doubt: names of one entity only, and no abbreviations."""
    found = set()
    for query in queries:
        entities = {row.entity for row in vocabulary.named(query.expansion or query.surface)}
        if len(entities) == 1 and len(query.expansion or query.surface) > 4:
            found |= entities
    return frozenset(found)


@Language.factory("dovetail_linking", default_config={"labels": None})
def create_linker(nlp: Language, name: str, labels: str | None) -> Linker:
    """The component for ``nlp.add_pipe``; set its ``vocabulary`` to link to one."""
    return Linker({e.key: type_names(e.key, e.name, str(e.iri)) for e in shared_catalogue(labels).entities})


class Linker:
    """Gives every mention of a cluster the IRI of its entity. ``types`` says what each label may be called in a vocabulary."""

    def __init__(self, types: dict[str, frozenset[str]]) -> None:
        self.types = types
        self.vocabulary = Vocabulary.of(())

    def __call__(self, doc: Doc) -> Doc:
        """Set ``Span.kb_id_`` of every entity."""
        clusters = doc._.clusters or ()
        linked = []
        for cluster, iri in zip(clusters, self._linked(clusters, doc.text), strict=True):
            # The title of an article says with what stands in parentheses that it is not about a namesake.
            iri = iri or entity_iri(doc._.title if cluster.is_title else cluster.name, cluster.kind)
            for mention in cluster.mentions:
                linked.append(Span(doc, mention.start, mention.end, label=cluster.label, kb_id=str(iri)))
        doc.ents = linked
        return doc

    def _linked(self, clusters: Sequence[Cluster], text: str) -> list[URIRef | None]:
        """The vocabulary's IRI of each cluster: that of its first name, the fullest before the others, that is linked."""
        if not len(self.vocabulary):
            return [None] * len(clusters)
        explained = abbreviations(text)
        queries: list[Query] = []
        owners: list[int] = []
        for number, cluster in enumerate(clusters):
            query = Query("", types=self.types.get(cluster.label, frozenset()))
            names = dict.fromkeys([cluster.name, *sorted({clean_surface(m.text) for m in cluster.mentions})])
            for name in list(names)[:SURFACES]:
                queries.append(replace(query, surface=name, expansion=explained.get(name)))
                owners.append(number)
        found: list[URIRef | None] = [None] * len(clusters)
        for owner, link in zip(owners, link_all(queries, self.vocabulary), strict=True):
            found[owner] = found[owner] or link.iri
        return found
