"""The terms of a rule file, read with its prefixes and base: IRIs and literals, variables, blank node labels."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pyoxigraph as ox

from dovetail.reasoning.rules.language.tokens import Tokens
from dovetail.reasoning.rules.rule import Variable

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDF_TYPE = ox.NamedNode(RDF + "type")
RDF_FIRST = ox.NamedNode(RDF + "first")
RDF_REST = ox.NamedNode(RDF + "rest")
RDF_NIL = ox.NamedNode(RDF + "nil")
RDF_REIFIES = ox.NamedNode(RDF + "reifies")
XSD_INTEGER = ox.NamedNode(XSD + "integer")
XSD_DECIMAL = ox.NamedNode(XSD + "decimal")
XSD_DOUBLE = ox.NamedNode(XSD + "double")
XSD_BOOLEAN = ox.NamedNode(XSD + "boolean")

NUMBERS = {"integer": XSD_INTEGER, "decimal": XSD_DECIMAL, "double": XSD_DOUBLE}
_LITERALS = frozenset({"string", "long", "TRUE", "FALSE", *NUMBERS})
_DIRECTIONS = {"ltr": ox.BaseDirection.LTR, "rtl": ox.BaseDirection.RTL}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CHARACTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)


def _unescaped(escape: re.Match[str]) -> str:
    if escape[3]:
        return _CHARACTERS.get(escape[3], escape[3])
    number = int(escape[1] or escape[2], 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise ValueError(f"no character {escape[0]}")
    return chr(number)


class TermReader(Tokens):
    """Tokens that become terms; prefixes and base change as the file goes on."""

    __slots__ = ("_cache", "base", "prefixes")

    def __init__(self, text: str, *, source: str) -> None:
        super().__init__(text, source=source)
        self.base = ""
        self.prefixes: dict[str, str] = {}
        self._cache: dict[str, ox.NamedNode] = {}

    def prefix(self) -> None:
        """Reads PREFIX with what it declares, which holds from here on."""
        word = self.advance()
        if self.kind != "pname" or not self.value.endswith(":"):
            self.fail(f"expected a prefix with its colon after {word}")
        prefix = self.advance()[:-1]
        self.prefixes[prefix] = self._reference(where="after a prefix")
        self._cache.clear()

    def rebase(self) -> None:
        """Reads BASE with its IRI, from which relative IRIs are taken from here on."""
        word = self.advance()
        self.base = self._reference(where=f"after {word}")
        self._cache.clear()

    def iri(self, *, where: str) -> ox.NamedNode:
        """The IRI or prefixed name here, and steps over it."""
        text = self.value
        known = self._cache.get(text)
        if known is None:
            at = self.place
            full = self.iri_text(where=where)
            try:
                known = self._cache[text] = ox.NamedNode(full)
            except ValueError as problem:
                relative = not _SCHEME.match(full)
                self.fail("a relative IRI, and no BASE says what to" if relative else f"not an IRI ({problem})", at=at)
        else:
            self.advance()
        return known

    def iri_text(self, *, where: str) -> str:
        """The same as text, which stays relative if there is no base."""
        if self.kind == "iri":
            try:
                text = _ESCAPE.sub(_unescaped, self.value[1:-1])
            except ValueError as problem:
                self.fail(str(problem))
            self.advance()
            return text if _SCHEME.match(text) or not self.base else _resolve(self.base, text)
        if self.kind != "pname":
            self.fail(f"expected an IRI {where}")
        prefix, _, local = self.value.partition(":")
        if prefix not in self.prefixes:
            self.fail(f"unknown prefix {prefix}: (add PREFIX {prefix}: <...>)")
        self.advance()
        return self.prefixes[prefix] + (re.sub(r"\\(.)", r"\1", local) if "\\" in local else local)

    def _reference(self, *, where: str) -> str:
        if self.kind != "iri":
            self.fail(f"expected an IRI in angle brackets {where}")
        return self.iri_text(where=where)

    def at_literal(self) -> bool:
        """Whether a literal stands here."""
        return self.kind in _LITERALS

    def literal(self) -> ox.Literal:
        """The literal here, and steps over it."""
        kind, text = self.kind, self.advance()
        if kind in NUMBERS:
            return ox.Literal(text, datatype=NUMBERS[kind])
        if kind in ("TRUE", "FALSE"):
            return ox.Literal(text.lower(), datatype=XSD_BOOLEAN)
        body = text[3:-3] if kind == "long" else text[1:-1]
        if "\\" in body:
            try:
                body = _ESCAPE.sub(_unescaped, body)
            except ValueError as problem:
                self.fail(str(problem), at=self.place - 1)
        if self.kind == "lang":
            return self._tagged(body)
        if self.accept("^^"):
            return ox.Literal(body, datatype=self.iri(where="after ^^"))
        return ox.Literal(body)

    def _tagged(self, body: str) -> ox.Literal:
        at = self.place
        language, _, direction = self.advance()[1:].partition("--")
        if direction and direction not in _DIRECTIONS:
            self.fail("a base direction is ltr or rtl", at=at)
        try:
            return ox.Literal(body, language=language, direction=_DIRECTIONS.get(direction))
        except ValueError as problem:
            self.fail(f"not a language tag ({problem})", at=at)

    def variable(self) -> Variable:
        """The variable here, and steps over it."""
        return Variable(self.advance()[1:])


def _resolve(base: str, reference: str) -> str:
    """The reference taken from the base (RFC 3986); ``urljoin`` alone refuses schemes it has not heard of."""
    scheme, colon, rest = base.partition(":")
    joined = urljoin("http:" + rest, reference)
    return scheme + colon + joined.removeprefix("http:")
