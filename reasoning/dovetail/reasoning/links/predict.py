"""What is probably true of a graph but missing, how probable, and why.

    from dovetail.kg import KnowledgeGraph
    from dovetail.reasoning import LinkReasoner

    reasoner = LinkReasoner(KnowledgeGraph.open("graph.dovetail"))
    for prediction in reasoner.predict(head=curie, relation=field_of_work):
        print(prediction.probability, prediction.object, prediction.explanation.grounds)

The probability of a candidate is that it is the answer that is missing, supposing that one is. Where the question itself is
the reasoner's (no relation is named, or no entity), it is multiplied by the chance that there is an answer at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from rdflib import RDF, RDFS, BNode, Literal, URIRef

from dovetail.kg.errors import InputError
from dovetail.kg.statement import Term
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.link_graph import Rows
from dovetail.reasoning.links.calibration import shares
from dovetail.reasoning.links.domains import domains_of, exclusive
from dovetail.reasoning.links.experts.cases import CaseExpert
from dovetail.reasoning.links.experts.registry import EXPERTS
from dovetail.reasoning.links.experts.rules import RuleExpert
from dovetail.reasoning.links.explain import Explainer
from dovetail.reasoning.links.graph_names import Encode
from dovetail.reasoning.links.prediction import Prediction, Triple
from dovetail.reasoning.links.prepared import prepare
from dovetail.reasoning.links.protocol import Answers
from dovetail.reasoning.links.questions import Plausible, Questions

QUESTIONS = 300
"""Questions that are asked where none is given, the likeliest to have an answer."""
ENTITIES = 3_000
"""Entities that questions are looked for about, those with most edges."""
ANSWERS = 10
"""Answers to each of these questions at most."""
STATES = 2_000_000
"""Entities times questions that are computed together."""
PARTS = (*EXPERTS, "candidate")
"""What a score is made of."""
_SCHEMA = (RDF.type, RDFS.subClassOf, RDFS.subPropertyOf)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which answers to a question: the ``top`` best of at least some probability, all or ``only`` one, or those ``allowed`` (entities,)."""

    top: int
    least: float = 0.0
    across: bool = False
    only: int | None = None
    allowed: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer to a question."""

    probability: float
    head: int
    query: int
    tail: int
    experts: dict[str, float]


class LinkReasoner:
    """Predicts links of a graph as it is now. Making one takes seconds to minutes, by the size of the graph; each question little.

    ``encode`` makes vectors of names, (texts, dim); the packaged text encoder does unless it is given. Raises InputError for a graph
    without facts between things and for vectors that are not finite, ModelError for weights of another version.
    """

    def __init__(
        self, graph: KnowledgeGraph, *, encode: Encode | None = None, weights: Path | None = None, rule_seconds: float = 20.0
    ) -> None:
        self.graph = graph
        prepared = prepare(graph, encode=encode, weights=weights, rule_seconds=rule_seconds)
        self.known, self.fusion, self.curve = prepared.known, prepared.fusion, prepared.curve
        self.view = self.known.view
        links = self.view.graph
        self.answers = Answers(links.triples, relations=links.relation_count)
        rules, cases = self.fusion.experts["rules"], self.fusion.experts["cases"]
        assert isinstance(rules, RuleExpert) and isinstance(cases, CaseExpert)
        self.cases = cases
        self.questions = Questions(links, self.cases)
        self.explainer = Explainer(graph, self.known, rules, self.cases)

    @cached_property
    def domains(self) -> dict[str, NDArray[np.bool_]]:
        """The domains of the graph, each with which entities are in it."""
        return dict(domains_of(self.graph, self.view))

    def predict(
        self,
        *,
        head: Term | None = None,
        relation: URIRef | None = None,
        tail: Term | None = None,
        top: int = 10,
        least: float = 0.0,
        across: bool = False,
    ) -> list[Prediction]:
        """The ``top`` likeliest triples that the graph does not have, with this head, relation and tail where they are given.

        ``least``: the probability below which nothing is told. ``across``: only those whose ends belong to no common domain. Of a triple
        given in full, its probability, known or not. Nothing where the graph has no fact that joins an end to another thing. Raises
        InputError for a literal, or a relation of no fact.
        """
        if any(isinstance(term, Literal) for term in (head, tail)):
            raise InputError("links are predicted between things; a literal is none: name a thing")
        query = None if relation is None else self._relation(relation)
        ends = [None if term is None else self._entity(term) for term in (head, tail)]
        if any(term is not None and end is None for term, end in zip((head, tail), ends, strict=True)):
            return []
        wanted = _Wanted(top=top, least=least, across=across, only=ends[1] if ends[0] is not None else None)
        return self._told(self._asked(ends[0], query, ends[1], wanted), top)

    def ends(self, start: Term, relation: URIRef, *, inverse: bool = False, top: int = 3) -> list[tuple[Term, float]]:
        """Where ``relation``, or it backwards, probably leads from a thing though no fact says so, with probabilities, unexplained."""
        number, place = self._number(relation), self._entity(start)
        query = np.flatnonzero(self.view.relations == number) if number is not None else np.zeros(0, np.int64)
        if place is None or not len(query):
            return []
        asked = _one(place, int(query[0]) + (self.view.graph.relation_count if inverse else 0))
        found = sorted(self._answer(asked, _Wanted(top=top)), key=lambda one: (-one.probability, one.tail))
        return [(self.view.index.terms[int(self.view.entities[one.tail])], one.probability) for one in found]

    def bridge(self, one: str, other: str, *, top: int = 10) -> list[Prediction]:
        """Triples between things of two domains that chains of facts join, the likeliest first (literature-based discovery).

        After Swanson, Fish oil, Raynaud's syndrome, and undiscovered public knowledge (1986): A and B are joined in one literature, B and
        C in another. Raises InputError for a domain that the graph does not have.
        """
        for name in (one, other):
            if name not in self.domains:
                raise InputError(f"no domain {name!r} in the graph; it has {', '.join(map(repr, self.domains)) or 'none'}")
        sides = exclusive(self.domains, one, other)
        found: list[_Found] = []
        for mine, theirs in (sides, sides[::-1]):
            found += self._bridges(mine, theirs)
        told = self._told(found, 4 * top)
        return [prediction for prediction in told if prediction.explanation.paths][:top]

    # ------------------------------------------------------------------ questions

    def _asked(self, head: int | None, query: int | None, tail: int | None, wanted: _Wanted) -> list[_Found]:
        count = self.view.graph.relation_count
        forth, back = np.arange(count), np.arange(count, 2 * count)
        if head is not None and query is not None:
            return self._answer(_one(head, query), wanted)
        if tail is not None and query is not None:
            return self._answer(_one(tail, query + count), wanted)
        few = replace(wanted, top=min(wanted.top, ANSWERS))
        if head is not None:
            return self._answer(self._open(np.array([head]), forth), few)
        if tail is not None:
            return self._answer(self._open(np.array([tail]), back), few)
        queries = np.concatenate([forth, back]) if query is None else np.array([query, query + count])
        return self._answer(self._open(self._busiest(), queries), few)

    def _open(self, entities: Rows, queries: Rows) -> Plausible:
        """The likeliest questions, those about types and classes left out unless they are asked for."""
        if len(queries) > 2:
            schema = [number for term in _SCHEMA if (number := self._number(term)) is not None]
            queries = queries[~np.isin(self.view.relations[queries % self.view.graph.relation_count], schema)]
        return self.questions.of(entities, queries=queries, top=QUESTIONS)

    def _busiest(self) -> Rows:
        degrees = np.diff(self.view.graph.edges.starts)
        return np.sort(np.argsort(-degrees, kind="stable")[:ENTITIES])

    def _bridges(self, mine: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> list[_Found]:
        """Answers among ``theirs`` to questions about those of ``mine`` that two facts join to one of them."""
        has = self.cases.joined
        reach = np.asarray(has[mine] @ (has @ theirs.astype(np.float32)[:, None])).ravel()
        starts = np.flatnonzero(mine)[reach > 0]
        starts = starts[np.argsort(-reach[reach > 0], kind="stable")][:ENTITIES]
        count = self.view.graph.relation_count
        return self._answer(self._open(starts, np.arange(2 * count)), _Wanted(top=ANSWERS, allowed=theirs))

    def _answer(self, asked: Plausible, wanted: _Wanted) -> list[_Found]:
        """The answers to each question, in lots that memory holds."""
        order = np.argsort(asked.queries, kind="stable")
        size = max(STATES // max(self.view.graph.entity_count, 1), 1)
        found: list[_Found] = []
        for low in range(0, len(order), size):
            some = order[low : low + size]
            found += self._answer_some(Plausible(asked.heads[some], asked.queries[some], asked.chances[some]), wanted)
        return found

    def _answer_some(self, asked: Plausible, wanted: _Wanted) -> Iterator[_Found]:
        parts = self.fusion.parts(asked.heads, asked.queries)
        known = [answers[answers != wanted.only] for answers in self.answers.of_each(asked.heads, asked.queries)]
        hidden = [np.append(answers, head) if head != wanted.only else answers for answers, head in zip(known, asked.heads, strict=True)]
        found = self.curve(shares(parts.sum(-1), hidden)) * asked.chances[:, None]
        for question, (head, query, row) in enumerate(zip(asked.heads.tolist(), asked.queries.tolist(), found, strict=True)):
            if wanted.across:
                row = np.where(self._elsewhere(head), row, 0.0)
            if wanted.allowed is not None:
                row = np.where(wanted.allowed, row, 0.0)
            best = np.argsort(-row, kind="stable")[: wanted.top] if wanted.only is None else np.array([wanted.only])
            for tail in best[(row[best] > 0) & (row[best] >= wanted.least)].tolist():
                yield _Found(float(row[tail]), head, query, tail, dict(zip(PARTS, parts[question, tail].tolist(), strict=True)))

    def _elsewhere(self, entity: int) -> NDArray[np.bool_]:
        """Entities of some domain that share none with this one."""
        masks = np.stack(list(self.domains.values())) if self.domains else np.zeros((0, len(self.view.entities)), bool)
        return np.asarray(masks.any(0) & ~masks[masks[:, entity]].any(0) & masks[:, entity].any())

    def _told(self, found: list[_Found], top: int) -> list[Prediction]:
        """The best of them as triples, each once, explained."""
        best: dict[Triple, _Found] = {}
        for each in sorted(found, key=lambda one: (-one.probability, one.head, one.query, one.tail)):
            best.setdefault(self.explainer.triple((each.head, each.query, each.tail)), each)
            if len(best) == top:
                break
        return [
            Prediction(
                triple[0], triple[1], triple[2], each.probability, each.experts, self.explainer.explain(each.head, each.query, each.tail)
            )
            for triple, each in best.items()
        ]

    # ------------------------------------------------------------------ terms

    def _number(self, term: Term) -> int | None:
        """The number of a term in the view's index."""
        return self.view.index.terms.id(term)

    def _entity(self, term: Term) -> int | None:
        number = self._number(self.graph.canonical(cast(URIRef | BNode, term)))
        place = None if number is None else int(np.searchsorted(self.view.entities, number))
        return place if place is not None and place < len(self.view.entities) and self.view.entities[place] == number else None

    def _relation(self, term: Term) -> int:
        number = self._number(term)
        place = np.flatnonzero(self.view.relations == number) if number is not None else np.zeros(0, np.int64)
        if not len(place):
            raise InputError(f"no fact of the graph joins two things by {self.graph.label(term)!r}; dovetail info lists its relations")
        return int(place[0])


def _one(entity: int, query: int) -> Plausible:
    return Plausible(np.array([entity]), np.array([query]), np.ones(1, np.float32))
