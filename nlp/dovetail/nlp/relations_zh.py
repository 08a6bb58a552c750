"""Relations in Chinese text: only those that a fixed phrase states in so many words. The spaCy component ``dovetail_relations_zh``.

Names that merely stand in one sentence are not related. What is read: the dates of a life in the parenthesis after a person's
name (1867年11月7日－1934年7月4日), and a person born or dead at a date or in a place, where nothing but function words and the date
stands between them. The relation is as sure as the less sure of its names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc, Span

from dovetail.kg.names import WDT
from dovetail.nlp.catalogue import Catalogue, RelationType
from dovetail.nlp.mentions import LITERALS, shared_catalogue
from dovetail.nlp.relations import Relation

BIRTH_DATE, DEATH_DATE, BIRTH_PLACE, DEATH_PLACE = WDT.P569, WDT.P570, WDT.P19, WDT.P20
"""Relations are known by their IRIs, so that any catalogue that has them is served."""

_BETWEEN = r"[，,]?(?:是|也|就|即)?"
_BORN, _DIED = "(?:出生|诞生|生)(?:于|於|在)", "(?:逝世|去世|病逝|卒|死)(?:于|於|在)"
_BORN_AFTER, _DIED_AFTER = "(?:出生|诞生|生)(?!产|活|效|前|长|成)", "(?:逝世|去世|病逝|病故)"
_DASH = "[-－—–―~～]{1,2}|至"
_DATE = "[0-9〇零一二三四五六七八九十年月日]{2,12}"
_GLOSS = r"(?:[（(][^（）()。]{0,80}[）)])?"


@dataclass(frozen=True, slots=True)
class Phrase:
    """``text`` is all that stands between head and tail, and ``after`` what must follow the tail; ``tail`` is a kind of either."""

    relation: str
    text: re.Pattern[str]
    after: re.Pattern[str]
    tail: str


def _phrase(relation: str, text: str, after: str, tail: str) -> Phrase:
    return Phrase(str(relation), re.compile(text), re.compile(after), tail)


PHRASES: tuple[Phrase, ...] = (
    _phrase(BIRTH_DATE, r"[（(](?:[^（）()。；;0-9〇一二三四五六七八九]{0,40}[，,；; ])?(?:生于)?", rf"[ ]?(?:{_DASH}|生|出生)", "date"),
    _phrase(DEATH_DATE, rf"[（(][^（）()。]{{0,80}}?(?:[年月日]|[0-9]{{3}})[ ]?(?:{_DASH})[ ]?", r"[ ]?[）)，,]", "date"),
    _phrase(BIRTH_DATE, rf"{_GLOSS}{_BETWEEN}{_BORN}", "", "date"),
    _phrase(BIRTH_DATE, rf"{_GLOSS}{_BETWEEN}(?:于|於|在)?", rf"[ ，,]?(?:{_BORN_AFTER})", "date"),
    _phrase(DEATH_DATE, rf"{_GLOSS}{_BETWEEN}{_DIED}", "", "date"),
    _phrase(DEATH_DATE, rf"{_GLOSS}{_BETWEEN}(?:于|於|在)?", rf"[ ，,]?(?:{_DIED_AFTER})", "date"),
    _phrase(BIRTH_PLACE, rf"{_GLOSS}{_BETWEEN}{_BORN}", "", "place"),
    _phrase(BIRTH_PLACE, rf"{_GLOSS}{_BETWEEN}(?:于|於|在)?{_DATE}{_BORN}", "", "place"),
    _phrase(BIRTH_PLACE, rf"{_GLOSS}{_BETWEEN}{_BORN}{_DATE}的?", "", "place"),
    _phrase(DEATH_PLACE, rf"{_GLOSS}{_BETWEEN}{_DIED}", "", "place"),
    _phrase(DEATH_PLACE, rf"{_GLOSS}{_BETWEEN}(?:于|於|在)?{_DATE}{_DIED}", "", "place"),
)
"""Tried between every name and what follows it in its sentence."""

NOT_STATED = re.compile("据说|据传|相传|传说|可能|或许|疑似|假如|如果|并非|不是|否认|不详|预计|将于")
"""A sentence with one of these up to the tail states nothing for certain."""


@Language.factory("dovetail_relations_zh", default_config={"labels": None})
def create_relations_zh(nlp: Language, name: str, labels: str | None) -> ChineseRelations:
    """The component for ``nlp.add_pipe``."""
    return ChineseRelations(shared_catalogue(labels))


class ChineseRelations:
    """Fills ``Doc._.relations`` with what the phrases state."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.kinds = {e.key: frozenset((e.key, e.kind)) for e in catalogue.entities}
        self.relations: dict[str, RelationType] = {str(r.iri): r for r in catalogue.relations}

    def __call__(self, doc: Doc) -> Doc:
        """Fill ``Doc._.relations``."""
        doc._.relations = list(dict.fromkeys(self._stated(doc)))
        return doc

    def _stated(self, doc: Doc) -> Iterator[Relation]:
        tails: list[Span] = [*doc.ents, *doc.spans.get(LITERALS, ())]
        for head in doc.ents:
            sentence = head.sent
            for tail in (t for t in tails if head.end_char <= t.start_char and t.end_char <= sentence.end_char):
                if not NOT_STATED.search(doc.text, sentence.start_char, tail.end_char):
                    yield from self._between(head, tail, doc.text[tail.end_char : sentence.end_char])

    def _between(self, head: Span, tail: Span, after: str) -> Iterator[Relation]:
        between = head.doc.text[head.end_char : tail.start_char]
        heads, tails = self._kinds(head), self._kinds(tail)
        for phrase in PHRASES:
            relation = self.relations.get(phrase.relation)
            if relation is None or phrase.tail not in tails or not relation.admits(heads, tails):
                continue
            if phrase.text.fullmatch(between) and phrase.after.match(after):
                yield Relation(head, tail, relation.key, min(float(head._.confidence), float(tail._.confidence)))

    def _kinds(self, span: Span) -> frozenset[str]:
        return self.kinds.get(span.label_, frozenset((span.label_,)))
