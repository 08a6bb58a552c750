"""Questions of annotated relations: a text that says "head relation tail", asked for the tail or the head.

    rows of re-docred, fewrel, knowledgenet -> Fact -> RelationQuestions.draw -> (question, title, text, places of the answer)

A quarter is asked of a text that does not tell: of something else of the same relation.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from dovetail.models.reading_texts import read_rows, sentences_of
from dovetail.models.relation_forms import FORMS, INVERSE, KNOWLEDGENET, NOUNS, mined_forms

Drawn: TypeAlias = tuple[str, str, str, tuple[tuple[int, int], ...]]
UNANSWERABLE = 0.25
MINED = 0.45
"""How often a question is worded as real questions of its property were."""
INVERTED = 0.3
NESTED = 0.25
"""How often what is asked about is named by a relation of its own, where the text tells that too."""
SETS = (("re-docred", 0.45), ("fewrel", 0.35), ("knowledgenet", 0.2))
LONGEST = 750
"""Characters of a passage."""
PRONOUNS = frozenset("he she it him her his they i we its their".split())


@dataclass(frozen=True, slots=True)
class Fact:
    """A relation in a text: names of the thing asked about, and the places of all answers. ``inverse``: asked for the head."""

    text: int
    label: str
    inverse: bool
    subject: str
    answers: tuple[tuple[int, int], ...]


class RelationQuestions:
    """Endless questions of the relations annotated in the sets below ``data``."""

    def __init__(self, data: Path, *, seed: int) -> None:
        self._random = random.Random(seed)
        self._texts: list[str] = []
        self._facts: dict[str, list[Fact]] = {}
        self._same: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        self._about: dict[tuple[int, str], list[Fact]] = defaultdict(list)
        forms = data / "questions" / "forms" / "simplequestions-wikidata.train.jsonl"
        self._mined = mined_forms((row["property"], row["question"]) for row in read_rows(forms))
        self._names = {
            label: about["name"]
            for name, _ in SETS
            for label, about in json.loads((data / "extraction" / name / "relations.json").read_text(encoding="utf-8")).items()
        }
        for name, _ in SETS:
            self._facts[name] = []
            for row in read_rows(data / "extraction" / name / "train.jsonl"):
                self._texts.append(row["text"])
                for fact in _facts(row, len(self._texts) - 1):
                    self._facts[name].append(fact)
                    self._same[name, fact.label].append(fact)
                    self._about[fact.text, fact.label].append(fact)
        self._sets, self._shares = [name for name, _ in SETS], [share for _, share in SETS]

    def draw(self) -> Drawn:
        """A question, a title or none, a text, and where in it the answers are."""
        draw = self._random
        while True:
            name = draw.choices(self._sets, self._shares)[0]
            fact = draw.choice(self._facts[name])
            if fact.inverse and draw.random() > INVERTED:
                continue
            question = self.question(fact)
            if question is None:
                continue
            if draw.random() < UNANSWERABLE:
                found = self._unanswerable(name, fact, question)
                if found is not None:
                    return found
                continue
            title = fact.subject if draw.random() < (0.3 if name == "re-docred" else 0.1) else ""
            text, answers = self._passage(name, fact)
            if answers:
                return question, title, text, answers

    def question(self, fact: Fact) -> str | None:
        """A wording of what ``fact`` answers; None where its relation has none in this direction."""
        draw = self._random
        mined = self._mined.get(("R" if fact.inverse else "P") + fact.label[1:], ())
        forms = (INVERSE if fact.inverse else FORMS).get(fact.label, ())
        if not fact.inverse and not forms:
            name = self._names.get(fact.label, "")
            forms = (f"what is the {name} of {{}}", f"what is {{}}'s {name}", f"{name} of {{}}")
        chosen = mined if mined and (draw.random() < MINED or not forms) else forms
        if not chosen:
            return None
        subject = fact.subject
        nested = [f for f in self._about_answering(fact) if not f.inverse and f.label in NOUNS]
        if nested and draw.random() < NESTED:
            inner = draw.choice(nested)
            subject = draw.choice(NOUNS[inner.label]).format(inner.subject)
        question = draw.choice(chosen).replace("{}", subject)
        return question + ("?" if draw.random() < 0.8 else "")

    def _about_answering(self, fact: Fact) -> list[Fact]:
        """Facts of the same text that the thing asked about is the answer to."""
        text = self._texts[fact.text]
        found = []
        for label in NOUNS:
            for one in self._about.get((fact.text, label), ()):
                if one.subject != fact.subject and any(text[a:b] == fact.subject for a, b in one.answers):
                    found.append(one)
        return found

    def _unanswerable(self, name: str, fact: Fact, question: str) -> Drawn | None:
        other = self._random.choice(self._same[name, fact.label])
        text, _ = self._passage(name, other)
        lower = text.lower()
        tells = any(self._texts[fact.text][a:b].lower() in lower for a, b in fact.answers)
        return None if other.subject == fact.subject or tells else (question, "", text, ())

    def _passage(self, name: str, fact: Fact) -> tuple[str, tuple[tuple[int, int], ...]]:
        """The fact's text, cut to LONGEST characters of whole sentences, or a single sentence among others, and its answers."""
        text = self._texts[fact.text]
        if name != "re-docred":
            others = [self._texts[self._random.choice(self._same[name, fact.label]).text] for _ in range(self._random.randint(0, 3))]
            before = [one for one in others if self._random.random() < 0.5 and one != text]
            lead = " ".join(before)[:LONGEST] + " " if before else ""
            after = "".join(f" {one}" for one in others if one not in before and one != text)[:LONGEST]
            return lead + text + after, tuple((a + len(lead), b + len(lead)) for a, b in fact.answers)
        places = sentences_of(text)
        wanted = self._random.choice(fact.answers)
        first = last = next((i for i, (a, b) in enumerate(places) if b > wanted[0]), 0)
        while True:
            grown = [(first - 1, last)] * (first > 0) + [(first, last + 1)] * (last + 1 < len(places))
            grown = [(i, j) for i, j in grown if places[j][1] - places[i][0] <= LONGEST]
            if not grown:
                break
            first, last = self._random.choice(grown)
        begin, end = places[first][0], places[last][1]
        return text[begin:end], tuple((a - begin, b - begin) for a, b in fact.answers if a >= begin and b <= end)


def _facts(row: dict[str, Any], text: int) -> Iterator[Fact]:
    """Both directions of every relation of a row; answers of one subject and relation together."""
    entities = row["entities"]
    of: dict[int, list[int]] = {i: [i] for i in range(len(entities))}
    for cluster in row.get("clusters", ()):
        of.update((i, cluster) for i in cluster)
    answers: dict[tuple[int, str, bool], list[int]] = defaultdict(list)
    for relation in row["relations"]:
        head, tail = (of[relation[side]][0] for side in ("head", "tail"))
        label = KNOWLEDGENET.get(relation["label"], relation["label"])
        answers[head, label, False] += of[tail]
        answers[tail, label, True] += of[head]
    for (about, label, inverse), found in answers.items():
        names = sorted({row["text"][entities[i]["start"] : entities[i]["end"]] for i in of[about]}, key=lambda name: (-len(name), name))
        if names[0].lower() in PRONOUNS:
            continue
        places = tuple((entities[i]["start"], entities[i]["end"]) for i in sorted(set(found)))
        named = tuple((a, b) for a, b in places if row["text"][a:b].lower() not in PRONOUNS)
        if named:
            yield Fact(text, label, inverse, names[0], named)
