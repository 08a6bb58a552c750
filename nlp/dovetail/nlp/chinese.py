"""Chinese text: spaCy components in the place of the English ``dovetail_sentences``, ``_entities``, ``_literals`` and ``_coreference``.

A token is a character, as in ``spacy.blank("zh")``: a name begins and ends wherever it does. Names are persons, organisations and
places, the three types of the character tagger, whatever else a catalogue lists. Passage vectors come from the same encoder as those of
English text; the packaged one knows a third of the characters, and Chinese passages are found by their characters first of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import as_file, files

from spacy.language import Language
from spacy.tokens import Doc, Span, Token
from spacy.util import filter_spans

from dovetail.models.characters import CharacterTagger, load_tagger
from dovetail.models.extraction import Extractor
from dovetail.models.windows import Window
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.coreference import Cluster, clean_surface, normal_name, plain_title
from dovetail.nlp.literals_zh import find_literals_zh
from dovetail.nlp.mentions import LITERALS, shared_catalogue, shared_extractor
from dovetail.nlp.sentences import windows_of

ENDS = frozenset("。！？；!?…｡")
CLOSERS = frozenset("”’」』）)》〉】\"'")
PAUSES = frozenset("，、,：:")
MAX_CHARACTERS = 120
"""Longer sentences are cut at the next pause, and at twice this length wherever they are, so that the tagger sees all of them."""

TYPES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"person", "per"}), "person"),
    (frozenset({"organisation", "organization", "org"}), "organisation"),
    (frozenset({"location", "place", "loc"}), "place"),
)
"""For each type of the tagger, in its order: the keys that a catalogue may have for it, and the kind that does where it has none."""


@lru_cache(maxsize=1)
def shared_tagger() -> CharacterTagger:
    """The packaged character tagger, loaded once in a process."""
    with as_file(files("dovetail.data").joinpath("weights")) as folder:
        return load_tagger(folder / "zh.safetensors")


def labels_for(catalogue: Catalogue) -> list[str | None]:
    """The catalogue's key for each type of the tagger; None for a type that it has no entry for, whose names are not looked for."""
    found: list[str | None] = []
    for keys, kind in TYPES:
        named = [e.key for e in catalogue.entities if e.key.casefold() in keys]
        found.append(next(iter([*named, *(e.key for e in catalogue.entities if e.kind == kind)]), None))
    return found


@Language.component("dovetail_sentences_zh")
def split_sentences_zh(doc: Doc) -> Doc:
    """Start a sentence after 。！？； with what closes behind it, and on a new line."""
    ended, length = True, 0
    for token in doc:
        if token.is_space:
            token.is_sent_start = False
            ended = ended or "\n" in token.text
            continue
        closes = token.text in CLOSERS or token.text in ENDS
        starts = token.i == 0 or (ended and not (closes and length and not doc[token.i - 1].is_space)) or _too_long(doc, token, length)
        token.is_sent_start = starts
        length = 1 if starts else length + 1
        ended = token.text in ENDS or (ended and closes and not starts)
    return doc


def _too_long(doc: Doc, token: Token, length: int) -> bool:
    return length >= 2 * MAX_CHARACTERS or (length >= MAX_CHARACTERS and doc[token.i - 1].text in PAUSES)


@Language.factory("dovetail_entities_zh", default_config={"labels": None, "weights": None, "encoder": None, "threshold": None})
def create_entities_zh(
    nlp: Language, name: str, labels: str | None, weights: str | None, encoder: str | None, threshold: float | None
) -> ChineseEntities:
    """The component for ``nlp.add_pipe``; ``weights`` and ``encoder`` are those that passage vectors come from."""
    return ChineseEntities(shared_tagger(), shared_extractor(weights, encoder), shared_catalogue(labels), threshold)


class ChineseEntities:
    """Tags the characters of each sentence, and reads the windows once for their vectors."""

    def __init__(self, tagger: CharacterTagger, extractor: Extractor, catalogue: Catalogue, threshold: float | None) -> None:
        self.tagger = tagger
        self.extractor = extractor
        self.keys = labels_for(catalogue)
        self.threshold = threshold

    def __call__(self, doc: Doc) -> Doc:
        """Fill ``Doc.ents``, ``Doc._.read`` and ``Doc._.windows``."""
        placed = list(windows_of(doc))
        title = [Window.of(doc._.title)] if doc._.title else []
        doc._.read = self.extractor.read([w for _, w in placed] + title)
        doc._.windows = tuple((start, start + len(w.text)) for start, w in placed)
        doc.ents = filter_spans(list(self._entities(doc)))
        return doc

    def _entities(self, doc: Doc) -> Iterator[Span]:
        sentences = list(doc.sents)
        for sentence, found in zip(sentences, self.tagger.tag([s.text for s in sentences], threshold=self.threshold), strict=True):
            for tagged in found:
                key = self.keys[tagged.label]
                start, end = sentence.start_char + tagged.start, sentence.start_char + tagged.end
                span = doc.char_span(start, end, label=key) if key is not None else None
                if span is not None and any(c.isalnum() for c in span.text):
                    span._.confidence = round(tagged.confidence, 3)
                    yield span


@Language.component("dovetail_literals_zh")
def mark_literals_zh(doc: Doc) -> Doc:
    """Mark dates, numbers and amounts outside names; an entity that is nothing but a literal is no entity."""
    entities = {(e.start_char, e.end_char) for e in doc.ents}
    spans = []
    for found in find_literals_zh(doc.text):
        overlapping = [(a, b) for a, b in entities if a < found.end and b > found.start]
        span = doc.char_span(found.start, found.end, label=found.kind)
        if span is None or any(a < found.start or b > found.end for a, b in overlapping):
            continue
        span._.literal, span._.unit = found.value, found.unit
        spans.append(span)
        entities.difference_update(overlapping)
    doc.spans[LITERALS] = filter_spans(spans)
    doc.ents = [e for e in doc.ents if (e.start_char, e.end_char) in entities]
    return doc


@Language.factory("dovetail_coreference_zh", default_config={"labels": None})
def create_names_zh(nlp: Language, name: str, labels: str | None) -> ChineseNames:
    """The component for ``nlp.add_pipe``."""
    return ChineseNames({e.key: e.kind for e in shared_catalogue(labels).entities})


class ChineseNames:
    """Clusters the names of a Doc: the same name, and the last part of a person's dotted name (居里: 玛丽·居里) where one person has it.

    A family name alone is nobody's: too many share it. Pronouns stay unresolved.
    """

    def __init__(self, kinds: dict[str, str]) -> None:
        self.kinds = kinds

    def __call__(self, doc: Doc) -> Doc:
        """Fill ``Doc._.clusters``."""
        groups: dict[str, list[Span]] = {}
        for mention in doc.ents:
            groups.setdefault(_folded_name(mention.text), []).append(mention)
        owners = {name: self._owner(name, groups) for name in groups}
        merged: dict[str, list[Span]] = {}
        for name, spans in groups.items():
            merged.setdefault(owners[name], []).extend(spans)
        title = _folded_name(plain_title(doc._.title))
        clusters = []
        for name, spans in merged.items():
            label = _favoured(spans)
            surface = clean_surface(groups[name][0].text)
            clusters.append(Cluster(surface, label, self.kinds.get(label, label), tuple(sorted(spans)), name == title))
        doc._.clusters = sorted(clusters, key=lambda c: c.mentions[0].start_char)
        return doc

    def _owner(self, name: str, groups: dict[str, list[Span]]) -> str:
        """The full name that ``name`` is the last part of; itself where there is none, or more than one."""
        if self.kinds.get(_favoured(groups[name])) != "person":
            return name
        full = [o for o in groups if o.endswith("·" + name) and self.kinds.get(_favoured(groups[o])) == "person"]
        return full[0] if len(full) == 1 else name


def _folded_name(name: str) -> str:
    """A name for comparison, with one kind of middle dot."""
    return normal_name(name.replace("‧", "·").replace("・", "·").replace("•", "·"))


def _favoured(spans: Sequence[Span]) -> str:
    """The type with the most confidence over all mentions; ties go to the name first in the alphabet."""
    weight: dict[str, float] = {}
    for span in spans:
        weight[span.label_] = weight.get(span.label_, 0.0) + float(span._.confidence)
    return min(weight, key=lambda label: (-round(weight[label], 6), label))
