"""The names in a question, each with the things it may mean: whole, partial or misspelt.

question -> NameFinder.mentions -> Mention (place, nodes, how much it looks like a name)
         -> NameFinder.near     -> names close to one that is unknown
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rdflib import Literal

from dovetail.kg.store import KnowledgeGraph
from dovetail.kg.terms import to_ox
from dovetail.nlp.literals import find_literals
from dovetail.reasoning.questions.planning.fact_view import FactView
from dovetail.reasoning.questions.planning.lexicon import relation_phrases
from dovetail.reasoning.questions.surfaces import LONGEST_NAME, SMALL_WORDS, Word, normal_name, words_of

NODES_PER_NAME = 5
ALIKE = 0.8
"""The least similarity (difflib's ratio) of a misspelt word or name with a known one."""
VALUE = 1.0
"""Log-odds for a date or a number."""
PARTIAL, MISSPELT = -2.5, -3.0
"""Log-odds against a mention that is only part of a name, or written otherwise."""


@dataclass(frozen=True, slots=True)
class Mention:
    """``question[start:end]`` may name one of ``nodes``; ``prior`` is the log-odds that it is a name at all, ``name`` what it matched.

    A date or a number has no nodes but a ``value``.
    """

    start: int
    end: int
    name: str
    nodes: tuple[int, ...]
    prior: float
    value: Literal | None = None


class NameFinder:
    """The names of a graph's nodes, to be found in questions."""

    def __init__(self, graph: KnowledgeGraph, view: FactView) -> None:
        self.view = view
        found: dict[str, set[int]] = defaultdict(set)
        self.written: dict[str, str] = {}
        members = {int(node) for nodes in view.classes.values() for node in nodes}
        for term, name in graph.all_names():
            node = view.nodes.get(str(to_ox(term)))
            form = normal_name(name)
            if node is None or not form or not (view.degrees[node] or node in members):
                continue
            found[form].add(node)
            self.written.setdefault(form, name)
        self.nodes = {
            form: tuple(sorted(some, key=lambda node: (-view.degrees[node], node))[:NODES_PER_NAME]) for form, some in found.items()
        }

    def mentions(self, question: str) -> list[Mention]:
        """Every known name in the question, the likeliest first; where no whole name stands, partial and misspelt ones.

        Names may overlap.
        """
        words = words_of(question)
        found = []
        for first in range(len(words)):
            for last in range(first, min(first + LONGEST_NAME, len(words))):
                form = " ".join(word.form for word in words[first : last + 1])
                nodes = self.nodes.get(form)
                if nodes is None and first < last and words[first].form in ("the", "a", "an"):
                    continue
                if nodes:
                    start, end = words[first].start, words[last].end
                    found.append(Mention(start, end, form, nodes, self._prior(question, words[first : last + 1], form)))
        covered = [(one.start, one.end) for one in found if one.prior > 0]
        for literal in find_literals(question):
            if not any(start < literal.end and literal.start < end for start, end in covered):
                found.append(Mention(literal.start, literal.end, str(literal.value), (), VALUE, literal.value))
                covered.append((literal.start, literal.end))
        for start, end in _unmatched_runs(question, words, covered):
            found.extend(self._loosely(question, start, end))
        return sorted(found, key=lambda one: (-one.prior, one.start, -one.end))

    def near(self, name: str, *, count: int = 3) -> list[str]:
        """The known names most like ``name``, as they are written."""
        form = normal_name(name)
        forms = {near for word in form.split() for near in self._by_word(word)}
        return [self.written[one] for one in difflib.get_close_matches(form, sorted(forms), n=count, cutoff=0.5)]

    def _prior(self, question: str, words: Sequence[Word], form: str) -> float:
        """How much a match looks like a name: by its length, its capitals, and whether its words are everyday ones."""
        exact = question[words[0].start : words[-1].end] == self.written[form]
        capital = any(word.capital for word in words[1:]) or (words[0].capital and words[0].start > 0)
        everyday = sum(word.form in self._everyday or word.form in SMALL_WORDS for word in words) / len(words)
        small = self.written[form][:1].isupper() and not words[0].capital and _is_cased(question)
        value = 0.6 * min(len(words) - 1, 4) + 0.15 * min(len(form), 20)
        value += 1.5 * capital + 0.5 * exact - 2.5 * everyday * (1.0 if capital else 1.6)
        return value - (1.0 if not capital and len(words) == 1 else 0.0) - (2.0 if small else 0.0)

    def _loosely(self, question: str, start: int, end: int) -> Iterator[Mention]:
        """What a stretch that is no known name may mean: names that hold all its words, or that are nearly spelt so."""
        form = normal_name(question[start:end])
        words = form.split()
        holders = [self._holding.get(word, frozenset()) for word in words]
        whole = frozenset.intersection(*holders) if holders else frozenset()
        for name in sorted(whole, key=lambda one: (len(one), -self.view.degrees[self.nodes[one][0]], one))[:NODES_PER_NAME]:
            yield Mention(start, end, name, self.nodes[name], PARTIAL + 3.0 * len(form) / len(name))
        if not whole:
            close = {near for word in words for near in self._by_word(word)}
            for name in difflib.get_close_matches(form, sorted(close), n=3, cutoff=ALIKE):
                likeness = difflib.SequenceMatcher(None, form, name).ratio()
                yield Mention(start, end, name, self.nodes[name], MISSPELT + 5.0 * likeness)

    def _by_word(self, word: str) -> set[str]:
        """The names that hold ``word`` or one spelt much like it."""
        if word in self._holding and word not in SMALL_WORDS:
            return set(self._holding[word])
        alike = difflib.get_close_matches(word, self._initials.get(word[:1], ()), n=5, cutoff=ALIKE)
        return {name for other in alike for name in self._holding[other]}

    @cached_property
    def _holding(self) -> dict[str, frozenset[str]]:
        holding: dict[str, set[str]] = defaultdict(set)
        for form in self.nodes:
            for word in form.split():
                holding[word].add(form)
        return {word: frozenset(names) for word, names in holding.items()}

    @cached_property
    def _initials(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._holding):
            found[word[:1]].append(word)
        return found

    @cached_property
    def _everyday(self) -> frozenset[str]:
        """The words that questions about relations are made of."""
        phrases = [
            phrase
            for one in relation_phrases().values()
            for phrase in (*one.labels, *one.question, *one.inverse_question, *one.inverse_np, *one.np, *one.subject, *one.object)
        ]
        return frozenset(word.form for phrase in phrases for word in words_of(re.sub(r"\{\w\}", " ", phrase)))


def _is_cased(question: str) -> bool:
    """Whether a question has capitals where names have them: in any word but the first."""
    return any(word[:1].isupper() and word != "I" for word in question.split()[1:])


def _unmatched_runs(question: str, words: Sequence[Word], covered: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs of capitalised words, after the first word, that no likely mention covers."""
    run: list[Word] = []
    for number, word in enumerate((*words, None)):
        named = (
            word is not None
            and word.capital
            and number > 0
            and word.form not in SMALL_WORDS
            and not any(start < word.end and word.start < end for start, end in covered)
        )
        if named and (not run or question[run[-1].end : word.start].strip() in ("", "-", "’", "'")):  # type: ignore[union-attr]  # named says so
            run.append(word)  # type: ignore[arg-type]
            continue
        if run:
            yield run[0].start, run[-1].end
        run = [word] if named and word is not None else []
