"""`dovetail merge`, `dovetail split`, and what `dovetail info --entity` says: which names are one thing, and why.

Whoever changes what is stated calls ``keep_resolved`` before closing the graph, as ``keep_true`` for what is inferred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.screen import as_json, emit, fields, note, out

if TYPE_CHECKING:
    from rdflib import URIRef

    from dovetail.kg.resolution import Decision, Judgement
    from dovetail.kg.statement import Evidence
    from dovetail.kg.store import KnowledgeGraph

ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever asks later.")]

SHOWN = 12
"""Names and namesakes that are listed; --json gives them all."""


@dataclass(frozen=True, slots=True)
class Links:
    """How many links between names came and went."""

    added: int = 0
    removed: int = 0


def keep_resolved(graph: KnowledgeGraph) -> Links:
    """Resolve names again where something stated has changed."""
    from dovetail.kg.resolution import is_resolved

    if is_resolved(graph):
        return Links()
    from dovetail.app.progress import LiveLine
    from dovetail.nlp.resolution import resolve

    with LiveLine("resolving names"):
        return Links(*resolve(graph))


def resolved_rows(links: Links) -> Iterator[tuple[str, object]]:
    """The row about names in a report of what a command did; none where nothing changed."""
    if links.added or links.removed:
        yield "names", f"{links.added:,} linked, {links.removed:,} parted"


def merge(
    one: Annotated[str, typer.Argument(metavar="A", help="A name, an IRI or a prefixed name.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The same, of what it is one with.")],
    reason: ReasonOption = "",
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Say that two names are one thing. It holds for good, until a split says otherwise."""
    from dovetail.app.settings import load_settings
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.kg.typed import typed_entity
    from dovetail.nlp.resolution import merge as decide

    with KnowledgeGraph.open(graph or load_settings().graph) as knowledge:
        _tell(knowledge, decide(knowledge, typed_entity(knowledge, one), typed_entity(knowledge, other), reason=reason), json=json)
    return 0


def split(
    one: Annotated[str, typer.Argument(metavar="A", help="A name, an IRI or a prefixed name.")],
    others: Annotated[list[str] | None, typer.Argument(metavar="B", help="What it is not. [default: all that it was merged with]")] = None,
    reason: ReasonOption = "",
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Say that names are not one thing. It holds for good, until a merge says otherwise."""
    from dovetail.app.settings import load_settings
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.kg.typed import typed_entity
    from dovetail.nlp.resolution import split as decide

    with KnowledgeGraph.open(graph or load_settings().graph) as knowledge:
        parted = tuple(typed_entity(knowledge, other) for other in others or ())
        _tell(knowledge, decide(knowledge, typed_entity(knowledge, one), parted, reason=reason), json=json)
    return 0


def _tell(graph: KnowledgeGraph, made: tuple[Decision, ...], *, json: bool) -> None:
    """Print what was decided, and what each thing is one with now."""
    ends = sorted({end for decision in made for end in (decision.one, decision.other)})
    groups = sorted({tuple(graph.same(end)) for end in ends})
    if json:
        emit({"decisions": made, "groups": groups})
        return
    for decision in made:
        out.print(f"{decision.verdict}: {_called(graph, decision.one)} and {_called(graph, decision.other)}")
    for group in groups:
        out.print("one thing: " + ", ".join(_called(graph, member) for member in group) if len(group) > 1 else _called(graph, group[0]))


def show_entity(graph: KnowledgeGraph, text: str, *, json: bool) -> None:
    """Print one thing: what it is called, which of its names were merged and why, what was kept apart, and what was decided."""
    from rdflib import RDF, RDFS, SKOS

    from dovetail.kg.resolution import decisions, is_resolved, judgements
    from dovetail.kg.typed import typed_entity

    entity = graph.canonical(typed_entity(graph, text))
    members = graph.same(entity)
    statements = graph.statements_about(entity)
    types = sorted({s.object for s in statements if s.subject in members and s.predicate == RDF.type}, key=str)
    naming = (RDF.type, RDFS.label, SKOS.altLabel)
    documents = {e.document for s in statements if s.subject in members and s.predicate in naming for e in s.evidence}
    found = [(judgement, list(_evidence(graph, judgement))) for judgement in judgements(graph, _iri(entity))]
    merged = [pair for pair in found if pair[0].merged]
    apart = [judgement for judgement, _ in found if not judgement.merged]
    decided = [d for d in decisions(graph) if d.one in members or d.other in members]
    if not is_resolved(graph):
        note("warning: names were not resolved since the last change; bring them up to date with: dovetail build SOURCE")
    if json:
        emit(
            {
                "entity": entity,
                "label": graph.label(entity),
                "types": [{"iri": each, "label": graph.label(each)} for each in types],
                "names": graph.names(entity),
                "documents": len(documents),
                "members": members,
                "merged": [{**as_json(judgement), "evidence": [as_json(e) for e in evidence]} for judgement, evidence in merged],
                "kept_apart": apart,
                "decisions": decided,
                "current": is_resolved(graph),
            }
        )
        return
    names = graph.names(entity)
    rows: list[tuple[str, object]] = [
        ("entity", graph.label(entity)),
        ("iri", entity),
        ("types", ", ".join(map(graph.label, types)) or "none"),
        ("names", ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")),
        ("documents", len(documents)),
    ]
    out.print(fields(rows))
    for judgement, evidence in merged:
        out.print(f"\n{_called(graph, judgement.one)} is {_called(graph, judgement.other)}: {judgement.rule}, {judgement.score:g}")
        for piece in evidence[:1]:
            out.print(f"  “{' '.join(piece.quote.split())}”  {piece.document}", style="dim")
    for judgement in apart[:SHOWN]:
        out.print(f"\nkept apart: {_called(graph, judgement.one)} and {_called(graph, judgement.other)}: {judgement.rule}")
    if len(apart) > SHOWN:
        out.print(f"\nand {len(apart) - SHOWN:,} more kept apart; see them with --json")
    for decision in decided:
        why = f": {decision.reason}" if decision.reason else ""
        out.print(f"\n{decision.date[:10]} {decision.verdict}: {_called(graph, decision.one)} and {_called(graph, decision.other)}{why}")


def _evidence(graph: KnowledgeGraph, judgement: Judgement) -> Iterator[Evidence]:
    """The sentences that use the name which the two share."""
    from rdflib import RDFS, SKOS, Literal

    for entity in (judgement.other, judgement.one):
        for predicate in (SKOS.altLabel, RDFS.label):
            yield from graph.evidence_for(entity, predicate, Literal(judgement.name))


def _called(graph: KnowledgeGraph, entity: object) -> str:
    """A name with the IRI that it stands for, since the names of namesakes are the same."""
    from dovetail.kg.names import prefixed

    return f"{graph.label(_iri(entity))} ({prefixed(str(entity))})"


def _iri(entity: object) -> URIRef:
    from rdflib import URIRef

    return URIRef(str(entity))
