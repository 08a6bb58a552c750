"""Rules and data that every engine can run, each in the notation that the engine reads.

    python benchmarks/rule_workloads.py closure -o FOLDER

A folder then holds ``data.nt`` and ``rules.srl`` (SPARQL-RL), ``load.rls`` and ``program.rls`` (Nemo, without and with the
rules) and ``load.lp`` and ``program.lp`` (clingo, likewise; not for the university graphs, which nobody grounds).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import lubm

NAMESPACE = "urn:n:"
Edges: TypeAlias = set[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Atom:
    """A class and a variable, or a property and two."""

    name: str
    variables: str


@dataclass(frozen=True, slots=True)
class Horn:
    """A head that holds wherever the body does."""

    head: Atom
    body: tuple[Atom, ...]


def horn(text: str) -> Horn:
    """A rule from ``path xz <- path xy, edge yz``."""
    head, body = text.split(" <- ")
    return Horn(_atom(head), tuple(map(_atom, body.split(", "))))


def _atom(text: str) -> Atom:
    name, variables = text.split()
    return Atom(name, variables)


def university_rules() -> list[Horn]:
    """What the ontology of `lubm.py` says of individuals under OWL 2 RL, spelled out for its classes and properties."""

    def lines() -> Iterator[str]:
        for above, below in lubm.SUBCLASSES.items():
            yield from (f"{above} x <- {name} x" for name in below.split())
        for name, (path, filler) in {**lubm.RESTRICTED, **lubm.DEFINITIONS}.items():
            yield f"some{name} x <- {path} xy, {filler} y"
        for name in lubm.RESTRICTED:
            yield f"some{name} x <- {name} x"
        for name in lubm.DEFINITIONS:
            yield f"both{name} x <- Person x, some{name} x"
            yield from (f"{part} x <- both{name} x" for part in ("Person", f"some{name}", name))
            yield f"both{name} x <- {name} x"
        for name, domain, span in lubm.property_table():
            if domain != "-":
                yield f"{domain} x <- {name} xy"
            if span != "-":
                yield f"{span} y <- {name} xy"
        for above, below in lubm.SUBPROPERTIES.items():
            yield from (f"{above} xy <- {name} xy" for name in below.split())
        for one, other in lubm.INVERSES.items():
            yield from (f"{other} yx <- {one} xy", f"{one} yx <- {other} xy")
        for name in lubm.TRANSITIVE:
            yield f"{name} xz <- {name} xy, {name} yz"

    return list(map(horn, lines()))


def random_edges(nodes: int, edges: int, seed: int) -> Edges:
    """Distinct edges between random nodes."""
    rng = random.Random(seed)
    found: Edges = set()
    while len(found) < edges:
        found.add((rng.randrange(nodes), rng.randrange(nodes)))
    return found


CLOSURE = ("path xy <- edge xy", "path xz <- path xy, edge yz")
SAME_GENERATION = ("same xy <- parent xz, parent yz", "same xy <- parent xu, same uv, parent yv")
JOIN = ("out xw <- one xy, two yz, three zw",)

DATALOG: dict[str, tuple[tuple[str, ...], Callable[[], dict[str, Edges]]]] = {
    "closure": (CLOSURE, lambda: {"edge": random_edges(2050, 4100, seed=1)}),
    "chain": (CLOSURE, lambda: {"edge": {(n, n + 1) for n in range(1500)}}),
    "generation": (SAME_GENERATION, lambda: {"parent": {(n, (n - 1) // 2) for n in range(1, 2**11 - 1)}}),
    "join": (JOIN, lambda: {name: random_edges(20_000, 96_000, seed) for seed, name in enumerate(("one", "two", "three"))}),
}
"""Transitive closure of a random graph and of a path, who is as far from the root in a binary tree, and a join of three."""

UNIVERSITIES = {"lubm-100k": 100_000, "lubm-1m": 1_000_000, "lubm-5m": 5_000_000}
WORKLOADS = (*UNIVERSITIES, *DATALOG)


def write(name: str, folder: Path) -> int:
    """Write a workload; returns how many rules it has."""
    if name in UNIVERSITIES:
        lubm.write(folder / "data.nt", triples=UNIVERSITIES[name])
        rules = university_rules()
        (folder / "rules.srl").write_text(sparql_rl(rules, lubm.ONTOLOGY), "utf-8")
        _write_nemo(rules, lubm.ONTOLOGY, folder)
        return len(rules)
    texts, make = DATALOG[name]
    relations = make()
    rules = list(map(horn, texts))
    with (folder / "data.nt").open("w", encoding="utf-8") as out:
        for relation, edges in relations.items():
            out.writelines(f"<{NAMESPACE}{a}> <{NAMESPACE}{relation}> <{NAMESPACE}{b}> .\n" for a, b in sorted(edges))
    (folder / "rules.srl").write_text(sparql_rl(rules, NAMESPACE), "utf-8")
    _write_nemo(rules, NAMESPACE, folder)
    facts = "".join(f"{relation}({a},{b}).\n" for relation, edges in relations.items() for a, b in sorted(edges))
    (folder / "load.lp").write_text(facts, "utf-8")
    (folder / "program.lp").write_text(facts + "".join(f"{_text(rule.head, '')} :- {_body(rule, '')}.\n" for rule in rules), "utf-8")
    return len(rules)


def sparql_rl(rules: Iterable[Horn], namespace: str) -> str:
    """The rules over triples."""

    def pattern(atom: Atom) -> str:
        if len(atom.variables) == 1:
            return f"?{atom.variables} a :{atom.name}"
        return f"?{atom.variables[0]} :{atom.name} ?{atom.variables[1]}"

    lines = (f"RULE {{ {pattern(rule.head)} }} WHERE {{ {' . '.join(map(pattern, rule.body))} }}\n" for rule in rules)
    return f"PREFIX : <{namespace}>\n" + "".join(lines)


def _write_nemo(rules: Iterable[Horn], namespace: str, folder: Path) -> None:
    """Nemo's program, one relation to a class or property, as its authors advise."""
    atoms = {(atom.name, len(atom.variables)) for rule in rules for atom in (rule.head, *rule.body)}
    lines = [f'@import triple :- ntriples{{resource="{folder / "data.nt"}"}} .\n']
    for name, width in sorted(atoms):
        pattern = f"?x, {lubm.TYPE}, <{namespace}{name}>" if width == 1 else f"?x, <{namespace}{name}>, ?y"
        lines.append(f"{name}({'?x' if width == 1 else '?x, ?y'}) :- triple({pattern}) .\n@output {name} .\n")
    (folder / "load.rls").write_text("".join(lines), "utf-8")
    lines += [f"{_text(rule.head, '?')} :- {_body(rule, '?')} .\n" for rule in rules]
    (folder / "program.rls").write_text("".join(lines), "utf-8")


def _text(atom: Atom, mark: str) -> str:
    variables = (f"?{v}" if mark else v.upper() for v in atom.variables)
    return f"{atom.name}({', '.join(variables)})"


def _body(rule: Horn, mark: str) -> str:
    return ", ".join(_text(atom, mark) for atom in rule.body)


def main() -> None:
    """Write one workload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    print(f"{write(options.workload, options.output)} rules")


if __name__ == "__main__":
    main()
