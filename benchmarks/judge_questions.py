"""Forty questions to the packaged corpus, asked and judged.

    python benchmarks/judge_questions.py                                           ask; the column "verdict" is for the judge
    python benchmarks/judge_questions.py --score benchmarks/judged/questions.tsv   a table of what was right

The questions are ten on each of four domains. They were written by somebody who knew what the documents are about and had seen a few
of their first paragraphs, before any graph of them was looked at; what is expected was then read in the documents. "|" stands between
ways to say it, "&" between the parts of a list, and "-" is for what the documents do not say.

A graph of the corpus is built in a scratch folder, and inferred from with the rules of the demo; or one is given with --graph. An
answer that is the same as before keeps its verdict. What is abstained from needs none: that is "unknown-ok" where the documents do not
say, else "unknown".
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import astuple, dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dovetail.reasoning.questions.answer import Answer, GivenAnswer

FILE = Path(__file__).parent / "judged" / "questions.tsv"
NOT_SAID = "-"
VERDICTS = ("right", "wrong", "unknown", "unknown-ok")
"""Answered well; answered badly, or at all where the documents do not say; not answered, though they do say; and rightly not."""
TOP = 10


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A row of the file."""

    domain: str
    question: str
    kind: str
    expected: str
    answer: str = ""
    probability: str = ""
    abstained: str = ""
    quote: str = ""
    verdict: str = ""
    why: str = ""


COLUMNS = tuple(f.name for f in fields(JudgedQuestion))


def read_rows(path: Path) -> list[JudgedQuestion]:
    """The rows of a file; columns that it lacks are empty. ValueError, with the line, for one that is none."""
    header, *lines = path.read_text("utf-8").split("\n")
    if tuple(header.split("\t")) != COLUMNS[: header.count("\t") + 1] or header.count("\t") < 3:
        raise ValueError(f"{path}: the columns are not {', '.join(COLUMNS)}")
    rows = []
    for number, line in enumerate(lines, 2):
        cells = line.split("\t")
        if not line:
            continue
        if not 4 <= len(cells) <= len(COLUMNS):
            raise ValueError(f"{path}, line {number}: {len(cells)} columns, not 4 to {len(COLUMNS)}")
        rows.append(JudgedQuestion(*cells))
    return rows


def write_rows(rows: Sequence[JudgedQuestion], path: Path) -> None:
    """One row to a line, below the names of the columns."""
    path.write_text("".join("\t".join(row) + "\n" for row in (COLUMNS, *map(astuple, rows))), "utf-8")


def answered(row: JudgedQuestion, answer: Answer) -> JudgedQuestion:
    """The row with what was answered, and its old verdict where nothing has changed."""
    given = [] if answer.abstained else given_together(answer)
    said = " & ".join(_line(one.text) for one in given)
    quotes = [quote.quote for one in given[:1] for quote in one.evidence] + [
        quote.quote for one in given[:1] for step in one.proof for quote in step.evidence
    ]
    now = replace(
        row,
        answer=said,
        probability=f"{given[0].probability:.2f}" if given else "",
        abstained="yes" if answer.abstained else "no",
        quote=_line(quotes[0]) if quotes else "",
    )
    if answer.abstained:
        return replace(now, verdict="unknown-ok" if row.expected == NOT_SAID else "unknown", why="")
    return now if (row.answer, row.abstained) == (said, "no") else replace(now, verdict="", why="")


def given_together(answer: Answer) -> list[GivenAnswer]:
    """The best answer, with the others of the plan that found it, if one did."""
    best = answer.answers[0]
    return [one for one in answer.answers if "plan" in one.experts] if "plan" in best.experts else [best]


def _line(text: str) -> str:
    return " ".join(text.split())


def make_graph(folder: Path) -> None:
    """The packaged corpus, with what follows from it by the rules of the demo."""
    from dovetail.app import documents, infer

    corpus, rules = (Path(str(files("dovetail.data").joinpath(name))) for name in ("corpus", "rules/demo.srl"))
    documents.build([corpus], graph=folder)
    infer.infer(rules=[rules], graph=folder)


def ask_all(rows: Sequence[JudgedQuestion], graph: Path) -> list[JudgedQuestion]:
    """Every question asked of the graph in a folder."""
    from dovetail.app.ask import open_asker

    with open_asker(graph) as asker:
        return [answered(row, asker.ask(row.question, top_k=TOP)) for row in rows]


def table(rows: Sequence[JudgedQuestion]) -> list[str]:
    """How many of each kind were right, wrong and abstained from. ValueError for a row without a verdict."""
    for row in rows:
        if row.verdict not in VERDICTS:
            raise ValueError(f"{row.question!r}: the verdict is {row.verdict!r}, not one of {', '.join(VERDICTS)}")
    lines = [f"{'kind':16}{'asked':>7}{'right':>7}{'wrong':>7}{'unknown':>9}{'unknown, rightly':>18}"]
    kinds = dict.fromkeys(row.kind for row in rows)
    for name, some in [*((kind, [row for row in rows if row.kind == kind]) for kind in kinds), ("all", list(rows))]:
        right, wrong, unknown, rightly = (sum(row.verdict == verdict for row in some) for verdict in VERDICTS)
        lines.append(f"{name:16}{len(some):7}{right:7}{wrong:7}{unknown:9}{rightly:18}")
    return lines


def main() -> None:
    """Ask, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FILE, help="where to write the answers [default: over the questions]")
    parser.add_argument("--graph", type=Path, help="ask this graph of the corpus")
    parser.add_argument("--score", type=Path, help="print the table of a judged file")
    options = parser.parse_args()
    try:
        rows = read_rows(options.score or FILE)
        if options.score:
            print("\n".join(table(rows)))
            return
        with TemporaryDirectory() as scratch, redirect_stdout(sys.stderr):
            if options.graph is None:
                make_graph(Path(scratch) / "graph.dovetail")
            rows = ask_all(rows, options.graph or Path(scratch) / "graph.dovetail")
        write_rows(rows, options.out)
        waiting = sum(not row.verdict for row in rows)
        print(f"{options.out}: {len(rows)} questions, of which {waiting} wait for a verdict ({', '.join(VERDICTS[:2])}) in its column")
        if not waiting:
            print("\n".join(table(rows)))
    except (OSError, ValueError) as error:
        sys.exit(f"judge_questions: {error}")


if __name__ == "__main__":
    main()
