"""The words of a rule file, each with its place: what the SPARQL-RL and the N3 readers walk over."""

from __future__ import annotations

import re
from typing import NoReturn

from dovetail.kg.errors import RuleError

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_MORE = "0-9\u00b7\u0300-\u036f\u203f-\u2040"
_LOCAL = rf"(?:[{_BASE}_:{_MORE}-]|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?#@%])"
_LOCAL_FIRST = rf"(?:[{_BASE}_:0-9]|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?#@%])"
_UCHAR = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_ESCAPE = rf"\\[tbnrf\\\"']|{_UCHAR}"
_EXPONENT = "[eE][+-]?[0-9]+"

# Longest first where one word begins another. Repetition is possessive (`*+`), so that no text can make it backtrack.
_WORDS = {
    "iri": rf"<(?:[^<>\"{{}}|^`\\\x00-\x20]|{_UCHAR})*+>",
    "var": rf"[?$][{_BASE}_0-9][{_BASE}_{_MORE}]*+",
    "blank": rf"_:[{_BASE}_0-9](?:\.*+[{_BASE}_{_MORE}-])*+",
    "assign": r":=",
    "pname": rf"(?:[{_BASE}](?:\.*+[{_BASE}_{_MORE}-])*+)?:(?:{_LOCAL_FIRST}(?:\.*+{_LOCAL})*+)?",
    "word": r"[A-Za-z_][A-Za-z_0-9]*+",
    "long": rf"\"\"\"(?:\"{{0,2}}(?:[^\"\\]|{_ESCAPE}))*+\"\"\"|'''(?:'{{0,2}}(?:[^'\\]|{_ESCAPE}))*+'''",
    "string": rf"\"(?:[^\"\\\n\r]|{_ESCAPE})*+\"|'(?:[^'\\\n\r]|{_ESCAPE})*+'",
    "lang": r"@[a-zA-Z]+(?:-[a-zA-Z0-9]+)*+(?:--[a-zA-Z]+)?",
    "double": rf"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+){_EXPONENT}",
    "decimal": r"[+-]?[0-9]*\.[0-9]+",
    "integer": r"[+-]?[0-9]+",
    "nil": r"\([ \t\r\n]*+\)",
    "anon": r"\[[ \t\r\n]*+\]",
    "mark": r"<<\(|\)>>|<<|>>|\{\||\|\}|\|\||&&|!=|<=|=>|>=|\^\^|[{}()\[\].,;=<>!+\-*/^~]",
    "bad": r".",
}
_TOKEN = re.compile(
    r"(?:[ \t\r\n]+|#[^\n\r]*)*+(?:" + "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _WORDS.items()) + r"|\Z)", re.DOTALL
)


class Tokens:
    """A rule file as tokens, standing at one of them.

    ``kind`` of the current token is its own text for punctuation, the word in capitals for a bare word
    (``a`` alone stays small: it means rdf:type only so), and otherwise one of ``iri var blank pname long
    string lang double decimal integer nil anon``, with ``bad`` for a character that begins nothing and
    ``end`` after the last.

    >>> tokens = Tokens("RULE {}", source="rules")
    >>> tokens.kind, tokens.advance(), tokens.kind
    ('RULE', 'RULE', '{')
    """

    __slots__ = ("_at", "_kinds", "_lines", "_starts", "_texts", "kind", "source", "text")

    def __init__(self, text: str, *, source: str) -> None:
        self.source = source
        self.text = text
        kinds: list[str] = []
        texts: list[str] = []
        starts: list[int] = []
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup
            if kind is None:
                break
            value = match[kind]
            starts.append(match.start(kind))
            if kind == "word":
                kind = "a" if value == "a" else value.upper()
            elif kind in ("mark", "assign"):
                kind = value
            kinds.append(kind)
            texts.append(value)
        kinds.append("end")
        texts.append("end of text")
        starts.append(len(text))
        self._kinds, self._texts, self._starts = kinds, texts, starts
        self._at = 0
        self._lines = (0, 1)  # a place, and its line
        self.kind = kinds[0]

    @property
    def value(self) -> str:
        """The current token as it is written."""
        return self._texts[self._at]

    @property
    def following(self) -> str:
        """The kind of the token after the current one."""
        return self._kinds[min(self._at + 1, len(self._kinds) - 1)]

    @property
    def place(self) -> int:
        """Where the current token stands, for ``fail`` and ``position``."""
        return self._at

    def blank_labels(self) -> frozenset[str]:
        """Every blank node label of the file, without its ``_:``."""
        return frozenset(text[2:] for kind, text in zip(self._kinds, self._texts, strict=True) if kind == "blank")

    def variable_names(self) -> frozenset[str]:
        """Every variable of the file, without its ``?``."""
        return frozenset(text[1:] for kind, text in zip(self._kinds, self._texts, strict=True) if kind == "var")

    def kind_after(self, closing: str) -> str:
        """The kind of the token that follows the next one of kind ``closing``."""
        try:
            return self._kinds[self._kinds.index(closing, self._at) + 1]
        except ValueError:
            return "end"

    def replace(self, kind: str, new_kind: str, text: str) -> None:
        """Makes every token of a kind another."""
        for index, found in enumerate(self._kinds):
            if found == kind:
                self._kinds[index], self._texts[index] = new_kind, text

    def advance(self) -> str:
        """Steps over the current token and gives its text."""
        text = self._texts[self._at]
        self._at += 1
        self.kind = self._kinds[self._at]
        return text

    def split_sign(self) -> str:
        """Takes the sign off the number here, and gives it."""
        text = self._texts[self._at]
        self._texts[self._at] = text[1:]
        self._starts[self._at] += 1
        return text[0]

    def accept(self, kind: str) -> bool:
        """Steps over the current token if it is of this kind."""
        if self.kind != kind:
            return False
        self.advance()
        return True

    def expect(self, kind: str, *, where: str) -> str:
        """Steps over a token of this kind; anything else is a mistake ``where`` it stands."""
        if self.kind != kind:
            self.fail(f"expected {kind} {where}")
        return self.advance()

    def line(self) -> int:
        """The line of the current token, counted from 1; cheap when asked in reading order."""
        start = self._starts[self._at]
        before, line = self._lines if self._lines[0] <= start else (0, 1)
        self._lines = (start, line + self.text.count("\n", before, start))
        return self._lines[1]

    def position(self, place: int) -> str:
        """The line and the column of a token, both counted from 1, with a colon between."""
        start = self._starts[place]
        return f"{self.text.count(chr(10), 0, start) + 1}:{start - self.text.rfind(chr(10), 0, start)}"

    def fail(self, wrong: str, *, at: int | None = None) -> NoReturn:
        """Raises ``RuleError`` with the place and the text of a token, the current one unless said."""
        index = self._at if at is None else at
        start = self._starts[index]
        text = self._texts[index]
        if self._kinds[index] == "bad" and text in "\"'":
            wrong, text = "a string that does not end, or holds an unknown escape", self.text[start:].split("\n", 1)[0][:40]
        elif self._kinds[index] == "<":
            text = self.text[start:].split("\n", 1)[0].partition(">")[0][:60]
        raise RuleError(f"{self.source}:{self.position(index)}: {wrong}: {text}")
