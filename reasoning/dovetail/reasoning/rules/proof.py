"""Proofs: why a fact holds, down to what was stated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyoxigraph as ox

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.clause import Atom, Clause
from dovetail.reasoning.rules.derive import Derivations, derivations
from dovetail.reasoning.rules.engine import Engine
from dovetail.reasoning.rules.facts import PAIRS, Key
from dovetail.reasoning.rules.materialization import Materialization
from dovetail.reasoning.rules.relation import holds
from dovetail.reasoning.rules.rule import GroundTerm

Fact: TypeAlias = tuple[GroundTerm, GroundTerm, GroundTerm]
"""Subject, predicate, object; inside OWL 2 RL a subject may be a literal."""

_Numbers: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """A fact, the rule that gives it and the proofs of what the rule needed; ``rule`` is None for what is stated.

    ``binding`` is the rule's solution. ``confidence`` is the rule's weight times the confidences of the
    premises (of a stated fact its own). Proofs share the parts that they have in common.
    """

    fact: Fact
    confidence: float
    rule: str | None = None
    premises: tuple[Proof, ...] = ()
    binding: tuple[tuple[str, GroundTerm], ...] = ()


def prove(known: Materialization, triple: ox.Triple) -> Proof:
    """The best proof of a fact: of the highest confidence, then of the earliest premises.

    InputError where the fact does not hold.

    >>> from dovetail.reasoning.rules.parse import parse_rules
    >>> a, b, p = (ox.NamedNode(f"urn:{name}") for name in "abp")
    >>> known = Materialization([ox.Triple(a, p, b)], parse_rules("RULE { ?y <urn:p> ?x } WHERE { ?x <urn:p> ?y }"))
    >>> proof = prove(known, ox.Triple(b, p, a))
    >>> proof.rule, [premise.rule for premise in proof.premises]
    ('rule-1', [None])
    """
    if triple not in known:
        raise InputError(f"this does not hold: {triple}")
    engine = known.engine
    s, p, o = (engine.numbering.find(term) for term in (triple.subject, triple.predicate, triple.object))
    assert s is not None and p is not None and o is not None
    return _proofs(engine, {(s, p, o)})[s, p, o]


def steps(known: Materialization) -> Iterator[tuple[Fact, str, tuple[Fact, ...]]]:
    """For everything inferred the fact, the rule, and the facts it needed: all proofs of a graph, each step once."""
    engine = known.engine
    wanted = {key: engine.facts.relations[key].keys for key in sorted(engine.facts.stored())}
    made: dict[int, GroundTerm] = {}

    def term(number: int) -> GroundTerm:
        if number not in made:
            made[number] = engine.numbering.term(number)
        return made[number]

    for found in derivations(engine, wanted):
        rule = found.clause.rule.name
        for fact, premises, _ in _rows(found):
            yield _fact(fact, term), rule, tuple(_fact(premise, term) for premise in premises)


def parts(proof: Proof) -> Iterator[Proof]:
    """A proof and all proofs inside it, each once, premises before what they prove; of any depth.

    >>> a = ox.NamedNode("urn:a")
    >>> stated = Proof((a, a, a), 1.0)
    >>> [part.rule for part in parts(Proof((a, a, a), 1.0, "rule-1", (stated, stated)))]
    [None, 'rule-1']
    """
    done: set[Proof] = set()
    waiting = [proof]
    while waiting:  # deep proofs would exhaust a recursion
        part = waiting[-1]
        missing = [premise for premise in reversed(part.premises) if premise not in done]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if part not in done:
            done.add(part)
            yield part


def _proofs(engine: Engine, wanted: set[_Numbers]) -> dict[_Numbers, Proof]:
    """Proofs of facts and of all that they rest on."""
    derived: dict[_Numbers, tuple[Clause, tuple[_Numbers, ...], dict[str, int]]] = {}
    seen, frontier = set(wanted), wanted
    order: list[_Numbers] = []
    while frontier:
        order += sorted(frontier)
        following: set[_Numbers] = set()
        for found in derivations(engine, _by_key(engine, frontier)):
            for fact, premises, solution in _rows(found):
                derived[fact] = found.clause, premises, {**found.clause.binding, **solution}
                following.update(premises)
        frontier = following - seen
        seen |= frontier
    made: dict[_Numbers, Proof] = {}
    waiting = list(wanted)
    while waiting:  # deep proofs would exhaust a recursion
        fact = waiting[-1]
        missing = [premise for premise in derived[fact][1] if premise not in made] if fact in derived else []
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if fact not in made:
            made[fact] = _proof(engine, fact, derived.get(fact), made)
    return made


def _proof(
    engine: Engine, fact: _Numbers, derivation: tuple[Clause, tuple[_Numbers, ...], dict[str, int]] | None, made: dict[_Numbers, Proof]
) -> Proof:
    term = engine.numbering.term
    if derivation is None:
        key = engine.facts.key(Atom(fact[1], fact[0], fact[2]))
        place = np.array([fact[0] if key[1] != PAIRS else fact[0] << 32 | fact[2]], np.int64)
        _, values = holds(engine.facts.runs(key), place)
        return Proof(_fact(fact, term), 1.0 if values is None else float(values[0]))
    clause, needed, solution = derivation
    premises = tuple(made[premise] for premise in needed)
    confidence = clause.rule.weight
    for premise in premises:
        confidence *= premise.confidence
    binding = tuple((name, term(number)) for name, number in sorted(solution.items()) if not name.startswith("_:"))
    return Proof(_fact(fact, term), confidence, clause.rule.name, premises, binding)


def _by_key(engine: Engine, facts: set[_Numbers]) -> dict[Key, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    found: dict[Key, list[int]] = {}
    for s, p, o in facts:
        key = engine.facts.key(Atom(p, s, o))
        found.setdefault(key, []).append(s if key[1] != PAIRS else s << 32 | o)
    return {key: np.array(sorted(keys), np.int64) for key, keys in sorted(found.items())}


def _rows(found: Derivations) -> Iterator[tuple[_Numbers, tuple[_Numbers, ...], dict[str, int]]]:
    """The derivations of a batch one by one."""
    facts = _zipped(found.facts.subjects, found.facts.predicates, found.facts.objects)
    premises = [_zipped(part.subjects, part.predicates, part.objects) for part in found.premises]
    names = list(found.solution)
    solutions = list(zip(*(column.tolist() for column in found.solution.values()), strict=True)) or [()] * len(facts)
    for place, fact in enumerate(facts):
        yield fact, tuple(part[place] for part in premises), dict(zip(names, solutions[place], strict=True))


def _zipped(*columns: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[_Numbers]:
    return list(zip(*(column.tolist() for column in columns), strict=True))  # type: ignore[arg-type]  # three columns


def _fact(numbers: _Numbers, term: object) -> Fact:
    assert callable(term)
    return term(numbers[0]), term(numbers[1]), term(numbers[2])
