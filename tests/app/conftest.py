"""A tiny graph on disk, and a way to run commands as a person would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, Literal, URIRef

from dovetail.app.cli import run
from dovetail.kg.names import WD, WDT, entity_iri
from dovetail.kg.provenance import DocumentRecord
from dovetail.kg.statement import Document, Evidence, Statement
from dovetail.kg.store import KnowledgeGraph

CURIE = entity_iri("Marie Curie", "person")
WARSAW = entity_iri("Warsaw", "place")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


Typed = Callable[..., Outcome]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Run `dovetail ARGUMENTS` in an empty working directory without settings."""
    for name in ("GRAPH", "LABELS", "VOCABULARY", "WORKERS", "ENCODER", "QUERY_SECONDS"):
        monkeypatch.delenv(f"DOVETAIL_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run_typed(*arguments: str) -> Outcome:
        capfd.readouterr()
        status = run(arguments)
        shown = capfd.readouterr()
        return Outcome(status, shown.out, shown.err)

    return run_typed


@pytest.fixture
def curie(tmp_path: Path) -> Path:
    """Marie Curie --place of birth--> Warsaw, stated by two documents, the type of Curie by one."""
    folder = tmp_path / "graph.dovetail"
    text = "Marie Curie was born in Warsaw."

    def record(name: str, *triples: tuple[URIRef, URIRef, URIRef | Literal]) -> DocumentRecord:
        evidence = Evidence(name, 0, len(text), text, 0.9, "hand@1")
        statements = [Statement(*triple, evidence=(evidence,)) for triple in triples]
        return DocumentRecord(Document(name, "Curie", text, name, "science"), statements, f"fingerprint of {name}")

    born, label = (CURIE, WDT.P19, WARSAW), (CURIE, RDFS.label, Literal("Marie Curie"))
    with KnowledgeGraph.open(folder, create=True) as graph:
        graph.put_documents([record("c/a.txt", born, label), record("c/b.txt", born, (CURIE, RDF.type, WD.Q5))])
    return folder
