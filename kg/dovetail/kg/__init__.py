"""The graph: a store of documents and statements in layers, the evidence that joins them, SPARQL over
it all, and an integer snapshot for whatever works in bulk. Statements come from above; nothing here
knows how text is read or what follows from what.
"""

from dovetail.kg.dictionary import Terms
from dovetail.kg.errors import (
    DocumentError,
    DovetailError,
    GraphDamaged,
    GraphError,
    GraphLocked,
    InputError,
    QueryError,
    QueryTimeout,
    RuleError,
)
from dovetail.kg.formats import export_graph, import_graph, load_vocabulary, vocabulary_names
from dovetail.kg.index import TripleIndex
from dovetail.kg.names import PREFIXES, Layer, document_iri, entity_iri
from dovetail.kg.ntriples import read_ntriples
from dovetail.kg.passages import NewPassage, Passage, PassageIndex, forget_documents, open_passages
from dovetail.kg.provenance import DocumentRecord
from dovetail.kg.statement import Document, Evidence, Qualifiers, Statement, Term
from dovetail.kg.store import TRUSTED, Forgotten, KnowledgeGraph
from dovetail.kg.summary import GraphSummary

__all__ = [
    "PREFIXES",
    "TRUSTED",
    "Document",
    "DocumentError",
    "DocumentRecord",
    "DovetailError",
    "Evidence",
    "Forgotten",
    "GraphDamaged",
    "GraphError",
    "GraphLocked",
    "GraphSummary",
    "InputError",
    "KnowledgeGraph",
    "Layer",
    "NewPassage",
    "Passage",
    "PassageIndex",
    "Qualifiers",
    "QueryError",
    "QueryTimeout",
    "RuleError",
    "Statement",
    "Term",
    "Terms",
    "TripleIndex",
    "document_iri",
    "entity_iri",
    "export_graph",
    "forget_documents",
    "import_graph",
    "load_vocabulary",
    "open_passages",
    "read_ntriples",
    "vocabulary_names",
]
