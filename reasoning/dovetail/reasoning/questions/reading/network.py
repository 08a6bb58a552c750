"""What the span network sees in all passages of a question together.

    network, question, passages -> see -> Sight (odds of spans, shares of tokens and sentences)

Shares are of one whole: every span of every passage, and "no answer in any of them".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from dovetail.models.span_reader import Odds, SpanReader


Floats = npt.NDArray[np.float32]

SPANS_PROPOSED = 6
"""Spans of a passage that the network adds to the candidates."""
LOWEST = -20.0
"""Log-odds of what the network cannot see."""

NETWORK_FEATURES = ("odds", "share", "start share", "end share", "covered", "touched", "sentence odds", "passage odds")


@dataclass(frozen=True, slots=True, eq=False)
class PassageSight:
    """One passage: the odds of its tokens; by first token the best span; by token its share of being in the answer."""

    odds: Odds
    table: Floats
    by_start: Floats
    starts: Floats
    ends: Floats
    covered: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """All passages: ``total`` is the log of all spans' odds together, and of "no answer", which counts 1."""

    passages: tuple[PassageSight, ...]
    total: float

    @property
    def best(self) -> float:
        """The log-odds of the best span of all."""
        return max((float(one.by_start.max()) for one in self.passages if len(one.by_start)), default=LOWEST)

    def features(self, passage: int, start: int, end: int, sentence: tuple[int, int]) -> tuple[float, ...]:
        """NETWORK_FEATURES of ``text[start:end]`` of a passage, in the sentence at these places."""
        one = self.passages[passage]
        place = one.odds.tokens(start, end)
        if place is None:
            return (LOWEST / 10, 0.0, 0.0, 0.0, 0.0, 0.0, LOWEST / 10, LOWEST / 10)
        first, last = place
        odds = float(one.odds.start[first] + one.odds.end[last])
        covered = one.covered[first : last + 1]
        return (
            max(odds, LOWEST) / 10,
            float(np.exp(odds - self.total)) if last - first < len(one.table) else 0.0,
            float(one.starts[first]),
            float(one.ends[last]),
            float(covered.mean()),
            float(covered.max()),
            max(self.sentence_odds(passage, *sentence), LOWEST) / 10,
            max(float(one.by_start.max()), LOWEST) / 10,
        )

    def sentence_odds(self, passage: int, start: int, end: int) -> float:
        """The log-odds of the best span that starts in ``text[start:end]``."""
        one = self.passages[passage]
        place = one.odds.tokens(start, end)
        return float(one.by_start[place[0] : place[1] + 1].max()) if place else LOWEST

    def proposed(self, passage: int) -> list[tuple[int, int]]:
        """The best spans of a passage, as characters of its text, best first."""
        one = self.passages[passage]
        count = min(SPANS_PROPOSED, int(np.isfinite(one.table).sum()))
        places = np.argsort(-one.table, axis=None, kind="stable")[:count]
        offsets = one.odds.offsets
        return [(offsets[first][0], offsets[first + more][1]) for more, first in (divmod(int(i), len(offsets)) for i in places)]


def see(network: SpanReader, question: str, passages: Sequence[tuple[str, str]]) -> Sight:
    """What ``network`` sees in ``passages``, each given as (title, text)."""
    every = network.read(question, passages)
    tables = [odds.spans() for odds in every]
    sums = [float(np.exp(table).sum()) for table in tables]
    total = float(np.log1p(sum(sums)))
    return Sight(tuple(_sight(odds, table, total) for odds, table in zip(every, tables, strict=True)), total)


def _sight(odds: Odds, table: Floats, total: float) -> PassageSight:
    count = len(odds.offsets)
    shares = np.exp(table - np.float32(total))
    change = np.zeros(count + 1)
    ends = np.zeros(count, dtype=np.float32)
    for more in range(min(len(table), count)):
        change[: count - more] += shares[more, : count - more]
        change[more + 1 :] -= shares[more, : count - more]
        ends[more:] += shares[more, : count - more]
    covered = np.cumsum(change)[:count].astype(np.float32)
    by_start = table.max(0) if count else table.reshape(-1)[:0]
    return PassageSight(odds, table, by_start, shares.sum(0), ends, covered)
