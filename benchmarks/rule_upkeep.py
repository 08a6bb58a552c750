"""What a saturated graph costs to keep: changes, proofs, confidences, and one small call.

    python benchmarks/rule_upkeep.py "insert and delete"

One part in a process of its own; prints rows as JSON. The graph is that of `lubm.py` with a million triples under all of
OWL 2 RL, where a part does not say otherwise. Each time is the median of some, its own work alone.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from rdflib import RDF, URIRef

import rule_workloads
from dovetail.kg import KnowledgeGraph, Statement, TripleIndex, read_ntriples
from dovetail.reasoning.rules.engine.materialization import Materialization, saturate
from dovetail.reasoning.rules.engine.options import SaturationOptions
from dovetail.reasoning.rules.infer import InferenceOptions, infer
from dovetail.reasoning.rules.language.load import load_rules
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.profiles.packs import load_pack
from dovetail.reasoning.rules.proofs.proof import prove, steps

CHANGED = 100
EXPLAINED = 500
TIMES = 5
Row = dict[str, object]


class Stopwatch:
    """Wall-clock and processor seconds of stretches of work."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take the time of the block."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)

    def row(self, what: str, size: int, of: Callable[[list[float]], float] = median) -> Row:
        """The figures of the stretches, in milliseconds."""
        peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return {"what": what, "size": size, "wall_ms": 1000 * of(self.wall), "cpu_ms": 1000 * of(self.cpu), "peak_mb": peak}


def universities() -> tuple[TripleIndex, Materialization]:
    """The graph as stated and with all that follows."""
    with tempfile.TemporaryDirectory() as folder:
        rule_workloads.write("lubm-1m", Path(folder))
        index = read_ntriples(Path(folder) / "data.nt")
    return index, saturated(index)


def saturated(index: TripleIndex) -> Materialization:
    """All that follows under OWL 2 RL."""
    pack = load_pack("owl-rl")
    return saturate(index, pack.rules, options=SaturationOptions(generalised=pack.generalised))


def from_file() -> Iterator[Row]:
    """From N-Triples on disk to the saturated graph."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        rule_workloads.write("lubm-1m", Path(folder))
        with watch.running():
            known = saturated(read_ntriples(Path(folder) / "data.nt"))
    yield watch.row("from file to saturated graph, OWL 2 RL", len(known))


def change() -> Iterator[Row]:
    """Remove facts about individuals and put them back."""
    index, known = universities()
    before = len(known)
    rng = random.Random(1)
    about = [row for row in rng.sample(range(len(index)), 4 * TIMES * CHANGED) if index.terms.text(index.subjects[row]).startswith("<http://www.")]
    removing, inserting = Stopwatch(), Stopwatch()
    for start in range(0, TIMES * CHANGED, CHANGED):
        rows = np.array(about[start : start + CHANGED])
        numbers = np.stack((index.subjects[rows], index.predicates[rows], index.objects[rows]), axis=1)
        triples = list(known.triples(numbers.astype(np.int64)))
        with removing.running():
            known.remove(triples)
        with inserting.running():
            known.insert(triples)
    assert len(known) == before
    yield removing.row(f"delete {CHANGED} facts", before)
    yield inserting.row(f"insert {CHANGED} facts", before)


def be_sure() -> Iterator[Row]:
    """The closure of a random graph, with and without a confidence for each edge."""
    with tempfile.TemporaryDirectory() as folder:
        rule_workloads.write("closure", Path(folder))
        index, rules = read_ntriples(Path(folder) / "data.nt"), load_rules(Path(folder) / "rules.srl")
    sure = np.random.default_rng(1).uniform(0.5, 1.0, len(index))
    for what, confidence in (("closure, true or false", None), ("closure, with confidences", sure)):
        watch = Stopwatch()
        for _ in range(3):
            with watch.running():
                known = saturate(index, rules, confidence=confidence)
        yield watch.row(what, len(known))


def explain() -> Iterator[Row]:
    """The proofs of some facts, one at a time, and of all at once."""
    _, known = universities()
    rows = known.inferred()[0]
    chosen = np.random.default_rng(1).choice(len(rows), EXPLAINED, replace=False)
    watch = Stopwatch()
    for triple in known.triples(rows[chosen]):
        with watch.running():
            prove(known, triple)
    yield watch.row("explain one fact, median", 1)
    yield watch.row("explain one fact, 99%", 1, lambda times: quantiles(times, n=100)[98])
    everything = Stopwatch()
    with everything.running():
        proved = sum(1 for _ in steps(known))
    yield everything.row("explain all facts", proved)


FAMILY = """
PREFIX : <urn:n:>
RULE { ?x :ancestor ?y } WHERE { ?x :parent ?y }
RULE { ?x :ancestor ?z } WHERE { ?x :ancestor ?y . ?y :parent ?z }
RULE { ?x :sibling ?y } WHERE { ?x :parent ?p . ?y :parent ?p FILTER(?x != ?y) }
RULE { ?x a :Childless } WHERE { ?x a :Person NOT { ?y :parent ?x } }
"""


def call() -> Iterator[Row]:
    """Twenty facts in a graph and four rules as text: the whole call of ``infer``, from the text to the inferred layer."""
    person = [URIRef(f"urn:n:{number}") for number in range(13)]
    facts = [Statement(person[child], URIRef("urn:n:parent"), person[child // 2]) for child in range(1, 13)]
    facts += [Statement(one, RDF.type, URIRef("urn:n:Person")) for one in person[1:9]]
    watch = Stopwatch()
    for _ in range(50):
        graph = KnowledgeGraph()
        graph.add(facts)
        with watch.running():
            report = infer(graph, options=InferenceOptions(rules=parse_rules(FAMILY)))
        assert report.facts == 20
    yield watch.row("20 facts, 4 rules, the whole infer call", report.added)


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "from file to saturated graph": from_file,
    "insert and delete": change,
    "explain": explain,
    "confidence": be_sure,
    "small graph": call,
}


def main() -> None:
    """Run one part."""
    print(json.dumps(list(PARTS[sys.argv[1]]())))


if __name__ == "__main__":
    main()
