"""What the entities and relations of a knowledge graph are called, as vectors; those of texts met before are kept beside the store."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rdflib import RDF, BNode, Literal

from dovetail.kg.labels import local_name
from dovetail.kg.statement import Term
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.link_data import name_vectors
from dovetail.models.link_graph import Floats
from dovetail.reasoning.links.view import LinkView

Encode: TypeAlias = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts -> unit vectors (texts, dim)."""

_WORD = re.compile(r"[^\W\d_]{3}")
_KEY_BYTES = 16


def entity_texts(graph: KnowledgeGraph, view: LinkView) -> list[str]:
    """The longest name of each entity and what its types are called, '' where nothing is known."""
    names = _longest_names(graph)
    terms = view.index.terms
    kind = terms.id(RDF.type)
    types: defaultdict[int, list[str]] = defaultdict(list)
    for row in view.index.rows(p=kind) if kind is not None else ():
        types[int(view.index.subjects[row])].append(_called(terms[view.index.objects[row]], names))
    return [", ".join(filter(None, (_called(terms[n], names), *types[int(n)]))) for n in view.entities]


def relation_texts(graph: KnowledgeGraph, view: LinkView) -> list[str]:
    """What each relation is called, '' where nothing is known."""
    names = {term: graph.label(term) for term in (view.index.terms[n] for n in view.relations)}
    return [label if _WORD.search(label) else "" for label in names.values()]


def _longest_names(graph: KnowledgeGraph) -> dict[Term, str]:
    found: dict[Term, str] = {}
    for entity, name in graph.all_names():
        if len(name) > len(found.get(entity, "")):
            found[entity] = name
    return found


def _called(term: Term, names: dict[Term, str]) -> str:
    if term in names or isinstance(term, BNode | Literal):
        return names.get(term, "")
    return name if _WORD.search(name := local_name(term)) else ""


def vectors_of(texts: Sequence[str], encode: Encode, *, kept: Path | None = None) -> Floats:
    """Vectors of names (texts, dim), zero where there is none. ``kept``: a file of those made before, which it brings up to date."""
    keys = np.array([blake2b(text.encode(), digest_size=_KEY_BYTES).digest() for text in texts], f"V{_KEY_BYTES}")
    known, vectors = _read(kept)
    missing = [place for place, key in enumerate(keys.tolist()) if key not in known]
    if not missing and texts:
        return vectors[[known[key] for key in keys.tolist()]].astype(np.float32)
    new = name_vectors(encode, [texts[place] for place in missing])
    found = np.zeros((len(texts), new.shape[1]), np.float16)
    found[missing] = new
    for place, key in enumerate(keys.tolist()):
        if key in known:
            found[place] = vectors[known[key]]
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(".tmp.npz")
        np.savez(draft, keys=keys, vectors=found)
        draft.replace(kept)
    return found.astype(np.float32)


def _read(file: Path | None) -> tuple[dict[bytes, int], NDArray[np.float16]]:
    try:
        if file is not None:
            with np.load(file, allow_pickle=False) as stored:
                return {key: place for place, key in enumerate(stored["keys"].tolist())}, stored["vectors"]
    except (OSError, ValueError, KeyError, EOFError):  # none yet, or damaged: they are made again
        pass
    return {}, np.zeros((0, 0), np.float16)
