"""Zip archives measured before and while they are unpacked."""

from __future__ import annotations

import zlib
from types import TracebackType
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from dovetail.kg.errors import DocumentError
from dovetail.nlp.readers.registry import MIB, File

_CHUNK_BYTES = 1 << 16
_SMALL_BYTES = 1 << 20
_BOMB = "it may be a zip bomb: unpack it yourself, or raise the limit, if you trust it"


class Archive:
    """An open zip file whose members never unpack to more than ``file.limits`` allow.

    The directory is checked on opening; as it can lie, so are the bytes that come out of ``read``.
    """

    def __init__(self, file: File) -> None:
        limits = file.limits
        try:
            self._zip = ZipFile(file.path)
        except (BadZipFile, ValueError) as error:
            what = "damaged, encrypted, or not the format its suffix says"
            raise DocumentError(f"{what} ({error}); save it again without a password") from error
        packed = max(file.path.stat().st_size, 1)
        # A tiny archive of a few empty pages compresses well and harms nobody.
        by_ratio = max(limits.unzipped_ratio * packed, _SMALL_BYTES)
        self._allowance = min(limits.unzipped_bytes, by_ratio)
        self._spent = 0
        entries = self._zip.infolist()
        self.names = frozenset(entry.filename for entry in entries)
        if len(entries) > limits.zip_entries:
            self.close()
            raise DocumentError(f"holds {len(entries):,} entries (at most {limits.zip_entries:,}); {_BOMB}")
        declared = sum(entry.file_size for entry in entries)
        if declared > self._allowance:
            self.close()
            raise self._too_large(declared)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def read(self, name: str) -> bytes:
        """The bytes of one member; ``DocumentError`` where it is absent, damaged or over the allowance."""
        chunks: list[bytes] = []
        try:
            with self._zip.open(name) as member:
                while chunk := member.read(_CHUNK_BYTES):
                    self._spent += len(chunk)
                    if self._spent > self._allowance:
                        raise self._too_large(self._spent)
                    chunks.append(chunk)
        except KeyError as error:
            raise DocumentError(f"has no {name!r} in it; save it again") from error
        except (BadZipFile, EOFError, RuntimeError, zlib.error) as error:
            raise DocumentError(f"{name!r} in it is damaged or encrypted ({error}); save it again") from error
        return b"".join(chunks)

    def read_xml(self, name: str) -> bytes:
        """The bytes of one XML member; ``DocumentError`` where it declares a document type."""
        data = self.read(name)
        refuse_doctype(data, name)
        return data

    def _too_large(self, size: int) -> DocumentError:
        return DocumentError(f"unpacks to {size / MIB:.1f} MiB or more (at most {self._allowance / MIB:.1f}); {_BOMB}")


class _RootReached(Exception):
    """The prolog, the only place for a document type, is over."""


def refuse_doctype(data: bytes, name: str) -> None:
    """Raise ``DocumentError`` where an XML document has a DOCTYPE, whatever its encoding.

    >>> refuse_doctype(b"<a/>", "a.xml")
    """

    def doctype(*_: object) -> None:
        raise DocumentError(f"{name!r} in it declares a DOCTYPE, which may hide an entity bomb; save it again without")

    def root(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        parser.Parse(data, True)
    except _RootReached:
        return
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DocumentError(f"{name!r} in it is not XML ({error}); save it again") from error
