"""Reads the best passages for possible answers and says how each stands to the question.

    question, passages, graph's paths -> read -> Candidate (where it stands, features) -> a model's score

Features speak of the sentence (does it mean what was asked?), the place in it (how near are the question's words?), the
passage (does retrieval believe in it?), the candidate (is it the kind that was asked for?) and the graph (does a path
lead there?).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dovetail.kg.passages import PassageIndex, search_terms
from dovetail.reasoning.questions.facts import FactPath
from dovetail.reasoning.questions.metrics import normal_answer
from dovetail.reasoning.questions.passages.retrieval import Encoder, ScoredPassage
from dovetail.reasoning.questions.reading.kinds import Wanted
from dovetail.reasoning.questions.reading.spans import Span, answer_spans, sentences
from dovetail.reasoning.questions.surfaces import NameTable, Word, normal_name, title_names, words_of

Floats = npt.NDArray[np.float64]

PASSAGES_READ = 5
SENTENCES_READ = 12
"""How many sentences of all passages are read for answers: the nearest in meaning, and each passage's first."""
WINDOW = 6
"""Words to each side of a candidate that count as near it."""

ANSWER_FEATURES = (
    "sentence cosine", "sentence rank", "sentence overlap", "overlap with title", "relation overlap", "window overlap",
    "nearest word", "next to word", "passage rank", "passage score", "title asked", "bridge", "kind fits", "kind differs",
    "kind fits name", "asked", "partly asked", "is name", "is literal", "is quoted", "other wants run", "year wanted",
    "is title", "own title", "supports", "passages", "words", "first sentence", "fact", "fact known", "known entity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible answer where it stands: ``start`` and ``end`` count characters of the document.

    ``sentence`` is the place of the sentence around it. ``facts`` are paths of the graph that lead to it.
    """

    text: str
    passage: ScoredPassage
    start: int
    end: int
    sentence: tuple[int, int]
    cosine: float
    facts: tuple[FactPath, ...]
    features: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: int
    start: int
    end: int
    first: bool
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question is read with: its words' weights, the names known, what the graph says."""

    question: str
    wanted: Wanted
    weights: Mapping[str, float]
    names: NameTable
    kinds: Mapping[str, str]
    facts: Sequence[FactPath]


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
    cosine = _cosines(reading.question, every, found, encoder) if encoder is not None else overlap
    order = sorted(range(len(every)), key=lambda i: (-cosine[i], every[i].passage, every[i].start))
    chosen = sorted({*order[:SENTENCES_READ], *(i for i, some in enumerate(every) if some.first)})
    rank = {i: place for place, i in enumerate(order)}
    spans = {i: answer_spans(every[i].text, reading.names) for i in chosen}
    seen_in, seen_passages = _supports(every, spans)
    bridges = _bridges(reading, every, found, cosine)
    asked = reading.names.occurrence_names(reading.question)
    named = {form for name in asked for form in name.split()}
    relation = {form: weight for form, weight in reading.weights.items() if form not in named}
    candidates = []
    for i in chosen:
        some, scored = every[i], found[every[i].passage]
        words = words_of(some.text)
        title = {normal_answer(name) for name in title_names(scored.passage.title)}
        titled = any(name in asked for name in title_names(scored.passage.title))
        about = (
            cosine[i],
            1.0 / (1 + rank[i]),
            overlap[i],
            _share(reading.weights, {word.form for word in (*words, *words_of(scored.passage.title))}),
            _share(relation, {word.form for word in words}),
        )
        passage_view = (
            1.0 / (1 + some.passage),
            max(scored.score - found[0].score, -10.0),
            float(titled),
            bridges[some.passage],
        )
        for span in spans[i]:
            text = some.text[span.start : span.end]
            key = normal_answer(text)
            if not key:
                continue
            facts = tuple(path for path in reading.facts if key in path.forms)
            features = (
                *about,
                *_place(reading, words, span),
                *passage_view,
                *_fit(reading, span, text),
                float(any(key in {normal_answer(n) for n in title_names(p.passage.title)} for p in found)),
                float(key in title),
                math.log(len(seen_in[key])),
                math.log(len(seen_passages[key])),
                min(len(key.split()), 8) / 4,
                float(some.first),
                max((path.match for path in facts), default=0.0),
                float(bool(facts)),
                float(normal_name(text) in reading.kinds),
            )
            base = scored.passage.start
            sentence = base + some.start, base + some.end
            start = base + some.start + span.start
            candidates.append(Candidate(text, scored, start, start + len(text), sentence, cosine[i], facts, features))
    return candidates


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


def _supports(every: Sequence[_Sentence], spans: Mapping[int, Sequence[Span]]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """By candidate text, the sentences and the passages that hold it."""
    seen_in: dict[str, set[int]] = defaultdict(set)
    passages: dict[str, set[int]] = defaultdict(set)
    for i, some in spans.items():
        for span in some:
            key = normal_answer(every[i].text[span.start : span.end])
            seen_in[key].add(i)
            passages[key].add(every[i].passage)
    return seen_in, passages


def _bridges(reading: Reading, every: Sequence[_Sentence], found: Sequence[ScoredPassage], cosine: Sequence[float]) -> list[float]:
    """For each passage, the best sentence of another passage that names its title: the step of a two-step question."""
    asked = reading.names.occurrence_names(reading.question)
    best = [0.0] * len(found)
    names = [set(title_names(scored.passage.title)) for scored in found]
    for some, value in zip(every, cosine, strict=True):
        held = reading.names.occurrence_names(some.text)
        for number, titles in enumerate(names):
            if number != some.passage and titles & held and not titles & asked:
                best[number] = max(best[number], value)
    return best


def _place(reading: Reading, words: Sequence[Word], span: Span) -> tuple[float, float, float]:
    """How the words around a candidate are the question's: weight within the window, nearness, whether next to it."""
    stems = {_stem(form): weight for form, weight in reading.weights.items()}
    before = [word for word in words if word.end <= span.start]
    after = [word for word in words if word.start >= span.end]
    near = [word.form for word in (*before[-WINDOW:], *after[:WINDOW])]
    distances = [d for side in (before[::-1], after) for d, word in enumerate(side) if _stem(word.form) in stems]
    nearest = min(distances, default=30)
    return _share(reading.weights, set(near)), 1.0 / (1 + nearest), float(nearest == 0)


def _fit(reading: Reading, span: Span, text: str) -> tuple[float, ...]:
    """How a candidate fits what is wanted: its kind, its form, whether the question holds it already."""
    kind = reading.kinds.get(normal_name(text)) or span.kind
    want = reading.wanted.kind
    definite = want in ("person", "place", "organisation", "date", "number")
    asked = {word.form for word in words_of(reading.question)}
    own = [word.form for word in words_of(text)]
    held = sum(form in asked for form in own) / max(len(own), 1)
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
        float("year" in asked and want == "date" and text.isdigit() and len(text) == 4),
    )
