"""Terms as people type them: IRIs, prefixed names, quoted literals, and what things are called."""

from __future__ import annotations

import difflib
import re

import pyoxigraph as ox
from rdflib import RDF, BNode, Literal, URIRef

from dovetail.kg.errors import InputError
from dovetail.kg.labels import entities_named
from dovetail.kg.names import PREFIXES, prefixed
from dovetail.kg.provenance import GRAPHS
from dovetail.kg.statement import Term
from dovetail.kg.store import TRUSTED, KnowledgeGraph
from dovetail.kg.terms import from_ox, iri, to_ox

_ABSOLUTE = re.compile(r"(?:https?|urn|file|tag|mailto):\S+")
_SHOWN = 8
"""Things of one name that a message lists."""


def typed_triple(graph: KnowledgeGraph, subject: str, predicate: str, object: str) -> tuple[URIRef | BNode, URIRef, Term]:
    """The triple that three texts mean; ``a`` is rdf:type, as in SPARQL.

    InputError where a text means nothing in the graph, or several things; then it lists them.

    >>> from dovetail.kg import Statement
    >>> from rdflib import RDFS
    >>> graph = KnowledgeGraph()
    >>> curie, born = URIRef("urn:x:curie"), URIRef(PREFIXES["wdt"] + "P569")
    >>> graph.add([Statement(curie, RDFS.label, Literal("Marie Curie")), Statement(curie, born, Literal("1867"))])
    2
    >>> typed_triple(graph, "Marie Curie", "wdt:P569", '"1867"') == (curie, born, Literal("1867"))
    True
    """
    who, how, what = _term(graph, subject), _term(graph, predicate, relation=True), _term(graph, object)
    if isinstance(who, Literal):
        raise InputError(f"a literal is no subject: {subject}; name a thing, without quotation marks")
    return who, _predicate(how, predicate), what


def typed_relation(graph: KnowledgeGraph, text: str) -> URIRef:
    """The relation that a name, an IRI or a prefixed name means. InputError where it means nothing in the graph, or several.

    >>> from dovetail.kg import Statement
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(URIRef("urn:x:a"), URIRef("urn:x:bornIn"), URIRef("urn:x:b"))])
    1
    >>> typed_relation(graph, "bornIn")
    rdflib.term.URIRef('urn:x:bornIn')
    """
    return _predicate(_term(graph, text, relation=True), text)


def _predicate(term: Term, text: str) -> URIRef:
    if not isinstance(term, URIRef):
        raise InputError(f"not a predicate: {text}; name a relation, without quotation marks")
    return term


def typed_entity(graph: KnowledgeGraph, text: str) -> URIRef:
    """The thing that a name, an IRI or a prefixed name means; where all that have the name are one, the canonical one.

    InputError where it means nothing in the graph, several things, or a literal.

    >>> from dovetail.kg import Statement
    >>> from rdflib import RDFS
    >>> graph = KnowledgeGraph()
    >>> graph.add([Statement(URIRef("urn:x:curie"), RDFS.label, Literal("Marie Curie"))])
    1
    >>> typed_entity(graph, "Marie Curie")
    rdflib.term.URIRef('urn:x:curie')
    """
    named = [term for term in entities_named(graph.store, text.strip()) if not _relates(graph, term)]
    heads = {graph.canonical(term) for term in named}
    term = heads.pop() if len(named) > 1 and len(heads) == 1 else _term(graph, text)
    if not isinstance(term, URIRef):
        raise InputError(f"not a thing: {text}; give a name or an IRI, without quotation marks")
    if not graph.statements_about(term):
        raise InputError(f"the graph says nothing of {_shown(term)}; name another thing")
    return term


def _term(graph: KnowledgeGraph, text: str, *, relation: bool = False) -> Term:
    text = text.strip()
    prefix, colon, local = text.partition(":")
    if text[:1] in ('"', "'"):
        return _literal(text)
    if text.startswith("<") and text.endswith(">"):
        return URIRef(iri(text[1:-1]).value)
    if text.startswith("_:"):
        return BNode(text[2:])
    if colon and prefix in PREFIXES:
        return URIRef(iri(PREFIXES[prefix] + local).value)
    if _ABSOLUTE.fullmatch(text):
        return URIRef(iri(text).value)
    if relation and text == "a":
        return RDF.type
    return _named(graph, text, relation=relation)


def _literal(text: str) -> Term:
    """A literal as Turtle writes it."""
    prefixes = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
    try:
        [quad] = ox.parse(f"{prefixes}<urn:x> <urn:x> {text} .", ox.RdfFormat.TURTLE)
    except (SyntaxError, ValueError):
        raise InputError(f"not a literal: {text}; write \"text\", \"text\"@en or \"1867\"^^xsd:integer") from None
    assert not isinstance(quad.object, ox.Triple)
    return from_ox(to_ox(from_ox(quad.object)))  # as the graph keeps it


def _named(graph: KnowledgeGraph, name: str, *, relation: bool) -> Term:
    found = entities_named(graph.store, name) or _without_label(graph, name, relation=relation)
    fitting = [term for term in found if _relates(graph, term) == relation] or found
    if len(fitting) == 1:
        return fitting[0]
    kind = "relation" if relation else "thing"
    if fitting:
        listed = ", ".join(_shown(term) for term in fitting[:_SHOWN]) + (", ..." if len(fitting) > _SHOWN else "")
        raise InputError(f"{len(fitting):,} {kind}s are called {name!r}: {listed}; say which")
    near = difflib.get_close_matches(name, sorted({text for _, text in graph.all_names()}), n=3, cutoff=0.6)
    hint = f"did you mean {', '.join(map(repr, near))}?" if near else "give its IRI or a prefixed name; literals stand in quotation marks"
    raise InputError(f"no {kind} is called {name!r}; {hint}")


def _without_label(graph: KnowledgeGraph, name: str, *, relation: bool) -> list[URIRef | BNode]:
    """What is called by the end of its IRI, for want of a label."""
    places = "?s ?e ?o" if relation else "?e ?p ?o } UNION { ?s ?p ?e"
    layers = " ".join(f"<{layer.value}>" for layer in TRUSTED)
    answer = graph.store.query(
        f"SELECT DISTINCT ?e {{ VALUES ?g {{ {layers} }} GRAPH ?g {{ {{ {places} }} }}"
        f" FILTER(ISIRI(?e) && STRENDS(STR(?e), {ox.Literal(name)})) }}"
    )
    assert isinstance(answer, ox.QuerySolutions)
    terms = {from_ox(row["e"]) for row in answer}
    return sorted((term for term in terms if isinstance(term, URIRef) and graph.label(term) == name), key=str)


def _relates(graph: KnowledgeGraph, term: URIRef | BNode) -> bool:
    """Whether a term stands between others in what the graph holds true."""
    node = to_ox(term)
    if not isinstance(node, ox.NamedNode):
        return False
    return any(next(graph.store.quads_for_pattern(None, node, None, GRAPHS[layer]), None) is not None for layer in TRUSTED)


def _shown(term: URIRef | BNode) -> str:
    short = prefixed(str(term))
    return f"_:{term}" if isinstance(term, BNode) else short if short != str(term) else f"<{term}>"
