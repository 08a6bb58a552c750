"""SPARQL: what is asked is read before it runs, and what runs too long is stopped.

text -> checked (refusals, syntax) -> evaluated where it can be killed -> rdflib Result

A graph on disk is asked through a worker process that opens it read-only; one in memory through a
forked child. Either adds about 0.05 seconds; `timeout=None` runs in this process, without a limit.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
from rdflib import Graph, Literal, URIRef, Variable
from rdflib.query import Result

from dovetail.kg import query_worker
from dovetail.kg.directory import graph_errors
from dovetail.kg.errors import InputError, QueryError, QueryTimeout
from dovetail.kg.names import PREFIXES
from dovetail.kg.terms import from_ox

if TYPE_CHECKING:
    import pandas
    from rdflib.plugins.sparql.parserutils import CompValue

    from dovetail.kg.store import KnowledgeGraph

_FORMS = {"SelectQuery": "SELECT", "AskQuery": "ASK", "ConstructQuery": "CONSTRUCT", "DescribeQuery": "DESCRIBE"}
_ELSEWHERE = ("http:", "https:", "file:", "ftp:")
_TOKEN = re.compile(
    r"""\#[^\n]* | <[^<>"{}|^`\\\x00-\x20]*>
      | \"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
      | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'""",
    re.VERBOSE | re.DOTALL,
)
_SERVICE = re.compile(r"(?<![\w:?$.-])SERVICE(?![\w:-])", re.IGNORECASE)
_CODE_POINT = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})")
_SERVICE_REFUSED = "SERVICE is refused: a query does not leave this machine; remove it"


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """A query that may run: its text, its form (SELECT, ASK, ...), and whether it names its graphs."""

    text: str
    form: str
    names_graphs: bool


def check(sparql: str) -> CheckedQuery:
    """Read a query without running it; QueryError if it is malformed or asks for what is refused.

    >>> check("ASK { ?s ?p ?o }").form
    'ASK'
    >>> check("SELECT * { SERVICE <http://x.example/> { ?s ?p ?o } }")
    Traceback (most recent call last):
        ...
    dovetail.kg.errors.QueryError: SERVICE is refused: a query does not leave this machine; remove it
    """
    from pyparsing import ParseBaseException
    from rdflib.plugins.sparql.parser import expandUnicodeEscapes, parseQuery

    # Two parsers read this text, ours to judge it and the store's to run it. They must not be able
    # to disagree on where a comment or a string ends: hence one kind of line end, and no escape
    # that could become a quotation mark in one of them only.
    text = expandUnicodeEscapes(sparql.replace("\r\n", "\n").replace("\r", "\n"))
    if _CODE_POINT.search(text):
        raise QueryError("a code point escape that spells another escape is refused; write the character itself")
    try:
        prologue, query = parseQuery(text)
    except ParseBaseException as error:
        raise _refused_or_malformed(text, error) from None
    except RecursionError:
        raise QueryError("the query nests too deeply; flatten it") from None
    parts = list(_parts(query))
    if _SERVICE.search(_TOKEN.sub(" ", text)) or any(part.name == "ServiceGraphPattern" for part in parts):
        raise QueryError(_SERVICE_REFUSED)
    declared = {*PREFIXES, *(part.get("prefix") or "" for part in _parts(prologue) if part.name == "PrefixDecl")}
    for part in parts:
        if part.name == "pname" and (part.get("prefix") or "") not in declared:
            raise QueryError(f"prefix {part.get('prefix') or ''}: is not declared; begin with PREFIX {part.get('prefix') or ''}: <…>")
    return CheckedQuery(text, _FORMS[query.name], _names_graphs(prologue, query))


def _refused_or_malformed(text: str, error: Any) -> QueryError:
    from pyparsing import ParseBaseException
    from rdflib.plugins.sparql.parser import parseUpdate

    try:
        update = parseUpdate(text)
        verb = re.sub(r"(?<!^)(?=[A-Z])", " ", update.request[0].name).upper() if update.request else ""
    except (ParseBaseException, RecursionError):
        verb = ""
    if verb:
        verb = {"MODIFY": "DELETE/INSERT"}.get(verb, verb)
        return QueryError(f"{verb} is refused: a query only reads; change the graph through its methods")
    line = error.line.strip()
    found = f" in {line[:80]!r}" if line else ""
    return QueryError(f"not SPARQL: line {error.lineno}, column {error.column}{found}: {error.msg}")


def _malformed(message: str) -> QueryError:
    """What the store's parser says, which lists all it could have read, cut down to one line."""
    found = re.match(r"error at (\d+):(\d+): (.*)", " ".join(message.split()))
    if not found:
        return QueryError(f"not SPARQL: {' '.join(message.split())[:160]}")
    line, column, wanted = found.groups()
    sentence = re.search(r"\b[A-Z][a-zA-Z]+(?: [\w?]+){2,}", wanted)
    return QueryError(f"not SPARQL: line {line}, column {column}: {sentence[0] if sentence else wanted[:120]}")


def _parts(tree: Any) -> Iterator[CompValue]:
    """All parts of a parse tree."""
    from pyparsing import ParseResults
    from rdflib.plugins.sparql.parserutils import CompValue

    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, CompValue):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, ParseResults | list | tuple):
            waiting.extend(part)


def _names_graphs(prologue: Any, query: Any) -> bool:
    """Whether FROM replaces the default graph; QueryError if FROM points outside."""
    from rdflib.plugins.sparql.algebra import translatePrologue

    clauses = query.datasetClause or ()
    scope = translatePrologue(prologue, None, PREFIXES) if clauses else None
    for clause in clauses:
        where = clause.default or clause.named
        try:
            where = str(scope.absolutize(where)) if scope is not None else ""
        except Exception as error:  # rdflib raises a bare Exception for a prefix it does not know
            raise QueryError(f"FROM names a graph that cannot be resolved: {error}") from None
        if where.lower().startswith(_ELSEWHERE):
            raise QueryError(f"FROM <{where}> is refused: a query does not leave this graph; load the file first")
    return any(clause.default for clause in clauses)


def run(graph: KnowledgeGraph, sparql: str, *, timeout: float | None) -> Result:
    """The answer to ``sparql`` from ``graph``; see ``KnowledgeGraph.query``."""
    if timeout is not None and not timeout > 0:
        raise InputError(f"a time limit is a number of seconds above 0, or None, not {timeout!r}")
    query = check(sparql)
    store, path = graph.store, graph.path
    with graph_errors(path):
        if timeout is None or (path is None and not hasattr(os, "fork")):
            try:
                return _result(query, query_worker.evaluate(store, query.text, PREFIXES, not query.names_graphs))
            except SyntaxError as error:
                raise _malformed(str(error)) from None
        output = _ask_child(store, query, timeout) if path is None else _ask_worker(path, query, timeout)
        return _result(query, _parse(output))


def _ask_worker(path: Path, query: CheckedQuery, timeout: float) -> bytes:
    order = {
        "store": str(path / "store"),
        "sparql": query.text,
        "prefixes": PREFIXES,
        "union": not query.names_graphs,
    }
    command = [sys.executable, "-P", query_worker.__file__]
    try:
        done = subprocess.run(command, input=json.dumps(order).encode(), capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise _too_long(timeout) from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise QueryError(f"the query's process ended early, status {done.returncode}: {last or 'it may need more memory than there is'}")
    return done.stdout


def _ask_child(store: ox.Store, query: CheckedQuery, timeout: float) -> bytes:
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        # Python warns that other threads do not survive a fork; the child needs none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(readable)
            with open(writable, "wb") as out:
                query_worker.answer(store, query.text, PREFIXES, not query.names_graphs, out)
            status = 0
        finally:
            os._exit(status)
    os.close(writable)
    try:
        return _read_until(readable, time.monotonic() + timeout, timeout)
    finally:
        os.close(readable)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _read_until(readable: int, deadline: float, timeout: float) -> bytes:
    chunks: list[bytes] = []
    poller = select.poll()
    poller.register(readable, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0 and poller.poll(left * 1000):
        chunk = os.read(readable, 1 << 16)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    raise _too_long(timeout)


def _too_long(timeout: float) -> QueryTimeout:
    return QueryTimeout(f"the query was stopped after {timeout:g} s; narrow it, add a LIMIT, or allow more time")


def _parse(output: bytes) -> Any:
    header, _, body = output.partition(b"\n")
    order = json.loads(header) if header else {"kind": "lost"}
    if order["kind"] == "syntax":
        raise _malformed(order["message"])
    if order["kind"] == "failed":
        raise RuntimeError(order["message"])
    if not body.endswith(query_worker.END):
        raise QueryError("the query's process ended early; it may need more memory than there is")
    body = body.removesuffix(query_worker.END)
    if order["kind"] == "triples":
        return ox.parse(body, format=ox.RdfFormat.N_TRIPLES)
    return ox.parse_query_results(body, format=ox.QueryResultsFormat.TSV)


def _result(query: CheckedQuery, answer: Any) -> Result:
    result = Result(query.form)
    if isinstance(answer, ox.QueryBoolean):
        result.askAnswer = bool(answer)
    elif isinstance(answer, ox.QuerySolutions):
        result.vars = [Variable(v.value) for v in answer.variables]
        names = result.vars
        result.bindings = [{name: from_ox(term) for name, term in zip(names, row, strict=True) if term is not None} for row in answer]
    else:
        result.graph = Graph()
        for prefix, namespace in PREFIXES.items():
            result.graph.bind(prefix, namespace)
        for triple in answer:
            result.graph.add((from_ox(triple.subject), from_ox(triple.predicate), from_ox(triple.object)))
    return result


def frame(result: Result) -> pandas.DataFrame:
    """The rows of a SELECT as a DataFrame: literals as Python values, IRIs as text, unbound as None."""
    try:
        import pandas
    except ImportError:
        raise InputError("tables need pandas; install it with: pip install pandas") from None
    if result.type != "SELECT" or result.vars is None:
        raise InputError(f"a table is the answer to a SELECT, not to {result.type}")
    columns = {str(name): pandas.Series([_python(row.get(name)) for row in result.bindings], dtype=object) for name in result.vars}
    return pandas.DataFrame(columns).infer_objects()


def _python(term: Any) -> object:
    if isinstance(term, Literal):
        value = term.toPython()
        return str(term) if isinstance(value, Literal) else value
    return str(term) if isinstance(term, URIRef) else None if term is None else f"_:{term}"
