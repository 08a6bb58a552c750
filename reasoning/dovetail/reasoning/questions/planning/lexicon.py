"""How English speaks of relations: labels, noun phrases, questions and comparisons, from ``data/labels/relation-phrases.json``.

The phrases make synthetic questions to train the planner with, and are other names of a relation that carries the same IRI.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

SLOT = "{E}"
OTHER_SLOT = "{A}"


@dataclass(frozen=True, slots=True)
class RelationPhrases:
    """One relation: in each phrase ``{E}`` stands for what the phrase starts from, ``{A}`` for the other end.

    ``np`` and ``question`` lead from a subject to its objects, ``inverse_np`` and ``inverse_question`` from an object to its subjects;
    ``same`` from a subject over its objects to other subjects, ``together`` from an object over its subjects to other objects.
    ``comparative`` and ``superlative`` say of a word whether it asks for the "min" or the "max" of the values.
    """

    name: str
    iri: str | None
    labels: tuple[str, ...]
    inverse_labels: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    object: tuple[str, ...] = ()
    np: tuple[str, ...] = ()
    np_plural: tuple[str, ...] = ()
    inverse_np: tuple[str, ...] = ()
    inverse_np_one: tuple[str, ...] = ()
    question: tuple[str, ...] = ()
    inverse_question: tuple[str, ...] = ()
    boolean: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    plural: str = ""
    subject_plural: str = ""
    wh: str = "what"
    comparative: Mapping[str, str] = field(default_factory=dict)
    superlative: Mapping[str, str] = field(default_factory=dict)


@cache
def relation_phrases() -> dict[str, RelationPhrases]:
    """Every relation of the lexicon, by its name."""
    stored = json.loads(files("dovetail.data").joinpath("labels").joinpath("relation-phrases.json").read_text(encoding="utf-8"))
    return {name: _phrases(name, row) for name, row in stored.items()}


@cache
def phrases_by_iri() -> dict[str, RelationPhrases]:
    """The relations of the lexicon that carry an IRI, by it."""
    return {one.iri: one for one in relation_phrases().values() if one.iri}


def _phrases(name: str, row: Mapping[str, object]) -> RelationPhrases:
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items() if key in RelationPhrases.__slots__}
    return RelationPhrases(name=name, **fields)  # type: ignore[arg-type]  # the file is ours; a test reads every row
