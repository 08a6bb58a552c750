"""Asking with the help of a language model, where the user has one: off unless a model is given.

    question -> Asker -> not known? rephrased -> Asker -> unsure? reread -> phrased -> Told

Everything that helps is optional: what a model does not do in time, or does wrong, leaves the answer as it was, with one warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dovetail.kg.errors import InputError
from dovetail.reasoning.questions.answer import Answer, GivenAnswer
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.hooks import PASSAGES_SHOWN, LanguageModel, LanguageModelError, Span, phrased, rephrased, reread
from dovetail.reasoning.questions.metrics import normal_answer
from dovetail.reasoning.questions.surfaces import NameTable, normal_name

SURE = 0.8
"""An answer from this probability on is not read for again."""
REREAD_PROBABILITY = 0.5
"""What the model's word for a stretch of text counts as: it is not calibrated on anything."""
MOST_FAILURES = 3
"""After so many failures in a row the model is not asked any more."""
EXPERT = "language model"

Ask = Callable[[str], Answer]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and the sentence that a language model made of it, if one did and it held."""

    answer: Answer
    sentence: str | None = None

    def to_json(self) -> dict[str, object]:
        """The answer as JSON, with its ``sentence`` where there is one."""
        return {**self.answer.to_json(), **({"sentence": self.sentence} if self.sentence else {})}


Tell = Callable[[str], Told]


class Assistant:
    """A language model at an asker's side. ``warn`` gets one line where it failed; what it says is never written to the graph."""

    def __init__(self, asker: Asker, model: LanguageModel, *, warn: Callable[[str], None]) -> None:
        self.asker = asker
        self.model = model
        self.warn = warn
        self._failures = 0
        self._known = NameTable({normal_name(name) for _, name in asker.graph.all_names()} - {""})

    def tell(self, question: str, ask: Ask) -> Told:
        """What ``ask`` answers, with whatever the model can add to it."""
        answer = ask(question)
        if self._failures >= MOST_FAILURES:
            return Told(answer)
        sentence = None
        try:
            if answer.abstained:
                answer = self._planned(answer, ask)
            if answer.abstained or answer.answers[0].probability < SURE:
                answer = self._reread(answer)
            sentence = phrased(answer, self.model, known=self._known)
        except LanguageModelError as error:
            self._failures += 1
            last = "; it is not asked any more" if self._failures == MOST_FAILURES else ""
            self.warn(f"warning: answered without the language model: {error}{last}")
        else:
            self._failures = 0
        return Told(answer, sentence)

    def _planned(self, answer: Answer, ask: Ask) -> Answer:
        """The answer to the question in other words, where that has one."""
        words = rephrased(answer.question, self.model)
        other = ask(words) if words is not None else answer
        return answer if other.abstained else replace(other, question=answer.question, seconds=answer.seconds + other.seconds)

    def _reread(self, answer: Answer) -> Answer:
        found = self.asker.retriever.retrieve(answer.question, k=PASSAGES_SHOWN).passages
        span = reread(answer.question, [scored.passage for scored in found], self.model)
        if span is None or not self._stands(span):
            return answer
        return with_span(answer, span)

    def _stands(self, span: Span) -> bool:
        """Whether the document says so itself, and not only the index of its passages."""
        quote = span.quote
        try:
            return self.asker.graph.document(quote.document).text[quote.start : quote.end] == quote.quote
        except InputError:
            return False


def with_span(answer: Answer, span: Span) -> Answer:
    """``answer`` with what was read again in the first place; what was found already keeps its proof."""
    key = normal_answer(span.text)
    same = next((one for one in answer.answers if normal_answer(one.text) == key), None)
    others = tuple(one for one in answer.answers if one is not same)
    if same is None:
        first = GivenAnswer(span.text, None, REREAD_PROBABILITY, (span.quote,), (), {EXPERT: 1.0})
    else:
        evidence = tuple(dict.fromkeys((span.quote, *same.evidence)))
        first = replace(
            same, probability=max(same.probability, REREAD_PROBABILITY), evidence=evidence, experts={**same.experts, EXPERT: 1.0}
        )
    capped = tuple(replace(one, probability=min(one.probability, first.probability)) for one in others)
    return replace(answer, answers=(first, *capped), abstained=False)
