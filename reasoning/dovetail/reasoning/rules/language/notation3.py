"""Notation3 rules, read into ours: ``{ ... } => { ... }`` with the built-ins that SPARQL has words for.

    @prefix : <http://example.org/> .
    @prefix math: <http://www.w3.org/2000/10/swap/math#> .
    :ann :age 17 .
    { ?x :age ?n . ?n math:lessThan 18 } => { ?x a :Minor } .

Read are prefixes, facts, ``=>``, ``<=``, ``log:implies`` and ``=`` (owl:sameAs). A built-in becomes FILTER or SET and
runs once its inputs have values, wherever it stands. What has no equivalent is refused by its name:
quoted formulas, ``@forAll`` and ``@forSome``, path operators, and the other built-ins.
"""

from __future__ import annotations

import pyoxigraph as ox

from dovetail.reasoning.rules.language.notation3_builtins import BUILTINS, LIBRARIES, LOG, Builtin, Kind
from dovetail.reasoning.rules.language.parse_triples import HEAD, Labels, Place, TripleReader, ground_triples
from dovetail.reasoning.rules.language.terms import RDF_FIRST, RDF_NIL, RDF_REST, TermReader
from dovetail.reasoning.rules.rule import (
    Assign,
    BodyPart,
    Call,
    Expression,
    Filter,
    Fresh,
    Node,
    Pattern,
    Rule,
    RuleSet,
    Variable,
    variables,
)

_FACTS = Place("outside a formula", ox.BlankNode, variables=False)
_IMPLIES = ox.NamedNode(LOG + "implies")


def parse_notation3(text: str, *, source: str = "rules") -> RuleSet:
    """The rules and facts of a Notation3 text; raises ``RuleError`` with line and column for what is not understood.

    >>> rules = parse_notation3("{ ?x <urn:n> ?n . (?n 1) <http://www.w3.org/2000/10/swap/math#sum> ?m } => { ?x <urn:m> ?m } .")
    >>> from dovetail.reasoning.rules.language.write import write_rules
    >>> print(write_rules(rules), end="")
    RULE { ?x <urn:m> ?m }
    WHERE {
        ?x <urn:n> ?n .
        SET(?m := (?n + 1))
    }
    """
    reader = _Notation3(text, source=source)
    try:
        return reader.document()
    except RecursionError:
        reader.fail("nested too deeply")


class _Notation3(TermReader):
    __slots__ = ("body", "facts", "labels", "rules", "taken")

    def __init__(self, text: str, *, source: str) -> None:
        super().__init__(text, source=source)
        self.replace("=", "iri", "<http://www.w3.org/2002/07/owl#sameAs>")
        self.rules: list[Rule] = []
        self.facts: dict[ox.Triple, None] = {}
        self.taken = self.blank_labels()
        self.labels = Labels(self.taken)
        # A blank node of a body is a variable that built-ins may use: it needs a plain name that no variable of the text has.
        stem = "_"
        while any(name.startswith(stem) for name in self.variable_names()):
            stem += "_"
        self.body = Place("in a rule's body", lambda label: Variable(stem + label))

    def document(self) -> RuleSet:
        while self.kind != "end":
            if self.kind in ("lang", "PREFIX", "BASE"):
                self._directive()
            else:
                (self._rule if self.kind == "{" else self._fact)()
                self.expect(".", where="at the end of a statement")
        return RuleSet(tuple(self.rules), tuple(self.facts), self.prefixes)

    def iri(self, *, where: str) -> ox.NamedNode:
        at = self.place
        iri = super().iri(where=where)
        if iri.value.startswith(LIBRARIES) and iri.value not in BUILTINS and iri != _IMPLIES:
            self.fail("this built-in has no equivalent in SPARQL-RL", at=at)
        return iri

    def _directive(self) -> None:
        word = self.value.lower()
        if word not in ("@prefix", "@base", "prefix", "base"):
            self.fail("this word of Notation3 is not supported")
        (self.prefix if word.endswith("prefix") else self.rebase)()
        if word.startswith("@"):
            self.expect(".", where=f"after {word}")

    def _fact(self) -> None:
        at, line = self.place, self.line()
        patterns = self._triples(_FACTS, self.labels, single=True)
        self._refuse_builtins(patterns, at=at)
        facts, beyond_rdf = ground_triples(patterns)
        self.facts.update(dict.fromkeys(facts))
        if beyond_rdf:
            self.rules.append(Rule(f"rule-{len(self.rules) + 1}", beyond_rdf, (), line=line))

    def _rule(self) -> None:
        at, line = self.place, self.line()
        labels = Labels(self.taken)
        backwards = self.kind_after("}") == "<="
        left = self._formula(HEAD if backwards else self.body, labels)
        if not self.accept("<=") and not self.accept("=>"):
            operator = self.place
            if self.kind not in ("iri", "pname") or self.iri(where="between formulas") != _IMPLIES:
                self.fail("expected => or <= between formulas", at=operator)
        right = self._formula(self.body if backwards else HEAD, labels)
        head, body = (left, right) if backwards else (right, left)
        self._refuse_builtins(head, at=at)
        self.rules.append(Rule(f"rule-{len(self.rules) + 1}", tuple(head), self._in_order(body, at=at), line=line))

    def _formula(self, place: Place, labels: Labels) -> list[Pattern]:
        self.expect("{", where="before a formula")
        patterns = self._triples(place, labels)
        self.expect("}", where="or a triple in a formula")
        return patterns

    def _triples(self, place: Place, labels: Labels, *, single: bool = False) -> list[Pattern]:
        triples = TripleReader(self, place, labels)
        if single:
            triples.same_subject()
        else:
            triples.block()
        return triples.patterns

    def _refuse_builtins(self, patterns: list[Pattern], *, at: int) -> None:
        for pattern in patterns:
            if (builtin := _builtin(pattern)) is not None:
                self.fail(f"{builtin.name} computes, so it can only stand in a rule's body", at=at)

    def _in_order(self, patterns: list[Pattern], *, at: int) -> tuple[BodyPart, ...]:
        """The body with each built-in after what gives its inputs values, and without the lists that it takes apart."""
        lists = _Lists(patterns)
        waiting = []
        for pattern in patterns:
            if (builtin := _builtin(pattern)) is not None:
                inputs = lists.inputs(builtin, pattern)
                if inputs is None:
                    self.fail(f"{builtin.name} needs a list written out, ({' '.join(['...'] * min(builtin.most, 3))})", at=at)
                waiting.append((builtin, inputs, pattern.object))
        parts: list[BodyPart] = [pattern for pattern in patterns if _builtin(pattern) is None and pattern not in lists.used]
        bound = {variable for part in parts for variable in variables(part)}
        while waiting:
            made = ((call, _part(*call, bound)) for call in waiting)
            call, part = next(((call, part) for call, part in made if part is not None), (None, None))
            if call is None or part is None:
                self.fail(f"nothing gives a value to what {waiting[0][0].name} works on", at=at)
            waiting.remove(call)
            parts.append(part)
            bound.update(variables(part))
        return tuple(parts)


class _Lists:
    """The lists of a body, as they were before they became triples."""

    def __init__(self, patterns: list[Pattern]) -> None:
        self._first = {pattern.subject: pattern for pattern in patterns if pattern.predicate == RDF_FIRST}
        self._rest = {pattern.subject: pattern for pattern in patterns if pattern.predicate == RDF_REST}
        self.used: set[Pattern] = set()

    def inputs(self, builtin: Builtin, pattern: Pattern) -> tuple[Expression, ...] | None:
        """What a built-in works on, None if that is not as many members of a list as it takes; such lists are ``used``."""
        if builtin.kind is Kind.COMPARES:
            return _expression(pattern.subject), _expression(pattern.object)
        if not builtin.takes_list:
            return (_expression(pattern.subject),)
        members: list[Expression] = []
        cell = pattern.subject
        while cell in self._first and cell in self._rest and self._first[cell] not in self.used:
            self.used |= {self._first[cell], self._rest[cell]}
            members.append(_expression(self._first[cell].object))
            cell = self._rest[cell].object
        return tuple(members) if cell == RDF_NIL and builtin.least <= len(members) <= builtin.most else None


def _builtin(pattern: Pattern) -> Builtin | None:
    return BUILTINS.get(pattern.predicate.value) if isinstance(pattern.predicate, ox.NamedNode) else None


def _expression(node: Node) -> Expression:
    assert not isinstance(node, Fresh), "a body holds no new nodes"
    return node


def _part(builtin: Builtin, inputs: tuple[Expression, ...], output: Node, bound: set[Variable]) -> BodyPart | None:
    """The built-in as a part of a body; None while its inputs have no values."""
    result = _expression(output)
    if builtin.kind is Kind.SAME and not bound.issuperset(variables(inputs[0])):
        inputs, result = (result,), inputs[0]
    if not all(bound.issuperset(variables(each)) for each in inputs):
        return None
    value = builtin.make(inputs)
    if builtin.kind is Kind.COMPARES:
        return Filter(value)
    if isinstance(result, Variable) and result not in bound:
        return Assign(result, value)
    return Filter(Call("SAMETERM" if builtin.kind is Kind.SAME else "=", (value, result)))
