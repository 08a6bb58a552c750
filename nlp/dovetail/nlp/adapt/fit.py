"""`dovetail fit`: heads adapted to 20 to 200 annotated sentences in less than a minute, and what that is worth.

The encoder stays as it is and reads each example once. Entities and relations are fitted apart, each as far from the shipped heads as
cross-validation allows (see folds), and each only where it helps on examples that were held out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from torch import Tensor

from dovetail.kg.errors import InputError
from dovetail.models.adapter import Adapter
from dovetail.models.extraction import Extractor, label_text
from dovetail.nlp.adapt.examples import Example
from dovetail.nlp.adapt.fit_entities import EntityTask
from dovetail.nlp.adapt.fit_relations import RelationTask
from dovetail.nlp.adapt.folds import Judged, Task, cross_validate
from dovetail.nlp.adapt.reading import read_texts
from dovetail.nlp.catalogue import LITERAL_KINDS, Catalogue

MOST_FOLDS, FEWEST_FOLDS = 10, 5
"""Parts of the examples, each held out once: more where there are few, since each example is then a larger share of what is learned."""


@dataclass(frozen=True, slots=True)
class Gain:
    """Micro F1 ``before`` and ``after`` on examples held out, or on development rows; ``step``: how far the heads moved, 0 not at all.

    ``labels``: how many examples each label has.
    """

    before: float
    after: float
    step: int
    labels: Mapping[str, int]

    @property
    def adapted(self) -> bool:
        """Whether the heads were changed."""
        return self.step > 0


@dataclass(frozen=True, slots=True)
class FitReport:
    """What fitting did; None where the examples hold no entities or no relations. ``judged_on``: rows that the figures rest on."""

    examples: int
    judged_on: str
    entities: Gain | None
    relations: Gain | None
    seconds: float


def fit(
    examples: Sequence[Example],
    extractor: Extractor,
    catalogue: Catalogue,
    *,
    development: Sequence[Example] = (),
    complete: bool = False,
) -> tuple[Adapter | None, FitReport]:
    """An adapter for ``extractor`` made from ``examples``, or None where none helps, and the figures.

    With ``development`` rows the figures are theirs; how far to go is chosen by cross-validation on the examples all the same.
    ``complete``: every label of the catalogue was looked for in the examples; otherwise those that occur in them.
    InputError: a label that the catalogue lacks, or too few examples.
    """
    began = time.monotonic()
    if len(examples) < 2:
        raise InputError("fitting needs two examples at least, of which one is held out; twenty and more are of use")
    check_labels([*examples, *development], catalogue)
    texts, others = (
        read_texts([e.text for e in rows], extractor, sentences=[e.sentences for e in rows]) for rows in (examples, development)
    )
    sentences = sum(len(window.sentences) for window in texts.windows)
    folds = min(len(examples), max(FEWEST_FOLDS, min(MOST_FOLDS, 500 // max(sentences, 1))))
    types: dict[str, Tensor] = {}
    relations: dict[str, Tensor] = {}
    mention = related = None
    entity_gain = relation_gain = None
    asked, asked_there = (_asked(rows, examples, catalogue, complete=complete) for rows in (examples, development))
    entities = EntityTask(examples, asked.types, texts, extractor, catalogue)
    if entities.support():
        there = EntityTask(development, asked_there.types, others, extractor, catalogue) if development else None
        judged = _judged(entities, there, len(examples), len(development), folds=folds)
        entity_gain = Gain(judged.before.f1, judged.after.f1, judged.step, entities.support())
        if judged.heads is not None:
            chosen = [catalogue.entities[i] for i in entities.columns.tolist()]
            types = dict(zip([label_text(e.name, e.description) for e in chosen], judged.heads.types.T, strict=True))
            mention = judged.heads.mention
    pairs = RelationTask(examples, asked.relations, texts, extractor, catalogue)
    if pairs.support():
        pairs_there = RelationTask(development, asked_there.relations, others, extractor, catalogue) if development else None
        found = _judged(pairs, pairs_there, len(examples), len(development), folds=folds)
        relation_gain = Gain(found.before.f1, found.after.f1, found.step, pairs.support())
        if found.heads is not None:
            links = [catalogue.relations[i] for i in pairs.columns.tolist()]
            relations = dict(zip([label_text(r.name, r.description) for r in links], found.heads.relations.T, strict=True))
            related = found.heads.related
    if entity_gain is None and relation_gain is None:
        raise InputError("the examples mark nothing: give them entities or relations")
    adapter = Adapter(types, mention, relations, related) if types or relations else None
    judged_on = f"{len(development)} development rows" if development else f"the examples, each held out once in {folds} folds"
    return adapter, FitReport(len(examples), judged_on, entity_gain, relation_gain, time.monotonic() - began)


def check_labels(examples: Sequence[Example], catalogue: Catalogue) -> None:
    """InputError where an example has a label that the catalogue lacks."""
    entities = {e.key for e in catalogue.entities} | LITERAL_KINDS
    relations = {r.key for r in catalogue.relations}
    for example in examples:
        for label, known, what in (
            *((label, entities, "entity type") for _, _, label in example.entities),
            *((label, relations, "relation") for _, _, label in example.relations),
            *((label, entities | relations, "label") for label in example.annotated or ()),
        ):
            if label not in known:
                near = get_close_matches(label, sorted(known), n=1)
                hint = f"did you mean {near[0]!r}?" if near else "name labels by their key, and give --labels FILE where they are your own"
                raise InputError(f"example {example.id}: the catalogue has no {what} {label!r}; {hint}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The types and the relations that were looked for in each row."""

    types: list[frozenset[str]]
    relations: list[frozenset[str]]


def _asked(rows: Sequence[Example], examples: Sequence[Example], catalogue: Catalogue, *, complete: bool) -> _Asked:
    """What each row says and uses; where it does not say, what occurs in any of the examples."""
    types = frozenset(e.key for e in catalogue.entities)
    relations = frozenset(r.key for r in catalogue.relations)
    if not complete:
        types &= {label for e in examples for _, _, label in e.entities}
        relations &= {label for e in examples for _, _, label in e.relations}
    return _Asked(
        [types if row.annotated is None else row.annotated | {label for _, _, label in row.entities} for row in rows],
        [relations if row.annotated is None else row.annotated | {label for _, _, label in row.relations} for row in rows],
    )


W = TypeVar("W")


def _judged(task: Task[W], there: Task[W] | None, examples: int, development: int, *, folds: int) -> Judged[W]:
    """Figures on held-out examples, or on development rows where there are any (``there``, which learns the same columns)."""
    judged = cross_validate(task, examples, folds=folds)
    if there is None:
        return judged
    there.columns = task.columns
    before = there.counts(range(development), None)
    after = before if judged.heads is None else there.counts(range(development), judged.heads)
    if after.f1 <= before.f1:
        return Judged(before, before, 0, None)
    return Judged(before, after, judged.step, judged.heads)
