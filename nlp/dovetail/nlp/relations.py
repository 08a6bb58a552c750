"""Relations: the spaCy component ``dovetail_relations`` fills ``Doc._.relations``.

    mentions of a window ─ ordered pairs ─ every relation that domain and range admit ─ best pair of two clusters ─ sure enough?

Mentions are names, literals, and the pronouns and nominals that stand for a cluster, each with its cluster's type. All pairs within a
sentence are scored; of two clusters without one in a window, the nearest mentions up to SENTENCES apart. The encoder pass of
``dovetail_entities`` is reused, and each direction is scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from spacy.language import Language
from spacy.tokens import Doc, Span

from dovetail.models.confidence import calibrated, pair_scores
from dovetail.models.demonyms import demonyms
from dovetail.models.extraction import Extractor, Pair
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.coreference import clean_surface
from dovetail.nlp.mentions import LITERALS, shared_catalogue, shared_extractor

if not Doc.has_extension("relations"):
    Doc.set_extension("relations", default=None)

SENTENCES = 2
"""How many sentences apart the mentions of a relation may be."""

MOST_ACROSS = 300
"""Ordered pairs across sentences in one window, at most; the nearest come first."""

MOST_RELATIONS = 3
"""Relations of one pair of mentions in one direction, at most: a village lies in a country and in a province, and both are said."""

ALTERNATIVES = 3

SETTLED = frozenset({"place", "organisation", "event"})
"""Kinds whose nationality is said right beside their name or not at all: "in Berlin) was a German singer" says nothing of Berlin."""

WORDS_BESIDE = 3

SHORT_FOR_COUNTRIES = frozenset({"US", "U.S.", "USA", "U.S.A.", "UK", "U.K."})
"""Names that serve as adjectives as well: "a US missile"."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation between two mentions of a window; ``label`` is a key of the catalogue.

    Where a mention is a pronoun or nominal, ``confidence`` includes that it stands for its cluster. ``alternatives``: the next likely
    relations of the same mentions with their confidence, at most ALTERNATIVES.
    """

    head: Span
    tail: Span
    label: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Mention:
    """A mention as relations see it: ``owner`` numbers what it stands for, ``certainty`` is the probability that it does.

    ``nationality``: it is an adjective of nationality, or a people.
    """

    span: Span
    sentence: int
    owner: int
    label: str
    certainty: float
    literal: bool
    nationality: bool = False


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Ordered pairs of mentions, as the extractor takes them, with the relations that their types admit."""

    mentions: list[tuple[_Mention, _Mention]]
    pairs: list[Pair]
    masks: list[torch.Tensor]


@Language.factory(
    "dovetail_relations", default_config={"labels": None, "weights": None, "encoder": None, "adapter": None, "threshold": None}
)
def create_relations(
    nlp: Language, name: str, labels: str | None, weights: str | None, encoder: str | None, adapter: str | None, threshold: float | None
) -> RelationExtractor:
    """The component for ``nlp.add_pipe``; its options are those of ``dovetail_entities``."""
    return RelationExtractor(shared_extractor(weights, encoder, adapter), shared_catalogue(labels), threshold)


class RelationExtractor:
    """Scores the pairs of mentions of each window. ``min_confidence``: relations less sure are not kept, whatever their score."""

    def __init__(self, extractor: Extractor, catalogue: Catalogue, threshold: float | None) -> None:
        self.extractor = extractor
        self.relations = catalogue.relations
        self.kinds = {e.key: frozenset((e.key, e.kind)) for e in catalogue.entities}
        self.asked = extractor.labels([(r.name, r.description) for r in catalogue.relations])
        self.threshold = extractor.calibration.relation_threshold if threshold is None else threshold
        self.min_confidence = 0.0
        self._admitted: dict[tuple[frozenset[str], frozenset[str]], torch.Tensor | None] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Fill ``Doc._.relations``."""
        doc._.relations = self.between(doc)
        return doc

    def between(self, doc: Doc) -> list[Relation]:
        """The relations of a Doc whose entities are marked, in the order of their heads; each of two clusters in a window once."""
        found = _Candidates([], [], [])
        for window, mentions in enumerate(_by_window(doc)):
            offset = doc._.windows[window][0]
            for head, tail in _pairs(mentions):
                mask = self._mask(self._kinds(head), self._kinds(tail))
                if mask is not None and self._said(head, tail) and self._said(tail, head):
                    found.mentions.append((head, tail))
                    found.pairs.append((window, _place(head, offset), _place(tail, offset)))
                    found.masks.append(mask)
        if not found.pairs:
            return []
        each, any_relation = self.extractor.relations(doc._.read, found.pairs, self.asked, least=self.threshold**2)
        return self._decide(found, each * torch.stack(found.masks), any_relation)

    def _decide(self, found: _Candidates, each: torch.Tensor, any_relation: torch.Tensor) -> list[Relation]:
        ranked = each.topk(min(MOST_RELATIONS + ALTERNATIVES, each.shape[1]))
        certainty = torch.tensor([head.certainty * tail.certainty for head, tail in found.mentions]).unsqueeze(1)
        across = torch.tensor([float(head.sentence != tail.sentence) for head, tail in found.mentions])
        scores = pair_scores(ranked.values, any_relation, across * self.extractor.calibration.across_penalty)
        confidence = self._sure(scores) * certainty
        strict = across * self.extractor.calibration.strict_confidence  # of 17 facts across sentences, read by hand, 12 were wrong
        sure = (scores * certainty >= self.threshold) & (confidence >= strict.clamp(min=self.min_confidence).unsqueeze(1))
        kept: dict[tuple[int, int, int, int], tuple[float, int, int]] = {}
        for i, rank in sure[:, :MOST_RELATIONS].nonzero().tolist():
            head, tail = found.mentions[i]
            key = (found.pairs[i][0], head.owner, tail.owner, int(ranked.indices[i, rank]))
            kept[key] = max(kept.get(key, (0.0, 0, 0)), (float(confidence[i, rank]), -i, -rank))
        chosen = sorted((-i, -rank) for _, i, rank in kept.values())
        return [self._relation(found.mentions[i], ranked.indices[i, rank:], confidence[i, rank:]) for i, rank in chosen]

    def _relation(self, ends: tuple[_Mention, _Mention], which: torch.Tensor, confidence: torch.Tensor) -> Relation:
        """The first of the relations in ``which``; those after it are its alternatives."""
        (label, sure), *rest = [(self.relations[n].key, round(c, 3)) for n, c in zip(which.tolist(), confidence.tolist(), strict=True)]
        return Relation(ends[0].span, ends[1].span, label, sure, tuple((key, c) for key, c in rest[:ALTERNATIVES] if c > 0))

    def _sure(self, scores: torch.Tensor) -> torch.Tensor:
        """Scores as probabilities."""
        calibration = self.extractor.calibration
        return calibrated(scores, calibration.relation_slope, calibration.relation_shift)

    def _kinds(self, mention: _Mention) -> frozenset[str]:
        return self.kinds.get(mention.label, frozenset((mention.label,)))

    def _said(self, one: _Mention, other: _Mention) -> bool:
        """Whether ``other`` may speak of ``one``: if it is an adjective of nationality, of a settled thing only beside it."""
        return not other.nationality or SETTLED.isdisjoint(self._kinds(one)) or beside(one.span, other.span)

    def _mask(self, head: frozenset[str], tail: frozenset[str]) -> torch.Tensor | None:
        """1 for each relation that admits these arguments; None where none does."""
        key = (head, tail)
        if key not in self._admitted:
            admitted = [float(r.admits(head, tail)) for r in self.relations]
            self._admitted[key] = torch.tensor(admitted) if any(admitted) else None
        return self._admitted[key]


def is_nationality(span: Span) -> bool:
    """Whether a mention is an adjective of nationality, or a people: "Welsh", or "US" right before a noun."""
    following = span.doc[span.end : span.end + 1]
    noun = bool(following) and following[0].is_alpha and following[0].is_lower and not following[0].is_stop
    return clean_surface(span.text) in demonyms() or (span.text in SHORT_FOR_COUNTRIES and noun)


def beside(one: Span, other: Span) -> bool:
    """Whether at most WORDS_BESIDE tokens stand between two mentions, none of them of a mention or a parenthesis."""
    between = one.doc[min(one.end, other.end) : max(one.start, other.start)]
    return len(between) <= WORDS_BESIDE and not any(token.text in ("(", ")") or token.ent_type_ for token in between)


def _place(mention: _Mention, offset: int) -> tuple[int, int]:
    return mention.span.start_char - offset, mention.span.end_char - offset


def _by_window(doc: Doc) -> Iterator[list[_Mention]]:
    """The mentions of each window, in the order of the text."""
    sentence_of = {token: number for number, sentence in enumerate(doc.sents) for token in range(sentence.start, sentence.end)}
    clusters = doc._.clusters
    found: list[tuple[Span, int, str, float, bool]] = []
    if clusters is None:  # a pipeline without coreference: every entity is its own
        found += [(e, i, e.label_, 1.0, False) for i, e in enumerate(doc.ents)]
    for owner, cluster in enumerate(clusters or ()):
        found += [(m, owner, cluster.label, 1.0, False) for m in cluster.mentions]
        found += [(r.span, owner, cluster.label, r.confidence, False) for r in cluster.references]
    found += [(s, -1 - i, s.label_, 1.0, True) for i, s in enumerate(doc.spans.get(LITERALS, ()))]
    found.sort(key=lambda item: item[0].start_char)
    position = 0
    for _, end in doc._.windows:
        inside = []
        while position < len(found) and found[position][0].start_char < end:
            span, owner, label, certainty, literal = found[position]
            inside.append(_Mention(span, sentence_of[span.start], owner, label, certainty, literal, is_nationality(span)))
            position += 1
        yield inside


def _pairs(mentions: Sequence[_Mention]) -> list[tuple[_Mention, _Mention]]:
    """All ordered pairs within sentences, then those across sentences of clusters that share none; no pair of one cluster."""
    together = [
        (a, b)
        for i, a in enumerate(mentions)
        for b in mentions[i + 1 :]
        if a.sentence == b.sentence and a.owner != b.owner and not (a.literal and b.literal)
    ]
    close = {(a.owner, b.owner) for a, b in together} | {(b.owner, a.owner) for a, b in together}
    nearest: dict[tuple[int, int], tuple[int, _Mention, _Mention]] = {}
    for i, a in enumerate(mentions):
        for b in mentions[i + 1 :]:
            if b.sentence - a.sentence > SENTENCES:
                break
            if a.literal or b.literal or a.owner == b.owner or (a.owner, b.owner) in close:
                continue
            key = (min(a.owner, b.owner), max(a.owner, b.owner))
            distance = b.span.start - a.span.end
            if key not in nearest or distance < nearest[key][0]:
                nearest[key] = (distance, a, b)
    across = [(a, b) for _, a, b in sorted(nearest.values(), key=lambda item: (item[0], item[1].span.start))[: MOST_ACROSS // 2]]
    both = [pair for a, b in [*together, *across] for pair in ((a, b), (b, a)) if not pair[0].literal]
    return sorted(both, key=lambda pair: (pair[0].span.start, pair[1].span.start))
