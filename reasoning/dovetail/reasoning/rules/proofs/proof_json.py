"""Proofs as JSON: one with its facts numbered, so that what is shared is said once; or all of a graph's, a step to a line.

    {"facts": [{"triple": ["<urn:a>", "<urn:p>", "<urn:b>"], "labels": ["a", "p", "b"], "confidence": 0.9,
                "rule": "rule-1", "binding": {"x": "<urn:a>"}, "premises": [1, 2], "stated_by": [], "evidence": []}, ...]}

The fact asked for is number 0, and every fact comes before its premises. Terms are N-Triples text. ``rule`` is null for
what is stated; only there do ``stated_by`` ("document", "asserted", "vocabulary") and ``evidence`` say something.
Helper facts are kept, so that the proof can be checked against its rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.rules.proofs.background import Background, Source
from dovetail.reasoning.rules.proofs.proof import Proof, Step, parts
from dovetail.reasoning.rules.rule import term_text


def proof_json(proof: Proof, graph: KnowledgeGraph) -> dict[str, object]:
    """A proof as values that ``json.dumps`` takes.

    >>> import pyoxigraph as ox
    >>> from dovetail.kg import KnowledgeGraph
    >>> a, b = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    >>> proof = Proof((b, a, a), 1.0, "rule-1", (Proof((a, a, b), 1.0),))
    >>> [fact["premises"] for fact in proof_json(proof, KnowledgeGraph())["facts"]]
    [[1], []]
    """
    background = Background(graph)
    order = list(reversed(list(parts(proof))))
    numbers = {part: number for number, part in enumerate(order)}
    return {"facts": [_part(part, numbers, background) for part in order]}


def write_steps(steps: Iterable[Step], output: TextIO) -> int:
    """Write steps as lines of JSON, and return how many: fact, confidence, rule, premises, and which of these are stated.

    >>> from io import StringIO
    >>> import pyoxigraph as ox
    >>> a, b = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    >>> write_steps([Step((b, a, a), 1.0, "rule-1", ((a, a, b),), (True,))], out := StringIO())
    1
    >>> json.loads(out.getvalue())["premises"]
    [['<urn:a>', '<urn:a>', '<urn:b>']]
    """
    count = 0
    for step in steps:
        told = {
            "triple": [*map(term_text, step.fact)],
            "confidence": step.confidence,
            "rule": step.rule,
            "premises": [[*map(term_text, premise)] for premise in step.premises],
            "stated": step.stated,
        }
        output.write(json.dumps(told, ensure_ascii=False) + "\n")
        count += 1
    return count


def _part(part: Proof, numbers: dict[Proof, int], background: Background) -> dict[str, object]:
    source = background.source(part.fact) if part.rule is None else Source()
    return {
        "triple": [term_text(term) for term in part.fact],
        "labels": [background.label(term) for term in part.fact],
        "confidence": part.confidence,
        "rule": part.rule,
        "binding": {name: term_text(term) for name, term in part.binding},
        "premises": [numbers[premise] for premise in part.premises],
        "stated_by": list(source.stated_by),
        "evidence": [
            {"document": e.document, "start": e.start, "end": e.end, "quote": e.quote, "confidence": e.confidence, "extractor": e.extractor}
            for e in source.evidence
        ],
    }
