"""A graph as a table, one row a quad: CSV, and Parquet where pyarrow is installed.

The columns are ``subject, predicate, object, object_kind, datatype, language, graph``. IRIs and
texts stand as they are, without brackets, quotes or escapes; a blank node as ``_:name``. What does
not apply is empty: the datatype of plain text, the graph of a triple outside any. The language
of text with a base direction ends in ``--ltr`` or ``--rtl``, as in RDF 1.2.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from pyoxigraph import BaseDirection, BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store, Triple
from rdflib.namespace import XSD

from dovetail.kg.errors import InputError
from dovetail.kg.format_registry import exporter, importer
from dovetail.kg.guards import located

COLUMNS = ("subject", "predicate", "object", "object_kind", "datatype", "language", "graph")
ROWS_AT_ONCE = 65_536
_STRING = str(XSD.string)


def quad_row(quad: Quad) -> tuple[str, ...]:
    """The row of a quad, one text for each of `COLUMNS`.

    >>> quad = Quad(BlankNode("b"), NamedNode("urn:p"), Literal("شاي", language="ar"))
    >>> quad_row(quad)
    ('_:b', 'urn:p', 'شاي', 'literal', '', 'ar', '')
    """
    term = quad.object
    if isinstance(term, Literal):
        language = term.language or ""
        if term.direction is not None:
            language += f"--{term.direction}"
        datatype = "" if language or term.datatype.value == _STRING else term.datatype.value
        middle = (term.value, "literal", datatype, language)
    elif isinstance(term, NamedNode):
        middle = (term.value, "iri", "", "")
    elif isinstance(term, BlankNode):
        middle = (str(term), "bnode", "", "")
    else:
        raise InputError(f"{quad.subject} has the triple term {term}; export as trig or nquads (RDF 1.2)")
    graph = "" if isinstance(quad.graph_name, DefaultGraph) else resource_text(quad.graph_name)
    return (resource_text(quad.subject), quad.predicate.value, *middle, graph)


def row_quad(row: Sequence[str]) -> Quad:
    """The quad of a row, undoing `quad_row`; a `ValueError` says what is wrong with the row.

    >>> str(row_quad(["urn:s", "urn:p", "1", "literal", "urn:d", "", ""]))
    '<urn:s> <urn:p> "1"^^<urn:d>'
    """
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} columns, where {len(COLUMNS)} were expected: {','.join(COLUMNS)}")
    subject, predicate, value, kind, datatype, language, graph = row
    term: NamedNode | BlankNode | Literal
    if kind == "literal":
        term = literal(value, datatype=datatype, language=language)
    elif kind in ("iri", "bnode"):
        term = resource(value)
        if isinstance(term, BlankNode) != (kind == "bnode"):
            raise ValueError(f"the object {value!r} is not of the kind {kind}")
    else:
        raise ValueError(f"object_kind {kind!r}, where iri, literal or bnode was expected")
    return Quad(resource(subject), NamedNode(predicate), term, resource(graph) if graph else DefaultGraph())


def literal(value: str, *, datatype: str, language: str) -> Literal:
    """The literal with a datatype IRI or a language (perhaps with ``--rtl``), or neither (both empty)."""
    if datatype and language:
        raise ValueError(f"both the datatype {datatype!r} and the language {language!r}")
    if datatype:
        return Literal(value, datatype=NamedNode(datatype))
    if not language:
        return Literal(value)
    tag, _, direction = language.partition("--")
    return Literal(value, language=tag, direction=BaseDirection(direction) if direction else None)


def resource(text: str) -> NamedNode | BlankNode:
    """The blank node or the IRI that ``text`` names; no IRI begins with an underscore."""
    return BlankNode(text[2:]) if text.startswith("_:") else NamedNode(text)


def resource_text(term: NamedNode | BlankNode | Triple) -> str:
    """The name of an IRI or blank node, undoing `resource`."""
    return term.value if isinstance(term, NamedNode) else str(term)


@exporter("csv", ".csv")
def write_csv(_: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """CSV (RFC 4180, UTF-8) with a row of column names."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    try:
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        rows.writerows(map(quad_row, quads))
    finally:
        text.detach()


@importer("csv", ".csv")
def read_csv(path: Path) -> Iterator[Quad]:
    """The quads of a CSV file with the columns that `write_csv` writes."""
    # The limit is the process's; 128 KiB, as it comes, is less than a long document.
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, strict=True)
            line = 1
            try:
                names = next(rows, [])
                if tuple(names) != COLUMNS:
                    raise ValueError(f"the columns {','.join(names)!r}, where {','.join(COLUMNS)!r} was expected")
                line = rows.line_num + 1
                for row in rows:
                    if row:
                        yield row_quad(row)
                    line = rows.line_num + 1
            except (csv.Error, ValueError) as error:  # text that is not UTF-8 is a ValueError too
                raise located(str(error), line=line, column=1) from error
    finally:
        csv.field_size_limit(limit)


def _pyarrow(path: str) -> tuple[Any, Any]:
    try:
        import pyarrow  # type: ignore[import-untyped]  # it has none
        from pyarrow import parquet
    except ImportError as error:
        raise InputError(f"{path} needs pyarrow: pip install pyarrow, or use csv") from error
    return pyarrow, parquet


@exporter("parquet", ".parquet")
def write_parquet(_: Store, quads: Sequence[Quad], out: BinaryIO) -> None:
    """Parquet with the columns of the CSV, all of them strings; what is empty there is null."""
    arrow, parquet = _pyarrow("the format parquet")
    schema = arrow.schema([(name, arrow.string()) for name in COLUMNS])
    rows = map(quad_row, quads)
    with parquet.ParquetWriter(out, schema, compression="zstd") as table:
        while batch := list(islice(rows, ROWS_AT_ONCE)):
            columns = [
                # An empty object is an empty text, not an absent one.
                [value or ("" if name == "object" else None) for value in column]
                for name, column in zip(COLUMNS, zip(*batch, strict=True), strict=True)
            ]
            table.write_table(arrow.table([arrow.array(c, arrow.string()) for c in columns], schema=schema))


@importer("parquet", ".parquet")
def read_parquet(path: Path) -> Iterator[Quad]:
    """The quads of a Parquet file with the columns that `write_parquet` writes."""
    arrow, parquet = _pyarrow(str(path))
    try:
        with parquet.ParquetFile(path) as table:
            columns = {field.name: str(field.type) for field in table.schema_arrow}
            if columns != dict.fromkeys(COLUMNS, "string"):
                raise InputError(f"{path}: the columns are {columns}; {', '.join(COLUMNS)} were expected, all string")
            number = 0
            for batch in table.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(COLUMNS)):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    try:
                        yield row_quad(["" if value is None else value for value in row])
                    except ValueError as error:
                        raise InputError(f"{path}: row {number}: {error}") from error
    except arrow.ArrowException as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from error
