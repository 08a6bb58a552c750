"""An answer as a piece of HTML that stands alone: for a notebook, a report, a web page.

Everything that comes from a question, a document or a graph is escaped, as text and in attributes. There is no script, nothing is
fetched, and only ``http`` and ``https`` IRIs become links.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from dovetail.reasoning.questions.answer import Answer, GivenAnswer, ProofStep, Quote

_QUOTE_STYLE = "margin:.3em 0 .3em 1em;padding-left:.7em;border-left:3px solid #bbb"
_FAINT = "color:#666;font-size:90%"
_MARK = "color:#9a5b00;font-size:90%"


def answer_html(answer: Answer) -> str:
    """``answer`` as one ``<section>``: the question, each answer with its probability, its quotes with their places, and its proof.

    >>> from dovetail.reasoning.questions.answer import Plan
    >>> print(answer_html(Answer("Who is <b>Zog</b>?", (), True, Plan("person", (), (), ("Zog",)), 0.0)))
    <section class="dovetail-answer">
    <p><strong>Who is &lt;b&gt;Zog&lt;/b&gt;?</strong></p>
    <p>I don’t know. Not in the graph: Zog.</p>
    </section>
    """
    lines = [f"<p><strong>{text(answer.question)}</strong></p>"]
    if answer.abstained:
        unknown = f" Not in the graph: {text(', '.join(answer.plan.unknown))}." if answer.plan.unknown else ""
        lines.append(f"<p>I don’t know.{' At best:' if answer.answers else ''}{unknown}</p>")
    if answer.answers:
        lines += ["<ol>", *(line for given in answer.answers for line in _given(given)), "</ol>"]
    return "\n".join(['<section class="dovetail-answer">', *lines, "</section>"])


def text(value: object) -> str:
    """``value`` as text of HTML or the value of an attribute, on one line, without characters that cannot be seen.

    >>> text('"><script>alert(1)</script>\\x00')
    '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;'
    """
    shown = "".join(c if c.isprintable() or c.isspace() else "" for c in str(value))
    return escape(" ".join(shown.split()), quote=True)


def linked(label: str, iri: str | None) -> str:
    """``label`` as a link to ``iri`` where that is an address of the web, else as text with the IRI as its title.

    >>> linked("A", "javascript:alert(1)"), linked("A", "https://x.example/?a=1&b=2")
    ('<span title="javascript:alert(1)">A</span>', '<a href="https://x.example/?a=1&amp;b=2" rel="noreferrer noopener">A</a>')
    """
    if iri is None:
        return text(label)
    if iri.startswith(("http://", "https://")):
        return f'<a href="{text(iri)}" rel="noreferrer noopener">{text(label)}</a>'
    return f'<span title="{text(iri)}">{text(label)}</span>'


def _given(given: GivenAnswer) -> Iterable[str]:
    yield "<li>"
    predicted = f' <em style="{_MARK}">predicted</em>' if given.predicted else ""
    yield f'<strong>{linked(given.text, given.iri)}</strong> <span style="{_FAINT}">{given.probability:.0%}</span>{predicted}'
    yield from _quotes(given.evidence)
    for other in given.conflicts:
        yield f'<p style="{_MARK}">but also said: <strong>{text(other.text)}</strong></p>'
        yield from _quotes(other.evidence)
    if given.proof:
        yield "<details><summary>proof</summary>"
        yield from _steps(given.proof)
        yield "</details>"
    yield "</li>"


def _quotes(quotes: Iterable[Quote]) -> Iterable[str]:
    for quote in quotes:
        place = f"{text(quote.document)}, characters {quote.start}–{quote.end}"
        yield f'<blockquote style="{_QUOTE_STYLE}"><q>{text(quote.quote)}</q><br><cite style="{_FAINT}">{place}</cite></blockquote>'


def _steps(steps: Sequence[ProofStep]) -> Iterable[str]:
    yield "<ol>"
    for step in steps:
        iris = step.subject, step.predicate, step.object
        yield "<li>" + " → ".join(linked(label, iri) for label, iri in zip(step.labels, iris, strict=True)) + _of_step(step)
        yield from _quotes(step.evidence)
        if step.because:
            yield from _steps(step.because)
        yield "</li>"
    yield "</ol>"


def _of_step(step: ProofStep) -> str:
    said = []
    if step.since or step.until:
        said.append(f"{step.since or '…'} – {step.until or '…'}")
    if step.rule:
        said.append(f"by {step.rule}")
    if step.predicted is not None:
        said.append(f"predicted, {step.predicted:.0%}")
    return f' <span style="{_MARK if step.predicted is not None else _FAINT}">{text("; ".join(said))}</span>' if said else ""
