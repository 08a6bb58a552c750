"""Why a fact holds: its best proof, all proofs of a graph, several proofs weighed together, for people and machines."""

from __future__ import annotations

from dovetail.reasoning.rules.proofs.likelihood import Likelihood, likelihood
from dovetail.reasoning.rules.proofs.proof import Proof, Step, proof_steps, prove, steps
from dovetail.reasoning.rules.proofs.proof_json import proof_json, write_steps
from dovetail.reasoning.rules.proofs.proof_text import proof_lines
from dovetail.reasoning.rules.proofs.prov_o import write_prov

__all__ = [
    "Likelihood",
    "Proof",
    "Step",
    "likelihood",
    "proof_json",
    "proof_lines",
    "proof_steps",
    "prove",
    "steps",
    "write_prov",
    "write_steps",
]
