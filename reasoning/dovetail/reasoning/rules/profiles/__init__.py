"""RDF, RDFS and OWL 2 RL: their rules as packs, what their literals mean, and what they entail."""

from __future__ import annotations

from dovetail.reasoning.rules.profiles.entailment import consistent, entails
from dovetail.reasoning.rules.profiles.packs import PACKS, RulePack, load_pack

__all__ = [
    "PACKS",
    "RulePack",
    "consistent",
    "entails",
    "load_pack",
]
