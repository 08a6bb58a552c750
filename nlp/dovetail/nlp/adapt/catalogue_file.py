"""Proposals as a label catalogue, which `dovetail build --labels` takes as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dovetail.nlp.adapt.suggest import ProposedType
from dovetail.nlp.adapt.suggest_relations import ProposedRelation
from dovetail.nlp.catalogue import Catalogue


def catalogue_of(types: Sequence[ProposedType], relations: Sequence[ProposedRelation], catalogue: Catalogue) -> dict[str, Any]:
    """The content of a catalogue file. What ``catalogue`` has already keeps its entry, with its IRI, so that graphs go on to join."""
    entities: dict[str, Any] = {}
    for proposed in types:
        own = next((e for e in catalogue.entities if e.key == proposed.catalogue), None)
        if own is not None:
            entities[own.key] = {"name": own.name, "description": own.description, "iri": str(own.iri), "kind": own.kind}
        else:
            entities[proposed.key] = {"name": proposed.name, "description": proposed.description, "kind": proposed.kind}
    kinds = {proposed.key: proposed.kind for proposed in types}
    known = kinds.keys() | set(kinds.values())
    links: dict[str, Any] = {}
    for relation in relations:
        own_relation = next((r for r in catalogue.relations if r.key == relation.catalogue), None)
        if own_relation is not None:
            links[own_relation.key] = {
                "name": own_relation.name,
                "description": own_relation.description,
                "iri": str(own_relation.iri),
                "domain": sorted(own_relation.domain),
                "range": sorted(own_relation.range),
            }
        elif relation.key not in links:
            sides = {"domain": relation.domain, "range": relation.range}
            links[relation.key] = {
                "name": relation.name,
                "description": relation.description,
                **{side: [key for key in keys if key in known] for side, keys in sides.items()},
            }
    return {"entities": entities, "relations": links}
