"""Where sentences end: the spaCy component ``dovetail_sentences``."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc, Token

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
    for token in doc:
        if token.is_space:
            token.is_sent_start = False
            ended = ended or token.text.count("\n") > 1
            continue
        closes = token.text in CLOSERS and previous is not None and not previous.whitespace_
        starts = previous is None or (ended and not closes and _may_start(token)) or length >= MAX_WORDS
        if previous is not None and ended and previous.text not in CLOSERS and _abbreviated(previous, token):
            starts = length >= MAX_WORDS
        token.is_sent_start = starts
        length = 1 if starts else length + 1
        if token.text[-1] in ENDS:
            ended = True
        elif not (ended and closes):
            ended = False
        previous = token
    return doc


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
