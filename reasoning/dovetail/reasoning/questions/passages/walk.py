"""A random walk between passages and the names in them, that starts at what a question is about.

    Passage, names per passage -> build_structure -> NameGraph (arrays; saved as .npz)
    NameGraph, seeds           -> personalised_pagerank -> one score per passage

Source: Haveliwala, Topic-Sensitive PageRank (WWW 2002); the walk over passages and entities follows HippoRAG
(Gutiérrez et al., NeurIPS 2024), with names as they are written in place of entities found by a language model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from dovetail.kg.passages import Passage
from dovetail.reasoning.questions.surfaces import NameTable, normal_name, proper_names, title_names

Floats = npt.NDArray[np.float64]

TITLE_EDGE = 6.0
"""From a name, the walk steps to a passage with that title so many times more often than to one that mentions it."""
PLAIN_NAME = 0.1
"""How often a passage leads to a name that is in no title, beside one that is (1). Measured: .1 before .3 and 1."""
FORMAT = f"2 {TITLE_EDGE} {PLAIN_NAME}"
"""What a saved graph was made with: another of these, and it is made again."""
RESTART = 0.3
"""The chance at each step to start again at the question (measured: .3 before .5, HippoRAG's value, and .7)."""
STEPS = 50
SETTLED = 1e-4
"""The walk has settled when a step moves less of it than this between passages."""


@dataclass(frozen=True, slots=True, eq=False)
class NameGraph:
    """Which names occur in which passages, as arrays.

    ``passages`` holds the id of each passage (n,), rising; ``names`` the normal form of each name (m,), sorted.
    Edge i joins passage ``rows[i]`` with name ``columns[i]``, which is its title's where ``titled[i]``; ``forward[i]`` is
    the chance to step from the passage to the name, ``backward[i]`` from the name to the passage. ``frequency[j]``
    passages hold name j.
    """

    passages: npt.NDArray[np.int64]
    names: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    titled: npt.NDArray[np.bool_]
    forward: Floats
    backward: Floats
    frequency: npt.NDArray[np.int64]


def build_structure(passages: Sequence[Passage], mentions: Mapping[int, Sequence[str]], *, titles: bool = True) -> NameGraph:
    """The graph of ``passages`` (by rising id) and the names in them.

    ``mentions`` gives, by passage id, the names of entities known to be mentioned there. A name known anywhere
    (from ``mentions``, a title, or its capitals) is found wherever it is written with a capital.
    ``titles=False`` leaves titles out altogether.
    """
    own = [title_names(passage.title) if titles else [] for passage in passages]
    noted = [[name for raw in mentions.get(passage.id, ()) if (name := normal_name(raw))] for passage in passages]
    proper = [list(proper_names(passage.text)) for passage in passages]
    heads = {name for names in own for name in names}
    table = NameTable(heads.union(*noted, *proper))
    edges = [
        dict.fromkeys((*noted[i], *proper[i], *(o.name for o in table.occurrences(passage.text)), *own[i]))
        for i, passage in enumerate(passages)
    ]
    names = sorted({name for some in edges for name in some})
    number = {name: i for i, name in enumerate(names)}
    rows = np.array([i for i, some in enumerate(edges) for _ in some], dtype=np.int64)
    columns = np.array([number[name] for some in edges for name in some], dtype=np.int64)
    titled = np.array([name in own[i] for i, some in enumerate(edges) for name in some], dtype=bool)
    frequency = np.bincount(columns, minlength=len(names)).astype(np.int64)
    # A name of one passage leads nowhere else: it is a place to start from, never one to pass through.
    trust = np.array([1.0 if name in heads else PLAIN_NAME for name in names])
    trust[frequency < 2] = 0.0
    forward = (trust * rarity(frequency, len(passages)))[columns]
    backward = np.where(titled, TITLE_EDGE, 1.0)
    return NameGraph(
        passages=np.array([passage.id for passage in passages], dtype=np.int64),
        names=tuple(names),
        rows=rows,
        columns=columns,
        titled=titled,
        forward=_shares(forward, rows, len(passages)),
        backward=_shares(backward, columns, len(names)),
        frequency=frequency,
    )


def _shares(weights: Floats, groups: npt.NDArray[np.int64], count: int) -> Floats:
    """``weights`` as parts of the sum of their group; 0 in a group that sums to 0."""
    sums = np.bincount(groups, weights, minlength=count)[groups]
    return np.divide(weights, sums, out=np.zeros(len(weights)), where=sums > 0)


def rarity(frequency: npt.NDArray[np.int64], passages: int) -> Floats:
    """The inverse document frequency of names, above 0."""
    return np.log1p(passages / np.maximum(frequency, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """The chances to step, as sparse matrices: ``to_names`` (m, n) from passages, ``to_passages`` (n, m) from names."""

    to_names: csr_array
    to_passages: csr_array


def transitions(graph: NameGraph) -> Transitions:
    """The steps of ``graph``, ready for many walks."""
    shape = len(graph.passages), len(graph.names)
    to_names = csr_array((graph.forward, (graph.columns, graph.rows)), shape=shape[::-1])
    to_names.eliminate_zeros()
    return Transitions(to_names, csr_array((graph.backward, (graph.rows, graph.columns)), shape=shape))


def personalised_pagerank(steps: Transitions, passages: Floats, names: Floats, *, restart: float = RESTART) -> tuple[Floats, Floats]:
    """Where a walk is found that starts again at the seeds, with chance ``restart``, at each step.

    ``passages`` (n,) and ``names`` (m,) weigh the seeds; the two results, of the same shapes, sum to 1 together.
    From a node without edges the walk starts again. Without any seed all is 0.
    """
    total = float(passages.sum() + names.sum())
    if total <= 0:
        return np.zeros(len(passages)), np.zeros(len(names))
    start_p, start_n = passages / total, names / total
    at_p, at_n = start_p, start_n
    for _ in range(STEPS):
        step_n, step_p = (1.0 - restart) * (steps.to_names @ at_p), (1.0 - restart) * (steps.to_passages @ at_n)
        back = 1.0 - float(step_n.sum() + step_p.sum())
        before, at_p, at_n = at_p, step_p + back * start_p, step_n + back * start_n
        if float(np.abs(at_p - before).sum()) < SETTLED:
            break
    return at_p, at_n


_ARRAYS = ("passages", "rows", "columns", "titled", "forward", "backward", "frequency")


def save_structure(graph: NameGraph, path: Path, key: str) -> None:
    """Writes ``graph`` under ``key``, which names what it was made from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial.npz")
    arrays = {field: getattr(graph, field) for field in _ARRAYS}
    names = np.frombuffer("\n".join(graph.names).encode(), dtype=np.uint8)
    np.savez(partial, key=np.array(f"{FORMAT} {key}"), names=names, **arrays)
    partial.replace(path)


def load_structure(path: Path, key: str) -> NameGraph | None:
    """The graph saved under ``key``; None where there is none, or only one made from something else."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["key"]) != f"{FORMAT} {key}":
                return None
            names = tuple(stored["names"].tobytes().decode().split("\n")) if len(stored["names"]) else ()
            return NameGraph(names=names, **{field: stored[field] for field in _ARRAYS})
    except (OSError, ValueError, KeyError, EOFError):  # damaged: it is made again
        return None
