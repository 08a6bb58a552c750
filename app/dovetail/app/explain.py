"""`dovetail explain`: why a fact holds, down to the sentences that say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.inferred import counted, show_proof
from dovetail.app.options import GraphOption, JsonOption
from dovetail.app.screen import emit, out

if TYPE_CHECKING:
    from rdflib import BNode, URIRef

    from dovetail.kg.statement import Term
    from dovetail.kg.store import KnowledgeGraph


def explain(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A name, an IRI or a prefixed name.")],
    predicate: Annotated[str, typer.Argument(metavar="PREDICATE", help="The same, of a relation.")],
    object: Annotated[str, typer.Argument(metavar="OBJECT", help="The same, or a literal in quotation marks of its own.")],
    proofs: Annotated[
        int | None, typer.Option("--proofs", metavar="K", min=1, max=10, help="The K best proofs, and how likely they make the fact.")
    ] = None,
    graph: GraphOption = None,
    json: JsonOption = False,
) -> int:
    """Prove one fact, down to the sentences that it rests on.

    For example: dovetail explain "Marie Curie" "place of birth" Warsaw
    """
    from dovetail.app.settings import load_settings
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.kg.typed import typed_triple

    with KnowledgeGraph.open(graph or load_settings().graph, read_only=True) as knowledge:
        triple = typed_triple(knowledge, subject, predicate, object)
        if believed := _predicted(knowledge, triple):
            _show_prediction(*believed, json=json)
        elif proofs is None:
            _explain(knowledge, triple, json=json)
        else:
            _weigh(knowledge, triple, proofs, json=json)
    return 0


def _predicted(graph: KnowledgeGraph, triple: tuple[URIRef | BNode, URIRef, Term]) -> tuple[float, Mapping[str, object]] | None:
    """The probability of a fact that is only predicted, and why it is; None for what the graph holds true, or not at all."""
    from dovetail.kg.predictions import read_prediction
    from dovetail.kg.provenance import GRAPHS
    from dovetail.kg.store import TRUSTED
    from dovetail.kg.terms import to_ox

    subject, predicate, value = map(to_ox, triple)
    if any(next(graph.store.quads_for_pattern(subject, predicate, value, GRAPHS[layer]), None) for layer in TRUSTED):  # type: ignore[arg-type]
        return None
    return read_prediction(graph, *triple)


def _show_prediction(probability: float, told: Mapping[str, object], *, json: bool) -> None:
    from dovetail.app.predict import prediction_lines

    if json:
        emit({"predicted": True, **told})
        return
    out.print(f"predicted, with a probability of {probability:.2f}", style="bold")
    for line in prediction_lines(told):
        out.print(line)


def _explain(graph: KnowledgeGraph, triple: tuple[URIRef | BNode, URIRef, Term], *, json: bool) -> None:
    """Print the best proof of a fact."""
    from dovetail.app.progress import LiveLine
    from dovetail.reasoning.rules.infer import explain as best_proof
    from dovetail.reasoning.rules.proofs.proof_json import proof_json

    with LiveLine("proving"):
        proof = best_proof(graph, *triple)
    emit(proof_json(proof, graph)) if json else show_proof(proof, graph)


def _weigh(graph: KnowledgeGraph, triple: tuple[URIRef | BNode, URIRef, Term], proofs: int, *, json: bool) -> None:
    """Print several proofs of a fact, and how likely they make it together."""
    import pyoxigraph as ox

    from dovetail.app.progress import LiveLine
    from dovetail.kg.terms import to_ox
    from dovetail.reasoning.rules.infer import materialize, standing_options
    from dovetail.reasoning.rules.proofs.likelihood import likelihood
    from dovetail.reasoning.rules.proofs.proof_json import proof_json

    with LiveLine("proving"):
        known = materialize(graph, options=standing_options(graph))
        found = likelihood(known, ox.Triple(*map(to_ox, triple)), k=proofs)  # type: ignore[arg-type]  # a triple's three parts
    if json:
        told = [proof_json(proof, graph) for proof in found.proofs]
        emit({"likelihood": found.probability, "complete": found.complete, "proofs": told})
        return
    for proof in found.proofs:
        show_proof(proof, graph)
        out.print()
    more = "" if found.complete else ", and there may be more"
    out.print(f"likelihood {found.probability:.3g} by {counted(len(found.proofs), 'proof')}{more}", style="bold")
