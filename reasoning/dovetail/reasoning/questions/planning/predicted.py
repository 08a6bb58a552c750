"""Plans run over what is probably true as well: where a fact is missing on the way, the link reasoner says what it may be.

QueryPlan, FactView, LinkReasoner -> execute_predicted -> Outcome (values by their probability, predicted facts marked in their chains)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dovetail.reasoning.questions.planning.execute import Fact, FoundValue, Outcome, number_of
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
            if value.node not in grown or value.ways > grown[value.node].ways:
                grown[value.node] = value
        level = dict(sorted(grown.items(), key=lambda pair: (-pair[1].ways, pair[0]))[:KEPT])
    values = [value for value in level.values() if value.node != start]
    return Outcome(tuple(values)) if values else None


def _longer(level: dict[int, FoundValue], step: PlannedStep, view: FactView, reasoner: LinkReasoner) -> Iterator[FoundValue]:
    nodes = np.array(sorted(level), dtype=np.int64)
    moves = view.follow(nodes, number_of(step, view))
    for source, end, row in zip(moves.sources.tolist(), moves.ends.tolist(), moves.rows.tolist(), strict=True):
        yield FoundValue(end, (*level[source].chain, Fact(row, source, end)), level[source].ways)
    lacking = sorted(set(nodes.tolist()) - set(moves.sources.tolist()), key=lambda node: (-level[node].ways, node))
    for node in lacking[:WIDTH]:
        for term, probability in reasoner.ends(view.term(node), step.relation, inverse=step.inverse, top=GUESSES):
            guessed = view.node(term)
            if guessed is not None and guessed != node:
                chain = (*level[node].chain, Fact(-1, node, guessed, step, probability))
                yield FoundValue(guessed, chain, level[node].ways * probability)
