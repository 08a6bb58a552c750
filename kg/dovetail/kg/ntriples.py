"""N-Triples on disk as integers, with no store in between.

    file --(whole lines)--> three cells a line --(one dictionary)--> numbers --(sorted)--> index
                \\--(lines that are not plain)--> Oxigraph's parser --/

A line is plain if each cell is spelled exactly as the index keeps it; each distinct cell is looked at
once. Everything else (comments, escapes, other spacing, RDF 1.2, mistakes) is left to the parser, so
what is legal and what an error says is decided in one place.
"""

from __future__ import annotations

import gzip
import os
import re
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count, islice, pairwise
from pathlib import Path
from typing import IO, BinaryIO, cast

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from dovetail.kg.errors import InputError
from dovetail.kg.guards import MAX_BYTES, check_file, check_size, check_triple_terms, located_message
from dovetail.kg.index import TripleIndex, arranged
from dovetail.kg.rdf_formats import UTF8_MARK, without_triple_terms
from dovetail.kg.terms import canonical_texts

# Small enough that the cells of a block stay in the processor's cache between being cut and being looked up.
_BLOCK_BYTES = 2**18
_END = b" .\n"

_XSD = rb"http://www\.w3\.org/2001/XMLSchema\#"
_RDF = rb"http://www\.w3\.org/1999/02/22-rdf-syntax-ns\#"
_UTF8 = rb"[\xc3-\xdf][\x80-\xbf] | \xe0[\xa0-\xbf][\x80-\xbf] | [\xe1-\xec][\x80-\xbf]{2} | \xed[\x80-\x9f][\x80-\xbf]"
_IN_IRI = rb"(?: [A-Za-z0-9\-._~!$&'()*+,;=:@/?]++ | %%[0-9A-Fa-f]{2} | \xc2[\xa0-\xbf] | %b)*+" % _UTF8
_IRI = rb"< [A-Za-z][A-Za-z0-9+.\-]*+: (?: //[A-Za-z0-9._~\-]*+(?: :[0-9]*+)?(?=[/?\#>]) | (?!//)) %b (?: \#%b)?+ >" % (_IN_IRI, _IN_IRI)
_LITERAL = rb"""
    " (?: [^"\\\x00-\x1f\x7f-\xff]++ | \\[btnfr"\\] | \xc2[\x80-\xbf] | %b | \xee[\x80-\xbf]{2} | \xef[\x80-\xbe][\x80-\xbf]
        | \xf0[\x90-\xbf][\x80-\xbf]{2} | [\xf1-\xf3][\x80-\xbf]{3} | \xf4[\x80-\x8f][\x80-\xbf]{2} )*+ "
    (?: @[a-z]{2,3}(?: -[a-z]{4})?(?: -[a-z]{2} | -[0-9]{3})?
      | \^\^ (?! <%bstring> | <%b(?: langString | dirLangString)> ) %b )?
""" % (_UTF8, _XSD, _RDF, _IRI)
_PLAIN = re.compile(rb"%b | _:[A-Za-z0-9_](?: [A-Za-z0-9_.\-]*[A-Za-z0-9_\-])? | %b" % (_IRI, _LITERAL), re.VERBOSE)
_LITERAL_MARK, _IRI_MARK, _ODD = ord('"'), ord("<"), 0

# Literals that Oxigraph keeps by value. Most are written as it would write them, which a glance can tell.
_BY_VALUE = re.compile(rb'.*"\^\^<%b(?!anyURI>|string>)' % _XSD, re.DOTALL)
_CANONICAL = re.compile(
    rb"""" (?: (?:0|-?[1-9][0-9]{0,14})"\^\^<%binteger
             | -?(?:0|[1-9][0-9]{0,8})\.[0-9]{0,8}[1-9]"\^\^<%bdecimal
             | (?:true|false)"\^\^<%bboolean
             | [0-9]{4}-[0-9]{2}-[0-9]{2}"\^\^<%bdate
             | [0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?"\^\^<%bdateTime ) >"""
    % ((_XSD,) * 5),
    re.VERBOSE,
)


def read_ntriples(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> TripleIndex:
    """The triples of an N-Triples file, or of one packed as ``.gz``, as an index in memory.

    It is the index that a graph with the same triples gives: numbers and dates are canonical, language
    tags in lower case, what `rdf:reifies` names is plain reification. Blank nodes keep the file's labels.
    `InputError` says where the file is broken, or that it holds more than ``max_bytes`` once unpacked.
    A million triples take about two seconds.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "tea.nt")
    ...     _ = file.write_text('<urn:tea> <urn:is> <urn:drink> .\\n<urn:tea> <urn:cups> "02"^^<urn:count> . # many')
    ...     index = read_ntriples(file)
    >>> [index.terms.text(number) for number in range(len(index.terms))]
    ['"02"^^<urn:count>', '<urn:cups>', '<urn:drink>', '<urn:is>', '<urn:tea>']
    """
    path = Path(path)
    check_file(path, max_bytes)
    try:
        return _read(path, max_bytes)
    except SyntaxError as error:
        raise InputError(f"{path}: {located_message(_first_error(path) or error)}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _read(path: Path, max_bytes: int) -> TripleIndex:
    numbers: defaultdict[bytes, int] = defaultdict(count().__next__)
    marks = bytearray()
    with tempfile.TemporaryFile() as odd:
        triples = [_plain_triples(block, numbers, marks, odd) for block in _blocks(path, max_bytes)]
        odd.seek(0)
        check_triple_terms(cast(BinaryIO, odd), path=path)
        quads = without_triple_terms(ox.parse(odd, ox.RdfFormat.N_TRIPLES), path)
        triples.append(np.fromiter((numbers[str(term).encode()] for quad in quads for term in quad.triple), np.int64).reshape(-1, 3))
    return _numbered(np.concatenate(triples), list(numbers))


def _blocks(path: Path, max_bytes: int) -> Iterator[bytes]:
    """The file in pieces of whole lines."""
    size = 0
    begun: list[bytes] = []  # the pieces of a line that has not ended
    with _opened(path) as file:
        while block := file.read(_BLOCK_BYTES):
            size += len(block)
            check_size(path, size, max_bytes)
            lines, line_end, last = block.rpartition(b"\n")
            if line_end:
                yield _line_ends(b"".join((*begun, lines, line_end)))
                begun.clear()
            begun.append(last)
    yield _line_ends(b"".join((*begun, b"\n")))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, unpacked, from after its byte order mark."""
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        if file.read(len(UTF8_MARK)) != UTF8_MARK:
            file.seek(0)
        yield cast(IO[bytes], file)


def _line_ends(block: bytes) -> bytes:
    return block.replace(b"\r\n", b"\n") if b"\r" in block else block


def _plain_triples(block: bytes, numbers: dict[bytes, int], marks: bytearray, odd: IO[bytes]) -> NDArray[np.int64]:
    """The plain lines of a block as numbers, ``(lines, 3)``; the others go to ``odd``.

    Every cell gets a number, and ``marks`` its first byte, or 0 where it is not plain.
    """
    *lines, rest = block.split(_END)
    cells = [line.split(b" ", 2) for line in lines]
    flat = list(chain.from_iterable(cells))
    if len(flat) != 3 * len(cells):
        odd.writelines(line + _END for line, cell in zip(lines, cells, strict=True) if len(cell) != 3)
        lines = [line for line, cell in zip(lines, cells, strict=True) if len(cell) == 3]
        flat = list(chain.from_iterable(cell for cell in cells if len(cell) == 3))
    odd.write(rest)
    triples = np.fromiter(map(numbers.__getitem__, flat), np.int64, len(flat)).reshape(-1, 3)
    new = list(islice(reversed(numbers), len(numbers) - len(marks)))
    marks.extend(cell[0] if _PLAIN.fullmatch(cell) else _ODD for cell in reversed(new))
    found = np.frombuffer(marks, np.uint8)[triples]
    plain = (found != _ODD).all(axis=1) & (found[:, 0] != _LITERAL_MARK) & (found[:, 1] == _IRI_MARK)
    odd.writelines(lines[place] + _END for place in np.flatnonzero(~plain))
    kept: NDArray[np.int64] = triples[plain]
    return kept


def _numbered(triples: NDArray[np.int64], texts: Sequence[bytes]) -> TripleIndex:
    """The index of triples numbered by place in ``texts``, some of which no triple may have."""
    used = np.flatnonzero(np.bincount(triples.ravel(), minlength=len(texts)))
    kept = [texts[place] for place in used.tolist()]
    by_value = [place for place, text in enumerate(kept) if _BY_VALUE.match(text) and not _CANONICAL.fullmatch(text)]
    for place, text in zip(by_value, canonical_texts([kept[place] for place in by_value]), strict=True):
        kept[place] = text
    distinct = dict(zip(dict.fromkeys(kept), count(), strict=False))
    place_of = np.zeros(len(texts), np.int64)
    place_of[used] = np.fromiter(map(distinct.__getitem__, kept), np.int64, len(kept))
    triples = place_of[triples[np.argsort(triples[:, 1], kind="stable")]]
    starts = [*np.flatnonzero(np.diff(triples[:, 1], prepend=-1)), len(triples)]
    return arranged({int(triples[low, 1]): [triples[low:high, ::2]] for low, high in pairwise(starts)}, list(distinct))


def _first_error(path: Path) -> SyntaxError | None:
    """What the parser says of the whole file: the same mistake, but counted from the file's first line."""
    with _opened(path) as file:
        try:
            for _ in ox.parse(file, ox.RdfFormat.N_TRIPLES):
                pass
        except SyntaxError as error:
            return error
    return None
