"""The programs of the table, as rules, given facts and who refuses what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.rule import RuleSet

TABLE = Path(__file__).parents[2] / "tables" / "rules-elsewhere.txt"
PREFIXES = {"": "urn:x:", "xsd": "http://www.w3.org/2001/XMLSchema#"}


@dataclass(frozen=True, slots=True)
class Program:
    title: str
    rules: RuleSet
    given: tuple[ox.Triple, ...]
    refusals: dict[str, str] = field(default_factory=dict)


def programs() -> Iterator[Program]:
    for block in TABLE.read_text("utf-8").split("\n== ")[1:]:
        head, *rest = block.split("\n-- ")
        title, _, rules = head.partition("\n")
        prefixes = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
        given: tuple[ox.Triple, ...] = ()
        refusals = {}
        for part in rest:
            if part.startswith("given"):
                quads = ox.parse(prefixes + part.removeprefix("given"), ox.RdfFormat.TURTLE)
                given = tuple(ox.Triple(quad.subject, quad.predicate, quad.object) for quad in quads)
            else:
                who, word = part.strip().split(" refuses: ")
                refusals[who] = word
        yield Program(title, parse_rules(prefixes + rules, source=title), given, refusals)


PROGRAMS = list(programs())
