"""A family small enough to draw: what a text says of it, what a person adds, a vocabulary, and rules."""

from __future__ import annotations

import pyoxigraph as ox
from rdflib import RDFS, Literal, Namespace

from dovetail.kg.names import Layer
from dovetail.kg.provenance import DocumentRecord
from dovetail.kg.statement import Document, Evidence, Statement
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.rules.infer import InferenceOptions, infer
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.rule import RuleSet

X = Namespace("urn:x:")
TEXT = "Ada is the mother of Bea. Ada has a daughter, Bea. Bea, said Ada, is mine. Bea is the mother of Carl."
SAID = (
    ("Ada", "Bea", "Ada is the mother of Bea.", 0.9),
    ("Ada", "Bea", "Ada has a daughter, Bea.", 0.8),
    ("Ada", "Bea", "Bea, said Ada, is mine.", 0.5),
    ("Bea", "Carl", "Bea is the mother of Carl.", 0.7),
)

RULES = """PREFIX : <urn:x:>
RULE :base { ?x :ancestorOf ?y } WHERE { ?x :parentOf ?y }
RULE :step WEIGHT 0.9 { ?x :ancestorOf ?z } WHERE { ?x :parentOf ?y . ?y :ancestorOf ?z }
RULE { ?x :related ?z } WHERE { ?x :ancestorOf ?z . ?y :ancestorOf ?z . ?x a :Person }
RULE { ?x <urn:dovetail:helper:old> ?z } WHERE { ?x :parentOf ?y . ?y :parentOf ?z }
RULE { ?x :elder ?z } WHERE { ?x <urn:dovetail:helper:old> ?z . ?y :parentOf ?z }
DATA { :Zed :parentOf :Ada }
"""


def rules() -> RuleSet:
    """The rules of the family."""
    return parse_rules(RULES)


def family() -> KnowledgeGraph:
    """The graph, with all that follows by its rules and OWL 2 RL."""
    graph = KnowledgeGraph()
    statements = []
    for parent, child, quote, confidence in SAID:
        start = TEXT.index(quote)
        evidence = Evidence("family.txt", start, start + len(quote), quote, confidence, "hand@1")
        statements.append(Statement(X[parent], X.parentOf, X[child], evidence=(evidence,)))
    graph.put_documents([DocumentRecord(Document("family.txt", "Family", TEXT, "family.txt"), statements, "1")])
    graph.add([Statement(X.Carl, X.parentOf, X.Dee)])
    vocabulary = [Statement(X.parentOf, RDFS.label, Literal("parent of")), Statement(X.parentOf, RDFS.domain, X.Person)]
    graph.add(vocabulary, layer=Layer.VOCABULARY)
    infer(graph, options=InferenceOptions(profile="owl-rl", rules=rules()))
    return graph


def node(name: str) -> ox.NamedNode:
    """A thing of the family for the engine."""
    return ox.NamedNode(X[name])
