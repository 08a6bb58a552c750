"""How long a vocabulary of a million names takes to make, to open and to ask, and in how much memory.

    python benchmarks/bench_linking.py --names 1000000 --json linking.json

Names are made of seeded syllables: one to three words, two names to an entity. Each part runs in a process of its own, so that its peak
memory is its own; "nothing" is the memory of the libraries alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rdflib import URIRef

from dovetail.nlp.link_ranking import Query, rank
from dovetail.nlp.vocabulary import Vocabulary, VocabularyName
from parts import Part, run_parts

LOOKUPS = 2_000


def names(count: int) -> Iterator[VocabularyName]:
    """Seeded names; every other one is the alternative of the one before it."""
    rng = random.Random(7)
    syllables = [consonant + vowel for consonant in "bcdfghklmnprstvz" for vowel in "aeiou"]
    words = ["".join(rng.choices(syllables, k=rng.randint(2, 4))).title() for _ in range(60_000)]
    for n in range(count):
        yield VocabularyName(
            URIRef(f"http://www.example.org/entity/Q{n // 2}"), " ".join(rng.choices(words, k=rng.randint(1, 3))), n % 2 == 0
        )


def nothing(folder: Path, count: int) -> int:
    """Load the libraries."""
    return 0


def make(folder: Path, count: int) -> int:
    """Make the vocabulary and save it."""
    vocabulary = Vocabulary.of(names(count))
    vocabulary.save(folder)
    return len(vocabulary)


def reopen(folder: Path, count: int) -> int:
    """Open it and look up one name."""
    vocabulary = Vocabulary.open(folder)
    vocabulary.named("Babo")
    return len(vocabulary)


def exact(folder: Path, count: int) -> int:
    """Rank the entities of names that are in it."""
    return _ranked(folder, [name.name for name in islice(names(count), LOOKUPS)])


def misspelt(folder: Path, count: int) -> int:
    """Rank the entities of names with two letters exchanged."""
    return _ranked(folder, [name.name[:2] + name.name[3] + name.name[2] + name.name[4:] for name in islice(names(count), LOOKUPS)])


def _ranked(folder: Path, wanted: list[str]) -> int:
    vocabulary = Vocabulary.open(folder)
    for name in wanted:
        rank(Query(name), vocabulary)
    return len(wanted)


PARTS: dict[str, Part] = {
    "nothing": nothing,
    "make the vocabulary": make,
    "open the vocabulary": reopen,
    "names that are there": exact,
    "misspelt names": misspelt,
}


if __name__ == "__main__":
    run_parts(__file__, PARTS, about=__doc__, size="names", default=1_000_000)
