"""The rule packs that come with the package: RDF, RDFS and OWL 2 RL, each a rule file that a person can read.

What bounds them on a large graph. Rules about the schema (scm-*, rdfs5, rdfs10, ...) have bodies that only the schema
matches, and lists are walked only where an axiom has one for its argument. Per instance a pack says no more than the
schema makes it say, with one exception that the recommendation wants: by scm-cls each class is a subclass of
owl:Thing, so that an instance of a class declared as owl:Class gets one fact more, its being an owl:Thing, and no
other node does. What holds of every node alike is left implicit: ``x owl:sameAs x`` (eq-ref), being an rdfs:Resource
(rdfs4a, rdfs4b, rdfs8), and a literal's being of its datatype (rdfD1, dt-type2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.language.load import load_rules
from dovetail.reasoning.rules.rule import RuleSet

PACKS = {
    "rdf": "properties are properties (RDF entailment)",
    "rdfs": "subclasses, subproperties, domains and ranges (RDFS entailment)",
    "owl-rl": "all of OWL 2 RL: equality, keys, chains, restrictions, contradictions",
}
"""The packs by name, each with what it is for."""


@dataclass(frozen=True, slots=True)
class RulePack:
    """The rules of a profile, and how they ask to be run.

    ``generalised``: a literal may be the subject of what is
    inferred, which shows contradictions and is never written to a graph.
    """

    name: str
    rules: RuleSet
    generalised: bool


@cache
def load_pack(name: str) -> RulePack:
    """The rule pack of this name; `InputError` lists the names where there is none.

    >>> load_pack("rdfs").rules.rules[-1].name
    'urn:dovetail:rule:rdfs:rdfs13'
    """
    if name not in PACKS:
        raise InputError(f"no rule pack named {name!r}; try one of {', '.join(sorted(PACKS))}")
    with as_file(files("dovetail.data") / "rules") as folder:
        rules = load_rules(folder / f"{name}.srl")
    return RulePack(name, rules, generalised=True)
