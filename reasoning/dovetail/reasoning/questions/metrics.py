"""Measures of retrieval and of answers.

Source of exact match and F1 of answers: Rajpurkar et al., SQuAD (EMNLP 2016).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normal_answer(text: str) -> str:
    """SQuAD's normal form: lower case, no punctuation, no articles, single spaces.

    >>> normal_answer("The  U.S. Senate!")
    'us senate'
    """
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, gold: Iterable[str]) -> float:
    """1 if ``answer`` is one of ``gold`` in normal form, else 0.

    >>> exact_match("the Beatles", ["Beatles"])
    1.0
    """
    return float(normal_answer(answer) in {normal_answer(one) for one in gold})


def answer_f1(answer: str, gold: Iterable[str]) -> float:
    """The best F1 of the words of ``answer`` against one of ``gold``.

    >>> answer_f1("President Barack Obama", ["Barack Obama"])
    0.8
    """
    return max((_f1(normal_answer(answer).split(), normal_answer(one).split()) for one in gold), default=0.0)


def _f1(answer: Sequence[str], gold: Sequence[str]) -> float:
    if not answer or not gold:
        return float(answer == gold)
    shared = sum((Counter(answer) & Counter(gold)).values())
    return 2 * shared / (len(answer) + len(gold))


def answer_form(text: str) -> str:
    """The normal form of a name, however a table spells it.

    >>> answer_form("Donald_A._Bailey") == answer_form("donald a. bailey")
    True
    """
    return normal_answer(text.replace("_", " "))


def set_f1(found: set[str], wanted: set[str]) -> float:
    """F1 of a set of answers.

    >>> set_f1({"a", "b"}, {"b"}), set_f1(set(), {"b"})
    (0.6666666666666666, 0.0)
    """
    shared = len(found & wanted)
    return 2 * shared / (len(found) + len(wanted)) if shared else 0.0


def recall_at(found: Sequence[str], wanted: Collection[str], k: int) -> float:
    """The share of ``wanted`` among the first ``k`` of ``found``.

    >>> recall_at(["a", "b", "c"], {"a", "c"}, 2)
    0.5
    """
    return len(set(found[:k]) & set(wanted)) / len(set(wanted))


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float | None:
    """The chance that a right one scores above a wrong one (ties count half); None without both sorts.

    >>> auroc([0.9, 0.4, 0.6], [True, False, True])
    1.0
    """
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    ranks = [0.0] * len(scores)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        for i in order[at:end]:
            ranks[i] = (at + end + 1) / 2
        at = end
    good = sum(right)
    bad = len(right) - good
    if not good or not bad:
        return None
    return (sum(rank for rank, yes in zip(ranks, right, strict=True) if yes) - good * (good + 1) / 2) / (good * bad)


def calibration_error(probabilities: Sequence[float], right: Sequence[bool], *, bins: int = 10) -> float:
    """Expected calibration error: how far stated probabilities are from how often they hold, in equal-width bins.

    >>> calibration_error([1.0, 1.0], [True, False])
    0.5
    """
    if not probabilities:
        return 0.0
    groups: list[list[int]] = [[] for _ in range(bins)]
    for i, probability in enumerate(probabilities):
        groups[min(int(probability * bins), bins - 1)].append(i)
    total = 0.0
    for group in groups:
        if group:
            total += abs(sum(probabilities[i] for i in group) - sum(bool(right[i]) for i in group))
    return total / len(probabilities)
