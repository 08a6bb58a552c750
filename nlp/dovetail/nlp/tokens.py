"""Tokens: where spaCy's rules leave two numbers in one."""

from __future__ import annotations

from spacy.language import Language
from spacy.util import compile_infix_regex

RANGES = (r"(?<=[0-9])[–—](?=[0-9])",)
"""Dashes between numbers, as in 1990–1995 and 3–5 kg, at which spaCy's rules for English do not split."""


def split_ranges(nlp: Language) -> None:
    """Make a pipeline's tokenizer split ranges of numbers, so that each of them can be a span.

    >>> import spacy
    >>> nlp = spacy.blank("en")
    >>> split_ranges(nlp)
    >>> [token.text for token in nlp("(1990–95)")]
    ['(', '1990', '–', '95', ')']
    """
    tokenizer = nlp.tokenizer
    if hasattr(tokenizer, "infix_finditer"):  # a tokenizer for Chinese has rules of another kind
        tokenizer.infix_finditer = compile_infix_regex([*(nlp.Defaults.infixes or ()), *RANGES]).finditer
