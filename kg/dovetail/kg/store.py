"""The knowledge graph: documents and statements in, statements with their evidence out."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import pyoxigraph as ox
from rdflib import BNode, Dataset, Literal, URIRef
from rdflib.query import Result

from dovetail.kg import directory, labels
from dovetail.kg import provenance as prov
from dovetail.kg.errors import GraphError, InputError
from dovetail.kg.formats import load_vocabulary
from dovetail.kg.inference import CURRENT
from dovetail.kg.names import PREFIXES, Layer
from dovetail.kg.predictions import PREDICTED_CURRENT
from dovetail.kg.provenance import GRAPHS, DocumentRecord, EvidenceReader
from dovetail.kg.resolution import RESOLVED_CURRENT, SAME
from dovetail.kg.statement import Document, Evidence, Statement, Term
from dovetail.kg.support import supported_only_by
from dovetail.kg.terms import OxTerm, from_ox, to_ox

if TYPE_CHECKING:
    import pandas

    from dovetail.kg.index import TripleIndex
    from dovetail.kg.summary import GraphSummary

TRUSTED: tuple[Layer, ...] = (Layer.VOCABULARY, Layer.STATED, Layer.INFERRED)
"""The layers that are read unless others are asked for: all but what a model merely believes."""

_BULK = 5_000  # quads from which bulk loading (new files on disk) beats a transaction
_PROVENANCE = GRAPHS[Layer.PROVENANCE]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much ``forget`` took away."""

    documents: int
    statements: int
    entities: int


class KnowledgeGraph:
    """Documents, what they say, and what follows, in memory or in a directory.

    One process may write to a directory, any number may read it. Every change is all or nothing:
    a process killed in the middle leaves the graph as it was.

    >>> from rdflib import RDFS, Literal, URIRef
    >>> curie = URIRef("urn:x:curie")
    >>> with KnowledgeGraph() as graph:
    ...     added = graph.add([Statement(curie, RDFS.label, Literal("Marie Curie"))])
    ...     print(added, graph.label(curie))
    1 Marie Curie
    """

    def __init__(self) -> None:
        self._attach(ox.Store(), path=None, read_only=False, revision="0")

    def _attach(self, store: ox.Store, *, path: Path | None, read_only: bool, revision: str) -> None:
        self.path = path
        self.read_only = read_only
        self._store: ox.Store | None = store
        self._revision = revision
        self._changes = 0
        self._dataset: Dataset | None = None
        self._indexes: dict[tuple[Layer, ...], TripleIndex] = {}

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False, read_only: bool = False) -> KnowledgeGraph:
        """The graph in directory ``path``.

        Reading beside a writer shows the graph as it was when it was opened. InputError: nothing
        there (and not ``create``), or something else; GraphLocked: another process writes to it;
        GraphDamaged: its files cannot be read.
        """
        path = Path(path)
        if create and read_only:
            raise InputError("a graph cannot be created read-only")
        before = directory.read_revision(path)
        store = directory.open_store(path, create=create, read_only=read_only)
        revision = directory.read_revision(path)
        if read_only and revision != before:
            revision = "changing"  # somewhere between the two: good to read, not to keep a snapshot of
        elif not read_only and not directory.is_settled(revision):
            revision = directory.move_revision(path, changing=False)
        graph = cls.__new__(cls)
        graph._attach(store, path=path, read_only=read_only, revision=revision)
        return graph

    def __enter__(self) -> KnowledgeGraph:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store and its lock. A graph in memory is gone. Closing twice is harmless."""
        if self._store is not None and self.path is not None and self._changes:
            self.write_manifest()
        self._dataset = None
        self._indexes.clear()
        self._store = None

    @property
    def store(self) -> ox.Store:
        """The Oxigraph store, for reading in bulk. Writing to it directly leaves snapshots stale."""
        if self._store is None:
            raise GraphError("this graph is closed")
        return self._store

    @property
    def dataset(self) -> Dataset:
        """The graph for rdflib, its layers as named graphs and their union as the default. For reading."""
        from oxrdflib import OxigraphStore  # brings rdflib's SPARQL engine along, which is slow to import

        if self._dataset is None:
            self._dataset = Dataset(store=OxigraphStore(store=self.store), default_union=True)
            for prefix, namespace in PREFIXES.items():
                self._dataset.bind(prefix, namespace)
        return self._dataset

    @property
    def revision(self) -> str:
        """A name for the present content; it moves with every change."""
        return self._revision

    # ------------------------------------------------------------------ changing

    def add(self, statements: Iterable[Statement], *, layer: Layer = Layer.STATED) -> int:
        """Add statements to a layer, all or nothing, and return how many of its triples are new.

        A stated one without evidence is a person's assertion and outlives every document; one with
        evidence must quote a document of the graph, and goes when that goes.

        >>> from rdflib import RDFS
        >>> graph = KnowledgeGraph()
        >>> graph.add([Statement(URIRef("urn:x:a"), RDFS.seeAlso, URIRef("urn:x:b"), 0.4)], layer=Layer.PREDICTED)
        1
        """
        if layer is Layer.PROVENANCE:
            raise InputError("provenance is written with the statements it is about")
        quads: set[ox.Quad] = set()
        sources: dict[str, Document] = {}
        for statement in statements:
            if not statement.evidence:
                quads |= prov.assertion_quads(statement, layer)
                continue
            if layer is not Layer.STATED:
                raise InputError(f"only stated triples have evidence in documents, not {layer.name.lower()} ones")
            for evidence in statement.evidence:
                name = evidence.document
                source = sources[name] = sources.get(name) or self.document(name)
                prov.check_evidence(evidence, source)
            quads |= prov.evidence_quads(statement)
        new = {quad for quad in quads if quad not in self.store}
        self._apply(set(), new, stated=layer in (Layer.VOCABULARY, Layer.STATED))
        return sum(quad.graph_name == GRAPHS[layer] for quad in new)

    def load_vocabulary(self, path: Path | str) -> int:
        """Load an RDF file into the vocabulary layer, all or nothing, and return how many triples it has."""
        with self.changing() as store:
            return load_vocabulary(path, store)

    def clear(self, layer: Layer) -> int:
        """Empty a layer that can be made again: vocabulary, inferred, predicted or resolved. Returns its triples.

        >>> KnowledgeGraph().clear(Layer.INFERRED)
        0
        """
        if layer in (Layer.STATED, Layer.PROVENANCE):
            raise InputError(f"the {layer.name.lower()} layer goes with its documents: forget them")
        gone = set(self._quads(None, None, None, GRAPHS[layer]))
        about = [a.subject for a in self._quads(None, prov.ATTRIBUTED_TO, GRAPHS[layer], _PROVENANCE)]
        notes = {quad for node in about for quad in self._quads(node, None, None, _PROVENANCE)}
        if layer in (Layer.INFERRED, Layer.RESOLVED, Layer.PREDICTED):
            notes.update(self._quads(GRAPHS[layer], None, None, _PROVENANCE))  # the rules it was made with, and that it is current
        self._apply(gone | notes, set(), stated=layer is Layer.VOCABULARY)
        return len(gone)

    def put_documents(self, records: Iterable[DocumentRecord]) -> None:
        """Add documents with all they state, replacing those with the same id, in one atomic batch.

        >>> text = "Oxygen is a gas."
        >>> evidence = Evidence("a.txt", 0, 16, text, 0.9, "hand@1")
        >>> says = Statement(URIRef("urn:x:oxygen"), URIRef("urn:x:is"), Literal("gas"), evidence=(evidence,))
        >>> graph = KnowledgeGraph()
        >>> graph.put_documents([DocumentRecord(Document("a.txt", "A", text, "a.txt"), [says], "f1")])
        >>> graph.fingerprints()
        {'a.txt': 'f1'}
        """
        latest = {record.document.id: record for record in records}
        new = {quad for record in latest.values() for quad in prov.record_quads(record)}
        old = self._supported_only_by({prov.document_node(name) for name in latest})
        self._apply(old - new, new - old)

    def forget(self, ids: Iterable[str]) -> Forgotten:
        """Remove documents and everything only they support; what a person asserted stays.

        >>> KnowledgeGraph().forget(["a.txt"])
        Traceback (most recent call last):
            ...
        dovetail.kg.errors.InputError: no document 'a.txt' in the graph; it has none
        """
        known = self.fingerprints()
        names = set(ids)
        for name in sorted(names):
            if name not in known:
                raise _unknown_document(name, known)
        old = self._supported_only_by({prov.document_node(name) for name in names})
        stated = {quad for quad in old if quad.graph_name == GRAPHS[Layer.STATED]}
        typed = {quad.subject for quad in stated if quad.predicate == prov.TYPE}
        self._apply(old, set())
        entities = sum(not any(self._quads(entity, prov.TYPE, None, GRAPHS[Layer.STATED])) for entity in typed)
        return Forgotten(documents=len(names), statements=len(stated), entities=entities)

    def write_manifest(self) -> None:
        """Write ``manifest``: one ``fingerprint  id`` line per document, by id."""
        if self.path is not None and not self.read_only:
            lines = [f"{mark}  {name}\n" for name, mark in sorted(self.fingerprints().items())]
            directory.write_atomically(self.path / "manifest", "".join(lines))

    def _apply(self, old: set[ox.Quad], new: set[ox.Quad], *, stated: bool = True) -> None:
        """Take ``old`` out and put ``new`` in, as one change that is never half there."""
        if not old and not new:
            return
        with self.changing(stated=stated) as store:
            if old:
                store.update(f"DELETE DATA {{{_data(old)}}}; INSERT DATA {{{_data(new)}}}")
            elif len(new) >= _BULK:
                store.bulk_extend(new)
            else:
                store.extend(new)

    def _supported_only_by(self, documents: Iterable[ox.NamedNode]) -> set[ox.Quad]:
        with directory.graph_errors(self.path):
            return supported_only_by(self.store, documents)

    @contextmanager
    def changing(self, *, stated: bool = True) -> Iterator[ox.Store]:
        """The store, to write to directly and in bulk; the revision moves before and after.

        Where ``stated`` things change, the inferred, the resolved and the predicted layer are no longer known to follow from them.

        >>> graph = KnowledgeGraph()
        >>> before = graph.revision
        >>> with graph.changing() as store:
        ...     store.extend([])
        >>> graph.revision == before
        False
        """
        if self.read_only:
            raise GraphError(f"the graph at {self.path} was opened read-only")
        store = self.store
        self._indexes.clear()
        self._changes += 1
        if self.path is None:
            self._revision = str(self._changes)
            if stated:
                _outdate(store)
            yield store
            return
        # A process that dies in between leaves the first name, under which nothing is ever kept.
        self._revision = directory.move_revision(self.path, changing=True)
        try:
            with directory.graph_errors(self.path):
                if stated:
                    _outdate(store)
                yield store
        finally:
            self._indexes.clear()
            self._revision = directory.move_revision(self.path, changing=False)

    # ------------------------------------------------------------------ reading

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of every document, by id."""
        marks = {q.subject: q.object for q in self._quads(None, prov.FINGERPRINT, None, _PROVENANCE)}
        names = self._quads(None, prov.IDENTIFIER, None, _PROVENANCE)
        pairs = ((_text(quad.object), marks.get(quad.subject)) for quad in names)
        return {name: _text(mark) for name, mark in sorted(pairs) if mark is not None}

    def documents(self) -> Iterator[Document]:
        """Every document, by id; read one at a time."""
        for name in self.fingerprints():
            yield self.document(name)

    def document(self, name: str) -> Document:
        """The document with this id; InputError, with names like it, where there is none."""
        about = prov.document_node(name)
        if self._identifier(about) != name:
            raise _unknown_document(name, self.fingerprints())
        with directory.graph_errors(self.path):
            return prov.read_document(self.store, about)

    def statements_about(self, entity: URIRef | BNode, *, layers: Sequence[Layer] = TRUSTED) -> list[Statement]:
        """The statements with ``entity``, or what is one with it, as subject or object, each once, with their evidence, sorted."""
        found: dict[tuple[OxTerm, OxTerm, OxTerm], set[Layer]] = defaultdict(set)
        for layer, node in ((layer, to_ox(one)) for one in self.same(entity) for layer in layers):
            for subject, value in ((node, None), (None, node)):
                for quad in self._quads(subject, None, value, GRAPHS[layer]):
                    found[_triple(quad)].add(layer)
        reader = EvidenceReader(self.store)
        with directory.graph_errors(self.path):
            return [self._statement(t, found[t], reader) for t in sorted(found, key=lambda t: [*map(str, t)])]

    def claims_about(self, entity: URIRef | BNode) -> list[Statement]:
        """What is said of ``entity`` with qualifiers: denied, possible, reported, for a time, in a unit; sorted, with evidence.

        It takes in what is one with ``entity``. What is denied or merely possible is in no other answer; one triple may be here
        in several senses.

        >>> from dovetail.kg.statement import Qualifiers
        >>> graph = KnowledgeGraph()
        >>> curie, employer, harvard = (URIRef(f"urn:x:{name}") for name in ("curie", "employer", "harvard"))
        >>> graph.add([Statement(curie, employer, harvard, qualifiers=Qualifiers("negated"))])
        0
        >>> graph.statements_about(curie), [claim.qualifiers.polarity for claim in graph.claims_about(curie)]
        ([], ['negated'])
        """
        reader = EvidenceReader(self.store)
        parts = [(part, to_ox(one)) for one in self.same(entity) for part in (prov.SUBJECT, prov.OBJECT)]
        found = {quad.subject for part, node in parts for quad in self._quads(None, part, node, _PROVENANCE)}
        claims = []
        for about in sorted(found, key=str):
            said = {quad.predicate: quad.object for quad in self._quads(about, None, None, _PROVENANCE)}
            if prov.POLARITY in said and isinstance(about, ox.NamedNode):
                with directory.graph_errors(self.path):
                    evidence, asserted = reader.of(about), reader.confidence(about)
                    qualifiers = reader.qualifiers(about)
                subject, predicate, value = (from_ox(said[p]) for p in (prov.SUBJECT, prov.PREDICATE, prov.OBJECT))
                assert not isinstance(subject, Literal) and isinstance(predicate, URIRef)
                confidence = prov.combined_confidence(evidence, asserted)
                claims.append(Statement(subject, predicate, value, confidence, evidence, qualifiers))
        return sorted(claims, key=lambda s: [str(x) for x in (s.subject, s.predicate, s.object, *prov.qualifier_pairs(s.qualifiers))])

    def evidence_for(self, subject: URIRef | BNode, predicate: URIRef, object: Term) -> list[Evidence]:
        """The evidence for a triple, by document and place; none for what no document states."""
        about = prov.statement_node(to_ox(subject), to_ox(predicate), to_ox(object))
        with directory.graph_errors(self.path):
            return list(EvidenceReader(self.store).of(about))

    def _statement(self, triple: tuple[OxTerm, OxTerm, OxTerm], layers: set[Layer], reader: EvidenceReader) -> Statement:
        evidence: tuple[Evidence, ...] = ()
        confidence = 0.0
        for layer in layers:
            about = prov.statement_node(*triple, layer)
            said = reader.confidence(about)
            if layer is Layer.STATED:
                evidence = reader.of(about)
                said = prov.combined_confidence(evidence, said)
            confidence = max(confidence, 1.0 if said is None else said)
        subject, predicate, value = map(from_ox, triple)
        assert not isinstance(subject, Literal) and isinstance(predicate, URIRef)
        return Statement(subject, predicate, value, confidence, evidence)

    def label(self, term: Term) -> str:
        """What to call ``term`` on a screen: its label with most behind it, else its local name.

        The vocabulary's label comes first, then the one with most evidence, then alphabetically.

        >>> KnowledgeGraph().label(URIRef("urn:dovetail:entity:person:Marie_Curie"))
        'Marie Curie'
        """
        with directory.graph_errors(self.path):
            return labels.best_label(self.store, term)

    def names(self, entity: URIRef | BNode) -> list[str]:
        """Every name of ``entity`` and of what is one with it: labels and alternative labels, sorted."""
        group = self.same(entity)
        with directory.graph_errors(self.path):
            return sorted({name for one in group for _, name in labels.all_names(self.store, one)})

    def canonical(self, entity: URIRef | BNode) -> URIRef | BNode:
        """The entity that stands for all that are one with this one by the resolved layer; itself where none is.

        >>> KnowledgeGraph().canonical(URIRef("urn:x:a"))
        rdflib.term.URIRef('urn:x:a')
        """
        if isinstance(entity, BNode):
            return entity
        found = self._quads(to_ox(entity), SAME, None, GRAPHS[Layer.RESOLVED])
        return URIRef(_text(found[0].object)) if found else entity

    def same(self, entity: URIRef | BNode) -> list[URIRef | BNode]:
        """The entities that are one with this one by the resolved layer, itself among them, the canonical one first.

        >>> KnowledgeGraph().same(URIRef("urn:x:a"))
        [rdflib.term.URIRef('urn:x:a')]
        """
        head = self.canonical(entity)
        others = () if isinstance(head, BNode) else self._quads(None, SAME, to_ox(head), GRAPHS[Layer.RESOLVED])
        return [head, *sorted(URIRef(_text(quad.subject)) for quad in others)]

    def all_names(self) -> Iterator[tuple[URIRef | BNode, str]]:
        """Every entity with each of its names, sorted; far cheaper than asking one by one."""
        with directory.graph_errors(self.path):
            yield from labels.all_names(self.store)

    def query(self, sparql: str, *, timeout: float | None = 30.0) -> Result:
        """The answer to a SPARQL query over all layers, stopped after ``timeout`` seconds.

        The prefixes of ``names.PREFIXES`` need no declaring. What would change the graph or reach
        for the network is refused (QueryError); so is what takes too long (QueryTimeout).

        >>> from rdflib import RDFS
        >>> graph = KnowledgeGraph()
        >>> graph.add([Statement(URIRef("urn:x:a"), RDFS.label, Literal("A"))])
        1
        >>> [str(row.name) for row in graph.query("SELECT ?name { ?a rdfs:label ?name }")]
        ['A']
        """
        from dovetail.kg.sparql import run

        return run(self, sparql, timeout=timeout)

    def query_frame(self, sparql: str, *, timeout: float | None = 30.0) -> pandas.DataFrame:
        """The rows of a SELECT as a pandas DataFrame of Python values; unbound is None."""
        from dovetail.kg.sparql import frame

        return frame(self.query(sparql, timeout=timeout))

    def index(self, layers: Sequence[Layer] = TRUSTED) -> TripleIndex:
        """The triples of these layers as integers, made once per revision and kept beside the store."""
        from dovetail.kg.index import load_index

        key = tuple(sorted(set(layers), key=lambda layer: layer.name))
        if key not in self._indexes:
            with directory.graph_errors(self.path):
                self._indexes[key] = load_index(self, key)
        return self._indexes[key]

    def summary(self) -> GraphSummary:
        """What is in the graph, counted."""
        from dovetail.kg.summary import summarise

        with directory.graph_errors(self.path):
            return summarise(self)

    def _quads(
        self,
        subject: object,
        predicate: object,
        object: object,
        graph: ox.NamedNode,
    ) -> list[ox.Quad]:
        with directory.graph_errors(self.path):
            try:
                return list(self.store.quads_for_pattern(subject, predicate, object, graph))  # type: ignore[arg-type]
            except OSError as error:
                if self.path is None or not self.read_only or "No such file" not in str(error):
                    raise
            # A writer has merged files away that this store knew of but had not opened yet: look again.
            self._store = directory.open_store(self.path, create=False, read_only=True)
            self._revision = "changing"
            return list(self._store.quads_for_pattern(subject, predicate, object, graph))  # type: ignore[arg-type]

    def _identifier(self, about: ox.NamedNode) -> str | None:
        return next((_text(q.object) for q in self._quads(about, prov.IDENTIFIER, None, _PROVENANCE)), None)


def _outdate(store: ox.Store) -> None:
    store.remove(CURRENT)
    store.remove(RESOLVED_CURRENT)
    store.remove(PREDICTED_CURRENT)


def _triple(quad: ox.Quad) -> tuple[OxTerm, OxTerm, OxTerm]:
    assert not isinstance(quad.subject, ox.Triple) and not isinstance(quad.object, ox.Triple)
    return quad.subject, quad.predicate, quad.object


def _text(term: object) -> str:
    assert isinstance(term, ox.NamedNode | ox.BlankNode | ox.Literal)
    return term.value


def _data(quads: set[ox.Quad]) -> str:
    return "\n".join(f"GRAPH {q.graph_name} {{{q.subject} {q.predicate} {q.object}}}" for q in quads)


def _unknown_document(name: str, known: Iterable[str]) -> InputError:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(map(repr, near))}?" if near else f"it has {len(names) or 'none'}"
    return InputError(f"no document {name!r} in the graph; {hint}")
