"""Plans run over what is probably true as well: where a fact is missing on the way, the link reasoner says what it may be.

QueryPlan, FactView, LinkReasoner -> execute_predicted -> Outcome (values by their probability, predicted facts marked in their chains)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dovetail.reasoning.questions.planning.execute import Fact, FoundValue, Outcome, followed
from dovetail.reasoning.questions.planning.fact_view import FactView
from dovetail.reasoning.questions.planning.plan import PlannedStep, QueryPlan

if TYPE_CHECKING:
    from dovetail.reasoning.links.predict import LinkReasoner

WIDTH = 6
"""So many nodes without a fact are asked about at each step, the likeliest first."""
GUESSES = 3
"""So many ends are guessed for each."""
KEPT = 200
"""So many nodes go on to the next step."""


def likely_values(plans: Sequence[QueryPlan], view: FactView, reasoner: LinkReasoner, *, most: int = 4) -> tuple[QueryPlan, Outcome] | None:
    """Of the likeliest plans the one whose best value is most probable: the plan's probability times the value's."""
    best: tuple[float, QueryPlan, Outcome] | None = None
    for plan in plans[:most]:
        if best is not None and plan.probability <= best[0]:
            break
        outcome = execute_predicted(plan, view, reasoner)
        if outcome is not None and (best is None or plan.probability * outcome.values[0].ways > best[0]):
            best = plan.probability * outcome.values[0].ways, plan, outcome
    return None if best is None else best[1:]


def execute_predicted(plan: QueryPlan, view: FactView, reasoner: LinkReasoner) -> Outcome | None:
    """The values that the steps of a plan lead to when missing facts are filled in, the most probable first.

    A value is as probable as the product of the predicted facts on its likeliest way; one that only facts lead to is certain. Only plans
    for values are run so: what is counted or compared must be stated.
    """
    if plan.kind not in ("lookup", "list") or not plan.names:
        return None
    start = view.node(plan.names[0])
    level = {} if start is None else {start: FoundValue(start, (), 1.0)}
    for step in plan.steps:
        grown: dict[int, FoundValue] = {}
        for value in _longer(level, step, view, reasoner):
            if value.node == start:
                continue
            if value.node not in grown or value.ways > grown[value.node].ways:
                grown[value.node] = value
        level = dict(sorted(grown.items(), key=lambda pair: (-pair[1].ways, pair[0]))[:KEPT])
    return Outcome(tuple(level.values())) if level else None


def _longer(level: dict[int, FoundValue], step: PlannedStep, view: FactView, reasoner: LinkReasoner) -> Iterator[FoundValue]:
    nodes = np.array(sorted(level), dtype=np.int64)
    moves = followed(nodes, step, view)
    for source, end, row in zip(moves.sources.tolist(), moves.ends.tolist(), moves.rows.tolist(), strict=True):
        yield FoundValue(end, (*level[source].chain, Fact(row, source, end)), level[source].ways)
    lacking = sorted(set(nodes.tolist()) - set(moves.sources.tolist()), key=lambda node: (-level[node].ways, node))
    for node in lacking[:WIDTH]:
        for term, probability in reasoner.ends(view.term(node), step.relation, inverse=step.inverse, top=GUESSES):
            guessed = view.node(term)
            if guessed is not None and guessed != node:
                chain = (*level[node].chain, Fact(-1, node, guessed, step, probability))
                yield FoundValue(guessed, chain, level[node].ways * probability)
