"""Which names and which words stand in which passages, as arrays; brought up to date by what changed alone.

    Passage -> build_structure -> NameGraph (saved as .npz)
    NameGraph, Passage (some gone, some new) -> update_structure -> the NameGraph that building anew would give

A name is one that the corpus knows: from a title, from the words a passage without a title opens with, from its capitals, or as
an entity of the graph. A known name stands wherever it is written with a capital, and one of several words wherever it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dovetail.kg.passages import Passage
from dovetail.reasoning.questions.surfaces import NameTable, lead_name, proper_names, stem, title_names, words_of

Ints = npt.NDArray[np.int64]

FORMAT = "3"
"""What a saved structure is like: another of these, and it is made again."""


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """What stands in which passage: of passage i, the columns ``columns[starts[i]:starts[i + 1]]``, rising, named by ``labels``, sorted."""

    labels: tuple[str, ...]
    starts: Ints
    columns: Ints

    @property
    def rows(self) -> Ints:
        """The passage of each column, by place."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    @property
    def frequency(self) -> Ints:
        """In how many passages each label stands."""
        return np.bincount(self.columns, minlength=len(self.labels)).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class NameGraph:
    """The names and the words of passages.

    ``passages`` holds the id of each passage (n,), rising, and ``prints`` (n,) a fingerprint of what it says; passages with the
    same number in ``documents`` (n,) are of one document.
    ``held`` says which names stand in which passage, and of each whether it heads the passage (``heads``: its title's, or the
    one it opens with) and whether the passage itself makes it a name (``proper``). ``words`` are the stems of title and text.
    ``known`` are all names that were looked for, sorted: those in ``held`` and those that stand nowhere.
    """

    passages: Ints
    prints: Ints
    documents: Ints
    held: Incidence
    heads: npt.NDArray[np.bool_]
    proper: npt.NDArray[np.bool_]
    words: Incidence
    known: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The normal form of each name, sorted."""
        return self.held.labels


@dataclass(frozen=True, slots=True)
class _Own:
    """What a passage says by itself: the names that head it, the names it has by its capitals, and its stems."""

    heads: frozenset[str]
    proper: frozenset[str]
    words: frozenset[str]


def _own(passage: Passage, *, titles: bool) -> _Own:
    title = passage.title if titles else ""
    heads = title_names(title)
    if not heads and passage.start == 0 and (lead := lead_name(passage.text)) is not None:
        heads = [lead]
    words = {stem(word.form) for text in (title, passage.text) for word in words_of(text)}
    return _Own(frozenset(heads), frozenset(proper_names(passage.text)), frozenset(words))


def build_structure(passages: Sequence[Passage], names: Iterable[str] = (), *, titles: bool = True) -> NameGraph:
    """The structure of ``passages`` (by rising id), in which ``names``, normal forms, are looked for as well.

    ``titles=False`` leaves titles out altogether.

    >>> graph = build_structure([Passage(1, "d", "Jaws", 0, 40, "Jaws was made by Steven Spielberg.")])
    >>> graph.names
    ('jaws', 'steven spielberg')
    """
    owns = [_own(passage, titles=titles) for passage in passages]
    known = _known(owns, names)
    table = NameTable(known)
    found = [_found(table, passage.text) for passage in passages]
    return _joined(passages, owns, found, known)


def _known(owns: Iterable[_Own], names: Iterable[str]) -> set[str]:
    return {name for own in owns for name in own.heads | own.proper}.union(names) - {""}


def fingerprint(passage: Passage) -> int:
    """A number that tells what a passage says, and whether it opens its document, from what others say."""
    content = "\n".join((passage.title, str(passage.start == 0), passage.text))
    return int.from_bytes(blake2b(content.encode(), digest_size=8).digest(), "little", signed=True)


def _found(table: NameTable, text: str) -> frozenset[str]:
    return frozenset(some.name for some in table.occurrences(text, lower=True) if some.capital or some.words > 1)


def update_structure(graph: NameGraph, passages: Sequence[Passage], names: Iterable[str] = (), *, titles: bool = True) -> NameGraph:
    """What ``build_structure`` gives, given the structure of other passages and names, many of them the same.

    ``titles`` must be as they were for ``graph``. A passage that it has is read again only where a name that came or went may
    stand in it.
    """
    place = {int(number): i for i, number in enumerate(graph.prints)}
    known = [place.get(fingerprint(passage), -1) for passage in passages]
    owns = [_kept(graph, i) if i >= 0 else _own(passage, titles=titles) for i, passage in zip(known, passages, strict=True)]
    sought = _known(owns, names)
    table = NameTable(sought)
    stale = _holding(graph.words, sought.difference(graph.known))
    lost = np.array([name not in sought for name in graph.names], dtype=bool)
    stale |= set(graph.held.rows[lost[graph.held.columns]].tolist())
    found = [
        _names(graph, i, None) if i >= 0 and i not in stale else _found(table, passage.text)
        for i, passage in zip(known, passages, strict=True)
    ]
    return _joined(passages, owns, found, sought)


def _kept(graph: NameGraph, row: int) -> _Own:
    words = graph.words.columns[graph.words.starts[row] : graph.words.starts[row + 1]]
    return _Own(
        _names(graph, row, graph.heads), _names(graph, row, graph.proper), frozenset(graph.words.labels[column] for column in words)
    )


def _names(graph: NameGraph, row: int, which: npt.NDArray[np.bool_] | None) -> frozenset[str]:
    """The names of a passage, or those of which ``which`` is true."""
    at = slice(graph.held.starts[row], graph.held.starts[row + 1])
    columns = graph.held.columns[at] if which is None else graph.held.columns[at][which[at]]
    return frozenset(graph.held.labels[column] for column in columns)


def _holding(words: Incidence, names: Iterable[str]) -> set[int]:
    """The passages in which all words of one of ``names`` stand, in some inflection."""
    number = {label: column for column, label in enumerate(words.labels)}
    order = np.argsort(words.columns, kind="stable")
    ends = np.cumsum(words.frequency)
    rows = words.rows
    found: set[int] = set()
    for name in names:
        columns = [number.get(stem(form), -1) for form in name.split(" ")]
        if min(columns) >= 0:
            found |= set.intersection(*(set(rows[order[ends[c - 1] if c else 0 : ends[c]]].tolist()) for c in columns))
    return found


def _joined(passages: Sequence[Passage], owns: Sequence[_Own], found: Sequence[frozenset[str]], known: Iterable[str]) -> NameGraph:
    held = incidence([own.heads | own.proper | some for own, some in zip(owns, found, strict=True)])
    rows = held.rows.tolist()
    columns = held.columns.tolist()
    documents: dict[str, int] = {}
    return NameGraph(
        passages=np.array([passage.id for passage in passages], dtype=np.int64),
        prints=np.array([fingerprint(passage) for passage in passages], dtype=np.int64),
        documents=np.array([documents.setdefault(passage.document, len(documents)) for passage in passages], dtype=np.int64),
        held=held,
        heads=np.array([held.labels[j] in owns[i].heads for i, j in zip(rows, columns, strict=True)], dtype=bool),
        proper=np.array([held.labels[j] in owns[i].proper for i, j in zip(rows, columns, strict=True)], dtype=bool),
        words=incidence([own.words for own in owns]),
        known=tuple(sorted(known)),
    )


def incidence(sets: Sequence[frozenset[str]]) -> Incidence:
    """Which string is in which of ``sets``.

    >>> found = incidence([frozenset({"b"}), frozenset({"a", "b"})])
    >>> found.labels, found.starts.tolist(), found.columns.tolist()
    (('a', 'b'), [0, 1, 3], [1, 0, 1])
    """
    labels = sorted({label for some in sets for label in some})
    number = {label: column for column, label in enumerate(labels)}
    starts = np.cumsum([0, *(len(some) for some in sets)], dtype=np.int64)
    columns = [column for some in sets for column in sorted(number[label] for label in some)]
    return Incidence(tuple(labels), starts, np.array(columns, dtype=np.int64))


_ARRAYS = ("passages", "prints", "documents", "heads", "proper")


def save_structure(graph: NameGraph, path: Path, key: str) -> None:
    """Writes ``graph`` under ``key``, which names what it was made from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial.npz")
    arrays: dict[str, Any] = {name: getattr(graph, name) for name in _ARRAYS}
    arrays["known"] = _bytes(graph.known)
    for name, part in (("held", graph.held), ("words", graph.words)):
        arrays |= {
            f"{name}.labels": _bytes(part.labels),
            f"{name}.starts": part.starts,
            f"{name}.columns": part.columns,
        }
    np.savez(partial, key=np.array(key), format=np.array(FORMAT), **arrays)
    partial.replace(path)


def load_structure(path: Path) -> tuple[NameGraph, str] | None:
    """The graph that was saved and its key; None where there is none, or only one of another format."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["format"]) != FORMAT:
                return None
            graph = NameGraph(
                held=_incidence(stored, "held"),
                words=_incidence(stored, "words"),
                known=_labels(stored["known"]),
                **{name: stored[name] for name in _ARRAYS},
            )
            return graph, str(stored["key"])
    except (OSError, ValueError, KeyError, EOFError):  # damaged: it is made again
        return None


def _incidence(stored: Mapping[str, npt.NDArray[np.generic]], name: str) -> Incidence:
    starts, columns = (stored[f"{name}.{part}"].astype(np.int64) for part in ("starts", "columns"))
    return Incidence(_labels(stored[f"{name}.labels"]), starts, columns)


def _bytes(labels: Sequence[str]) -> npt.NDArray[np.generic]:
    return np.frombuffer("\n".join(labels).encode(), dtype=np.uint8)


def _labels(stored: npt.NDArray[np.generic]) -> tuple[str, ...]:
    text = stored.tobytes().decode()
    return tuple(text.split("\n")) if text else ()
