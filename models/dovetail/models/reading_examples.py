"""What the span reader learns from: questions with a passage each, and where in it the answers are, if they are there.

    ReadingExamples(data)  endless: clozes of every text, recurring names, questions of annotated relations, with hard negatives
    real_questions(data)   the few real ones: training questions of hotpotqa and musique, odd-numbered ones of xquad

Sources: Ram et al., Few-shot question answering by pretraining span selection (ACL 2021) for recurring names; Levy et al.,
Zero-shot relation extraction via reading comprehension (CoNLL 2017) for questions of relations.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dovetail.models.cloze_questions import ClozeWriter, Synonyms
from dovetail.models.reading_texts import CORPORA, SMALL, SourceText, read_rows, texts
from dovetail.models.relation_questions import RelationQuestions

SHARES = (("cloze", 0.38), ("recurring", 0.1), ("relation", 0.52))
UNANSWERABLE = 0.25
"""Of clozes: how many are asked of a passage that lacks the answer."""
LONGEST = 700
"""Characters of a passage that a made question is asked of."""
ENCYCLOPAEDIC = 0.55
"""Of clozes: how many are of the passages of the question corpora."""
BEFORE_NOUNS = frozenset("a an the of in by with for from on to his her its their as and or".split())
NEGATIVES = 4
"""Passages without the answer that each real question is asked of."""


@dataclass(frozen=True, slots=True)
class ReadingExample:
    """A question, a passage, and the places of the answer in it; none where the passage does not tell."""

    question: str
    title: str
    text: str
    answers: tuple[tuple[int, int], ...]


class ReadingExamples:
    """Endless made questions from the sets below ``data``; the same seed makes the same ones."""

    def __init__(self, data: Path, synonyms: Synonyms | None, *, seed: int) -> None:
        self._random = random.Random(seed)
        self._texts = [text for text in texts(data) if len(text.spans) > 1]
        self._corpora = sum(text.corpus for text in self._texts)
        self._clozes = ClozeWriter(synonyms, seed=seed)
        self._relations = RelationQuestions(data, seed=seed)
        self._similar = Similar([f"{text.title} {text.text}" for text in self._texts])
        self._holding: dict[str, list[int]] = defaultdict(list)
        for i, text in enumerate(self._texts):
            for name in {text.text[s.start : s.end].lower() for s in text.spans if s.kind not in ("thing", "number")}:
                if len(name) > 3:
                    self._holding[name].append(i)

    def __iter__(self) -> Iterator[ReadingExample]:
        kinds, shares = [kind for kind, _ in SHARES], [share for _, share in SHARES]
        while True:
            kind = self._random.choices(kinds, shares)[0]
            if kind == "relation":
                found = ReadingExample(*self._relations.draw())
            else:
                made = self._cloze() if kind == "cloze" else self._recurring()
                if made is None:
                    continue
                found = made
            yield found

    def _drawn(self) -> tuple[int, SourceText, int, tuple[int, int], str, str] | None:
        """A text, one of its sentences, an answer in it (number of the span), and a question for that."""
        first, last = (0, self._corpora) if self._random.random() < ENCYCLOPAEDIC else (self._corpora, len(self._texts))
        at = self._random.randrange(first, last)
        text = self._texts[at]
        number = self._random.randrange(len(text.spans))
        span = text.spans[number]
        if span.end - span.start < 2 and span.kind != "number":
            return None
        if span.kind == "thing" and " " not in text.text[span.start : span.end] and text.text[span.start].islower():
            before = text.text[: span.start].rpartition(" ")[0].rpartition(" ")[2].lower()
            if before not in BEFORE_NOUNS or self._random.random() < 0.5:
                return None
        sentence = next(((a, b) for a, b in text.sentences if a <= span.start and span.end <= b), None)
        if sentence is None or sentence[1] - sentence[0] < 25:
            return None
        begin = sentence[0]
        question = self._clozes.write(text.text[slice(*sentence)], span.start - begin, span.end - begin, span.kind)
        if question is None:
            return None
        named = text.title and text.title.lower() not in question.lower()
        if named and self._random.random() < 0.3:
            question = self._with_title(question, text.title)
        return at, text, number, sentence, question, text.text[span.start : span.end]

    def _with_title(self, question: str, title: str) -> str:
        """The question with what it is about, as a pronoun or in front."""
        replaced, count = re.subn(r"\b(?:he|she|it|they|his|her|its|their)\b", title, question, count=1, flags=re.IGNORECASE)
        return replaced if count else question

    def _cloze(self) -> ReadingExample | None:
        drawn = self._drawn()
        if drawn is None:
            return None
        at, text, number, _, question, answer = drawn
        if self._random.random() < UNANSWERABLE:
            return self._negative(question, answer, at)
        span = text.spans[number]
        begin, end = self._window(text, span.start, span.end)
        return ReadingExample(question, self._title(text), text.text[begin:end], ((span.start - begin, span.end - begin),))

    def _negative(self, question: str, answer: str, at: int) -> ReadingExample | None:
        rows = [i for i in self._similar.to(question, 6) if i != at and answer.lower() not in self._texts[i].text.lower()]
        if not rows:
            return None
        text = self._texts[self._random.choice(rows[:3])]
        begin, end = self._window(text, 0, 1)
        return ReadingExample(question, self._title(text), text.text[begin:end], ())

    def _recurring(self) -> ReadingExample | None:
        """A question of one sentence, asked of another place that names the answer: elsewhere in the text, or another text."""
        drawn = self._drawn()
        if drawn is None or len(drawn[-1]) < 4:
            return None
        at, text, _, sentence, question, answer = drawn
        rest = f"{text.text[: sentence[0]]}{text.text[sentence[1] :].lstrip()}"
        places = _places(answer, rest)
        if not places:
            asked = {w for w in re.findall(r"\w+", question.lower()) if w not in SMALL}
            others = [i for i in self._holding.get(answer.lower(), ()) if i != at]
            shared = [(len(asked & set(re.findall(r"\w+", self._texts[i].text.lower()))), -i) for i in others[:40]]
            if not shared or max(shared)[0] < 2:
                return None
            text = self._texts[-max(shared)[1]]
            rest, places = text.text, _places(answer, text.text)
        if not places:
            return None
        begin, end = _cut(rest, *places[0], LONGEST)
        inside = tuple((a - begin, b - begin) for a, b in places if a >= begin and b <= end)
        return ReadingExample(question, self._title(text), rest[begin:end], inside)

    def _window(self, text: SourceText, start: int, end: int) -> tuple[int, int]:
        """Whole sentences around [start, end), at most about LONGEST characters, drawn longer or shorter."""
        room = self._random.randint(250, LONGEST)
        first = last = next((i for i, (a, b) in enumerate(text.sentences) if b > start), 0)
        while text.sentences[last][1] < end:
            last += 1
        while True:
            grown = [(first - 1, last)] * (first > 0) + [(first, last + 1)] * (last + 1 < len(text.sentences))
            grown = [(i, j) for i, j in grown if text.sentences[j][1] - text.sentences[i][0] <= room]
            if not grown:
                return text.sentences[first][0], text.sentences[last][1]
            first, last = self._random.choice(grown)

    def _title(self, text: SourceText) -> str:
        return text.title if self._random.random() < 0.8 else ""


class Similar:
    """Which of some texts share a query's words, the rare ones counting most."""

    def __init__(self, some: Sequence[str]) -> None:
        self._holding: dict[str, list[int]] = defaultdict(list)
        for i, text in enumerate(some):
            for word in set(_content(text)):
                self._holding[word].append(i)
        self._count = len(some)

    def to(self, query: str, count: int) -> list[int]:
        """The ``count`` most similar, best first."""
        scores: Counter[int] = Counter()
        for word in set(_content(query)):
            holding = self._holding.get(word, ())
            if len(holding) < self._count / 10:
                weight = math.log(self._count / max(len(holding), 1))
                for i in holding:
                    scores[i] += weight  # type: ignore[assignment]  # a Counter of floats
        return [i for i, _ in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:count]]


def _content(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.lower()) if word not in SMALL]


def _places(answer: str, text: str) -> list[tuple[int, int]]:
    """Where ``answer`` stands in ``text`` as whole words, in any case."""
    return [match.span() for match in re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE)]


def _cut(text: str, start: int, end: int, room: int) -> tuple[int, int]:
    """A stretch of ``text`` of at most ``room`` characters around [start, end), between words."""
    if len(text) <= room:
        return 0, len(text)
    begin = min(max(0, start - room // 2), len(text) - room)
    begin = text.find(" ", begin) + 1 if 0 < begin <= start - 40 else begin
    stop = text.rfind(" ", 0, begin + room)
    return begin, max(stop, end)


@dataclass(frozen=True, slots=True)
class RealQuestion:
    """A question of a training set with passages to ask it of. ``row`` is its place among those of ``set`` that may train."""

    set: str
    row: int
    examples: tuple[ReadingExample, ...]


def real_questions(data: Path) -> list[RealQuestion]:
    """The training questions whose answers stand in a supporting passage, with those passages and similar ones without the answer."""
    found = []
    for name in CORPORA:
        folder = data / "questions" / "corpus" / name
        corpus = list(read_rows(folder / "corpus.jsonl"))
        similar = Similar([f"{row['title']} {row['text']}" for row in corpus])
        number = {row["id"]: i for i, row in enumerate(corpus)}
        questions = list(read_rows(folder / "questions.jsonl"))
        for at, row in enumerate(questions[1::2] if name == "xquad" else questions):
            supporting = [number[one] for one in row["supporting"]]
            examples = []
            for i in supporting:
                text = corpus[i]["text"]
                spans = row["spans"] if "spans" in row else [p for answer in row["answers"] for p in _places(answer, text)]
                examples.append(ReadingExample(row["question"], corpus[i]["title"], text, tuple((a, b) for a, b in spans)))
            if not any(example.answers for example in examples):
                continue
            others = [i for i in similar.to(row["question"], 12) if i not in supporting]
            lacking = [i for i in others if not any(_places(answer, corpus[i]["text"]) for answer in row["answers"])]
            examples += [ReadingExample(row["question"], corpus[i]["title"], corpus[i]["text"], ()) for i in lacking[:NEGATIVES]]
            found.append(RealQuestion(name, at, tuple(examples)))
    return found
