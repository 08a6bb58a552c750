"""Rules made ready to run: one head each, terms as numbers, everything a step needs named.

    rule --(one clause per head triple)--> clause --(specialise)--> clauses about known predicates and classes

What RDF 1.2 nests is made flat: a triple term in a body becomes a variable with three atoms about its
parts, and whatever a head makes (triple terms, blank nodes) becomes an assignment before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pyoxigraph as ox

from dovetail.reasoning.rules.engine.numbering import Numbering
from dovetail.reasoning.rules.language.expression import calls
from dovetail.reasoning.rules.rule import (
    Assign,
    Expression,
    Filter,
    Fresh,
    Negation,
    Node,
    Pattern,
    Rule,
    TripleTerm,
    Variable,
    variables,
)

Slot: TypeAlias = int | str
"""A term's number, or the name of a variable."""

HELPER = "urn:dovetail:helper:"
"""Predicates with this beginning are the rules' own and are never written to a graph."""

RELATION = ox.NamedNode(f"{HELPER}relation")
"""What has one serves rules as a property of their own, and facts of it are never written either."""

PROFILE = "urn:dovetail:rule:"
"""What the names of a profile's own rules begin with."""

TRIPLE_PARTS = tuple(ox.NamedNode(f"{HELPER}triple-{part}") for part in ("subject", "predicate", "object"))
"""The predicates that lead from a triple term to its parts; the engine keeps them, rules need not."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A triple pattern over numbers; a slot that is a string is a variable."""

    predicate: Slot
    left: Slot
    right: Slot

    @property
    def slots(self) -> tuple[Slot, Slot, Slot]:
        """Predicate, left, right."""
        return self.predicate, self.left, self.right

    @property
    def names(self) -> frozenset[str]:
        """Its variables."""
        return frozenset(slot for slot in self.slots if isinstance(slot, str))

    def bound(self, binding: Mapping[str, int]) -> Atom:
        """The atom with these variables replaced."""
        return Atom(*(binding.get(slot, slot) if isinstance(slot, str) else slot for slot in self.slots))


@dataclass(frozen=True, slots=True)
class Skolem:
    """A blank node made from a solution: the same for the same rule, label and binding."""

    rule: str
    label: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter with the variables it reads."""

    expression: Expression
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Making:
    """An assignment: ``target`` becomes the value of the expression, or a blank node of its own."""

    target: str
    expression: Expression | Skolem
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Absence:
    """A negation. ``shared`` are the variables it has from outside; the others are its own."""

    atoms: tuple[Atom, ...]
    tests: tuple[Condition, ...]
    shared: frozenset[str]
    stated_only: bool


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """A rule with one head.

    ``binding`` is what specialisation has put in place of variables; ``general`` is the clause as it was before.
    ``proper``: its head is an RDF triple whatever the solution, because its subject is one in the body.
    """

    rule: Rule
    head: Atom
    atoms: tuple[Atom, ...]
    tests: tuple[Condition, ...] = ()
    makings: tuple[Making, ...] = ()
    absences: tuple[Absence, ...] = ()
    weight: float = 1.0
    binding: Mapping[str, int] = field(default_factory=dict)
    makes_triples: bool = False
    stratum: int = 0
    proper: bool = False
    general: Clause | None = None

    @property
    def premises(self) -> tuple[Atom, ...]:
        """The atoms of the whole rule, those included that specialisation left out."""
        return self.atoms if self.general is None else tuple(atom.bound(self.binding) for atom in self.general.atoms)

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for clauses that say the same of the same rule, however often they are made."""
        return id(self.rule), self.head, self.atoms, self.weight, tuple(sorted(self.binding.items()))

    def specialised(self, binding: Mapping[str, int], *, drop: frozenset[int] = frozenset(), weight: float = 1.0) -> Clause:
        """The clause for these values; the atoms at the places in ``drop`` hold and are left out."""
        atoms = tuple(atom.bound(binding) for place, atom in enumerate(self.atoms) if place not in drop)
        absences = tuple(
            replace(absence, atoms=tuple(a.bound(binding) for a in absence.atoms), shared=absence.shared - binding.keys())
            for absence in self.absences
        )
        return replace(
            self,
            head=self.head.bound(binding),
            atoms=atoms,
            absences=absences,
            weight=self.weight * weight,
            binding=binding,
            general=self,
        )


def clauses(rule: Rule, numbering: Numbering, *, stratum: int = 0) -> Iterator[Clause]:
    """A rule as clauses, one for each triple of its head.

    Variables keep their names. Inside NOT, those that stand for nothing outside get names of their
    own, because another part of the rule may use the same name later for something else. ``stratum`` is
    the layer of the rule among those it is stratified with.
    """
    reader = _Reader(numbering)
    bound: set[str] = set()
    atoms: list[Atom] = []
    tests: list[Condition] = []
    makings: list[Making] = []
    absences: list[Absence] = []
    for part in rule.body:
        if isinstance(part, Pattern):
            atoms.extend(reader.atoms(part))
        elif isinstance(part, Filter):
            tests.append(_test(part.expression))
        elif isinstance(part, Assign):
            names = frozenset(v.name for v in variables(part.expression))
            makings.append(Making(part.variable.name, part.expression, names))
        else:
            absences.append(reader.absence(part, frozenset(bound), len(absences)))
        bound.update(v.name for v in variables(part) if not isinstance(part, Negation | Filter))
    parts = {numbering.number(part) for part in TRIPLE_PARTS}
    subjects = {atom.left for atom in atoms if isinstance(atom.left, str) and atom.predicate not in parts}
    for pattern in rule.head:
        made: list[Making] = []
        slots = [_made(node, rule, frozenset(bound), made, numbering) for node in pattern.nodes]
        head = Atom(slots[1], slots[0], slots[2])
        nested = any(isinstance(node, TripleTerm) for node in pattern.nodes)
        yield Clause(
            rule,
            head,
            tuple(atoms),
            tuple(tests),
            (*makings, *made),
            tuple(absences),
            rule.weight,
            makes_triples=nested or any(_makes_triple(m.expression) for m in makings),
            stratum=stratum,
            proper=head.left in subjects and isinstance(head.predicate, int),
        )


def _test(expression: Expression) -> Condition:
    return Condition(expression, frozenset(v.name for v in variables(expression)))


def _makes_triple(expression: Expression | Skolem) -> bool:
    if isinstance(expression, Skolem):
        return False
    return isinstance(expression, TripleTerm) or any(
        call.function == "TRIPLE" or any(isinstance(argument, TripleTerm) for argument in call.arguments) for call in calls(expression)
    )


def _made(node: Node, rule: Rule, bound: frozenset[str], made: list[Making], numbering: Numbering) -> Slot:
    """The slot of a node of a head; what must be made for it is added to ``made``."""
    if isinstance(node, Variable):
        return node.name
    if isinstance(node, Fresh):
        target = f"_:new:{node.label}"
        if all(m.target != target for m in made):
            made.append(Making(target, Skolem(rule.name, node.label), bound))
        return target
    if isinstance(node, TripleTerm):
        parts = [_made(part, rule, bound, made, numbering) for part in (node.subject, node.predicate, node.object)]
        nodes = [Variable(slot) if isinstance(slot, str) else numbering.term(slot) for slot in parts]
        target = f"_:made{len(made)}"
        names = frozenset(slot for slot in parts if isinstance(slot, str))
        made.append(Making(target, TripleTerm(*nodes), names))
        return target
    return numbering.number(node)


class _Reader:
    """Reads the patterns of one rule, naming the triple terms it meets."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._nested = 0

    def atoms(self, pattern: Pattern, rename: Callable[[str], str] = str) -> Iterator[Atom]:
        """A pattern as atoms: its own, and three for every triple term inside."""
        inner: list[Atom] = []
        slots = [self._slot(node, inner, rename) for node in pattern.nodes]
        yield Atom(slots[1], slots[0], slots[2])
        yield from inner

    def absence(self, part: Negation, bound: frozenset[str], place: int) -> Absence:
        """A negation whose own variables are renamed."""

        def rename(name: str) -> str:
            return name if name in bound else f"{name}!{place}"

        atoms = [atom for p in part.body if isinstance(p, Pattern) for atom in self.atoms(p, rename)]
        tests = [_test(_renamed(p.expression, rename)) for p in part.body if isinstance(p, Filter)]
        shared = frozenset(v.name for v in variables(part)) & bound
        return Absence(tuple(atoms), tuple(tests), shared, part.stated_only)

    def _slot(self, node: Node, inner: list[Atom], rename: Callable[[str], str]) -> Slot:
        if isinstance(node, Variable):
            return rename(node.name)
        if isinstance(node, TripleTerm):
            self._nested += 1
            name = rename(f"_:triple{self._nested}")
            for predicate, part in zip(TRIPLE_PARTS, (node.subject, node.predicate, node.object), strict=True):
                slot = self._slot(part, inner, rename)
                inner.append(Atom(self._numbering.number(predicate), name, slot))
            return name
        assert not isinstance(node, Fresh)
        return self._numbering.number(node)


def _renamed(expression: Expression, rename: Callable[[str], str]) -> Expression:
    if isinstance(expression, Variable):
        return Variable(rename(expression.name))
    if isinstance(expression, TripleTerm):
        parts = (_renamed(part, rename) for part in (expression.subject, expression.predicate, expression.object))  # type: ignore[arg-type]
        return TripleTerm(*parts)  # type: ignore[arg-type]  # of nodes, as it came
    if hasattr(expression, "arguments"):
        return replace(expression, arguments=tuple(_renamed(a, rename) for a in expression.arguments))  # type: ignore[type-var]
    return expression
