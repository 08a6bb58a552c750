"""In which sense a sentence says its relations: the spaCy component ``dovetail_assertion`` fills ``Doc._.assertions``.

    sentence -> parts and cues (clauses.py) -> the cues that reach the relation (scope.py) -> polarity, modality
                                            -> the dates that belong to it (validity.py)   -> start, end, point in time

Cue and scope, as in NegEx (Chapman et al. 2001, doi:10.1006/jbin.2001.1029) and ConText (Harkema et al. 2009,
doi:10.1016/j.jbi.2009.05.002), with the relation of two mentions in the place of one finding. docs/assertion.md has its limits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rdflib import Literal
from spacy.language import Language
from spacy.tokens import Doc, Span

from dovetail.kg.statement import PLAIN, UNKNOWN_TIME, Modality, Polarity, Qualifiers
from dovetail.nlp.clauses import DATE, Mentioned, Sentence, analyse
from dovetail.nlp.cues import Cue, Cues, load_cues
from dovetail.nlp.mentions import LITERALS, literal_of
from dovetail.nlp.relations import Relation
from dovetail.nlp.scope import reaching
from dovetail.nlp.validity import Times, validity

if not Doc.has_extension("assertions"):
    Doc.set_extension("assertions", default=())

MODALITIES: tuple[Modality, ...] = ("asserted", "reported", "possible", "hypothetical")
"""From the surest down; of several, the least sure counts."""

_NEAR = 3
"""Tokens between two cues of which one undoes the other, at most."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """The sense in which a relation is said, and the words that made it so."""

    qualifiers: Qualifiers = PLAIN
    cues: tuple[str, ...] = ()


@Language.factory("dovetail_assertion", default_config={"language": None})
def create_assertion(nlp: Language, name: str, language: str | None) -> Asserter:
    """The component for ``nlp.add_pipe``; ``language`` is the pipeline's own unless named."""
    return Asserter(load_cues(language or nlp.lang))


class Asserter:
    """Judges the relations of a Doc; where there are no cues for its language, all of them are plain."""

    def __init__(self, cues: Cues | None) -> None:
        self.cues = cues

    def __call__(self, doc: Doc) -> Doc:
        """Fill ``Doc._.assertions``: one for each of ``Doc._.relations``, in the same order."""
        relations: Sequence[Relation] = doc._.relations or ()
        doc._.assertions = tuple(_judged(doc, relations, self.cues)) if self.cues else (Assertion(),) * len(relations)
        return doc


@dataclass(frozen=True, slots=True)
class _Read:
    """A sentence of a Doc, analysed, with the values of its dates by the numbers of their mentions."""

    span: Span
    sentence: Sentence
    dates: Mapping[int, Literal]


def _judged(doc: Doc, relations: Sequence[Relation], cues: Cues) -> Iterator[Assertion]:
    mentions = sorted([*doc.ents, *doc.spans.get(LITERALS, ())], key=lambda s: s.start)
    sentences = list(doc.sents) if relations else []
    starts = [sentence.start for sentence in sentences]
    known: dict[int, _Read] = {}

    def read(mention: Span) -> _Read:
        number = bisect_right(starts, mention.start) - 1
        if number not in known:
            span = sentences[number]
            inside = [m for m in mentions if span.start <= m.start < span.end]
            dates = {i: literal_of(m) for i, m in enumerate(inside) if m.label_ == DATE and m._.literal is not None}
            known[number] = _Read(span, analyse(span, inside, cues), dates)
        return known[number]

    for relation in relations:
        first, second = sorted((relation.head, relation.tail), key=lambda s: (s.start, s.end))
        timeless = relation.tail._.literal is not None  # the date of birth is no time at which it holds
        earlier, later = read(first), read(second)
        if earlier is later:
            yield _assertion(later, cues, (_placed(first, later), _placed(second, later)), timeless=timeless)
            continue
        # Said in two sentences: what the later one says, unless the earlier one denies it.
        each = [
            _assertion(sentence, cues, (_placed(span, sentence),) * 2, timeless=timeless)
            for sentence, span in ((later, second), (earlier, first))
        ]
        yield next((assertion for assertion in each if not assertion.qualifiers.stated), each[0])


def _placed(span: Span, read: _Read) -> Mentioned:
    start, end, places = read.span.start, read.span.end, read.sentence.places
    return Mentioned(places[span.start - start], places[min(span.end, end) - start], span.label_)


def _assertion(read: _Read, cues: Cues, pair: tuple[Mentioned, Mentioned], *, timeless: bool) -> Assertion:
    s = read.sentence
    times = Times() if timeless else validity(s, cues, pair, read.dates)
    reached = reaching(s, cues, pair)
    found = _undone(s, cues, reached, pair[1])
    effects = {cue.effect for cue in found}
    negative = [cue for cue in found if cue.effect in ("negated", "implicative")]
    start, end, at = times.start, times.end, times.at
    if isinstance(end, Literal) and [cue.scope for cue in negative] == ["clause"] and s.words[negative[0].start] in ("not", "n't", "never"):
        negative, start, end = [], end, None  # not until then: from then on
    modality: Modality = max((m for m in MODALITIES if m in effects), key=MODALITIES.index, default="asserted")
    if _is_asked(s, pair[1]):
        modality = "hypothetical"
    polarity: Polarity = "negated" if negative else "affirmed"
    if end == UNKNOWN_TIME and any(cue.effect in ("negated", "implicative") for cue in reached):
        end = None  # "never left"
    ended = end if end is not None or "ended" not in effects else UNKNOWN_TIME
    words = tuple(" ".join(s.words[cue.start : cue.end]) for cue in found)
    return Assertion(Qualifiers(polarity, modality, start, ended, at), words)


def _is_asked(s: Sentence, second: Mentioned) -> bool:
    """Whether a sentence asks, or the question that it quotes."""
    asks = any(word == "?" and number < 0 for word, number in zip(s.words[-2:], s.mention[-2:], strict=True))
    quoted = max((i for i, word in enumerate(s.words[:-2]) if word in (":", '"', "“", "``")), default=-1)
    return asks and second.start > quoted


def _undone(s: Sentence, cues: Cues, found: list[Cue], second: Mentioned) -> list[Cue]:
    """Cues without those that undo each other: "did not fail to", "never left"; "did not deny" leaves a possibility."""
    kept = list(found)
    for cue in found:
        if cue.effect != "negated" or cue.scope != "clause":
            continue
        near = [c for c in found if c.start >= cue.end and c.start - cue.end < _NEAR]
        denied = next((c for c in near if c.effect == "implicative" or (c.effect, c.scope) == ("negated", "claim")), None)
        if denied in kept and cue in kept and denied is not None:
            kept.remove(cue)
            kept.remove(denied)
            if denied.scope == "claim":
                kept.append(Cue("possible", "claim", cue.start, denied.end))
            continue
        kept = [c for c in kept if not (c.scope == "embedded" and c in near and s.words[c.start] in cues.words["raising"])]
        if cue.end <= second.start and _ends_next(s, cues, cue.end, second.start):
            kept.remove(cue)
    return kept


def _ends_next(s: Sentence, cues: Cues, start: int, end: int) -> bool:
    return any(c.effect == "ends" and c.start < _NEAR for c in cues.find(s.words[start:end], {"verb"}))
