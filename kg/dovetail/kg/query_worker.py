"""One query, evaluated where it can be killed: a forked child, or this file run as a program.

Run by path, not as a module, so that a worker loads Oxigraph and nothing else. Standard input is a
JSON object; standard output one line of JSON that says what follows, the answer, and `end`.
"""

from __future__ import annotations

import io
import json
import sys
import time
from typing import IO

import pyoxigraph as ox

ATTEMPTS, PAUSE_SECONDS = 12, 0.05
END = b"\nend"


def evaluate(store: ox.Store, sparql: str, prefixes: dict[str, str], union: bool) -> ox.QuerySolutions | ox.QueryTriples | ox.QueryBoolean:
    """The answer to a query; the default graph is the union of all graphs if ``union``."""
    return store.query(sparql, prefixes=prefixes, use_default_graph_as_union=union)


def answer(store: ox.Store, sparql: str, prefixes: dict[str, str], union: bool, out: IO[bytes]) -> None:
    """Evaluate a query and write its answer, or what went wrong, to ``out``."""
    try:
        _write(store, sparql, prefixes, union, out)
    except (OSError, RuntimeError) as error:
        out.write(_failed(error))
    out.flush()


def _write(store: ox.Store, sparql: str, prefixes: dict[str, str], union: bool, out: IO[bytes]) -> None:
    """The same, but what the store's files do is raised."""
    try:
        result = evaluate(store, sparql, prefixes, union)
        kind = "triples" if isinstance(result, ox.QueryTriples) else "solutions"
        out.write(json.dumps({"kind": kind}).encode() + b"\n")
        if isinstance(result, ox.QueryTriples):
            result.serialize(out, format=ox.RdfFormat.N_TRIPLES)
        else:
            result.serialize(out, format=ox.QueryResultsFormat.TSV)
        out.write(END)
    except SyntaxError as error:
        out.write(json.dumps({"kind": "syntax", "message": str(error)}).encode() + b"\n")
    except ValueError as error:
        out.write(_failed(error))


def _failed(error: Exception) -> bytes:
    return json.dumps({"kind": "failed", "message": str(error)}).encode() + b"\n"


def main() -> None:
    """Answer the query on standard input from the store it names."""
    order = json.load(sys.stdin)
    for attempt in range(ATTEMPTS):
        out = io.BytesIO()
        try:
            store = ox.Store.read_only(order["store"])
            _write(store, order["sparql"], order["prefixes"], order["union"], out)
        except (OSError, RuntimeError) as error:
            # A writer may merge files away between our reading the list of files and opening them.
            if attempt + 1 < ATTEMPTS and "No such file" in str(error):
                time.sleep(PAUSE_SECONDS)
                continue
            out = io.BytesIO(_failed(error))
        sys.stdout.buffer.write(out.getvalue())
        return


if __name__ == "__main__":
    main()
