"""Rules as text, written for people to read and change, and so that they read back as the same rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pyoxigraph as ox

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.language.expression import expression_text
from dovetail.reasoning.rules.language.parse_triples import triple_term
from dovetail.reasoning.rules.language.terms import RDF, RDF_TYPE, XSD, XSD_BOOLEAN, XSD_DECIMAL, XSD_DOUBLE, XSD_INTEGER
from dovetail.reasoning.rules.rule import (
    Assign,
    BodyPart,
    Expression,
    Filter,
    Fresh,
    GroundTerm,
    Node,
    Pattern,
    Rule,
    RuleSet,
    TripleTerm,
    Variable,
    inner_nodes,
    variables,
)

_LOCAL = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)?")
_OUTSIDE_IRIS = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_SHORT = {
    XSD_INTEGER: re.compile(r"[+-]?[0-9]+"),
    XSD_DECIMAL: re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD_DOUBLE: re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+"),
    XSD_BOOLEAN: re.compile(r"true|false"),
}
_PLAIN = frozenset({XSD + "string", RDF + "langString", RDF + "dirLangString"})


def write_rules(rules: RuleSet) -> str:
    """The rules in SPARQL-RL: ``parse_rules`` of it gives them back, but for the lines they stand on.

    Raises ``RuleError`` for what the language cannot say: a blank node of a graph inside a rule.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
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
    blocks = ["\n".join(f"PREFIX {prefix}: {_reference(iri)}" for prefix, iri in rules.prefixes.items())]
    if rules.facts:
        blocks.append(writer.data(Pattern(fact.subject, fact.predicate, fact.object) for fact in rules.facts))
    blocks += [writer.rule(rule, number) for number, rule in enumerate(rules.rules, start=1)]
    return "\n\n".join(block for block in blocks if block) + "\n"


class _Writer:
    def __init__(self, rules: RuleSet) -> None:
        self._namespaces = sorted(((iri, prefix) for prefix, iri in rules.prefixes.items()), key=lambda pair: -len(pair[0]))
        self._iris: dict[str, str] = {}

    def data(self, patterns: Iterable[Pattern]) -> str:
        """A DATA block."""
        return f"DATA {_lines([f'{self.triple(pattern, self.ground)} .' for pattern in patterns])}"

    def rule(self, rule: Rule, number: int) -> str:
        """One rule; ``number`` is where it stands among all."""
        unnamed = rule.name == f"rule-{number}"
        if unnamed and _is_data(rule):
            return self.data(rule.head)
        try:
            name = "" if unnamed else " " + self.iri(rule.name)
            weight = "" if rule.weight == 1 else f" WEIGHT {float(rule.weight)!r}"
            head = [self.triple(pattern, self.head_node) for pattern in rule.head]
            body = [self.part(part) for part in rule.body]
        except _Unwritable as problem:
            raise RuleError(f"rule {rule.name} cannot be written: {problem}") from None
        shown = f"{{ {' . '.join(head)} }}" if 0 < len(head) < 3 else _lines([f"{triple} ." for triple in head])
        return f"RULE{name}{weight} {shown}\nWHERE{' DATA' if rule.stated_only else ''} {_lines(body)}"

    def part(self, part: BodyPart) -> str:
        """One part of a body, as a line."""
        if isinstance(part, Pattern):
            return f"{self.triple(part, self.body_node)} ."
        if isinstance(part, Filter):
            text = self.expression(part.expression)
            return f"FILTER{text}" if text.startswith("(") else f"FILTER({text})"
        if isinstance(part, Assign):
            return f"SET({self.expression(part.variable)} := {self.expression(part.expression)})"
        inner = " ".join(self.part(inner) for inner in part.body)
        return f"NOT{' DATA' if part.stated_only else ''} {{ {inner.removesuffix(' .')} }}"

    def expression(self, expression: Expression) -> str:
        """An expression of FILTER or SET."""
        for variable in variables(expression):
            if variable.name.startswith("_:"):
                raise _Unwritable(f"the blank node {variable.name} stands in an expression")
        return expression_text(expression, term=self.rule_term)

    def triple(self, pattern: Pattern | TripleTerm, node: Callable[[Node], str]) -> str:
        """Three nodes, each as ``node`` writes it."""
        predicate = "a" if pattern.predicate == RDF_TYPE else node(pattern.predicate)
        return f"{node(pattern.subject)} {predicate} {node(pattern.object)}"

    def head_node(self, node: Node) -> str:
        """A node of a rule's head."""
        if isinstance(node, Fresh):
            return f"_:{node.label}"
        if isinstance(node, Variable) and node.name.startswith("_:"):
            raise _Unwritable(f"its head uses {node.name}, a blank node of its body")
        if isinstance(node, TripleTerm):
            return f"<<( {self.triple(node, self.head_node)} )>>"
        return f"?{node.name}" if isinstance(node, Variable) else self.rule_term(node)

    def body_node(self, node: Node) -> str:
        """A node of a rule's body."""
        if isinstance(node, Fresh):
            raise _Unwritable(f"its body uses _:{node.label}, a new node of a head")
        if isinstance(node, TripleTerm):
            return f"<<( {self.triple(node, self.body_node)} )>>"
        if isinstance(node, Variable):
            return node.name if node.name.startswith("_:") else f"?{node.name}"
        return self.rule_term(node)

    def rule_term(self, term: GroundTerm) -> str:
        """A term where a blank node would be read as a variable or a new node."""
        if isinstance(term, ox.BlankNode):
            raise _Unwritable(f"{term} is a node of one graph; rules have no name for it")
        if isinstance(term, ox.Triple):
            return f"<<( {self.triple(TripleTerm(term.subject, term.predicate, term.object), self.head_node)} )>>"
        return self.ground(term)

    def ground(self, node: Node) -> str:
        """A term of DATA."""
        if isinstance(node, ox.NamedNode):
            return self.iri(node.value)
        if isinstance(node, ox.Literal):
            short = _SHORT.get(node.datatype)
            if short and short.fullmatch(node.value):
                return node.value
            if short or node.datatype.value not in _PLAIN:
                return f"{ox.Literal(node.value)}^^{self.iri(node.datatype.value)}"
            return str(node)
        if isinstance(node, ox.Triple | TripleTerm):
            return f"<<( {self.triple(TripleTerm(node.subject, node.predicate, node.object), self.ground)} )>>"
        return str(node)

    def iri(self, text: str) -> str:
        """An IRI with its prefix if it has one, in angle brackets if not."""
        known = self._iris.get(text)
        if known is None:
            known = self._iris[text] = self._shortest(text)
        return known

    def _shortest(self, text: str) -> str:
        for namespace, prefix in self._namespaces:
            if text.startswith(namespace) and _LOCAL.fullmatch(text, len(namespace)):
                return f"{prefix}:{text[len(namespace) :]}"
        return _reference(text)


class _Unwritable(Exception):
    """What the language has no words for."""


def _is_data(rule: Rule) -> bool:
    """Whether it is what the reader makes of DATA that RDF cannot hold: ground, unconditional, with no plain triple."""
    return (
        bool(rule.head)
        and not rule.body
        and rule.weight == 1
        and not rule.stated_only
        and not any(isinstance(node, Variable | Fresh) for pattern in rule.head for node in inner_nodes(pattern))
        and not any(isinstance(triple_term(*pattern.nodes), ox.Triple) for pattern in rule.head)
    )


def _lines(lines: list[str]) -> str:
    return "{\n" + "".join(f"    {line}\n" for line in lines) + "}" if lines else "{}"


def _reference(iri: str) -> str:
    escaped = _OUTSIDE_IRIS.sub(lambda found: f"\\u{ord(found[0]):04X}", iri)
    return f"<{escaped}>"
