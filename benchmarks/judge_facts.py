"""How many of the facts in a graph are right: 100 of them with their sentences, for a person to judge.

    python benchmarks/judge_facts.py --out benchmarks/judged/after.tsv             draw; the column "verdict" is for the judge
    python benchmarks/judge_facts.py --score benchmarks/judged/after.tsv           precision, with a 95% interval

The corpora are the packaged one and the first 200 documents of 2wiki (in DOVETAIL_BENCH_DATA, default ../shared/data; left out where it is
absent). A fact is a relation between two entities, or an entity and a literal; types and names are none. The draw is uniform over the
facts of both corpora, seed 0. A second file, ``NAME-strict.tsv``, is drawn from those that reach the strict threshold.
A fact is judged against its sentence alone, the names of "it" and "he" taken from the document: right, wrong or unsure. Precision is
the share that is right; what is unsure is not.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data"))
DOCUMENTS = 200
DRAWN = 100
VERDICTS = ("right", "wrong", "unsure")


@dataclass(frozen=True, slots=True)
class JudgedFact:
    """A row of the file; ``verdict`` is one of VERDICTS or, before it is judged, empty."""

    document: str
    subject: str
    predicate: str
    object: str
    confidence: float
    sentence: str
    verdict: str = ""
    note: str = ""


COLUMNS = tuple(f.name for f in fields(JudgedFact))


@dataclass(frozen=True, slots=True)
class Score:
    """The verdicts of a file, and the share that is right with its interval."""

    file: str
    right: int
    wrong: int
    unsure: int
    precision: float
    low: float
    high: float


def facts_of(corpus: Path) -> tuple[int, list[JudgedFact]]:
    """Build a graph of ``corpus`` in a scratch folder: its documents, and every fact by its surest sentence."""
    from rdflib import BNode, Literal, URIRef

    from dovetail.kg import KnowledgeGraph, Layer
    from dovetail.nlp import load_catalogue
    from dovetail.nlp.build import build_graph

    relations = " ".join(sorted({f"<{r.iri}>" for r in load_catalogue().relations}))
    with TemporaryDirectory() as scratch, KnowledgeGraph.open(Path(scratch) / "graph", create=True) as graph:
        report = build_graph([corpus], graph)
        sparql = f"SELECT ?s ?p ?o {{ VALUES ?p {{ {relations} }} GRAPH <{Layer.STATED.value}> {{ ?s ?p ?o }} }}"
        facts = []
        for subject, predicate, value in graph.query(sparql, timeout=None):  # type: ignore[misc]  # rows of a SELECT
            assert isinstance(subject, URIRef) and isinstance(predicate, URIRef) and isinstance(value, (URIRef, BNode, Literal))
            evidence = max(graph.evidence_for(subject, predicate, value), key=lambda e: (e.confidence, e.document, -e.start))
            texts = (graph.label(subject), graph.label(predicate), graph.label(value), evidence.quote)
            head, label, tail, sentence = (" ".join(text.split()) for text in texts)
            facts.append(JudgedFact(evidence.document, head, label, tail, evidence.confidence, sentence))
    return report.read, sorted(facts, key=lambda f: (f.document, f.sentence, f.subject, f.predicate, f.object))


def corpora(folder: Path) -> Iterable[tuple[str, Path]]:
    """The packaged corpus, and the sample of 2wiki written to ``folder``."""
    yield "demo", Path(str(files("dovetail.data").joinpath("corpus")))
    wiki = DATA / "questions" / "corpus" / "2wiki" / "corpus.jsonl"
    if not wiki.exists():
        print(f"judge_facts: 2wiki is left out, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    sample = folder / "2wiki.jsonl"
    with wiki.open(encoding="utf-8") as stream:
        sample.write_text("".join(line for line, _ in zip(stream, range(DOCUMENTS), strict=False)), "utf-8")
    yield "2wiki", sample


def strict_confidence() -> float | None:
    """The strict threshold, which `dovetail build --min-confidence` takes; None where the weights have none."""
    calibration = json.loads(files("dovetail.data").joinpath("weights/calibration.json").read_text("utf-8"))
    value = calibration.get("strict_confidence")
    return None if value is None else float(value)


def write(facts: Sequence[JudgedFact], path: Path) -> None:
    """The rows, drawn at random, in the order of their documents."""
    drawn = random.Random(0).sample(range(len(facts)), min(DRAWN, len(facts)))
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [COLUMNS, *(tuple(map(str, astuple(facts[i]))) for i in sorted(drawn))]
    path.write_text("".join("\t".join(row) + "\n" for row in rows), "utf-8")
    print(f"{path}: {len(drawn)} of {len(facts):,} facts; fill in the column verdict with {', '.join(VERDICTS)}")


def draw(out: Path) -> None:
    """Build both corpora, print how many facts they have, and write the files."""
    everything: list[JudgedFact] = []
    strict = strict_confidence()
    print(f"{'corpus':10}{'documents':>10}{'facts':>8}{'/doc':>7}{'strict':>8}{'/doc':>7}")
    with TemporaryDirectory() as folder:
        for name, corpus in corpora(Path(folder)):
            documents, facts = facts_of(corpus)
            sure = [f for f in facts if strict is not None and f.confidence >= strict]
            print(
                f"{name:10}{documents:10,}{len(facts):8,}{len(facts) / documents:7.1f}{len(sure):8,}{len(sure) / documents:7.1f}",
                flush=True,
            )
            everything += facts
    write(everything, out)
    if strict is not None:
        write([f for f in everything if f.confidence >= strict], out.with_name(f"{out.stem}-strict{out.suffix}"))


def interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share (JASA 22, 1927).

    >>> [round(end, 3) for end in interval(75, 100)]
    [0.657, 0.825]
    """
    z, share = 1.96, right / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def score(path: Path) -> Score:
    """Count the verdicts of a file. ValueError, with the line, for a row without one."""
    lines = path.read_text("utf-8").splitlines()[1:]
    verdicts = [dict(zip(COLUMNS, line.split("\t"), strict=False)).get("verdict", "") for line in lines]
    for number, verdict in enumerate(verdicts, 2):
        if verdict not in VERDICTS:
            raise ValueError(f"{path}, line {number}: the verdict is {verdict!r}, not one of {', '.join(VERDICTS)}")
    right, wrong, unsure = (verdicts.count(verdict) for verdict in VERDICTS)
    return Score(
        path.name, right, wrong, unsure, round(right / len(verdicts), 3), *(round(end, 3) for end in interval(right, len(verdicts)))
    )


def main() -> None:
    """Draw or score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--out", type=Path, help="where to write the facts drawn")
    action.add_argument("--score", type=Path, nargs="+", help="judged files")
    parser.add_argument("--json", type=Path, help="where to leave the scores")
    options = parser.parse_args()
    if options.out:
        draw(options.out)
        return
    try:
        scores = [score(path) for path in options.score]
    except (OSError, ValueError) as error:
        sys.exit(f"judge_facts: {error}")
    for row in scores:
        counts = f"right {row.right:3}  wrong {row.wrong:3}  unsure {row.unsure:3}"
        print(f"{row.file:24}{counts}  precision {row.precision:.3f} (95%: {row.low:.3f} to {row.high:.3f})")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in scores], indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
