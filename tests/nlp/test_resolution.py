"""Which names are one thing: a table of pairs, what keeps namesakes apart, and the laws of decisions."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, SKOS, Literal, URIRef

from dovetail.kg import Document, DocumentRecord, Evidence, InputError, KnowledgeGraph, Layer, Statement, entity_iri
from dovetail.kg.names import WD, WDT
from dovetail.kg.resolution import Decision, Resolution, decisions, is_resolved, judgements
from dovetail.nlp.resolution import Entity, group, merge, resolve, split

TABLE = Path(__file__).parents[1] / "tables" / "resolution.txt"


def cases() -> list[tuple[str, str, str, str, str]]:
    found = []
    for line in TABLE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, one, rest = (part.strip() for part in line.split("|"))
            other, sign, why = re.split(r" ([=/]) ", rest)
            found.append((kind, one, other, sign, why))
    return found


def entity(kind: str, text: str) -> Entity:
    """An entity as the table writes it."""
    aliases = frozenset(re.findall(r"\[alias ([^\]]+)\]", text))
    facts = frozenset((str(WDT.P569), born) for born in re.findall(r"\[born ([^\]]+)\]", text))
    name = re.sub(r"\s*\[[^\]]+\]", "", text)
    note = re.search(r"\s*\(([^()]+)\)$", name)
    plain = name[: note.start()] if note else name
    return Entity(str(entity_iri(name, kind)), frozenset({kind}), plain, aliases, note[1] if note else "", True, facts)


@pytest.mark.parametrize(("kind", "one", "other", "sign", "why"), cases())
def test_two_names_are_one_or_two(kind: str, one: str, other: str, sign: str, why: str) -> None:
    resolution = group([entity(kind, one), entity(kind, other)])
    assert len(resolution.groups) == (sign == "=")
    reasons = [judgement.rule for judgement in resolution.judgements]
    assert reasons == ([] if why == "-" else reasons) and (why == "-" or any(why in reason for reason in reasons)), reasons


def test_kinds_must_agree() -> None:
    assert not group([entity("person", "Washington Post"), entity("place", "Washington Post")]).groups


def test_a_short_name_that_fits_two_is_nobodys() -> None:
    resolution = group([entity("person", name) for name in ("Marie Curie", "Maurice Curie", "M. Curie")])
    assert resolution.groups == ()
    assert {judgement.rule for judgement in resolution.judgements} == {"'M. Curie' fits several: Marie Curie, Maurice Curie"}


def test_an_article_about_each_namesake_leaves_the_bare_name_to_neither() -> None:
    names = ("John Smith (politician)", "John Smith (footballer)", "John Smith")
    assert group([entity("person", name) for name in names]).groups == ()


def test_two_terms_of_a_vocabulary_stay_two() -> None:
    terms = [Entity(f"urn:x:{n}", frozenset({"person"}), name, minted=False) for n, name in enumerate(("Marie Curie", "M. Curie"))]
    assert group(terms).groups == ()
    assert group(terms).judgements[0].rule == "the vocabulary has two terms"


def test_the_term_of_a_vocabulary_stands_for_its_group() -> None:
    term = Entity("urn:x:curie", frozenset({"person"}), "M. Curie", minted=False)
    assert group([term, entity("person", "Marie Curie")]).groups == ((URIRef("urn:x:curie"), entity_iri("Marie Curie", "person")),)


NAMES = ("Marie Curie", "M. Curie", "Dr. Marie Curie", "Maurice Curie", "Marie S. Curie", "Пётр Чайковский", "Petr Tchaikovsky", "Curie")
PEOPLE = [entity("person", name) for name in NAMES]
decided = st.lists(
    st.builds(
        lambda pair, verdict, day: Decision(URIRef(pair[0].iri), URIRef(pair[1].iri), verdict, f"2030-01-{day:02}"),
        st.sampled_from(list(combinations(PEOPLE, 2))),
        st.sampled_from(["merge", "split"]),
        st.integers(1, 28),
    ),
    max_size=4,
    unique_by=lambda decision: (decision.one, decision.other),
)


def together(resolution: Resolution, one: URIRef, other: URIRef) -> bool:
    return any(one in members and other in members for members in resolution.groups)


@settings(max_examples=80, deadline=None)
@given(st.permutations(PEOPLE), decided, st.randoms(use_true_random=False))
def test_the_order_that_documents_come_in_does_not_count(people: list[Entity], made: list[Decision], rng: object) -> None:
    assert group(people, made) == group(PEOPLE, list(reversed(made)))


@settings(max_examples=80, deadline=None)
@given(decided)
def test_what_a_person_splits_is_never_one(made: list[Decision]) -> None:
    resolution = group(PEOPLE, made)
    for decision in made:
        if decision.verdict == "split":
            assert not together(resolution, decision.one, decision.other)


# ---------------------------------------------------------------------- in a graph


def record(name: str, *said: tuple[str, str, str | None]) -> DocumentRecord:
    """A document that names persons: (fullest name, name in the text, year of birth)."""
    text = " ".join(f"{surface} was here." for _, surface, _ in said)
    statements = []
    for full, surface, born in said:
        start = text.index(f"{surface} was here.")
        end = start + len(surface) + len(" was here.")
        evidence = (Evidence(name, start, end, text[start:end], 0.9, "hand@1"),)
        person = entity_iri(full, "person")
        triples: list[tuple[URIRef, URIRef | Literal]] = [(RDF.type, WD.Q5), (RDFS.label, Literal(full)), (SKOS.altLabel, Literal(surface))]
        triples += [(WDT.P569, Literal(born))] if born else []
        statements += [Statement(person, predicate, value, evidence=evidence) for predicate, value in triples]
    return DocumentRecord(Document(name, name, text, name), statements, f"f{name}")


CORPUS = {
    "a": record("a", ("Marie Curie", "Marie Curie", "1867")),
    "b": record("b", ("M. Curie", "M. Curie", None)),
    "c": record("c", ("Pierre Curie", "Pierre Curie", "1859"), ("P. Curie", "P. Curie", "1901")),
    "d": record("d", ("Maurice Curie", "Maurice Curie", None)),
}
MARIE, SHORT, PIERRE, OTHER = (entity_iri(name, "person") for name in ("Marie Curie", "M. Curie", "Pierre Curie", "P. Curie"))


def graph_of(*names: str) -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.put_documents([CORPUS[name] for name in names])
    resolve(graph)
    return graph


def quads(graph: KnowledgeGraph) -> set[str]:
    return {str(quad) for quad in graph.store if "decision" not in str(quad)}


def links(graph: KnowledgeGraph) -> set[str]:
    return {line for line in quads(graph) if line.endswith(f"<{Layer.RESOLVED.value}>")}


def test_forgetting_a_document_is_never_having_read_it() -> None:
    graph = graph_of("a", "b", "d")
    assert graph.same(SHORT) == [SHORT]
    graph.forget(["d"])
    assert not is_resolved(graph)
    resolve(graph)
    assert quads(graph) == quads(graph_of("b", "a"))
    assert graph.same(SHORT) == [MARIE, SHORT] and graph.canonical(SHORT) == MARIE


def test_a_group_is_read_as_one_thing() -> None:
    graph = graph_of("a", "b")
    assert graph.names(SHORT) == ["M. Curie", "Marie Curie"]
    assert (MARIE, WDT.P569) in {(s.subject, s.predicate) for s in graph.statements_about(SHORT)}
    assert graph.statements_about(SHORT) == graph.statements_about(MARIE)
    [judgement] = judgements(graph, MARIE)
    assert (judgement.rule, judgement.merged) == ("initials", True)


def test_a_contradiction_is_said() -> None:
    graph = graph_of("c")
    [judgement] = judgements(graph, PIERRE)
    assert (judgement.merged, judgement.rule) == (False, "date of birth: 1859 and 1901")


def test_decisions_outlive_documents_and_undo_each_other() -> None:
    graph = graph_of("a", "b", "c")
    before = links(graph)
    split(graph, SHORT, reason="her daughter")
    assert graph.same(SHORT) == [SHORT]
    graph.forget(["b"])
    resolve(graph)
    graph.put_documents([CORPUS["b"]])
    resolve(graph)
    assert graph.same(SHORT) == [SHORT]
    [decision] = decisions(graph)
    assert (decision.verdict, decision.reason) == ("split", "her daughter")
    merge(graph, MARIE, SHORT)
    assert [d.verdict for d in decisions(graph)] == ["merge"]
    assert graph.same(SHORT) == [MARIE, SHORT]
    merge(graph, PIERRE, OTHER)  # against what their dates of birth say
    assert graph.same(OTHER) == [PIERRE, OTHER]
    split(graph, PIERRE, (OTHER,))
    assert graph.same(OTHER) == [OTHER]
    assert links(graph) == before


def test_a_layer_that_was_cleared_can_be_made_again() -> None:
    graph = graph_of("a", "b")
    before = quads(graph)
    assert graph.clear(Layer.RESOLVED) == 1
    assert (is_resolved(graph), graph.same(SHORT)) == (False, [SHORT])
    assert resolve(graph) == (1, 0)
    assert quads(graph) == before


def test_a_decision_needs_two_things() -> None:
    graph = graph_of("a", "d")
    with pytest.raises(InputError, match="name two"):
        merge(graph, MARIE, MARIE)
    with pytest.raises(InputError, match="was merged with nothing"):
        split(graph, MARIE)
    with pytest.raises(InputError, match="cannot be split from itself"):
        split(graph, MARIE, (MARIE,))
