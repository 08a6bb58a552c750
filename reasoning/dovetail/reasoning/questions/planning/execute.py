"""Runs a plan over a graph's facts: exact answers, each with the facts that lead to it.

QueryPlan, FactView -> execute -> Outcome (values with their chains of facts, and what a count, a comparison or a test came to)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdflib import Literal

from dovetail.kg.statement import Term
from dovetail.reasoning.questions.planning.arithmetic import agree, comparable, years_between
from dovetail.reasoning.questions.planning.fact_view import FactView, Moves, leaving
from dovetail.reasoning.questions.planning.plan import PlannedStep, QueryPlan

LONGEST_CHAIN = 4
"""Facts between two names that are said to be connected."""
WIDEST = 20_000
"""A search for a connection gives up where more nodes than this are near."""

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fact:
    """One edge of a chain: the row of the triple in the view's index, and the nodes it was followed from and to.

    A predicted one has no row (-1): ``step`` says which relation and ``probability`` how likely it is.
    """

    row: int
    source: int
    end: int
    step: PlannedStep | None = None
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class FoundValue:
    """A value that a plan leads to; ``chain`` is one way there, ``ways`` how many there are."""

    node: int
    chain: tuple[Fact, ...]
    ways: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan came to. ``text`` is "yes", "no" or a number where the answer is not one of ``values``."""

    values: tuple[FoundValue, ...]
    text: str | None = None


def execute(plan: QueryPlan, view: FactView) -> Outcome | None:
    """The outcome, or None where the graph holds too little for any."""
    if plan.kind in ("lookup", "list", "count"):
        values = _typed(_reached(plan.names[0], plan.steps, view), plan, view)
        if not values:
            return None
        return Outcome(values, str(len(values)) if plan.kind == "count" else None)
    if plan.kind == "boolean":
        return _holds(plan, view)
    if plan.kind == "connection":
        chain = _connection(view, *(view.node(name) for name in plan.names))
        return Outcome((FoundValue(chain[-1].end, chain, 1.0),)) if chain else None
    if plan.kind == "difference":
        return _apart(plan, view)
    return _compared(plan, view)


def _reached(start: Term, steps: Sequence[PlannedStep], view: FactView) -> tuple[FoundValue, ...]:
    """What the steps lead to, most ways first."""
    node = view.node(start)
    levels = [] if node is None else _levels(node, steps, view)
    if len(levels) <= len(steps) or not len(levels[-1][0]):
        return ()
    ends, ways = levels[-1]
    found = sorted(zip(ways.tolist(), ends.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return tuple(FoundValue(end, _chain(end, levels, steps, view), w) for w, end in found)


def _levels(node: int, steps: Sequence[PlannedStep], view: FactView) -> list[tuple[Ids, NDArray[np.float64]]]:
    """The nodes after each step, ascending, with the number of ways to each; see ``leaving`` for the start."""
    levels = [(np.array([node]), np.ones(1))]
    for step in steps:
        nodes, ways = levels[-1]
        moves = followed(nodes, step, view)
        if not len(moves.ends):
            break
        kept = leaving(moves.ends, node)
        ends, places = np.unique(moves.ends[kept], return_inverse=True)
        counts = ways[np.searchsorted(nodes, moves.sources[kept])]
        levels.append((ends, np.bincount(places, weights=counts, minlength=len(ends)).astype(np.float64)))
    return levels


def followed(nodes: Ids, step: PlannedStep, view: FactView, *, back: bool = False) -> Moves:
    """Every edge of a step from ``nodes``, or, if ``back``, of the step undone."""
    numbers = [view.relations.index(relation) for relation in (step.relation, *step.also)]
    parts = [view.follow(nodes, ~number if step.inverse != back else number) for number in numbers]
    return parts[0] if len(parts) == 1 else Moves(*(np.concatenate([getattr(part, name) for part in parts]) for name in Moves.__slots__))


def _chain(end: int, levels: Sequence[tuple[Ids, NDArray[np.float64]]], steps: Sequence[PlannedStep], view: FactView) -> tuple[Fact, ...]:
    """One way to ``end``, from the start on."""
    facts: list[Fact] = []
    for (nodes, _), step in zip(reversed(levels[:-1]), reversed(steps), strict=True):
        back = followed(np.array([end]), step, view, back=True)
        place = int(np.flatnonzero(np.isin(back.ends, nodes))[0])
        source = int(back.ends[place])
        facts.append(Fact(int(back.rows[place]), source, end))
        end = source
    return tuple(reversed(facts))


def _holds(plan: QueryPlan, view: FactView) -> Outcome | None:
    """Whether the second name is reached; with what is reached instead where it is not."""
    values = _reached(plan.names[0], plan.steps, view)
    wanted = plan.names[1]
    if isinstance(wanted, Literal):
        holding = tuple(value for value in values if agree(view.term(value.node), wanted))
    else:
        holding = tuple(value for value in values if value.node == view.node(wanted))
    if not values:
        return None
    return Outcome(holding, "yes") if holding else Outcome(values[:3], "no")


def _compared(plan: QueryPlan, view: FactView) -> Outcome | None:
    """The thing whose value is least or greatest; None where values are missing, of different sorts, or equal."""
    assert plan.dimension is not None
    if plan.kind == "superlative":
        things = _things(plan, view)
    else:
        things = [(view.node(name), _reached(name, plan.steps, view) if plan.steps else None) for name in plan.names]
    measured = [one for node, via in things if node is not None for one in _measured(node, via, plan.dimension, view)]
    sorts = {sort for _, sort, _ in measured}
    if (plan.kind != "superlative" and (len(sorts) != 1 or len({value.node for _, _, value in measured}) != 2)) or not measured:
        return None
    sort = max(sorts, key=lambda one: sum(other == one for _, other, _ in measured))
    order = sorted((amount if plan.smallest else -amount, value.node, value) for amount, other, value in measured if other == sort)
    best, second = order[0], next((one for one in order if one[1] != order[0][1]), None)
    if second is not None and second[0] == best[0]:
        return None
    if plan.kind == "order":
        return Outcome((best[2], *([second[2]] if second else [])), "yes" if best[1] == view.node(plan.names[0]) else "no")
    shown = [best[2], *([second[2]] if second is not None else [])]
    return Outcome(tuple(shown))


def _apart(plan: QueryPlan, view: FactView) -> Outcome | None:
    """How far two values of one sort are apart: whole years, or a number."""
    assert plan.dimension is not None
    ends = ((plan.names[0], plan.dimension), (plan.names[-1], plan.second or plan.dimension))
    measured = [found for name, step in ends if (node := view.node(name)) is not None for found in _measured(node, None, step, view)]
    if len(measured) != 2 or measured[0][1] != measured[1][1]:
        return None
    (one, sort, first), (other, _, second) = measured
    text = years_between(one, other) if sort == "date" else f"{abs(one - other):g}"
    return Outcome((first, second), text)


def _things(plan: QueryPlan, view: FactView) -> list[tuple[int | None, tuple[FoundValue, ...] | None]]:
    """What a superlative chooses from: the members of a class, or what steps lead to, each with the way there."""
    if plan.steps:
        return [(value.node, (value,)) for value in _typed(_reached(plan.names[0], plan.steps, view), plan, view)]
    return [(int(node), None) for node in view.members(plan.types)]


def _typed(values: tuple[FoundValue, ...], plan: QueryPlan, view: FactView) -> tuple[FoundValue, ...]:
    """Those values that are of the types asked for."""
    if not plan.types:
        return values
    members = view.members(plan.types)
    return tuple(value for value in values if np.isin(value.node, members))


def _measured(
    node: int, via: tuple[FoundValue, ...] | None, dimension: PlannedStep, view: FactView
) -> Iterator[tuple[float, str, FoundValue]]:
    """The amount of one thing, what sort of amount it is, and the facts that give it; nothing where it has none or several."""
    starts = {node: ()} if via is None or all(one.node == node for one in via) else {one.node: one.chain for one in via}
    before = via[0].chain if via and all(one.node == node for one in via) else ()
    found = []
    for start, chain in starts.items():
        moves = followed(np.array([start]), dimension, view)
        for end, row in zip(moves.ends.tolist(), moves.rows.tolist(), strict=True):
            amount = comparable(view.term(end))
            if amount is not None:
                found.append((*amount, FoundValue(node, (*before, *chain, Fact(row, start, end)), 1.0)))
    yield from sorted(found, key=lambda one: one[:2])[:1]


def _connection(view: FactView, one: int | None, other: int | None) -> tuple[Fact, ...]:
    """The shortest chain of facts between two nodes, of at most LONGEST_CHAIN; breadth first, in order of node numbers."""
    if one is None or other is None or one == other:
        return ()
    came: dict[int, Fact] = {}
    queue = deque([(one, 0)])
    while queue and len(came) < WIDEST:
        node, length = queue.popleft()
        if length == LONGEST_CHAIN:
            break
        for fact in _around(view, node):
            if fact.end == one or fact.end in came or (isinstance(view.term(fact.end), Literal) and fact.end != other):
                continue
            came[fact.end] = fact
            if fact.end == other:
                return _back(came, one, other)
            queue.append((fact.end, length + 1))
    return ()


def _around(view: FactView, node: int) -> Iterator[Fact]:
    forth, back = view.offers(np.array([node]))
    for relation in np.flatnonzero(forth):
        moves = view.follow(np.array([node]), int(relation))
        yield from (Fact(int(row), node, int(end)) for end, row in zip(moves.ends, moves.rows, strict=True))
    for relation in np.flatnonzero(back):
        moves = view.follow(np.array([node]), ~int(relation))
        yield from (Fact(int(row), node, int(end)) for end, row in zip(moves.ends, moves.rows, strict=True))


def _back(came: dict[int, Fact], start: int, end: int) -> tuple[Fact, ...]:
    facts = []
    while end != start:
        facts.append(came[end])
        end = came[end].source
    return tuple(reversed(facts))
