"""The pipelines of a build: one for each language that its documents are in."""

from __future__ import annotations

from dataclasses import replace

from spacy.language import Language

from dovetail.nlp.languages import language_of
from dovetail.nlp.pipeline import PipelineOptions, load_pipeline
from dovetail.nlp.vocabulary import Vocabulary


class Pipelines:
    """The pipeline of each language, made when the first document in it comes."""

    def __init__(self, options: PipelineOptions, vocabulary: Vocabulary | None) -> None:
        self._options = options
        self._vocabulary = vocabulary
        self._made: dict[str, Language] = {}

    def reading(self, text: str) -> Language:
        """The pipeline that reads ``text``."""
        language = language_of(text)
        if language not in self._made:
            options = replace(self._options, language=language)
            self._made[language] = load_pipeline(options, vocabulary=self._vocabulary)
        return self._made[language]
