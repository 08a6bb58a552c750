"""Relations: the spaCy component ``dovetail_relations`` fills ``Doc._.relations``.

Every ordered pair of mentions in a sentence is scored against every relation whose domain and range admit it; the best
relation of a pair is kept where it is sure enough. The encoder pass of ``dovetail_entities`` is reused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from spacy.language import Language
from spacy.tokens import Doc, Span

from dovetail.models.extraction import Extractor, Pair
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.mentions import LITERALS, shared_catalogue, shared_extractor

if not Doc.has_extension("relations"):
    Doc.set_extension("relations", default=None)


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation between two mentions of a sentence; ``label`` is a key of the catalogue."""

    head: Span
    tail: Span
    label: str
    confidence: float


@Language.factory("dovetail_relations", default_config={"labels": None, "weights": None, "encoder": None, "threshold": None})
def create_relations(
    nlp: Language, name: str, labels: str | None, weights: str | None, encoder: str | None, threshold: float | None
) -> RelationExtractor:
    """The component for ``nlp.add_pipe``; its options are those of ``dovetail_entities``."""
    return RelationExtractor(shared_extractor(weights, encoder), shared_catalogue(labels), threshold)


class RelationExtractor:
    """Scores the pairs of mentions of each sentence."""

    def __init__(self, extractor: Extractor, catalogue: Catalogue, threshold: float | None) -> None:
        self.extractor = extractor
        self.relations = catalogue.relations
        self.kinds = {e.key: frozenset((e.key, e.kind)) for e in catalogue.entities}
        self.labels = extractor.labels([(r.name, r.description) for r in catalogue.relations])
        self.threshold = extractor.calibration.relation_threshold if threshold is None else threshold
        self._admitted: dict[tuple[frozenset[str], frozenset[str]], torch.Tensor] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Fill ``Doc._.relations``."""
        doc._.relations = self.between(doc)
        return doc

    def between(self, doc: Doc) -> list[Relation]:
        """The relations of a Doc whose entities are marked, in the order of their heads."""
        pairs: list[Pair] = []
        spans: list[tuple[Span, Span]] = []
        masks: list[torch.Tensor] = []
        mentions = sorted([*doc.ents, *doc.spans.get(LITERALS, ())], key=lambda s: s.start_char)
        position = 0
        for number, sentence in enumerate(doc.sents):
            inside = []
            while position < len(mentions) and mentions[position].start_char < sentence.end_char:
                inside.append(mentions[position])
                position += 1
            offset = sentence.start_char
            for head in inside:
                if head.label_ not in self.kinds:
                    continue
                for tail in inside:
                    if tail is head:
                        continue
                    mask = self._mask(self.kinds[head.label_], self.kinds.get(tail.label_, frozenset((tail.label_,))))
                    if mask is not None:
                        pairs.append(
                            (number, (head.start_char - offset, head.end_char - offset), (tail.start_char - offset, tail.end_char - offset))
                        )
                        spans.append((head, tail))
                        masks.append(mask)
        if not pairs:
            return []
        each, any_relation = self.extractor.relations(doc._.read, pairs, self.labels, least=self.threshold**2)
        return self._decide(spans, each * torch.stack(masks), any_relation)

    def _decide(self, spans: Sequence[tuple[Span, Span]], each: torch.Tensor, any_relation: torch.Tensor) -> list[Relation]:
        best, which = each.max(1)
        confidence = (best * any_relation).sqrt()
        return [
            Relation(spans[i][0], spans[i][1], self.relations[int(which[i])].key, round(float(confidence[i]), 3))
            for i in (confidence >= self.threshold).nonzero().flatten().tolist()
        ]

    def _mask(self, head: frozenset[str], tail: frozenset[str]) -> torch.Tensor | None:
        """1 for each relation that admits these arguments; None where none does."""
        key = (head, tail)
        if key not in self._admitted:
            self._admitted[key] = torch.tensor([float(r.admits(head, tail)) for r in self.relations])
        mask = self._admitted[key]
        return mask if bool(mask.any()) else None
