"""A question as it is typed, checked before anything is asked of it: what cannot be a question is told to the person who typed it."""

from __future__ import annotations

import re

from dovetail.kg.errors import InputError

LONGEST_QUESTION = 1_000
"""Characters of a question. What is longer is a text, and a text is built into a graph."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_SPARQL = re.compile(
    r"^\s*(?:PREFIX\s+\S*:\s*<|BASE\s*<|SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?[?$*(]|ASK\s*\{|CONSTRUCT\s*\{|DESCRIBE\s+[<?$])"
)


def worded(question: str) -> str:
    """``question`` on one line, without what cannot be seen. InputError for what is empty, has no words, is too long, or is SPARQL.

    >>> worded("  Who found\\n radium? ")
    'Who found radium?'
    >>> worded("???")
    Traceback (most recent call last):
        ...
    dovetail.kg.errors.InputError: there are no words in the question '???': ask in words
    """
    try:
        question.encode()
    except UnicodeEncodeError:
        raise InputError("the question is not UTF-8 text: type it again, or set your terminal to UTF-8") from None
    text = " ".join(_CONTROL.sub(" ", question).split())
    if not text:
        raise InputError('the question is empty: ask in words, as in dovetail ask "Who founded the observatory?"')
    if len(text) > LONGEST_QUESTION:
        raise InputError(f"the question has {len(text):,} characters, and may have {LONGEST_QUESTION:,}: ask for one thing at a time")
    if not any(c.isalnum() for c in text):
        raise InputError(f"there are no words in the question {text[:60]!r}: ask in words")
    if _SPARQL.match(question):
        raise InputError("that is SPARQL, not a question: give it to dovetail query")
    return text
