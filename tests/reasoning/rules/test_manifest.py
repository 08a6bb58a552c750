"""W3C manifests: of queries and entailments as well as of rules, with lists, includes and oddities."""

from __future__ import annotations

from pathlib import Path

import pytest

from dovetail.kg import InputError
from dovetail.reasoning.rules.conformance.manifest import ManifestEntry, read_manifest

PROLOGUE = """PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#>
PREFIX qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#>
PREFIX srt: <http://www.w3.org/ns/sparql-rl-tests#>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX ent: <http://www.w3.org/ns/entailment/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
"""


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(PROLOGUE + text, "utf-8")
    return path


def test_every_form_of_a_test_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path / "manifest.ttl",
        """<> mf:entries ( <#rules> <#entailment> <#contradiction> <#query> <#bare> ) .
        <#rules> a srt:RulesEvalTest ; mf:name "rules" ; mf:action [ srt:ruleset <r.srl> ; srt:data <d%20d.ttl> ] ; mf:result <o.ttl> .
        <#entailment> a mf:PositiveEntailmentTest ; mf:name "follows" ; mf:entailmentRegime "RDFS" ;
            mf:recognizedDatatypes ( xsd:integer xsd:date ) ; mf:action <a.ttl> ; mf:result <b.ttl> .
        <#contradiction> a mf:PositiveEntailmentTest ; mf:name "clash" ; mf:action <a.ttl> ; mf:result false .
        <#query> a mf:QueryEvaluationTest ; mf:name "query" ; mf:result <q.srx> ;
            mf:action [ qt:query <q.rq> ; qt:data <a.ttl>, <b.ttl> ; sd:entailmentRegime ( ent:RDF ent:RDFS ) ] .
        <#bare> a mf:PositiveSyntaxTest .""",
    )
    xsd = "http://www.w3.org/2001/XMLSchema#"
    a, b = tmp_path / "a.ttl", tmp_path / "b.ttl"
    assert read_manifest(path) == [
        ManifestEntry("rules", "RulesEvalTest", tmp_path / "r.srl", (tmp_path / "d d.ttl",), tmp_path / "o.ttl", manifest=path),
        ManifestEntry("follows", "PositiveEntailmentTest", a, (), b, ("RDFS",), (xsd + "integer", xsd + "date"), path),
        ManifestEntry("clash", "PositiveEntailmentTest", a, result=False, manifest=path),
        ManifestEntry("query", "QueryEvaluationTest", tmp_path / "q.rq", (a, b), tmp_path / "q.srx", ("RDF", "RDFS"), manifest=path),
        ManifestEntry("bare", "PositiveSyntaxTest", manifest=path),
    ]


def test_includes_are_followed_once_and_the_missing_are_said(tmp_path: Path) -> None:
    inner = written(tmp_path / "inner" / "manifest.ttl", '<> mf:include ( <../manifest.ttl> ) ; mf:entries ( <#x> ) . <#x> mf:name "x" .')
    outer = written(tmp_path / "manifest.ttl", "<> mf:include ( <inner/manifest.ttl> <gone/manifest.ttl> <inner/manifest.ttl> ) .")
    assert read_manifest(outer) == [
        ManifestEntry("x", "", manifest=inner),
        ManifestEntry("gone", "MissingManifest", tmp_path / "gone" / "manifest.ttl", manifest=outer),
    ]


def test_a_list_in_a_circle_ends(tmp_path: Path) -> None:
    path = written(tmp_path / "m.ttl", "<> mf:entries _:c . _:c rdf:first <#one> ; rdf:rest _:c .")
    assert [entry.name for entry in read_manifest(path)] == ["one"]


@pytest.mark.parametrize("text", ["<> mf:entries (", None])
def test_what_is_no_manifest_is_named(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "m.ttl"
    if text is not None:
        written(path, text)
    with pytest.raises(InputError, match=r"cannot read the manifest .*m\.ttl"):
        read_manifest(path)
