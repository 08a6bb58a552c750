"""The walk over files and folders: what is read, in which order, under which id."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from dovetail.kg.errors import DocumentError, InputError
from dovetail.kg.statement import Document
from dovetail.nlp.readers.decode import clean, one_line
from dovetail.nlp.readers.registry import READERS, File, Limits, Reading, Skipped

ENTRY_POINTS = "dovetail.readers"


@dataclass(frozen=True, slots=True)
class _Refused:
    """A path that is not read."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class _Found:
    """A file to read, with the id and domain it gives its documents."""

    id: str
    domain: str
    path: Path


def read_documents(
    sources: Iterable[Path], *, on_skip: Callable[[str, DocumentError], None], limits: Limits | None = None
) -> Iterator[Document]:
    """The documents in files and folders, one at a time, in the order of their paths.

    Names that begin with a dot are passed over. Whatever else cannot be read is told to ``on_skip``,
    with its id and what to do, and the walk goes on. Links inside a folder are not followed.
    ``InputError``, before anything is read: a source that is absent, or two of the same name.
    Memory: one document, one folder's names, and the row ids of one file.
    """
    roots: dict[str, Path] = {}
    for source in sources:
        path = Path(os.path.abspath(source))
        if not path.exists():
            raise InputError(f"no such file or folder: {source}; check the path")
        if not (path.is_dir() or path.is_file()):
            raise InputError(f"neither a file nor a folder: {source}")
        name = _portable(path.name)
        if name in roots:
            raise InputError(
                f"{roots[name]} and {path} would give documents the same id ({name}); rename one or name the folder above both"
            )
        roots[name] = path
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: (e.name, e.value)):
        entry.load()
    return _documents(roots, on_skip, Limits() if limits is None else limits)


def _documents(roots: dict[str, Path], on_skip: Callable[[str, DocumentError], None], limits: Limits) -> Iterator[Document]:
    for name in sorted(roots):
        path = roots[name]
        found: Iterable[_Found | _Refused] = _folder(path, name, path.resolve()) if path.is_dir() else [_Found(name, "", path)]
        for item in found:
            outcomes = [item] if isinstance(item, _Refused) else _file(item, limits)
            for outcome in outcomes:
                if isinstance(outcome, Document):
                    yield outcome
                else:
                    on_skip(outcome.id, DocumentError(f"{outcome.id}: {outcome.why}"))


def _folder(folder: Path, prefix: str, root: Path, domain: str = "") -> Iterator[_Found | _Refused]:
    """The files below ``folder`` in the order of their names, folders entered where their name stands."""
    try:
        with os.scandir(folder) as entries:
            names = sorted((_portable(entry.name), entry.name) for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        yield _Refused(prefix, f"folder cannot be opened ({error.strerror}); change its permissions or leave it out")
        return
    before = None
    for portable, name in names:
        path, id_ = folder / name, f"{prefix}/{portable}"
        if portable == before:
            yield _Refused(id_, "another file has the same name in Unicode normal form; rename one")
        elif path.is_symlink():
            yield _Refused(id_, _link(path, root))
        elif path.is_dir():
            yield from _folder(path, id_, root, domain or portable)
        elif not path.is_file():
            yield _Refused(id_, "not a regular file; leave it out")
        else:
            yield _Found(id_, domain, path)
        before = portable


def _link(path: Path, root: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # a loop is a RuntimeError before Python 3.13
        return "a link that leads nowhere or to itself; mend or remove it"
    if target.is_relative_to(root):
        return "a link inside the corpus, not followed: its target is read where it stands"
    return "a link out of the corpus, not followed; copy its target in or name it as a source"


def _file(found: _Found, limits: Limits) -> Iterator[Document | _Refused]:
    suffix = found.path.suffix.lower()
    seen: set[int] = set()  # hashes: a file may hold millions of rows
    for reading in _readings(File(found.path, found.id, limits)):
        if isinstance(reading, DocumentError):
            yield _Refused(found.id, one_line(str(reading)))
            continue
        row = unicodedata.normalize("NFC", one_line(reading.row))
        id_ = f"{found.id}#{row}" if row else found.id
        if isinstance(reading, Skipped):
            yield _Refused(id_, one_line(reading.why))
            continue
        text = clean(reading.text)
        if not text.strip():
            yield _Refused(id_, "empty; remove it or fill it")
            continue
        if row:
            if hash(id_) in seen:
                yield _Refused(id_, "another row of this file has the same id; rename one")
                continue
            seen.add(hash(id_))
        yield Document(
            id=id_,
            title=one_line(reading.title) or ("" if row else " ".join(_portable(found.path.stem).replace("_", " ").split())),
            text=text,
            source=os.fsencode(found.path).decode("utf-8", "replace"),
            domain=reading.domain or found.domain,
            metadata={**reading.metadata, "format": suffix.removeprefix(".")},
        )


def _readings(file: File) -> Iterator[Reading | Skipped | DocumentError]:
    """What the reader of this suffix finds, ending with the error it ended with, if it did."""
    suffix = file.path.suffix.lower()
    if suffix not in READERS:
        named = f"no reader for {suffix}" if suffix else "no reader for a file without a suffix"
        yield DocumentError(f"{named}; formats read: {' '.join(sorted(READERS))}")
        return
    try:
        yield from READERS[suffix](file)
    except DocumentError as error:
        yield error
    except OSError as error:
        yield DocumentError(f"cannot be opened ({error.strerror or error}); change its permissions or leave it out")
    # A stranger's file meets a stranger's parser here: whatever it raises must not end a build of thousands.
    except Exception as error:
        yield DocumentError(f"the reader for {suffix} failed ({type(error).__name__}: {error}); save it again or leave it out")


def _portable(name: str) -> str:
    """A file name as part of an id: NFC, one line, valid Unicode."""
    return unicodedata.normalize("NFC", one_line(os.fsencode(name).decode("utf-8", "replace")))
