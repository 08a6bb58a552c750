"""Answers to one-step questions by mined rules: the surest rule decides, the next surest breaks ties, and so on.

    (subject, relation, ?) -> every rule with that head -> answers with the rules that foretell them -> best first

Source: Meilicke et al., Anytime Bottom-Up Rule Learning for Knowledge Graph Completion (IJCAI 2019), maximum aggregation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dovetail.kg import Term, TripleIndex
from dovetail.reasoning.rules.mining.candidate import Candidate
from dovetail.reasoning.rules.mining.options import MinedRule
from dovetail.reasoning.rules.mining.relations import Ints, Relations
from dovetail.reasoning.rules.mining.search import UNSEEN
from dovetail.reasoning.rules.mining.solutions import Bindings, Numbering, solve

_ROW = -99
"""Stands for the question among the variables of a rule."""
_DEPTH = 4
_RANKS = 1 << 15  # four of them fit in one number


@dataclass(frozen=True, slots=True)
class Foretold:
    """An answer, the weight of the surest rule that foretells it, and all rules that do, the surest first."""

    answer: Term
    confidence: float
    rules: tuple[MinedRule, ...]


class RuleAnswers:
    """Mined rules ready to answer many questions over one graph.

    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> from dovetail.kg.terms import to_ox
    >>> from dovetail.reasoning.rules.rule import Pattern, Rule, Variable
    >>> from rdflib import URIRef
    >>> lives, works, ann, bonn = (URIRef(f"urn:x:{name}") for name in ("lives", "works", "ann", "bonn"))
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(ann, works, bonn), Statement(bonn, lives, bonn)])
    2
    >>> x, y = Variable("x"), Variable("y")
    >>> rule = Rule("rule-1", (Pattern(x, to_ox(lives), y),), (Pattern(x, to_ox(works), y),), 0.8)
    >>> answers = RuleAnswers(graph.index(), [MinedRule(rule, 8, 10, 0.8, 0.9, 0.5)])
    >>> [(str(found.answer), found.confidence) for found in answers.tails(ann, lives)]
    [('urn:x:bonn', 0.8)]
    """

    def __init__(self, index: TripleIndex, rules: Sequence[MinedRule]) -> None:
        self.index = index
        self.relations = Relations(index)
        # Seen beside a few imagined counterexamples, a rule that was right 5 times in 5 is less sure than one right 990 times in 1000.
        self.rules = sorted(rules, key=lambda mined: -_cautious(mined))
        self._confidences = np.array([*sorted({_cautious(mined) for mined in rules}, reverse=True), 0.0])
        levels = {score: level for level, score in enumerate(self._confidences.tolist())}
        self.levels = np.array([levels[_cautious(mined)] for mined in self.rules], np.int64)
        self._by_relation: defaultdict[int, list[tuple[int, Candidate]]] = defaultdict(list)
        for place, mined in enumerate(self.rules):
            candidate = Numbering(index).candidate(mined.rule)
            self._by_relation[candidate.head[0]].append((place, candidate))

    def tails(self, subject: Term, relation: Term, *, top: int = 10) -> list[Foretold]:
        """What ``subject`` may have for a value of ``relation``, the surest first, stated values included."""
        return self._best(subject, relation, 0, top)

    def heads(self, relation: Term, value: Term, *, top: int = 10) -> list[Foretold]:
        """What may have ``value`` for a value of ``relation``, the surest first, stated ones included."""
        return self._best(value, relation, 1, top)

    def fired(self, relation: int, starts: Ints, *, backwards: bool) -> tuple[Ints, Ints, Ints]:
        """Places in ``starts``, answers, and places in ``rules`` that foretell them, sorted so.

        ``starts`` are subjects; where ``backwards``, objects, and the answers subjects.
        """
        things = self.relations.things
        keys, rules = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for place, candidate in self._by_relation[relation]:
            rows, answers = self._fire(candidate, starts, backwards=backwards)
            keys.append(rows * things + answers)
            rules.append(np.full(len(rows), place))
        key, rule = np.concatenate(keys), np.concatenate(rules)
        order = np.argsort(key, kind="stable")  # rules come in rising order
        return key[order] // things, key[order] % things, rule[order]

    def scores(self, relation: int, starts: Ints, *, backwards: bool) -> tuple[Ints, Ints, Ints]:
        """Places in ``starts``, answers, and their scores: the larger, the better by the surest rules in turn."""
        rows, answers, rules = self.fired(relation, starts, backwards=backwards)
        first = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(answers, prepend=-1) != 0))
        sizes = np.diff(np.append(first, len(rows)))
        scores = np.zeros(len(first), np.int64)
        for depth in range(_DEPTH):
            there = sizes > depth
            scores *= _RANKS
            scores[there] += np.maximum(_RANKS - 1 - self.levels[rules[first[there] + depth]], 1)
        return rows[first], answers[first], scores

    def confidence(self, scores: Ints) -> NDArray[np.float64]:
        """How sure the surest rule behind each of ``scores`` is, seen beside a few imagined counterexamples: (n,) -> (n,)."""
        levels = _RANKS - 1 - scores // _RANKS ** (_DEPTH - 1)
        return np.asarray(self._confidences[np.minimum(levels, len(self._confidences) - 1)])

    def _fire(self, candidate: Candidate, starts: Ints, *, backwards: bool) -> tuple[Ints, Ints]:
        start, end = candidate.head[1:][::-1] if backwards else candidate.head[1:]
        rows = np.arange(len(starts))
        if not {atom[0] for atom in candidate.body.atoms} <= set(self.relations.names):
            return rows[:0], rows[:0]
        bindings: Bindings = {_ROW: rows, start: starts}
        if start >= 0:
            chosen = np.flatnonzero(starts == start)
            if not len(chosen):
                return rows[:0], rows[:0]
            bindings = {_ROW: chosen}
        found = solve(self.relations, candidate.body, bindings, keep=frozenset({_ROW, end} if end < 0 else {_ROW}))
        return found[_ROW], found[end] if end < 0 else np.full(len(found[_ROW]), end)

    def _best(self, start: Term, relation: Term, side: int, top: int) -> list[Foretold]:
        known = self.index.terms.id(start), self.index.terms.id(relation)
        if known[0] is None or known[1] is None:
            return []
        starts = np.array([known[0]])
        _, answers, scores = self.scores(known[1], starts, backwards=bool(side))
        _, fired, rules = self.fired(known[1], starts, backwards=bool(side))
        best = np.lexsort((answers, -scores))[:top]
        found = []
        for answer in answers[best].tolist():
            reasons = tuple(self.rules[place] for place in rules[fired == answer].tolist())
            found.append(Foretold(self.index.terms[answer], reasons[0].rule.weight, reasons))
        return found


def _cautious(mined: MinedRule) -> float:
    return mined.support / (mined.body_size + UNSEEN)
