"""Reads the best passages for possible answers and says how each stands to the question.

    question, passages, graph's paths -> read -> Candidate (where it stands, features) -> a model's score

Candidates are typed spans (names, literals, quotations, runs of words) of the best sentences, and the spans that the network
proposes. Features speak of the network's odds, the sentence (does it mean what was asked?), the place in it (how near are the
question's words?), the passage (does retrieval believe in it?), the candidate (is it the kind that was asked for?) and the
graph (does a path lead there?).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dovetail.kg.passages import PassageIndex, search_terms
from dovetail.reasoning.questions.facts import FactPath
from dovetail.reasoning.questions.metrics import normal_answer
from dovetail.reasoning.questions.passages.retrieval import Encoder, ScoredPassage
from dovetail.reasoning.questions.reading.kinds import Wanted
from dovetail.reasoning.questions.reading.network import NETWORK_FEATURES, Sight, see
from dovetail.reasoning.questions.reading.spans import Span, answer_spans, guess_kind, sentences
from dovetail.reasoning.questions.surfaces import NameTable, Word, normal_name, title_names, words_of

if TYPE_CHECKING:
    from dovetail.models.span_reader import SpanReader

Floats = npt.NDArray[np.float64]

PASSAGES_READ = 5
SENTENCES_READ = 8
"""How many sentences of all passages are read for answers: those the network, or the nearest in meaning, and each passage's first."""
WINDOW = 6
"""Words to each side of a candidate that count as near it."""

ANSWER_FEATURES = (
    "sentence cosine", "sentence rank", "sentence overlap", "overlap with title", "relation overlap", "window overlap",
    "nearest word", "next to word", "passage rank", "passage score", "title asked", "bridge", "kind fits", "kind differs",
    "kind fits name", "asked", "partly asked", "is name", "is literal", "is quoted", "other wants run", "year wanted",
    "is title", "own title", "supports", "passages", "words", "first sentence", "fact", "fact known", "known entity",
    "proposed", *NETWORK_FEATURES, "text share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible answer where it stands: ``start`` and ``end`` count characters of the document.

    ``sentence`` is the place of the sentence around it. ``facts`` are paths of the graph that lead to it. ``odds`` are the best
    that the network sees for any span of any passage of the question.
    """

    text: str
    passage: ScoredPassage
    start: int
    end: int
    sentence: tuple[int, int]
    cosine: float
    facts: tuple[FactPath, ...]
    features: tuple[float, ...]
    odds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: int
    start: int
    end: int
    first: bool
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question is read with: its words' weights, the names known, what the graph says, and the network that reads.

    Without a network, sentences are chosen by their vectors, and only typed spans are candidates.
    """

    question: str
    wanted: Wanted
    weights: Mapping[str, float]
    names: NameTable
    kinds: Mapping[str, str]
    facts: Sequence[FactPath]
    network: SpanReader | None = None


def word_weights(question: str, passages: PassageIndex) -> dict[str, float]:
    """The words of a question that say what it is about, in normal form, weighed by how rare they are."""
    forms = sorted({word.form for term in search_terms(question) for word in words_of(term)})
    counts, total = passages.frequency(forms), len(passages)
    return {form: math.log1p(total / (1 + counts[form])) for form in forms}


def read(reading: Reading, found: Sequence[ScoredPassage], encoder: Encoder | None) -> list[Candidate]:
    """Every possible answer in the best sentences of the passages ``found``, by place."""
    found = found[:PASSAGES_READ]
    every = [
        _Sentence(number, start, end, first == 0, scored.passage.text[start:end])
        for number, scored in enumerate(found)
        for first, (start, end) in enumerate(sentences(scored.passage.text))
    ]
    if not every:
        return []
    overlap = [_share(reading.weights, {word.form for word in words_of(some.text)}) for some in every]
    sight = see(reading.network, reading.question, [(p.passage.title, p.passage.text) for p in found]) if reading.network else None
    if sight is not None:
        meaning = [_chance(sight.sentence_odds(some.passage, some.start, some.end)) for some in every]
    else:
        meaning = _cosines(reading.question, every, found, encoder) if encoder is not None else overlap
    order = sorted(range(len(every)), key=lambda i: (-meaning[i], every[i].passage, every[i].start))
    proposed = _proposed(sight, every) if sight is not None else {}
    chosen = sorted({*order[:SENTENCES_READ], *(i for i, some in enumerate(every) if some.first), *proposed})
    spans = {i: _with_proposed(every[i].text, answer_spans(every[i].text, reading.names), proposed.get(i, ())) for i in chosen}
    asked = reading.names.occurrence_names(reading.question)
    named = {form for name in asked for form in name.split()}
    seen_in, seen_passages = _supports(every, spans)
    table = _Table(
        reading,
        found,
        every,
        sight,
        overlap,
        meaning,
        rank={i: place for place, i in enumerate(order)},
        spans=spans,
        asked=asked,
        asked_forms={word.form for word in words_of(reading.question)},
        relation={form: weight for form, weight in reading.weights.items() if form not in named},
        stems={_stem(form): weight for form, weight in reading.weights.items()},
        bridges=_bridges(asked, reading, every, found, meaning),
        titles=[tuple(title_names(scored.passage.title)) for scored in found],
        seen_in=seen_in,
        seen_passages=seen_passages,
    )
    return _with_text_shares([one for i in chosen for one in _of_sentence(table, i)])


def _chance(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(odds, -40.0), 40.0)))


def _proposed(sight: Sight, every: Sequence[_Sentence]) -> dict[int, list[tuple[int, int]]]:
    """By sentence, the places in it of the spans that the network proposes; a span over two sentences is none."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    spans = {number: sight.proposed(number) for number in range(len(sight.passages))}
    for i, some in enumerate(every):
        found[i] = [(a - some.start, b - some.start) for a, b in spans[some.passage] if some.start <= a and b <= some.end]
    return {i: places for i, places in found.items() if places}


def _with_proposed(text: str, spans: Sequence[Span], proposed: Sequence[tuple[int, int]]) -> list[tuple[Span, bool]]:
    """The typed spans of a sentence and those proposed, by place, each with whether the network proposes it."""
    typed = {(span.start, span.end): span for span in spans}
    for start, end in proposed:
        if (start, end) not in typed:
            kind = guess_kind(text, start, end) if text[start].isupper() else None
            typed[start, end] = Span(start, end, "network", kind)
    return [(typed[place], place in proposed) for place in sorted(typed)]


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """What the candidates of a question have in common: sentences and what is known of each, by number, and passages likewise."""

    reading: Reading
    found: Sequence[ScoredPassage]
    every: Sequence[_Sentence]
    sight: Sight | None
    overlap: Sequence[float]
    meaning: Sequence[float]
    rank: Mapping[int, int]
    spans: Mapping[int, Sequence[tuple[Span, bool]]]
    asked: frozenset[str]
    asked_forms: set[str]
    relation: Mapping[str, float]
    stems: Mapping[str, float]
    bridges: Sequence[float]
    titles: Sequence[tuple[str, ...]]
    seen_in: Mapping[str, set[int]]
    seen_passages: Mapping[str, set[int]]


def _of_sentence(table: _Table, i: int) -> list[Candidate]:
    """The candidates of one sentence."""
    reading, some, scored = table.reading, table.every[i], table.found[table.every[i].passage]
    words = words_of(some.text)
    titles = [{normal_answer(name) for name in names} for names in table.titles]
    about = (
        table.meaning[i],
        1.0 / (1 + table.rank[i]),
        table.overlap[i],
        _share(reading.weights, {word.form for word in (*words, *words_of(scored.passage.title))}),
        _share(table.relation, {word.form for word in words}),
    )
    passage_view = (
        1.0 / (1 + some.passage),
        max(scored.score - table.found[0].score, -10.0),
        float(any(name in table.asked for name in table.titles[some.passage])),
        table.bridges[some.passage],
    )
    candidates = []
    for span, proposed in table.spans[i]:
        text = some.text[span.start : span.end]
        key = normal_answer(text)
        if not key:
            continue
        facts = tuple(path for path in reading.facts if key in path.forms)
        seen = (
            table.sight.features(some.passage, some.start + span.start, some.start + span.end, (some.start, some.end))
            if table.sight is not None
            else (0.0,) * len(NETWORK_FEATURES)
        )
        features = (
            *about,
            *_place(table.stems, words, span),
            *passage_view,
            *_fit(table, span, text),
            float(any(key in names for names in titles)),
            float(key in titles[some.passage]),
            math.log(len(table.seen_in[key])),
            math.log(len(table.seen_passages[key])),
            min(len(key.split()), 8) / 4,
            float(some.first),
            max((path.match for path in facts), default=0.0),
            float(bool(facts)),
            float(normal_name(text) in reading.kinds),
            float(proposed),
            *seen,
        )
        base = scored.passage.start
        start = base + some.start + span.start
        sentence = base + some.start, base + some.end
        odds = table.sight.best if table.sight is not None else 0.0
        candidates.append(Candidate(text, scored, start, start + len(text), sentence, table.meaning[i], facts, features, odds))
    return candidates


def _with_text_shares(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each candidate with the last feature: the network's shares of all places that hold its text, together."""
    at = ANSWER_FEATURES.index("share")
    shares: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
    for one in candidates:
        shares[normal_answer(one.text)][one.passage.passage.id, one.start] = one.features[at]
    total = {key: sum(places.values()) for key, places in shares.items()}
    return [replace(one, features=(*one.features, total[normal_answer(one.text)])) for one in candidates]


def _cosines(question: str, every: Sequence[_Sentence], found: Sequence[ScoredPassage], encoder: Encoder) -> list[float]:
    vectors = encoder.encode([question, *(some.text for some in every)])
    return [float(value) for value in vectors[1:] @ vectors[0]]


def _share(weights: Mapping[str, float], forms: set[str]) -> float:
    """The share of the question's weight that ``forms`` hold; a word counts in its other inflections as well."""
    total = sum(weights.values())
    stems = {_stem(form) for form in forms}
    return sum(weight for form, weight in weights.items() if _stem(form) in stems) / total if total else 0.0


def _stem(form: str) -> str:
    """``form`` without the endings that English verbs and nouns take, roughly."""
    for ending in ("ing", "ed", "es", "s", "er", "or", "ion"):
        if len(form) > len(ending) + 3 and form.endswith(ending):
            return form[: -len(ending)].rstrip("e")
    return form.rstrip("e") if len(form) > 3 else form


def _supports(
    every: Sequence[_Sentence], spans: Mapping[int, Sequence[tuple[Span, bool]]]
) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """By candidate text, the sentences and the passages that hold it."""
    seen_in: dict[str, set[int]] = defaultdict(set)
    passages: dict[str, set[int]] = defaultdict(set)
    for i, some in spans.items():
        for span, _ in some:
            key = normal_answer(every[i].text[span.start : span.end])
            seen_in[key].add(i)
            passages[key].add(every[i].passage)
    return seen_in, passages


def _bridges(
    asked: frozenset[str], reading: Reading, every: Sequence[_Sentence], found: Sequence[ScoredPassage], meaning: Sequence[float]
) -> list[float]:
    """For each passage, the best sentence of another passage that names its title: the step of a two-step question."""
    best = [0.0] * len(found)
    names = [set(title_names(scored.passage.title)) for scored in found]
    for some, value in zip(every, meaning, strict=True):
        held = reading.names.occurrence_names(some.text)
        for number, titles in enumerate(names):
            if number != some.passage and titles & held and not titles & asked:
                best[number] = max(best[number], value)
    return best


def _place(stems: Mapping[str, float], words: Sequence[Word], span: Span) -> tuple[float, float, float]:
    """How the words around a candidate are the question's: weight within the window, nearness, whether next to it."""
    before = [word for word in words if word.end <= span.start]
    after = [word for word in words if word.start >= span.end]
    near = [word.form for word in (*before[-WINDOW:], *after[:WINDOW])]
    distances = [d for side in (before[::-1], after) for d, word in enumerate(side) if _stem(word.form) in stems]
    nearest = min(distances, default=30)
    held, total = {_stem(form) for form in near}, sum(stems.values())
    return sum(stems[stem] for stem in held if stem in stems) / total if total else 0.0, 1.0 / (1 + nearest), float(nearest == 0)


def _fit(table: _Table, span: Span, text: str) -> tuple[float, ...]:
    """How a candidate fits what is wanted: its kind, its form, whether the question holds it already."""
    kind = table.reading.kinds.get(normal_name(text)) or span.kind
    want = table.reading.wanted.kind
    definite = want in ("person", "place", "organisation", "date", "number")
    own = [word.form for word in words_of(text)]
    held = sum(form in table.asked_forms for form in own) / max(len(own), 1)
    fits = definite and kind == want
    return (
        float(fits),
        float(definite and kind is not None and kind != want),
        float(definite and kind is None and span.form == "name" and want not in ("date", "number")),
        float(held == 1.0),
        held,
        float(span.form == "name"),
        float(span.form == "literal"),
        float(span.form == "quoted"),
        float(span.form == "run" and not definite),
        float("year" in table.asked_forms and want == "date" and text.isdigit() and len(text) == 4),
    )
