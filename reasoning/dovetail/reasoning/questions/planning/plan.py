"""What a question was understood to ask of the graph, as data, as a sentence and as SPARQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rdflib import BNode, Literal, URIRef

from dovetail.kg.statement import Term

Label = Callable[[Term], str]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step along a relation, or against it, or along one of several that say much the same."""

    relation: URIRef
    inverse: bool
    also: tuple[URIRef, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query of one of ``KINDS``, and the chance, among all plans, that it is what was meant.

    ``fit`` is how well its parts are what the question says, whatever other plans there are: the geometric mean of their probabilities.

    The things asked about are what ``steps`` lead to from ``names[0]``, or, without steps, the members of ``types``, or the two ``names``
    themselves. ``dimension`` is the relation whose values are compared; ``smallest`` says which end wins. A "boolean" asks whether
    ``names[1]`` is among what the steps lead to; a "difference" is taken between the values of two names, or of one by ``dimension`` and
    by ``second``.
    """

    kind: str
    names: tuple[Term, ...]
    steps: tuple[PlannedStep, ...]
    probability: float
    types: tuple[URIRef, ...] = ()
    dimension: PlannedStep | None = None
    smallest: bool = False
    second: PlannedStep | None = None
    fit: float = field(default=1.0, compare=False)


def plan_sentence(plan: QueryPlan, label: Label) -> str:
    """The plan in words.

    >>> step = PlannedStep(URIRef("urn:x:director"), False)
    >>> plan_sentence(QueryPlan("lookup", (URIRef("urn:x:Alien"),), (step,), 1.0), lambda term: term.rpartition(":")[2])
    'the director of Alien'
    """
    things = _things(plan, label)
    if plan.kind == "count":
        return f"how many there are of: {things}"
    if plan.kind == "boolean":
        return f"whether {label(plan.names[1])} is {things}"
    if plan.kind == "connection":
        return f"the shortest chain of facts between {label(plan.names[0])} and {label(plan.names[1])}"
    if plan.dimension is None:
        return things
    if plan.kind == "difference":
        last = plan.names[-1]
        ends = _along(label(plan.names[0]), plan.dimension, label), _along(label(last), plan.second or plan.dimension, label)
        return f"the difference between {ends[0]} and {ends[1]}"
    end = "least" if plan.smallest else "greatest"
    measure = _along("each", plan.dimension, label)
    if plan.kind == "order":
        return f"whether {label(plan.names[0])} has the {end} value of {measure}, {label(plan.names[1])} the other"
    among = " and ".join(map(label, plan.names)) if plan.kind == "choice" else things
    return f"of {among}, the one with the {end} value of {measure}"


def _things(plan: QueryPlan, label: Label) -> str:
    if not plan.steps:
        return f"every {_types(plan, label)}" if plan.types else label(plan.names[0]) if plan.names else "everything"
    said = label(plan.names[0])
    for step in plan.steps:
        said = _along(said, step, label)
    return said + (f", if it is a {_types(plan, label)}" if plan.types else "")


def _types(plan: QueryPlan, label: Label) -> str:
    return " or ".join(map(label, plan.types))


def _along(said: str, step: PlannedStep, label: Label) -> str:
    relation = " or ".join(map(label, (step.relation, *step.also)))
    return f"what has as its {relation}: {said}" if step.inverse else f"the {relation} of {said}"


def plan_sparql(plan: QueryPlan) -> str:
    """A query that gives the same answers where no two names are one thing and steps lead elsewhere than to their start.

    >>> step = PlannedStep(URIRef("urn:x:director"), True)
    >>> print(plan_sparql(QueryPlan("lookup", (URIRef("urn:x:Scott"),), (step,), 1.0)))
    SELECT DISTINCT ?x1 WHERE { ?x1 <urn:x:director> <urn:x:Scott> }
    """
    if plan.kind == "connection":
        one, other = map(_written, plan.names)
        return f"SELECT * WHERE {{ {{ {one} ?p {other} }} UNION {{ {other} ?p {one} }} UNION {{ {one} ?p ?x . ?x ?q {other} }} }}"
    if plan.kind == "difference" and plan.dimension is not None:
        one, other = _written(plan.names[0]), _written(plan.names[-1])
        values = f"{_pattern(one, plan.dimension, '?one')} . {_pattern(other, plan.second or plan.dimension, '?other')}"
        return f"SELECT ?one ?other WHERE {{ {values} }}"
    if plan.kind in ("choice", "order") and plan.dimension is not None:
        names = " ".join(map(_written, plan.names))
        order = "" if plan.smallest else "DESC"
        return f"SELECT ?x WHERE {{ VALUES ?x {{ {names} }} {_pattern('?x', plan.dimension, '?value')} }} ORDER BY {order}(?value) LIMIT 1"
    patterns, last = [], _written(plan.names[0]) if plan.names and plan.steps else "?x0"
    for number, step in enumerate(plan.steps, start=1):
        patterns.append(_pattern(last, step, f"?x{number}"))
        last = f"?x{number}"
        if number > 1:
            patterns.append(f"FILTER({last} != {_written(plan.names[0])})")
    if plan.types:
        patterns.append(f"{last} a ?type VALUES ?type {{ {' '.join(one.n3() for one in plan.types)} }}")
    if plan.kind == "boolean":
        return f"ASK {{ {' . '.join(patterns)} FILTER({_is(last, plan.names[1])}) }}"
    if plan.dimension is not None:
        patterns.append(_pattern(last, plan.dimension, "?value"))
        order = "" if plan.smallest else "DESC"
        return f"SELECT {last} WHERE {{ {' . '.join(patterns)} }} ORDER BY {order}(?value) LIMIT 1"
    what = f"(COUNT(DISTINCT {last}) AS ?count)" if plan.kind == "count" else f"DISTINCT {last}"
    return f"SELECT {what} WHERE {{ {' . '.join(patterns)} }}"


def _pattern(start: str, step: PlannedStep, end: str) -> str:
    subject, value = (end, start) if step.inverse else (start, end)
    relation = "|".join(one.n3() for one in (step.relation, *step.also))
    return f"{subject} {relation} {value}"


def _is(variable: str, term: Term) -> str:
    """That a variable is a term, or a date that a year holds."""
    return f"STRSTARTS(STR({variable}), {Literal(str(term)).n3()})" if isinstance(term, Literal) else f"{variable} = {_written(term)}"


def _written(term: Term) -> str:
    return f"<{term}>" if isinstance(term, BNode) else term.n3()
