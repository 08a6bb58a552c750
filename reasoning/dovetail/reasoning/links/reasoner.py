"""The experts of one graph, by name, and the fusion of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from dovetail.kg.errors import InputError
from dovetail.models.encoder import fast_dtype, load_encoder, packaged_weights
from dovetail.models.link_data import name_vectors
from dovetail.models.link_graph import Floats
from dovetail.models.link_inference import FastLinkNetwork
from dovetail.models.link_network import Names
from dovetail.reasoning.links.experts.cases import CaseExpert
from dovetail.reasoning.links.experts.rules import RuleExpert
from dovetail.reasoning.links.experts.text import TextExpert
from dovetail.reasoning.links.fusion import Fusion, Gate
from dovetail.reasoning.links.network import load_network
from dovetail.reasoning.links.protocol import LinkPredictor
from dovetail.reasoning.links.view import LinkView

FUSED = "fused"


@dataclass(frozen=True, slots=True)
class Known:
    """What experts read: a graph, and vectors of the names of its entities and relations, zero where nothing is known."""

    view: LinkView
    entities: Floats
    relations: Floats
    weights: Path
    rule_seconds: float = 20.0


def _network(known: Known) -> LinkPredictor:
    names = Names(torch.from_numpy(known.entities), torch.from_numpy(known.relations)) if known.relations.any() else None
    named = replace(known.view.graph, relation_vectors=known.relations if names else None)
    return FastLinkNetwork(load_network(known.weights / "links.safetensors"), named, names, dtype=fast_dtype())


EXPERTS: Mapping[str, Callable[[Known], LinkPredictor]] = {
    "network": _network,
    "rules": lambda known: RuleExpert(known.view, seconds=known.rule_seconds),
    "cases": lambda known: CaseExpert(known.view),
    "text": lambda known: TextExpert(known.view, known.entities),
}
"""Each expert by its name: adding one is a class with ``scores`` and a line here."""


def known_of(
    view: LinkView, entity_texts: Sequence[str], relation_texts: Sequence[str], *, weights: Path | None = None, rule_seconds: float = 20.0
) -> Known:
    """A graph with the vectors of its names."""
    encode = load_encoder().encode
    entities, relations = (name_vectors(encode, texts).astype(np.float32) for texts in (entity_texts, relation_texts))
    return Known(view, entities, relations, weights or packaged_weights(), rule_seconds)


def predictor(name: str, known: Known) -> LinkPredictor:
    """The expert called so, or the fusion of all. Raises InputError for any other name."""
    if name == FUSED:
        gate = Gate()
        gate.load_state_dict(load_file(known.weights / "links-fusion.safetensors"))
        chosen = [key for key in EXPERTS if key != "text" or known.entities.any()]
        return Fusion(known.view, {key: EXPERTS[key](known) for key in chosen}, gate)
    if name not in EXPERTS:
        raise InputError(f"no link expert named {name!r}; try one of {', '.join((FUSED, *EXPERTS))}")
    return EXPERTS[name](known)
