"""Terms in three spellings: rdflib's objects, Oxigraph's objects, and N-Triples text.

rdflib is what callers see, Oxigraph is what stores, text is what is hashed and indexed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import pyoxigraph as ox
from rdflib import XSD, BNode, Literal, URIRef
from rdflib.term import Node

from dovetail.kg.errors import InputError
from dovetail.kg.statement import Term

OxTerm: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal

_XSD_STRING = str(XSD.string)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SHORT_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def to_ox(term: Node) -> OxTerm:
    """``term`` as Oxigraph stores it: numbers and dates canonical, language tags in lower case.

    >>> print(to_ox(Literal("007", datatype=XSD.integer, normalize=False)))
    "7"^^<http://www.w3.org/2001/XMLSchema#integer>
    """
    if isinstance(term, URIRef):
        return iri(term)
    if isinstance(term, BNode):
        return ox.BlankNode(str(term))
    if isinstance(term, Literal):
        try:
            if term.language:
                return ox.Literal(str(term), language=term.language)
            if term.datatype is None or str(term.datatype) == _XSD_STRING:
                return ox.Literal(str(term))
            return _canonical(str(term), str(term.datatype))
        except ValueError as error:  # a lone surrogate
            raise InputError(f"a literal that cannot be stored: {term!r} ({error})") from None
    raise InputError(f"not an IRI, blank node or literal: {term!r}")


def iri(value: str) -> ox.NamedNode:
    """The IRI ``value`` for Oxigraph; text that is no absolute IRI is an InputError."""
    try:
        return ox.NamedNode(value)
    except ValueError as error:
        raise InputError(f"not an absolute IRI: {value!r} ({error})") from None


@lru_cache(maxsize=1 << 14)
def _canonical(value: str, datatype: str) -> ox.Literal:
    # Oxigraph keeps numbers and times by value, so "01" comes back as "1". Statement nodes are
    # named by the text of their triple, which must therefore be the text that comes back.
    scratch = ox.Store()
    anything = ox.NamedNode("urn:x")
    scratch.add(ox.Quad(anything, anything, ox.Literal(value, datatype=iri(datatype))))
    stored = next(iter(scratch)).object
    assert isinstance(stored, ox.Literal)
    return stored


def canonical_texts(texts: Sequence[bytes]) -> list[bytes]:
    """These literals, in N-Triples text, as Oxigraph keeps them; all at once, because each alone costs a store.

    >>> canonical_texts([b'"007"^^<http://www.w3.org/2001/XMLSchema#integer>', b'"7"@EN'])
    [b'"7"^^<http://www.w3.org/2001/XMLSchema#integer>', b'"7"@en']
    """
    scratch = ox.Store()
    lines = b"".join(b"<urn:x:%d> <urn:x> %b .\n" % numbered for numbered in enumerate(texts))
    scratch.load(lines, ox.RdfFormat.N_TRIPLES)
    found = list(texts)
    for quad in scratch:
        assert isinstance(quad.subject, ox.NamedNode)
        found[int(quad.subject.value[6:])] = str(quad.object).encode()
    return found


def from_ox(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Term:
    """``term`` as rdflib spells it; a plain string has no datatype."""
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.Literal):
        if term.language:
            return Literal(term.value, lang=term.language)
        datatype = term.datatype.value
        return Literal(term.value) if datatype == _XSD_STRING else _typed(term.value, datatype)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    raise InputError(f"a triple cannot stand inside a triple here: {term}")


def from_text(text: str) -> Term:
    r"""The term that this N-Triples text spells.

    >>> from_text('"two\\nlines"@en')
    rdflib.term.Literal('two\nlines', lang='en')
    """
    if text[0] == "<":
        return URIRef(text[1:-1])
    if text[0] == "_":
        return BNode(text[2:])
    # Neither a language tag nor an IRI can hold a quotation mark, so the last one ends the value.
    end = text.rindex('"')
    value, suffix = text[1:end], text[end + 1 :]
    if "\\" in value:
        value = _ESCAPE.sub(_unescape, value)
    if not suffix:
        return Literal(value)
    return Literal(value, lang=suffix[1:]) if suffix[0] == "@" else _typed(value, suffix[3:-1])


def _typed(value: str, datatype: str) -> Literal:
    return Literal(value, datatype=URIRef(datatype), normalize=False)


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _SHORT_ESCAPES.get(match[3], match[3])
