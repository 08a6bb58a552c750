"""Proofs: why a fact holds, down to what was stated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
import pyoxigraph as ox

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.engine.facts import Key
from dovetail.reasoning.rules.engine.fixpoint import Derivation, Engine, Numbers
from dovetail.reasoning.rules.engine.materialization import Materialization
from dovetail.reasoning.rules.engine.relation import holds
from dovetail.reasoning.rules.proofs.derive import Derivations, Triples, derivations
from dovetail.reasoning.rules.rule import GroundTerm

Fact: TypeAlias = tuple[GroundTerm, GroundTerm, GroundTerm]
"""Subject, predicate, object; inside OWL 2 RL a subject may be a literal."""

_Part = TypeVar("_Part")


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


class Step(NamedTuple):
    """One step of a proof: a fact, how sure it is, the rule that gives it, what the rule needed, and which of that is stated."""

    fact: Fact
    confidence: float
    rule: str
    premises: tuple[Fact, ...]
    stated: tuple[bool, ...]


def prove(known: Materialization, triple: ox.Triple) -> Proof:
    """The best proof of a fact: of the highest confidence, then of the earliest premises.

    InputError where the fact does not hold.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> a, b, p = (ox.NamedNode(f"urn:{name}") for name in "abp")
    >>> known = Materialization([ox.Triple(a, p, b)], parse_rules("RULE { ?y <urn:p> ?x } WHERE { ?x <urn:p> ?y }"))
    >>> proof = prove(known, ox.Triple(b, p, a))
    >>> proof.rule, [premise.rule for premise in proof.premises]
    ('rule-1', [None])
    """
    if triple not in known:
        raise InputError(f"this does not hold: {triple}")
    return prove_facts(known, [(triple.subject, triple.predicate, triple.object)])[0]


def prove_facts(known: Materialization, facts: Sequence[Fact]) -> list[Proof]:
    """The best proofs of facts that hold, which share what they have in common; a fact's subject may be a literal.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> a, b, p = (ox.NamedNode(f"urn:{name}") for name in "abp")
    >>> known = Materialization([ox.Triple(a, p, b)], parse_rules("RULE { ?y <urn:p> ?x } WHERE { ?x <urn:p> ?y }"))
    >>> [proof.rule for proof in prove_facts(known, [(b, p, a), (a, p, b)])]
    ['rule-1', None]
    """
    known.spell_out()
    number = known.numbering.number
    wanted = [(number(s), number(p), number(o)) for s, p, o in facts]
    made = _proofs(known.engine, set(wanted)) if wanted else {}
    return [made[fact] for fact in wanted]


def steps(known: Materialization) -> Iterator[Step]:
    """A step for everything inferred: all proofs of a graph, each step once. Helper facts have steps too.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> a, b, p = (ox.NamedNode(f"urn:{name}") for name in "abp")
    >>> known = Materialization([ox.Triple(a, p, b)], parse_rules("RULE { ?y <urn:p> ?x } WHERE { ?x <urn:p> ?y }"))
    >>> [(step.fact == (b, p, a), step.rule, step.stated) for step in steps(known)]
    [(True, 'rule-1', (True,))]
    """
    known.spell_out()
    engine = known.engine
    wanted = {key: engine.facts.relations[key].keys for key in sorted(engine.facts.stored())}
    made: dict[int, GroundTerm] = {}

    def term(number: int) -> GroundTerm:
        if number not in made:
            made[number] = engine.numbering.term(number)
        return made[number]

    def facts(triples: Triples) -> Iterator[Fact]:
        for s, p, o in _zipped(triples.subjects, triples.predicates, triples.objects):
            yield term(s), term(p), term(o)

    for found in derivations(engine, wanted):
        size = len(found.facts)
        premises = zip(*map(facts, found.premises), strict=True) if found.premises else repeat((), size)
        stated = zip(*(mask.tolist() for mask in found.stated), strict=True) if found.stated else repeat((), size)
        confidences = repeat(1.0, size) if found.confidences is None else found.confidences.tolist()
        yield from map(Step, facts(found.facts), confidences, repeat(found.clause.rule.name, size), premises, stated)


def proof_steps(proof: Proof) -> Iterator[Step]:
    """The steps of a proof, premises before what follows from them."""
    for part in parts(proof):
        if part.rule is not None:
            premises = tuple(premise.fact for premise in part.premises)
            yield Step(part.fact, part.confidence, part.rule, premises, tuple(premise.rule is None for premise in part.premises))


def parts(proof: Proof) -> Iterator[Proof]:
    """A proof and all proofs inside it, each once, premises before what they prove; of any depth.

    >>> a = ox.NamedNode("urn:a")
    >>> stated = Proof((a, a, a), 1.0)
    >>> [part.rule for part in parts(Proof((a, a, a), 1.0, "rule-1", (stated, stated)))]
    [None, 'rule-1']
    """
    return premises_first([proof], lambda part: reversed(part.premises))


def premises_first(starts: Iterable[_Part], needs: Callable[[_Part], Iterable[_Part]]) -> Iterator[_Part]:
    """Some things and all that they rest on, each once and after what it needs; of those, the last comes first.

    >>> list(premises_first(["a"], {"a": "bc", "b": "c", "c": ""}.__getitem__))
    ['c', 'b', 'a']
    """
    done: set[_Part] = set()
    waiting = list(starts)
    while waiting:  # deep proofs would exhaust a recursion
        part = waiting[-1]
        missing = [premise for premise in needs(part) if premise not in done]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if part not in done:
            done.add(part)
            yield part


def _proofs(engine: Engine, wanted: set[Numbers]) -> dict[Numbers, Proof]:
    """Proofs of facts and of all that they rest on."""
    schema = engine.program.schema
    remembered = engine.remembered()
    derived: dict[Numbers, Derivation | None] = {}
    frontier = wanted
    while frontier:
        known = {fact: remembered[fact] for fact in frontier if fact in remembered}
        found = _derived(engine, frontier - known.keys())
        # What a graph says of its classes and properties is in nearly every proof.
        remembered.update((fact, how) for fact, how in found.items() if engine.facts.place(*fact)[0] in schema)
        derived.update(known)
        derived.update(found)
        frontier = {premise for fact in frontier if (how := derived[fact]) is not None for premise in how[1]} - derived.keys()
    made: dict[Numbers, Proof] = {}
    for fact in premises_first(wanted, lambda fact: () if (how := derived[fact]) is None else how[1]):
        made[fact] = _proof(engine, fact, derived[fact], made)
    return made


def _derived(engine: Engine, facts: set[Numbers]) -> dict[Numbers, Derivation | None]:
    """A derivation for each fact; None for those that are simply stated."""
    found: dict[Numbers, Derivation | None] = dict.fromkeys(sorted(facts))
    for batch in derivations(engine, _by_key(engine, facts)):
        for fact, premises, solution in _rows(batch):
            found[fact] = batch.clause, premises, {**batch.clause.binding, **solution}
    return found


def _proof(engine: Engine, fact: Numbers, derivation: Derivation | None, made: dict[Numbers, Proof]) -> Proof:
    term = engine.numbering.term
    if derivation is None:
        key, place = engine.facts.place(*fact)
        _, values = holds(engine.facts.runs(key), np.array([place], np.int64))
        return Proof(_fact(fact, term), 1.0 if values is None else float(values[0]))
    clause, needed, solution = derivation
    premises = tuple(made[premise] for premise in needed)
    confidence = clause.rule.weight
    for premise in premises:
        confidence *= premise.confidence
    binding = tuple((name, term(number)) for name, number in sorted(solution.items()) if not name.startswith("_:"))
    return Proof(_fact(fact, term), confidence, clause.rule.name, premises, binding)


def _by_key(engine: Engine, facts: set[Numbers]) -> dict[Key, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    found: dict[Key, list[int]] = {}
    for fact in facts:
        key, place = engine.facts.place(*fact)
        found.setdefault(key, []).append(place)
    return {key: np.array(sorted(keys), np.int64) for key, keys in sorted(found.items())}


def _rows(found: Derivations) -> Iterator[tuple[Numbers, tuple[Numbers, ...], dict[str, int]]]:
    """The derivations of a batch one by one."""
    facts = _zipped(found.facts.subjects, found.facts.predicates, found.facts.objects)
    premises = [_zipped(part.subjects, part.predicates, part.objects) for part in found.premises]
    names = list(found.solution)
    solutions = list(zip(*(column.tolist() for column in found.solution.values()), strict=True)) or [()] * len(facts)
    for place, fact in enumerate(facts):
        yield fact, tuple(part[place] for part in premises), dict(zip(names, solutions[place], strict=True))


def _zipped(*columns: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Numbers]:
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _fact(numbers: Numbers, term: object) -> Fact:
    assert callable(term)
    return term(numbers[0]), term(numbers[1]), term(numbers[2])
