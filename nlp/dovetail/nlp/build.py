"""Documents into the graph: read, extract in processes of their own, write in batches.

    read_documents ─> (unchanged? skip) ─> extract, one process per core ─> passages, then graph, a batch at a time

One writer. A batch is all there or not there, and a document's fingerprint arrives with its facts, so a build that is killed and
started again reads exactly what is missing and ends with the same graph.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path

import torch
from rdflib import Literal
from rdflib.namespace import RDFS

from dovetail.kg.errors import DocumentError
from dovetail.kg.names import Layer, digest
from dovetail.kg.passages import PassageIndex, open_passages
from dovetail.kg.statement import Document, Statement
from dovetail.kg.store import KnowledgeGraph
from dovetail.nlp.adapt.adapter import find_adapter, why_not
from dovetail.nlp.catalogue import Catalogue, EntityType, RelationType
from dovetail.nlp.extract import Extraction, extract
from dovetail.nlp.graph_vocabulary import vocabulary_folder
from dovetail.nlp.languages import can_read, language_mark, language_of
from dovetail.nlp.mentions import shared_catalogue
from dovetail.nlp.passage_vectors import encoder_mark, encoder_name, with_vectors
from dovetail.nlp.pipeline import PipelineOptions
from dovetail.nlp.pipelines import Pipelines
from dovetail.nlp.readers import read_documents
from dovetail.nlp.vocabulary import Vocabulary

VERSION = "2"
"""Moves when the same document would give other facts, so that graphs built before are read again."""

EXTRACTOR = f"dovetail-extractor@{VERSION}"
BATCH_DOCUMENTS = 64
BATCH_SECONDS = 5.0
CHUNK_CHARACTERS = 20_000
"""Work handed to a process at a time: documents up to this many characters together."""

WORTH_PROCESSES = 300_000
"""Characters below which starting processes costs more than it saves."""


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """``workers`` is the number of processes that extract; None chooses by the machine and the corpus.

    ``min_confidence``: relations less sure are not kept. ``encoder``: a text encoder for the passages, by its folder or its name on
    the hub; the packaged one without.
    """

    vocabularies: tuple[Path, ...] = ()
    labels: Path | None = None
    workers: int | None = None
    min_confidence: float = 0.0
    encoder: str = ""


@dataclass(frozen=True, slots=True)
class BuildEvent:
    """A document that was read ('document') or passed over ('skipped', with the reason), or what a person should know ('note')."""

    kind: str
    document: str
    words: int = 0
    statements: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. ``missing``: documents of the graph that are no longer in the sources they came from."""

    read: int
    unchanged: int
    replaced: int
    skipped: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    words: int
    statements: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Job:
    """What a process needs to extract."""

    options: PipelineOptions
    vocabulary: Path | None
    encoder: str


@dataclass(slots=True)
class _Tally:
    """Counts of a build under way."""

    read: int = 0
    unchanged: int = 0
    replaced: int = 0
    words: int = 0
    statements: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def build_graph(
    sources: Sequence[Path],
    graph: KnowledgeGraph,
    *,
    options: BuildOptions | None = None,
    on_event: Callable[[BuildEvent], None] = lambda event: None,
) -> BuildReport:
    """Read the documents in files and folders into ``graph``: new and changed ones only.

    Documents that cannot be read are passed over and reported. Passages go to ``graph.path / "passages"``; a graph in memory has
    none. Errors: InputError for a source, vocabulary or label file that cannot be used.
    """
    options = options or BuildOptions()
    began = time.monotonic()
    tally = _Tally()

    def skip(document: str, error: DocumentError) -> None:
        tally.skipped.append((document, str(error)))
        on_event(BuildEvent("skipped", document, reason=str(error)))

    documents = read_documents(sources, on_skip=skip)
    catalogue = shared_catalogue(str(options.labels) if options.labels else None)
    for path in options.vocabularies:
        graph.load_vocabulary(path)
    graph.add(_catalogue_statements(catalogue), layer=Layer.VOCABULARY)
    adapter = _adapter(graph, catalogue, on_event)
    own = frozenset(map(str, [e.iri for e in catalogue.entities] + [r.iri for r in catalogue.relations]))
    with vocabulary_folder(graph, without=own) as (vocabulary, content), open_passages(graph) as passages:
        encoder, reader = encoder_name(options.encoder), encoder_mark(options.encoder)
        passages.bind(encoder)
        job = _Job(PipelineOptions(labels=options.labels, adapter=adapter, min_confidence=options.min_confidence), vocabulary, encoder)
        mark = _pipeline_fingerprint(catalogue, f"{content} {options.min_confidence} {adapter.stem if adapter else ''} {reader}")
        known = graph.fingerprints()
        indexed = passages.documents()
        passages.remove(indexed - known.keys())
        fresh = _changed(_readable(documents, skip), known, indexed, mark, tally)
        batch: list[Extraction] = []
        flushed = time.monotonic()
        for extraction in _extract_all(fresh, job, options.workers):
            document = extraction.record.document
            tally.read += 1
            tally.replaced += document.id in known
            tally.words += extraction.words
            tally.statements += len(extraction.record.statements)
            batch.append(extraction)
            if len(batch) >= BATCH_DOCUMENTS or time.monotonic() - flushed > BATCH_SECONDS:
                _write(batch, graph, passages)
                batch, flushed = [], time.monotonic()
            on_event(BuildEvent("document", document.id, words=extraction.words, statements=len(extraction.record.statements)))
        _write(batch, graph, passages)
    graph.write_manifest()
    roots = {Path(os.path.abspath(s)).name for s in sources}
    missing = sorted(d for d in known if d not in tally.seen and d.split("/")[0].split("#")[0] in roots)
    return BuildReport(
        tally.read,
        tally.unchanged,
        tally.replaced,
        tuple(tally.skipped),
        tuple(missing),
        tally.words,
        tally.statements,
        time.monotonic() - began,
    )


def _adapter(graph: KnowledgeGraph, catalogue: Catalogue, on_event: Callable[[BuildEvent], None]) -> Path | None:
    """The heads that were fitted to the user's examples, where they are beside the graph and may be used; otherwise why not is told."""
    stored = find_adapter(graph.path)
    if stored is None:
        return None
    reason = why_not(stored, catalogue)
    if reason is not None:
        on_event(BuildEvent("note", stored.name, reason=reason))
        return None
    return stored.heads


def _catalogue_statements(catalogue: Catalogue) -> Iterator[Statement]:
    """Names and descriptions of types and relations, for people who read the graph."""
    entries: list[EntityType | RelationType] = [*catalogue.entities, *catalogue.relations]
    for entry in entries:
        yield Statement(entry.iri, RDFS.label, Literal(entry.name))
        if entry.description:
            yield Statement(entry.iri, RDFS.comment, Literal(entry.description))


def _pipeline_fingerprint(catalogue: Catalogue, vocabulary: str) -> str:
    """A name for everything but the document that its facts depend on."""
    with as_file(files("dovetail.data").joinpath("weights")) as folder:
        held = ("extractor.safetensors", "calibration.json", "linking.json", "coreference.safetensors")
        weights = [sha256((folder / name).read_bytes()).hexdigest() for name in held]
    labels = [repr((e.key, e.name, e.description, str(e.iri), e.kind)) for e in catalogue.entities]
    labels += [repr((r.key, r.name, r.description, str(r.iri), sorted(r.domain), sorted(r.range))) for r in catalogue.relations]
    cues = [cue.read_text("utf-8") for cue in sorted(files("dovetail.data").joinpath("cues").iterdir(), key=lambda file: file.name)]
    return digest(VERSION, *weights, *cues, *labels, vocabulary)


def _readable(documents: Iterable[Document], skip: Callable[[str, DocumentError], None]) -> Iterator[Document]:
    """Documents whose language can be read with what is installed; the others are passed over."""
    for document in documents:
        if can_read(language_of(document.text)):
            yield document
        else:
            skip(document.id, DocumentError(f"{document.id}: Chinese text needs jieba: run pip install 'dovetail[zh]'"))


def _changed(
    documents: Iterable[Document], known: dict[str, str], indexed: set[str], mark: str, tally: _Tally
) -> Iterator[tuple[Document, str]]:
    """Documents the graph does not hold as they are now, with their fingerprints."""
    for document in documents:
        tally.seen.add(document.id)
        facts = mark + language_mark(language_of(document.text))
        metadata = (f"{k}={v}" for k, v in sorted(document.metadata.items()))
        fingerprint = digest(facts, document.title, document.domain, document.text, *metadata)
        if known.get(document.id) == fingerprint and document.id in indexed:
            tally.unchanged += 1
        else:
            yield document, fingerprint


def _write(batch: Sequence[Extraction], graph: KnowledgeGraph, passages: PassageIndex) -> None:
    """Passages first: what the graph holds can always be searched, whenever the process is killed."""
    if batch:
        for extraction in batch:
            passages.put(extraction.record.document.id, extraction.passages)
        passages.commit()
        graph.put_documents([extraction.record for extraction in batch])


# ---------------------------------------------------------------------- extraction, here or in processes of its own


def _extract_all(documents: Iterator[tuple[Document, str]], job: _Job, workers: int | None) -> Iterator[Extraction]:
    """Extractions in the order of the documents."""
    first: list[tuple[Document, str]] = []
    size = 0
    for item in documents:
        first.append(item)
        size += len(item[0].text)
        if size >= WORTH_PROCESSES:
            break
    if not first:
        return
    everything = itertools.chain(first, documents)
    count = workers if workers is not None else (cores() if size >= WORTH_PROCESSES else 1)
    if count <= 1:
        with _one_thread():
            yield from _here(everything, job)
    else:
        yield from _elsewhere(everything, job, count)


def cores() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for torch, as in the processes: the same numbers wherever a document is read."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _here(documents: Iterable[tuple[Document, str]], job: _Job) -> Iterator[Extraction]:
    pipelines, catalogue = _prepare(job)
    for document, fingerprint in documents:
        found = extract(document, pipelines.reading(document.text), catalogue, extractor=EXTRACTOR, fingerprint=fingerprint)
        yield with_vectors(found, job.encoder)


def _prepare(job: _Job) -> tuple[Pipelines, Catalogue]:
    labels = str(job.options.labels) if job.options.labels else None
    vocabulary = None if job.vocabulary is None else Vocabulary.open(job.vocabulary)
    return Pipelines(job.options, vocabulary), shared_catalogue(labels)


def _elsewhere(documents: Iterable[tuple[Document, str]], job: _Job, count: int) -> Iterator[Extraction]:
    """In ``count`` processes, with a bounded number of documents under way."""
    pool = ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker, initargs=(job, os.getpid())
    )
    waiting: deque[Future[list[Extraction]]] = deque()
    try:
        for chunk in _chunks(documents):
            waiting.append(pool.submit(_work, chunk))
            if len(waiting) > count * 4:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _chunks(documents: Iterable[tuple[Document, str]]) -> Iterator[list[tuple[Document, str]]]:
    chunk: list[tuple[Document, str]] = []
    size = 0
    for item in documents:
        chunk.append(item)
        size += len(item[0].text)
        if size >= CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


_worker: list[tuple[Pipelines, Catalogue, str]] = []
"""What a worker process prepared when it started; empty elsewhere."""


def _start_worker(job: _Job, parent: int) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    torch.set_num_threads(1)
    _worker.append((*_prepare(job), job.encoder))


def _end_with(parent: int) -> None:
    """Stop when the process that builds is gone, killed perhaps."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _work(chunk: list[tuple[Document, str]]) -> list[Extraction]:
    pipelines, catalogue, encoder = _worker[0]
    found = (
        extract(document, pipelines.reading(document.text), catalogue, extractor=EXTRACTOR, fingerprint=fingerprint)
        for document, fingerprint in chunk
    )
    return [with_vectors(extraction, encoder) for extraction in found]
