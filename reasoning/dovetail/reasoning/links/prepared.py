"""What a graph's predictions need and what takes a while to make: vectors of names, mined rules, the curve of probabilities.

    facts ─ less some edges ─► experts, asked for these edges ─► trust in each, curve of probabilities
         └─ all ─────────────► experts

It is kept in ``links/`` beside the store, under a name for the facts and the weights that it was made with. The network that
``dovetail train links`` tunes lies there too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import numpy as np

from dovetail.kg.directory import write_atomically
from dovetail.kg.errors import InputError
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.encoder import load_encoder, packaged_weights
from dovetail.reasoning.links.calibrate import Calibration, calibrate
from dovetail.reasoning.links.calibration import Curve
from dovetail.reasoning.links.experts.registry import Known
from dovetail.reasoning.links.experts.rules import RuleExpert
from dovetail.reasoning.links.fusion import Fusion
from dovetail.reasoning.links.graph_names import Encode, entity_texts, relation_texts, vectors_of
from dovetail.reasoning.links.network import load_network
from dovetail.reasoning.links.reasoner import fusion_of
from dovetail.reasoning.links.view import LinkView
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.write import write_rules
from dovetail.reasoning.rules.mining import MinedRule
from dovetail.reasoning.rules.rule import RuleSet

NETWORK, RULES, ABOUT, VECTORS = "network.safetensors", "rules.srl", "about.json", "vectors.npz"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The experts of a graph, and the curve that makes probabilities of their scores."""

    known: Known
    fusion: Fusion
    curve: Curve


def links_folder(graph: KnowledgeGraph) -> Path | None:
    """Where a graph keeps what its predictions need; None for one in memory."""
    return None if graph.path is None else graph.path / "links"


def known_graph(graph: KnowledgeGraph, *, encode: Encode | None = None, weights: Path | None = None, rule_seconds: float = 20.0) -> Known:
    """What the experts read of a graph. Raises InputError where it has no facts between things."""
    view = LinkView.of_graph(graph)
    if not len(view.graph.heads):
        raise InputError("the graph has no facts that join two things, so nothing can be predicted; build it from documents with some")
    folder = links_folder(graph)
    tuned = folder / NETWORK if folder is not None else None
    network = load_network(tuned if tuned is not None and tuned.exists() else (weights or packaged_weights()) / "links.safetensors")
    kept = folder / VECTORS if folder is not None and encode is None and not graph.read_only else None
    encode = encode or load_encoder().encode
    texts = entity_texts(graph, view), relation_texts(graph, view)
    vectors = vectors_of([*texts[0], *texts[1]], encode, kept=kept)
    return Known(view, vectors[: len(texts[0])], vectors[len(texts[0]) :], network, rule_seconds=rule_seconds)


def prepare(graph: KnowledgeGraph, *, encode: Encode | None = None, weights: Path | None = None, rule_seconds: float = 20.0) -> Prepared:
    """Everything that predictions of a graph need, what was kept of it included. Raises InputError as ``known_graph`` does."""
    known = known_graph(graph, encode=encode, weights=weights, rule_seconds=rule_seconds)
    folder = links_folder(graph)
    key = _key(known)
    stored = _read(folder, key) if folder is not None else None
    if stored is not None:
        rules, calibration = stored
        return Prepared(replace(known, rules=rules), fusion_of(replace(known, rules=rules), calibration.trust, weights), calibration.curve)
    calibration = calibrate(known, weights=weights)
    fusion = fusion_of(known, calibration.trust, weights)
    if folder is not None and not graph.read_only:
        miner = fusion.experts["rules"]
        assert isinstance(miner, RuleExpert)
        _write(folder, key, miner.answers.rules, calibration)
    return Prepared(known, fusion, calibration.curve)


def _key(known: Known) -> str:
    """A name for the facts, their names, the network and how long rules are looked for."""
    found = blake2b(digest_size=16)
    index = known.view.index
    for array in (index.subjects, index.predicates, index.objects, index.terms.text_bytes, known.entities, known.relations):
        found.update(np.ascontiguousarray(array).tobytes())
    for name, value in sorted(known.network.state_dict().items()):
        found.update(name.encode() + value.numpy().tobytes())
    return f"{found.hexdigest()}-{known.rule_seconds:g}"


def _write(folder: Path, key: str, rules: Sequence[MinedRule], calibration: Calibration) -> None:
    named = tuple(replace(mined.rule, name=f"rule-{place}") for place, mined in enumerate(rules, 1))
    counts = [(mined.support, mined.body_size, mined.standard_confidence, mined.pca_confidence, mined.head_coverage) for mined in rules]
    folder.mkdir(exist_ok=True)
    write_atomically(folder / RULES, write_rules(RuleSet(named)))
    write_atomically(folder / ABOUT, json.dumps({"key": key, **calibration.to_json(), "rules": counts}))


def _read(folder: Path, key: str) -> tuple[Sequence[MinedRule], Calibration] | None:
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        if about["key"] != key:
            return None
        rules = parse_rules((folder / RULES).read_text("utf-8")).rules
        return [MinedRule(rule, *counts) for rule, counts in zip(rules, about["rules"], strict=True)], Calibration.from_json(about)
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or damaged: it is made again
        return None
