"""Rules as text, read: the W3C's SPARQL-RL, with weights.

    PREFIX : <http://example.org/>
    DATA { :ann :parent :bob . :bob :parent :cy }
    RULE :grand WEIGHT 0.9 { ?x :grandparent ?z } WHERE { ?x :parent/:parent ?z FILTER(?x != ?z) }

``WEIGHT`` is ours and optional: how far the rule is to be believed, above 0 and at most 1; a conclusion has
the confidence of its premises times the weight. It stands between the rule's name and its head. The rest is
the editors' draft of August 2026 (https://w3c.github.io/data-shapes/sparql12-rl/), read by hand in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.language.parse_expression import read_constraint, read_expression
from dovetail.reasoning.rules.language.parse_triples import BODY, DATA, HEAD, Labels, TripleReader, ground_triples
from dovetail.reasoning.rules.language.terms import NUMBERS, TermReader
from dovetail.reasoning.rules.rule import Assign, BodyPart, Filter, Negation, Pattern, Rule, RuleSet


@dataclass(frozen=True, slots=True)
class Document:
    """One rule file: its rules, and the IRIs of what it IMPORTS, each with its place, ``LINE:COLUMN``."""

    rules: RuleSet
    imports: tuple[tuple[str, str], ...] = ()


def parse_rules(text: str, *, source: str = "rules") -> RuleSet:
    """The rules and facts of a SPARQL-RL text; ``source`` names it in messages.

    Raises ``RuleError`` with line and column at the first mistake. ``IMPORTS`` needs to know where the text
    stands: it is refused here, and ``load_rules`` follows it.

    >>> rules = parse_rules("PREFIX : <urn:> RULE :sym { ?y :knows ?x } WHERE { ?x :knows ?y }")
    >>> rules.rules[0].name, rules.rules[0].weight
    ('urn:sym', 1.0)
    """
    document = parse_document(text, source=source)
    if document.imports:
        iri, place = document.imports[0]
        raise RuleError(f"{source}:{place}: IMPORTS works in files only, read by load_rules: <{iri}>")
    return document.rules


def parse_document(text: str, *, source: str = "rules", base: str = "") -> Document:
    """The same with the imports it names, unread; relative IRIs are taken from ``base`` until the text says BASE."""
    reader = _RuleReader(text, source=source)
    reader.base = base
    try:
        return reader.document()
    except RecursionError:
        reader.fail("nested too deeply")


class _RuleReader(TermReader):
    __slots__ = ("facts", "imports", "labels", "rules", "taken")

    def __init__(self, text: str, *, source: str) -> None:
        super().__init__(text, source=source)
        self.rules: list[Rule] = []
        self.facts: dict[ox.Triple, None] = {}
        self.imports: list[tuple[str, str]] = []
        self.taken = self.blank_labels()
        self.labels = Labels(self.taken)

    def document(self) -> Document:
        declarations = {
            "RULE": self._rule,
            "DATA": self._data,
            "PREFIX": self.prefix,
            "BASE": self.rebase,
            "VERSION": self._version,
            "IMPORTS": self._imports,
        }
        while self.kind != "end":
            read = declarations.get(self.kind)
            if read is None:
                self.fail("expected RULE, DATA, PREFIX, BASE, IMPORTS or VERSION")
            read()
        return Document(RuleSet(tuple(self.rules), tuple(self.facts), self.prefixes), tuple(self.imports))

    def _version(self) -> None:
        self.advance()
        self.expect("string", where="after VERSION")

    def _imports(self) -> None:
        self.advance()
        place = self.position(self.place)
        self.imports.append((self.iri_text(where="after IMPORTS"), place))

    def _data(self) -> None:
        line = self.line()
        self.advance()
        self.expect("{", where="after DATA")
        triples = TripleReader(self, DATA, self.labels)
        triples.block()
        self.expect("}", where="or a triple in DATA")
        facts, beyond_rdf = ground_triples(triples.patterns)
        self.facts.update(dict.fromkeys(facts))
        if beyond_rdf:  # as a rule that always holds, since engines with literals as subjects can use them
            self.rules.append(Rule(f"rule-{len(self.rules) + 1}", beyond_rdf, (), line=line))

    def _rule(self) -> None:
        line = self.line()
        self.advance()
        name = self.iri_text(where="after RULE") if self.kind in ("iri", "pname") else f"rule-{len(self.rules) + 1}"
        weight = self._weight() if self.kind == "WEIGHT" else 1.0
        labels = Labels(self.taken)
        self.expect("{", where="before a rule's head")
        head = TripleReader(self, HEAD, labels)
        head.block()
        self.expect("}", where="or a triple in a rule's head")
        self.expect("WHERE", where="after a rule's head")
        stated_only = self.accept("DATA")
        self.expect("{", where="before a rule's body")
        body = self._body(labels)
        self.rules.append(Rule(name, tuple(head.patterns), body, weight=weight, stated_only=stated_only, line=line))

    def _weight(self) -> float:
        self.advance()
        if self.kind not in NUMBERS:
            self.fail("expected a number after WEIGHT")
        weight = float(self.value)
        if not 0 < weight <= 1:
            self.fail("a weight is above 0 and at most 1")
        self.advance()
        return weight

    def _body(self, labels: Labels) -> tuple[BodyPart, ...]:
        parts: list[BodyPart] = []
        while True:
            parts += self._patterns(labels)
            if self.accept("}"):
                return tuple(parts)
            if self.accept("FILTER"):
                parts.append(Filter(read_constraint(self)))
            elif self.accept("NOT"):
                parts.append(self._negation(labels))
            elif self.accept("SET"):
                parts.append(self._assignment())
            else:
                self.fail("expected a triple, FILTER, NOT, SET or } in a rule's body")
            self.accept(".")

    def _patterns(self, labels: Labels) -> list[Pattern]:
        triples = TripleReader(self, BODY, labels)
        triples.block()
        return triples.patterns

    def _negation(self, labels: Labels) -> Negation:
        stated_only = self.accept("DATA")
        self.expect("{", where="after NOT")
        parts: list[Pattern | Filter] = []
        while True:
            parts += self._patterns(labels)
            if self.accept("}"):
                return Negation(tuple(parts), stated_only=stated_only)
            if not self.accept("FILTER"):
                self.fail("expected a triple, FILTER or } inside NOT")
            parts.append(Filter(read_constraint(self)))
            self.accept(".")

    def _assignment(self) -> Assign:
        self.expect("(", where="after SET")
        if self.kind != "var":
            self.fail("expected a variable after SET (")
        variable = self.variable()
        self.expect(":=", where="after the variable of SET")
        expression = read_expression(self)
        self.expect(")", where="at the end of SET")
        return Assign(variable, expression)
