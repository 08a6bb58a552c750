"""The spaCy pipeline: which components, in which order.

>>> [name for name, _ in COMPONENTS]  # doctest: +NORMALIZE_WHITESPACE
['dovetail_sentences', 'dovetail_entities', 'dovetail_literals', 'dovetail_coreference', 'dovetail_relations', 'dovetail_assertion',
 'dovetail_linking']
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import spacy
from spacy.language import Language

from dovetail.nlp import assertion, chinese, linking, mentions, references, relations, relations_zh, sentences
from dovetail.nlp.linking import Linker
from dovetail.nlp.tokens import split_ranges
from dovetail.nlp.vocabulary import Vocabulary

MODULES = (sentences, mentions, references, relations, assertion, linking, chinese, relations_zh)
"""Importing them registers the components."""

COMPONENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dovetail_sentences", ()),
    ("dovetail_entities", ("labels", "weights", "encoder", "adapter")),
    ("dovetail_literals", ()),
    ("dovetail_coreference", ("labels", "weights", "encoder")),
    ("dovetail_relations", ("labels", "weights", "encoder", "adapter")),
    ("dovetail_assertion", ()),
    ("dovetail_linking", ("labels",)),
)
"""Each component, in order, and the pipeline options that it takes."""

CHINESE_COMPONENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dovetail_sentences_zh", ()),
    ("dovetail_entities_zh", ("labels", "weights", "encoder")),
    ("dovetail_literals_zh", ()),
    ("dovetail_coreference_zh", ("labels",)),
    ("dovetail_relations_zh", ("labels",)),
    ("dovetail_linking", ("labels",)),
)
"""The same for ``language="zh"``; any other language is read as English, with the tokenizer of its own."""


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """``labels``: a catalogue file; ``weights``: an extractor of one's own; ``encoder``: a text encoder's folder;
    ``adapter``: heads fitted to examples (English; see ``dovetail.nlp.adapt``).

    ``min_confidence``: relations less sure are left out; 0 leaves that to the extractor's threshold.
    """

    labels: Path | None = None
    weights: Path | None = None
    encoder: str | None = None
    adapter: Path | None = None
    language: str = "en"
    min_confidence: float = 0.0


def load_pipeline(options: PipelineOptions | None = None, *, vocabulary: Vocabulary | None = None) -> Language:
    """A spaCy pipeline that fills Doc.ents (with kb_id_), Doc.spans["literals"] and Doc._.relations.

    ``vocabulary`` is what names are linked to. Components can be added, removed and replaced as in any spaCy pipeline.
    """
    options = options or PipelineOptions()
    settings = {
        "labels": options.labels and str(options.labels),
        "weights": options.weights and str(options.weights),
        "encoder": options.encoder,
        "adapter": options.adapter and str(options.adapter),
    }
    nlp = spacy.blank(options.language)
    split_ranges(nlp)
    nlp.max_length = 1 << 31  # the limit guards a parser's memory; this pipeline's is linear
    for name, takes in CHINESE_COMPONENTS if options.language == "zh" else COMPONENTS:
        nlp.add_pipe(name, config={key: settings[key] for key in takes})
    if nlp.has_pipe("dovetail_relations"):
        related = nlp.get_pipe("dovetail_relations")
        assert isinstance(related, relations.RelationExtractor)
        related.min_confidence = options.min_confidence
    linker = nlp.get_pipe("dovetail_linking")
    assert isinstance(linker, Linker)
    linker.vocabulary = vocabulary or Vocabulary.of(())
    return nlp
