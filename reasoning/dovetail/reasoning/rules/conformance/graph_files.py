"""Graphs from files as RDF 1.2 has them: triple terms kept, and the same things refused as when a graph is built."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from dovetail.kg.errors import InputError
from dovetail.kg.guards import check_triple_terms, check_xml

FORMATS = {
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".ttl": ox.RdfFormat.TURTLE,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
"""The formats by suffix."""


def read_triples(path: Path) -> list[ox.Triple]:
    """The triples of a file, in order; `InputError` says what is wrong with it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "a.ttl"
    ...     _ = file.write_text("<urn:a> <urn:p> <<( <urn:b> <urn:p> 1 )>> .")
    ...     [triple.object.predicate for triple in read_triples(file)]
    [<NamedNode value=urn:p>]
    """
    rdf_format = FORMATS.get(path.suffix)
    if rdf_format is None:
        raise InputError(f"{path}: graphs are read from {', '.join(FORMATS)}, not from {path.suffix or 'a file without suffix'}")
    try:
        if rdf_format == ox.RdfFormat.RDF_XML:
            check_xml(path)
        with path.open("rb") as file:
            if rdf_format != ox.RdfFormat.RDF_XML:
                check_triple_terms(file, path=path)
                file.seek(0)
            return [quad.triple for quad in ox.parse(file, rdf_format, base_iri=path.resolve().as_uri())]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{path}: {error}") from error
