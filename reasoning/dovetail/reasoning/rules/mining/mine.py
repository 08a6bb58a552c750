"""Rules found in a graph by counting: the search as a visible tuple of stages.

    TripleIndex -> Relations -> STAGES, each weighing bodies for all heads at once -> rules, best first -> examples

The first stages are complete for what they look at, and quick; sampling finds the frequent long paths; the last two go
through all that remains of three atoms. The clock stops the search anywhere, with the best rules so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from dovetail.kg import InputError, TripleIndex
from dovetail.reasoning.rules.mining.candidate import Candidate
from dovetail.reasoning.rules.mining.closed import double_letters, single_letters, three_letters, two_letters
from dovetail.reasoning.rules.mining.constants import constant_properties
from dovetail.reasoning.rules.mining.options import MinedRule, MiningOptions
from dovetail.reasoning.rules.mining.sampled import sampled_constants, sampled_paths
from dovetail.reasoning.rules.mining.search import Counts, Search
from dovetail.reasoning.rules.mining.solutions import examples, to_rule

Stage: TypeAlias = Callable[[Search], None]

STAGES: tuple[tuple[Stage, float], ...] = (
    (single_letters, 1.0),
    (two_letters, 0.3),
    (constant_properties, 0.3),
    (sampled_paths, 0.4),
    (sampled_constants, 0.4),
    (three_letters, 0.7),
    (double_letters, 1.0),
)
"""Each stage with the share of the time left that it may take, so that none is starved by those before it."""

_DEFAULTS = MiningOptions()


def mine_rules(index: TripleIndex, *, options: MiningOptions = _DEFAULTS) -> list[MinedRule]:
    """The rules that hold often enough in a graph, the surest first; each has its confidence for its weight.

    Closed rules (``?x r ?y`` from up to three connected atoms in which every variable occurs twice) and, unless
    ``constants`` is off, these with a type of ``?x`` or ``?y`` besides, and rules about one thing (``?x r value`` from a
    path of up to two atoms that may end in a value, or from a type).
    Left out are rules no surer than a shorter rule they contain. Every count is exact.

    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> from rdflib import URIRef
    >>> works, lives = URIRef("urn:x:works"), URIRef("urn:x:lives")
    >>> people, towns = [[URIRef(f"urn:x:{kind}{n}") for n in range(6)] for kind in ("person", "town")]
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(person, works, town) for person, town in zip(people, towns)])
    6
    >>> graph.add([Statement(person, lives, town) for person, town in zip(people[1:], towns[1:])])
    5
    >>> for mined in mine_rules(graph.index()):
    ...     print(mined.rule.body[0].predicate, mined.support, mined.body_size, mined.standard_confidence)
    <urn:x:lives> 5 5 1.0
    <urn:x:works> 5 6 0.8333333333333334
    """
    _check(options)
    search = Search(index, options)
    for stage, share in STAGES:
        search.begin(stage.__name__, share)
        stage(search)
        search.report()
    return [_mined(search, place, *rule) for place, rule in enumerate(search.best(), 1)]


def _mined(search: Search, place: int, candidate: Candidate, counts: Counts) -> MinedRule:
    confidence = counts.confidence(search.options.measure)
    size = int(search.relations.sizes[search.relations.letter(candidate.head[0])])
    return MinedRule(
        rule=to_rule(search.relations, candidate, name=f"rule-{place}", weight=confidence),
        support=counts.support,
        body_size=counts.body,
        standard_confidence=counts.support / counts.body,
        pca_confidence=counts.support / counts.known,
        head_coverage=counts.support / size,
        examples=examples(search.relations, candidate, search.options.examples),
    )


def _check(options: MiningOptions) -> None:
    if not 1 <= options.max_body <= 3:
        raise InputError(f"a mined rule has one to three atoms in its body, not {options.max_body}")
    if options.min_support < 1:
        raise InputError(f"the least support must be 1 or more, not {options.min_support}")
    for name in ("min_confidence", "min_head_coverage"):
        if not 0.0 <= getattr(options, name) <= 1.0:
            raise InputError(f"{name} must lie between 0 and 1, not {getattr(options, name)}")
    if options.measure not in ("standard", "pca"):
        raise InputError(f"no confidence named {options.measure!r}; try standard or pca")
