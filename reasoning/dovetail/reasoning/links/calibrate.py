"""The fusion of all experts fitted to one graph, by edges held out from it: how far each is trusted, and the curve of probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dovetail.models.link_graph import Floats
from dovetail.reasoning.links.calibration import DEFAULT, FEWEST, Candidates, Curve, fit_curve, held_out
from dovetail.reasoning.links.experts.registry import EXPERTS, Known
from dovetail.reasoning.links.protocol import Answers
from dovetail.reasoning.links.reasoner import fusion_of
from dovetail.reasoning.links.trust import fit_trust, listen


@dataclass(frozen=True, slots=True)
class Calibration:
    """``trust``: (EXPERTS + 1,), as Fusion takes it."""

    trust: Floats
    curve: Curve

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"trust": [round(float(value), 4) for value in self.trust], "curve": asdict(self.curve)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Calibration:
        """What ``to_json`` gave. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(np.array(kept["trust"], np.float32).reshape(len(EXPERTS) + 1), Curve(**kept["curve"]))


def calibrate(known: Known, *, weights: Path | None = None) -> Calibration:
    """Fit the fusion to a graph; where it has too few edges to hold any out, the gate and DEFAULT stand."""
    graph = known.view.graph
    rows = held_out(graph)
    if len(rows) < FEWEST:
        return Calibration(np.ones(len(EXPERTS) + 1, np.float32), DEFAULT)
    reduced = replace(known, view=known.view.without(rows), rules=None)
    heard = listen(fusion_of(reduced, weights=weights), graph.triples[rows], Answers(graph.triples, relations=graph.relation_count))
    trust = fit_trust(heard)
    return Calibration(trust, fit_curve(Candidates.of(heard.scored(trust))))
