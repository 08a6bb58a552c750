"""Annotated sets as training sentences: which spans, types and relations are known, and which are known not to be.

Annotation is partial. A set says nothing about labels of another set, so that every target is one of three: 1 (annotated),
0 (the set would have annotated it, or its coarse class excludes it) or unknown. Types are also derived from the arguments of
relations: the tail of "educated at" is an educational institution. That gives many type names which no set annotates.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Label:
    """A label as text; ``coarse`` says which labels exclude each other ('' excludes nothing)."""

    name: str
    description: str
    coarse: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence of a set. Spans are (start, end, label indices that hold); relations (head, tail, relation index)."""

    set: str
    text: str
    spans: tuple[tuple[int, int, tuple[int, ...]], ...]
    relations: tuple[tuple[int, int, int], ...] = ()
    asked: frozenset[int] | None = None


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


COARSE: Mapping[str, str] = {
    name: coarse
    for coarse, names in {
        "person": "person|politician|writer|scientist|researcher|musical artist|film director|actor|screenwriter|composer|author|architect|lyricist|"
        "film producer|founder|business executive|head of state|athlete|artist|performer|parent|sibling|spouse|fictional character",
        "organisation": "organisation|corporation|company|university|band|political party|educational institution|record label|sports team|sports league|"
        "television network|publisher|manufacturer|developer|owner|operator|production company|legislature|military branch|subsidiary|employer",
        "place": "location|country|city|capital city|administrative territory|continent|river|body of water|landform|geo-political entity|airport|residence|headquarters city",
        "work": "creative work|book|poem|song|album|film|musical work|literary work|video game|television series|work series|software",
        "event": "event|election|conference|armed conflict|sports season|competition",
        "time": "time|temporal expression|date",
        "number": "number|quantity|money",
        "chemical": "chemical|simple chemical|chemical compound|chemical element|amino acid",
        "gene": "gene|gene or gene product|protein|enzyme|molecular complex|regulon or operon",
        "disease": "disease|specific disease|disease class|composite disease mention|disease as modifier|cancer",
        "anatomy": "anatomical entity|anatomical system|cell|cellular component|developing anatomical structure|immaterial anatomical entity|"
        "multi-tissue structure|organ|organism subdivision|organism substance|pathological formation|tissue",
        "organism": "species|organism|taxon",
        "concept": "genre|field of study|language|religion|art movement|occupation|position|taxonomic rank|award|research field|discipline|musical instrument|"
        "algorithm|task|programming language|theory|literary genre|music genre|evaluation metric|computing platform|operating system|ethnic group|nationality",
    }.items()
    for name in names.split("|")
}

DERIVED: Mapping[str, tuple[str, str]] = {
    "P101": ("", "field of study"), "P102": ("politician", "political party"), "P105": ("taxon", "taxonomic rank"), "P106": ("person", "occupation"),
    "P112": ("", "founder"), "P118": ("", "sports league"), "P123": ("", "publisher"), "P1303": ("musical artist", "musical instrument"),
    "P131": ("", "administrative territory"), "P135": ("artist", "art movement"), "P136": ("", "genre"), "P140": ("", "religion"),
    "P150": ("administrative territory", "administrative territory"), "P159": ("", "headquarters city"), "P161": ("film", "actor"),
    "P162": ("", "film producer"), "P166": ("", "award"), "P17": ("", "country"), "P170": ("", "artist"), "P171": ("taxon", "taxon"),
    "P172": ("", "ethnic group"), "P175": ("musical work", "performer"), "P176": ("product", "manufacturer"), "P178": ("software", "developer"),
    "P179": ("", "work series"), "P1376": ("capital city", ""), "P1411": ("", "award"), "P1412": ("person", "language"), "P1441": ("fictional character", ""),
    "P19": ("person", "residence"), "P194": ("", "legislature"), "P205": ("body of water", "country"), "P206": ("", "body of water"),
    "P22": ("person", "parent"), "P25": ("person", "parent"), "P241": ("person", "military branch"), "P26": ("person", "spouse"),
    "P264": ("musical artist", "record label"), "P27": ("person", "country"), "P272": ("film", "production company"), "P30": ("", "continent"),
    "P3373": ("person", "sibling"), "P3450": ("sports season", "sports league"), "P35": ("country", "head of state"), "P355": ("company", "subsidiary"),
    "P36": ("", "capital city"), "P364": ("film", "language"), "P37": ("", "language"), "P39": ("politician", "position"), "P40": ("parent", "person"),
    "P400": ("video game", "computing platform"), "P403": ("river", "body of water"), "P407": ("literary work", "language"),
    "P449": ("television series", "television network"), "P466": ("building", "organisation"), "P488": ("organisation", "business executive"), "P495": ("", "country"),
    "P50": ("literary work", "author"), "P54": ("athlete", "sports team"), "P57": ("film", "film director"), "P58": ("film", "screenwriter"), "P607": ("", "armed conflict"),
    "P674": ("creative work", "fictional character"), "P676": ("song", "lyricist"), "P69": ("person", "educational institution"), "P706": ("", "landform"),
    "P740": ("band", "location"), "P800": ("", "creative work"), "P86": ("musical work", "composer"), "P931": ("airport", "city"), "P974": ("river", "river"),
    "P991": ("election", "politician"), "P569": ("person", "date"), "P570": ("person", "date"), "P571": ("", "date"), "P577": ("creative work", "date"),
    "P1346": ("competition", ""), "P1923": ("competition", "sports team"), "P108": ("person", "employer"),
    "CEO": ("company", "business executive"), "CHILD_OF": ("person", "parent"), "DATE_FOUNDED": ("organisation", "date"), "DATE_OF_BIRTH": ("person", "date"),
    "DATE_OF_DEATH": ("person", "date"), "EDUCATED_AT": ("person", "educational institution"), "EMPLOYEE_OR_MEMBER_OF": ("person", "organisation"),
    "FOUNDED_BY": ("organisation", "founder"), "HEADQUARTERS": ("organisation", "headquarters city"), "NATIONALITY": ("person", "nationality"),
    "PLACE_OF_BIRTH": ("person", "location"), "PLACE_OF_RESIDENCE": ("person", "residence"), "POLITICAL_AFFILIATION": ("politician", "political party"),
    "SPOUSE": ("person", "spouse"), "SUBSIDIARY_OF": ("subsidiary", "company"),
}  # fmt: skip
"""Relation label -> types of its head and tail ('' where the relation says nothing)."""

DESCRIPTIONS: Mapping[str, str] = {
    "film": "A motion picture.", "actor": "A person who plays roles in films or on stage.", "film director": "A person who directs films.",
    "literary work": "A written work such as a novel, play or essay.", "author": "The writer of a work.", "composer": "A person who writes music.",
    "company": "A business.", "educational institution": "A school, college or university.", "sports team": "A club or team that plays a sport.",
    "administrative territory": "A state, province, county, district or municipality.", "date": "A day, month or year.", "taxon": "A species, genus or other group of organisms.",
    "position": "An office or post that a person holds.", "occupation": "A profession or kind of work.", "field of study": "A branch of knowledge.",
    "armed conflict": "A war, battle or campaign.", "legislature": "A parliament or other law-making body.", "landform": "A mountain, valley, island or other feature of terrain.",
    "software": "A computer program.", "religion": "A faith or religious community.", "nationality": "A nation or people that a person belongs to.",
}  # fmt: skip

HELD_OUT_RELATIONS = frozenset({"P4552", "P937", "P750", "P710", "P6", "P1435", "P306", "P84"})
"""The relations of FewRel's development set: trained nowhere, so that they measure unseen labels."""

ENTITY_SETS: Mapping[str, tuple[float, float]] = {
    "wnut17": (1.0, 1.0), "wikigold": (1.0, 1.0), "btc": (0.8, 1.0), "sec-filings": (0.5, 0.6), "anem": (0.7, 0.3), "bc5cdr": (0.9, 0.3), "ncbi-disease": (0.8, 0.3),
    "re3d": (0.3, 0.6), "bio_ner/bc2gm": (0.5, 0.3), "bio_ner/linnaeus": (0.3, 0.3), "bio_ner/anatem": (0.3, 0.3), "bio_ner/bionlp13cg": (0.7, 0.3),
    "bio_ner/bionlp13pc": (0.4, 0.3), "bio_ner/bionlp11id": (0.4, 0.3), "re-docred": (2.0, 1.0),
}  # fmt: skip
"""Set -> share of the batches (relative), weight of its spans loss (small where few types are annotated)."""

CROSSNER = ("ai", "literature", "music", "politics", "science")


class TrainingData:
    """Every set under ``root``, with one table of type labels and one of relation labels."""

    def __init__(self, root: Path, *, with_crossner: bool = False) -> None:
        self.root = root
        self.types: list[Label] = []
        self.relations: list[Label] = []
        self._type_index: dict[str, int] = {}
        self._relation_index: dict[str, int] = {}
        self.sets: list[TrainingSet] = []
        for name, (weight, span_weight) in ENTITY_SETS.items():
            self._read(name, weight=weight, span_weight=span_weight, typed=True)
        self._read("fewrel", weight=3.0, typed=False)
        self._read("knowledgenet", weight=1.2, typed=False)
        self._read("semeval2010t8", weight=0.8, typed=False)
        for domain in CROSSNER:  # labels are always in the table, so that phases share it; examples only when asked for
            self._read(f"crossner/{domain}", weight=1.2 if with_crossner else 0.0, span_weight=1.0, typed=True)

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
        relations = {key: value for key, value in relations.items() if key not in HELD_OUT_RELATIONS and key != "Other"}
        types = {key: self.type_of(value["name"], value["description"]) for key, value in labels.items()} if typed else {}
        index = {key: self.relation_of(value["name"], value["description"]) for key, value in relations.items()}
        one = name in ("fewrel", "semeval2010t8")
        result = TrainingSet(
            name,
            weight,
            types=frozenset(types.values()),
            relations=frozenset(index.values()),
            all_spans=typed,
            all_pairs=name == "re-docred",
            one_relation=one,
            span_weight=span_weight,
        )
        for line in (folder / "train.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["relations"] and one and row["relations"][0]["label"] not in relations:
                continue
            asked = frozenset(index[r] for r in row["annotated_relations"] if r in index) if "annotated_relations" in row else None
            for text, entities, pairs in sentences_of(row):
                held = [set() if e["label"] not in types else {types[e["label"]]} for e in entities]
                for pair in pairs:
                    for position, derived in zip((pair["head"], pair["tail"]), DERIVED.get(pair["label"], ("", "")), strict=True):
                        if derived:
                            held[position].add(self.type_of(derived))
                spans = tuple((e["start"], e["end"], tuple(sorted(h))) for e, h in zip(entities, held, strict=True))
                triples = tuple((p["head"], p["tail"], index[p["label"]]) for p in pairs if p["label"] in index)
                result.examples.append(Example(name, text, spans, triples, asked))
        if weight:
            self.sets.append(result)

    def batches(self, size: int, *, seed: int) -> Iterator[list[Example]]:
        """Endless batches of sentences of similar length, mixed over sets by their weights."""
        generator = random.Random(seed)
        pools: dict[str, list[Example]] = {}
        weights = [s.weight for s in self.sets]
        while True:
            drawn = []
            for chosen in generator.choices(self.sets, weights, k=size * 16):
                pool = pools.setdefault(chosen.name, [])
                if not pool:
                    pool.extend(generator.sample(chosen.examples, len(chosen.examples)))
                drawn.append(pool.pop())
            drawn.sort(key=lambda e: len(e.text))
            groups = [drawn[i : i + size] for i in range(0, len(drawn), size)]
            generator.shuffle(groups)
            yield from groups


def sentences_of(row: Mapping[str, object]) -> Iterator[tuple[str, list[dict], list[dict]]]:  # type: ignore[type-arg]  # rows are JSON
    """A row's sentences: text, entities and relations with offsets and indices of the sentence. Pairs across sentences are left out."""
    text: str = row["text"]  # type: ignore[assignment]
    entities: Sequence[dict] = row["entities"]  # type: ignore[assignment, type-arg]
    relations: list[dict] = list(row["relations"])  # type: ignore[call-overload, type-arg]
    if "cluster_relations" in row:
        clusters = row["clusters"]
        relations = [
            {"head": h, "tail": t, "label": r["label"]}
            for r in row["cluster_relations"]  # type: ignore[attr-defined]
            for h in clusters[r["head"]]  # type: ignore[index]
            for t in clusters[r["tail"]]  # type: ignore[index]
        ]
    bounds = row.get("sentences") or _split(text, entities)
    for start, end in bounds:  # type: ignore[attr-defined]
        inside = {i: n for n, i in enumerate(i for i, e in enumerate(entities) if e["start"] >= start and e["end"] <= end)}
        moved = [{**entities[i], "start": entities[i]["start"] - start, "end": entities[i]["end"] - start} for i in inside]
        pairs = [
            {"head": inside[r["head"]], "tail": inside[r["tail"]], "label": r["label"]}
            for r in relations
            if r["head"] in inside and r["tail"] in inside
        ]
        yield text[start:end], moved, pairs


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
