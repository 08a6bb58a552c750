"""Where sentences end: the spaCy component ``dovetail_sentences``; and the windows in which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Token

from dovetail.models.windows import Window, group_sentences

MAX_WORDS = 90
"""Longer runs are cut, so that the encoder sees all of them."""

ENDS = frozenset(".!?…。！？｡")
CLOSERS = frozenset({"'", '"', ")", "]", "”", "’", "»", "」", "』", "''"})
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr vs no vol fig gen col lt capt sgt rev hon gov sen rep pres univ dept inc ltd co corp ca cf al op ed eds pp "
    "approx "
    "jan feb mar apr jun jul aug sep sept oct nov dec mt ft etc e.g i.e".split()
)


@Language.component("dovetail_sentences")
def split_sentences(doc: Doc) -> Doc:
    """Start a sentence after closing punctuation followed by a capital, a digit or a quotation, and after a blank line."""
    previous: Token | None = None
    ended = True
    length = 0
    marks = np.full(len(doc), -1, dtype=np.int64)  # set at once: setting one token's looks through the whole Doc
    for i, token in enumerate(doc):
        if token.is_space:
            ended = ended or token.text.count("\n") > 1
            continue
        closes = token.text in CLOSERS and previous is not None and not previous.whitespace_
        starts = previous is None or (ended and not closes and _may_start(token)) or length >= MAX_WORDS
        if previous is not None and ended and previous.text not in CLOSERS and _abbreviated(previous, token):
            starts = length >= MAX_WORDS
        marks[i] = 1 if starts else -1
        length = 1 if starts else length + 1
        if token.text[-1] in ENDS:
            ended = True
        elif not (ended and closes):
            ended = False
        previous = token
    return doc.from_array(["SENT_START"], cast(Any, marks.view(np.uint64))) if len(doc) else doc


def _may_start(token: Token) -> bool:
    first = token.text[0]
    return not first.islower() and first not in ENDS and first not in ",;:)]}"


def _abbreviated(previous: Token, token: Token) -> bool:
    """Whether the full stop before ``token`` is part of an abbreviation or an initial, with no blank line between them."""
    if previous.i + 1 < token.i and "\n" in previous.nbor().text and previous.nbor().text.count("\n") > 1:
        return False
    word = previous.text
    if word == "." and previous.i:
        before = previous.nbor(-1)
        word = before.text + "." if before.idx + len(before) == previous.idx else word
    stem = word.rstrip(".").casefold()
    return word.endswith(".") and (stem in ABBREVIATIONS or (len(stem) == 1 and stem.isalpha() and word[0].isupper()))


def windows_of(doc: Doc) -> Iterator[tuple[int, Window]]:
    """The windows of a Doc whose sentences are marked, each with the character of the Doc at which it starts."""
    sentences = list(doc.sents)
    for group in group_sentences(len(s) for s in sentences):
        start, end = sentences[group[0]].start_char, sentences[group[-1]].end_char
        places = tuple((sentences[i].start_char - start, sentences[i].end_char - start) for i in group)
        yield start, Window(doc.text[start:end], places)
