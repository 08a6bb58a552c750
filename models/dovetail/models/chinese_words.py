"""What jieba's dictionary and segmenter know of a Chinese text, character by character: input of the character tagger.

jieba is the extra ``zh``. Its dictionary names 349,046 words with frequency and part of speech, among them person, place and
organisation names; its hidden Markov model finds words that the dictionary lacks.
"""

from __future__ import annotations

import logging
import threading
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dovetail.models.errors import ModelError

GROUPS = ("nr", "nrt", "ns", "nt", "nz", "n", "v", "other")
"""Kinds of dictionary words that the tagger tells apart: person, transliterated, place, organisation, other proper name, noun, verb."""

TAGS = ("nr", "nrt", "ns", "nt", "nz", *"abcdefghijklmnopqrstuvxyz")
"""Parts of speech of the segmentation: names as above, else the first letter of jieba's tag."""

LONGEST_WORD = 12
LEXICON_FEATURES = len(GROUPS) * 3
_FOLDED = {ord("‧"): "·", ord("・"): "·", ord("•"): "·", ord("．"): "·", ord("\u3000"): " "}


@dataclass(frozen=True, slots=True)
class WordFeatures:
    """Per character: segmentation tag (part of speech and place in the word), and which dictionary words cover it.

    ``tags``: 4 * (1 + index in TAGS) + 0 for a word's first character, 1 inner, 2 last, 3 the only one. ``lexicon``: bits, 3 * index in
    GROUPS + 0 where a word of that group and of two or more characters begins, 1 where one goes on, 2 where one ends.
    """

    tags: tuple[int, ...]
    lexicon: tuple[int, ...]


def fold(text: str) -> str:
    """``text`` with full-width letters and digits made narrow and one middle dot; as many characters as before.

    >>> fold("Ａ１‧一")
    'A1·一'
    """
    return "".join(_FOLDED.get(ord(c)) or _narrow(c) for c in text)


def _narrow(character: str) -> str:
    narrow = unicodedata.normalize("NFKC", character)
    return narrow if len(narrow) == 1 else character


@lru_cache(maxsize=1)
def _segmenter() -> tuple[Any, Mapping[str, str]]:
    """Segmenter of jieba with parts of speech, of our own so that nobody's user dictionary changes results, and each word's tag."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its regular expressions have invalid escapes, and it may ask for pkg_resources
            import jieba
            from jieba import posseg
    except ImportError as error:
        raise ModelError("Chinese text needs jieba: run pip install 'dovetail[zh]'") from error
    jieba.setLogLevel(logging.ERROR)
    words = jieba.Tokenizer()
    with words.lock:  # as Tokenizer.initialize, without the cache that it leaves in the folder for temporary files
        with words.get_dict_file() as stream:
            words.FREQ, words.total = words.gen_pfdict(stream)
        words.initialized = True
    tagger = posseg.POSTokenizer(words)
    return tagger, tagger.word_tag_tab


_lock = threading.Lock()


def words_of(text: str) -> list[tuple[str, str]]:
    """The words of ``text`` in order, which together are ``text``, each with jieba's tag."""
    with _lock:  # its tables are built on first use
        tagger, _ = _segmenter()
        return [(str(pair.word), str(pair.flag)) for pair in tagger.cut(text)]


def dictionary() -> Iterator[tuple[str, str, int]]:
    """Every word of the dictionary, in its order, with its tag and frequency."""
    tagger, tags = _segmenter()
    for word, tag in tags.items():
        yield word, tag, int(tagger.tokenizer.FREQ.get(word, 0))


def group_of(tag: str) -> int:
    """The index in GROUPS of one of jieba's tags."""
    if tag in GROUPS:
        return GROUPS.index(tag)
    return GROUPS.index("nr" if tag == "nrfg" else tag[:1] if tag[:1] in ("n", "v") else "other")


def word_features(text: str) -> WordFeatures:
    """Features of each character of ``text``, which is folded."""
    tags: list[int] = []
    for word, flag in words_of(text):
        part = "nr" if flag == "nrfg" else flag if flag in TAGS else flag[:1]
        tag = 4 * (1 + TAGS.index(part) if part in TAGS else 0)
        tags.extend([tag + 3] if len(word) == 1 else [tag, *[tag + 1] * (len(word) - 2), tag + 2])
    tagger, known = _segmenter()
    prefixes = tagger.tokenizer.FREQ  # holds every beginning of a word as well
    lexicon = [0] * len(text)
    for start in range(len(text)):
        end = start + 1
        while end <= min(len(text), start + LONGEST_WORD) and text[start:end] in prefixes:
            tag_of_word = known.get(text[start:end]) if end - start > 1 else None
            if tag_of_word is not None:
                bit = 3 * group_of(tag_of_word)
                lexicon[start] |= 1 << bit
                lexicon[end - 1] |= 4 << bit
                for i in range(start + 1, end - 1):
                    lexicon[i] |= 2 << bit
            end += 1
    return WordFeatures(tuple(tags), tuple(lexicon))
