"""Which mentions a pronoun or nominal may refer back to, by the kinds of thing that both may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dovetail.models.coreference import NEAR, padded
from dovetail.models.coreference_features import Described, Ints

LOOK_BACK = 3 * NEAR
"""Mentions before an anaphor among which its candidates are looked for."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a mention may be: ``kinds`` of thing. ``head``: the pronoun or noun of one that refers back, by ``refers``."""

    kinds: frozenset[str]
    refers: bool
    head: str = ""


def compatible_candidates(mentions: Described, known: Sequence[Candidate], *, always: int | None = None) -> Ints:
    """For every mention that refers back, the NEAR last before it of a fitting kind, nearest first: (mentions, most), filled with -1.

    Two mentions with a known gender must share it. ``always``: a mention that is a candidate wherever it fits (the title).
    """
    at = np.argsort(mentions.order)
    rows: list[list[int]] = [[] for _ in known]
    for position, i in enumerate(at.tolist()):
        if not known[i].refers:
            continue
        row = rows[i]
        for j in at[max(0, position - LOOK_BACK) : position][::-1].tolist():
            if len(row) < NEAR and fits(mentions, known, j, i):
                row.append(j)
        if always is not None and always not in row and mentions.order[always] < position and fits(mentions, known, always, i):
            row.append(always)
    return padded(rows)


def fits(mentions: Described, known: Sequence[Candidate], candidate: int, anaphor: int) -> bool:
    """Whether kinds, and genders where both are known, allow the two to be one thing."""
    genders = {int(mentions.gender[candidate]), int(mentions.gender[anaphor])} - {2, 3}  # neuter and unknown fit by kind
    return len(genders) < 2 and bool(known[candidate].kinds & known[anaphor].kinds)
