"""Links predicted from the command line, with the weights that come along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed


def write_task(folder: Path) -> None:
    """Thirty people work in six towns and, but for the last six, live where they work."""
    folder.mkdir()
    works = [f"person{n}\tworks in\ttown{n % 6}\n" for n in range(30)]
    lives = [f"person{n}\tlives in\ttown{n % 6}\n" for n in range(30)]
    (folder / "facts.tsv").write_text("".join(works + lives[:24]), "utf-8")
    (folder / "test.tsv").write_text("".join(lives[24:]), "utf-8")


@pytest.mark.parametrize("model", ["fused", "network", "rules"])
def test_what_follows_a_pattern_is_found(typed: Typed, tmp_path: Path, model: str) -> None:
    write_task(tmp_path / "towns")
    outcome = typed("evaluate", "links", "towns", "--model", model, "--json")
    assert outcome.status == 0, outcome.err
    found = json.loads(outcome.out)
    assert found["set"] == "towns"
    assert found["n"] == 12  # six links, asked both ways
    assert found["metrics"]["hits@1"] >= 0.5  # a town is found at once; of its people several may be meant
    assert found["metrics"]["hits@10"] == 1.0


def test_seeds_give_means_and_deviations(typed: Typed, tmp_path: Path) -> None:
    write_task(tmp_path / "towns")
    outcome = typed("evaluate", "links", "towns", "--model", "network", "--seeds", "2", "--json")
    assert outcome.status == 0, outcome.err
    metrics = json.loads(outcome.out)["metrics"]
    assert {"mrr", "mrr_sd", "ece", "ece_sd"} <= metrics.keys()
    assert metrics["ece_sd"] > 0  # the trainings agree on what comes first, not on how surely


def test_an_unknown_expert_is_one_line(typed: Typed, tmp_path: Path) -> None:
    write_task(tmp_path / "towns")
    outcome = typed("evaluate", "links", "towns", "--model", "oracle")
    assert outcome.status == 2
    assert "try one of fused, network, rules, cases, text" in outcome.err


def test_a_folder_that_is_no_task_is_one_line(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = typed("evaluate", "links", "empty")
    assert outcome.status == 2
    assert "facts.tsv" in outcome.err


def write_towns(folder: Path) -> None:
    """The same as a graph, with names."""
    from rdflib import RDFS, Literal, URIRef

    from dovetail.kg import KnowledgeGraph, Statement

    def thing(name: str) -> URIRef:
        return URIRef(f"urn:x:{name.replace(' ', '_')}")

    triples = [(f"person {n}", "works in", f"town {n % 6}") for n in range(30)]
    triples += [(f"person {n}", "lives in", f"town {n % 6}") for n in range(29)]
    names = {name for triple in triples for name in triple}
    with KnowledgeGraph.open(folder, create=True) as graph:
        graph.add([Statement(thing(s), thing(p), thing(o)) for s, p, o in triples])
        graph.add([Statement(thing(name), RDFS.label, Literal(name)) for name in names])


def test_a_missing_fact_is_predicted_kept_explained_and_dropped(typed: Typed, tmp_path: Path) -> None:
    write_towns(tmp_path / "g")
    outcome = typed("predict", "--head", "person 29", "--relation", "lives in", "--top", "1", "--graph", "g", "--json")
    assert outcome.status == 0, outcome.err
    found = json.loads(outcome.out)
    assert found["labels"] == ["person 29", "lives in", "town 5"]
    assert found["paths"][0][0]["labels"] == ["person 29", "works in", "town 5"]

    kept = json.loads(typed("infer", "--predict", "--min-probability", "0.3", "--graph", "g", "--json").out)
    assert kept["predicted"] >= 1
    explained = typed("explain", "person 29", "lives in", "town 5", "--graph", "g")
    assert explained.status == 0
    assert explained.out.startswith("predicted, with a probability of 0.")
    assert "person 29 → works in → town 5" in explained.out
    assert "predicted" in typed("info", "--graph", "g").out

    (tmp_path / "note.txt").write_text("Person 29 moved to Paris in 1999.", "utf-8")
    built = typed("build", "note.txt", "--graph", "g", "--workers", "1")
    assert "predictions went" in built.err or "prediction went" in built.err
    assert typed("explain", "person 29", "lives in", "town 5", "--graph", "g").status == 2


def test_tuning_says_what_it_was_worth_and_needs_enough_facts(typed: Typed, tmp_path: Path) -> None:
    write_towns(tmp_path / "g")
    outcome = typed("train", "links", "--seconds", "1", "--graph", "g")
    assert outcome.status == 2
    assert "tuning takes a graph of 80 facts" in outcome.err


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["predict", "--head", "persn 29"], 2, "did you mean 'person 29'"),
        (["predict", "--head", '"a literal"'], 2, "not a thing"),
        (["predict", "--head", "person 29", "--relation", "eats in"], 2, "no relation is called 'eats in'"),
        (["bridge", "physics", "chemistry"], 2, "no domain 'physics' in the graph"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(typed: Typed, tmp_path: Path, words: list[str], status: int, message: str) -> None:
    write_towns(tmp_path / "g")
    outcome = typed(*words, "--graph", "g")
    assert outcome.status == status
    assert message in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
