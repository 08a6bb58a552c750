"""Link prediction tasks as folders: a graph that is seen, triples to be found, and more true ones that do not count against a ranking.

transductive   train.tsv  valid.tsv  test.tsv
inductive      facts.tsv  test.tsv  known.tsv (if there are more true triples)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dovetail.kg.errors import InputError
from dovetail.models.link_data import read_names, read_rows
from dovetail.models.link_graph import LinkGraph, Rows


@dataclass(frozen=True, slots=True)
class LinkTask:
    """``graph``: what is seen. ``targets``: (targets, 3) head, relation, tail to be found. ``known``: (triples, 3) all that is true.

    ``entities`` and ``relations`` are identifiers; ``entity_texts`` and ``relation_texts`` what they are called, '' where nothing says.
    """

    name: str
    graph: LinkGraph
    targets: Rows
    known: Rows
    entities: tuple[str, ...]
    relations: tuple[str, ...]
    entity_texts: tuple[str, ...]
    relation_texts: tuple[str, ...]


def read_task(folder: Path, *, targets: str = "test") -> LinkTask:
    """The task in ``folder``. Candidates are the entities of the seen graph and of the targets. Raises InputError.

    ``targets`` names the file of triples to be found; of a transductive task "valid" is the other choice.
    """
    inductive = (folder / "facts.tsv").exists()
    seen = "facts" if inductive else "train"
    for name in (seen, targets):
        if not (folder / f"{name}.tsv").is_file():
            raise InputError(f"no {name}.tsv in {folder}: a task has facts.tsv and test.tsv, or train.tsv, valid.tsv and test.tsv")
    facts, wanted = ([_checked(row, folder / f"{name}.tsv") for row in read_rows(folder / f"{name}.tsv")] for name in (seen, targets))
    others = ("known", "test") if inductive else ("valid", "test")
    more = [_checked(row, folder / f"{name}.tsv") for name in others for row in read_rows(folder / f"{name}.tsv")]
    entities = sorted({end for h, _, t in (*facts, *wanted) for end in (h, t)})
    relations = sorted({r for _, r, _ in (*facts, *wanted)})
    place = {name: i for i, name in enumerate(entities)}
    relation_place = {name: i for i, name in enumerate(relations)}

    def numbered(rows: list[tuple[str, str, str]]) -> Rows:
        found = [(place[h], relation_place[r], place[t]) for h, r, t in rows if h in place and t in place and r in relation_place]
        return np.array(found, np.int64).reshape(-1, 3)

    triples = numbered(facts)
    graph = LinkGraph(triples[:, 0], triples[:, 1], triples[:, 2], len(entities), len(relations))
    texts = [read_names(folder / f"{kind}.tsv", wanted) for kind, wanted in (("entities", entities), ("relations", relations))]
    known = np.unique(np.concatenate([triples, numbered(wanted), numbered(more)]), axis=0)
    return LinkTask(folder.name, graph, numbered(wanted), known, tuple(entities), tuple(relations), *texts)


def _checked(row: tuple[str, ...], file: Path) -> tuple[str, str, str]:
    if len(row) != 3 or not all(row):
        raise InputError(f"{file} has a row that is no triple: {' | '.join(row)!r}; a row is head, relation and tail, parted by tabs")
    return row[0], row[1], row[2]
