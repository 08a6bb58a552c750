"""Plans come to what a reader of the small film graph would say, and to what SPARQL says."""

from __future__ import annotations

import itertools

import pytest
from rdflib import URIRef

from dovetail.kg import KnowledgeGraph
from dovetail.reasoning.questions.planning.execute import Outcome, execute
from dovetail.reasoning.questions.planning.fact_view import FactView
from dovetail.reasoning.questions.planning.plan import PlannedStep, QueryPlan, plan_sentence, plan_sparql
from dovetail.reasoning.questions.planning.telling import Teller
from tests.reasoning.questions.planning.films import BORN, CAST, DIRECTOR, FILM, RELEASED, film_graph, named, year


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return film_graph()


@pytest.fixture(scope="module")
def view(graph: KnowledgeGraph) -> FactView:
    return FactView.of(graph)


def forth(relation: URIRef) -> PlannedStep:
    return PlannedStep(relation, inverse=False)


def back(relation: URIRef) -> PlannedStep:
    return PlannedStep(relation, inverse=True)


def labels(outcome: Outcome | None, graph: KnowledgeGraph, view: FactView) -> list[str]:
    return [] if outcome is None else sorted(graph.label(view.term(value.node)) for value in outcome.values)


@pytest.mark.parametrize(
    ("name", "steps", "expected"),
    [
        ("Alien", [forth(DIRECTOR)], ["Ridley Scott"]),
        ("Ridley Scott", [back(DIRECTOR)], ["Alien", "Gladiator"]),
        ("Ridley Scott", [back(DIRECTOR), forth(CAST)], ["Russell Crowe", "Sigourney Weaver"]),
        ("Gladiator", [forth(CAST), back(CAST), forth(DIRECTOR)], ["Darren Aronofsky"]),
        ("Gladiator", [forth(CAST), back(CAST)], ["Noah"]),
        ("Noah", [forth(DIRECTOR), back(DIRECTOR)], ["Noah"]),
        ("Alien", [back(DIRECTOR)], []),
    ],
)
def test_steps_lead_where_facts_lead(
    graph: KnowledgeGraph, view: FactView, name: str, steps: list[PlannedStep], expected: list[str]
) -> None:
    """Through the start itself, or to it, they lead only where they lead nowhere else."""
    plan = QueryPlan("lookup", (named(name),), tuple(steps), 1.0)
    assert labels(execute(plan, view), graph, view) == expected


def test_every_chain_leads_from_the_start_to_its_value(view: FactView) -> None:
    plan = QueryPlan("lookup", (named("Gladiator"),), (forth(CAST), back(CAST), forth(DIRECTOR)), 1.0)
    outcome = execute(plan, view)
    assert outcome is not None
    for value in outcome.values:
        assert value.chain[0].source == view.node(named("Gladiator"))
        assert value.chain[-1].end == value.node
        assert all(one.end == other.source for one, other in itertools.pairwise(value.chain))


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (QueryPlan("count", (named("Ridley Scott"),), (back(DIRECTOR),), 1.0), "2"),
        (QueryPlan("boolean", (named("Alien"), named("Ridley Scott")), (forth(DIRECTOR),), 1.0), "yes"),
        (QueryPlan("boolean", (named("Noah"), named("Ridley Scott")), (forth(DIRECTOR),), 1.0), "no"),
        (QueryPlan("boolean", (named("Alien"), year(1979)), (forth(RELEASED),), 1.0), "yes"),
        (QueryPlan("boolean", (named("Alien"), year(1980)), (forth(RELEASED),), 1.0), "no"),
        (QueryPlan("order", (named("Alien"), named("Noah")), (), 1.0, dimension=forth(RELEASED), smallest=True), "yes"),
        (QueryPlan("order", (named("Alien"), named("Noah")), (), 1.0, dimension=forth(RELEASED), smallest=False), "no"),
        (QueryPlan("choice", (named("Alien"), named("Noah")), (), 1.0, dimension=forth(RELEASED), smallest=True), "Alien"),
        (QueryPlan("choice", (named("Noah"), named("Alien")), (forth(DIRECTOR),), 1.0, dimension=forth(BORN), smallest=False), "Noah"),
        (QueryPlan("superlative", (), (), 1.0, (FILM,), forth(RELEASED), smallest=False), "Noah"),
        (QueryPlan("superlative", (named("Ridley Scott"),), (back(DIRECTOR),), 1.0, (), forth(RELEASED), smallest=True), "Alien"),
        (QueryPlan("connection", (named("Alien"), named("Gladiator")), (), 1.0), "Alien → director → Ridley Scott ← director ← Gladiator"),
    ],
)
def test_counts_comparisons_and_connections(graph: KnowledgeGraph, view: FactView, plan: QueryPlan, expected: str) -> None:
    outcome = execute(plan, view)
    assert outcome is not None
    [answer, *_] = Teller(graph, view).answers(plan, outcome)
    assert answer.text == expected
    assert answer.proof


def test_things_without_a_value_are_not_compared(view: FactView) -> None:
    plan = QueryPlan("choice", (named("Alien"), named("Ridley Scott")), (), 1.0, dimension=forth(RELEASED), smallest=True)
    assert execute(plan, view) is None


@pytest.mark.parametrize("steps", [[forth(DIRECTOR)], [forth(CAST), back(CAST)], [forth(CAST), back(CAST), forth(DIRECTOR)]])
def test_sparql_says_the_same(graph: KnowledgeGraph, view: FactView, steps: list[PlannedStep]) -> None:
    plan = QueryPlan("lookup", (named("Gladiator"),), tuple(steps), 1.0)
    said = {value for row in graph.query(plan_sparql(plan)).bindings for value in row.values()}
    outcome = execute(plan, view)
    assert outcome is not None
    assert {view.term(value.node) for value in outcome.values} == said


def test_sparql_of_a_comparison(graph: KnowledgeGraph) -> None:
    plan = QueryPlan("choice", (named("Noah"), named("Alien")), (), 1.0, dimension=forth(RELEASED), smallest=True)
    assert [value for row in graph.query(plan_sparql(plan)).bindings for value in row.values()] == [named("Alien")]


def test_a_plan_in_words(graph: KnowledgeGraph) -> None:
    plan = QueryPlan("count", (named("Ridley Scott"),), (back(DIRECTOR), forth(CAST)), 1.0)
    assert plan_sentence(plan, graph.label) == "how many there are of: the cast member of what has as its director: Ridley Scott"


@pytest.mark.parametrize(
    ("names", "expected"), [(("Ridley Scott", "Russell Crowe"), "27 years"), (("Russell Crowe", "Darren Aronofsky"), "5 years")]
)
def test_differences(graph: KnowledgeGraph, view: FactView, names: tuple[str, str], expected: str) -> None:
    plan = QueryPlan("difference", tuple(map(named, names)), (), 1.0, dimension=forth(BORN))
    outcome = execute(plan, view)
    assert outcome is not None
    assert outcome.text == expected
