"""Rules as text, written for people to read and change, and so that they read back as the same rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

import pyoxigraph as ox

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.expression import expression_text
from dovetail.reasoning.rules.parse_triples import triple_term
from dovetail.reasoning.rules.rule import Assign, BodyPart, Filter, Fresh, GroundTerm, Negation, Node, Pattern, Rule, RuleSet, TripleTerm, Variable
from dovetail.reasoning.rules.terms import RDF_TYPE, XSD_BOOLEAN, XSD_DECIMAL, XSD_DOUBLE, XSD_INTEGER

_LOCAL = re.compile(r"(?:[A-Za-z_0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_.-]*[A-Za-z0-9_-]))*)?")
_OUTSIDE_IRIS = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_SHORT = {
    XSD_INTEGER: re.compile(r"[+-]?[0-9]+"),
    XSD_DECIMAL: re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD_DOUBLE: re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+"),
    XSD_BOOLEAN: re.compile(r"true|false"),
}


def write_rules(rules: RuleSet) -> str:
    """The rules in SPARQL-RL: ``parse_rules`` of it gives them back, but for the lines they stand on.

    Raises ``RuleError`` for what the language cannot say: a blank node of a graph inside a rule.

    >>> from dovetail.reasoning.rules.parse import parse_rules
    >>> print(write_rules(parse_rules("PREFIX : <urn:> RULE :r WEIGHT 0.5 { ?x a :B } WHERE { ?x a :A; :n ?n FILTER(?n > 2) }")), end="")
    PREFIX : <urn:>
    <BLANKLINE>
    RULE :r WEIGHT 0.5 { ?x a :B }
    WHERE {
        ?x a :A .
        ?x :n ?n .
        FILTER(?n > 2)
    }
    """
    writer = _Writer(rules)
    blocks = ["\n".join(f"PREFIX {prefix}: {_iri_reference(iri)}" for prefix, iri in rules.prefixes.items())]
    if rules.facts:
        blocks.append(_data(writer.triple(fact) for fact in rules.facts))
    blocks += [writer.rule(rule, number) for number, rule in enumerate(rules.rules, start=1)]
    return "".join(f"{block}\n" for block in "\n\n".join(filter(None, blocks)).splitlines())


class _Writer:
    def __init__(self, rules: RuleSet) -> None:
        self._namespaces = sorted(((iri, prefix) for prefix, iri in rules.prefixes.items()), key=lambda pair: -len(pair[0]))
        self._rule = ""

    def rule(self, rule: Rule, number: int) -> str:
        """One rule; ``number`` is where it stands among all."""
        self._rule = rule.name
        unnamed = rule.name == f"rule-{number}"
        if unnamed and _is_data(rule):
            return _data(f"{self.term(p.subject)} {self.verb(p.predicate)} {self.term(p.object)}" for p in rule.head if _ground(p))
        name = "" if unnamed else " " + self.iri(rule.name)
        weight = "" if rule.weight == 1 else f" WEIGHT {rule.weight!r}"
        head = [self.pattern(pattern, head=True) for pattern in rule.head]
        lines = [line for _, parts in groupby(rule.body, key=type) for line in self.body_lines(list(parts))]
        stated = " DATA" if rule.stated_only else ""
        return f"RULE{name}{weight} {_braced(head, wide=len(head) < 3)}\nWHERE{stated} {_braced(lines)}"

    def body_lines(self, parts: list[BodyPart]) -> list[str]:
        """Parts of one kind, a line each."""
        return [self.part(part) for part in parts]

    def part(self, part: BodyPart) -> str:
        """One part of a body."""
        if isinstance(part, Pattern):
            return self.pattern(part) + " ."
        if isinstance(part, Filter):
            return f"FILTER{_bracketed(expression_text(part.expression, term=self.term))}"
        if isinstance(part, Assign):
            return f"SET(?{part.variable.name} := {expression_text(part.expression, term=self.term)})"
        stated = " DATA" if part.stated_only else ""
        return f"NOT{stated} {_braced([self.part(inner) for inner in part.body], wide=True)}"
