"""Questions that people asked about one fact, as training for the planner: SimpleQuestions over Wikidata.

A row names its property ("P57", or "R57" where the subject is asked for) but not where its subject is written; that is the stretch of
rare words. Source: Diefenbach et al., Question Answering Benchmarks for Wikidata (ISWC 2017), after Bordes et al. (2015).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path

from dovetail.models.question_network import NAME
from dovetail.reasoning.questions.planning.lexicon import phrases_by_iri
from dovetail.reasoning.questions.planning.synthesis import Step, TrainingQuestion

PROPERTY = "http://www.wikidata.org/prop/direct/"
COMMON = 60
"""A word in more questions than this is none of a name's own."""


def simple_questions(path: Path) -> list[TrainingQuestion]:
    """The rows whose property the lexicon knows, with their subject masked."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    counts = Counter(word for row in rows for word in set(re.findall(r"\w+", row["question"].lower())))
    known = phrases_by_iri()
    found = []
    for row in rows:
        relation = known.get(f"{PROPERTY}P{row['property'][1:]}")
        place = rarest(row["question"], counts)
        if relation is not None and place is not None:
            start, end = place
            text = row["question"][:start] + NAME + row["question"][end:]
            found.append(TrainingQuestion(text, "lookup", (Step(relation.name, row["property"][0] == "R"),)))
    return found


def rarest(question: str, counts: Counter[str]) -> tuple[int, int] | None:
    """The stretch of words that is rarest as a whole: the one with the greatest sum of log(COMMON / count), by Kadane's algorithm.

    >>> rarest("who directed the wicked darling?", Counter(who=900, directed=200, the=999, wicked=2, darling=1))
    (17, 31)
    """
    best: tuple[float, int, int] | None = None
    total, start = 0.0, 0
    for match in re.finditer(r"\w+", question):
        value = math.log(COMMON / max(counts[match.group().lower()], 1))
        if total <= 0:
            total, start = 0.0, match.start()
        total += value
        if total > 0 and (best is None or total > best[0]):
            best = (total, start, match.end())
    return (best[1], best[2]) if best else None
