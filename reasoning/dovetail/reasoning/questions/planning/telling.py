"""What a plan came to, told: answers with the statements that prove them, their sentences, and what contradicts them.

QueryPlan, Outcome -> Teller.answers -> GivenAnswer (text, proof with quotes, conflicts)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef

from dovetail.kg.names import Layer
from dovetail.kg.statement import Term
from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.terms import from_ox, to_ox
from dovetail.reasoning.questions.answer import Conflict, GivenAnswer, PlannedQuery, ProofStep, Quote, quote_of
from dovetail.reasoning.questions.planning.arithmetic import agree
from dovetail.reasoning.questions.planning.execute import Fact, FoundValue, Outcome
from dovetail.reasoning.questions.planning.fact_view import FactView
from dovetail.reasoning.questions.planning.plan import PlannedStep, QueryPlan, plan_sentence, plan_sparql
from dovetail.reasoning.rules.engine import Materialization
from dovetail.reasoning.rules.infer import materialize, standing_options
from dovetail.reasoning.rules.proofs import Proof, prove

EVIDENCE_SHOWN = 3
PROVED = 25
"""Of a count or a list, so many values are proved; the others are counted."""
ONE_VALUE = 0.9
"""A relation that has one value for so many of its subjects is taken to have one at most."""
LEAST_SUBJECTS = 10


class Teller:
    """Puts outcomes over one state of a graph into words."""

    def __init__(self, graph: KnowledgeGraph, view: FactView) -> None:
        self.graph = graph
        self.view = view
        self._single: dict[URIRef, bool] = {}

    def planned(self, plan: QueryPlan) -> PlannedQuery:
        """The plan in words and as SPARQL."""
        return PlannedQuery(plan.kind, plan_sentence(plan, self.graph.label), plan_sparql(plan), plan.probability)

    def answers(self, plan: QueryPlan, outcome: Outcome) -> list[GivenAnswer]:
        """The answers that an outcome gives, each as probable as its plan and its facts."""
        if outcome.text is not None:
            return [self._joined(outcome.text, None, outcome.values, plan)]
        if plan.kind == "connection":
            [value] = outcome.values
            return [self._joined(self._chain_text(value.chain), None, outcome.values, plan)]
        if plan.kind in ("choice", "superlative"):
            best = outcome.values[0]
            return [self._joined(self.text(best.node), self.view.term(best.node), outcome.values, plan)]
        answers = [self._joined(self.text(value.node), self.view.term(value.node), (value,), plan) for value in outcome.values[:PROVED]]
        answers += [
            GivenAnswer(self.text(value.node), _iri(self.view.term(value.node)), plan.probability, (), (), {"plan": plan.probability})
            for value in outcome.values[PROVED:]
        ]
        return self._with_conflicts(answers, plan, outcome)

    def text(self, node: int) -> str:
        """What to call a node, or the value that it is."""
        return self.graph.label(self.view.term(node))

    def _told(self, fact: Fact) -> tuple[ProofStep, float]:
        """The statement behind a fact, with its sentences, its time, and, if it is inferred, what it follows from; and how sure it is."""
        if fact.step is not None:
            return self._guessed(fact, fact.step), fact.probability
        index = self.view.index
        triple = tuple(index.terms[int(column[fact.row])] for column in (index.subjects, index.predicates, index.objects))
        subject, predicate, value = triple
        assert not isinstance(subject, Literal) and isinstance(predicate, URIRef)
        evidence = self.graph.evidence_for(subject, predicate, value)
        sure = max((one.confidence for one in evidence), default=1.0)
        if not evidence and self._is_in(Layer.INFERRED, triple):
            return self._proved(prove(self._materialized, ox.Triple(to_ox(subject), to_ox(predicate), to_ox(value)))), sure  # type: ignore[arg-type]
        since, until = self._times(subject, predicate, value)
        return ProofStep(
            str(subject), str(predicate), str(value), self._labels(subject, predicate, value),
            tuple(map(quote_of, evidence[:EVIDENCE_SHOWN])), since, until,
        ), sure  # fmt: skip

    def _guessed(self, fact: Fact, step: PlannedStep) -> ProofStep:
        """A predicted fact as a step that says so."""
        ends = (fact.end, fact.source) if step.inverse else (fact.source, fact.end)
        subject, value = map(self.view.term, ends)
        labels = self._labels(subject, step.relation, value)
        return ProofStep(str(subject), str(step.relation), str(value), labels, (), predicted=round(fact.probability, 4))

    def _joined(self, text: str, term: Term | None, values: Sequence[FoundValue], plan: QueryPlan) -> GivenAnswer:
        """An answer that rests on the facts of several values."""
        facts = list(dict.fromkeys(fact for value in values[:PROVED] for fact in value.chain))
        told = [self._told(fact) for fact in facts]
        proof = tuple(step for step, _ in told)
        quotes = tuple(dict.fromkeys(quote for step in proof for quote in _leaves(step)))
        sure = float(np.prod([sure for _, sure in told])) ** (1 / max(len(values), 1)) if told else 1.0
        return GivenAnswer(text, _iri(term), plan.probability * sure, quotes, proof, {"plan": plan.probability})

    def _labels(self, *terms: Term) -> tuple[str, str, str]:
        one, two, three = map(self.graph.label, terms)
        return one, two, three

    def _chain_text(self, chain: Sequence[Fact]) -> str:
        """A chain of facts in one line, with an arrow the way that each fact is stated."""
        said = self.text(chain[0].source)
        for fact in chain:
            relation = self.graph.label(self.view.index.terms[int(self.view.index.predicates[fact.row])])
            forth = int(self.view.canonical[self.view.index.subjects[fact.row]]) == fact.source
            said += f" → {relation} → {self.text(fact.end)}" if forth else f" ← {relation} ← {self.text(fact.end)}"
        return said

    def _with_conflicts(self, answers: list[GivenAnswer], plan: QueryPlan, outcome: Outcome) -> list[GivenAnswer]:
        """Several values of one relation that can have only one: each answer with the others as its conflicts."""
        if len(answers) < 2 or len(plan.steps) != 1 or plan.steps[0].inverse or not self._has_one_value(plan.steps[0].relation):
            return answers
        found = []
        for answer, value in zip(answers, outcome.values, strict=True):
            others = [
                Conflict(other.text, other.evidence)
                for other, second in zip(answers, outcome.values, strict=True)
                if other is not answer and not agree(self.view.term(value.node), self.view.term(second.node))
            ]
            share = answer.probability / (1 + len(others))
            found.append(
                GivenAnswer(answer.text, answer.iri, share, answer.evidence, answer.proof, answer.experts, tuple(others[:EVIDENCE_SHOWN]))
            )
        return sorted(found, key=lambda one: (-len(one.evidence), -one.probability))

    def _has_one_value(self, relation: URIRef) -> bool:
        """Whether nearly all subjects of a relation have one value."""
        if relation not in self._single:
            number = self.view.index.terms.id(relation)
            assert number is not None
            subjects = self.view.canonical[self.view.index.triples(p=number)[:, 0]]
            _, counts = np.unique(subjects, return_counts=True)
            self._single[relation] = len(counts) >= LEAST_SUBJECTS and float((counts == 1).mean()) >= ONE_VALUE
        return self._single[relation]

    def _is_in(self, layer: Layer, triple: Sequence[Term]) -> bool:
        subject, predicate, value = map(to_ox, triple)
        return any(self.graph.store.quads_for_pattern(subject, predicate, value, ox.NamedNode(layer.value)))  # type: ignore[arg-type]

    def _times(self, subject: URIRef | BNode, predicate: URIRef, value: Term) -> tuple[str | None, str | None]:
        """Since when and until when a statement holds, where a document says."""
        for claim in self.graph.claims_about(subject):
            said = claim.qualifiers
            if (claim.predicate, claim.object) == (predicate, value) and said.stated and (said.start or said.end or said.at):
                start, end = said.start or said.at, said.end or said.at
                return (None if start is None else str(start)), (None if end is None else str(end))
        return None, None

    @cached_property
    def _materialized(self) -> Materialization:
        return materialize(self.graph, options=standing_options(self.graph))

    def _proved(self, proof: Proof) -> ProofStep:
        """A rule's proof as steps."""
        subject, predicate, value = map(from_ox, proof.fact)
        assert not isinstance(subject, Literal) and isinstance(predicate, URIRef)
        evidence = self.graph.evidence_for(subject, predicate, value) if proof.rule is None else []
        return ProofStep(
            str(subject), str(predicate), str(value), self._labels(subject, predicate, value),
            tuple(map(quote_of, evidence[:EVIDENCE_SHOWN])),
            rule=proof.rule, because=tuple(map(self._proved, proof.premises)),
        )  # fmt: skip


def _leaves(step: ProofStep) -> list[Quote]:
    return [*step.evidence, *(quote for one in step.because for quote in _leaves(one))]


def _iri(term: Term | None) -> str | None:
    return None if term is None or isinstance(term, Literal) else str(term)
