"""A vocabulary in RDF from annotated text: every name that the texts use for an identifier, its commonest as the label.

    python benchmarks/mesh_vocabulary.py bc5cdr/train.jsonl ncbi-disease/train.jsonl -o mesh.ttl
    dovetail evaluate extraction bc5cdr/dev.jsonl --vocabulary mesh.ttl

It has the entities that the given texts mention and no others, so give it training splits, and judge on development splits: what
only those mention is rightly linked to nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rdflib import RDF, SKOS, Graph, Literal

from dovetail.nlp.evaluate_linking import names_of


def main() -> None:
    """Read the files and write the vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    names, types = names_of([json.loads(line) for file in options.files for line in file.open(encoding="utf-8")])
    graph = Graph()
    for name in names:
        graph.add((name.iri, SKOS.prefLabel if name.preferred else SKOS.altLabel, Literal(name.name)))
    for iri, kind in types:
        graph.add((iri, RDF.type, kind))
    graph.serialize(options.output, format="turtle", encoding="utf-8")
    print(f"{len(names):,} names of {len({name.iri for name in names}):,} entities in {options.output}")


if __name__ == "__main__":
    main()
