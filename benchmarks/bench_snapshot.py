"""How long the integer snapshot of a graph takes to make, to open and to ask.

    python benchmarks/bench_snapshot.py --triples 1000000 --json snapshot.json

A graph of random but seeded triples is written to a temporary directory. Each part runs in a
process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from dovetail.kg import KnowledgeGraph, Layer
from parts import Part, run_parts

RELATIONS = 50
LOOKUPS = 10_000


def quads(triples: int) -> Iterator[ox.Quad]:
    """Entities that look like minted ones, an eighth of the objects names and an eighth types."""
    rng = random.Random(7)
    entities = max(triples // 5, 10)
    graph = ox.NamedNode(Layer.STATED.value)
    relations = [ox.NamedNode(f"http://www.wikidata.org/prop/direct/P{n}") for n in range(RELATIONS)]
    kind = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    label = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")

    def entity() -> ox.NamedNode:
        return ox.NamedNode(f"urn:dovetail:entity:thing:Some_name_{rng.randrange(entities)}")

    for n in range(triples):
        if n % 8 == 0:
            yield ox.Quad(entity(), label, ox.Literal(f"Some name {n}"), graph)
        elif n % 8 == 1:
            yield ox.Quad(entity(), kind, ox.NamedNode(f"http://www.wikidata.org/entity/Q{rng.randrange(200)}"), graph)
        else:
            yield ox.Quad(entity(), rng.choice(relations), entity(), graph)


def fill(home: Path, triples: int) -> int:
    """Write the graph; returns its triples."""
    with KnowledgeGraph.open(home, create=True) as graph, graph.changing() as store:
        store.bulk_extend(quads(triples))
    return triples


def build(home: Path, _: int) -> int:
    """Make the snapshot."""
    with KnowledgeGraph.open(home) as graph:
        return len(graph.index())


def reopen(home: Path, _: int) -> int:
    """Open the graph and its snapshot."""
    with KnowledgeGraph.open(home, read_only=True) as graph:
        return len(graph.index())


def look_up(home: Path, _: int) -> int:
    """Find the triples of random subjects, then of random objects of one predicate."""
    rng = random.Random(1)
    with KnowledgeGraph.open(home, read_only=True) as graph:
        index = graph.index()
        relation = int(index.relations[0])
        for _ in range(LOOKUPS // 2):
            index.triples(s=rng.randrange(len(index.terms)))
            index.triples(p=relation, o=rng.randrange(len(index.terms)))
    return LOOKUPS


def name_terms(home: Path, _: int) -> int:
    """Make random terms and find their numbers again."""
    rng = random.Random(1)
    with KnowledgeGraph.open(home, read_only=True) as graph:
        terms = graph.index().terms
        for _ in range(LOOKUPS):
            number = rng.randrange(len(terms))
            assert terms.id(terms[number]) == number
    return LOOKUPS


def summarise(home: Path, _: int) -> int:
    """Count what is in the graph."""
    with KnowledgeGraph.open(home, read_only=True) as graph:
        return sum(graph.summary().triples_by_layer.values())


PARTS: dict[str, Part] = {
    "fill the store": fill,
    "make the snapshot": build,
    "open the snapshot": reopen,
    "look up triples": look_up,
    "decode and encode terms": name_terms,
    "summary": summarise,
}


if __name__ == "__main__":
    run_parts(__file__, PARTS, about=__doc__, size="triples", default=1_000_000)
