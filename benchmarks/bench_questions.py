"""How well questions are answered: over documents, over graphs alone, and where they take reasoning. One table, and JSON.

    python benchmarks/bench_questions.py [--json FILE] [--only corpus,graph,reasoning] [--limit N]

    corpus       HotpotQA, 2WikiMultiHopQA and MuSiQue (all rows, and the odd ones, which nothing was chosen on) and XQuAD (even rows),
                 with titles and without: retrieval, answers, quotes that stand in their documents
    graph        MetaQA after some training questions, without any, and with half of the triples taken out; PathQuestion without any
    reasoning    questions made from the graph of the packaged corpus, after inference: counts, comparisons, superlatives, yes or no, lists

Everything is asked through the command line, ``dovetail evaluate questions``. Data is taken from DOVETAIL_BENCH_DATA (default
../shared/data); sets that are not there are left out, and it is said which. --limit asks so many questions of each set over graphs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from dovetail.kg import KnowledgeGraph
from dovetail.reasoning.questions.evaluate_graph import graph_sets
from reasoning_questions import KINDS, reasoning_questions, write_questions

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "questions"
DOVETAIL = str(Path(sys.executable).with_name("dovetail"))
CORPORA = {"xquad": ("even",), "hotpotqa": ("all", "odd"), "2wiki": ("all", "odd"), "musique": ("all", "odd")}
"""The rows that are asked of each; settings were chosen on the others of "odd" and "even"."""
ROWS = {"all": slice(None), "even": slice(0, None, 2), "odd": slice(1, None, 2)}
TRAIN, HELD_OUT, SEED = 200, 0.5, 0
EACH = 100
PARTS = ("corpus", "graph", "reasoning")
LIMIT = 500
COLUMNS = (
    "recall@2", "recall@5", "all@5", "em", "f1", "hits@1", "exact", "quotes_valid", "proofs_valid", "abstention_auroc", "ece",
    "seconds_median",
)  # fmt: skip
HEADINGS = {"quotes_valid": "quotes", "proofs_valid": "proofs", "abstention_auroc": "auroc", "seconds_median": "s each"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a set of questions as asked, and its figures."""

    part: str
    set: str
    asked: str
    n: int
    metrics: dict[str, float]
    seconds: float
    peak_mb: float


def run(*arguments: str) -> str:
    """What a command prints; what it says beside that goes to the screen."""
    return subprocess.run([DOVETAIL, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def evaluated(part: str, asked: str, paths: Sequence[Path], *options: str) -> Iterator[Row]:
    """``dovetail evaluate questions`` on some files, a row for each."""
    for line in run("evaluate", "questions", *map(str, paths), *options, "--json").splitlines():
        row = json.loads(line)
        yield Row(part, row["set"], asked, row["n"], row["metrics"], row["seconds"], row["peak_mb"])


def over_corpora(scratch: Path) -> Iterator[Row]:
    """A graph of each corpus, with titles and without; every choice of rows is asked of it."""
    for name, choices in CORPORA.items():
        folder = DATA / "corpus" / name
        if missing(folder):
            continue
        questions = [line for line in (folder / "questions.jsonl").read_text("utf-8").splitlines() if line.strip()]
        for titles in (True, False):
            made = scratch / f"{name}-{titles}"
            made.mkdir()
            rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines() if line.strip()]
            kept = ("id", "title", "text") if titles else ("id", "text")
            (made / "corpus.jsonl").write_text("".join(json.dumps({key: row[key] for key in kept}) + "\n" for row in rows), "utf-8")
            run("build", str(made / "corpus.jsonl"), "--graph", str(made / "graph"))
            for choice in choices:
                asked = made / f"{name}-{choice}.jsonl"
                asked.write_text("\n".join(questions[ROWS[choice]]) + "\n", "utf-8")
                words = f"{choice} rows{'' if titles else ', no titles'}"
                yield from evaluated("corpus", words, [asked], "--graph", str(made / "graph"), *(() if titles else ("--no-titles",)))


def over_graphs(limit: Sequence[str]) -> Iterator[Row]:
    """MetaQA with and without training, and without half of its triples; PathQuestion."""
    tests: dict[str, dict[str, tuple[str, ...]]] = {
        "metaqa": {
            f"{TRAIN} training questions": ("--train", str(TRAIN)),
            "no training": (),
            "half of the triples": ("--without-triples", str(HELD_OUT)),
            "half, predicted facts too": ("--without-triples", str(HELD_OUT), "--allow-predicted"),
            f"half, {TRAIN} training questions": ("--without-triples", str(HELD_OUT), "--train", str(TRAIN)),
        },
        "pathquestion": {"no training": ()},
    }
    for name, settings in tests.items():
        folder = DATA / "graph" / name
        if missing(folder):
            continue
        for graph, sets in graph_sets(folder):
            for words, options in settings.items():
                yield from evaluated("graph", words, sets, "--graph", str(graph), *options, *limit, "--seed", str(SEED))


def over_demo(scratch: Path) -> Iterator[Row]:
    """Questions made from the facts of the packaged corpus and what follows from them."""
    corpus, rules = (str(files("dovetail.data").joinpath(name)) for name in ("corpus", "rules/demo.srl"))
    folder = scratch / "demo"
    run("build", corpus, "--graph", str(folder))
    run("infer", "--rules", rules, "--graph", str(folder))
    with KnowledgeGraph.open(folder, read_only=True) as graph:
        chosen = reasoning_questions(graph, each=EACH, seed=SEED)
    sets = [scratch / f"{kind}.jsonl" for kind in KINDS]
    for kind, path in zip(KINDS, sets, strict=True):
        write_questions([one for one in chosen if one[0].kind == kind], path)
    yield from evaluated("reasoning", "packaged corpus", sets, "--graph", str(folder))


def missing(folder: Path) -> bool:
    """Whether a set is not there; says so."""
    if not folder.is_dir():
        print(f"bench_questions: {folder.name} is left out, no data in {folder}: set DOVETAIL_BENCH_DATA", file=sys.stderr)
    return not folder.is_dir()


def show(row: Row) -> None:
    """One line of the table."""
    figures = "".join(f"{row.metrics[name]:10.3f}" if name in row.metrics else f"{'-':>10}" for name in COLUMNS)
    print(f"{row.part:10} {row.set:18} {row.asked:30}{row.n:6,}{figures}{row.seconds:9.1f}", flush=True)


def main() -> None:
    """Ask everything, or what --only names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between them")
    parser.add_argument(
        "--limit", type=int, default=LIMIT, metavar="N", help=f"ask N of each set over graphs; 0 asks all [default: {LIMIT}]"
    )
    parser.add_argument("--json", type=Path, help="write the table here")
    options = parser.parse_args()
    parts = options.only.split(",")
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    print(f"{'part':10} {'set':18} {'asked':30}{'n':>6}{''.join(f'{HEADINGS.get(name, name):>10}' for name in COLUMNS)}{'seconds':>9}")
    rows = []
    with TemporaryDirectory(prefix="dovetail-") as scratch:
        made = {
            "corpus": lambda: over_corpora(Path(scratch)),
            "graph": lambda: over_graphs(("--limit", str(options.limit)) if options.limit else ()),
            "reasoning": lambda: over_demo(Path(scratch)),
        }
        for part in parts:
            for row in made[part]():
                show(row)
                rows.append(row)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
