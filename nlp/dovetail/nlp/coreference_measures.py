"""Measures of coreference: MUC, B³, CEAF with entity similarity φ4, their mean (CoNLL F1), and GAP's.

Sources: Vilain et al. (MUC-6, 1995); Bagga & Baldwin (LREC 1998); Luo, On coreference resolution performance metrics (EMNLP 2005);
Pradhan et al., Scoring coreference partitions (ACL 2014), whose example the doctests use; Webster et al., Mind the GAP (TACL 2018).
Clusters are collections of hashable mentions.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

Clusters: TypeAlias = Sequence[Collection[Hashable]]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Numerators and denominators of recall and precision; those of several documents add up.

    >>> ratio = Ratio(1, 2, 1, 1) + Ratio(1, 2, 1, 3)
    >>> ratio.recall, ratio.precision, ratio.f1
    (0.5, 0.5, 0.5)
    """

    recalled: float = 0.0
    gold: float = 0.0
    precise: float = 0.0
    found: float = 0.0

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.recalled + other.recalled, self.gold + other.gold, self.precise + other.precise, self.found + other.found)

    @property
    def recall(self) -> float:
        """The share of what is annotated that was found."""
        return self.recalled / self.gold if self.gold else 0.0

    @property
    def precision(self) -> float:
        """The share of what was found that is annotated."""
        return self.precise / self.found if self.found else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of recall and precision."""
        return 2 * self.recall * self.precision / (self.recall + self.precision) if self.recall and self.precision else 0.0


def muc(gold: Clusters, found: Clusters) -> Ratio:
    """Links: mentions of a cluster less the parts that the other side cuts it into.

    >>> ratio = muc([{"a", "b", "c"}, {"d", "e", "f", "g"}], [{"a", "b"}, {"c", "d"}, {"f", "g", "h", "i"}])
    >>> round(ratio.recall, 2), round(ratio.precision, 2)
    (0.4, 0.4)
    """
    return Ratio(*_links(gold, found), *_links(found, gold))


def _links(ours: Clusters, theirs: Clusters) -> tuple[float, float]:
    owner = {mention: i for i, cluster in enumerate(theirs) for mention in cluster}
    kept = total = 0
    for cluster in ours:
        parts = {owner[m] for m in cluster if m in owner}
        kept += len(cluster) - len(parts) - sum(m not in owner for m in cluster)
        total += len(cluster) - 1
    return kept, total


def b_cubed(gold: Clusters, found: Clusters) -> Ratio:
    """For each mention, how much of its cluster the other side's cluster shares.

    >>> ratio = b_cubed([{"a", "b", "c"}, {"d", "e", "f", "g"}], [{"a", "b"}, {"c", "d"}, {"f", "g", "h", "i"}])
    >>> round(ratio.recall, 2), round(ratio.precision, 2)
    (0.42, 0.5)
    """
    return Ratio(*_shares(gold, found), *_shares(found, gold))


def _shares(ours: Clusters, theirs: Clusters) -> tuple[float, float]:
    owner = {mention: i for i, cluster in enumerate(theirs) for mention in cluster}
    share = 0.0
    for cluster in ours:
        counts: dict[int, int] = {}
        for mention in cluster:
            if mention in owner:
                counts[owner[mention]] = counts.get(owner[mention], 0) + 1
        share += sum(n * n for n in counts.values()) / len(cluster)
    return share, float(sum(len(c) for c in ours))


def ceaf_e(gold: Clusters, found: Clusters) -> Ratio:
    """The best one-to-one matching of clusters, by φ4 = 2 |K ∩ R| / (|K| + |R|).

    >>> ratio = ceaf_e([{"a", "b", "c"}, {"d", "e", "f", "g"}], [{"a", "b"}, {"c", "d"}, {"f", "g", "h", "i"}])
    >>> round(ratio.recall, 2), round(ratio.precision, 2)
    (0.65, 0.43)
    """
    if not gold or not found:
        return Ratio(0.0, float(len(gold)), 0.0, float(len(found)))
    owner = {mention: i for i, cluster in enumerate(found) for mention in cluster}
    similarity = np.zeros((len(gold), len(found)))
    for i, cluster in enumerate(gold):
        for mention in cluster:
            if mention in owner:
                j = owner[mention]
                similarity[i, j] += 2 / (len(cluster) + len(found[j]))
    rows, columns = linear_sum_assignment(-similarity)
    best = float(similarity[rows, columns].sum())
    return Ratio(best, float(len(gold)), best, float(len(found)))


def conll(documents: Iterable[tuple[Clusters, Clusters]]) -> dict[str, float]:
    """``conll_f1``, the mean of ``muc_f1``, ``b3_f1`` and ``ceafe_f1``, over (annotated, found) clusters of each document."""
    sums = {"muc_f1": Ratio(), "b3_f1": Ratio(), "ceafe_f1": Ratio()}
    for gold, found in documents:
        for name, measure in (("muc_f1", muc), ("b3_f1", b_cubed), ("ceafe_f1", ceaf_e)):
            sums[name] += measure(gold, found)
    figures = {name: ratio.f1 for name, ratio in sums.items()}
    return {"conll_f1": sum(figures.values()) / 3, **figures}


@dataclass(frozen=True, slots=True)
class GapAnswer:
    """Whether a pronoun stands for name A and for name B: as annotated, and as found."""

    feminine: bool
    gold: tuple[bool, bool]
    found: tuple[bool, bool]


def gap(answers: Iterable[GapAnswer]) -> dict[str, float]:
    """``gap_f1`` over two decisions a row, and for each gender; ``gap_bias`` is F1 of feminine rows over that of masculine ones."""
    counts = {None: [0, 0, 0], True: [0, 0, 0], False: [0, 0, 0]}
    for answer in answers:
        for gold, found in zip(answer.gold, answer.found, strict=True):
            for group in (None, answer.feminine):
                for i, counted in enumerate((gold and found, gold, found)):
                    counts[group][i] += counted
    f1 = {group: 2 * true / max(gold + found, 1) for group, (true, gold, found) in counts.items()}
    return {
        "gap_f1": f1[None],
        "gap_masculine_f1": f1[False],
        "gap_feminine_f1": f1[True],
        "gap_bias": f1[True] / f1[False] if f1[False] else 0.0,
    }
