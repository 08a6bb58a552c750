"""What is predicted of a knowledge graph, how probable, and why."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
import torch
from rdflib import RDF, RDFS, Literal, URIRef
from safetensors.torch import save_file

from dovetail.kg import Document, DocumentRecord, Evidence, InputError, KnowledgeGraph, Statement
from dovetail.kg.predictions import drop_stale_predictions, read_prediction, write_predictions
from dovetail.kg.resolution import Judgement, Resolution, write_resolution
from dovetail.models.errors import ModelError
from dovetail.models.link_graph import Floats, LinkGraph
from dovetail.reasoning import LinkReasoner, Prediction
from dovetail.reasoning.links.calibration import DEFAULT, Candidates, Curve, error_of, fit_curve, shares
from dovetail.reasoning.links.experts.cases import CaseExpert
from dovetail.reasoning.links.explain import best_paths
from dovetail.reasoning.links.prediction_json import prediction_json
from dovetail.reasoning.links.questions import Questions
from dovetail.reasoning.links.view import LinkView

WORKS, LIVES, NEAR = (URIRef(f"urn:x:{name}") for name in ("works_in", "lives_in", "near"))
PEOPLE, TOWNS = 40, 8


def person(number: int) -> URIRef:
    return URIRef(f"urn:x:person_{number}")


def town(number: int) -> URIRef:
    return URIRef(f"urn:x:town_{number % TOWNS}")


def encode(texts: Sequence[str]) -> Floats:
    """Vectors that have nothing to do with meaning."""
    seeds = [int.from_bytes(blake2b(text.encode(), digest_size=4).digest()) for text in texts]
    vectors = np.array([np.random.default_rng(seed).normal(size=384) for seed in seeds]).reshape(-1, 384)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def story() -> KnowledgeGraph:
    """People who live where they work; of the last two nobody says where they live. Each person has a document."""
    graph = KnowledgeGraph()
    records = []
    for number in range(PEOPLE):
        text = f"Person {number} works in town {number % TOWNS} and lives there."
        name = f"{number:02}.txt"
        evidence = (Evidence(name, 0, len(text), text, 0.9, "hand@1"),)
        facts = [(person(number), WORKS, town(number)), (person(number), LIVES, town(number))]
        kept = facts if number < PEOPLE - 2 else facts[:1]
        said = [Statement(*fact, 0.9, evidence) for fact in kept]
        records.append(DocumentRecord(Document(name, name, text, name, "even" if number % 2 == 0 else "odd"), said, "f1"))
    graph.put_documents(records)
    graph.add([Statement(town(number), NEAR, town(number + 1)) for number in range(TOWNS)])
    return graph


@pytest.fixture(scope="module")
def reasoner() -> LinkReasoner:
    torch.set_num_threads(1)
    return LinkReasoner(story(), encode=encode, rule_seconds=2.0)


def test_the_missing_fact_comes_first_with_its_reasons(reasoner: LinkReasoner) -> None:
    best, second = reasoner.predict(head=person(39), relation=LIVES, top=2)
    assert best.triple == (person(39), LIVES, town(39))
    assert best.probability > max(second.probability, 0.25)
    [step] = best.explanation.paths[0]
    assert step.triple == (person(39), WORKS, town(39))
    assert step.evidence[0].quote.startswith("Person 39 works in")
    assert best.explanation.rules and best.explanation.rules[0].support > 5
    assert best.explanation.cases and 0 < best.explanation.cases[0].likeness <= 1
    assert best.explanation.grounds == "facts that join the two, rules, similar cases"


def test_it_is_found_from_either_end_and_from_both(reasoner: LinkReasoner) -> None:
    wanted = {person(38), person(39)}
    assert wanted & {found.subject for found in reasoner.predict(relation=LIVES, tail=town(39), top=3)}
    assert reasoner.predict(head=person(39), tail=town(39))[0].predicate == LIVES
    assert reasoner.predict(head=person(39))[0].triple == (person(39), LIVES, town(39))
    assert {found.subject for found in reasoner.predict(top=2)} == wanted


def test_what_is_stated_is_not_predicted(reasoner: LinkReasoner) -> None:
    stated = {(person(n), LIVES, town(n)) for n in range(PEOPLE - 2)} | {(person(n), WORKS, town(n)) for n in range(PEOPLE)}
    assert not stated & {found.triple for found in reasoner.predict(top=200)}
    [known] = reasoner.predict(head=person(0), relation=LIVES, tail=town(0))
    assert known.probability > 0.5  # asked for by name


def test_the_least_probability_and_the_number_are_kept_to(reasoner: LinkReasoner) -> None:
    found = reasoner.predict(top=50, least=0.3)
    assert found and min(each.probability for each in found) >= 0.3
    assert [each.probability for each in found] == sorted((each.probability for each in found), reverse=True)
    assert len(reasoner.predict(head=person(0), relation=LIVES, top=3)) == 3


def test_across_joins_only_what_shares_no_domain(reasoner: LinkReasoner) -> None:
    odd = {person(n) for n in range(1, PEOPLE, 2)} | {town(n) for n in range(1, TOWNS, 2)}
    found = reasoner.predict(head=person(0), relation=LIVES, top=50, across=True)
    assert len(found) == len(odd) and {each.object for each in found} == odd


def test_a_bridge_has_a_chain_of_facts(reasoner: LinkReasoner) -> None:
    found = reasoner.bridge("even", "odd", top=5)
    assert found
    even, odd = (reasoner.domains[name] for name in ("even", "odd"))
    for each in found:
        ends = [reasoner._entity(end) for end in (each.subject, each.object)]
        assert {(bool(even[end]), bool(odd[end])) for end in ends} == {(True, False), (False, True)}
        assert each.explanation.paths
    with pytest.raises(InputError, match="no domain 'red' in the graph; it has 'even', 'odd'"):
        reasoner.bridge("even", "red")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"head": Literal("Person 1")}, "a literal is none"),
        ({"tail": Literal(7), "relation": LIVES}, "a literal is none"),
        ({"head": person(1), "relation": RDFS.seeAlso}, "no fact of the graph joins two things by 'seeAlso'"),
    ],
)
def test_what_cannot_be_asked_is_said(reasoner: LinkReasoner, asked: dict[str, URIRef], message: str) -> None:
    with pytest.raises(InputError, match=message):
        reasoner.predict(**asked)  # type: ignore[arg-type]  # ends and relations only


def test_of_what_no_fact_joins_to_another_thing_nothing_is_said(reasoner: LinkReasoner) -> None:
    assert reasoner.predict(head=URIRef("urn:x:nobody"), relation=LIVES) == []


def small(*triples: tuple[str, str, str]) -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add([Statement(URIRef(f"urn:x:{s}"), URIRef(f"urn:x:{p}"), URIRef(f"urn:x:{o}")) for s, p, o in triples])
    return graph


def test_a_graph_of_one_triple_has_something_to_say_and_is_not_sure() -> None:
    found = LinkReasoner(small(("a", "p", "b")), encode=encode, rule_seconds=0.5).predict(
        head=URIRef("urn:x:b"), relation=URIRef("urn:x:p")
    )
    assert [str(each.object) for each in found] == ["urn:x:a"]
    assert found[0].probability < 0.8


def test_things_that_nothing_joins_are_told_apart_by_no_path() -> None:
    graph = small(("a", "p", "b"), ("c", "q", "d"))
    found = LinkReasoner(graph, encode=encode, rule_seconds=0.5).predict(head=URIRef("urn:x:a"), relation=URIRef("urn:x:q"))
    assert "no path: by the shape of the graph only" in {each.explanation.grounds for each in found}


def test_a_graph_without_facts_between_things_is_refused() -> None:
    graph = KnowledgeGraph()
    graph.add([Statement(person(1), RDFS.label, Literal("Ann")), Statement(person(1), URIRef("urn:x:age"), Literal(7))])
    with pytest.raises(InputError, match="no facts that join two things"):
        LinkReasoner(graph, encode=encode)


def test_embeddings_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        LinkReasoner(story(), encode=lambda texts: np.full((len(texts), 384), np.nan, np.float32))
    with pytest.raises(InputError, match="they must be"):
        LinkReasoner(story(), encode=lambda texts: np.ones((len(texts), 3), np.float32))


def test_weights_of_another_version_are_named(tmp_path: Path) -> None:
    save_file({"other": torch.zeros(3)}, tmp_path / "links.safetensors")
    with pytest.raises(ModelError, match=r"links\.safetensors are not those of this version's LinkNetwork"):
        LinkReasoner(story(), encode=encode, weights=tmp_path)


def test_names_that_are_one_thing_are_one_entity() -> None:
    graph = small(("a", "p", "b"), ("a2", "p", "c"))
    one, other = URIRef("urn:x:a"), URIRef("urn:x:a2")
    write_resolution(graph, Resolution(((one, other),), (Judgement(other, one, "same name", "A", 0.9),)))
    view = LinkView.of_graph(graph)
    assert [str(view.index.terms[n]) for n in view.entities] == ["urn:x:a", "urn:x:b", "urn:x:c"]
    assert np.bincount(view.graph.heads).tolist() == [2]


def test_how_a_graph_speaks_about_itself_is_no_link() -> None:
    graph = small(("a", "p", "b"))
    graph.add([Statement(URIRef("urn:x:p"), RDFS.domain, URIRef("urn:x:C")), Statement(URIRef("urn:x:a"), RDF.type, URIRef("urn:x:C"))])
    view = LinkView.of_graph(graph)
    assert [str(view.index.terms[n]) for n in view.relations] == [str(RDF.type), "urn:x:p"]


def test_what_predictions_need_is_kept_beside_the_store_and_made_again_when_damaged(tmp_path: Path) -> None:
    with KnowledgeGraph.open(tmp_path / "g", create=True) as graph:
        graph.add([Statement(person(n), WORKS, town(n)) for n in range(PEOPLE)])
        graph.add([Statement(person(n), LIVES, town(n)) for n in range(PEOPLE - 1)])
        first = LinkReasoner(graph, rule_seconds=1.0).predict(head=person(39), relation=LIVES, top=2)
        folder = tmp_path / "g" / "links"
        assert sorted(file.name for file in folder.iterdir()) == ["about.json", "rules.srl", "vectors.npz"]
        assert told(LinkReasoner(graph, rule_seconds=1.0).predict(head=person(39), relation=LIVES, top=2)) == told(first)
        for file in folder.iterdir():
            file.write_bytes(b"broken")
        assert told(LinkReasoner(graph, rule_seconds=1.0).predict(head=person(39), relation=LIVES, top=2)) == told(first)


def told(found: list[Prediction]) -> list[tuple[object, float]]:
    return [(each.triple, round(each.probability, 4)) for each in found]


def test_predictions_have_a_layer_of_their_own_that_goes_when_documents_change(reasoner: LinkReasoner) -> None:
    graph = story()
    found = reasoner.predict(top=2)
    write_predictions(graph, [(Statement(*each.triple, each.probability), prediction_json(each, graph)) for each in found])
    kept = read_prediction(graph, *found[0].triple)
    assert kept is not None and kept[0] == pytest.approx(found[0].probability, abs=1e-3) and kept[1]["paths"]
    assert found[0].triple not in {(s.subject, s.predicate, s.object) for s in graph.statements_about(found[0].subject)}
    assert drop_stale_predictions(graph) == 0
    graph.forget(["00.txt"])
    assert drop_stale_predictions(graph) == 2
    assert read_prediction(graph, *found[0].triple) is None


def test_paths_go_over_quiet_entities_first() -> None:
    hub = [(5, 2, n) for n in range(6, 30)]
    rows = np.array([(0, 0, 5), (5, 1, 1), (0, 0, 4), (4, 3, 1), (0, 3, 1), *hub])
    graph = LinkGraph(rows[:, 0], rows[:, 1], rows[:, 2], 30, 4)
    paths = best_paths(graph, 0, 3, 1)
    assert paths[0] == ((0, 0, 4), (4, 3, 1))
    assert ((0, 3, 1),) not in paths  # what is asked about


def test_an_entity_has_what_its_likes_have_and_seldom_more_of_it() -> None:
    rows = np.array([(n, 0, 10 + n % 2) for n in range(8)] + [(n, 1, 10 + n % 2) for n in range(7)])
    view = LinkView.made_of(LinkGraph(rows[:, 0], rows[:, 1], rows[:, 2], 12, 2))
    chances = Questions(view.graph, CaseExpert(view)).chances(np.array([7, 0]))
    assert chances[0, 1] > 0.9  # all like it live somewhere
    assert chances[1, 1] == 0  # nobody lives in two places


def test_shares_leave_out_what_is_known() -> None:
    found = shares(np.log(np.array([[1.0, 2.0, 1.0]], np.float32)), [np.array([1])])
    np.testing.assert_allclose(found, [[0.5, 0.0, 0.5]], atol=1e-6)


def test_a_curve_puts_right_what_is_too_sure() -> None:
    generator = np.random.default_rng(0)
    sure = np.full((400, 1), 0.9, np.float32)
    unsure = np.full((400, 1), 0.2, np.float32)
    right = np.concatenate([generator.random((400, 1)) < 0.5, generator.random((400, 1)) < 0.1])
    seen = Candidates(np.concatenate([sure, unsure]), right)
    assert error_of(fit_curve(seen), seen) < 0.03 < error_of(Curve(1.0, 0.0), seen)
    assert fit_curve(Candidates(sure[:5], right[:5])) == DEFAULT
