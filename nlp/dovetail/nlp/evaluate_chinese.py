"""Mentions that the Chinese pipeline finds in annotated rows."""

from __future__ import annotations

from collections.abc import Sequence

import spacy

from dovetail.models.extraction import Extractor
from dovetail.nlp.annotated import Row
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.chinese import ChineseEntities, shared_tagger, split_sentences_zh
from dovetail.nlp.languages import CHINESE, language_of
from dovetail.nlp.predictions import FoundEntity


def are_chinese(rows: Sequence[Row]) -> bool:
    """Whether most of the rows would be read as Chinese.

    >>> are_chinese([{"text": "居里夫人发现了镭。"}, {"text": "好。"}, {"text": "Radium."}])
    True
    """
    return sum(language_of(row["text"]) == CHINESE for row in rows) * 2 > len(rows)


def found_chinese(rows: Sequence[Row], extractor: Extractor, catalogue: Catalogue) -> list[FoundEntity]:
    """Mentions at the default threshold, row by row."""
    nlp = spacy.blank("zh")
    recogniser = ChineseEntities(shared_tagger(), extractor, catalogue, None)
    found = []
    for number, row in enumerate(rows):
        wanted = {(e["start"], e["end"], e["label"]) for e in row["entities"]}
        for span in recogniser(split_sentences_zh(nlp.make_doc(row["text"]))).ents:
            place = span.start_char, span.end_char, span.label_
            found.append(FoundEntity(number, *place, float(span._.confidence), place in wanted))
    return found
