"""Passage vectors by a text encoder of the user's own, in the place of those that the extractor's pass gives."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from dovetail.kg.names import digest
from dovetail.models.encoder import TextEncoder, load_encoder, locate_published
from dovetail.nlp.extract import TITLE_WEIGHT, Extraction


@lru_cache(maxsize=1)
def shared_encoder(name: str) -> TextEncoder:
    """The text encoder with this name, loaded once in a process."""
    return load_encoder(name)


def encoder_name(name: str) -> str:
    """How a graph remembers an encoder: a folder by its full path, a name on the hub as it is, the packaged one as nothing."""
    return str(Path(name).resolve()) if name and Path(name).exists() else name


def encoder_mark(name: str) -> str:
    """A name for what vectors by this encoder depend on; empty for the packaged one. Raises ModelError where it cannot be found."""
    if not name:
        return ""
    folder = locate_published(name)
    parts = sorted(p for p in folder.iterdir() if p.suffix in (".json", ".safetensors", ".txt", ".model"))
    return digest(name, *(f"{p.name} {sha256(p.read_bytes()).hexdigest()}" for p in parts))


def with_vectors(extraction: Extraction, name: str) -> Extraction:
    """``extraction`` with its passages read by the encoder ``name``; as it is where that is the packaged one."""
    if not name or not extraction.passages:
        return extraction
    title = extraction.passages[0].title
    vectors = shared_encoder(name).encode([*(p.text for p in extraction.passages), title])
    passages = []
    for passage, vector in zip(extraction.passages, vectors, strict=False):  # without the title
        mixed = vector + TITLE_WEIGHT * vectors[-1] if title else vector
        passages.append(replace(passage, vector=np.asarray(mixed / (float(np.linalg.norm(mixed)) or 1.0), dtype=np.float32)))
    return replace(extraction, passages=tuple(passages))
