"""How well names are linked to a vocabulary, on annotated text with identifiers.

linking_accuracy             mentions whose entity is in the vocabulary and was chosen, or is not and nothing was, of all with an identifier
linking_accuracy_known       the same of those whose entity is in the vocabulary
linking_accuracy_nil         the same of those whose entity is not
linking_ece                  expected calibration error of the probability that the choice is right, in ten bins

Mentions are the annotated ones, with their annotated type; nothing else of the annotation is used. An annotation of several
identifiers ("A|B") is met by any of them.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rdflib import URIRef

from dovetail.nlp.abbreviations import abbreviations
from dovetail.nlp.annotated import rows_of
from dovetail.nlp.coreference import normal_name
from dovetail.nlp.graph_vocabulary import read_vocabulary
from dovetail.nlp.link_ranking import Query, type_names
from dovetail.nlp.linking import link_all
from dovetail.nlp.measures import EvaluationResult, result
from dovetail.nlp.vocabulary import Vocabulary, VocabularyName

MESH, OMIM = "http://id.nlm.nih.gov/mesh/", "https://omim.org/entry/"
"""Where the identifiers of a made vocabulary stand."""


def with_linking(results: Sequence[EvaluationResult], files: Sequence[Path], vocabularies: Sequence[Path]) -> list[EvaluationResult]:
    """The results of an evaluation of these files with the figures above, for the names in RDF files."""
    vocabulary = read_vocabulary(vocabularies)
    found = []
    for one, file in zip(results, files, strict=True):
        began = time.monotonic()
        metrics = {**one.metrics, **linking_metrics(rows_of(file), vocabulary)}
        found.append(result(one.set, one.n, metrics, seconds=one.seconds + time.monotonic() - began))
    return found


def linking_metrics(rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary) -> dict[str, float]:
    """The figures above; none where no mention has an identifier."""
    known = {identifier(vocabulary.iri(n)) for n in range(vocabulary.entities)}
    right: dict[bool, list[bool]] = {True: [], False: []}
    chances, came_true = [], []
    for row in rows:
        queries = queries_of(row)
        for entity, link in zip(row["entities"], link_all(queries, vocabulary), strict=True):
            if not entity.get("kb_id"):
                continue
            gold = gold_ids(entity)
            there = bool(gold & known)
            chosen = None if link.iri is None else identifier(link.iri)
            good = chosen in gold if there else chosen is None
            right[there].append(good)
            chances.append(link.probability if chosen is not None else link.nil)
            came_true.append(good)
    if not chances:
        return {}
    metrics = {"linking_accuracy": float(np.mean(came_true))}
    for there, name in ((True, "known"), (False, "nil")):
        if right[there]:
            metrics[f"linking_accuracy_{name}"] = float(np.mean(right[there]))
    return {**metrics, "linking_ece": _calibration_error(np.array(chances), np.array(came_true, dtype=float))}


def queries_of(row: Mapping[str, Any]) -> list[Query]:
    """What is looked up for each annotated mention of a text."""
    explained = abbreviations(row["text"])
    found = []
    for entity in row["entities"]:
        surface = row["text"][entity["start"] : entity["end"]]
        found.append(Query(surface, explained.get(surface), type_names(entity["label"])))
    return found


def gold_ids(entity: Mapping[str, Any]) -> set[str]:
    """The identifiers of an annotated mention, without what says whose they are."""
    return {identifier(part) for part in str(entity["kb_id"]).replace("+", "|").split("|")}


def identifier(iri: str) -> str:
    """What identifies an entity within its vocabulary: the end of its IRI.

    >>> identifier("http://id.nlm.nih.gov/mesh/D009270"), identifier("OMIM:114500")
    ('D009270', '114500')
    """
    return re.split(r"[/#:]", iri)[-1]


def vocabulary_of(rows: Sequence[Mapping[str, Any]]) -> Vocabulary:
    """The names that annotated texts use for each identifier, its commonest name as the label; with the types that they annotate."""
    names, types = names_of(rows)
    return Vocabulary.of(names, types=types)


def names_of(rows: Sequence[Mapping[str, Any]]) -> tuple[list[VocabularyName], list[tuple[URIRef, URIRef]]]:
    """The same as lists of names and of types. Mentions of several identifiers at once name none of them."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    types: set[tuple[str, str]] = set()
    for row in rows:
        for entity in row["entities"]:
            ids = gold_ids(entity) if entity.get("kb_id") else set()
            if len(ids) == 1:
                [one] = ids
                counts[one][row["text"][entity["start"] : entity["end"]]] += 1
                types.add((one, entity["label"]))
    named = []
    for one, surfaces in sorted(counts.items()):
        label = min(surfaces, key=lambda s: (-surfaces[s], s))
        named += [VocabularyName(_iri(one), s, normal_name(s) == normal_name(label)) for s in sorted(surfaces)]
    return named, [(_iri(one), URIRef(f"urn:dovetail:type:{kind}")) for one, kind in sorted(types)]


def _iri(identifier: str) -> URIRef:
    return URIRef((OMIM if identifier.isdigit() else MESH) + identifier)


def _calibration_error(chances: Any, came_true: Any) -> float:
    bins = np.minimum((chances * 10).astype(int), 9)
    return float(sum(abs(chances[bins == b].mean() - came_true[bins == b].mean()) * np.mean(bins == b) for b in np.unique(bins)))
