"""Annotated sets as training windows: which spans, types and relations are known, and which are known not to be.

Annotation is partial. A set says nothing about labels of another set, so that every target is one of three: 1 (annotated),
0 (the set would have annotated it, or its coarse class excludes it) or unknown. Types are also derived: the tail of "educated at" is an
educational institution, and a name that a knowledge graph knows has the graph's types (distant_types). That gives several hundred
type names, where the sets themselves annotate some 75.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from dovetail.models.demonyms import demonyms
from dovetail.models.distant_types import KnownTypes, known_types
from dovetail.models.extraction_labels import COARSE, DERIVED, DESCRIPTIONS, ENTITY_SETS, HELD_OUT_RELATIONS
from dovetail.models.windows import Window, group_sentences

CROSSNER = ("ai", "literature", "music", "politics", "science")
RELATION_SETS: Mapping[str, float] = {"fewrel": 4.0, "knowledgenet": 1.5}
"""Sets with relations but no types of their own -> share of the batches. SemEval 2010 task 8 is left out: its folds measure the recipe."""

COREFERENCE_SETS: Mapping[str, float] = {"gap": 0.6, "litbank": 0.6}
TWEETS = frozenset({"wnut17", "btc"})
"""Sets whose rows do not follow one another."""

NATIONALITY_ELSEWHERE = frozenset({"nationality", "location", "geo-political entity", "country", "miscellaneous", "entity"})
"""What sets call a demonym. It is a nationality as well, and no country."""

RIVALS = 3
"""Nearest mentions of something else that each mention is compared with."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label as text; ``coarse`` says which labels exclude each other ('' excludes nothing)."""

    name: str
    description: str
    coarse: str = ""


Link: TypeAlias = tuple[int, int, float]
"""A mention, one before it, and whether they are the same thing (1 or 0)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One window of a set.

    ``spans``: start, end, indices of the types that hold. ``relations``: (head, tail) -> relations that hold. ``unknown``: pairs of which
    nothing is known. ``asked``: the relations that were looked for, where a row says so. ``weak``: how many spans at the end come
    from no annotator.
    """

    set: str
    window: Window
    spans: tuple[tuple[int, int, tuple[int, ...]], ...]
    relations: Mapping[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    unknown: frozenset[tuple[int, int]] = frozenset()
    asked: frozenset[int] | None = None
    links: tuple[Link, ...] = ()
    weak: int = 0


@dataclass(slots=True)
class TrainingSet:
    """A set's examples and what its annotation promises.

    ``types``: labels it annotates. ``relations``: relations it annotates. ``all_spans``: every mention of its types is marked.
    ``all_pairs``: unmarked pairs are unrelated. ``one_relation``: each pair has exactly one relation.
    """

    name: str
    weight: float
    types: frozenset[int] = frozenset()
    relations: frozenset[int] = frozenset()
    all_spans: bool = False
    all_pairs: bool = False
    one_relation: bool = False
    span_weight: float = 1.0
    examples: list[Example] = field(default_factory=list)


class TrainingData:
    """Every set under ``root``, with one table of type labels and one of relation labels."""

    def __init__(self, root: Path, *, graphs: Path | None = None, seed: int = 0) -> None:
        self.root = root
        self.types: list[Label] = []
        self.relations: list[Label] = []
        self._type_index: dict[str, int] = {}
        self._relation_index: dict[str, int] = {}
        self._known = known_types(graphs) if graphs else KnownTypes({}, {})
        self._random = random.Random(seed)
        self.sets: list[TrainingSet] = []
        for name, (weight, span_weight) in ENTITY_SETS.items():
            self._read(name, weight=weight, span_weight=span_weight, typed=True)
        for name, weight in (*RELATION_SETS.items(), *COREFERENCE_SETS.items()):
            self._read(name, weight=weight, typed=False)
        for domain in CROSSNER:  # read always, so that phases share one table of labels; batches leave them out until asked
            self._read(f"crossner/{domain}", weight=1.8, span_weight=1.0, typed=True)

    def type_of(self, name: str, description: str = "") -> int:
        """Index of the type label with this name, added where it is new."""
        if name not in self._type_index:
            self._type_index[name] = len(self.types)
            self.types.append(Label(name, description or DESCRIPTIONS.get(name, ""), COARSE.get(name, "")))
        return self._type_index[name]

    def relation_of(self, name: str, description: str) -> int:
        """Index of the relation label with this name, added where it is new."""
        if name not in self._relation_index:
            self._relation_index[name] = len(self.relations)
            self.relations.append(Label(name, description))
        return self._relation_index[name]

    def _read(self, name: str, *, weight: float, typed: bool, span_weight: float = 1.0) -> None:
        folder = self.root / name
        labels = json.loads((folder / "labels.json").read_text())
        relation_file = folder / "relations.json"
        relations = json.loads(relation_file.read_text()) if relation_file.exists() else {}
        relations = {key: value for key, value in relations.items() if key not in HELD_OUT_RELATIONS}
        types = {key: self.type_of(value["name"], value["description"]) for key, value in labels.items()} if typed else {}
        index = {key: self.relation_of(value["name"], value["description"]) for key, value in relations.items()}
        one = name == "fewrel"
        result = TrainingSet(
            name,
            weight,
            types=frozenset(types.values()),
            relations=frozenset(index.values()),
            all_spans=typed,
            all_pairs=name in ("re-docred", "bc5cdr"),
            one_relation=one,
            span_weight=span_weight,
        )
        rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
        rows = [row for row in rows if not (one and row["relations"][0]["label"] not in relations)]
        distant = name in ("fewrel", "knowledgenet", "re-docred", "wikigold")
        for row in self._joined(rows, name) if typed else rows:
            for piece in windows_of(row):
                result.examples.append(self._example(name, row, piece, (types, index), distant))
        self.sets.append(result)

    def _joined(self, rows: list[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
        """Rows as they are and, where rows are sentences in order, runs of two to four as well."""
        yield from rows
        if name in TWEETS or sum(len(row["text"]) for row in rows) / len(rows) > 400:
            return
        position = 0
        while position < len(rows):
            run = rows[position : position + self._random.randint(2, 4)]
            yield join_rows(run)
            position += len(run)

    def _example(
        self, name: str, row: Mapping[str, Any], piece: Piece, tables: tuple[Mapping[str, int], Mapping[str, int]], distant: bool
    ) -> Example:
        types, index = tables
        held: list[set[int]] = [{types[e["label"]]} if e["label"] in types else set() for e in piece.entities]
        for head, tail, label in piece.relations:
            for position, derived in zip((head, tail), DERIVED.get(label, ("", "")), strict=True):
                if derived:
                    held[position].add(self.type_of(derived))
        texts = [piece.window.text[e["start"] : e["end"]] for e in piece.entities]
        weak: list[tuple[int, int, tuple[int, ...]]] = []
        if distant:
            places = [(e["start"], e["end"]) for e in piece.entities]
            for entity, kinds, text in zip(piece.entities, held, texts, strict=True):
                known = self._known.by_id.get(entity.get("kb_id", "")) or self._known.by_name.get(text.lower(), ())
                kinds.update(self.type_of(k) for k in known)
            for start, end, classes in self._known.mentions(piece.window.text):
                if not any(a < end and b > start for a, b in places):
                    weak.append((start, end, tuple(sorted({self.type_of(c) for c in classes}))))
        for position, (entity, text) in enumerate(zip(piece.entities, texts, strict=True)):
            annotated = {types[entity["label"]]} if entity["label"] in types else set()
            if text in demonyms() and {self.types[t].name for t in annotated} <= NATIONALITY_ELSEWHERE:
                held[position] = annotated | {self.type_of("nationality")}
        spans = [(e["start"], e["end"], tuple(sorted(h))) for e, h in zip(piece.entities, held, strict=True)]
        relations: dict[tuple[int, int], tuple[int, ...]] = {}
        for head, tail, label in piece.relations:
            if label in index:
                relations[head, tail] = tuple(sorted({*relations.get((head, tail), ()), index[label]}))
        asked = frozenset(index[r] for r in row["annotated_relations"] if r in index) if "annotated_relations" in row else None
        return Example(name, piece.window, (*spans, *weak), relations, piece.unknown, asked, piece.links, len(weak))

    def batches(self, characters: int, *, seed: int, crossner: bool) -> Iterator[list[Example]]:
        """Endless batches of windows of similar length, about ``characters`` with padding, mixed over sets by their weights."""
        generator = random.Random(seed)
        pools: dict[str, list[Example]] = {}
        sets = [s for s in self.sets if crossner or not s.name.startswith("crossner/")]
        weights = [s.weight for s in sets]
        while True:
            drawn = []
            for chosen in generator.choices(sets, weights, k=512):
                pool = pools.setdefault(chosen.name, [])
                if not pool:
                    pool.extend(generator.sample(chosen.examples, len(chosen.examples)))
                drawn.append(pool.pop())
            drawn.sort(key=lambda e: len(e.window.text))
            groups: list[list[Example]] = [[]]
            for example in drawn:
                if groups[-1] and (len(groups[-1]) + 1) * len(example.window.text) > characters:
                    groups.append([])
                groups[-1].append(example)
            generator.shuffle(groups)
            yield from groups


@dataclass(frozen=True, slots=True)
class Piece:
    """A window of a row: its entities with offsets moved, relations (head, tail, label) and pairs of which nothing is known."""

    window: Window
    entities: list[dict[str, Any]]
    relations: list[tuple[int, int, str]]
    unknown: frozenset[tuple[int, int]]
    links: tuple[Link, ...]


def join_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows that are sentences as one row.

    >>> first, second = {"text": "A b.", "entities": []}, {"text": "C.", "entities": [{"start": 0, "end": 1}]}
    >>> join_rows([{**first, "relations": []}, {**second, "relations": []}])
    {'text': 'A b. C.', 'entities': [{'start': 5, 'end': 6}], 'relations': [], 'sentences': [[0, 4], [5, 7]]}
    """
    text = ""
    entities: list[dict[str, Any]] = []
    relations: list[dict[str, Any]] = []
    sentences: list[list[int]] = []
    for row in rows:
        start = len(text) + 1 if text else 0
        text = f"{text} {row['text']}" if text else row["text"]
        relations += [{**r, "head": r["head"] + len(entities), "tail": r["tail"] + len(entities)} for r in row["relations"]]
        entities += [{**e, "start": e["start"] + start, "end": e["end"] + start} for e in row["entities"]]
        sentences.append([start, len(text)])
    return {"text": text, "entities": entities, "relations": relations, "sentences": sentences}


def windows_of(row: Mapping[str, Any]) -> Iterator[Piece]:
    """A row's windows.

    Where a row lists relations between clusters, they hold between the nearest mentions and between those in one sentence; of
    other mentions of such clusters nothing is known.
    """
    text: str = row["text"]
    entities: Sequence[dict[str, Any]] = row["entities"]
    bounds = [(a, b) for a, b in row.get("sentences") or _split(text, entities)]
    cluster_of = {m: c for c, mentions in enumerate(row.get("clusters", ())) for m in mentions}
    related: dict[tuple[int, int], list[str]] = {}
    for relation in row.get("cluster_relations", ()):
        related.setdefault((relation["head"], relation["tail"]), []).append(relation["label"])
    for group in group_sentences([text.count(" ", a, b) + 1 for a, b in bounds]):
        start, end = bounds[group[0]][0], bounds[group[-1]][1]
        window = Window(text[start:end], tuple((bounds[i][0] - start, bounds[i][1] - start) for i in group))
        kept = [i for i, e in enumerate(entities) if e["start"] >= start and e["end"] <= end]
        place = {i: n for n, i in enumerate(kept)}
        moved = [{**entities[i], "start": entities[i]["start"] - start, "end": entities[i]["end"] - start} for i in kept]
        if "cluster_relations" in row:
            pairs, unknown = _between_clusters(moved, window, [cluster_of.get(i, -1) for i in kept], related)
        else:
            pairs = [
                (place[r["head"]], place[r["tail"]], r["label"]) for r in row["relations"] if r["head"] in place and r["tail"] in place
            ]
            unknown = frozenset()
        yield Piece(window, moved, pairs, unknown, _links(moved, [cluster_of.get(i, -1 - i) for i in kept]))


def _between_clusters(
    entities: Sequence[Mapping[str, Any]], window: Window, clusters: Sequence[int], related: Mapping[tuple[int, int], list[str]]
) -> tuple[list[tuple[int, int, str]], frozenset[tuple[int, int]]]:
    """Relations of the mention pairs that show them, and the pairs of related clusters' other mentions."""
    sentence = [next((n for n, (a, b) in enumerate(window.sentences) if a <= e["start"] < b), -1) for e in entities]
    mentions: dict[int, list[int]] = {}
    for mention, cluster in enumerate(clusters):
        mentions.setdefault(cluster, []).append(mention)
    pairs: list[tuple[int, int, str]] = []
    unknown: set[tuple[int, int]] = set()
    for (head, tail), labels in related.items():
        every = [(h, t) for h in mentions.get(head, ()) for t in mentions.get(tail, ())]
        if not every:
            continue
        nearest = min(every, key=lambda p: abs(entities[p[0]]["start"] - entities[p[1]]["start"]))
        for pair in every:
            if pair == nearest or sentence[pair[0]] == sentence[pair[1]]:
                pairs += [(*pair, label) for label in labels]
            else:
                unknown.add(pair)
    return pairs, frozenset(unknown)


def _links(entities: Sequence[Mapping[str, Any]], clusters: Sequence[int]) -> tuple[Link, ...]:
    """Each mention with the nearest one of its cluster before it, and with up to RIVALS nearer or farther ones of other clusters."""
    if all(c < 0 for c in clusters):
        return ()
    order = sorted(range(len(entities)), key=lambda i: (entities[i]["start"], -entities[i]["end"]))
    links: list[Link] = []
    for position, mention in enumerate(order):
        before = order[:position][::-1]
        same = next((b for b in before if clusters[b] == clusters[mention]), None)
        if same is not None:
            links.append((mention, same, 1.0))
        links += [(mention, b, 0.0) for b in [b for b in before if clusters[b] != clusters[mention]][:RIVALS]]
    return tuple(links)


def _split(text: str, entities: Sequence[dict]) -> list[tuple[int, int]]:  # type: ignore[type-arg]
    """Sentence bounds at a full stop, question or exclamation mark before a capital; never inside an entity."""
    if len(text) < 300:
        return [(0, len(text))]
    cuts = [
        m.end()
        for m in re.finditer(r"[.!?]['\")\]]*\s+(?=[A-Z\"'(\[])", text)
        if not any(e["start"] < m.end() < e["end"] for e in entities)
    ]
    return list(zip([0, *cuts], [*cuts, len(text)], strict=True))
