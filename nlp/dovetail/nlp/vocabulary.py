"""A vocabulary as arrays: names and the entities they stand for, found by name in bounded memory, shared by processes.

names ─> rows sorted by the hash of the name ─> look-up tables (same name, same stems, same initials, 3-grams) ─> a folder, memory-mapped

A million names take about 200 MB on disk. Nothing is held in memory but what look-ups touch.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from rdflib import URIRef

from dovetail.nlp.coreference import normal_name
from dovetail.nlp.folding import fold, initials, latin, looks_short

VERSION = 1
"""Moves when the arrays are made in another way."""

BUCKETS = 1 << 19
"""3-grams are counted by hash; two that share a bucket cost a little ranking, never a link."""
CHUNK = 50_000
"""Names whose 3-grams are in memory at a time."""
GRAM_ROWS = 20_000
"""Rows that a look-up by 3-grams adds up at most, those of the rarest 3-grams first."""
ACRONYM_ROWS = 40
"""Names with the same initials that are candidates at most."""

Ids: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class VocabularyName:
    """A name as the user's vocabulary gives it; ``preferred`` where it is a label, not an alternative."""

    iri: URIRef
    name: str
    preferred: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A name of an entity: the entity's number, the name as it is compared, and the cosine of its 3-grams with what was looked for."""

    entity: int
    key: str
    preferred: bool
    cosine: float


class Vocabulary:
    """Names and the entities they stand for.

    >>> vocabulary = Vocabulary.of([VocabularyName(URIRef("urn:x:radium"), "Radium"), VocabularyName(URIRef("urn:x:radon"), "Radon")])
    >>> [(str(vocabulary.iri(row.entity)), row.key) for row in vocabulary.named("the radium")]
    [('urn:x:radium', 'radium')]
    >>> [row.key for row in vocabulary.similar("radiums", top_k=1)]
    ['radium']
    """

    def __init__(self, arrays: Mapping[str, Ids], types: Sequence[str], fingerprint: str) -> None:
        self._at = dict(arrays)
        self.types = tuple(types)
        self.fingerprint = fingerprint
        starts = self._at["gram_starts"]
        total = max(len(self), 1)
        # A bucket without names weighs as the rarest 3-gram does.
        self._weights = (np.log((1 + total) / (1 + np.diff(starts))) + 1).astype(np.float32)

    def __len__(self) -> int:
        return len(self._at["hashes"])

    @property
    def entities(self) -> int:
        """How many entities there are; they are numbered from 0."""
        return len(self._at["sizes"])

    # ------------------------------------------------------------------ making and keeping

    @classmethod
    def of(cls, names: Iterable[VocabularyName], *, types: Iterable[tuple[URIRef, URIRef]] = ()) -> Vocabulary:
        """A vocabulary in memory. ``types`` has pairs of an entity and a type; names of no letters are left out."""
        return _made(names, types)

    def save(self, folder: Path) -> None:
        """Write the arrays to a new folder; a crash leaves no folder of that name."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
        try:
            for name, values in self._at.items():
                np.save(draft / f"{name}.npy", values)
            about = {"version": VERSION, "types": self.types, "fingerprint": self.fingerprint}
            (draft / "about.json").write_text(json.dumps(about, ensure_ascii=False), "utf-8")
            if not folder.exists():
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @classmethod
    def open(cls, folder: Path) -> Vocabulary:
        """The vocabulary saved in a folder, memory-mapped; OSError or ValueError if it is not whole."""
        about = json.loads((folder / "about.json").read_text("utf-8"))
        if about["version"] != VERSION:
            raise ValueError(f"{folder} was made by another version")
        arrays = {}
        for name in _ARRAYS:
            path = folder / f"{name}.npy"
            # A file with an empty array is only its header, and the empty rest cannot be mapped.
            arrays[name] = np.load(path, mmap_mode="r" if path.stat().st_size > 128 else None, allow_pickle=False)
        return cls(arrays, about["types"], about["fingerprint"])

    # ------------------------------------------------------------------ looking up

    def named(self, name: str) -> list[Row]:
        """The rows of this very name, whatever its capitals, diacritics and article."""
        key = normal_name(name)
        return [row for row in self._rows(self._span("hashes", _hash(key)), key) if row.key == key]

    def spelled_like(self, name: str, *, limit: int = 20) -> list[Row]:
        """The rows of names of the same words in another spelling, order or number."""
        key = normal_name(name)
        return self._rows(self._listed("folds", "fold_rows", _hash(fold(key)))[:limit], key)

    def abbreviated(self, name: str) -> list[Row]:
        """The rows of names with these initials; none unless ``name`` is written as an acronym."""
        if not looks_short(name):
            return []
        letters = "".join(c for c in name.casefold() if c.isalnum())
        return self._rows(self._listed("acronyms", "acronym_rows", _hash(letters))[:ACRONYM_ROWS], normal_name(name))

    def similar(self, name: str, *, top_k: int = 20) -> list[Row]:
        """The rows most similar by TF-IDF of character 3-grams, the most similar first."""
        key = normal_name(name)
        grams, counts = np.unique(gram_buckets(key), return_counts=True)
        if not len(grams) or not len(self):
            return []
        starts = self._at["gram_starts"]
        parts: list[Ids] = []
        scores: list[npt.NDArray[np.float32]] = []
        room = GRAM_ROWS
        for place in np.argsort(-self._weights[grams], kind="stable"):
            rows = self._at["gram_rows"][starts[grams[place]] : starts[grams[place] + 1]]
            if parts and len(rows) > room:
                break
            room -= len(rows)
            parts.append(rows)
            scores.append(np.full(len(rows), counts[place] * self._weights[grams[place]] ** 2, np.float32))
        rows = np.concatenate(parts)
        if not len(rows):
            return []
        order = np.argsort(rows, kind="stable")
        rows, score = rows[order], np.concatenate(scores)[order]
        first = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
        rows = rows[first]
        offsets = self._at["key_offsets"]
        # The length of a name stands for that of its vector until the best are compared in full.
        score = np.add.reduceat(score, first) / np.sqrt(offsets[rows + 1] - offsets[rows] + 1)
        found = self._rows(rows[np.argsort(-score, kind="stable")[: 2 * top_k]], key)
        return sorted(found, key=lambda row: (-row.cosine, row.key, row.entity))[:top_k]

    def iri(self, entity: int) -> URIRef:
        """The IRI of an entity."""
        return URIRef(self._text("iri", entity))

    def types_of(self, entity: int) -> frozenset[str]:
        """The types that the vocabulary gives an entity, as IRIs."""
        starts = self._at["type_starts"]
        return frozenset(self.types[n] for n in self._at["type_numbers"][starts[entity] : starts[entity + 1]])

    def size_of(self, entity: int) -> int:
        """How many names an entity has: what is much talked about has many."""
        return int(self._at["sizes"][entity])

    def _vector(self, key: str) -> dict[int, float]:
        vector: dict[int, float] = {}
        for gram in gram_buckets(key).tolist():
            vector[gram] = vector.get(gram, 0.0) + float(self._weights[gram])
        return vector

    def _rows(self, rows: Iterable[Any], key: str) -> list[Row]:
        wanted = self._vector(key)
        length = _length(wanted)
        found = []
        for row in map(int, rows):
            text = self._text("key", row)
            vector = self._vector(text)
            product = sum(weight * vector.get(gram, 0.0) for gram, weight in wanted.items())
            cosine = product / (length * _length(vector) or 1.0)
            found.append(Row(int(self._at["entities"][row]), text, bool(self._at["preferred"][row]), cosine))
        return found

    def _span(self, name: str, value: np.uint64) -> range:
        values = self._at[name]
        return range(int(np.searchsorted(values, value, "left")), int(np.searchsorted(values, value, "right")))

    def _listed(self, name: str, rows: str, value: np.uint64) -> Ids:
        span = self._span(name, value)
        return np.asarray(self._at[rows][span.start : span.stop])

    def _text(self, name: str, number: int) -> str:
        offsets = self._at[f"{name}_offsets"]
        return bytes(self._at[f"{name}_bytes"][offsets[number] : offsets[number + 1]]).decode()


_ARRAYS = (
    *("hashes", "entities", "preferred", "key_bytes", "key_offsets", "iri_bytes", "iri_offsets", "sizes"),
    *("folds", "fold_rows", "acronyms", "acronym_rows", "gram_starts", "gram_rows", "type_starts", "type_numbers"),
)


def gram_buckets(key: str) -> npt.NDArray[np.int64]:
    """The buckets of the 3-grams of a name in Latin letters, one for each place, the name between spaces."""
    return _buckets(np.frombuffer(f" {_lettered(key)} ".encode("utf-32-le"), np.uint32))


def _lettered(key: str) -> str:
    return latin(key) or key


def _buckets(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    wide = letters.astype(np.uint64)
    mixed = (
        wide[:-2] * np.uint64(0x9E3779B97F4A7C15) ^ wide[1:-1] * np.uint64(0xC2B2AE3D27D4EB4F) ^ wide[2:] * np.uint64(0x165667B19E3779F9)
    )
    return np.asarray((mixed * np.uint64(0xD6E8FEB86659FD93)) >> np.uint64(64 - BUCKETS.bit_length() + 1), np.int64)


def _hash(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little"))


def _length(vector: Mapping[int, float]) -> float:
    return float(sum(weight * weight for weight in vector.values()) ** 0.5)


# ---------------------------------------------------------------------- making


class Content:
    """A name for a set of names and types, whatever order they come in: the sum of their hashes."""

    def __init__(self) -> None:
        self._sum = VERSION

    def add(self, *parts: str) -> None:
        """Count a name or a type in."""
        self._sum += int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=16).digest(), "little")

    def digest(self) -> str:
        """128 bits in hexadecimal."""
        return f"{self._sum % (1 << 128):032x}"


class _Texts:
    """Strings end to end, as bytes with offsets."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.offsets = array("q", [0])

    def add(self, text: str) -> None:
        self.data += text.encode()
        self.offsets.append(len(self.data))

    def taken(self, rows: Ids) -> tuple[Ids, Ids]:
        """Bytes and offsets of the strings with these numbers, in this order."""
        source, offsets = np.frombuffer(bytes(self.data), np.uint8), np.frombuffer(self.offsets, np.int64)
        lengths = offsets[rows + 1] - offsets[rows]
        ends = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        data = np.empty(int(ends[-1]), np.uint8)
        for low in range(0, len(rows), CHUNK):
            part, counts = rows[low : low + CHUNK], lengths[low : low + CHUNK]
            begins = np.repeat(offsets[part] - (ends[low : low + len(part)] - ends[low]), counts)
            data[ends[low] : ends[low + len(part)]] = source[begins + np.arange(len(begins))]
        return data, ends


def _made(names: Iterable[VocabularyName], types: Iterable[tuple[URIRef, URIRef]]) -> Vocabulary:
    keys, iris = _Texts(), _Texts()
    key_hash, iri_hash, preferred = array("Q"), array("Q"), bytearray()
    content = Content()
    for name in names:
        content.add(str(name.iri), name.name, str(name.preferred))
        key = normal_name(name.name)
        if not key:
            continue
        keys.add(key)
        iris.add(str(name.iri))
        key_hash.append(int(_hash(key)))
        iri_hash.append(int(_hash(str(name.iri))))
        preferred.append(name.preferred)
    by_name, by_entity = np.frombuffer(key_hash, np.uint64), np.frombuffer(iri_hash, np.uint64)
    label = np.frombuffer(bytes(preferred), np.uint8)
    order = np.lexsort((1 - label, by_entity, by_name))
    once = np.ones(len(order), np.bool_)
    once[1:] = (by_name[order][1:] != by_name[order][:-1]) | (by_entity[order][1:] != by_entity[order][:-1])
    rows = order[once]
    distinct, first, entities = np.unique(by_entity[rows], return_index=True, return_inverse=True)
    at: dict[str, Ids] = {"hashes": by_name[rows], "preferred": label[rows].astype(np.bool_), "entities": entities.astype(np.int32)}
    at["sizes"] = np.bincount(entities, minlength=len(distinct)).astype(np.int32)
    at["iri_bytes"], at["iri_offsets"] = iris.taken(rows[first])
    at["key_bytes"], at["key_offsets"] = keys.taken(rows)
    del keys, iris, key_hash, iri_hash, order, by_name, by_entity
    at |= _by_form(at)
    at |= _by_gram(at)
    numbers, known = _typed(types, distinct, content)
    return Vocabulary(at | numbers, known, content.digest())


def _texts(at: Mapping[str, Ids]) -> Iterator[str]:
    offsets = at["key_offsets"]
    for low in range(0, len(offsets) - 1, CHUNK):
        part = offsets[low : low + CHUNK + 1]
        data = at["key_bytes"][part[0] : part[-1]].tobytes()
        for begin, end in zip((part[:-1] - part[0]).tolist(), (part[1:] - part[0]).tolist(), strict=True):
            yield data[begin:end].decode()


def _by_form(at: Mapping[str, Ids]) -> dict[str, Ids]:
    """Rows by the hash of their stems, and of their initials where they have several words."""
    folds, acronyms, acronym_rows = array("Q"), array("Q"), array("q")
    for row, key in enumerate(_texts(at)):
        folds.append(int(_hash(fold(key))))
        letters = initials(key) if " " in key or "-" in key else ""
        if 2 <= len(letters) <= 8:
            acronyms.append(int(_hash(letters)))
            acronym_rows.append(row)
    fold_hash, acronym_hash = np.frombuffer(folds, np.uint64), np.frombuffer(acronyms, np.uint64)
    by_fold, by_acronym = np.argsort(fold_hash, kind="stable"), np.argsort(acronym_hash, kind="stable")
    rows = np.array(acronym_rows, np.int32)
    return {
        "folds": fold_hash[by_fold],
        "fold_rows": by_fold.astype(np.int32),
        "acronyms": acronym_hash[by_acronym],
        "acronym_rows": rows[by_acronym],
    }


def _by_gram(at: Mapping[str, Ids]) -> dict[str, Ids]:
    """Rows by the bucket of their 3-grams, a row once to a bucket: counted first, then put in their places."""
    counts = np.zeros(BUCKETS, np.int64)
    for buckets, _ in _chunks_of_grams(at):
        counts += np.bincount(buckets, minlength=BUCKETS)
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    rows = np.empty(int(starts[-1]), np.int32)
    free = starts[:-1].copy()
    for buckets, owners in _chunks_of_grams(at):
        order = np.argsort(buckets, kind="stable")
        buckets = buckets[order]
        new = np.flatnonzero(np.concatenate(([True], buckets[1:] != buckets[:-1])))
        lengths = np.diff(np.concatenate((new, [len(buckets)])))
        rows[free[buckets] + np.arange(len(buckets)) - np.repeat(new, lengths)] = owners[order]
        free[buckets[new]] += lengths
    return {"gram_starts": starts, "gram_rows": rows}


def _chunks_of_grams(at: Mapping[str, Ids]) -> Iterator[tuple[Ids, Ids]]:
    """Buckets and their rows, each pair once, for a chunk of names at a time."""
    texts, low = map(_lettered, _texts(at)), 0
    while part := list(islice(texts, CHUNK)):
        letters = np.frombuffer("".join(f" {key} " for key in part).encode("utf-32-le"), np.uint32)
        lengths = np.fromiter(map(len, part), np.int64, len(part)) + 2
        owners = np.repeat(np.arange(len(part)), lengths)
        whole = owners[:-2] == owners[2:]
        pairs = _buckets(letters)[whole] << 32 | owners[:-2][whole]
        pairs.sort()
        pairs = pairs[np.concatenate(([True], pairs[1:] != pairs[:-1]))]
        yield pairs >> 32, (pairs & 0xFFFFFFFF) + low
        low += len(part)


def _typed(types: Iterable[tuple[URIRef, URIRef]], entities: Ids, content: Content) -> tuple[dict[str, Ids], list[str]]:
    """The types of each entity as numbers, ascending, and what the numbers stand for."""
    places, numbers = array("q"), array("q")
    number: dict[str, int] = {}
    for iri, kind in types:
        content.add(str(iri), str(kind))
        value = _hash(str(iri))
        place = int(np.searchsorted(entities, value))
        if place < len(entities) and entities[place] == value:
            places.append(place)
            numbers.append(number.setdefault(str(kind), len(number)))
    known = sorted(number)
    rank = np.array([known.index(kind) for kind in number], np.int64)
    pairs = np.unique(np.frombuffer(places, np.int64) << 32 | (rank[np.frombuffer(numbers, np.int64)] if number else 0))
    starts = np.concatenate(([0], np.cumsum(np.bincount(pairs >> 32, minlength=len(entities))))).astype(np.int64)
    return {"type_starts": starts, "type_numbers": (pairs & 0xFFFFFFFF).astype(np.int32)}, known
