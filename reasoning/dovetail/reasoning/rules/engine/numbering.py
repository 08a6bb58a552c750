"""Terms as numbers for the rule engine: those of an index keep theirs, new ones get the next."""

from __future__ import annotations

import re

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from dovetail.kg.dictionary import Terms
from dovetail.reasoning.rules.rule import GroundTerm, term_text

Numbers = NDArray[np.int64]

_LITERAL, _IRI, _BLANK, _TRIPLE = range(4)
_KINDS = {ox.Literal: _LITERAL, ox.NamedNode: _IRI, ox.BlankNode: _BLANK, ox.Triple: _TRIPLE}
_PLAIN = re.compile(r'"([^"\\]*)"')


class Numbering:
    """A number for every term that facts and rules mention; numbers are dense from 0 and below 2**31.

    >>> numbering = Numbering()
    >>> numbering.number(ox.NamedNode("urn:a")), numbering.number(ox.Literal(1)), numbering.number(ox.NamedNode("urn:a"))
    (0, 1, 0)
    >>> print(numbering.term(1))
    "1"^^<http://www.w3.org/2001/XMLSchema#integer>
    """

    def __init__(self, terms: Terms | None = None) -> None:
        self.triples: list[int] = []
        """The numbers of the triple terms met so far."""
        self._base = terms
        self._base_size = 0 if terms is None else len(terms)
        self._first_iri = 0 if terms is None else terms.first_iri
        self._first_triple = self._first_iri
        self._first_blank = 0 if terms is None else terms.first_blank
        while self._first_iri < self._base_size and terms is not None and terms.text(self._first_iri).startswith("<<("):
            self.triples.append(self._first_iri)  # they sort before every IRI
            self._first_iri += 1
        self._known: dict[GroundTerm, int] = {}
        self._new: list[GroundTerm] = []
        self._kinds = bytearray()  # of the new terms

    def __len__(self) -> int:
        return self._base_size + len(self._new)

    def number(self, term: GroundTerm) -> int:
        """The number of ``term``, a new one where it is met for the first time."""
        number = self.find(term)
        if number is None:
            number = len(self)
            self._new.append(term)
            self._kinds.append(_KINDS[type(term)])
            self._known[term] = number
            if isinstance(term, ox.Triple):
                self.triples.append(number)
        return number

    def find(self, term: GroundTerm) -> int | None:
        """The number of ``term`` if it has one."""
        number = self._known.get(term)
        if number is None and self._base is not None:
            number = self._base.find(term_text(term).encode())
            if number is not None:
                self._known[term] = number
        return number

    def term(self, number: int) -> GroundTerm:
        """The term that has this number."""
        if number >= self._base_size:
            return self._new[number - self._base_size]
        assert self._base is not None
        return parse_term(self._base.text(number))

    def literals(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Which of these are literals."""
        return self._are(numbers, 0, self._first_triple, (_LITERAL, _LITERAL))

    def iris(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Which of these are IRIs."""
        return self._are(numbers, self._first_iri, self._first_blank, (_IRI, _IRI))

    def nodes(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Which of these are IRIs or blank nodes: what may be a subject, and is equal only to itself."""
        return self._are(numbers, self._first_iri, self._base_size, (_IRI, _BLANK))

    def _are(self, numbers: Numbers, first: int, end: int, kinds: tuple[int, int]) -> NDArray[np.bool_]:
        """Which lie in a stretch of the index's terms, or are new ones of these kinds, first to last."""
        mask = (numbers >= first) & (numbers < end)
        later = numbers >= self._base_size
        if later.any():
            new = np.frombuffer(self._kinds, np.uint8)[numbers[later] - self._base_size]
            mask[later] = (new >= kinds[0]) & (new <= kinds[1])
        return mask


def parse_term(text: str) -> GroundTerm:
    """The term that this N-Triples text spells.

    >>> parse_term('<<( <urn:a> <urn:b> "x"@en )>>').object
    <Literal value=x language=en>
    """
    if text[0] == "<" and text[1] != "<":
        return ox.NamedNode(text[1:-1])
    if text[0] == "_":
        return ox.BlankNode(text[2:])
    plain = _PLAIN.fullmatch(text)
    if plain:
        return ox.Literal(plain[1])
    found: GroundTerm = next(iter(ox.parse(f"<urn:x> <urn:x> {text} .".encode(), format=ox.RdfFormat.N_TRIPLES))).object
    return found
