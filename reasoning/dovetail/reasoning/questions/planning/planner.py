"""From a question to plans over a graph's own vocabulary, the likeliest first.

question -> NameFinder      -> readings (which stretch is the name that steps start from, which others are names)
         -> QuestionNetwork -> kind, number of steps, a vector for each step
         -> a beam of paths that exist in the graph -> QueryPlan with probabilities
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from dovetail.kg.store import KnowledgeGraph
from dovetail.models.encoder import TextEncoder
from dovetail.models.question_network import KINDS, QuestionNetwork, token_states
from dovetail.reasoning.questions.planning.fact_view import FactView
from dovetail.reasoning.questions.planning.learnt import LearntPaths, features_of
from dovetail.reasoning.questions.planning.linking import NameFinder
from dovetail.reasoning.questions.planning.paths import BEAM, GraphPath, paths_from, possible_steps, reached
from dovetail.reasoning.questions.planning.plan import PlannedStep, QueryPlan
from dovetail.reasoning.questions.planning.readings import Reading, readings_of
from dovetail.reasoning.questions.planning.vocabulary import GraphVocabulary, log_softmax, question_network

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
PLANS = 10
MEASURES = 4
"""So many relations are tried as what is compared."""
PATH_KINDS = ("lookup", "list", "count")


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What the network says of one reading, as log-probabilities: ``steps`` (MOST_HOPS, 2 · relations), ``measures`` by step."""

    reading: Reading
    kind: Mapping[str, float]
    hops: Floats
    steps: Floats
    measures: tuple[tuple[int, float], ...]
    seconds: tuple[tuple[int, float], ...]
    types: Floats
    smallest: bool


@dataclass(frozen=True, slots=True, eq=False)
class PathCandidate:
    """A path that a question may ask for; ``parts`` (3,) are the log-odds that ``learnt.PARTS`` name."""

    reading: Reading
    kind: Mapping[str, float]
    path: GraphPath
    parts: Floats


class Planner:
    """Plans questions over one state of a graph; ``learnt`` is what questions with known answers have taught about it."""

    def __init__(
        self, graph: KnowledgeGraph, encoder: TextEncoder, *, network: QuestionNetwork | None = None, learnt: LearntPaths | None = None
    ) -> None:
        self.graph = graph
        self.encoder = encoder
        self.network = network or question_network()
        self.view = FactView.of(graph)
        self.finder = NameFinder(graph, self.view)
        self.learnt = learnt

    @cached_property
    def vocabulary(self) -> GraphVocabulary:
        """The graph's relations and classes as the network sees them."""
        return GraphVocabulary.of(self.graph, self.view.relations, sorted(self.view.classes), self.encoder, self.network)

    def plans(self, question: str) -> list[QueryPlan]:
        """The likeliest plans, with probabilities that sum to at most 1."""
        found: list[tuple[float, QueryPlan]] = []
        for said in self._said(question):
            for candidate in self._candidates(said):
                score = self._score(candidate)
                plan = QueryPlan("lookup", (self.view.term(candidate.path.node),), self._steps(candidate.path.steps), 0.0)
                found.extend((score + said.kind[kind], replace(plan, kind=kind)) for kind in PATH_KINDS)
                found.extend(self._greatest_of(candidate, plan, score, said))
            found.extend(self._of_two(said))
            found.extend(self._comparisons(said))
            found.extend(self._spans(said))
            found.extend(self._greatest_of_class(said))
        return _probable(found)

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
                )
            )
        return said

    def _candidates(self, said: _Said, *, wide: bool = False) -> Iterator[PathCandidate]:
        topic = said.reading.topic
        if topic is None:
            return
        for path in paths_from(self.view, topic.nodes, said.steps, beam=2 * BEAM if wide or self.learnt else BEAM):
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
        return tuple(PlannedStep(self.view.relations[number // 2], bool(number % 2)) for number in numbers)

    def _of_two(self, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans about two names: whether one is the other's, how they are connected."""
        names, place = said.reading.names, said.reading.place
        if len(names) < 2 or place not in (0, 1):
            return
        one, other = names[place], names[1 - place]
        nodes = self.view.term(one.nodes[0]), self.view.term(other.nodes[0])
        for number in possible_steps(self.view, np.array([one.nodes[0]])):
            score = one.prior + other.prior + said.kind["boolean"] + float(said.steps[0][number])
            yield score, QueryPlan("boolean", nodes, self._steps((number,)), 0.0)
        if place == 0:
            yield one.prior + other.prior + said.kind["connection"], QueryPlan("connection", nodes, (), 0.0)

    def _comparisons(self, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans that compare two names, or what one step from each leads to, by a measure that both have."""
        names = said.reading.names[:2]
        if len(names) < 2 or said.reading.place != 0:
            return
        nodes = [np.array([name.nodes[0]]) for name in names]
        shared = set(possible_steps(self.view, nodes[0])) & set(possible_steps(self.view, nodes[1]))
        before: list[tuple[float, tuple[int, ...]]] = [(float(said.hops[0]), ())]
        before += sorted(((float(said.hops[1] + said.steps[0][number]), (number,)) for number in shared), reverse=True)[:BEAM]
        for score, path in before:
            ends = [reached(self.view, node, path[0]) if path else node for node in nodes]
            common = set(possible_steps(self.view, ends[0])) & set(possible_steps(self.view, ends[1]))
            for measure, likely in said.measures:
                if measure in common:
                    plan = QueryPlan("choice", tuple(self.view.term(name.nodes[0]) for name in names), self._steps(path), 0.0)
                    plan = replace(plan, dimension=self._steps((measure,))[0], smallest=said.smallest)
                    for kind in ("choice", "order", "difference") if not path else ("choice",):
                        yield sum(one.prior for one in names) + said.kind[kind] + score + likely, replace(plan, kind=kind)

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
                    yield topic.prior + said.kind["difference"] + likely + second, plan

    def _greatest_of(self, candidate: PathCandidate, plan: QueryPlan, score: float, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans for what is most among what a path leads to."""
        offered = set(possible_steps(self.view, candidate.path.ends))
        for measure, likely in said.measures:
            if measure in offered:
                dimension = self._steps((measure,))[0]
                greatest = replace(plan, kind="superlative", dimension=dimension, smallest=said.smallest)
                yield score + said.kind["superlative"] + likely, greatest

    def _greatest_of_class(self, said: _Said) -> Iterator[tuple[float, QueryPlan]]:
        """Plans for what is most among the members of a class."""
        if said.reading.place is not None:
            return
        for place in np.argsort(-said.types)[:MEASURES].tolist():
            kind = self.vocabulary.classes[place]
            offered = set(possible_steps(self.view, self.view.classes[kind]))
            for measure, likely in said.measures:
                if measure in offered:
                    score = said.kind["superlative"] + float(said.hops[0] + said.types[place]) + likely
                    yield score, QueryPlan("superlative", (), (), 0.0, kind, self._steps((measure,))[0], said.smallest)


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
