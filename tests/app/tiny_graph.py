"""The tiny world of three documents, as a graph's folder."""

from __future__ import annotations

from pathlib import Path

from dovetail.kg import KnowledgeGraph, NewPassage, PassageIndex
from tests.reasoning.tiny import world


def write_world(folder: Path) -> Path:
    """Writes the world to ``folder``, and returns it."""
    graph, passages = world()
    with KnowledgeGraph.open(folder, create=True) as kept, kept.changing() as store:
        store.bulk_extend(list(graph.store))
    ids, vectors = passages.vectors()
    by_id = dict(zip(ids.tolist(), vectors, strict=True))
    with PassageIndex(folder / "passages" / "passages.db") as index:
        for p in passages.all():
            index.put(p.document, [NewPassage(p.title, p.start, p.end, p.text, by_id[p.id])])
    return folder
