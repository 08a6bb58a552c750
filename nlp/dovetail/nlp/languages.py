"""In which language a document is read: decided by its script, document by document, and by nothing outside it."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import as_file, files
from importlib.util import find_spec

ENGLISH, CHINESE = "en", "zh"

CHINESE_SHARE = 0.5
"""Of Han characters among Han characters and words of other letters, from which a text is Chinese."""

KANA_SHARE = 0.05
"""Of kana among kana and Han characters, from which a text is Japanese, and so not Chinese."""

LOOKED_AT = 20_000
"""Characters at the beginning of a document that decide."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa]")
_WORD = re.compile(r"(?:(?![\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff])[^\W\d_])+")


def language_of(text: str) -> str:
    """``zh`` for Chinese text; ``en`` for any other, which is read as English.

    >>> language_of("居里夫人（Marie Curie）发现了镭。"), language_of("Marie Curie (居里夫人) discovered radium in Paris.")
    ('zh', 'en')
    >>> language_of("東京は日本の首都です。")
    'en'
    """
    head = text[:LOOKED_AT]
    if head.isascii():
        return ENGLISH
    han, kana, words = (len(pattern.findall(head)) for pattern in (_HAN, _KANA, _WORD))
    chinese = han > CHINESE_SHARE * (han + words) and kana <= KANA_SHARE * (han + kana)
    return CHINESE if chinese else ENGLISH


@lru_cache(maxsize=4)
def language_mark(language: str) -> str:
    """A name for what the facts of a document in this language depend on beside the extractor; empty for English."""
    if language != CHINESE:
        return ""
    with as_file(files("dovetail.data").joinpath("weights/zh.safetensors")) as weights:
        return f" jieba {version('jieba')} {sha256(weights.read_bytes()).hexdigest()}"


def can_read(language: str) -> bool:
    """Whether what a language needs beyond the package itself is installed."""
    return language != CHINESE or find_spec("jieba") is not None
