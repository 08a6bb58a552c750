"""Literals under D-entailment: what they denote when some datatypes are recognised, and which facts about them clash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib.namespace import OWL, RDF, RDFS

from dovetail.reasoning.rules.engine.clause import PROFILE
from dovetail.reasoning.rules.profiles.datatypes import DATATYPES, Value, disjoint, holds, is_datatype, opaque, value_of
from dovetail.reasoning.rules.profiles.matching import Fact
from dovetail.reasoning.rules.rule import GroundTerm

TYPE, SAME = ox.NamedNode(str(RDF.type)), ox.NamedNode(str(OWL.sameAs))

DT_NOT_TYPE, DT_DIFF = f"{PROFILE}owl-rl:dt-not-type", f"{PROFILE}owl-rl:dt-diff"
DT_DISJOINT = f"{PROFILE}rdfs:disjoint-datatypes"

KNOWN_DATATYPES = frozenset(DATATYPES)
"""The datatypes whose values are known."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A fact that cannot hold, and the rule that says so."""

    fact: Fact
    rule: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """Some datatypes, by IRI; a literal of any other is known by its text only."""

    datatypes: frozenset[str] = KNOWN_DATATYPES

    def value(self, literal: ox.Literal) -> Value | None:
        """What a literal denotes; None if its text is none of its datatype.

        >>> Recognition().value(ox.Literal("x", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#byte"))) is None
        True
        """
        known = literal.language is not None or literal.datatype.value in self.datatypes
        return value_of(literal) if known else opaque(literal)

    def recognises(self, term: GroundTerm) -> bool:
        """Whether a term is a datatype whose values are known.

        >>> Recognition().recognises(ox.NamedNode("http://www.w3.org/2001/XMLSchema#byte"))
        True
        """
        return isinstance(term, ox.NamedNode) and term.value in self.datatypes and is_datatype(term.value)

    def is_of(self, term: GroundTerm, datatype: GroundTerm) -> bool | None:
        """Whether a literal is of a datatype; None where nothing is known, as of what is no literal.

        >>> Recognition().is_of(ox.Literal(200), ox.NamedNode("http://www.w3.org/2001/XMLSchema#byte"))
        False
        """
        if not isinstance(term, ox.Literal) or not isinstance(datatype, ox.NamedNode):
            return None
        value = self.value(term)
        if value is None:
            return False
        known = self.recognises(datatype) or datatype.value == str(RDFS.Literal)
        return holds(datatype.value, value) if known else None

    def clashes(self, facts: Iterable[Fact]) -> Iterator[Clash]:
        """What cannot hold of these facts by what literals are; only those of rdf:type and owl:sameAs are looked at.

        That a literal is of a datatype that does not hold it (dt-not-type), that two literals of different values are
        the same (dt-diff), and that anything is of datatypes without a common value.

        >>> byte = ox.NamedNode("http://www.w3.org/2001/XMLSchema#byte")
        >>> [clash.rule for clash in Recognition().clashes([(ox.Literal(200), TYPE, byte)])]
        ['urn:dovetail:rule:owl-rl:dt-not-type']
        """
        datatypes: defaultdict[GroundTerm, list[ox.NamedNode]] = defaultdict(list)
        for s, p, o in facts:
            if p == TYPE and self.is_of(s, o) is False:
                yield Clash((s, p, o), DT_NOT_TYPE)
            elif p == TYPE and isinstance(o, ox.NamedNode) and self.recognises(o):
                datatypes[s].append(o)
            elif p == SAME and isinstance(s, ox.Literal) and isinstance(o, ox.Literal) and self._differ(s, o):
                yield Clash((s, p, o), DT_DIFF)
        for term, several in datatypes.items():
            if disjoint([datatype.value for datatype in several]):
                yield Clash((term, TYPE, several[0]), DT_DISJOINT)

    def _differ(self, one: ox.Literal, other: ox.Literal) -> bool:
        """Whether the values are two for sure; one of an unknown datatype may be any."""
        left, right = self.value(one), self.value(other)
        return left is not None and right is not None and bool(left[0] and right[0]) and left != right
