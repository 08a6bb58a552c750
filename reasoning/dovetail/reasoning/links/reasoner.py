"""The experts of one graph, by name, and the fusion of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dovetail.kg.errors import InputError
from dovetail.models.encoder import load_encoder, packaged_weights
from dovetail.models.link_graph import Floats
from dovetail.models.link_network import LinkNetwork
from dovetail.reasoning.links.experts.registry import EXPERTS, Known
from dovetail.reasoning.links.fusion import Fusion, Gate
from dovetail.reasoning.links.graph_names import vectors_of
from dovetail.reasoning.links.network import load_network, with_weights
from dovetail.reasoning.links.protocol import LinkPredictor
from dovetail.reasoning.links.view import LinkView

FUSED = "fused"


SEEDS = ("links.safetensors", "links-standard-17.safetensors", "links-standard-18.safetensors")
"""Three trainings of the network; the first is the one that serves."""


def known_of(
    view: LinkView,
    entity_texts: Sequence[str],
    relation_texts: Sequence[str],
    *,
    weights: Path | None = None,
    rule_seconds: float = 20.0,
    kept: Path | None = None,
) -> Known:
    """A graph with the vectors of its names (``kept`` in a file), and the network that serves."""
    vectors = vectors_of([*entity_texts, *relation_texts], load_encoder().encode, kept=kept)
    entities, relations = vectors[: len(entity_texts)], vectors[len(entity_texts) :]
    return Known(view, entities, relations, trained(0, weights), rule_seconds=rule_seconds)


def trained(seed: int, weights: Path | None = None) -> LinkNetwork:
    """The network of one of SEEDS, after the last the first again."""
    return load_network((weights or packaged_weights()) / SEEDS[seed % len(SEEDS)])


def predictor(name: str, known: Known, *, weights: Path | None = None, seed: int = 0) -> LinkPredictor:
    """The expert called so, the fusion of all, or a baseline trained on the graph. Raises InputError for any other name."""
    if name == FUSED:
        return fusion_of(known, weights=weights)
    if name in EXPERTS:
        return EXPERTS[name].make(known)
    from dovetail.reasoning.links.baselines import BASELINES, BaselineOptions  # loads torch_geometric.nn, which few need

    if name not in BASELINES:
        raise InputError(f"no link model named {name!r}; try one of {', '.join((FUSED, *EXPERTS, *BASELINES))}")
    return BASELINES[name](known.view.graph, BaselineOptions(seed=seed))


def fusion_of(known: Known, trust: Floats | None = None, weights: Path | None = None) -> Fusion:
    """All experts of a graph, weighed by the gate in ``weights``, the packaged one unless named, and by how far each is trusted here."""
    gate = with_weights(Gate(), (weights or packaged_weights()) / "links-fusion.safetensors")
    chosen = [name for name in EXPERTS if name != "text" or known.entities.any()]
    return Fusion(known.view, {name: EXPERTS[name].make(known) for name in chosen}, gate, trust)
