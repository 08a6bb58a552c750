"""The graph as torch-geometric data, for networks that pass messages over it."""

from __future__ import annotations

import torch
from torch_geometric.data import Data

from dovetail.kg.index import TripleIndex


def to_pyg(index: TripleIndex) -> Data:
    """Nodes and typed edges of a snapshot: ``edge_index`` (2, triples), ``edge_type`` (triples,), ``num_relations``.

    A node is the number of its term in ``index.terms``; an edge type is a position in ``index.relations``. The numbers are copied,
    since torch must not write to a memory-mapped file.

    >>> from rdflib import URIRef
    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> graph = KnowledgeGraph()
    >>> _ = graph.add([Statement(URIRef("urn:x:a"), URIRef("urn:x:knows"), URIRef("urn:x:b"))])
    >>> to_pyg(graph.index()).edge_index.shape
    torch.Size([2, 1])
    """
    data = Data(edge_index=torch.tensor(index.edge_index), edge_type=torch.tensor(index.edge_type), num_nodes=len(index.terms))
    data.num_relations = len(index.relations)
    return data
