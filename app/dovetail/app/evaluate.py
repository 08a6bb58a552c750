"""`dovetail evaluate`: how well this installation does on data with the right answers, one line of figures for each set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.inferred import counted
from dovetail.app.options import GraphOption, JsonOption, LabelsOption
from dovetail.app.screen import emit, out

if TYPE_CHECKING:
    from dovetail.nlp.measures import EvaluationResult
    from dovetail.reasoning.questions.evaluate_graph import GraphTest

app = typer.Typer(help="Measure extraction, links, answers and rules on data with the right answers.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    """Print help where no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("extraction")
def extraction(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Annotated texts, one JSON object per line.")],
    labels: LabelsOption = None,
    relations: Annotated[
        Path | None,
        typer.Option("--relations", metavar="FILE", help="The relations of the set. [default: relations.json beside each file]"),
    ] = None,
    vocabulary: Annotated[
        list[Path] | None,
        typer.Option("--vocabulary", metavar="FILE", help="Names to link the annotated mentions to, in RDF. May be repeated."),
    ] = None,
    json: JsonOption = False,
) -> int:
    """Entity and relation F1 on annotated texts; with a vocabulary, how well names are linked to it."""
    _check(*files, *filter(None, (labels, relations)), *(vocabulary or ()))
    from dovetail.app.settings import set_threads
    from dovetail.nlp.evaluate import evaluate_extraction

    set_threads()
    results = evaluate_extraction(files, labels=labels, relations=relations)
    if vocabulary:
        from dovetail.nlp.evaluate_linking import with_linking

        results = with_linking(results, files, vocabulary)
    show(results, json=json)
    return 0


@app.command("questions")
def questions(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER|FILE.jsonl", help="Folders with a corpus.jsonl or graph.tsv, or files of questions."),
    ],
    graph: GraphOption = None,
    no_titles: Annotated[bool, typer.Option("--no-titles", help="Hide the titles of the passages.")] = False,
    train: Annotated[int, typer.Option("--train", metavar="N", min=0, help="Learn from N questions of each file first.")] = 0,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Ask N others of each file. [default: all]")] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="What questions and triples are drawn with.")] = 0,
    without_triples: Annotated[
        float, typer.Option("--without-triples", metavar="SHARE", min=0.0, max=0.99, help="First take out this share of the facts.")
    ] = 0.0,
    allow_predicted: Annotated[bool, typer.Option("--allow-predicted", help="Answer from predicted facts as well.")] = False,
    json: JsonOption = False,
) -> int:
    """Passage recall, answers and abstention.

    A folder with corpus.jsonl is first built in a scratch graph; one with a graph.tsv is asked the questions beside it. Questions alone
    are asked of the graph given with --graph: a folder made by dovetail build, or a file of RDF or of triples (.tsv).
    """
    _check(*sources)
    from dovetail.app.settings import load_settings, set_threads

    set_threads()
    from dovetail.reasoning.questions.evaluate_graph import GraphTest, graph_sets

    test = GraphTest(train, limit, seed, without_triples, allow_predicted)
    for folder in [source for source in sources if source.is_dir()]:
        if (folder / "corpus.jsonl").exists():
            show([_over_corpus(folder, titles=not no_titles)], json=json)
            continue
        for file, asked in graph_sets(folder):
            _over_graph(file, asked, test, titles=not no_titles, json=json)
    if files := [source for source in sources if not source.is_dir()]:
        _over_graph(graph or load_settings().graph, files, test, titles=not no_titles, json=json)
    return 0


def _over_corpus(folder: Path, *, titles: bool) -> EvaluationResult:
    from dovetail.app.ask import open_asker
    from dovetail.reasoning.questions.corpus import read_questions
    from dovetail.reasoning.questions.evaluate import evaluate_questions

    asked = read_questions(folder / "questions.jsonl")
    with TemporaryDirectory(prefix="dovetail-") as scratch:
        graph = Path(scratch) / "graph.dovetail"
        _build_corpus(folder / "corpus.jsonl", graph, titles=titles)
        with open_asker(graph, titles=titles) as asker:
            return evaluate_questions(asked, asker, name=folder.name)


def _over_graph(graph: Path, files: list[Path], test: GraphTest, *, titles: bool, json: bool) -> None:
    """Questions with ``supporting`` documents are measured as over a corpus, others as over a graph."""
    from dovetail.app.ask import open_asker
    from dovetail.reasoning.questions.corpus import read_questions
    from dovetail.reasoning.questions.evaluate import evaluate_questions
    from dovetail.reasoning.questions.evaluate_graph import evaluate_graph_questions, thinned

    with open_asker(graph, titles=titles) as asker:
        over_corpus = [file for file in files if any(question.supporting for question in read_questions(file))]
        show((evaluate_questions(read_questions(file), asker, name=file.stem) for file in over_corpus), json=json)
        if others := [file for file in files if file not in over_corpus]:
            show(evaluate_graph_questions(thinned(asker, test), others, test=test), json=json)


def _build_corpus(corpus: Path, folder: Path, *, titles: bool) -> None:
    import json

    from dovetail.app.progress import BuildProgress
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.nlp.build import build_graph

    _check(corpus)
    if not titles:  # the reader then calls every row by the name of the file, which tells nothing
        rows = [json.loads(line) for line in corpus.read_text("utf-8").splitlines() if line.strip()]
        corpus = folder.parent / "corpus.jsonl"
        corpus.write_text("".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in rows), "utf-8")
    with KnowledgeGraph.open(folder, create=True) as graph, BuildProgress() as progress:
        build_graph([corpus], graph, on_event=progress)


@app.command("links")
def links(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="facts.tsv and test.tsv, or train.tsv, valid.tsv and test.tsv.")],
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="fused; one expert: network, rules, cases, text; or a baseline: transe, rgcn...")
    ] = "fused",
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", min=1, help="As many times: means and standard deviations.")] = 1,
    tune: Annotated[float, typer.Option("--tune", metavar="SECONDS", min=0.0, help="First tune the network to the graph.")] = 0.0,
    targets: Annotated[str, typer.Option("--targets", metavar="FILE", help="The triples to find: test, or valid.")] = "test",
    json: JsonOption = False,
) -> int:
    """Mean reciprocal rank, hits and calibration of predicted links. Only baselines are trained on the graph."""
    _check(*folders)
    from dovetail.app.settings import set_threads
    from dovetail.reasoning.links.evaluate import evaluate_links

    set_threads()
    show(evaluate_links(folders, model=model, seeds=seeds, tune=tune, targets=targets), json=json)
    return 0


@app.command("rules")
def rules(
    paths: Annotated[list[Path], typer.Argument(metavar="MANIFEST|FOLDER", help="A W3C manifest, or a folder of cases.")],
    json: JsonOption = False,
) -> int:
    """Run conformance tests of rules: SPARQL-RL, RDF and RDFS entailment, OWL 2 RL.

    A folder of cases has premise and conclusion (or non-conclusion) files in a folder for each case.
    """
    _check(*paths)
    from dovetail.reasoning.rules.conformance.suites import evaluate_rules

    for result in evaluate_rules(paths):
        show([result], json=json)
        if not json:
            for case in result.cases:
                if not case.passed:
                    verdict = "failed" if case.passed is False else "not applicable"
                    out.print(f"  {verdict}: {case.name}: {case.why}", style="red" if case.passed is False else "dim")
    return 0


def show(results: Iterable[EvaluationResult], *, json: bool) -> None:
    """Print each result when it comes."""
    for result in results:
        if json:
            emit(result)
            continue
        out.print(f"{result.set}: {counted(result.n, 'row')}, {result.seconds:,.1f} s, {result.peak_mb:,.0f} MB", style="bold")
        out.print("  " + "   ".join(f"{name}\u00a0{figure(value)}" for name, value in result.metrics.items()))


def figure(value: float) -> str:
    """A count as it is, a fraction with three decimals."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _check(*paths: Path) -> None:
    from dovetail.kg.errors import InputError

    for path in paths:
        if not path.exists():
            raise InputError(f"no such file or folder: {path}; check the path")
