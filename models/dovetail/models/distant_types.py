"""Types of named things from knowledge graphs, for text that annotates no types: distant supervision (Mintz et al., ACL 2009).

A graph's folder has ``entities.tsv``: identifier, name, description. CoDEx describes a thing by its Wikidata classes, and FB15k-237 by
a phrase whose head noun is the class: "1999 American horror film directed by X" is a "horror film" and a "film". Names whose
descriptions disagree are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LEAST_THINGS = 8
"""A class that fewer things have is no type worth learning."""

CONCEPTS = frozenset(
    "genre|music genre|film genre|literary genre|academic discipline|profession|occupation|award|language|musical instrument|religion|"
    "instrument|sport|type of sport|disease|art movement|musical profession|academic major|economic branch|position|cause of death".split(
        "|"
    )
)
"""Classes whose things are written in lower case, so that a match in lower case is one of them and no accident."""

SHORTEST_NAME = 4


@dataclass(frozen=True, slots=True)
class KnownTypes:
    """``by_id``: identifier -> class names. ``by_name``: name in lower case -> class names."""

    by_id: Mapping[str, tuple[str, ...]]
    by_name: Mapping[str, tuple[str, ...]]

    def mentions(self, text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Where ``text`` names a known concept, longest first, without overlaps: start, end, class names."""
        words = [(m.start(), m.end()) for m in re.finditer(r"\w+", text)]
        lowered = text.lower()
        position = 0
        while position < len(words):
            step = 1
            for width in range(min(4, len(words) - position), 0, -1):
                start, end = words[position][0], words[position + width - 1][1]
                classes = self.by_name.get(lowered[start:end], ())
                if CONCEPTS & set(classes):
                    yield start, end, classes
                    step = width
                    break
            position += step


def known_types(graphs: Path) -> KnownTypes:
    """The types of every thing in the graphs under ``graphs`` that have them."""
    described = {row[0]: classes_of_phrase(row[2]) for row in _rows(graphs / "fb15k-237" / "entities.tsv")}
    listed = {row[0]: _listed(row[2]) for row in _rows(graphs / "codex-m" / "entities.tsv")}
    counts = Counter(name for classes in (*described.values(), *listed.values()) for name in set(classes))
    common = {name for name, count in counts.items() if count >= LEAST_THINGS}
    by_name: dict[str, tuple[str, ...]] = {}
    ambiguous = set()
    for row in _rows(graphs / "fb15k-237" / "entities.tsv"):
        name, classes = row[1].lower(), tuple(c for c in described[row[0]] if c in common)
        ambiguous |= {name} if name in by_name and set(by_name[name]) != set(classes) else set()
        if classes and len(name) >= SHORTEST_NAME:
            by_name[name] = classes
    by_id = {key: kept for key, classes in listed.items() if (kept := tuple(c for c in classes if c in common))}
    return KnownTypes(by_id, {name: classes for name, classes in by_name.items() if name not in ambiguous})


def _rows(file: Path) -> Iterator[list[str]]:
    for line in file.read_text("utf-8").splitlines():
        yield line.split("\t")


def _listed(description: str) -> tuple[str, ...]:
    """Wikidata classes with short names that are no proper names."""
    names = [part.strip() for part in description.split(",")]
    return tuple("person" if n == "human" else n for n in names if n and n.islower() and len(n.split()) <= 3)


def classes_of_phrase(description: str) -> tuple[str, ...]:
    """The classes that a short description states, most specific first.

    >>> classes_of_phrase("American jazz double bassist, composer and bandleader")
    ('jazz double bassist', 'bassist', 'composer', 'bandleader')
    >>> classes_of_phrase("1999 film by X")
    ('film',)
    """
    phrase = re.split(r"\b(?:in|of|from|by|for|that|who|which|located|based|directed|with|on|at|about|best|to)\b|[;(]", description)[0]
    found: list[str] = []
    for part in re.split(r",|\band\b|/|&", phrase):
        words = [w for w in part.split() if re.fullmatch(r"[a-z][a-z-]+", w) and w not in ("the", "a", "an", "former", "born")]
        if words and len(words) <= 3:
            found += [" ".join(words), words[-1]]
    return tuple(dict.fromkeys(found))
