"""The ways to read a question: which stretches are names, and from which of them the steps start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dovetail.models.question_network import NAME
from dovetail.reasoning.questions.planning.linking import Mention

READINGS = 6
"""So many stretches of a question are tried as the name that steps start from."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a question: ``text`` with ``names`` masked, in order; ``place`` says which is the topic, None for none."""

    question: str
    text: str
    names: tuple[Mention, ...]
    place: int | None

    @property
    def topic(self) -> Mention | None:
        """The name that steps start from."""
        return None if self.place is None else self.names[self.place]

    @property
    def written(self) -> str:
        """The topic as the question has it."""
        return "" if self.topic is None else self.question[self.topic.start : self.topic.end]


def readings_of(question: str, mentions: Sequence[Mention]) -> list[Reading]:
    """Each likely mention as the topic, with the likely ones beside it masked as well; and a reading without a topic.

    >>> [one] = readings_of("Which city is the largest?", [])
    >>> one.text, one.topic
    ('Which city is the largest?', None)
    """
    sure = sure_names(mentions)
    found = []
    for topic in [one for one in mentions if one.nodes][:READINGS]:
        names = sorted((topic, *_apart(sure, (topic,))), key=lambda one: one.start)
        found.append(Reading(question, _masked(question, names), tuple(names), names.index(topic)))
    found.append(Reading(question, _masked(question, sure), tuple(sure), None))
    return found


def sure_names(mentions: Sequence[Mention]) -> list[Mention]:
    """The likely names among mentions, none overlapping another, left to right."""
    return _apart([one for one in mentions if one.prior > 0], ())


def _apart(mentions: Sequence[Mention], taken: Sequence[Mention]) -> list[Mention]:
    """The likeliest mentions of which none overlaps another or one taken, left to right."""
    chosen: list[Mention] = []
    for one in mentions:
        if not any(one.start < other.end and other.start < one.end for other in (*chosen, *taken)):
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.start)


def _masked(question: str, names: Sequence[Mention]) -> str:
    text, at = "", 0
    for one in names:
        text += question[at : one.start] + NAME
        at = one.end
    return text + question[at:]
