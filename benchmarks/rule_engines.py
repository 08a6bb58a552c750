"""One rule engine on one workload, in a process of its own; prints what it took as JSON.

    python benchmarks/rule_engines.py nemo FOLDER

FOLDER is what `rule_workloads.py` wrote. Seconds are of the processor, all threads together, with importing left out: ``load`` until the
facts are ready for rules, ``reason`` for the rules alone. Engines that do both in one go run without rules and with them,
and the difference is the rules'. Only what an engine needs is imported, so peers may live in an environment of their own.
``rules`` is given by engines that bring their own, as the rules of the recommendation that their authors say they have.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dovetail.reasoning.rules.rule import RuleSet

Figures = dict[str, float]


def dovetail(folder: Path) -> Figures:
    """This package, the workload's own rules."""
    from dovetail.reasoning.rules.language.load import load_rules

    rules = load_rules(folder / "rules.srl")

    return _dovetail(folder, rules, generalised=False)


def dovetail_owl(folder: Path) -> Figures:
    """This package, its pack of all OWL 2 RL rules."""
    from dovetail.reasoning.rules.profiles.packs import load_pack

    pack = load_pack("owl-rl")
    return _dovetail(folder, pack.rules, generalised=pack.generalised)


def _dovetail(folder: Path, rules: RuleSet, *, generalised: bool) -> Figures:
    from dovetail.kg import read_ntriples
    from dovetail.reasoning.rules.engine.materialization import saturate
    from dovetail.reasoning.rules.engine.options import SaturationOptions

    began = time.process_time()
    index = read_ntriples(folder / "data.nt")
    loaded = time.process_time()
    known = saturate(index, rules, options=SaturationOptions(generalised=generalised))
    reasoned = time.process_time()
    return {"load": loaded - began, "reason": reasoned - loaded, "inferred": len(known.inferred()[0]), "rules": len(rules.rules)}


def nemo(folder: Path) -> Figures:
    """Nemo, the rules spelled out."""
    import nmo_python

    def run(program: str) -> tuple[float, int]:
        text = (folder / program).read_text("utf-8")
        began = time.process_time()
        engine = nmo_python.NemoEngine(nmo_python.load_string(text))
        engine.reason()
        seconds = time.process_time() - began
        names = [line.split()[1] for line in text.splitlines() if line.startswith("@output")]
        return seconds, sum(1 for name in names for _ in engine.result(name))

    return _difference(run, "load.rls", "program.rls")


def clingo(folder: Path) -> Figures:
    """Clingo's grounder, which of a program without choices computes all that follows."""
    import clingo

    def run(program: str) -> tuple[float, int]:
        began = time.process_time()
        control = clingo.Control(["--warn=none"])
        control.load(str(folder / program))
        control.ground([("base", [])])
        return time.process_time() - began, len(control.symbolic_atoms)

    return _difference(run, "load.lp", "program.lp")


def owlrl(folder: Path) -> Figures:
    """Owlrl, its OWL 2 RL semantics."""
    import owlrl
    import rdflib

    began = time.process_time()
    graph = rdflib.Graph().parse(folder / "data.nt", format="nt")
    loaded, stated = time.process_time(), len(graph)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    return {"load": loaded - began, "reason": time.process_time() - loaded, "inferred": len(graph) - stated, "rules": 78}


def reasonable(folder: Path) -> Figures:
    """Reasonable, its part of OWL 2 RL; it gives its result as rdflib triples."""
    import reasonable

    turtle = folder / "data.ttl"
    if not turtle.exists():
        turtle.hardlink_to(folder / "data.nt")
    began = time.process_time()
    reasoner = reasonable.PyReasoner()
    reasoner.load_file(str(turtle))
    loaded = time.process_time()
    found = reasoner.reason()
    seconds = time.process_time() - loaded
    return {"load": loaded - began, "reason": seconds, "inferred": len(found) - len(reasoner.get_base_triples()), "rules": 35}


def _difference(run: Callable[[str], tuple[float, int]], without: str, complete: str) -> Figures:
    # The faster of two each: where loading takes longest, its noise would drown the difference.
    (load, stated), (both, facts) = (min(run(program), run(program)) for program in (without, complete))
    return {"load": load, "reason": both - load, "inferred": facts - stated}


ENGINES: dict[str, Callable[[Path], Figures]] = {
    "dovetail": dovetail,
    "dovetail-owl-rl": dovetail_owl,
    "nemo": nemo,
    "clingo": clingo,
    "owlrl": owlrl,
    "reasonable": reasonable,
}


def main() -> None:
    """Run one engine."""
    engine, folder = sys.argv[1:]
    figures = ENGINES[engine](Path(folder))
    print(json.dumps({**figures, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
