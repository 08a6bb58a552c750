"""Which entities of a graph are one thing, whatever documents call it: names are compared, contradictions keep namesakes apart, and what
a person decided comes first. The result is a function of what is stated and of the decisions, and every judgement has its reason.
"""

from dovetail.nlp.resolution.entities import Entity, read_entities
from dovetail.nlp.resolution.groups import group
from dovetail.nlp.resolution.resolve import merge, resolve, split
from dovetail.nlp.resolution.rules import RULES, Rule

__all__ = ["RULES", "Entity", "Rule", "group", "merge", "read_entities", "resolve", "split"]
