"""An answer on the screen: what is asked, what is answered, the sentences that say so, and how it was reached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from dovetail.app.screen import indented, out, quoted

if TYPE_CHECKING:
    from dovetail.reasoning.questions.answer import Answer, GivenAnswer, Plan, PlannedQuery, ProofStep, Quote

QUOTES = 2
"""Quotes shown for one answer or one step; --json gives them all."""
LISTED = 12
"""Answers shown of a list; --json gives them all."""
WORTH_A_WORD = 0.01
"""The probability from which another answer is named beside the best."""

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def seen(text: str) -> str:
    """``text`` without what would steer a terminal: what a document holds is shown, and not obeyed.

    >>> seen("a\\x1b[2Jb")
    'a[2Jb'
    """
    return _UNSEEN.sub("", text)


def show_answer(answer: Answer, *, explain: bool, sentence: str | None = None, heading: bool = True) -> None:
    """Print one question with its answers. ``sentence``: the answer as a sentence, where there is one."""
    for line in answer_lines(answer, explain=explain, sentence=sentence, heading=heading):
        out.print(line)


def answer_lines(answer: Answer, *, explain: bool, sentence: str | None = None, heading: bool = True) -> Iterator[Text]:
    """What ``show_answer`` prints, as wide as the screen is."""
    if heading:
        yield indented(seen(answer.question), 0, style="bold")
    if answer.abstained:
        yield indented("I don't know." + (" At best:" if answer.answers else "") + ("" if explain else _unknown(answer.plan)), 2)
    if sentence:
        yield indented(seen(sentence), 2)
    shown, listed = _chosen(answer, explain=explain)
    for given in shown:
        yield from _given(given, explain=explain)
    if listed:
        left = len(answer.answers) - len(shown)
        if left:
            yield indented(f"and {left:,} more; see them with --json", 2, style="dim")
    if explain:
        for words in _plan(answer.plan):
            yield indented(words, 2, style="dim")
        yield indented(f"{answer.seconds:.2f} seconds", 2, style="dim")
    elif not listed and (others := [one for one in answer.answers[1:] if one.probability >= WORTH_A_WORD]):
        yield indented("or: " + ", ".join(f"{seen(one.text)} {one.probability:.0%}" for one in others), 4, style="dim")


def _chosen(answer: Answer, *, explain: bool) -> tuple[Sequence[GivenAnswer], bool]:
    """The answers to print in full, and whether all of them together are the answer."""
    query = answer.plan.query
    listed = query is not None and query.kind == "list" and len(answer.answers) > 1 and all("plan" in one.experts for one in answer.answers)
    if listed:
        return answer.answers[:LISTED], True
    return (answer.answers if explain else answer.answers[:1]), False


def _unknown(plan: Plan) -> str:
    if not plan.unknown:
        return ""
    said = []
    for name in plan.unknown:
        near = plan.near.get(name, ())
        said.append(seen(name) + (f" (did you mean {', '.join(map(seen, near))}?)" if near else ""))
    return f" Not in the graph: {', '.join(said)}."


def _given(given: GivenAnswer, *, explain: bool) -> Iterator[Text]:
    named = indented(seen(given.text), 2, style="bold green")
    named.append(f"  {given.probability:.0%}", style="dim")
    if given.predicted:
        named.append("  predicted: no document states it", style="yellow")
    yield named
    if explain and given.proof:
        for step in given.proof:
            yield from _step(step, 4)
    else:
        if times := _times(given.proof):
            yield indented(times, 4, style="dim")
        yield from _quotes(given.evidence, 4)
    for conflict in given.conflicts:
        yield indented(f"but also said: {seen(conflict.text)}", 4, style="yellow")
        yield from _quotes(conflict.evidence, 6)
    if explain:
        believed = ", ".join(f"{name} {value:.2f}" for name, value in given.experts.items() if value)
        if believed:
            yield indented(f"believed by {believed}", 4, style="dim")


def _step(step: ProofStep, indent: int) -> Iterator[Text]:
    yield indented(" → ".join(map(seen, step.labels)), indent)
    notes = [_times([step])] if step.since or step.until else []
    notes += [f"by the rule {seen(step.rule)}"] if step.rule else []
    notes += [f"predicted, {step.predicted:.0%}"] if step.predicted is not None else []
    if notes:
        yield indented("; ".join(notes), indent + 2, style="yellow" if step.predicted is not None else "dim")
    yield from _quotes(step.evidence, indent + 2)
    for one in step.because:
        yield from _step(one, min(indent + 2, 20))


def _times(steps: Sequence[ProofStep]) -> str:
    """Since when and until when the last step holds."""
    last = next((step for step in reversed(steps) if step.since or step.until), None)
    if last is None:
        return ""
    return " ".join([*(["since", last.since] if last.since else []), *(["until", last.until] if last.until else [])])


def _quotes(quotes: Sequence[Quote], indent: int) -> Iterator[Text]:
    for quote in quotes[:QUOTES]:
        yield from quoted(seen(quote.quote), seen(quote.document), quote.start, quote.end, indent=indent)
    if len(quotes) > QUOTES:
        yield indented(f"and {len(quotes) - QUOTES} more", indent, style="dim")


def _plan(plan: Plan) -> Iterator[str]:
    yield f"read as a question of the kind: {plan.kind}"
    if plan.query is not None:
        yield f"asked of the graph: {_query(plan.query)}"
        yield f"in SPARQL: {' '.join(seen(plan.query.sparql).split())}"
    for other in plan.alternatives:
        yield f"or else: {_query(other)}"
    if plan.names:
        yield "names recognised: " + ", ".join(seen(name.text) for name in plan.names)
    if plan.unknown:
        yield _unknown(plan).strip().rstrip(".")[0].lower() + _unknown(plan).strip().rstrip(".")[1:]


def _query(query: PlannedQuery) -> str:
    return f"{seen(query.sentence)} ({query.confidence:.0%})"
