"""From a question to plans over a graph's own vocabulary, the likeliest first.

question -> NameFinder      -> readings (which stretch is the name that steps start from, which others are names)
         -> QuestionNetwork -> kind, number of steps, a vector for each step
         -> a beam of paths that exist in the graph -> QueryPlan with probabilities
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import nlargest
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rdflib import Literal, URIRef

from dovetail.kg.names import WDT
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.encoder import TextEncoder
from dovetail.models.question_network import KINDS, QuestionNetwork, token_states
from dovetail.reasoning.questions.planning.classes import ClassNouns
from dovetail.reasoning.questions.planning.execute import followed
from dovetail.reasoning.questions.planning.fact_view import FactView
from dovetail.reasoning.questions.planning.learnt import LearntPaths, features_of
from dovetail.reasoning.questions.planning.linking import Mention, NameFinder
from dovetail.reasoning.questions.planning.paths import BEAM, GraphPath, paths_from, possible_steps, reached, usual_ends
from dovetail.reasoning.questions.planning.plan import PlannedStep, QueryPlan
from dovetail.reasoning.questions.planning.readings import Reading, readings_of, sure_names
from dovetail.reasoning.questions.planning.vocabulary import GraphVocabulary, log_softmax, question_network

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
PLANS = 10
MEASURES = 4
"""So many relations are tried as what is compared."""
PLACED = (WDT.P131, WDT.P17, WDT.P276, WDT.P30)
"""Located in an administrative unit, a country, a place, a continent: "in", whichever it is."""
PATH_KINDS = ("lookup", "list", "count")


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What the network says of one reading, as log-probabilities: ``steps`` (MOST_HOPS, 2 · relations), ``measures`` by step.

    ``named`` are the classes that the question names.
    """

    reading: Reading
    kind: Mapping[str, float]
    hops: Floats
    steps: Floats
    measures: tuple[tuple[int, float], ...]
    seconds: tuple[tuple[int, float], ...]
    types: Floats
    smallest: bool
    named: tuple[URIRef, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PathCandidate:
    """A path that a question may ask for; ``parts`` (3,) are the log-odds that ``learnt.PARTS`` name."""

    reading: Reading
    kind: Mapping[str, float]
    path: GraphPath
    parts: Floats


class Planner:
    """Plans questions over one state of a graph.

    ``learnt`` is what questions with known answers have taught about it: what lies beside the graph, unless it is given.
    """

    def __init__(
        self, graph: KnowledgeGraph, encoder: TextEncoder, *, network: QuestionNetwork | None = None, learnt: LearntPaths | None = None
    ) -> None:
        self.graph = graph
        self.encoder = encoder
        self.network = network or question_network()
        self.view = FactView.of(graph)
        self.finder = NameFinder(graph, self.view)
        self._to_values: dict[int, bool] = {}
        path = learnt_path(graph)
        self.learnt = LearntPaths.load(path) if learnt is None and path is not None and path.is_file() else learnt

    @cached_property
    def vocabulary(self) -> GraphVocabulary:
        """The graph's relations and classes as the network sees them."""
        return GraphVocabulary.of(self.graph, self.view.relations, sorted(self.view.classes), self.encoder, self.network)

    @cached_property
    def nouns(self) -> ClassNouns:
        """What the graph's classes are called."""
        return ClassNouns(self.graph, self.view.classes)

    def names(self, question: str) -> list[Mention]:
        """The likely names in a question, left to right."""
        return sure_names(self.finder.mentions(question))

    def plans(self, question: str, *, beyond: bool = False) -> list[QueryPlan]:
        """The likeliest plans, with probabilities that sum to at most 1; ``beyond``: also over facts that are missing."""
        found: list[tuple[float, QueryPlan]] = []
        for said in self._said(question):
            members = self.view.members(said.named)
            scored = [(self._score(candidate), number, candidate) for number, candidate in enumerate(self._candidates(said, beyond=beyond))]
            for score, _, candidate in nlargest(PLANS, scored):
                plan, likely = self._looked_up(candidate, said.named, members), float(candidate.parts[1:].sum())
                for kind in PATH_KINDS:
                    found.append((score + said.kind[kind], _fitting(replace(plan, kind=kind), likely + said.kind[kind])))
                found.extend(self._greatest_of(candidate, plan, score, said))
            found.extend(self._of_two(said))
            found.extend(self._comparisons(said))
            found.extend(self._spans(said))
            found.extend(self._greatest_of_class(said))
        return _probable(found)

    def _looked_up(self, candidate: PathCandidate, types: tuple[URIRef, ...], members: Ids) -> QueryPlan:
        """The plan to take a path, with the types that the question names where their ``members`` part what it leads to."""
        path, steps = candidate.path, self._steps(candidate.path.steps)
        ends = path.ends if not steps[-1].also else followed_ends(self.view, path.node, steps)
        kept = int(np.isin(ends, members).sum()) if types else 0
        return QueryPlan("lookup", (self.view.term(path.node),), steps, 0.0, types if 0 < kept < len(ends) else ())

    def candidates(self, question: str, *, wide: bool = False) -> list[PathCandidate]:
        """Every path that is tried for a question; ``wide``: as many as are tried once something has been learnt."""
        return [candidate for said in self._said(question) for candidate in self._candidates(said, wide=wide)]

    @torch.inference_mode()
    def _said(self, question: str) -> list[_Said]:
        readings = readings_of(question, self.finder.mentions(question))
        if not self.view.relations:
            return []
        made = token_states(self.encoder, [one.text for one in readings], [-1 if one.place is None else one.place for one in readings])
        read = self.network(made.states, made.mask, made.flags)
        kinds, hops = (log_softmax(logits.double().numpy()) for logits in (read.kind, read.hops))
        dimensions, seconds = self.vocabulary.steps(read.dimension), self.vocabulary.steps(read.second)
        types = self.vocabulary.types(read.type)
        said = []
        for row, reading in enumerate(readings):
            said.append(
                _Said(
                    reading,
                    dict(zip(KINDS, kinds[row].tolist(), strict=True)),
                    hops[row],
                    self.vocabulary.steps(read.steps[row]),
                    _likeliest(dimensions[row]),
                    _likeliest(seconds[row]),
                    types[row],
                    float(read.smallest[row]) > 0,
                    self.nouns.asked(reading.text),
                )
            )
        return said

    def _candidates(self, said: _Said, *, wide: bool = False, beyond: bool = False) -> Iterator[PathCandidate]:
        topic = said.reading.topic
        if topic is None:
            return
        for path in paths_from(self.view, topic.nodes, said.steps, beam=2 * BEAM if wide or self.learnt else BEAM, beyond=beyond):
            parts = np.array([topic.prior, float(said.hops[len(path.steps)]), path.score])
            yield PathCandidate(said.reading, said.kind, path, parts)

    def _score(self, candidate: PathCandidate) -> float:
        if self.learnt is None:
            return float(candidate.parts.sum())
        return self.learnt.score(self.features(candidate), candidate.parts)

    def features(self, candidate: PathCandidate) -> Ids:
        """What ``learnt`` sees of a candidate."""
        steps = [f"{'^' if number % 2 else ''}{self.view.relations[number // 2]}" for number in candidate.path.steps]
        return features_of(candidate.reading.text, steps, candidate.reading.written)

    def _steps(self, numbers: Sequence[int]) -> tuple[PlannedStep, ...]:
        return tuple(self._step(self.view.relations[number // 2], inverse=bool(number % 2)) for number in numbers)

    def _step(self, relation: URIRef, *, inverse: bool) -> PlannedStep:
        """A step; what is asked for by where it lies may be said to lie there by any of PLACED."""
        also = tuple(one for one in PLACED if one != relation and one in self.view.relations) if inverse and relation in PLACED else ()
        return PlannedStep(relation, inverse, also)

    def _of_two(self, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans about two names: whether one is the other's, how they are connected."""
        names, place = said.reading.names, said.reading.place
        if len(names) < 2 or place not in (0, 1):
            return
        one, other = names[place], names[1 - place]
        nodes = self.view.term(one.nodes[0]), other.value if other.value is not None else self.view.term(other.nodes[0])
        for number in possible_steps(self.view, np.array([one.nodes[0]])):
            if self._leads_to_values(number) != isinstance(nodes[1], Literal):
                continue
            likely = said.kind["boolean"] + float(said.steps[0][number])
            yield one.prior + other.prior + likely, _fitting(QueryPlan("boolean", nodes, self._steps((number,)), 0.0), likely)
        if place == 0 and other.nodes:
            likely = said.kind["connection"]
            yield one.prior + other.prior + likely, _fitting(QueryPlan("connection", nodes, (), 0.0), likely)

    def _comparisons(self, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans that compare two names, or what one step from each leads to, by a measure that both have."""
        names = said.reading.names[:2]
        if len(names) < 2 or said.reading.place != 0 or not names[1].nodes:
            return
        nodes = [np.array([name.nodes[0]]) for name in names]
        shared = set(possible_steps(self.view, nodes[0])) & set(possible_steps(self.view, nodes[1]))
        before: list[tuple[float, tuple[int, ...]]] = [(float(said.hops[0]), ())]
        before += sorted(((float(said.hops[1] + said.steps[0][number]), (number,)) for number in shared), reverse=True)[:BEAM]
        for score, path in before:
            ends = [reached(self.view, node, path[0]) if path else node for node in nodes]
            common = set(possible_steps(self.view, ends[0])) & set(possible_steps(self.view, ends[1]))
            for measure, likely, among in _offered(said, common):
                plan = QueryPlan("choice", tuple(self.view.term(name.nodes[0]) for name in names), self._steps(path), 0.0)
                plan = replace(plan, dimension=self._steps((measure,))[0], smallest=said.smallest)
                for kind in ("choice", "order", "difference") if not path else ("choice",):
                    total = said.kind[kind] + score
                    yield sum(one.prior for one in names) + total + likely, _fitting(replace(plan, kind=kind), total + among)

    def _spans(self, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans for how far two values of one thing are apart."""
        topic = said.reading.topic
        if topic is None:
            return
        offered = set(possible_steps(self.view, np.array([topic.nodes[0]])))
        for first, likely in said.measures:
            for last, second in said.seconds:
                if first != last and {first, last} <= offered:
                    one, other = self._steps((first, last))
                    plan = QueryPlan("difference", (self.view.term(topic.nodes[0]),), (), 0.0, dimension=one, second=other)
                    total = said.kind["difference"] + likely + second
                    yield topic.prior + total, _fitting(plan, total)

    def _greatest_of(self, candidate: PathCandidate, plan: QueryPlan, score: float, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans for what is most among what a path leads to."""
        offered = set(possible_steps(self.view, candidate.path.ends))
        for measure, likely, among in _offered(said, offered):
            dimension = self._steps((measure,))[0]
            greatest = replace(plan, kind="superlative", dimension=dimension, smallest=said.smallest)
            total = said.kind["superlative"]
            yield score + total + likely, _fitting(greatest, total + among + float(candidate.parts[1:].sum()))

    def _greatest_of_class(self, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans for what is most among the members of a class."""
        if said.reading.place is not None:
            return
        likely_types = (
            [(0.0, said.named)]
            if said.named
            else [(float(said.types[place]), (self.vocabulary.classes[place],)) for place in np.argsort(-said.types)[:MEASURES].tolist()]
        )
        for chance, types in likely_types:
            offered = set(possible_steps(self.view, self.view.members(types)))
            for measure, likely, among in _offered(said, offered):
                total = said.kind["superlative"] + float(said.hops[0]) + chance
                plan = QueryPlan("superlative", (), (), 0.0, types, self._steps((measure,))[0], said.smallest)
                yield total + likely, _fitting(plan, total + among)

    def _leads_to_values(self, step: int) -> bool:
        """Whether a step leads to dates, numbers or texts and not to things."""
        if step not in self._to_values:
            ends = usual_ends(self.view, step)
            self._to_values[step] = bool(len(ends)) and bool((ends < self.view.index.terms.first_iri).mean() > 0.5)
        return self._to_values[step]


def _offered(said: _Said, offered: Collection[int]) -> Iterator[tuple[int, float, float]]:
    """The measures that things have: each with its log-probability among all, and among those that they have."""
    had = [(number, likely) for number, likely in said.measures if number in offered]
    shares = log_softmax(np.array([likely for _, likely in had]))
    for (number, likely), share in zip(had, shares.tolist(), strict=True):
        yield number, likely, share


def learnt_path(graph: KnowledgeGraph) -> Path | None:
    """Where a graph keeps what questions have taught about it; None for one in memory."""
    return None if graph.path is None else graph.path / "planner" / "paths.npz"


def _fitting(plan: QueryPlan, said: float) -> QueryPlan:
    """The plan with its fit, from the log-probability of all its parts: its kind, its number of steps, each step and measure."""
    parts = 2 + len(plan.steps) + (plan.dimension is not None) + (plan.second is not None)
    return replace(plan, fit=float(np.exp(min(said, 0.0) / parts)))


def followed_ends(view: FactView, node: int, steps: Sequence[PlannedStep]) -> Ids:
    """Where steps lead from a node, in all their ways."""
    nodes = np.array([node])
    for step in steps:
        nodes = np.unique(followed(nodes, step, view).ends)
    return nodes


def _likeliest(steps: Floats) -> tuple[tuple[int, float], ...]:
    """The steps along a relation that are likeliest."""
    forth = [int(number) for number in np.argsort(-steps) if number % 2 == 0][:MEASURES]
    return tuple((number, float(steps[number])) for number in forth)


def _probable(found: Sequence[tuple[float, QueryPlan]]) -> list[QueryPlan]:
    """The best plans, each once, with their probabilities among all."""
    best: dict[QueryPlan, float] = {}
    for score, plan in found:
        best[plan] = max(score, best.get(plan, -np.inf))
    if not best:
        return []
    shares = np.exp(log_softmax(np.array(list(best.values()))))
    order = sorted(zip(best, shares.tolist(), strict=True), key=lambda pair: (-pair[1], str(pair[0])))
    return [replace(plan, probability=share) for plan, share in order[:PLANS]]
