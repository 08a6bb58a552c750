"""Mined rules as an expert: what follows, by which rule, how surely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dovetail.models.link_graph import Floats, Rows
from dovetail.reasoning.links.view import LinkView
from dovetail.reasoning.rules.mining import MinedRule, MiningOptions, RuleAnswers, mine_rules

STEP = 1e-6
"""Between the scores of two answers of one question that the same rule foretells, the next rules deciding which comes first."""


class RuleExpert:
    """Scores by mined rules: the confidence of the surest that fires, the next surest breaking ties (maximum aggregation); else 0."""

    def __init__(self, view: LinkView, *, rules: Sequence[MinedRule] | None = None, seconds: float = 20.0) -> None:
        if rules is None:
            rules = mine_rules(view.index, options=MiningOptions(seconds=seconds, top=None, min_support=2, examples=0))
        self.view = view
        self.answers = RuleAnswers(view.index, rules)
        self.place = np.full(len(view.index.terms), -1)
        self.place[view.entities] = np.arange(len(view.entities))

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        """(batch,) heads, (batch,) relations or inverses -> (batch, entities)."""
        found = np.zeros((len(heads), self.view.graph.entity_count), np.float32)
        count = self.view.graph.relation_count
        for query in np.unique(queries):
            rows = np.flatnonzero(queries == query)
            relation, backwards = int(self.view.relations[query % count]), bool(query >= count)
            starts = self.view.entities[heads[rows]].astype(np.int64)
            asked, answers, order = self.answers.scores(relation, starts, backwards=backwards)
            places = self.place[answers]
            kept = places >= 0
            sure = self.answers.confidence(order[kept]) - STEP * _dense_ranks(asked[kept], order[kept])
            found[rows[asked[kept]], places[kept]] = np.maximum(sure, STEP)
        return found

    def fired(self, head: int, query: int, tail: int) -> tuple[MinedRule, ...]:
        """The rules that foretell ``tail`` as an answer to (``head``, ``query``, ?), the surest first."""
        count = self.view.graph.relation_count
        relation, start, answer = self.view.relations[query % count], self.view.entities[head], self.view.entities[tail]
        _, answers, rules = self.answers.fired(int(relation), np.array([start], np.int64), backwards=query >= count)
        return tuple(self.answers.rules[place] for place in rules[answers == answer].tolist())


def _dense_ranks(questions: Rows, order: Rows) -> Rows:
    """The place of each answer among those of its question, the highest first; equals share one."""
    sorted_rows = np.lexsort((-order, questions))
    asked, scores = questions[sorted_rows], order[sorted_rows]
    begins = np.diff(asked, prepend=-1) != 0
    steps = np.cumsum((np.diff(scores, prepend=0) != 0) | begins)
    ranks = np.empty(len(order), np.int64)
    ranks[sorted_rows] = steps - np.maximum.accumulate(np.where(begins, steps, 0))
    return ranks
