"""Entities into groups: what a person merged, then rule by rule; never two that a person split or that contradict each other.

The order of what comes in does not matter: entities are taken by IRI, rules in their order, decisions by date.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from rdflib import URIRef

from dovetail.kg.resolution import MERGE, Decision, Judgement, Resolution
from dovetail.nlp.resolution.entities import ONCE, Entity
from dovetail.nlp.resolution.rules import RULES, Rule, distinct_marks, given_names_differ, is_acronym_of, words

MOST_ANSWERS = 8
"""Entities with one key beyond which nothing is told apart by it, and nothing said about it."""


def group(entities: Iterable[Entity], decided: Sequence[Decision] = (), *, rules: Sequence[Rule] = RULES) -> Resolution:
    """The groups of entities that are one, and why.

    >>> curie = Entity("urn:x:1", frozenset({"person"}), "Marie Curie")
    >>> short = Entity("urn:x:2", frozenset({"person"}), "M. Curie")
    >>> resolution = group([curie, short])
    >>> [list(map(str, members)) for members in resolution.groups], resolution.judgements[0].rule
    ([['urn:x:1', 'urn:x:2']], 'initials')
    """
    state = _Groups({entity.iri: entity for entity in sorted(entities, key=lambda e: e.iri)}, decided)
    for rule in rules:
        state.apply(rule)
    return state.result()


class _Groups:
    """Groups while they grow: a union-find whose roots are the smallest IRI of each."""

    def __init__(self, entities: dict[str, Entity], decided: Sequence[Decision]) -> None:
        self.entities = entities
        self.parent = {iri: iri for iri in entities}
        self.members = {iri: [iri] for iri in entities}
        self.found: dict[tuple[str, str], Judgement] = {}
        self.split: dict[str, set[str]] = defaultdict(set)
        self.words = Counter(word for e in entities.values() for word in set(words(e)))
        for decision in decided:
            if decision.verdict != MERGE:
                self.split[str(decision.one)].add(str(decision.other))
                self.split[str(decision.other)].add(str(decision.one))
        for decision in sorted(decided, key=lambda d: (d.date, d.one, d.other)):
            one, other = str(decision.one), str(decision.other)
            known = one in entities and other in entities
            if decision.verdict == MERGE and known and not self._parted(self.root(one), self.root(other)):
                self._join(one, other, Judgement(URIRef(one), URIRef(other), "decision", "", 1.0))

    def root(self, iri: str) -> str:
        while self.parent[iri] != iri:
            self.parent[iri] = self.parent[self.parent[iri]]
            iri = self.parent[iri]
        return iri

    def apply(self, rule: Rule) -> None:
        """Merge what a rule finds, and note what it keeps apart."""
        answers: dict[tuple[str, str], list[str]] = defaultdict(list)
        for iri, entity in self.entities.items():
            for key in rule.answers(entity):
                for kind in sorted(entity.kinds):
                    answers[kind, key].append(iri)
        for iri, entity in self.entities.items():
            for key in rule.asks(entity):
                for kind in sorted(entity.kinds):
                    self._answered(rule, iri, key, answers.get((kind, key), ()))

    def _answered(self, rule: Rule, iri: str, key: str, answers: Sequence[str]) -> None:
        entity = self.entities[iri]
        if rule.name == "alias" and " " not in key and not self._distinctive(entity, key, answers):
            return
        roots = sorted({self.root(one) for one in answers} - {self.root(iri)})
        if not roots or len(roots) > MOST_ANSWERS:
            return
        between = rule.asks == rule.answers
        together = [*roots, self.root(iri)] if between else roots
        clash = next((why for n, a in enumerate(together) for b in together[:n] if (why := self.contradiction(a, b))), "")
        if between and clash:
            for other in roots:
                self._keep_apart(iri, self._like(other, answers), clash)
        elif not between and len(roots) > 1:
            named = ", ".join(sorted({self.entities[one].name for one in roots}))
            for other in roots:
                self._keep_apart(iri, self._like(other, answers), f"{entity.name!r} fits several: {named}")
        else:
            for other in roots:
                if why := self.contradiction(self.root(iri), self.root(other)):
                    self._keep_apart(iri, self._like(other, answers), why)
                elif self.root(iri) != self.root(other):
                    one = self._like(other, answers)
                    shown = "acronym" if rule.name == "alias" and is_acronym_of(entity.name, self.entities[one].name) else rule.name
                    self._join(iri, one, Judgement(URIRef(iri), URIRef(one), shown, entity.name, rule.score))

    def contradiction(self, one: str, other: str) -> str:
        """Why two groups cannot be one thing; empty where nothing speaks against it."""
        if self._parted(one, other):
            return "a person split them"
        left, right = ([self.entities[m] for m in self.members[root]] for root in (one, other))
        if any(not e.minted for e in left) and any(not e.minted for e in right):
            return "the vocabulary has two terms"
        titles = [{e.qualifier.casefold() for e in side} - {""} for side in (left, right)]
        if titles[0] and titles[1] and not titles[0] & titles[1]:
            return f"titles tell them apart: {', '.join(sorted(titles[0] | titles[1]))}"
        marks = [{distinct_marks(e) for e in side} - {frozenset()} for side in (left, right)]
        if marks[0] and marks[1] and not marks[0] & marks[1]:
            return f"numbers tell them apart: {', '.join(sorted(mark for side in marks for some in side for mark in some))}"
        if any(given_names_differ(a, b) for a in left for b in right):
            return "given names tell them apart"
        for predicate, called in ONCE.items():
            dates = [sorted({v for e in side for p, v in e.facts if p == predicate}) for side in (left, right)]
            if dates[0] and dates[1] and not any(a.startswith(b) or b.startswith(a) for a in dates[0] for b in dates[1]):
                return f"{called}: " + " and ".join(sorted(", ".join(side) for side in dates))
        return ""

    def _parted(self, one: str, other: str) -> bool:
        theirs = set(self.members[other])
        return any(self.split.get(member, set()) & theirs for member in self.members[one])

    def _distinctive(self, entity: Entity, key: str, answers: Sequence[str]) -> bool:
        """Whether a word is in no name but the asker's and those that answer."""
        return self.words[key] <= len({one for one in [*answers, entity.iri] if key in words(self.entities[one])})

    def _like(self, root: str, answers: Sequence[str]) -> str:
        """The member of a group that answered."""
        return min(one for one in answers if self.root(one) == root)

    def _join(self, one: str, other: str, judgement: Judgement) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        if low != high:
            self.parent[high] = low
            self.members[low] += self.members.pop(high)
        first, second = sorted((one, other))
        self.found[first, second] = judgement

    def _keep_apart(self, one: str, other: str, why: str) -> None:
        first, second = sorted((one, other))
        if first != second:
            self.found.setdefault((first, second), Judgement(URIRef(first), URIRef(second), why, self.entities[one].name))

    def result(self) -> Resolution:
        groups = []
        for members in self.members.values():
            if len(members) > 1:
                groups.append(tuple(URIRef(iri) for iri in sorted(members, key=self._rank)))
        kept = [j for pair, j in sorted(self.found.items()) if j.merged or self.root(pair[0]) != self.root(pair[1])]
        return Resolution(tuple(sorted(groups)), tuple(kept))

    def _rank(self, iri: str) -> tuple[bool, bool, int, int, str]:
        """Who stands for a group: a term of the vocabulary, then the fullest name."""
        entity = self.entities[iri]
        return entity.minted, not entity.qualifier, -len(words(entity)), -len(entity.name), iri
