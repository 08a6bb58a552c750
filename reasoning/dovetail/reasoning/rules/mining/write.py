"""Mined rules as a SPARQL-RL file: each under what is known of it, for a person to read, strike out and change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyoxigraph as ox

from dovetail.kg.names import PREFIXES, prefixed
from dovetail.reasoning.rules.language.write import write_rules
from dovetail.reasoning.rules.mining.options import Example, MinedRule
from dovetail.reasoning.rules.rule import GroundTerm, Pattern, Rule, RuleSet, inner_nodes, term_text


def write_mined(rules: Sequence[MinedRule]) -> str:
    """The rules in SPARQL-RL, each with its counts and an example in comments; ``parse_rules`` reads them back.

    >>> import pyoxigraph as ox
    >>> from dovetail.reasoning.rules.rule import Pattern, Variable
    >>> x, y, works, lives, a, b = Variable("x"), Variable("y"), *(ox.NamedNode(f"urn:x:{name}") for name in ("works", "lives", "a", "b"))
    >>> rule = Rule("rule-1", (Pattern(x, lives, y),), (Pattern(x, works, y),), 0.8333)
    >>> example = ox.Triple(a, lives, b), ox.Triple(a, works, b)
    >>> print(write_mined([MinedRule(rule, 5, 6, 5 / 6, 1.0, 0.25, (example,))]), end="")
    # right 5 times of 6: standard confidence 0.833, PCA confidence 1.000, head coverage 0.250
    # e.g. <urn:x:a> <urn:x:lives> <urn:x:b> because <urn:x:a> <urn:x:works> <urn:x:b>
    RULE WEIGHT 0.8333 { ?x <urn:x:lives> ?y }
    WHERE {
        ?x <urn:x:works> ?y .
    }
    """
    numbered = tuple(replace(mined.rule, name=f"rule-{place}") for place, mined in enumerate(rules, 1))
    text = write_rules(RuleSet(numbered, prefixes=_prefixes(numbered)))
    blocks = text.rstrip("\n").split("\n\n") if text.strip() else []
    first = len(blocks) - len(rules)
    commented = ["\n".join((*_comments(mined), block)) for mined, block in zip(rules, blocks[first:], strict=True)]
    return "".join(f"{block}\n\n" for block in (*blocks[:first], *commented)).removesuffix("\n")


def _prefixes(rules: Sequence[Rule]) -> dict[str, str]:
    """Those of the usual prefixes that the rules have a use for."""
    patterns = [part for rule in rules for part in (*rule.head, *rule.body) if isinstance(part, Pattern)]
    terms = {str(node) for pattern in patterns for node in inner_nodes(pattern)}
    return {prefix: iri for prefix, iri in PREFIXES.items() if any(f"<{iri}" in term for term in terms)}


def _comments(mined: MinedRule) -> list[str]:
    shares = f"standard confidence {mined.standard_confidence:.3f}, PCA confidence {mined.pca_confidence:.3f}"
    counts = f"# right {mined.support} times of {mined.body_size}: {shares}, head coverage {mined.head_coverage:.3f}"
    return [counts, *(f"# e.g. {_sentence(example)}" for example in mined.examples[:1])]


def _sentence(example: Example) -> str:
    head, *body = (" ".join(map(_short, triple)) for triple in example)
    return f"{head} because {' and '.join(body)}"


def _short(term: GroundTerm) -> str:
    if isinstance(term, ox.NamedNode) and (short := prefixed(term.value)) != term.value:
        return short
    return term_text(term)
