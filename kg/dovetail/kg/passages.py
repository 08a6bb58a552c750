"""The passages of every document: found by their words, with a vector each, in one SQLite file.

    NewPassage -> put -> PassageIndex -> search (BM25) -> Passage
                                      -> vectors (for a cosine search elsewhere)

The index is derived from the documents: deleting its file loses nothing but the time to build it again.
Chinese and Japanese characters are words of their own to it, and a query's are searched for two by two, as they stand beside each other.
Ranking is Okapi BM25 (Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009), as
SQLite's FTS5 computes it (k1 = 1.2, b = 0.75) over two columns, text and title.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from dovetail.kg.errors import GraphDamaged, GraphLocked, InputError
from dovetail.kg.names import digest
from dovetail.kg.store import Forgotten, KnowledgeGraph

SCHEMA_VERSION = 2

TEXT_WEIGHT = 1.0
TITLE_WEIGHT = 1.0
"""How much one occurrence of a word in the text and in the title counts (measured: 1 to 3 make no difference)."""

FUNCTION_WORDS = frozenset(
    "a an and are as at be been being but by did do does for from had has have how if in into is it its not of on or s "
    "such t than that the their then there these they this those to was were what when where which who whom whose "
    "why will with would".split()
)
"""English words that say how a question is put, not what it is about: left out of a search."""

IDEOGRAPH = "[\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
"""A character of a script that leaves no space between words: Han and kana."""

CHINESE_FUNCTION_WORDS = (
    "什么时候 为什么 是不是 有没有 哪一年 哪一天 什么 哪里 哪儿 哪个 哪些 哪年 哪位 何时 何地 何处 "
    "怎么 怎样 如何 多少 请问 是谁 谁 几 哪 吗 呢 吧 了 的 是 在 于 由 和 与 及 被 把 都 也"
).split()
"""The same in Chinese; a query's characters are parted where they stand. Longer ones come first."""

SCHEMA = """
CREATE TABLE passage (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, title TEXT NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL, vector BLOB NOT NULL
);
CREATE INDEX passage_document ON passage (document, start);
CREATE VIRTUAL TABLE words USING fts5 (
    text, title, content = 'passage', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE state (revision TEXT NOT NULL, dim INTEGER NOT NULL, encoder TEXT NOT NULL);
INSERT INTO state VALUES ('empty', 0, '');
"""
_COLUMNS = 'id, document, title, start, "end", text'


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document: ``text == document.text[start:end]``."""

    id: int
    document: str
    title: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class NewPassage:
    """A passage to be stored, with the vector (dim,) of its text."""

    title: str
    start: int
    end: int
    text: str
    vector: npt.NDArray[np.float32]


def search_terms(query: str) -> list[str]:
    """The words of ``query`` worth searching for, each once, in lower case.

    A query of function words only keeps them all: there is a band called The Who.

    >>> search_terms("Who wrote the novel Émile, and who read it?")
    ['wrote', 'novel', 'émile', 'read']
    >>> search_terms("The Who")
    ['the', 'who']
    """
    words = list(dict.fromkeys(re.findall(rf"{IDEOGRAPH}+|(?:(?!{IDEOGRAPH})[^\W_])+", query.lower())))
    kept = [word for word in words if word not in FUNCTION_WORDS] or words
    return list(dict.fromkeys(term for word in kept for term in (_pairs(word) if re.match(IDEOGRAPH, word) else [word])))


def _pairs(run: str) -> list[str]:
    """Characters without spaces between them, two by two, without those that only put the question."""
    parts = [part for part in re.split("|".join(CHINESE_FUNCTION_WORDS), run) if part] or [run]
    return [part[i : i + 2] for part in parts for i in range(max(len(part) - 1, 1))]


def separated(text: str) -> str:
    """``text`` as it is indexed: a space to each side of every character of a script without spaces.

    >>> separated("居里 Curie")
    ' 居  里  Curie'
    >>> separated("Marie Curie")
    'Marie Curie'
    """
    return re.sub(IDEOGRAPH, r" \g<0> ", text) if not text.isascii() else text


def match_expression(query: str) -> str:
    """``query`` as an FTS5 expression that finds any of its words: nothing in it is read as syntax.

    >>> match_expression('Curie NOT "radium*"')
    '"curie" OR "radium"'
    >>> match_expression("居里夫人是谁？")
    '" 居  里 " OR " 里  夫 " OR " 夫  人 "'
    """
    return " OR ".join(f'"{separated(term)}"' for term in search_terms(query))


class PassageIndex:
    """The passages of a graph, in one file; with ``None``, in memory.

    Changes become visible to other processes, and survive this one, at ``commit`` (which leaving the ``with``
    block without an error does as well). Raises GraphDamaged or GraphLocked where the file cannot be used.

    >>> zeros = np.zeros(384, dtype=np.float32)
    >>> with PassageIndex(None) as index:
    ...     index.put("a.txt", [NewPassage("Radium", 0, 28, "Marie Curie isolated radium.", zeros)])
    ...     [(found, _)] = index.search("Who isolated radium?", 5)
    ...     index.get([found])[0].text
    'Marie Curie isolated radium.'
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._vectors: tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._telling():
            self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level="DEFERRED")
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not version and not tables:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(f"BEGIN IMMEDIATE;{SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
        elif version != SCHEMA_VERSION:
            raise GraphDamaged(self._advice(f"has format {version}, and this version of Dovetail reads format {SCHEMA_VERSION}"))
        self._db.execute("PRAGMA synchronous = NORMAL")

    def _advice(self, trouble: str) -> str:
        return f"the passage index {self.path or 'in memory'} {trouble}: delete it, and the next build makes it again"

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """SQLite's errors as ours."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise GraphLocked(
                    f"the passage index {self.path} is being written by another process: try again when it is done"
                ) from error
            raise GraphDamaged(self._advice(f"cannot be read ({error})")) from error

    def __enter__(self) -> PassageIndex:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.commit()
        self.close()

    def __len__(self) -> int:
        with self._telling():
            (count,) = self._db.execute("SELECT count(*) FROM passage").fetchone()
        return int(count)

    @property
    def revision(self) -> str:
        """A name for what the index holds: it moves with every change, and the same changes give the same name."""
        with self._telling():
            (revision,) = self._db.execute("SELECT revision FROM state").fetchone()
        return str(revision)

    @property
    def dim(self) -> int:
        """Length of the vectors, which the first passage sets; 0 where there is none."""
        with self._telling():
            (dim,) = self._db.execute("SELECT dim * EXISTS (SELECT 1 FROM passage) FROM state").fetchone()
        return int(dim)

    @property
    def encoder(self) -> str:
        """The name of the text encoder whose vectors these are; empty for the packaged one."""
        with self._telling():
            (encoder,) = self._db.execute("SELECT encoder FROM state").fetchone()
        return str(encoder)

    def bind(self, encoder: str) -> None:
        """Says whose the vectors are. InputError where vectors of another encoder are there already: they cannot be compared."""
        if self.dim and encoder != self.encoder:
            held, asked = self.encoder or "the packaged encoder", encoder or "the packaged encoder"
            raise InputError(
                f"the passages of this graph were read by {held}, and this is {asked}: "
                f"build another graph, or delete {self.path} to read all again"
            )
        with self._telling():
            self._db.execute("UPDATE state SET encoder = ?", (encoder,))

    def put(self, document: str, passages: Sequence[NewPassage]) -> None:
        """Stores the passages of a document, in place of those it had. InputError for vectors of different lengths."""
        rows = []
        dim = self.dim or next((p.vector.size for p in passages), 0)
        for passage in passages:
            if passage.vector.shape != (dim,):
                shape = passage.vector.shape
                raise InputError(f"a passage of {document!r} has a vector of shape {shape}, and the index holds vectors of shape ({dim},)")
            blob = passage.vector.astype("<f2").tobytes()
            rows.append((document, passage.title, passage.start, passage.end, passage.text, blob))
        with self._telling():
            self._drop(document)
            for row in rows:
                added = self._db.execute('INSERT INTO passage (document, title, start, "end", text, vector) VALUES (?, ?, ?, ?, ?, ?)', row)
                shown = separated(row[4]), separated(row[1])
                self._db.execute("INSERT INTO words (rowid, text, title) VALUES (?, ?, ?)", (added.lastrowid, *shown))
            self._db.execute("UPDATE state SET dim = ?", (dim,))
        self._moved("put", document, *(part for row in rows for part in (row[1], str(row[2]), row[4])))

    def remove(self, documents: Iterable[str]) -> None:
        """Removes the passages of these documents; those that have none are passed over."""
        documents = sorted(set(documents))
        with self._telling():
            for document in documents:
                self._drop(document)
        self._moved("remove", *documents)

    def _drop(self, document: str) -> None:
        """Takes a document's passages out, and their words as they were put in."""
        for number, text, title in self._db.execute("SELECT id, text, title FROM passage WHERE document = ?", (document,)).fetchall():
            gone = number, separated(text), separated(title)
            self._db.execute("INSERT INTO words (words, rowid, text, title) VALUES ('delete', ?, ?, ?)", gone)
        self._db.execute("DELETE FROM passage WHERE document = ?", (document,))

    def _moved(self, *change: str) -> None:
        self._vectors = None
        with self._telling():
            self._db.execute("UPDATE state SET revision = ?", (digest(self.revision, *change),))

    def documents(self) -> set[str]:
        """The ids of the documents that have passages."""
        with self._telling():
            return {document for (document,) in self._db.execute("SELECT DISTINCT document FROM passage")}

    def ids_of(self, documents: Iterable[str]) -> list[int]:
        """The ids of all passages of these documents, rising; documents that have none are passed over."""
        with self._telling():
            found = [self._db.execute("SELECT id FROM passage WHERE document = ?", (document,)).fetchall() for document in set(documents)]
        return sorted(number for some in found for (number,) in some)

    def commit(self) -> None:
        """Makes the changes so far last."""
        with self._telling():
            self._db.commit()

    def close(self) -> None:
        """Gives the file back; changes since the last commit are lost."""
        self._db.close()

    def search(self, query: str, k: int) -> list[tuple[int, float]]:
        """The ``k`` passages that match ``query`` best: id and BM25 score (more is better, above 0), best first.

        ``query`` is text: nothing in it is syntax. Ties go by document and position.
        """
        expression = match_expression(query)
        if not expression or k < 1:
            return []
        with self._telling():
            rows = self._db.execute(
                "SELECT passage.id, -score FROM (SELECT rowid, bm25(words, ?, ?) AS score FROM words WHERE words MATCH ?)"
                " JOIN passage ON passage.id = rowid ORDER BY score, document, start LIMIT ?",
                (TEXT_WEIGHT, TITLE_WEIGHT, expression, k),
            ).fetchall()
        return [(int(found), float(score)) for found, score in rows]

    def vectors(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """The ids (n,), rising, and the vectors (n, dim) of all passages. Kept in memory until the next change."""
        if self._vectors is None:
            with self._telling():
                rows = self._db.execute("SELECT id, vector FROM passage ORDER BY id").fetchall()
            ids = np.array([found for found, _ in rows], dtype=np.int64)
            halves = np.frombuffer(b"".join(blob for _, blob in rows), dtype="<f2")
            dim = self.dim
            if len(halves) != len(ids) * dim:
                raise GraphDamaged(self._advice("holds vectors of a wrong length"))
            self._vectors = ids, halves.astype(np.float32).reshape(len(ids), dim)
        return self._vectors

    def get(self, ids: Iterable[int]) -> list[Passage]:
        """The passages with these ids, in the order asked for. Raises InputError for an id that is not there."""
        wanted = [int(number) for number in ids]
        found: dict[int, Passage] = {}
        with self._telling():
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                marks = ",".join("?" * len(some))
                query = f"SELECT {_COLUMNS} FROM passage WHERE id IN ({marks})"
                found.update((row[0], Passage(*row)) for row in self._db.execute(query, some))
        missing = [number for number in wanted if number not in found]
        if missing:
            raise InputError(f"no passage with id {missing[0]}: ids come from search() or vectors() of the same index")
        return [found[number] for number in wanted]

    def at(self, document: str, offset: int) -> Passage | None:
        """The passage of a document that holds the character at ``offset``; None where no passage does."""
        where = 'WHERE document = ? AND start <= ? AND "end" > ? ORDER BY start LIMIT 1'
        with self._telling():
            row = self._db.execute(f"SELECT {_COLUMNS} FROM passage {where}", (document, offset, offset)).fetchone()
        return Passage(*row) if row else None

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """In how many passages each of ``words`` occurs, as the search sees words; of Han and kana, side by side."""
        with self._telling():
            self._db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab (main, words, row)")
            counts = {}
            for word in words:
                if (spaced := separated(word)) != word:
                    row = self._db.execute("SELECT count(*) FROM words WHERE words MATCH ?", (f'"{spaced}"',)).fetchone()
                else:
                    row = self._db.execute("SELECT doc FROM temp.vocabulary WHERE term = ?", (word,)).fetchone()
                counts[word] = int(row[0]) if row else 0
        return counts

    def all(self) -> list[Passage]:
        """Every passage, by id."""
        with self._telling():
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM passage ORDER BY id").fetchall()
        return [Passage(*row) for row in rows]


def open_passages(graph: KnowledgeGraph) -> PassageIndex:
    """The passage index beside a graph; an empty one in memory where the graph is in memory."""
    return PassageIndex(graph.path / "passages" / "passages.db" if graph.path is not None else None)


def forget_documents(documents: Iterable[str], graph: KnowledgeGraph) -> Forgotten:
    """Remove documents from ``graph`` and its passages, with everything that rests on them alone.

    InputError, and nothing is removed, where one of them is not in the graph.
    """
    names = sorted(set(documents))
    with open_passages(graph) as passages:
        passages.remove(names)
        return graph.forget(names)  # before the passages are committed, so that a wrong name leaves both as they were
