"""Texts after the encoder pass: their sentences, in windows, with where each window stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import spacy

from dovetail.models.extraction import Extractor, ReadWindows
from dovetail.models.windows import Window, group_sentences
from dovetail.nlp.sentences import split_sentences, windows_of


@dataclass(frozen=True, slots=True)
class ReadTexts:
    """``windows`` of all texts in order; ``owner`` is the text of each, ``offset`` the character where it begins there."""

    windows: tuple[Window, ...]
    owner: tuple[int, ...]
    offset: tuple[int, ...]
    read: ReadWindows


def read_texts(texts: Sequence[str], extractor: Extractor, *, sentences: Sequence[Sequence[tuple[int, int]]] = ()) -> ReadTexts:
    """Read texts in one pass. ``sentences``: characters [start, end) of each text's; they are looked for where a text has none."""
    nlp = spacy.blank("en")
    windows: list[Window] = []
    owner: list[int] = []
    offset: list[int] = []
    for index, text in enumerate(texts):
        given = sentences[index] if index < len(sentences) else ()
        for start, window in _windows(text, given) if given else windows_of(split_sentences(nlp.make_doc(text))):
            windows.append(window)
            owner.append(index)
            offset.append(start)
    return ReadTexts(tuple(windows), tuple(owner), tuple(offset), extractor.read(windows))


def _windows(text: str, bounds: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Window]]:
    """Windows of given sentences, each with the character where it begins."""
    for group in group_sentences(len(text[start:end].split()) for start, end in bounds):
        begin, end = bounds[group[0]][0], bounds[group[-1]][1]
        yield begin, Window(text[begin:end], tuple((bounds[i][0] - begin, bounds[i][1] - begin) for i in group))
