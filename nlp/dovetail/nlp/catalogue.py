"""The label catalogue: which types and relations are looked for, and the IRIs that stand for them in the graph.

A catalogue is a JSON file ``{"entities": {key: {...}}, "relations": {key: {...}}}``. An entry has a ``name`` and a ``description``, which
the extractor reads, and may have an ``iri``, and a ``kind`` (entities) or a ``domain`` and ``range`` (relations: kinds, type keys or
kinds of literal). Without an ``iri`` one is minted from the key. A plain ``{key: {...}}`` is a list of entity types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from rdflib import URIRef

from dovetail.kg.errors import InputError
from dovetail.kg.names import DT, iri_part

LITERAL_KINDS = frozenset({"date", "number", "quantity", "money", "percent", "duration"})


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type of entity; ``kind`` is the coarse class that keeps namesakes apart, ``aliases`` other nouns for it."""

    key: str
    name: str
    description: str
    iri: URIRef
    kind: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RelationType:
    """A relation. ``domain`` and ``range`` are kinds, type keys or literal kinds; empty allows anything."""

    key: str
    name: str
    description: str
    iri: URIRef
    domain: frozenset[str] = frozenset()
    range: frozenset[str] = frozenset()

    def admits(self, head: frozenset[str], tail: frozenset[str]) -> bool:
        """Whether a head and a tail with these keys and kinds may stand in this relation."""
        return (not self.domain or bool(self.domain & head)) and (bool(self.range & tail) if self.range else not tail & LITERAL_KINDS)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Entity types and relations, in the order of their file."""

    entities: tuple[EntityType, ...]
    relations: tuple[RelationType, ...]


def load_catalogue(labels: Path | None = None, relations: Path | None = None) -> Catalogue:
    """The catalogue in ``labels`` (the packaged one without), with relations from a file of their own where one is named.

    A file with entity types only keeps the packaged relations out: what a person lists is what is looked for.
    """
    if labels is None:
        with files("dovetail.data").joinpath("labels/default.json").open(encoding="utf-8") as stream:
            content = json.load(stream)
    else:
        content = _read(labels)
    if "entities" not in content and "relations" not in content:
        content = {"entities": content}
    where = str(labels or "the packaged catalogue")
    entities = tuple(_entity(key, value, where) for key, value in content.get("entities", {}).items())
    entries = _read(relations) if relations is not None else content.get("relations", {})
    return Catalogue(entities, tuple(_relation(key, value, where) for key, value in entries.get("relations", entries).items()))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the labels in {path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is not a label file: {error}; it is JSON, {{key: {{name, description}}}}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is not a label file: it is a JSON object, {{key: {{name, description}}}}")
    return content


def _text(key: str, value: Any, where: str) -> tuple[str, str, URIRef]:
    if isinstance(value, str):
        value = {"description": value}
    if not isinstance(value, Mapping):
        raise InputError(f"label {key!r} in {where} is neither a description nor an object with name and description")
    return str(value.get("name", key.replace("_", " "))), str(value.get("description", "")), URIRef(value.get("iri") or DT[iri_part(key)])


def _entity(key: str, value: Any, where: str) -> EntityType:
    name, description, iri = _text(key, value, where)
    kind = value.get("kind", key) if isinstance(value, Mapping) else key
    aliases = value.get("aliases", ()) if isinstance(value, Mapping) else ()
    return EntityType(key, name, description, iri, str(kind), tuple(map(str, aliases)))


def _relation(key: str, value: Any, where: str) -> RelationType:
    name, description, iri = _text(key, value, where)
    sides = [frozenset(value.get(side, ())) if isinstance(value, Mapping) else frozenset() for side in ("domain", "range")]
    return RelationType(key, name, description, iri, *sides)
