"""How far plans are believed beside passages, and which answers stand when documents are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dovetail.reasoning.questions.answer import GivenAnswer, ProofStep
from dovetail.reasoning.questions.facts import FactPath
from dovetail.reasoning.questions.metrics import normal_answer
from dovetail.reasoning.questions.planning.plan import QueryPlan

DECIDES_FROM = {"connection": 0.985, "other": 0.25}
"""A plan for anything but one value decides alone if it fits so well; two names in a question often seem to be what it connects."""
LIKELIER = 0.25
GRAPH_ALONE = 0.7
"""How far an answer of the graph is believed beside the passages: extraction errs, and so does the plan."""


def decides(query: QueryPlan) -> bool:
    """Whether a plan is so sure that what passages say beside it does not count."""
    from_ = DECIDES_FROM["connection" if query.kind == "connection" else "other"]
    return query.kind != "lookup" and query.probability >= LIKELIER and query.fit >= from_


def together(read: Sequence[GivenAnswer], planned: Sequence[GivenAnswer]) -> list[GivenAnswer]:
    """What was read and what the graph led to, an answer of both once: as probable as that one of two independent ones is right."""
    found = {normal_answer(one.text): one for one in reversed(read)}
    for one in planned:
        other = found.get(normal_answer(one.text))
        if other is None:
            found[normal_answer(one.text)] = replace(one, probability=GRAPH_ALONE * one.probability)
            continue
        found[normal_answer(one.text)] = replace(
            other,
            iri=one.iri or other.iri,
            probability=1 - (1 - other.probability) * (1 - GRAPH_ALONE * one.probability),
            evidence=tuple(dict.fromkeys((*one.evidence, *other.evidence))),
            proof=one.proof or other.proof,
            experts={**other.experts, **one.experts},
            conflicts=one.conflicts,
        )
    return sorted(found.values(), key=lambda one: (-one.probability, one.text))


def stands(step: ProofStep, without: frozenset[str]) -> bool:
    """Whether a statement is backed by a document that is not left out, or by none at all."""
    quotes = step.evidence
    return (not quotes or any(quote.document not in without for quote in quotes)) and all(stands(one, without) for one in step.because)


def backed(path: FactPath, without: frozenset[str]) -> bool:
    """Whether each fact of a path is backed by a document that is not left out, or by none at all."""
    return not without or all(not some or any(one.document not in without for one in some) for some in path.evidence)
