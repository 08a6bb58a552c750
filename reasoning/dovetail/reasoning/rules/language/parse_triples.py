"""Blocks of triples, read into plain patterns: paths, collections, ``[...]``, annotations and reifiers are written out.

The three places a block can stand in are one grammar with different permissions (W3C productions 25 to 88).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import pyoxigraph as ox

from dovetail.reasoning.rules.language.terms import RDF_FIRST, RDF_NIL, RDF_REIFIES, RDF_REST, RDF_TYPE, TermReader
from dovetail.reasoning.rules.rule import Fresh, Node, Pattern, TripleTerm, Variable

_SUBJECTS = frozenset("iri pname var blank anon nil string long TRUE FALSE integer decimal double <<( [ ( <<".split())
_VERBS = frozenset({"iri", "pname", "var", "a"})
_PATHS = _VERBS | {"(", "^"}

Path: TypeAlias = list[tuple[Node, bool]]
"""The steps of a property path; a step is a predicate and whether it is walked backwards."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a block of triples may hold where it stands."""

    name: str
    blank: Callable[[str], Node]
    variables: bool = True
    paths: bool = False


DATA = Place("in DATA", ox.BlankNode, variables=False)
HEAD = Place("in a rule's head", Fresh)
BODY = Place("in a rule's body", lambda label: Variable("_:" + label), paths=True)


class Labels:
    """Names for the nodes a file leaves nameless, other than the labels it uses itself."""

    __slots__ = ("_count", "_taken")

    def __init__(self, taken: frozenset[str]) -> None:
        self._taken = taken
        self._count = 0

    def new(self, stem: str) -> str:
        """A name not given before."""
        self._count += 1
        while f"{stem}{self._count}" in self._taken:
            self._count += 1
        return f"{stem}{self._count}"


def triple_term(subject: Node, predicate: Node, value: Node) -> ox.Triple | TripleTerm:
    """The triple as a term: Oxigraph's if it is ground and RDF allows it, ours otherwise."""
    if (
        isinstance(subject, ox.NamedNode | ox.BlankNode)
        and isinstance(predicate, ox.NamedNode)
        and not isinstance(value, Variable | Fresh | TripleTerm)
    ):
        return ox.Triple(subject, predicate, value)
    return TripleTerm(subject, predicate, value)


def ground_triples(patterns: list[Pattern]) -> tuple[list[ox.Triple], tuple[Pattern, ...]]:
    """The patterns of DATA as triples, and those that RDF cannot hold: a literal or a triple term as the subject."""
    terms = [(pattern, triple_term(*pattern.nodes)) for pattern in patterns]
    plain = [term for _, term in terms if isinstance(term, ox.Triple)]
    return plain, tuple(pattern for pattern, term in terms if not isinstance(term, ox.Triple))


class TripleReader:
    """Reads the triples of one block after another into ``patterns``."""

    __slots__ = ("labels", "patterns", "place", "reader")

    def __init__(self, reader: TermReader, place: Place, labels: Labels) -> None:
        self.reader = reader
        self.place = place
        self.labels = labels
        self.patterns: list[Pattern] = []

    def at_triples(self) -> bool:
        """Whether a triple begins here."""
        return self.reader.kind in _SUBJECTS

    def block(self) -> None:
        """Reads triples up to what is none."""
        while self.at_triples():
            self.same_subject()
            if not self.reader.accept("."):
                return

    def same_subject(self) -> None:
        """Reads the triples of one subject."""
        kind = self.reader.kind
        subject = self._node(where="as the subject of a triple")
        if kind not in ("[", "(", "<<") or self._at_verb():  # these say something by themselves
            self._properties(subject)

    def _at_verb(self) -> bool:
        return self.reader.kind in (_PATHS if self.place.paths else _VERBS)

    def _properties(self, subject: Node) -> None:
        reader = self.reader
        while True:
            path = self._path() if self.place.paths and reader.kind != "var" else [(self._verb(), False)]
            self._objects(subject, path)
            while (more := reader.accept(";")) and not self._at_verb():
                pass  # semicolons may stand in a row, and at the end
            if not more:
                return

    def _objects(self, subject: Node, path: Path) -> None:
        reader = self.reader
        while True:
            value = self._node(where="as the object of a triple")
            self._walk(subject, path, value)
            if reader.kind in ("~", "{|"):
                if len(path) > 1 or path[0][1]:
                    reader.fail("only a triple with a plain predicate, not with a path, can be annotated")
                self._annotations(triple_term(subject, path[0][0], value))
            if not reader.accept(","):
                return

    def _walk(self, start: Node, path: Path, end: Node) -> None:
        for number, (predicate, backwards) in enumerate(path, start=1):
            step_end = end if number == len(path) else self.place.blank(self.labels.new("path"))
            self.patterns.append(Pattern(step_end, predicate, start) if backwards else Pattern(start, predicate, step_end))
            start = step_end

    def _verb(self) -> Node:
        reader = self.reader
        if reader.kind == "var":
            return self._variable()
        if reader.accept("a"):
            return RDF_TYPE
        return reader.iri(where="as the predicate of a triple")

    def _path(self) -> Path:
        steps = self._path_step()
        while self.reader.accept("/"):
            steps += self._path_step()
        return steps

    def _path_step(self) -> Path:
        reader = self.reader
        if reader.accept("^"):
            return [(predicate, not backwards) for predicate, backwards in reversed(self._path_element())]
        return self._path_element()

    def _path_element(self) -> Path:
        reader = self.reader
        if reader.accept("("):
            steps = self._path()
            reader.expect(")", where="at the end of a path")
            return steps
        if reader.accept("a"):
            return [(RDF_TYPE, False)]
        return [(reader.iri(where="as the predicate of a triple"), False)]

    def _node(self, *, where: str) -> Node:
        kind = self.reader.kind
        if kind == "[":
            return self._described_node()
        if kind == "(":
            return self._collection()
        if kind == "<<":
            return self._reified()
        return self._term(where=where)

    def _term(self, *, where: str) -> Node:
        reader = self.reader
        kind = reader.kind
        if kind == "var":
            return self._variable()
        if kind in ("iri", "pname"):
            return reader.iri(where=where)
        if reader.at_literal():
            return reader.literal()
        if kind in ("blank", "anon"):
            return self._blank()
        if reader.accept("nil"):
            return RDF_NIL
        if kind == "<<(":
            return self._triple_term()
        reader.fail(f"expected a term {where}" if kind != "{" else f"a formula cannot stand {where}")

    def _variable(self) -> Variable:
        if not self.place.variables:
            self.reader.fail(f"a variable cannot stand {self.place.name}")
        return self.reader.variable()

    def _blank(self) -> Node:
        reader = self.reader
        if reader.accept("anon"):
            return self.place.blank(self.labels.new("node"))
        return self.place.blank(reader.advance()[2:])

    def _described_node(self) -> Node:
        self.reader.advance()
        node = self.place.blank(self.labels.new("node"))
        self._properties(node)
        self.reader.expect("]", where="at the end of a blank node's properties")
        return node

    def _collection(self) -> Node:
        reader = self.reader
        reader.advance()
        members = [self._node(where="in a collection")]
        while not reader.accept(")"):
            members.append(self._node(where="in a collection, or its )"))
        cells = [self.place.blank(self.labels.new("list")) for _ in members]
        for cell, member, rest in zip(cells, members, [*cells[1:], RDF_NIL], strict=True):
            self.patterns += (Pattern(cell, RDF_FIRST, member), Pattern(cell, RDF_REST, rest))
        return cells[0]

    def _triple_term(self) -> Node:
        reader = self.reader
        reader.advance()
        subject = self._inner(where="as the subject of a triple term")
        term = triple_term(subject, self._verb(), self._inner(where="as the object of a triple term"))
        reader.expect(")>>", where="at the end of a triple term")
        return term

    def _reified(self) -> Node:
        reader = self.reader
        reader.advance()
        subject = self._inner(where="as the subject of a reified triple", reified=True)
        triple = triple_term(subject, self._verb(), self._inner(where="as the object of a reified triple", reified=True))
        reifier = self._reifier() if reader.kind == "~" else self.place.blank(self.labels.new("reifier"))
        reader.expect(">>", where="at the end of a reified triple")
        self.patterns.append(Pattern(reifier, RDF_REIFIES, triple))
        return reifier

    def _inner(self, *, where: str, reified: bool = False) -> Node:
        kind = self.reader.kind
        if kind == "<<" and reified:
            return self._reified()
        if kind in ("nil", "[", "(", "<<"):
            self.reader.fail(f"cannot stand {where}")
        return self._term(where=where)

    def _reifier(self) -> Node:
        reader = self.reader
        reader.advance()
        kind = reader.kind
        if kind in ("iri", "pname"):
            return reader.iri(where="as a reifier")
        if kind == "var":
            return self._variable()
        if kind in ("blank", "anon"):
            return self._blank()
        return self.place.blank(self.labels.new("reifier"))

    def _annotations(self, triple: Node) -> None:
        reader = self.reader
        reifier: Node | None = None
        while reader.kind in ("~", "{|"):
            if reader.kind == "~":
                reifier = self._reifier()
                self.patterns.append(Pattern(reifier, RDF_REIFIES, triple))
                continue
            reader.advance()
            if reifier is None:
                reifier = self.place.blank(self.labels.new("reifier"))
                self.patterns.append(Pattern(reifier, RDF_REIFIES, triple))
            self._properties(reifier)
            reader.expect("|}", where="at the end of an annotation")
            reifier = None
