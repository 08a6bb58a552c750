"""Questions one after the other, where the next may lean on the last.

    question -> Session.whole (pronouns and what is left out filled in from what was spoken of) -> Asker -> Turn (and remembered)

What was spoken of is the answer to a question and the names in it. Their kinds come from the graph, or from how they are written;
whether one is he or she from the graph, from the word for the answer ("husband"), or from the pronouns of the documents about them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import BNode, URIRef

from dovetail.nlp.languages import CHINESE, language_of
from dovetail.reasoning.questions.answer import Answer, Plan
from dovetail.reasoning.questions.ask import Asker
from dovetail.reasoning.questions.assisted import Tell, Told
from dovetail.reasoning.questions.facts import answer_kind
from dovetail.reasoning.questions.followups import HE, SHE, Assumption, Placed, Referent, Whole, made_whole, with_names
from dovetail.reasoning.questions.reading.kinds import wanted
from dovetail.reasoning.questions.reading.spans import guess_kind
from dovetail.reasoning.questions.surfaces import NameTable, normal_name, proper_spans, words_of
from dovetail.reasoning.questions.wording import worded

TURNS_KEPT = 5
PASSAGES_OF_A_NAME = 5
CLEARLY = 2
"""So many pronouns of one sort, and more than twice the other, say which suits a person."""
_JOINED = re.compile(r"\s(?:and|at|for|in|on|&)\s")
"""What may stand inside one name, and between two."""
_GENDER = URIRef("http://www.wikidata.org/prop/direct/P21")
_ROLES = {
    HE: frozenset("actor boyfriend brother duke emperor father grandfather groom husband king man monk nephew prince son uncle".split()),
    SHE: frozenset(
        "actress aunt bride daughter duchess empress girlfriend grandmother mother niece nun princess queen sister wife woman".split()
    ),
}
_PRONOUNS = {HE: frozenset({"he", "him", "his"}), SHE: frozenset({"she", "her", "hers"})}


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as it was typed, what it was taken to mean, and the answer to that."""

    question: str
    whole: Whole
    told: Told

    @property
    def answer(self) -> Answer:
        """The answer itself."""
        return self.told.answer

    def to_json(self) -> dict[str, object]:
        """The answer as JSON; where something was assumed, with ``asked`` (what was typed) and ``assumed``."""
        said = [{"said": one.said, "meant": one.meant} for one in self.whole.assumed]
        return {**self.told.to_json(), **({"asked": self.question, "assumed": said} if said else {})}


class Session:
    """A conversation over one state of a graph.

    >>> from dovetail.kg import KnowledgeGraph, PassageIndex
    >>> with KnowledgeGraph() as graph, PassageIndex(None) as passages:
    ...     session = Session(Asker(graph, passages, None))
    ...     turn = session.ask("When was he born?")
    >>> turn.whole.unresolved, turn.answer.abstained
    (('he',), True)
    """

    def __init__(self, asker: Asker, tell: Tell | None = None) -> None:
        """``tell`` is what answers a question that stands alone; ``asker`` by itself, if it is not given."""
        self.asker = asker
        self._tell = tell or (lambda question: Told(asker.ask(question)))
        self._entities: dict[str, URIRef | BNode] = {}
        for entity, name in asker.graph.all_names():
            self._entities.setdefault(normal_name(name), entity)
        self._table = NameTable({*self._entities, *asker.retriever.structure.names} - {""})
        self._spoken_of: deque[list[Referent]] = deque(maxlen=TURNS_KEPT)
        self._before: tuple[str, list[Placed]] | None = None

    def ask(self, question: str) -> Turn:
        """The answer to ``question`` in the light of those before it. InputError for what is no question.

        A question whose pronoun means nothing, and that names nothing itself, is not asked: its answer is unknown.
        """
        typed = worded(question)
        whole = self.whole(typed)
        if whole.unresolved and not self.names(whole.question):
            return Turn(typed, whole, Told(Answer(typed, (), True, Plan(wanted(typed).kind, (), (), ()), 0.0)))
        told = self._tell(whole.question)
        self._remember(whole.question, told.answer)
        return Turn(typed, whole, told)

    def whole(self, question: str) -> Whole:
        """``question`` as it would be asked if nothing had been asked before it."""
        named = with_names(question, list(self._spoken_of), self.names(question))
        if self._before is None or language_of(question) == CHINESE:
            return named
        filled = made_whole(named.question, *self._before, self.names(named.question))
        if filled is None:
            return named
        only_led = named.question.lower().endswith(filled.lower()[1:])
        return Whole(filled, named.assumed if only_led else (*named.assumed, Assumption(question, filled)), named.unresolved)

    def names(self, question: str) -> list[Placed]:
        """What ``question`` names, by place: names of the graph and titles, and what is written like one name and holds them."""
        known = [(found.start, found.end) for found in self._table.occurrences(question, lower=True) if found.capital or found.words > 1]
        spans = [part for span in proper_spans(question) for part in _parts(question, *span)]
        whole = [span for span in spans if any(_within(place, span) for place in known)]
        whole = [span for span in whole if not any(_within(span, place) for place in known)]
        known = [place for place in known if not any(_within(place, span) for span in whole)]
        free = [span for span in spans if span not in whole and not any(span[0] < end and start < span[1] for start, end in known)]
        return [Placed(self._referent(question[start:end]), start, end) for start, end in sorted((*known, *whole, *free))]

    def _remember(self, question: str, answer: Answer) -> None:
        names = self.names(question)
        spoken = [placed.referent for placed in names]
        want = wanted(question)
        if answer.answers and not answer.abstained and want.kind != "yes/no":
            best = answer.answers[0]
            kind = want.kind if want.kind not in ("choice", "other") else ""
            forms = {word.form for word in words_of(question)}
            genders = [gender for gender, roles in _ROLES.items() if roles & forms]
            gender = genders[0] if len(genders) == 1 else ""
            spoken.insert(0, self._referent(best.text, kind=kind, gender=gender, iri=best.iri))
        self._spoken_of.appendleft(spoken)
        self._before = question, names

    def _referent(self, name: str, *, kind: str = "", gender: str = "", iri: str | None = None) -> Referent:
        entity = URIRef(iri) if iri else self._entities.get(normal_name(name))
        known = answer_kind(self.asker.graph, entity) if entity is not None else None
        kind = known or kind or guess_kind(name, 0, len(name)) or ""
        if kind == "person" or not kind:
            gender = (self._stated_gender(entity) if entity is not None else "") or gender or self._written_gender(name)
        return Referent(name, kind or ("person" if gender else ""), gender)

    def _stated_gender(self, entity: URIRef | BNode) -> str:
        for statement in self.asker.graph.statements_about(entity):
            if statement.subject == entity and statement.predicate == _GENDER:
                return SHE if self.asker.graph.label(statement.object).lower().startswith("fem") else HE
        return ""

    def _written_gender(self, name: str) -> str:
        """The pronoun that the documents with this title use, where it is clear."""
        ids = self.asker.retriever.titled(normal_name(name))[:PASSAGES_OF_A_NAME]
        words = re.findall(r"[a-z]+", " ".join(passage.text for passage in self.asker.passages.get(ids)).lower())
        counts = {gender: sum(word in forms for word in words) for gender, forms in _PRONOUNS.items()}
        for gender, other in ((HE, SHE), (SHE, HE)):
            if counts[gender] >= CLEARLY and counts[gender] > 2 * counts[other]:
                return gender
        return ""


def _parts(question: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A stretch of capitalised words, parted where two names may meet."""
    for match in _JOINED.finditer(question, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


def _within(place: tuple[int, int], span: tuple[int, int]) -> bool:
    return span[0] <= place[0] and place[1] <= span[1]
