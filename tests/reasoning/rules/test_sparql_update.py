"""A store on the other end of a connection derives what the rules mean: `oxigraph serve`, on this machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from urllib.error import URLError
from urllib.request import Request, urlopen

import pyoxigraph as ox
import pytest
from hypothesis import given, settings

from dovetail.kg.errors import GraphError, InputError, RuleError
from dovetail.reasoning.rules.elsewhere.sparql_update import RemoteGraphs, RemoteStore, rule_update, saturate_remote
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.rule import RuleSet
from tests.reasoning.rules import programs
from tests.reasoning.rules.elsewhere import PROGRAMS, Program
from tests.reasoning.rules.reference import canonical, naive

START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """A running store."""

    url: str

    @property
    def store(self) -> RemoteStore:
        return RemoteStore(f"{self.url}/query", f"{self.url}/update", timeout_seconds=60)

    def put(self, graph: str, triples: Iterable[ox.Triple]) -> None:
        data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
        assert data is not None
        request = Request(f"{self.url}/store?graph={graph}", data=data, method="PUT", headers={"Content-Type": "application/n-triples"})
        with urlopen(request, timeout=60) as answer:
            assert answer.status in (201, 204)

    def get(self, graph: str) -> set[ox.Triple]:
        query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}".encode()
        headers = {"Content-Type": "application/sparql-query", "Accept": "application/n-triples"}
        with urlopen(Request(f"{self.url}/query", data=query, headers=headers), timeout=60) as answer:
            return {ox.Triple(q.subject, q.predicate, q.object) for q in ox.parse(answer.read(), ox.RdfFormat.N_TRIPLES)}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    assert program is not None, "the extra `dev` installs oxigraph"
    process = subprocess.Popen([program, "serve", "--bind", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        found = Server(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                found.get("urn:none")
                break
            except URLError:
                assert process.poll() is None and time.monotonic() < deadline, "oxigraph serve did not start"
                time.sleep(0.05)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


NUMBERS = count()


def run(rules: RuleSet, facts: list[ox.Triple], server: Server) -> set[ox.Triple]:
    """What the store infers from facts spread over two graphs."""
    name = f"urn:run:{next(NUMBERS)}"
    graphs = RemoteGraphs((f"{name}:one", f"{name}:two"), f"{name}:inferred")
    blank = any(isinstance(node, ox.BlankNode) for fact in facts for node in (fact.subject, fact.object))
    half = len(facts) if blank else len(facts) // 2  # a file's blank nodes are its own
    for graph, part in zip(graphs.given, (facts[:half], facts[half:]), strict=True):
        server.put(graph, part)
    size = saturate_remote(rules, server.store, graphs=graphs)
    found = server.get(graphs.inferred)
    assert len(found) == size
    assert not server.get(f"{graphs.inferred}:unfinished")
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.title)
def test_the_store_runs_the_table(program: Program, server: Server) -> None:
    if "store" in program.refusals:
        with pytest.raises(RuleError, match=program.refusals["store"]):
            run(program.rules, list(program.given), server)
    else:
        assert canonical(run(program.rules, list(program.given), server)) == canonical(naive(program.rules, program.given))


def test_the_store_derives_what_the_naive_evaluator_derives(server: Server) -> None:
    @settings(deadline=None, max_examples=30)
    @given(programs.graphs, programs.programs())
    def law(facts: list[ox.Triple], rules: RuleSet) -> None:
        assert run(rules, facts, server) == naive(rules, facts)

    law()


A, B, P = (ox.NamedNode(f"urn:x:{name}") for name in ("a", "b", "p"))
INVERSE = parse_rules("PREFIX : <urn:x:> RULE :inverse { ?y :p ?x } WHERE { ?x :p ?y }")


def test_a_second_run_replaces_the_first(server: Server) -> None:
    graphs = RemoteGraphs(("urn:twice:given",), "urn:twice:inferred")
    server.put("urn:twice:given", [ox.Triple(A, P, B)])
    assert saturate_remote(INVERSE, server.store, graphs=graphs) == 1
    server.put("urn:twice:given", [ox.Triple(A, P, A)])
    assert saturate_remote(INVERSE, server.store, graphs=graphs) == 0
    assert server.get("urn:twice:inferred") == set()
    assert server.get("urn:twice:given") == {ox.Triple(A, P, A)}


@pytest.fixture
def narrow(server: Server) -> Iterator[Server]:
    """The same store behind a door that lets no STRLEN pass."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            refused = b"STRLEN" in body
            if not refused:
                headers = {name: self.headers[name] for name in ("Content-Type", "Accept")}
                with urlopen(Request(server.url + self.path, data=body, headers=headers), timeout=60) as answer:
                    body = answer.read()
            self.send_response(400 if refused else 200)
            self.end_headers()
            self.wfile.write(b"no such function" if refused else body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as door:
        thread = Thread(target=door.serve_forever)
        thread.start()
        yield Server(f"http://127.0.0.1:{door.server_port}")
        door.shutdown()
        thread.join()


def test_a_rule_that_the_store_refuses_is_named_and_the_old_layer_stays(server: Server, narrow: Server) -> None:
    graphs = RemoteGraphs(("urn:bad:given",), "urn:bad:inferred")
    server.put("urn:bad:given", [ox.Triple(A, P, B)])
    assert saturate_remote(INVERSE, narrow.store, graphs=graphs) == 1
    measured = parse_rules("PREFIX : <urn:x:> RULE :measured { ?x :q ?z } WHERE { ?x :p ?y SET(?z := STRLEN(STR(?y))) }")
    with pytest.raises(RuleError, match=r"rule urn:x:measured: http\S+ answers 400: no such function"):
        saturate_remote(measured, narrow.store, graphs=graphs)
    assert server.get("urn:bad:inferred") == {ox.Triple(B, P, A)}


def test_helper_predicates_stay_inside(server: Server) -> None:
    rules = parse_rules(
        "PREFIX : <urn:x:> PREFIX h: <urn:dovetail:helper:> RULE { ?x h:of ?y } WHERE { ?x :p ?y } RULE { ?y :q ?x } WHERE { ?x h:of ?y }"
    )
    assert run(rules, [ox.Triple(A, P, B)], server) == {ox.Triple(B, ox.NamedNode("urn:x:q"), A)}


@pytest.mark.parametrize(
    ("store", "graphs", "error", "words"),
    [
        (RemoteStore("file:///etc/hosts", "file:///etc/hosts"), RemoteGraphs(), InputError, "begins with http"),
        (RemoteStore("http://127.0.0.1:9/", "http://127.0.0.1:9/"), RemoteGraphs(), GraphError, "does not answer"),
        (RemoteStore("http://x/", "http://x/"), RemoteGraphs(("urn:g",), "urn:g"), InputError, "overwritten"),
    ],
)
def test_what_cannot_be_reached_is_said(store: RemoteStore, graphs: RemoteGraphs, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        saturate_remote(INVERSE, store, graphs=graphs)


def test_names_of_variables_are_those_of_sparql() -> None:
    rules = parse_rules("PREFIX : <urn:x:> RULE { ?x :p _:n } WHERE { _:a-b :p ?x . ?blank1 :q ?x NOT DATA { ?x :r ?y } SET(?y := NOW()) }")
    written = rule_update(rules.rules[0], graphs=RemoteGraphs(("urn:g",), "urn:i"), now=ox.Literal("then"))
    assert "?blank2 <urn:x:p> ?x" in written
    assert 'BIND("then" AS ?y)' in written
    assert "GRAPH ?given1 { ?x <urn:x:r> ?own1 . }" in written
    ox.Store().update(written)
