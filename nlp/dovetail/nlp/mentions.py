"""Mentions: the spaCy components ``dovetail_entities`` (the trained extractor) and ``dovetail_literals`` (dates, numbers, amounts).

Doc.ents                 entities, without overlaps; label_ is a key of the catalogue
Doc.spans["literals"]    literals; label_ is their kind
Span._.confidence        of an entity, between 0 and 1
Span._.literal           the typed rdflib Literal of a literal
Span._.unit              the unit of an amount: a UCUM code, % or a currency
Doc._.read               the encoder pass, which relations and passage vectors reuse: windows, then the title if there is one
Doc._.windows            where each window stands in the Doc: first character, and the one after the last
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

from rdflib import Literal
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from dovetail.models.adapter import AdaptedExtractor, load_adapter
from dovetail.models.extraction import Extractor, load_extractor
from dovetail.models.windows import Window
from dovetail.nlp.catalogue import Catalogue, load_catalogue
from dovetail.nlp.literals import find_literals
from dovetail.nlp.sentences import windows_of

LITERALS = "literals"

if not Span.has_extension("confidence"):
    Doc.set_extension("read", default=None)
    Doc.set_extension("windows", default=())
    Doc.set_extension("title", default="")
    Span.set_extension("confidence", default=1.0)
    Span.set_extension("literal", default=None)
    Span.set_extension("unit", default=None)


@lru_cache(maxsize=4)
def shared_extractor(weights: str | None = None, encoder: str | None = None, adapter: str | None = None) -> Extractor:
    """The extractor, loaded once in a process; the packaged weights unless ``weights`` names a file, ``adapter`` a user's own heads."""
    if adapter is not None:
        return AdaptedExtractor(shared_extractor(weights, encoder), load_adapter(Path(adapter)))
    if weights is not None:
        return load_extractor(Path(weights), encoder=encoder)
    with as_file(files("dovetail.data").joinpath("weights")) as folder:
        return load_extractor(folder / "extractor.safetensors", encoder=encoder)


@lru_cache(maxsize=8)
def shared_catalogue(labels: str | None = None) -> Catalogue:
    """The catalogue, read once in a process; the packaged one unless ``labels`` names a file."""
    return load_catalogue(Path(labels) if labels is not None else None)


@Language.factory(
    "dovetail_entities", default_config={"labels": None, "weights": None, "encoder": None, "adapter": None, "threshold": None}
)
def create_entities(
    nlp: Language, name: str, labels: str | None, weights: str | None, encoder: str | None, adapter: str | None, threshold: float | None
) -> EntityRecogniser:
    """The component for ``nlp.add_pipe``; ``labels`` is a catalogue file, ``threshold`` the least confidence kept."""
    return EntityRecogniser(shared_extractor(weights, encoder, adapter), shared_catalogue(labels), threshold)


class EntityRecogniser:
    """Reads the windows of a Doc in one encoder pass and marks its entities."""

    def __init__(self, extractor: Extractor, catalogue: Catalogue, threshold: float | None) -> None:
        self.extractor = extractor
        self.keys = [e.key for e in catalogue.entities]
        self.asked = extractor.labels([(e.name, e.description) for e in catalogue.entities])
        self.threshold = threshold

    def __call__(self, doc: Doc) -> Doc:
        """Fill ``Doc.ents``, ``Doc._.read`` and ``Doc._.windows``."""
        placed = list(windows_of(doc))
        title = [Window.of(doc._.title)] if doc._.title else []
        read = self.extractor.read([w for _, w in placed] + title)
        doc._.read = read
        doc._.windows = tuple((start, start + len(w.text)) for start, w in placed)
        spans = []
        found = self.extractor.entities(read, self.asked, threshold=self.threshold)
        for (offset, _), mentions in zip(placed, found, strict=False):  # without the title
            for scored in mentions:
                span = doc.char_span(offset + scored.start, offset + scored.end, label=self.keys[scored.label], alignment_mode="expand")
                if span is not None and span.end <= span.sent.end and any(c.isalnum() for c in span.text):
                    span._.confidence = round(scored.confidence, 3)
                    spans.append(span)
        doc.ents = filter_spans(spans)
        return doc


@Language.component("dovetail_literals")
def mark_literals(doc: Doc) -> Doc:
    """Mark dates, numbers and amounts; an entity that is nothing but a literal is no entity."""
    covered = [(e.start_char, e.end_char) for e in doc.ents]
    spans, dropped = [], set()
    for found in find_literals(doc.text):
        overlapping = [(a, b) for a, b in covered if a < found.end and b > found.start]
        if any(a < found.start or b > found.end for a, b in overlapping):
            continue
        span = doc.char_span(found.start, found.end, label=found.kind, alignment_mode="expand")
        if span is not None:
            span._.literal, span._.unit = found.value, found.unit
            spans.append(span)
            dropped.update(overlapping)
    doc.spans[LITERALS] = filter_spans(spans)
    if dropped:
        doc.ents = [e for e in doc.ents if (e.start_char, e.end_char) not in dropped]
    return doc


def literal_of(span: Span) -> Literal:
    """The typed value of a span of ``Doc.spans["literals"]``."""
    value = span._.literal
    assert isinstance(value, Literal)
    return value
