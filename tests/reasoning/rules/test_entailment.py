"""What follows and what does not: datatypes, refutation, and the traps of both."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.profiles.entailment import consistent, entails
from tests.reasoning.rules.test_packs import graph

NOT_C = "[ owl:complementOf :C ]"
NO_P = "[ owl:maxCardinality 0 ; owl:onProperty :p ]"
SOURCE_A = "owl:sourceIndividual :a"


@pytest.mark.parametrize(
    ("premise", "conclusion"),
    [
        (":a :p :b .", "[] :p [] ."),
        ("", ":a owl:sameAs :a ."),
        ("", "xsd:byte rdfs:subClassOf xsd:integer ."),
        (":a :p 1 .", ":a :p 1.0 ."),
        (":a :p 1 .", ":a :p [ a xsd:byte ] ."),
        ("xsd:byte rdfs:subClassOf :Small . :a :p 1 .", ":a :p [ a :Small ] ."),
        (":a :p 'b' ; :q 'b' .", ":a :p _:x ; :q _:x ."),
        (":p rdfs:range xsd:short , xsd:unsignedInt .", ":p rdfs:range xsd:unsignedShort ."),
        (f":C rdfs:subClassOf {NO_P} .", f":C rdfs:subClassOf {NO_P} ."),
        # by refutation
        (":a owl:differentFrom :b .", ":b owl:differentFrom :a ."),
        (":C owl:disjointWith :D .", ":D owl:disjointWith :C ."),
        (":C owl:disjointWith :D . :a a :D .", f":a a {NOT_C} ."),
        (":C owl:disjointWith :D . :E rdfs:subClassOf :D .", f":E rdfs:subClassOf {NOT_C} ."),
        (":C rdfs:subClassOf :D .", f"[ owl:complementOf :D ] rdfs:subClassOf {NOT_C} ."),
        (":a a :C , :D .", ":a a [ owl:intersectionOf ( :C :D ) ] ."),
        (":a a :C .", ":a a [ owl:unionOf ( :C :D ) ] ."),
        (":a a :C .", f":a a [ owl:unionOf ( :D [ owl:intersectionOf ( :C [ owl:complementOf {NOT_C} ] ) ] ) ] ."),
        (":a :p :b . :b a :C .", ":a a [ owl:onProperty :p ; owl:someValuesFrom :C ] ."),
        (":p rdfs:range :C .", ":a a [ owl:onProperty :p ; owl:allValuesFrom :C ] ."),
        (":a :p :b .", ":a a [ owl:onProperty :p ; owl:hasValue :b ] ."),
        (":p a owl:FunctionalProperty .", ":a a [ owl:onProperty :p ; owl:maxCardinality 1 ] ."),
        (":p owl:inverseOf :q . :p a owl:FunctionalProperty .", ":q a owl:InverseFunctionalProperty ."),
        (":p owl:inverseOf :q . :p rdfs:domain :C .", ":q rdfs:range :C ."),
        (":p owl:inverseOf :q .", ":q owl:inverseOf :p ."),
        (":p a owl:SymmetricProperty . :p rdfs:domain :C .", ":p rdfs:range :C ."),
        (":p owl:propertyChainAxiom ( :p :p ) .", ":p a owl:TransitiveProperty ."),
        (":p rdfs:subPropertyOf :q . :q a owl:IrreflexiveProperty .", ":p a owl:IrreflexiveProperty ."),
        (":p owl:propertyDisjointWith :q . :a :p :b .", f"[] {SOURCE_A} ; owl:assertionProperty :q ; owl:targetIndividual :b ."),
        (":a owl:differentFrom :b , :c . :b owl:differentFrom :c .", "[] a owl:AllDifferent ; owl:members ( :c :a :b ) ."),
        (":C owl:disjointWith :D .", "[] a owl:AllDisjointClasses ; owl:members ( :D :C ) ."),
        # a contradiction entails everything
        (":a a owl:Nothing .", ":b :q :c ."),
    ],
)
def test_follows(premise: str, conclusion: str) -> None:
    assert entails(graph(premise), graph(conclusion))


@pytest.mark.parametrize(
    ("premise", "conclusion"),
    [
        (":a :p :b .", ":a :p _:x . _:x :p [] ."),
        (":a :p 1 .", ":a :p '1' ."),
        (":a :p 1 .", ":a :p 1e0 ."),
        (":a :p '1'^^:mine .", ":a :p '01'^^:mine ."),
        (":a :p 1 .", ":a :p [ a xsd:string ] ."),
        (":p rdfs:range xsd:short .", ":p rdfs:range xsd:byte ."),
        (":a a :C .", f":a a {NOT_C} ."),
        (":a a :C .", ":a a [ owl:intersectionOf ( :C :D ) ] ."),
        (":a a :C .", ":b a [ owl:unionOf ( :C :D ) ] ."),
        (":C owl:disjointWith :D .", "[] a owl:AllDisjointClasses ; owl:members ( :D :C :E ) ."),
        (":a owl:differentFrom :b .", "[] a owl:AllDifferent ; owl:members ( :a :b :c ) ."),
        (":p rdfs:subPropertyOf :q . :p a owl:TransitiveProperty .", ":q a owl:TransitiveProperty ."),
        (":a :p :b .", f"[] {SOURCE_A} ; owl:assertionProperty :p ; owl:targetIndividual :c ."),
        # a described class is one class, whichever instance is asked for
        (":a a :C .", f"_:x a {NOT_C} ."),
        # two descriptions of one node say that two classes are the same: a claim
        (":a a :C .", "[ owl:complementOf :C ; owl:unionOf ( :C :D ) ] a owl:Class ."),
        ("", "_:x rdf:first :a ; rdf:rest _:x ."),
        # no claim is granted because something of the same shape is described
        ("", "[] a owl:AllDifferent ; owl:members ( :a :b ) ."),
        ("", ":C a owl:Class ."),
    ],
)
def test_does_not_follow(premise: str, conclusion: str) -> None:
    assert not entails(graph(premise), graph(conclusion))


@pytest.mark.parametrize(
    "text",
    [
        ":a :p 'x'^^xsd:integer .",
        ":a :p <<( :b :q '1.5'^^xsd:integer )>> .",
        ":p rdfs:range xsd:byte . :a :p 200 .",
        ":p rdfs:range xsd:string . :a :p 1 .",
        ":a a xsd:string , xsd:integer .",
        ":p a owl:FunctionalProperty . :a :p 1 , 2 .",
        ":C owl:hasKey ( :k ) . :a a :C ; :k 1 . :b a :C ; :k 1.0 . :a owl:differentFrom :b .",
    ],
)
def test_contradicts_itself(text: str) -> None:
    assert not consistent(graph(text))


@pytest.mark.parametrize(
    "text",
    [
        ":p rdfs:range xsd:byte . :a :p 100 .",
        ":p a owl:FunctionalProperty . :a :p 1 , 1.0 .",
        ":p a owl:FunctionalProperty . :a :p '1'^^:mine , '2'^^:mine .",
        ":a a xsd:byte , xsd:positiveInteger .",
        ":p rdfs:range rdfs:Literal . :a :p 'x' .",
    ],
)
def test_is_consistent(text: str) -> None:
    assert consistent(graph(text))


def test_unrecognised_datatypes_are_text() -> None:
    one, other = graph(":a :p 1 ."), graph(":a :p 01 .")
    assert entails(one, other) and not entails(one, other, datatypes=[])
    assert consistent(graph(":a :p 'x'^^xsd:integer ."), datatypes=[])


def test_profiles_grow() -> None:
    premise, conclusion = graph(":p rdfs:domain :C . :a :p :b ."), graph(":a a :C .")
    assert [entails(premise, conclusion, profile=profile) for profile in ("simple", "rdf", "rdfs", "owl-rl")] == [False, False, True, True]
    with pytest.raises(InputError, match="no profile named 'owl'; try one of simple, rdf, rdfs, owl-rl"):
        entails(premise, conclusion, profile="owl")


def test_a_blank_node_of_the_conclusion_is_none_of_the_premise() -> None:
    x, p, a, b = ox.BlankNode("x"), ox.NamedNode("urn:p"), ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    assert entails([ox.Triple(x, p, a), ox.Triple(b, p, b)], [ox.Triple(x, p, b)])
