"""How long a vocabulary of a million names takes to make, to open and to ask, and in how much memory.

    python benchmarks/bench_linking.py --names 1000000 --json linking.json

Names are made of seeded syllables: one to three words, two names to an entity. Each part runs in a process of its own, so that its peak
memory is its own; "nothing" is the memory of the libraries alone.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from rdflib import URIRef

from dovetail.nlp.link_ranking import Query, rank
from dovetail.nlp.vocabulary import Vocabulary, VocabularyName

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


PARTS: dict[str, Callable[[Path, int], int]] = {
    "nothing": nothing,
    "make the vocabulary": make,
    "open the vocabulary": reopen,
    "names that are there": exact,
    "misspelt names": misspelt,
}


def run_part(name: str, folder: Path, count: int) -> dict[str, object]:
    """Run a part here and say what it took."""
    wall, processor = time.perf_counter(), time.process_time()
    size = PARTS[name](folder, count)
    return {
        "what": name,
        "size": size,
        "seconds": round(time.perf_counter() - wall, 3),
        "cpu_seconds": round(time.process_time() - processor, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(run_part(options.part, options.folder, options.names)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in PARTS:
            command = [sys.executable, __file__, "--part", name, "--folder", f"{folder}/vocabulary", "--names", str(options.names)]
            rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    print(f"{'what':28}{'size':>12}{'seconds':>10}{'cpu':>10}{'peak MB':>9}")
    for row in rows:
        print(f"{row['what']:28}{row['size']:12,}{row['seconds']:10}{row['cpu_seconds']:10}{row['peak_mb']:9}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
