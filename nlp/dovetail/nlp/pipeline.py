"""The spaCy pipeline: which components, in which order.

>>> [name for name, _ in COMPONENTS]
['dovetail_sentences', 'dovetail_entities', 'dovetail_literals', 'dovetail_coreference', 'dovetail_relations', 'dovetail_linking']
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import spacy
from rdflib import URIRef
from spacy.language import Language

from dovetail.nlp import coreference, linking, mentions, relations, sentences
from dovetail.nlp.linking import Linker, Vocabulary

MODULES = (sentences, mentions, coreference, relations, linking)
"""Importing them registers the components."""

COMPONENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dovetail_sentences", ()),
    ("dovetail_entities", ("labels", "weights", "encoder")),
    ("dovetail_literals", ()),
    ("dovetail_coreference", ("labels",)),
    ("dovetail_relations", ("labels", "weights", "encoder")),
    ("dovetail_linking", ()),
)
"""Each component, in order, and the pipeline options that it takes."""


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """``labels``: a catalogue file; ``weights``: an extractor of one's own; ``encoder``: a text encoder's folder."""

    labels: Path | None = None
    weights: Path | None = None
    encoder: str | None = None
    language: str = "en"


def load_pipeline(options: PipelineOptions | None = None, *, vocabulary: Iterable[tuple[URIRef, str]] = ()) -> Language:
    """A spaCy pipeline that fills Doc.ents (with kb_id_), Doc.spans["literals"] and Doc._.relations.

    ``vocabulary`` is the names to link to. Components can be added, removed and replaced as in any spaCy pipeline.
    """
    options = options or PipelineOptions()
    settings = {
        "labels": options.labels and str(options.labels),
        "weights": options.weights and str(options.weights),
        "encoder": options.encoder,
    }
    nlp = spacy.blank(options.language)
    nlp.max_length = 1 << 31  # the limit guards a parser's memory; this pipeline's is linear
    for name, takes in COMPONENTS:
        nlp.add_pipe(name, config={key: settings[key] for key in takes})
    linker = nlp.get_pipe("dovetail_linking")
    assert isinstance(linker, Linker)
    linker.vocabulary = Vocabulary(vocabulary)
    return nlp
