"""`dovetail describe`: what documents say about one thing, or what a domain is about, in their own sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dovetail.app.answer_text import seen
from dovetail.app.inferred import counted, warn_if_stale
from dovetail.app.options import JsonOption
from dovetail.app.screen import emit, indented, note, out, quoted

if TYPE_CHECKING:
    from rdflib import BNode, URIRef
    from rich.text import Text

    from dovetail.kg.passages import PassageIndex
    from dovetail.kg.store import KnowledgeGraph
    from dovetail.reasoning.questions.answer import Quote
    from dovetail.reasoning.questions.describing.description import DescribedFact, Description, DomainDescription
    from dovetail.reasoning.questions.passages.retrieval import Encoder

VALUES = 6
"""Values shown of one relation; --json gives them all."""
NAMES = 5


def describe(
    entity: Annotated[str | None, typer.Argument(metavar="[ENTITY]", help="A name, an IRI or a prefixed name.")] = None,
    domain: Annotated[str | None, typer.Option("--domain", metavar="NAME", help="A domain instead: what its documents are about.")] = None,
    sentences: Annotated[int, typer.Option("--sentences", metavar="N", min=1, help="How many sentences to quote at most.")] = 8,
    graph: Annotated[
        Path | None, typer.Option("--graph", metavar="DIR|FILE", help="The graph's folder, or a file of RDF or triples (.tsv).")
    ] = None,
    json: JsonOption = False,
) -> int:
    """Say what the documents say about one thing, by aspect, and where they disagree.

    Every sentence is quoted from a document, with its place. Exit status 1 means that nothing has that name; names near it are shown.
    """
    from dovetail.app.settings import load_settings
    from dovetail.kg.errors import InputError

    if (entity is None) == (domain is None):
        raise InputError('name one thing, or one domain: dovetail describe "Marie Curie", or dovetail describe --domain science')
    with _opened(graph or load_settings().graph) as (knowledge, passages, encoder):
        if domain is not None:
            return _domain(knowledge, passages, encoder, domain.strip(), most=sentences, json=json)
        assert entity is not None
        from dovetail.reasoning.questions.describing.entity import describe as describe_entity
        from dovetail.reasoning.questions.describing.finding import find_thing

        found = find_thing(knowledge, entity)
        if found.entity is None:
            return _unknown("thing", entity, found.near, json=json)
        description = describe_entity(knowledge, passages, found.entity, encoder=encoder, most=sentences)
        if json:
            emit(description.to_json())
        else:
            for line in _lines(description):
                out.print(line)
        if found.others:
            note(f"{counted(len(found.others), 'other thing')} of that name: {', '.join(_shown(found.others))}; describe one by its IRI")
    return 0


def _shown(entities: Iterable[URIRef | BNode]) -> list[str]:
    from dovetail.kg.names import prefixed

    return [prefixed(str(entity)) for entity in list(entities)[:NAMES]]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[KnowledgeGraph, PassageIndex, Encoder]]:
    from dovetail.app.settings import set_threads
    from dovetail.kg.store import KnowledgeGraph

    if not path.is_file():
        KnowledgeGraph.open(path, read_only=True).close()  # first of all, for the rest takes seconds to load
    from dovetail.models.encoder import load_encoder
    from dovetail.reasoning.questions.bare import open_any

    graph, passages = open_any(path)
    with graph, passages:
        warn_if_stale(graph)
        set_threads()
        yield graph, passages, load_encoder(passages.encoder or None)


def _domain(graph: KnowledgeGraph, passages: PassageIndex, encoder: Encoder, name: str, *, most: int, json: bool) -> int:
    from dovetail.reasoning.questions.describing.domain import describe_domain, domains, near_domains

    known = domains(graph)
    if name not in known:
        return _unknown("domain", name, near_domains(name, known), json=json)
    description = describe_domain(graph, passages, name, encoder=encoder, most=most)
    if json:
        emit(description.to_json())
    else:
        for line in _domain_lines(description):
            out.print(line)
    return 0


def _unknown(kind: str, name: str, near: tuple[str, ...], *, json: bool) -> int:
    if json:
        emit({"name": name, "found": False, "near": list(near)})
    else:
        hint = f" Near it: {', '.join(map(seen, near))}." if near else ""
        out.print(indented(f"I know of no {kind} called “{seen(name)}”.{hint}", 0))
    return 1


def _lines(found: Description) -> Iterator[Text]:
    yield indented(seen(found.name), 0, style="bold")
    about = [", ".join(map(seen, found.kinds))] if found.kinds else []
    if found.also_called:
        more = f" and {len(found.also_called) - NAMES:,} more" if len(found.also_called) > NAMES else ""
        about.append("also called " + ", ".join(map(seen, found.also_called[:NAMES])) + more)
    about += [f"in {counted(found.documents, 'document')}"] if found.documents else []
    if about:
        yield indented("; ".join(about), 0, style="dim")
    for aspect in found.aspects:
        yield indented("", 0)
        yield indented(seen(aspect.title), 0, style="bold")
        yield from _facts(aspect.facts)
        yield from _quotes(aspect.sentences)
    if found.disagreements:
        yield indented("", 0)
        yield indented("what disagrees", 0, style="bold yellow")
    for one in found.disagreements:
        for fact in one.values:
            words = f"{seen(one.relation)}: {'not ' if fact.denied else ''}{seen(fact.value)}"
            yield indented(words + _layer(fact), 2, style="yellow")
            yield from _quotes(fact.evidence[:1], 4)


def _facts(facts: Iterable[DescribedFact]) -> Iterator[Text]:
    """One line for each relation and way, with its values."""
    by_relation: dict[tuple[str, bool], list[DescribedFact]] = {}
    for fact in facts:
        by_relation.setdefault((fact.relation, fact.inverse), []).append(fact)
    for (relation, inverse), some in by_relation.items():
        values = [seen(fact.value) + _time(fact) + _layer(fact) for fact in some[:VALUES]]
        more = f" and {len(some) - VALUES:,} more" if len(some) > VALUES else ""
        yield indented(f"{seen(relation)}{' of' if inverse else ''}: {', '.join(values)}{more}", 2)


def _time(fact: DescribedFact) -> str:
    if fact.since == fact.until:
        return f" ({fact.since})" if fact.since else ""
    return f" ({fact.since or '…'} – {fact.until or '…'})"


def _layer(fact: DescribedFact) -> str:
    return f" [{fact.layer}]" if fact.layer == "inferred" else ""


def _quotes(quotes: Iterable[Quote], indent: int = 2) -> Iterator[Text]:
    for quote in quotes:
        yield from quoted(seen(quote.quote), seen(quote.document), quote.start, quote.end, indent=indent)


def _domain_lines(found: DomainDescription) -> Iterator[Text]:
    yield indented(seen(found.domain), 0, style="bold")
    yield indented(counted(found.documents, "document"), 0, style="dim")
    if found.entities:
        yield indented("", 0)
        yield indented("central in it", 0, style="bold")
    for entity in found.entities:
        kinds = f" ({', '.join(map(seen, entity.kinds[:2]))})" if entity.kinds else ""
        elsewhere = f", {entity.elsewhere:,} elsewhere" if entity.elsewhere else ""
        yield indented(f"{seen(entity.name)}{kinds}: {counted(entity.sentences, 'sentence')}{elsewhere}", 2)
    if found.sentences:
        yield indented("", 0)
        yield indented("in its own words", 0, style="bold")
    yield from _quotes(found.sentences)
