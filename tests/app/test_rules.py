"""Rules, as a person uses them: inferred, explained, kept true, checked, mined and measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rdflib import OWL, RDF, RDFS, Literal, URIRef

from dovetail.kg import Document, DocumentRecord, Evidence, KnowledgeGraph, Layer, Statement
from dovetail.kg.inference import Inference, write_inferences
from dovetail.reasoning.rules.engine.options import Progress
from dovetail.reasoning.rules.infer import InferenceOptions, infer
from dovetail.reasoning.rules.language.load import load_rules

if TYPE_CHECKING:
    from tests.app.conftest import Typed

ANN, BOB, CY, PARENT, ANCESTOR = (URIRef(f"urn:x:{name}") for name in ("Ann", "Bob", "Cy", "parentOf", "ancestorOf"))
RULES = """\
PREFIX : <urn:x:>
RULE :parents { ?x :ancestorOf ?y } WHERE { ?x :parentOf ?y }
RULE :further WEIGHT 0.9 { ?x :ancestorOf ?z } WHERE { ?x :ancestorOf ?y . ?y :ancestorOf ?z }
"""


def said(name: str, text: str, *triples: tuple[URIRef, URIRef, URIRef | Literal]) -> DocumentRecord:
    evidence = (Evidence(name, 0, len(text), text, 0.8, "hand@1"),)
    return DocumentRecord(Document(name, name, text, name), [Statement(*triple, evidence=evidence) for triple in triples], name)


@pytest.fixture
def family(tmp_path: Path) -> Path:
    """Ann --parentOf--> Bob --parentOf--> Cy, each stated by a document of its own; the rules in family.srl."""
    folder = tmp_path / "graph.dovetail"
    label = RDFS.label
    with KnowledgeGraph.open(folder, create=True) as graph:
        names = (ANN, label, Literal("Ann")), (BOB, label, Literal("Bob"))
        first = said("ann.txt", "Ann is the mother of Bob.", (ANN, PARENT, BOB), *names)
        second = said("bob.txt", "Bob is the father of Cy.", (BOB, PARENT, CY), (CY, label, Literal("Cy")))
        graph.put_documents([first, second])
        graph.add([Statement(ANCESTOR, label, Literal("ancestor of"))], layer=Layer.VOCABULARY)
    (tmp_path / "family.srl").write_text(RULES)
    return folder


def inferred(folder: Path) -> set[tuple[str, ...]]:
    with KnowledgeGraph.open(folder, read_only=True) as graph:
        found = graph.query(f"SELECT ?s ?p ?o {{ GRAPH <{Layer.INFERRED.value}> {{ ?s ?p ?o }} }}")
        return {tuple(str(row[name]).removeprefix("urn:x:") for name in found.vars or ()) for row in found.bindings}


@pytest.mark.usefixtures("family")
def test_infer_explain_forget(typed: Typed, family: Path) -> None:
    outcome = typed("infer", "--rules", "family.srl", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    report = json.loads(outcome.out)
    assert report.pop("seconds") >= 0
    assert report == {
        "graph": "graph.dovetail",
        "profile": None,
        "rules": 2,
        "min_confidence": 0.0,
        "facts": 6,
        "inferred": 3,
        "added": 3,
        "removed": 0,
        "contradictions": [],
    }
    assert ("Ann", "ancestorOf", "Cy") in inferred(family)

    told = typed("explain", "Ann", "ancestor of", "cy")
    assert told.status == 0
    for words in ("Ann → ancestor of → Cy", "“Ann is the mother of Bob.”", "bob.txt, characters 0–24", ":further"):
        assert words in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    first = json.loads(typed("explain", "<urn:x:Ann>", "urn:x:ancestorOf", "Cy", "--json").out)["facts"][0]
    assert first["triple"] == ["<urn:x:Ann>", "<urn:x:ancestorOf>", "<urn:x:Cy>"]
    assert first["confidence"] == pytest.approx(0.8 * 0.8 * 0.9)

    likely = typed("explain", "Ann", "ancestor of", "Cy", "--proofs", "3")
    assert likely.out.endswith("likelihood 0.576 by 1 proof\n")
    weighed = json.loads(typed("explain", "Ann", "ancestor of", "Cy", "--proofs", "3", "--json").out)
    assert (weighed["likelihood"], weighed["complete"], len(weighed["proofs"])) == (pytest.approx(0.576), True, 1)

    forgotten = json.loads(typed("forget", "bob.txt", "--json").out)
    assert (forgotten["inference"]["inferred"], forgotten["inference"]["removed"]) == (1, 2)
    assert inferred(family) == {("Ann", "ancestorOf", "Bob")}
    gone = typed("explain", "Ann", "ancestor of", "Cy")
    assert gone.status == 2
    assert "no thing is called 'Cy'" in gone.err


@pytest.mark.usefixtures("family")
def test_what_infer_prints_fits_the_screen(typed: Typed) -> None:
    outcome = typed("infer", "--rules", "family.srl", "--profile", "rdfs", "--min-confidence", "0.5")
    assert outcome.status == 0
    for words in ("rules           rdfs and 2 of your own, from confidence 0.5", "facts read      6", "contradictions  0"):
        assert words in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80
    told = typed("forget", "ann.txt").out
    assert "inferred" in told
    assert "removed)" in told


@pytest.mark.usefixtures("family")
def test_the_threshold_keeps_out_what_is_unsure(typed: Typed, family: Path) -> None:
    assert json.loads(typed("infer", "--rules", "family.srl", "--min-confidence", "0.7", "--json").out)["inferred"] == 2
    assert json.loads(typed("infer", "--json").out)["inferred"] == 2  # it stands, until another is given
    assert json.loads(typed("infer", "--min-confidence", "0", "--json").out)["inferred"] == 3
    assert len(inferred(family)) == 3


@pytest.mark.usefixtures("family")
def test_rules_stand_until_others_are_given(typed: Typed, family: Path) -> None:
    none = typed("infer")
    assert none.status == 2
    assert "has no rules yet" in none.err
    assert json.loads(typed("info", "--json").out)["inference"] is None
    assert typed("infer", "--rules", "family.srl").status == 0
    with KnowledgeGraph.open(family) as graph:
        graph.add([Statement(CY, PARENT, URIRef("urn:x:Di"))])
    for command in (["query", "ASK {}"], ["export", "-o", "all.trig"]):
        assert "inferred layer is out of date" in typed(*command).err
    assert "out of date: run dovetail infer" in typed("info").out
    assert json.loads(typed("infer", "--json").out)["added"] == 3
    assert typed("query", "ASK {}").err == ""
    standing = json.loads(typed("info", "--json").out)["inference"]
    assert standing == {"profile": None, "rules": 2, "min_confidence": 0.0, "inferred": 6, "current": True}
    assert typed("infer", "--profile", "rdfs").status == 0
    assert not [fact for fact in inferred(family) if fact[1] == "ancestorOf"]
    assert "rules      rdfs" in typed("info").out


@pytest.mark.usefixtures("family")
def test_a_build_keeps_the_inferred_layer_true(typed: Typed, family: Path, tmp_path: Path) -> None:
    assert typed("infer", "--rules", "family.srl").status == 0
    with KnowledgeGraph.open(family) as graph:
        graph.add([Statement(CY, PARENT, URIRef("urn:x:Di"))])
    (tmp_path / "empty").mkdir()
    built = typed("build", "empty", "--json")
    assert built.status == 0
    assert json.loads(built.out)["inference"]["added"] == 3
    assert json.loads(typed("build", "empty", "--json").out)["inference"] is None
    assert len(inferred(family)) == 6


def test_contradictions_come_with_their_proof(typed: Typed, tmp_path: Path) -> None:
    cat, dog, rex = (URIRef(f"urn:x:{name}") for name in ("Cat", "Dog", "Rex"))
    with KnowledgeGraph.open(tmp_path / "graph.dovetail", create=True) as graph:
        graph.add([Statement(cat, OWL.disjointWith, dog)], layer=Layer.VOCABULARY)
        graph.add([Statement(rex, RDF.type, cat), Statement(rex, RDF.type, dog)])
        named, noted = (rex, RDFS.label, Literal("Rex")), (rex, RDFS.comment, Literal("B"))
        graph.put_documents([said("a.txt", "A.", named), said("b.txt", "B.", noted)])
    outcome = typed("infer", "--profile", "owl-rl")
    assert outcome.status == 0
    for words in ("contradictions  1", "contradiction 1: Rex breaks owl-rl:cax-dw", "Rex → type → Dog", "Cat → disjointWith → Dog"):
        assert words in outcome.out
    strict = typed("infer", "--strict", "--json")
    assert strict.status == 1
    [contradiction] = json.loads(strict.out)["contradictions"]
    assert (contradiction["thing"], contradiction["rule"]) == ("<urn:x:Rex>", "urn:dovetail:rule:owl-rl:cax-dw")
    assert len(contradiction["proof"]["facts"]) == 4
    assert "warning: 1 contradiction; dovetail infer shows the proofs" in typed("forget", "b.txt").err


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ("RULE { ?x <urn:p> ?y } WHERE { ?x <urn:p> ?z }", "wrong.srl:1"),
        ("RULE { ?x a <urn:B> WHERE { ?x a <urn:A> }", "wrong.srl:1:"),
        ("RULE <urn:r> { ?x a <urn:B> } WHERE { ?x a <urn:A> NOT { ?x a <urn:B> } }", "urn:r"),
    ],
)
@pytest.mark.usefixtures("family")
def test_wrong_rules_change_nothing(typed: Typed, family: Path, tmp_path: Path, rules: str, words: str) -> None:
    assert typed("infer", "--rules", "family.srl").status == 0
    (tmp_path / "wrong.srl").write_text(rules)
    for command in (["infer", "--rules", "wrong.srl"], ["rules", "check", "wrong.srl"]):
        outcome = typed(*command)
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.startswith("dovetail: error: ")
        assert outcome.err.count("\n") == 1
        assert words in outcome.err
    assert len(inferred(family)) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["infer", "--profile", "owl"], "try one of owl-rl, rdf, rdfs"),
        (["infer", "--rules", "nowhere.srl"], "no such file: nowhere.srl"),
        (["infer", "--min-confidence", "2"], "--min-confidence"),
        (["infer", "--rules", "family.srl", "--max-facts", "7"], "7"),
        (["explain", "Anne", "ancestor of", "Cy"], "did you mean 'Ann'"),
        (["explain", "Ann", "ancestor", "Cy"], "did you mean 'ancestor of'"),
        (["explain", "Bob", "urn:x:parentOf", "Ann"], "does not hold"),
        (["explain", '"Bob"', "urn:x:parentOf", "Ann"], "a literal is no subject"),
        (["rules", "list", "owl"], "try one of owl-rl, rdf, rdfs"),
        (["rules", "mine", "-o", "rules.txt"], "rule files end in .srl"),
        (["evaluate", "rules", "nowhere"], "no such file or folder: nowhere"),
    ],
)
@pytest.mark.usefixtures("family")
def test_a_mistake_is_one_line_and_status_2(typed: Typed, family: Path, arguments: list[str], words: str) -> None:
    outcome = typed(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert words in outcome.err
    assert not inferred(family)


def test_a_name_of_several_things_is_refused(typed: Typed, family: Path) -> None:
    other = URIRef("urn:dovetail:entity:person:Ann")
    with KnowledgeGraph.open(family) as graph:
        graph.add([Statement(other, RDFS.label, Literal("Ann"))])
    outcome = typed("explain", "Ann", "urn:x:parentOf", "Bob")
    assert outcome.status == 2
    assert "2 things are called 'Ann': entity:person:Ann, <urn:x:Ann>; say which" in outcome.err
    assert typed("explain", "<urn:x:Ann>", "urn:x:parentOf", "Bob").status == 0


def test_an_interrupted_run_leaves_the_layer_as_it_was(typed: Typed, family: Path, tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    assert typed("infer", "--rules", "family.srl", "--min-confidence", "0.7").status == 0
    before = inferred(family)
    with KnowledgeGraph.open(family) as graph, pytest.raises(KeyboardInterrupt):
        infer(graph, options=InferenceOptions(rules=load_rules(tmp_path / "family.srl"), on_progress=interrupt))
    assert inferred(family) == before
    assert json.loads(typed("info", "--json").out)["inference"]["current"] is True


def test_documents_go_even_where_inferring_fails(typed: Typed, family: Path) -> None:
    with KnowledgeGraph.open(family) as graph:
        write_inferences(graph, [], None, Inference(None, "RULE of a later version", 0.0, 1_000))
    outcome = typed("forget", "bob.txt", "--json")
    assert outcome.status == 2
    assert outcome.err.startswith("dovetail: warning: the documents are as asked, but the inferred layer is out of date: ")
    assert "the graph's rules:1:" in outcome.err
    assert outcome.err.count("\n") == 1
    assert set(json.loads(outcome.out)["inference"]) == {"error"}
    with KnowledgeGraph.open(family, read_only=True) as graph:
        assert list(graph.fingerprints()) == ["ann.txt"]


def test_check_says_what_a_file_holds(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "good.srl").write_text(RULES + "DATA { :Ann :parentOf :Bob }")
    (tmp_path / "bad.srl").write_text("RULE {")
    assert typed("rules", "check", "good.srl").out == "good.srl: 2 rules, 1 fact, in 1 stratum\n"
    outcome = typed("rules", "check", "bad.srl", "good.srl", "--json")
    assert outcome.status == 2
    bad, good = map(json.loads, outcome.out.splitlines())
    assert bad["error"].startswith("bad.srl:1:")
    assert good == {"file": "good.srl", "rules": 2, "facts": 1, "strata": 1, "error": None}


def test_packs_are_listed_and_printed_as_files(typed: Typed, tmp_path: Path) -> None:
    shown = typed("rules", "list").out
    assert all(f"{pack} " in shown for pack in ("rdf", "rdfs", "owl-rl"))
    assert max(map(len, shown.splitlines())) <= 80
    assert {json.loads(line)["pack"] for line in typed("rules", "list", "--json").out.splitlines()} == {"rdf", "rdfs", "owl-rl"}
    (tmp_path / "mine.srl").write_text(typed("rules", "list", "rdfs").out)
    rules = [json.loads(line) for line in typed("rules", "list", "rdfs", "--json").out.splitlines()]
    assert [rule.name for rule in load_rules(tmp_path / "mine.srl").rules] == [rule["name"] for rule in rules]
    assert all(rule["text"].startswith("RULE ") for rule in rules)


def test_mined_rules_are_a_file_to_infer_with(typed: Typed, tmp_path: Path) -> None:
    works, lives = URIRef("urn:x:works"), URIRef("urn:x:lives")
    pairs = [(URIRef(f"urn:x:person{n}"), URIRef(f"urn:x:town{n}")) for n in range(6)]
    with KnowledgeGraph.open(tmp_path / "graph.dovetail", create=True) as graph:
        graph.add([Statement(person, works, town) for person, town in pairs])
        graph.add([Statement(person, lives, town) for person, town in pairs[1:]])
    rows = [json.loads(line) for line in typed("rules", "mine", "--seconds", "5", "--json").out.splitlines()]
    assert {(row["support"], row["body_size"]) for row in rows} == {(5, 5), (5, 6)}
    assert "RULE" in typed("rules", "mine", "--seconds", "5", "--top", "1").out
    written = typed("rules", "mine", "--seconds", "5", "-o", "mined.srl")
    assert "dovetail infer --rules mined.srl" in written.out
    assert json.loads(typed("infer", "--rules", "mined.srl", "--json").out)["added"] == 1
    assert inferred(tmp_path / "graph.dovetail") == {("person0", "lives", "town0")}
    none = typed("rules", "mine", "--seconds", "1", "--min-support", "50")
    assert (none.status, none.out) == (0, "")
    assert "no rule holds often enough" in none.err


def test_conformance_tests_are_run(typed: Typed, tmp_path: Path) -> None:
    for name, conclusion in (("same", "<urn:a> <urn:p> <urn:b> ."), ("other", "<urn:a> <urn:p> <urn:c> .")):
        case = tmp_path / "cases" / name
        case.mkdir(parents=True)
        (case / "premise.ttl").write_text("<urn:a> <urn:p> <urn:b> .")
        (case / "conclusion.ttl").write_text(conclusion)
    result = json.loads(typed("evaluate", "rules", "cases", "--json").out)
    assert (result["set"], result["n"]) == ("cases", 2)
    assert result["metrics"] == {"passed": 1, "failed": 1, "not_applicable": 0}
    shown = typed("evaluate", "rules", "cases").out
    assert "failed: other: the answer is wrong" in shown
