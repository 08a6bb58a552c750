"""Answers a question from a graph and its passages, with the sentences that say so, or says that it does not know.

    question -> plans over the graph (planning) -> outcomes, exact and proved ┐
             -> passages (retrieval) + paths (facts) -> candidates (reader)   ┼-> the most probable, or none
             -> a decision (yes/no, one of two) from what passages say        ┘

The probability is calibrated on training questions; below ANSWER_FROM the answer is "unknown".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from rdflib import BNode, Literal, URIRef

from dovetail.kg.errors import InputError
from dovetail.kg.passages import Passage, PassageIndex
from dovetail.kg.store import KnowledgeGraph
from dovetail.nlp.languages import CHINESE, language_of
from dovetail.reasoning.questions.answer import Answer, GivenAnswer, LinkedName, Plan, ProofStep, Quote, quote_of
from dovetail.reasoning.questions.chinese import answering_sentences
from dovetail.reasoning.questions.decide import Decision, compare_facts, decide
from dovetail.reasoning.questions.facts import FactPath, answer_kind, fact_paths
from dovetail.reasoning.questions.metrics import normal_answer
from dovetail.reasoning.questions.named import entities_by_name
from dovetail.reasoning.questions.passages.retrieval import Encoder, Retrieval, Retriever, ScoredPassage
from dovetail.reasoning.questions.planning.execute import execute
from dovetail.reasoning.questions.planning.plan import QueryPlan
from dovetail.reasoning.questions.planning.predicted import likely_values
from dovetail.reasoning.questions.planning.telling import Teller
from dovetail.reasoning.questions.reading.kinds import Wanted, wanted
from dovetail.reasoning.questions.reading.reader import Candidate, Reading, read, word_weights
from dovetail.reasoning.questions.reading.score import answer_model, calibration_features, calibration_model, grouped
from dovetail.reasoning.questions.surfaces import NameTable, normal_name, proper_spans, words_of
from dovetail.reasoning.questions.weighing import backed, decides, stands, together

if TYPE_CHECKING:
    from dovetail.models.span_reader import SpanReader
    from dovetail.reasoning.links.predict import LinkReasoner
    from dovetail.reasoning.questions.planning.planner import Planner

Floats = npt.NDArray[np.float64]

ANSWER_FROM = 0.2
"""Below this probability the answer is "unknown"."""
UNSEEN_NAME = 0.1
"""What is left of a probability where the question names something that no passage mentions."""
PLAN_FROM = 0.1
"""A plan is tried if it is so probable beside the likeliest."""
WEIGHED = ("lookup", "list", "boolean", "order")
"""Kinds of plans whose answers are kept beside what passages say; any other counts only where it decides."""
NOT_STATED = 0.5
"""What is left of the probability of a "no" that rests on a fact's not being stated."""
WORTH_SAYING = 0.05
ALTERNATIVES = 3
EVIDENCE_SHOWN = 3


class Asker:
    """Answers questions over one state of a graph. Make another when it has changed."""

    def __init__(
        self,
        graph: KnowledgeGraph,
        passages: PassageIndex,
        encoder: Encoder | None,
        *,
        planner: Planner | None = None,
        network: SpanReader | None = None,
        titles: bool = True,
    ) -> None:
        self.graph = graph
        self.passages = passages
        self.encoder = encoder
        self.planner = planner
        self.network = network
        self.teller = Teller(graph, planner.view) if planner is not None else None
        self.retriever = Retriever(graph, passages, encoder, titles=titles)
        self._entities = entities_by_name(graph)
        self._names = NameTable({*self.retriever.structure.names, *self._entities})
        self._kinds: dict[str, str] = {}

    def ask(
        self,
        question: str,
        *,
        top_k: int = 3,
        explain: bool = False,
        predicted: bool = False,
        without: frozenset[str] = frozenset(),
    ) -> Answer:
        """The ``top_k`` most probable answers; none below ANSWER_FROM, unless ``explain`` asks to see them.

        Where all of several things are asked for, all are given. ``predicted``: where facts are missing, those that the link reasoner
        holds likely may stand in for them, and are marked. ``without`` names documents to answer as if they were not there. InputError
        where the question is empty.
        """
        began = time.perf_counter()
        if not question.strip():
            raise InputError("the question is empty: write one in words")
        if language_of(question) == CHINESE:
            return self._in_chinese(question, top_k, began)
        want = wanted(question)
        [vector] = self.encoder.encode([question]) if self.encoder is not None else [None]
        found = self.retriever.retrieve(question, k=20, without=without, vector=vector)
        plans = self.planner.plans(question, beyond=predicted) if self.planner is not None else []
        query, planned = self._planned(plans, without, predicted=predicted)
        decided = query is not None and decides(query)
        plan = self.plan(question, want, found, explain=explain)
        plan = replace(plan, **self._queries(plans, query, explain=explain))
        given = self._given_by(question, want, found, plan, planned, top_k, without, decided=decided)
        if any(self._unseen(name) for name in plan.unknown):
            given = [replace(one, probability=one.probability * UNSEEN_NAME) for one in given]
        abstained = not given or given[0].probability < ANSWER_FROM
        every = query is not None and query.kind == "list" and given[:1] == planned[:1]
        shown = given[: None if every else top_k] if explain or not abstained else []
        return Answer(question, tuple(shown), abstained, plan, time.perf_counter() - began)

    def _planned(
        self, plans: Sequence[QueryPlan], without: frozenset[str], *, predicted: bool
    ) -> tuple[QueryPlan | None, list[GivenAnswer]]:
        """The likeliest plan that comes to something, and its answers."""
        if self.planner is None or self.teller is None:
            return None, []
        if predicted and plans and (likely := likely_values(plans, self.planner.view, self.reasoner)):
            plan, filled = likely
            answers = self.teller.answers(plan, filled)
            if any(one.predicted for one in answers):
                return plan, sorted(answers, key=lambda one: -one.probability)
        for plan in plans:
            if plan.probability < PLAN_FROM * plans[0].probability:
                break
            if len(self.passages) and plan.kind not in WEIGHED and not decides(plan):
                continue  # counted or compared for want of a better reading; the passages may know
            outcome = execute(plan, self.planner.view)
            if outcome is not None:
                answers = self.teller.answers(plan, outcome)
                answers = [one for one in answers if all(stands(step, without) for step in one.proof)]
                if answers:
                    share = plan.fit if len(self.passages) else plan.fit**0.5
                    share *= NOT_STATED if plan.kind == "boolean" and outcome.text == "no" else 1.0
                    return plan, [replace(one, probability=one.probability * share) for one in answers]
        return None, []

    @cached_property
    def reasoner(self) -> LinkReasoner:
        """What predicts missing facts; made when it is first needed, which takes seconds to minutes."""
        from dovetail.reasoning.links.predict import LinkReasoner  # late: it takes a while to load

        return LinkReasoner(self.graph)

    def _queries(self, plans: Sequence[QueryPlan], query: QueryPlan | None, *, explain: bool) -> dict[str, Any]:
        """What to say of the plans: the one that was used, or else the likeliest, and for an explanation the next ones."""
        if not plans or self.teller is None:
            return {}
        used = query or plans[0]
        others = [one for one in plans if one is not used and one.probability >= WORTH_SAYING][:ALTERNATIVES]
        return {"query": self.teller.planned(used), "alternatives": tuple(map(self.teller.planned, others)) if explain else ()}

    def _given_by(
        self,
        question: str,
        want: Wanted,
        found: Retrieval,
        plan: Plan,
        planned: list[GivenAnswer],
        top_k: int,
        without: frozenset[str],
        *,
        decided: bool,
    ) -> list[GivenAnswer]:
        """The answers of plan, decision and reader together, the most probable first; those of a plan alone where it has ``decided``."""
        if planned and (decided or not len(self.passages)):
            return planned
        compared = compare_facts(question, want.choices, [self._facts_of(question, choice, without) for choice in want.choices])
        decision = compared[0] if compared else decide(question, want, self._compared(question, want), self._about(without))
        if decision is not None:
            return [self._decided(decision, compared[1] if compared else ())]
        if want.kind == "yes/no":
            return planned
        return together(self._read(question, want, found, plan, top_k, without), planned)

    def ask_all(self, questions: Iterable[str], **options: Any) -> Iterator[Answer]:
        """The answer to each question when it is there; ``options`` as for ``ask``."""
        for question in questions:
            yield self.ask(question, **options)

    def _in_chinese(self, question: str, top_k: int, began: float) -> Answer:
        """The sentences that answer a Chinese question, with the entities that it names."""
        form = normal_name(question)
        names = tuple(LinkedName(name, tuple(map(str, found))) for name, found in self._entities.items() if len(name) > 1 and name in form)
        given = []
        for found in answering_sentences(question, self.passages, top_k=top_k):
            quote = _quote(found.passage, found.passage.start + found.start, found.passage.start + found.end)
            given.append(GivenAnswer(found.text, None, found.share, (quote,), (), {"passages": found.share}))
        return Answer(question, tuple(given), not given, Plan("sentence", (), names, ()), time.perf_counter() - began)

    def candidates(
        self, question: str, want: Wanted, found: Retrieval, plan: Plan, *, without: frozenset[str] = frozenset()
    ) -> list[Candidate]:
        """Every possible answer, in text and graph, before any is chosen."""
        entities = [_term(iri) for name in plan.names for iri in name.candidates]
        facts = [path for path in fact_paths(question, entities, self.graph, self.encoder) if backed(path, without)]
        passages = [*found.passages[:5], *self._stating(facts, found)]
        kinds = self._kinds_of(passages)
        reading = Reading(question, want, word_weights(question, self.passages), self._names, kinds, facts, self.network)
        candidates = read(reading, passages, self.encoder)
        if want.kind == "choice":
            offered = {normal_answer(choice) for choice in want.choices}
            candidates = [candidate for candidate in candidates if normal_answer(candidate.text) in offered]
        return candidates

    def plan(self, question: str, want: Wanted, found: Retrieval, *, explain: bool = False) -> Plan:
        """How the question is understood: its kind, and its names with the entities they may mean."""
        names, unknown = [], []
        taken: list[tuple[int, int]] = []
        for seed in found.seeds:
            taken.append((seed.start, seed.end))
            names.append(LinkedName(question[seed.start : seed.end], tuple(map(str, self._entities.get(seed.name, ())))))
        if self.planner is not None:
            for one in self.planner.names(question):
                if not any(one.start < stop and begin < one.end for begin, stop in taken):
                    taken.append((one.start, one.end))
                    terms = tuple(str(self.planner.view.term(node)) for node in one.nodes)
                    names.append(LinkedName(question[one.start : one.end], terms))
        for start, end in proper_spans(question):
            if not any(start < stop and begin < end for begin, stop in taken):
                unknown.append(question[start:end])
        near = {name: tuple(self.planner.finder.near(name)) for name in unknown} if self.planner is not None else {}
        passages = [
            {"document": scored.passage.document, "title": scored.passage.title, "score": round(scored.score, 4)}
            for scored in found.passages[: 10 if explain else 0]
        ]
        return Plan(want.kind, want.choices, tuple(names), tuple(unknown), tuple(passages), near=near)

    def _unseen(self, name: str) -> bool:
        """Whether a word of ``name``, which is none that the graph knows, stands in no passage."""
        return any(not count for count in self.passages.frequency([word.form for word in words_of(name)]).values())

    def _compared(self, question: str, want: Wanted) -> list[str]:
        return list(want.choices) or [question[seed.start : seed.end] for seed in self.retriever.seeds(question)]

    def _about(self, without: frozenset[str]) -> Callable[[str], list[Passage]]:
        """What finds the passages with a name for their title, the first of each document first."""

        def about(name: str) -> list[Passage]:
            titled = self.passages.get(self.retriever.titled(normal_name(name)))
            there = (passage for passage in titled if passage.document not in without)
            return sorted(there, key=lambda passage: (passage.start, passage.document))

        return about

    def _stating(self, facts: Sequence[FactPath], found: Retrieval) -> list[ScoredPassage]:
        """The passages that state the best paths, where they are not among the best anyway."""
        held = {scored.passage.id for scored in found.passages[:5]}
        added: list[ScoredPassage] = []
        lowest = found.passages[-1].score if found.passages else 0.0
        known = {scored.passage.id: scored for scored in found.passages}
        for path in facts[:3]:
            for evidence in path.evidence[-1][:1]:
                passage = self.passages.at(evidence.document, evidence.start)
                if passage is not None and passage.id not in held:
                    held.add(passage.id)
                    added.append(known.get(passage.id, ScoredPassage(passage, lowest, 0.0, 0.0, 0.0)))
        return added

    def _kinds_of(self, passages: Sequence[ScoredPassage]) -> Mapping[str, str]:
        """The kind of answer of each name of the graph in ``passages`` that has one."""
        for scored in passages:
            for name in self._names.occurrence_names(scored.passage.text):
                if name in self._entities and name not in self._kinds:
                    kinds = [answer_kind(self.graph, entity) for entity in self._entities[name]]
                    self._kinds[name] = next((kind for kind in kinds if kind), "other")
        return self._kinds

    def _read(self, question: str, want: Wanted, found: Retrieval, plan: Plan, top_k: int, without: frozenset[str]) -> list[GivenAnswer]:
        candidates = self.candidates(question, want, found, plan, without=without)
        if not candidates:
            return []
        scores = answer_model().score(np.array([candidate.features for candidate in candidates]))
        groups = grouped(candidates, scores)
        chance = float(calibration_model().probability(calibration_features(groups))[0])
        best = groups[0][0]
        relative = [float(np.exp(score - best)) for score, _ in groups]
        given = []
        for share, (_, members) in list(zip(relative, groups, strict=True))[:top_k]:
            given.append(self._given(members, chance * share, found))
        return given

    def _given(self, members: Sequence[Candidate], probability: float, found: Retrieval) -> GivenAnswer:
        best = members[0]
        path = max((path for member in members for path in member.facts), key=lambda path: path.match, default=None)
        places = dict.fromkeys((member.passage.passage.id, member.sentence) for member in members)
        by_id = {member.passage.passage.id: member.passage.passage for member in members}
        quotes = [_quote(by_id[number], *sentence) for number, sentence in list(places)[:EVIDENCE_SHOWN]]
        proof = self._proof(path) if path else ()
        entity = (
            path.answer
            if path and not isinstance(path.answer, Literal)
            else next(iter(self._entities.get(normal_name(best.text), ())), None)
        )
        top = found.passages[0] if found.passages else best.passage
        experts = {
            "graph": max(path.match, 0.0) if path else 0.0,
            "passages": best.passage.bm25 / max(top.bm25, best.passage.bm25, 1e-9),
            "vectors": max(best.cosine, 0.0),
            "ppr": best.passage.walk / max(top.walk, best.passage.walk, 1e-9),
        }
        return GivenAnswer(best.text, str(entity) if entity is not None else None, probability, tuple(quotes), proof, experts)

    def _proof(self, path: FactPath) -> tuple[ProofStep, ...]:
        steps = []
        for edge, evidence in zip(path.edges, path.evidence, strict=True):
            subject, predicate, value = edge.triple
            labels = self.graph.label(subject), self.graph.label(predicate), self.graph.label(value)
            steps.append(ProofStep(str(subject), str(predicate), str(value), labels, tuple(map(quote_of, evidence[:EVIDENCE_SHOWN]))))
        return tuple(steps)

    def _facts_of(self, question: str, name: str, without: frozenset[str]) -> list[FactPath]:
        paths = fact_paths(question, self._entities.get(normal_name(name), ()), self.graph, self.encoder)
        return [path for path in paths if backed(path, without)]

    def _decided(self, decision: Decision, facts: Sequence[FactPath]) -> GivenAnswer:
        proof = tuple(step for path in facts for step in self._proof(path))
        quotes = tuple(_quote(one.passage, one.passage.start + one.start, one.passage.start + one.end) for one in decision.shown)
        quotes = tuple(dict.fromkeys((*quotes, *(quote for step in proof for quote in step.evidence[:1]))))
        entity = next(iter(self._entities.get(normal_name(decision.text), ())), None)
        experts = {"graph": float(bool(proof)), "passages": float(not proof), "vectors": 0.0, "ppr": 0.0}
        return GivenAnswer(decision.text, str(entity) if entity is not None else None, decision.probability, quotes, proof, experts)


def _quote(passage: Passage, start: int, end: int) -> Quote:
    return Quote(passage.document, start, end, passage.text[start - passage.start : end - passage.start])


def _term(iri: str) -> URIRef | BNode:
    return URIRef(iri)
