"""The one form of a rule: what every reader of rules writes, and every engine runs.

    RULE name WEIGHT 0.9 { head } WHERE { patterns, FILTER, NOT, SET }

Terms are Oxigraph's, because RDF 1.2 (triple terms, directions) needs saying and rdflib cannot say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pyoxigraph as ox

GroundTerm: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
"""A term without variables. Inside the engine a literal may be a subject (generalised RDF)."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable; a blank node of a body is one too, named ``_:label``."""

    name: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """A blank node of a head: one new node for each solution of the body."""

    label: str


@dataclass(frozen=True, slots=True)
class TripleTerm:
    """An RDF 1.2 triple term with a variable somewhere inside; one without is an ``ox.Triple``."""

    subject: Node
    predicate: Node
    object: Node


Node: TypeAlias = "Variable | Fresh | TripleTerm | GroundTerm"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple of which any part may be a variable."""

    subject: Node
    predicate: Node
    object: Node

    @property
    def nodes(self) -> tuple[Node, Node, Node]:
        """The three parts in order."""
        return self.subject, self.predicate, self.object


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator with its arguments.

    ``function`` is an operator as SPARQL writes it (``"||" "&&" "!" "=" "!=" "<" ">" "<=" ">=" "+" "-"
    "*" "/" "IN" "NOT IN"``; ``-`` and ``+`` with one argument are the signs; ``IN`` takes the value first,
    then the list), a built-in in capitals (``"STRLEN"``, ``"ISIRI"``), or an IRI in angle brackets.
    """

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = "Variable | TripleTerm | GroundTerm | Call"


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps the solutions for which the expression is true; an error is not true."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Assign:
    """Binds a new variable to a value; an error drops the solution."""

    variable: Variable
    expression: Expression


@dataclass(frozen=True, slots=True)
class Negation:
    """Keeps the solutions for which the body has none; ``stated_only`` looks at the base graph alone (NOT DATA)."""

    body: tuple[Pattern | Filter, ...]
    stated_only: bool = False


BodyPart: TypeAlias = "Pattern | Filter | Negation | Assign"


@dataclass(frozen=True, slots=True)
class Rule:
    """Whenever the body holds, every triple of the head holds, with the body's confidence times ``weight``.

    ``name`` is the rule's IRI, or ``rule-N`` for the N-th of its file. ``stated_only`` matches the whole
    body against the base graph alone (WHERE DATA). ``line`` is where it stands in its file, 0 for none; rules alike but for it are equal.
    """

    name: str
    head: tuple[Pattern, ...]
    body: tuple[BodyPart, ...]
    weight: float = 1.0
    stated_only: bool = False
    line: int = field(default=0, compare=False)

    @property
    def runs_once(self) -> bool:
        """Whether it makes terms (SET, or a blank node in its head), so that it may not feed itself."""
        made = any(isinstance(node, Fresh) for pattern in self.head for node in inner_nodes(pattern))
        return made or any(isinstance(part, Assign) for part in self.body)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules with the facts their file states (DATA blocks) and the prefixes it was written with."""

    rules: tuple[Rule, ...] = ()
    facts: tuple[ox.Triple, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)


def inner_nodes(part: Pattern | TripleTerm) -> Iterator[Node]:
    """The nodes of a pattern, those inside its triple terms included, left to right."""
    for node in (part.subject, part.predicate, part.object):
        yield node
        if isinstance(node, TripleTerm):
            yield from inner_nodes(node)


def variables(part: BodyPart | Expression) -> Iterator[Variable]:
    """The variables of a body part or expression, left to right, repeats included; of ``Assign`` its target last."""
    if isinstance(part, Variable):
        yield part
    elif isinstance(part, Pattern | TripleTerm):
        yield from (node for node in inner_nodes(part) if isinstance(node, Variable))
    elif isinstance(part, Call):
        for argument in part.arguments:
            yield from variables(argument)
    elif isinstance(part, Filter):
        yield from variables(part.expression)
    elif isinstance(part, Assign):
        yield from variables(part.expression)
        yield part.variable
    elif isinstance(part, Negation):
        for inner in part.body:
            yield from variables(inner)


def term_text(term: GroundTerm) -> str:
    """A term as N-Triples 1.2 writes it inside a triple.

    >>> a = ox.NamedNode("urn:a")
    >>> term_text(ox.Triple(a, a, a))
    '<<( <urn:a> <urn:a> <urn:a> )>>'
    """
    return f"<<( {term} )>>" if isinstance(term, ox.Triple) else str(term)
