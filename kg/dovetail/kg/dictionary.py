"""Terms numbered: the sorted table that stands behind a TripleIndex."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from dovetail.kg.statement import Term
from dovetail.kg.terms import from_text, to_ox

Ids: TypeAlias = NDArray[np.integer]

# Result tables write numbers bare and control characters raw; N-Triples quotes and escapes them.
_NOT_NTRIPLES = re.compile(rb"^[^\"<_]|[\x00-\x1f\x7f]|\xef\xbf[\xbe\xbf]")


class Terms:
    """Every term of an index, sorted by its N-Triples text: literals first, then IRIs, then blank nodes.

    ``terms[7]`` is the term numbered 7, made when asked for; ``terms.id(term)`` is its number. The
    text lies in one block (memory-mapped where the index is on disk) and is searched by halving.
    """

    def __init__(self, text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.text_bytes = text
        self.offsets = offsets
        self._view = memoryview(text)  # type: ignore[arg-type]

    @classmethod
    def of(cls, sorted_texts: Iterable[bytes]) -> Terms:
        """The table of these distinct texts, which must be sorted."""
        texts = list(sorted_texts)
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
        return cls(np.frombuffer(b"".join(texts), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int | np.integer) -> Term:
        return from_text(self.text(number))

    def __iter__(self) -> Iterator[Term]:
        return map(self.__getitem__, range(len(self)))

    def __contains__(self, term: object) -> bool:
        return self.id(term) is not None  # type: ignore[arg-type]

    def text(self, number: int | np.integer) -> str:
        """The N-Triples text of a term."""
        return self._bytes(int(number)).decode()

    def id(self, term: Term) -> int | None:
        """The number of ``term``, or None if no triple has it."""
        return self.find(str(to_ox(term)).encode())

    def find(self, wanted: bytes) -> int | None:
        """The number of the term with this N-Triples text, or None if no triple has it."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes(low) == wanted else None

    @property
    def first_iri(self) -> int:
        """Numbers below this one are literals."""
        return self._first(b"<")

    @property
    def first_blank(self) -> int:
        """Numbers from this one on are blank nodes."""
        return self._first(b"_")

    def _first(self, mark: bytes) -> int:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle)[:1] < mark:
                low = middle + 1
            else:
                high = middle
        return low

    def _bytes(self, number: int) -> bytes:
        if not 0 <= number < len(self):
            raise IndexError(f"no term numbered {number}; there are {len(self)}")
        return bytes(self._view[int(self.offsets[number]) : int(self.offsets[number + 1])])


def ntriples(texts: list[bytes]) -> list[bytes]:
    """Terms as result tables write them, as N-Triples writes them."""
    odd = [place for place, text in enumerate(texts) if _NOT_NTRIPLES.search(text)]
    if odd:
        table = b"?x\n" + b"".join(texts[place] + b"\n" for place in odd)
        rows = ox.parse_query_results(table, format=ox.QueryResultsFormat.TSV)
        assert isinstance(rows, ox.QuerySolutions)
        for place, row in zip(odd, rows, strict=True):
            texts[place] = str(row[0]).encode()
    return texts
