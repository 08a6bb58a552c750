"""How likely a fact is, given all that speaks for it: its best proofs, and the chance that one of them holds.

A confidence is that of the best proof alone: the product of what it multiplies. Here several proofs count, as in
ProbLog: every stated fact is an event with its confidence as its chance, every use of a rule with a weight below 1
is one with that weight, all independent, and a proof holds if all of its events do. So with supports S1 ... Sk

    P = sum over the non-empty sets I of proofs of (-1)^(|I|+1) * product of the chances of the events in union(Si, i in I)

which is 1 - product of (1 - Pi), the noisy-or, where no two proofs share an event, and less where they do. An
event counts once, however often a proof uses it, so that P is never below the confidence. Its limits: with more
proofs than were asked for it is a lower bound; stated facts from one text are not really independent; and what a
negation did not find counts as surely absent.

De Raedt, Kimmig, Toivonen: ProbLog (2007), section 4; Kimmig et al.: On the implementation of ProbLog (2011), k-best.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import TypeAlias

import pyoxigraph as ox

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.engine.fixpoint import Engine, Numbers
from dovetail.reasoning.rules.engine.materialization import Materialization
from dovetail.reasoning.rules.proofs.alternatives import Alternative, alternatives, confidence_of, stated_way
from dovetail.reasoning.rules.proofs.proof import Proof, premises_first, prove

MOST_PROOFS = 10
"""The largest ``k``: the formula has 2 ** k terms."""

MOST_STATES = 3_000
"""Unfinished proofs that are looked at before the search ends."""

_EQUAL = 1.0 + 1e-9  # what counts as the same confidence

_Goal: TypeAlias = tuple[Numbers, bool]
"""A fact to prove, and whether only its being stated will do."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The chance that one of these proofs holds, the surest first; ``complete`` if there surely are no others."""

    probability: float
    proofs: tuple[Proof, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class _State:
    """An unfinished proof: how each fact is proved so far, what is still to prove, and what must be so for that.

    ``way`` is the place of that way to prove the first open fact which is to be tried next.
    """

    steps: Mapping[_Goal, Alternative]
    open: tuple[_Goal, ...]
    events: frozenset[Hashable]
    way: int = 0


def likelihood(known: Materialization, triple: ox.Triple, *, k: int = MOST_PROOFS) -> Likelihood:
    """How likely a fact is by its ``k`` best proofs that rest on different facts.

    InputError where the fact does not hold, or ``k`` is not between 1 and ``MOST_PROOFS``.

    >>> import numpy as np
    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> a, b, p, q, r = (ox.NamedNode(f"urn:{name}") for name in "abpqr")
    >>> rules = parse_rules("PREFIX : <urn:> RULE { ?x :r ?y } WHERE { ?x :p ?y } RULE { ?x :r ?y } WHERE { ?x :q ?y }")
    >>> known = Materialization([ox.Triple(a, p, b), ox.Triple(a, q, b)], rules, confidence=np.array([0.5, 0.8]))
    >>> found = likelihood(known, ox.Triple(a, r, b))
    >>> round(found.probability, 3), [proof.confidence for proof in found.proofs]
    (0.9, [0.8, 0.5])
    """
    if not 1 <= k <= MOST_PROOFS:
        raise InputError(f"between 1 and {MOST_PROOFS} proofs can be counted together, not {k}")
    best = prove(known, triple)
    number = known.numbering.number
    search = _Search(known.engine)
    proofs: list[tuple[Proof, frozenset[Hashable]]] = []
    for proof, support in search.proofs((number(triple.subject), number(triple.predicate), number(triple.object))):
        # One that rests on less is better than one that is no surer.
        proofs = [(p, s) for p, s in proofs if not (support < s and p.confidence <= proof.confidence * _EQUAL)]
        proofs.append((proof, support))
        if len(proofs) == k:
            break
    if not proofs:
        return Likelihood(best.confidence, (best,), False)
    return Likelihood(chance_of_any([s for _, s in proofs], search.chances), tuple(p for p, _ in proofs), search.exhausted)


def chance_of_any(supports: Sequence[frozenset[Hashable]], chances: Mapping[Hashable, float]) -> float:
    """The chance that all events of at least one set happen; the events are independent.

    >>> chance_of_any([frozenset("ab"), frozenset("ac")], {"a": 0.5, "b": 0.5, "c": 0.5})
    0.375
    """
    # Events in the same sets are as good as one.
    groups: dict[int, float] = {}
    for event in dict.fromkeys(event for support in supports for event in support):
        members = sum(1 << place for place, support in enumerate(supports) if event in support)
        groups[members] = groups.get(members, 1.0) * chances[event]
    total = 0.0
    for chosen in range(1, 1 << len(supports)):
        product = math.prod(chance for members, chance in groups.items() if members & chosen)
        total += product if chosen.bit_count() % 2 else -product
    return min(max(total, 0.0), 1.0)


class _Search:
    """Finds proofs from the best down: what is open is worth at most what is known of it (A*).

    Those that rest on all that another one rests on are passed over.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._value = cache(lambda fact: confidence_of(engine, fact))
        self._ways = cache(self._find_ways)
        self.chances: dict[Hashable, float] = {}
        self.exhausted = False

    def proofs(self, fact: Numbers) -> Iterator[tuple[Proof, frozenset[Hashable]]]:
        """Proofs in which each fact is proved in one way and no fact rests on itself, with their events."""
        turn = count()
        goal = fact, False
        waiting = [(-self._value(fact), 0, next(turn), _State({}, (goal,), frozenset()))]
        found: list[frozenset[Hashable]] = []
        met: set[tuple[tuple[_Goal, ...], frozenset[_Goal], frozenset[Hashable], int]] = set()
        for _ in range(MOST_STATES):
            if not waiting:
                self.exhausted = True
                return
            worth, _, _, state = heapq.heappop(waiting)
            # What is proved in between does not matter: from here on both would use the same events.
            like = state.open[:1], frozenset(state.open), state.events, state.way
            if like in met or any(events <= state.events for events in found):
                continue
            met.add(like)
            if not state.open:
                found.append(state.events)
                yield self._finished(goal, state.steps), state.events
                continue
            for following in self._next(state):
                heapq.heappush(waiting, (-self._worth(goal, state, following, -worth), -len(following.steps), next(turn), following))

    def _next(self, state: _State) -> Iterator[_State]:
        """The state with its first open fact proved in the way whose turn it is, and with the way after that."""
        goal, *rest = state.open
        ways = self._ways(goal)
        if state.way + 1 < len(ways):
            yield replace(state, way=state.way + 1)
        if state.way < len(ways):
            way = ways[state.way]
            needed = _needed(way)
            if not _rests_on(needed, goal, state.steps):
                new = [premise for premise in needed if premise not in state.steps and premise not in rest]
                yield _State({**state.steps, goal: way}, (*new, *rest), state.events | self._events(goal, way))

    def _events(self, goal: _Goal, way: Alternative) -> frozenset[Hashable]:
        """What must happen for a way to be one: a stated fact is true, an unsure rule is right this time."""
        if way.clause is None:
            self.chances[goal[0]] = way.value
            return frozenset((goal[0],))
        if way.clause.rule.weight == 1.0:
            return frozenset()
        use = id(way.clause.rule), way.premises  # for whichever triple of its head
        self.chances[use] = way.clause.rule.weight
        return frozenset((use,))

    def _find_ways(self, goal: _Goal) -> list[Alternative]:
        fact, stated_only = goal
        if not stated_only:
            return alternatives(self._engine, fact)
        way = stated_way(self._engine, fact)
        return [] if way is None else [way]

    def _worth(self, goal: _Goal, before: _State, state: _State, worth: float) -> float:
        """The confidence that the finished proof can have at most, given what it was ``before`` the last step."""
        first = before.open[0]
        way = state.steps.get(first)
        if way is not None and not before.way and way.value >= self._value(first[0]) and not any(p in state.steps for p in _needed(way)):
            return worth  # it was reckoned with
        values: dict[_Goal, float] = {}
        for part in _upwards(goal, state.steps):
            way = state.steps.get(part)
            if way is None:
                values[part] = self._ways(part)[state.way].value if state.way and part == state.open[0] else self._value(part[0])
            elif way.clause is None:
                values[part] = way.value
            else:
                values[part] = way.clause.rule.weight * math.prod(values[premise, way.stated_only] for premise in way.premises)
        return values[goal]

    def _finished(self, goal: _Goal, steps: Mapping[_Goal, Alternative]) -> Proof:
        term = self._engine.numbering.term
        made: dict[_Goal, Proof] = {}
        for part in _upwards(goal, steps):
            way = steps[part]
            s, p, o = part[0]
            fact = term(s), term(p), term(o)
            if way.clause is None:
                made[part] = Proof(fact, way.value)
                continue
            rule = way.clause.rule
            premises = tuple(made[premise, way.stated_only] for premise in way.premises)
            confidence = rule.weight * math.prod(premise.confidence for premise in premises)
            binding = tuple((name, term(number)) for name, number in sorted(way.solution.items()) if not name.startswith("_:"))
            made[part] = Proof(fact, confidence, rule.name, premises, binding)
        return made[goal]


def _needed(way: Alternative | None) -> list[_Goal]:
    """What a way to a fact leaves to prove."""
    return [] if way is None else [(premise, way.stated_only) for premise in dict.fromkeys(way.premises)]


def _rests_on(goals: Sequence[_Goal], fact: _Goal, steps: Mapping[_Goal, Alternative]) -> bool:
    """Whether what is chosen so far proves one of these goals by the fact."""
    waiting, seen = list(goals), set(goals)
    while waiting:
        goal = waiting.pop()
        if goal == fact:
            return True
        new = [premise for premise in _needed(steps.get(goal)) if premise not in seen]
        seen.update(new)
        waiting += new
    return False


def _upwards(goal: _Goal, steps: Mapping[_Goal, Alternative]) -> Iterator[_Goal]:
    """A goal and all that it rests on, each once, premises first."""
    return premises_first([goal], lambda part: _needed(steps.get(part)))
