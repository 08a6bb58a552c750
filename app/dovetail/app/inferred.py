"""What commands do about the inferred layer: keep it true, say what it holds, and say where it is out of date.

Whoever changes what is stated calls ``keep_true`` before closing the graph; whoever only reads calls ``warn_if_stale``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dovetail.app.screen import note, out

if TYPE_CHECKING:
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.reasoning.rules.infer import Contradiction, InferenceReport
    from dovetail.reasoning.rules.proofs.proof import Proof

SHOWN = 5
"""Contradictions whose proof is printed; --json gives them all."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The rules that a graph stands by: a profile, how many of one's own, and what is too unsure to keep."""

    profile: str | None
    rules: int
    min_confidence: float

    @property
    def words(self) -> str:
        """The same in a few words."""
        parts = [self.profile or "", f"{self.rules:,} of your own" if self.rules else ""]
        threshold = f", from confidence {self.min_confidence:g}" if self.min_confidence else ""
        return (" and ".join(filter(None, parts)) or "none") + threshold


def standing_rules(graph: KnowledgeGraph) -> Standing | None:
    """The rules that a graph stands by; None where nothing was ever inferred."""
    from dovetail.kg.inference import read_inference

    if read_inference(graph) is None:
        return None
    from dovetail.reasoning.rules.infer import standing_options

    options = standing_options(graph)
    return Standing(options.profile, len(options.rules.rules), options.min_confidence)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What became of the inferred layer after a change: a report, a problem, or neither where there was nothing to do."""

    report: InferenceReport | None = None
    problem: str = ""

    def to_json(self, graph: KnowledgeGraph) -> dict[str, object] | None:
        """The value of "inference" in a command's JSON."""
        if self.problem:
            return {"error": self.problem}
        return None if self.report is None else report_json(self.report, graph)


def keep_true(graph: KnowledgeGraph) -> Upkeep:
    """Infer again what follows by the graph's standing rules, and drop what was predicted, if what is stated has changed."""
    from dovetail.kg.inference import is_current
    from dovetail.kg.predictions import drop_stale_predictions

    if dropped := drop_stale_predictions(graph):
        note(f"{counted(dropped, 'prediction')} went with what they were made of; dovetail infer --predict makes new ones")
    if is_current(graph):
        return Upkeep()
    from dovetail.app.progress import LiveLine
    from dovetail.kg.errors import RuleError
    from dovetail.reasoning.rules.engine.options import RuleLimit
    from dovetail.reasoning.rules.infer import refresh

    try:
        with LiveLine("inferring"):
            return Upkeep(refresh(graph))
    except (RuleError, RuleLimit) as error:
        return Upkeep(problem=str(error))


def upkeep_rows(upkeep: Upkeep) -> Iterator[tuple[str, object]]:
    """The row about the inferred layer in a report of what a command did; none where there was nothing to do."""
    if upkeep.report is not None:
        yield "inferred", inferred_words(upkeep.report)


def say_problems(upkeep: Upkeep) -> int:
    """One warning for what is wrong with the inferred layer; returns the exit status."""
    if upkeep.problem:
        note(f"warning: the documents are as asked, but the inferred layer is out of date: {upkeep.problem}")
        return 2
    if upkeep.report is not None and upkeep.report.contradictions:
        note(f"warning: {counted(len(upkeep.report.contradictions), 'contradiction')}; dovetail infer shows the proofs")
    return 0


def warn_if_stale(graph: KnowledgeGraph) -> None:
    """Say that the inferred layer is not what its rules prove of what is stated now, where that is so."""
    from dovetail.kg.inference import is_current

    if not is_current(graph):
        note("warning: the inferred layer is out of date; bring it up to date with: dovetail infer")


def report_json(report: InferenceReport, graph: KnowledgeGraph) -> dict[str, object]:
    """What inferring did, with the contradictions and, unless they are too many, the proof of each."""
    from dovetail.reasoning.rules.proofs.proof_json import proof_json
    from dovetail.reasoning.rules.rule import term_text

    contradictions = [
        {
            "thing": term_text(each.thing),
            "rule": each.rule,
            "proof": None if each.proof is None else proof_json(each.proof, graph),
        }
        for each in report.contradictions
    ]

    return {
        "facts": report.facts,
        "inferred": report.inferred,
        "added": report.added,
        "removed": report.removed,
        "contradictions": contradictions,
        "seconds": round(report.seconds, 3),
    }


def inferred_words(report: InferenceReport) -> str:
    """How many facts the layer has now, and how it came to have them."""
    return f"{report.inferred:,} ({report.added:,} added, {report.removed:,} removed)"


def show_contradictions(contradictions: tuple[Contradiction, ...], graph: KnowledgeGraph) -> None:
    """Print why a graph contradicts itself."""
    from dovetail.kg.terms import from_ox
    from dovetail.reasoning.rules.engine.clause import PROFILE

    for number, each in enumerate(contradictions[:SHOWN], 1):
        rule = each.rule.removeprefix(PROFILE)
        out.print(f"\ncontradiction {number:,}: {graph.label(from_ox(each.thing))} breaks {rule}", style="bold red")
        if each.proof is not None:
            show_proof(each.proof, graph)
    if len(contradictions) > SHOWN:
        out.print(f"\nand {len(contradictions) - SHOWN:,} more; see them with --json")


def show_proof(proof: Proof, graph: KnowledgeGraph) -> None:
    """Print a proof as wide as the screen is."""
    from dovetail.reasoning.rules.proofs.proof_text import proof_lines

    for line in proof_lines(proof, graph, width=out.width):
        out.print(line, soft_wrap=True)


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun, which has an s at the end of its plural unless told otherwise."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
