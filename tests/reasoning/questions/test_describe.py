"""Describing things of the tiny world: each sentence stands in its document, none twice, and what disagrees is shown."""

from __future__ import annotations

import pytest
from rdflib import RDFS, Literal, URIRef

from dovetail.kg import Document, DocumentRecord, Evidence, InputError, KnowledgeGraph, NewPassage, PassageIndex, Qualifiers, Statement
from dovetail.kg.statement import Term
from dovetail.reasoning.questions.answer import Quote
from dovetail.reasoning.questions.describing.description import Description
from dovetail.reasoning.questions.describing.domain import describe_domain
from dovetail.reasoning.questions.describing.entity import describe
from dovetail.reasoning.questions.describing.finding import find_thing
from tests.reasoning.tiny import BIRTHPLACE, MARIE, PIERRE, POLAND, SPOUSE, WARSAW, WordCounter, world

PARIS, BORN = URIRef("urn:dovetail:entity:place:Paris"), URIRef("http://www.wikidata.org/prop/direct/P569")


def tell(graph: KnowledgeGraph, name: str, text: str, subject: URIRef, predicate: URIRef, value: Term, *, denied: bool = False) -> None:
    evidence = Evidence(name, 0, len(text), text, 0.9, "hand@1")
    qualifiers = Qualifiers("negated") if denied else Qualifiers()
    statement = Statement(subject, predicate, value, evidence=(evidence,), qualifiers=qualifiers)
    graph.put_documents([DocumentRecord(Document(name, name, text, name, "gossip"), [statement], "1")])


def quotes(found: Description) -> list[Quote]:
    return [quote for aspect in found.aspects for quote in aspect.sentences]


@pytest.mark.parametrize("encoder", [WordCounter(), None])
def test_a_description_quotes_its_documents_and_says_nothing_twice(encoder: WordCounter | None) -> None:
    graph, passages = world()
    found = describe(graph, passages, MARIE, encoder=encoder)
    assert (found.name, found.kinds, found.iri) == ("Marie Curie", ("person",), str(MARIE))
    assert found.aspects[0].title == "in short"
    assert [quote.quote for quote in found.aspects[0].sentences] == ["Marie Curie was a physicist."]
    facts = {(fact.relation, fact.value, fact.inverse) for aspect in found.aspects for fact in aspect.facts}
    assert facts == {("place of birth born", "Warsaw", False), ("spouse married", "Pierre Curie", True)}
    said = quotes(found)
    assert len(said) == len(set(said)) > 2
    for quote in said:
        assert graph.document(quote.document).text[quote.start : quote.end] == quote.quote
    assert found.disagreements == ()


def test_no_more_sentences_than_asked_for() -> None:
    graph, passages = world()
    for most in (1, 2, 3):
        assert len(quotes(describe(graph, passages, MARIE, encoder=WordCounter(), most=most))) <= most


def test_sentences_that_say_the_same_come_once() -> None:
    graph, passages = world()
    for n in range(3):
        tell(graph, f"again{n}", "Marie Curie was born in Warsaw, Poland, long ago.", MARIE, BIRTHPLACE, WARSAW)
    said = [quote.quote for quote in quotes(describe(graph, passages, MARIE, encoder=WordCounter()))]
    assert said.count("Marie Curie was born in Warsaw, Poland, long ago.") == 1


def test_places_of_birth_that_differ_disagree() -> None:
    graph, passages = world()
    tell(graph, "gossip", "Marie Curie was born in Paris.", MARIE, BIRTHPLACE, PARIS)
    [one] = describe(graph, passages, MARIE, encoder=WordCounter()).disagreements
    assert {fact.value for fact in one.values} == {"Warsaw", "Paris"}
    assert all(fact.evidence for fact in one.values)
    tell(graph, "map", "Paris lies in Warsaw.", PARIS, URIRef("urn:x:in"), WARSAW)
    assert describe(graph, passages, MARIE).disagreements == ()  # one lies in the other


def test_a_year_and_its_day_agree_and_years_do_not() -> None:
    graph, passages = world()
    tell(graph, "day", "She was born on 7 November 1867.", MARIE, BORN, Literal("1867-11-07"))
    tell(graph, "year", "She was born in 1867.", MARIE, BORN, Literal("1867"))
    assert describe(graph, passages, MARIE).disagreements == ()
    tell(graph, "other", "She was born in 1868.", MARIE, BORN, Literal("1868"))
    [one] = describe(graph, passages, MARIE).disagreements
    assert sorted(fact.value for fact in one.values) == ["1867", "1867-11-07", "1868"]


def test_what_is_said_and_denied_disagrees() -> None:
    graph, passages = world()
    tell(graph, "denial", "Pierre Curie never married Marie Curie.", PIERRE, SPOUSE, MARIE, denied=True)
    [one] = describe(graph, passages, PIERRE).disagreements
    assert [(fact.value, fact.denied) for fact in one.values] == [("Marie Curie", False), ("Marie Curie", True)]
    assert one.to_json()["values"][1]["denied"]


def test_many_values_of_what_may_have_many_do_not_disagree() -> None:
    graph, passages = world()
    tell(graph, "second", "Pierre Curie married Poland.", PIERRE, SPOUSE, POLAND)
    assert describe(graph, passages, PIERRE).disagreements == ()


def test_a_graph_without_text_is_described_by_its_facts() -> None:
    graph = KnowledgeGraph()
    a, b, knows = URIRef("urn:x:Ann"), URIRef("urn:x:Bob"), URIRef("urn:x:knows")
    graph.add([Statement(a, knows, b), Statement(a, RDFS.label, Literal("Ann"))])
    with PassageIndex(None) as passages:
        found = describe(graph, passages, a, encoder=WordCounter())
        assert [(aspect.title, [fact.value for fact in aspect.facts], aspect.sentences) for aspect in found.aspects] == [
            ("knows", ["Bob"], ())
        ]
        assert found.documents == 0
        with pytest.raises(InputError, match="says nothing of"):
            describe(graph, passages, URIRef("urn:x:Nobody"))


def test_things_are_found_by_name_or_near_it() -> None:
    graph, _ = world()
    assert find_thing(graph, "marie curie").entity == MARIE
    assert find_thing(graph, str(MARIE)).entity == MARIE
    assert find_thing(graph, "Mary Curie").near[0] == "Marie Curie"
    assert "Warsaw" in find_thing(graph, "City of Warsaw").near
    assert find_thing(graph, "Zzyzx") == find_thing(graph, "")
    graph.add([Statement(URIRef("urn:x:other"), RDFS.label, Literal("Marie Curie"))])
    found = find_thing(graph, "Marie Curie")
    assert (found.entity, found.others) == (MARIE, (URIRef("urn:x:other"),))


def test_a_domain_is_its_central_entities_and_sentences() -> None:
    graph, passages = KnowledgeGraph(), PassageIndex(None)
    with_domain, old = world()
    domains = {"Marie Curie": "science", "Pierre Curie": "science", "Warsaw": "places"}
    ids, rows = old.vectors()
    vectors = dict(zip(ids.tolist(), rows, strict=True))
    with graph.changing() as store:
        store.bulk_extend(list(with_domain.store))
    for document in list(graph.documents()):
        statements = [
            Statement(s.subject, s.predicate, s.object, evidence=tuple(e for e in s.evidence if e.document == document.id))
            for term in (MARIE, PIERRE, WARSAW, POLAND)
            for s in graph.statements_about(term)
            if any(e.document == document.id for e in s.evidence)
        ]
        placed = Document(document.id, document.title, document.text, document.source, domains[document.title])
        graph.put_documents([DocumentRecord(placed, statements, "2")])
    for p in old.all():
        passages.put(p.document, [NewPassage(p.title, p.start, p.end, p.text, vectors[p.id])])
    found = describe_domain(graph, passages, "science", encoder=WordCounter())
    assert found.documents == 2
    assert {entity.name for entity in found.entities[:2]} == {"Marie Curie", "Pierre Curie"}
    assert all(entity.sentences > 0 for entity in found.entities)
    assert len(found.sentences) == len(set(found.sentences)) > 0
    for quote in found.sentences:
        assert graph.document(quote.document).text[quote.start : quote.end] == quote.quote
        assert domains[graph.document(quote.document).title] == "science"
    with pytest.raises(InputError, match="no domain is called 'scince': there is 'science'"):
        describe_domain(graph, passages, "scince")
