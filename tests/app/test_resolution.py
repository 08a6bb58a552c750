"""Names that are one thing, as a person sees and decides it: merged, explained, split for good, and merged again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rdflib import RDF, RDFS, SKOS, Literal, URIRef

from dovetail.kg import Document, DocumentRecord, Evidence, KnowledgeGraph, Statement, entity_iri
from dovetail.kg.names import WD

if TYPE_CHECKING:
    from tests.app.conftest import Typed

LONG, SHORT = "World Health Organization", "WHO"


def record(name: str, full: str, *surfaces: str) -> DocumentRecord:
    """A document about one organisation, which it calls by these names."""
    text = " ".join(f"{surface} met in Geneva." for surface in surfaces)
    evidence = (Evidence(name, 0, len(text), text, 0.9, "hand@1"),)
    thing = entity_iri(full, "organisation")
    said: list[tuple[URIRef, URIRef | Literal]] = [
        (RDF.type, WD.Q43229),
        (RDFS.label, Literal(full)),
        *((SKOS.altLabel, Literal(surface)) for surface in surfaces),
    ]
    return DocumentRecord(Document(name, name, text, name), [Statement(thing, p, o, evidence=evidence) for p, o in said], f"f{name}")


RECORDS = {
    "a": record("a", LONG, LONG, SHORT),
    "b": record("b", SHORT, SHORT),
    "c": record("c", "Red Cross", "Red Cross"),
    "d": record("d", "UN", "UN"),
}


@pytest.fixture
def health(tmp_path: Path, typed: Typed) -> Path:
    """Two names of one organisation in two documents; one more document has just been forgotten, so names are resolved."""
    folder = tmp_path / "graph.dovetail"
    with KnowledgeGraph.open(folder, create=True) as graph:
        graph.put_documents(RECORDS.values())
    assert typed("forget", "d").status == 0
    return folder


def seen(typed: Typed, name: str) -> dict[str, Any]:
    outcome = typed("info", "--entity", name, "--json")
    assert outcome.status == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


@pytest.mark.usefixtures("health")
def test_a_name_says_why_it_was_merged(typed: Typed) -> None:
    found = seen(typed, "WHO")
    long, short = str(entity_iri(LONG, "organisation")), str(entity_iri(SHORT, "organisation"))
    assert (found["entity"], found["members"], found["documents"]) == (long, [long, short], 2)
    assert found["names"] == [SHORT, LONG]
    [merged] = found["merged"]
    assert (merged["rule"], merged["score"], merged["evidence"][0]["document"]) == ("acronym", 0.93, "a")
    shown = typed("info", "--entity", LONG).out
    assert "WHO (entity:organisation:WHO) is World Health Organization" in " ".join(shown.split())
    assert "acronym, 0.93" in shown


def test_a_split_sticks_until_a_merge(typed: Typed, health: Path) -> None:
    parted = typed("split", SHORT, LONG, "--reason", "a band of that name", "--json")
    assert parted.status == 0, parted.err
    assert [d["verdict"] for d in json.loads(parted.out)["decisions"]] == ["split"]
    assert len(json.loads(parted.out)["groups"]) == 2
    assert typed("forget", "b").status == 0
    with KnowledgeGraph.open(health) as graph:
        graph.put_documents([RECORDS["b"]])
    assert typed("forget", "c").status == 0
    found = seen(typed, LONG)
    assert found["merged"] == []
    [apart] = found["kept_apart"]
    assert apart["rule"] == "a person split them"
    assert "a band of that name" in typed("info", "--entity", LONG).out
    again = typed("merge", SHORT, LONG)
    assert again.status == 0
    assert "one thing: World Health Organization" in " ".join(again.out.split())
    [decision] = seen(typed, SHORT)["decisions"]
    assert decision["verdict"] == "merge"


@pytest.mark.usefixtures("health")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("merge", "WHO", "Nobody"), "no thing is called 'Nobody'"),
        (("merge", "WHO", "WHO"), "is one entity already; name two"),
        (("split", "Red Cross"), "was merged with nothing"),
        (("info", "--entity", "urn:x:nobody"), "the graph says nothing of <urn:x:nobody>"),
    ],
)
def test_a_mistake_is_one_line(typed: Typed, arguments: tuple[str, ...], message: str) -> None:
    outcome = typed(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err and outcome.err.count("\n") == 1


@pytest.mark.usefixtures("curie")
def test_a_stale_layer_is_said(typed: Typed) -> None:
    outcome = typed("info", "--entity", "Marie Curie")
    assert outcome.status == 0
    assert "names were not resolved since the last change" in outcome.err


def test_evaluation_says_how_well_names_are_linked(typed: Typed, tmp_path: Path) -> None:
    text = "Naloxone reverses hypertension."
    mentions = [{"start": 0, "end": 8, "label": "Chemical", "kb_id": "D9"}, {"start": 18, "end": 30, "label": "Disease", "kb_id": "D6"}]
    (tmp_path / "dev.jsonl").write_text(json.dumps({"id": "1", "text": text, "entities": mentions}) + "\n", "utf-8")
    (tmp_path / "labels.json").write_text('{"Chemical": "A substance.", "Disease": "An illness."}', "utf-8")
    (tmp_path / "mesh.nt").write_text(f'<http://id.nlm.nih.gov/mesh/D9> <{SKOS.prefLabel}> "naloxone" .\n', "utf-8")
    outcome = typed("evaluate", "extraction", "dev.jsonl", "--vocabulary", "mesh.nt", "--json")
    assert outcome.status == 0, outcome.err
    metrics = json.loads(outcome.out)["metrics"]
    assert (metrics["linking_accuracy"], metrics["linking_accuracy_known"], metrics["linking_accuracy_nil"]) == (1.0, 1.0, 1.0)
    assert "entity_f1" in metrics
    assert typed("evaluate", "extraction", "dev.jsonl", "--vocabulary", "mash.nt").status == 2
