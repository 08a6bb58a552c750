"""`dovetail rules`: rules checked before they run, rules that come with the package, rules found in a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.inferred import counted
from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.screen import emit, fields, note, out

if TYPE_CHECKING:
    from dovetail.reasoning.rules.mining import MinedRule
    from dovetail.reasoning.rules.rule import Rule, RuleSet

app = typer.Typer(help="Check rules, list those that come with Dovetail, and mine a graph for more.", rich_markup_mode=None)

NAMING = (
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2000/01/rdf-schema#comment",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://www.w3.org/2004/02/skos/core#altLabel",
)
"""Predicates that say what things are called; rules about them say nothing."""


@app.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    """Print help where no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@dataclass(frozen=True, slots=True)
class Checked:
    """What a rule file holds, or what is wrong with it."""

    file: Path
    rules: int = 0
    facts: int = 0
    strata: int = 0
    error: str | None = None


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Rule files: .srl (SPARQL-RL) or .n3 (Notation3).")],
    json: JsonOption = False,
) -> int:
    """Say whether rules may run: that they can be read, that every variable has a value, that no negation is circular.

    Exit status 2 means that one of the files is wrong.
    """
    checked = [_checked(file) for file in files]
    for each in checked:
        if json:
            emit(each)
        elif each.error is None:
            facts = f", {counted(each.facts, 'fact')}" if each.facts else ""
            out.print(f"{each.file}: {counted(each.rules, 'rule')}{facts}, in {counted(each.strata, 'stratum', 'strata')}", soft_wrap=True)
        if each.error is not None:
            note(f"error: {each.error}")
    return 2 if any(each.error is not None for each in checked) else 0


def _checked(file: Path) -> Checked:
    from dovetail.kg.errors import InputError
    from dovetail.reasoning.rules.infer import read_rule_files
    from dovetail.reasoning.rules.language.strata import stratify

    try:
        rules = read_rule_files([file])
        return Checked(file, len(rules.rules), len(rules.facts), len(stratify(rules)))
    except InputError as error:
        return Checked(file, error=str(error))


@app.command("list")
def list_rules(
    pack: Annotated[str | None, typer.Argument(metavar="PACK", help="A packaged set of rules. [default: list the packs]")] = None,
    json: JsonOption = False,
) -> int:
    """List the packs, or print the rules of one, as a file that you can change and load."""
    from dovetail.reasoning.rules.profiles.packs import PACKS, load_pack

    if pack is not None:
        _print_pack(load_pack(pack).rules, json=json)
        return 0
    counts = {name: len(load_pack(name).rules.rules) for name in PACKS}
    if json:
        for name, what in PACKS.items():
            emit({"pack": name, "rules": counts[name], "what": what})
    else:
        out.print(fields((name, f"{counted(counts[name], 'rule')}: {what}") for name, what in PACKS.items()))
    return 0


def _print_pack(rules: RuleSet, *, json: bool) -> None:
    from dovetail.reasoning.rules.language.write import write_rules

    if json:
        for rule in rules.rules:
            emit({"name": rule.name, "weight": rule.weight, "text": _text(rule)})
    else:
        print(write_rules(rules), end="")


def _text(rule: Rule) -> str:
    from dovetail.kg.names import PREFIXES
    from dovetail.reasoning.rules.language.write import write_rules
    from dovetail.reasoning.rules.rule import RuleSet

    written = write_rules(RuleSet((rule,), prefixes=PREFIXES))
    return written[written.index("RULE ") :].strip()


@app.command("mine")
def mine(
    seconds: Annotated[float, typer.Option("--seconds", metavar="N", min=0.1, help="How long to look.")] = 60.0,
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, help="How many rules to give at most.")] = 100,
    min_support: Annotated[int, typer.Option("--min-support", metavar="N", min=1, help="How often a rule must be right.")] = 5,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the rules to this .srl file.")] = None,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Find rules that hold in the graph, the surest first, for you to read, strike out and load.

    They are counted on what is stated and on the vocabulary. Ctrl-C gives the search up; --seconds ends it with what it has.
    """
    from dovetail.app.settings import load_settings
    from dovetail.kg.errors import InputError

    if output is not None and output.suffix != ".srl":
        raise InputError(f"rule files end in .srl, so that they can be loaded: {output}")
    found = _mined(graph or load_settings().graph, seconds=seconds, top=top, min_support=min_support)
    from dovetail.reasoning.rules.mining.write import write_mined

    if output is not None:
        from dovetail.kg.directory import write_atomically

        write_atomically(output, write_mined(found))
        row = {"file": output, "rules": len(found)}
        emit(row) if json else out.print(fields([*row.items(), ("use them", f"dovetail infer --rules {output}")]))
    elif json:
        for mined in found:
            emit(_mined_json(mined))
    else:
        print(write_mined(found), end="")
    if not found:
        note("no rule holds often enough; look longer with --seconds, or ask less with --min-support")
    return 0


def _mined(folder: Path, *, seconds: float, top: int, min_support: int) -> Sequence[MinedRule]:
    from dovetail.app.progress import LiveLine
    from dovetail.kg.names import Layer
    from dovetail.kg.store import KnowledgeGraph

    with KnowledgeGraph.open(folder, read_only=True) as knowledge, LiveLine("reading the graph") as line:
        from dovetail.reasoning.rules.mining import MiningOptions, MiningProgress, mine_rules

        def show(progress: MiningProgress) -> None:
            line.say(f"{progress.stage.replace('_', ' ')} · {progress.bodies:,} bodies counted · {counted(progress.rules, 'rule')}")

        options = MiningOptions(seconds=seconds, top=top, min_support=min_support, ignore=frozenset(NAMING), on_progress=show)
        return mine_rules(knowledge.index((Layer.VOCABULARY, Layer.STATED)), options=options)


def _mined_json(mined: MinedRule) -> dict[str, object]:
    from dovetail.reasoning.rules.rule import term_text

    return {
        "rule": _text(mined.rule),
        "weight": mined.rule.weight,
        "support": mined.support,
        "body_size": mined.body_size,
        "standard_confidence": mined.standard_confidence,
        "pca_confidence": mined.pca_confidence,
        "head_coverage": mined.head_coverage,
        "examples": [[" ".join(map(term_text, triple)) for triple in example] for example in mined.examples],
    }
