"""A graph's directory: opening what is there, saying what is wrong with it, and its revision.

PATH/store/       the quads (RocksDB)                      the only part that cannot be made again
PATH/revision     a random name that moves with every change
PATH/manifest     one `fingerprint  id` line per document
PATH/snapshot/    TripleIndex arrays, one folder per revision
PATH/passages/    text index
PATH/vocabulary/  names to link to, as arrays
PATH/adapter/     heads fitted to the user's examples
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox

from dovetail.kg.errors import GraphDamaged, GraphError, GraphLocked, InputError

_PARTS = frozenset({"store", "revision", "manifest", "snapshot", "passages", "adapter", "vocabulary"})
_CHANGING = "changing "
_LOCKED = ("temporarily unavailable", "lock hold by", "No locks available", "used by another process")
_ATTEMPTS = 12
_PAUSE_SECONDS = 0.05


def check_folder(path: Path) -> None:
    """InputError where ``path`` is a file, or a folder of something else: a graph could not be there.

    >>> check_folder(Path("no such folder"))
    """
    if path.is_dir():
        strangers = sorted(p.name for p in path.iterdir() if p.name not in _PARTS and p.name[0] != ".")
        if strangers and not (path / "store").is_dir():
            raise InputError(f"{path} is a folder of something else (it holds {strangers[0]!r}), not a graph; name another")
    elif path.exists():
        raise InputError(f"{path} is a file, and a graph is a folder; name another")


def open_store(path: Path, *, create: bool, read_only: bool) -> ox.Store:
    """The store of the graph at ``path``; see ``KnowledgeGraph.open`` for what can go wrong."""
    check_folder(path)
    if path.is_dir():
        if not (path / "store").is_dir() and not create:
            raise InputError(f"{path} holds no graph; make one with: dovetail build SOURCE --graph {path}")
    elif not create:
        raise InputError(f"there is no graph at {path}; make one with: dovetail build SOURCE --graph {path}")
    with graph_errors(path):
        if read_only:
            return _open_beside_writer(path / "store")
        if not create and not (path / "store" / "CURRENT").exists():
            raise _damaged(path, "store/CURRENT is missing")
        path.mkdir(parents=True, exist_ok=True)
        return ox.Store(path / "store")


def _open_beside_writer(store: Path) -> ox.Store:
    # A writer may merge files away between our reading the list of files and opening them.
    for attempt in range(_ATTEMPTS):
        try:
            return ox.Store.read_only(str(store))
        except (OSError, RuntimeError) as error:
            if attempt + 1 == _ATTEMPTS or "No such file" not in str(error):
                raise
            time.sleep(_PAUSE_SECONDS)
            if not (store / "CURRENT").exists():
                raise
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def graph_errors(path: Path | None) -> Iterator[None]:
    """Turn what the store raises about its files into a GraphError of one line."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        message = " ".join(str(error).split())
        if "LOCK" in message and any(sign in message for sign in _LOCKED):
            raise GraphLocked(f"another process is writing to {path}; wait for it, or open the graph read-only") from error
        if message.startswith(("Corruption", "Invalid argument")) or "No such file" in message:
            raise _damaged(path, message) from error
        if isinstance(error, OSError):
            raise GraphError(f"the graph at {path} cannot be used: {message}") from error
        raise


def _damaged(path: Path | None, why: str) -> GraphDamaged:
    first = " ".join(why.split())[:160]
    return GraphDamaged(f"the graph at {path} is damaged ({first}); move it away and build again, or restore it from an export")


def read_revision(path: Path) -> str:
    """The revision on disk; it starts with "changing" while a writer is at work or after a crash."""
    try:
        return (path / "revision").read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return _CHANGING


def is_settled(revision: str) -> bool:
    """Whether what is read under this revision may be kept under its name."""
    return not revision.startswith(_CHANGING.strip())


def move_revision(path: Path, *, changing: bool) -> str:
    """Write a new revision, in one step, and return it."""
    revision = (_CHANGING if changing else "") + secrets.token_hex(8)
    write_atomically(path / "revision", revision + "\n")
    return revision


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a crash leaves the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)
