"""What kind of answer a question wants: the table in tests/tables/question_kinds.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from dovetail.reasoning.questions.reading.kinds import KINDS, kind_of_type, wanted

TABLE = Path(__file__).parents[2] / "tables" / "question_kinds.txt"
ROWS = [line.split(" => ") for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(("question", "expected"), ROWS)
def test_kind(question: str, expected: str) -> None:
    kind, *choices = expected.split(" | ")
    found = wanted(question)
    assert (found.kind, list(found.choices)) == (kind, choices)
    assert found.kind in KINDS


@pytest.mark.parametrize(
    ("label", "kind"),
    [("human", "person"), ("Place", "place"), ("city", "place"), ("company", "organisation"), ("date", "date"), ("chemical element", None)],
)
def test_kind_of_type(label: str, kind: str | None) -> None:
    assert kind_of_type(label) == kind
