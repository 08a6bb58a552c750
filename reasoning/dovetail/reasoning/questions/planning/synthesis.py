"""Synthetic questions with their plans, from phrases of relations: what the planner is trained on.

    RelationPhrases, a random generator -> TrainingQuestion ("who directed the films that starred [MASK]", lookup, starred⁻¹ · directed)

Phrases of one step nest into those of the next. Names are masked, as they are when a question is read.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dovetail.models.question_network import MOST_HOPS, NAME
from dovetail.reasoning.questions.planning.lexicon import OTHER_SLOT, SLOT, RelationPhrases

OPENINGS = {
    "lookup": (
        "what is {}", "who is {}", "what are {}", "who are {}", "what was {}", "which is {}", "tell me {}", "{}", "do you know {}",
        "what were {}", "who was {}", "who were {}", "what is the name of {}", "can you tell me {}", "which one is {}", "{} is what",
        "{} are which", "{} is who",
    ),
    "list": (
        "list {}", "name all {}", "list all of {}", "which are {}", "give me all {}", "show {}", "name {}", "what are all {}",
        "give me a list of {}", "enumerate {}", "what are the names of {}",
    ),
    "count": (
        "how many {} are there", "how many are {}", "count {}", "what is the number of {}", "number of {}", "how many {} exist",
        "what is the total number of {}", "how many {} does the graph know",
    ),
}  # fmt: skip
CONNECTIONS = (
    "how are {E} and {A} connected", "how is {E} connected to {A}", "what connects {E} and {A}", "what links {E} to {A}",
    "how is {E} related to {A}", "what is the relationship between {E} and {A}", "what do {E} and {A} have in common",
    "how does {E} relate to {A}", "what is the connection between {E} and {A}", "what has {E} to do with {A}", "what joins {E} with {A}",
    "in what way are {E} and {A} related", "how are {E} and {A} linked", "what is the link between {E} and {A}",
)  # fmt: skip
DURATIONS = {
    ("date_of_birth", "date_of_death"): (
        "how old was {E} when he died", "how old was {E} when she died", "at what age did {E} die", "how long did {E} live",
        "how many years did {E} live", "what was the age of {E} at death", "{E} died at what age", "how old did {E} get",
    ),
    ("inception", "dissolved"): (
        "how long did {E} exist", "how many years did {E} exist", "for how long was there {E}", "how many years did {E} last",
    ),
    ("start_time", "end_time"): (
        "how long did {E} last", "how many years did {E} last", "for how many years did {E} go on", "what was the duration of {E}",
        "how long did {E} take", "for how long did {E} go on",
    ),
}  # fmt: skip
"""Questions for the time between two dates of one thing."""
KIND_SHARES = {
    "lookup": 0.54, "list": 0.1, "count": 0.1, "boolean": 0.07, "choice": 0.06, "order": 0.03, "superlative": 0.06, "difference": 0.02,
    "connection": 0.02,
}  # fmt: skip
PATH_KINDS = ("lookup", "list", "count")
MISTAKEN = 0.03
"""So often a plain word is taken for a name."""
CONTINUED = {0: 0.45, 1: 0.37}
"""The chance that a question of so many steps, after the first, goes on."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step along a relation, or against it."""

    relation: str
    inverse: bool


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """A question with masked names and what the network should read in it; ``topic`` counts the names, -1 for none.

    ``type`` is a noun of the subjects asked for, ``dimension`` the relation whose values are compared, ``smallest`` which end wins;
    ``second`` is the relation whose value a difference is taken to, where it is another.
    """

    text: str
    kind: str
    steps: tuple[Step, ...] = ()
    topic: int = 0
    type: str | None = None
    dimension: str | None = None
    smallest: bool | None = None
    second: str | None = None


class Synthesis:
    """Draws questions about the relations given."""

    def __init__(self, relations: Sequence[RelationPhrases], *, seed: int) -> None:
        self.relations = list(relations)
        self.random = random.Random(seed)
        self._by_name = {one.name: one for one in self.relations}
        self.compared = [one for one in self.relations if one.comparative]
        self.ordered = [one for one in self.relations if one.superlative]
        self._makers: dict[str, Callable[[], TrainingQuestion]] = {"boolean": self._boolean, "connection": self._connection}
        if self.compared:
            self._makers |= {"choice": self._choice, "order": self._order}
            self._makers["difference"] = self._difference
        if self.ordered:
            self._makers["superlative"] = self._superlative

    def draw(self) -> TrainingQuestion:
        """One question, with a random kind by KIND_SHARES."""
        kind = self.random.choices(list(KIND_SHARES), list(KIND_SHARES.values()))[0]
        made = self._makers.get(kind, lambda: self._path(kind if kind in OPENINGS else "lookup"))()
        if made.topic == 0 and made.kind in PATH_KINDS and self.random.random() < MISTAKEN:
            made = self._mistaken(made)
        return replace(made, text=self._dirtied(made.text))

    def deeper(self, question: TrainingQuestion) -> TrainingQuestion:
        """A question about one fact, asked of what a noun phrase leads to instead of a name; as it is where no phrase fits."""
        [last] = question.steps
        relation = self._by_name[last.relation]
        kinds = frozenset(relation.object if last.inverse else relation.subject)
        for _ in range(20):
            grown = self._step(NAME, frozenset(), most=2)
            if grown is not None and grown[2] & kinds:
                return replace(question, text=question.text.replace(NAME, grown[0]), steps=(*grown[1], last))
        return question

    def _mistaken(self, question: TrainingQuestion) -> TrainingQuestion:
        """The question with a plain word taken for a name, as happens where some name is an everyday word."""
        words = [match for match in re.finditer(r"[a-z]{4,}", question.text) if NAME not in match.group()]
        if not words:
            return question
        word = self.random.choice(words)
        text = question.text[: word.start()] + NAME + question.text[word.end() :]
        return replace(question, text=text, topic=int(word.start() < question.text.index(NAME)))

    def _path(self, kind: str) -> TrainingQuestion:
        phrase, steps, kinds = self._start()
        count = self._length()
        while len(steps) < count - 1:
            grown = self._step(phrase, kinds, most=count - 1 - len(steps))
            if grown is None:
                break
            phrase, steps, kinds = grown[0], (*steps, *grown[1]), grown[2]
        return self._asked(kind, phrase, steps, kinds)

    def _asked(self, kind: str, phrase: str, before: tuple[Step, ...], kinds: frozenset[str]) -> TrainingQuestion:
        """The last step as a question."""
        pick = self.random.choice
        relation, inverse = self._relation(kinds)
        step = Step(relation.name, inverse)
        whole = relation.inverse_question if inverse else relation.question
        if kind == "count":
            counted = [
                re.sub(r"^(?:which|what)\b", "how many", one)
                for one in whole
                if re.match(r"(?:which|what) (?!is\b|are\b|was\b|were\b|does\b|do\b|did\b|has\b|have\b|can\b)", one)
            ]
            if counted and self.random.random() < 0.6:
                return TrainingQuestion(_filled(pick(counted), phrase), "count", (*before, step))
        if kind == "lookup" and whole and self.random.random() < 0.6:
            return TrainingQuestion(_filled(pick(whole), phrase), "lookup", (*before, step))
        nouns = relation.inverse_np if inverse else (relation.np_plural or relation.np) if kind != "lookup" else relation.np
        if kind == "lookup" and inverse and relation.inverse_np_one and self.random.random() < 0.4:
            nouns = relation.inverse_np_one
        if (not inverse and self.random.random() < 0.25) or not nouns:
            nouns = self._labelled(relation, inverse)
        text = _filled(pick(nouns), phrase)
        if kind == "count":
            text = text.removeprefix("the ")
        if kind == "lookup" and not inverse and self.random.random() < 0.25:
            return TrainingQuestion(self._in_front(relation, phrase), "lookup", (*before, step))
        opening = pick(OPENINGS[kind])
        if kind == "list" and self.random.random() < 0.5:
            text = text.removeprefix("the ")
        if kind == "lookup" and relation.wh in ("where", "when") and not inverse and opening.startswith(("who", "what is")):
            opening = opening.replace("who", "what")
        return TrainingQuestion(opening.format(text), kind, (*before, step))

    def _labelled(self, relation: RelationPhrases, inverse: bool) -> tuple[str, ...]:
        """Noun phrases made of a label alone."""
        labels = _nouns(relation.inverse_labels if inverse else relation.labels)
        label = self.random.choice(labels) if labels else relation.name.replace("_", " ")
        if inverse and not labels:
            noun = relation.subject_plural or (relation.subject[0] + "s" if relation.subject else "things")
            return (f"the {noun} whose {label} is {SLOT}", f"the {noun} with {label} {SLOT}", f"everything whose {label} is {SLOT}")
        return (
            f"the {label} of {SLOT}",
            f"{SLOT} 's {label}",
            f"the {SLOT} 's {label}",
            f"{SLOT}'s {label}",
            f"{label} of {SLOT}",
            f"the {SLOT} {label}",
        )

    def _in_front(self, relation: RelationPhrases, phrase: str) -> str:
        """A question that names its subject first, or asks for a label with a verb that says nothing."""
        labels = _nouns(relation.labels) or [relation.name.replace("_", " ")]
        label, plural = self.random.choice(labels), relation.plural or self.random.choice(labels)
        return self.random.choice(
            (
                f"{phrase} have which {label}", f"{phrase} has what {label}", f"what {label} do {phrase} have",
                f"what {plural} do {phrase} have",
                f"which {label} does {phrase} have", f"in which {plural} are {phrase}", f"{phrase} are in which {plural}",
                f"what {plural} are {phrase} in", f"what {plural} do {phrase} fall under", f"{phrase} were in what {label}",
                f"which {plural} do {phrase} belong to", f"what {label} is {phrase}", f"what type of {label} is {phrase}",
                f"which {label} are {phrase}", f"what are the {plural} for {phrase}", f"what are some {plural} of {phrase}",
            )
        )  # fmt: skip

    def _start(self) -> tuple[str, tuple[Step, ...], frozenset[str]]:
        return NAME, (), frozenset()

    def _length(self) -> int:
        length = 1
        while length < MOST_HOPS and self.random.random() < CONTINUED[length - 1]:
            length += 1
        return length

    def _relation(self, kinds: frozenset[str]) -> tuple[RelationPhrases, bool]:
        """A relation, and its direction, that things of ``kinds`` have; any where nothing is known of them."""
        for _ in range(40):
            relation, inverse = self.random.choice(self.relations), self.random.random() < 0.4
            if inverse and not relation.inverse_np and not relation.inverse_labels:
                continue
            if not kinds or kinds & frozenset(relation.object if inverse else relation.subject):
                return relation, inverse
        return relation, False

    def _step(self, phrase: str, kinds: frozenset[str], *, most: int) -> tuple[str, tuple[Step, ...], frozenset[str]] | None:
        """One step more as a noun phrase, or two that go there and back."""
        relation, inverse = self._relation(kinds)
        round_trip = relation.together if inverse else relation.same
        if most >= 2 and round_trip and self.random.random() < 0.35:
            end = relation.object if inverse else relation.subject
            return (
                self._typed(_filled(self.random.choice(round_trip), phrase), phrase),
                (
                    Step(relation.name, inverse),
                    Step(relation.name, not inverse),
                ),
                frozenset(end),
            )
        if inverse:
            phrases = relation.inverse_np or self._labelled(relation, True)
        else:
            phrases = (
                (*relation.np, *relation.np_plural) if relation.np and self.random.random() < 0.75 else self._labelled(relation, False)
            )
        end = relation.subject if inverse else relation.object
        return self._typed(_filled(self.random.choice(phrases), phrase), phrase), (Step(relation.name, inverse),), frozenset(end)

    def _typed(self, text: str, inner: str) -> str:
        return text if self.random.random() < 0.9 or inner != NAME else text.replace(NAME, f"the one called {NAME}")

    def _boolean(self) -> TrainingQuestion:
        relation = self._one(lambda one: bool(one.boolean))
        form = self.random.choice(relation.boolean)
        first_is_subject = form.index(SLOT) < form.index(OTHER_SLOT)
        text = form.replace(SLOT, NAME).replace(OTHER_SLOT, NAME)
        return TrainingQuestion(text, "boolean", (Step(relation.name, False),), 0 if first_is_subject else 1)

    def _choice(self) -> TrainingQuestion:
        relation, word, end = self._compared()
        who = (
            "who"
            if "person" in relation.subject and self.random.random() < 0.7
            else f"which {self.random.choice(relation.subject or ('one',))}"
        )
        forms = (
            f"{who} is {word}, {NAME} or {NAME}", f"which is {word}: {NAME} or {NAME}", f"is {NAME} or {NAME} {word}",
            f"who is {word}, {NAME} or {NAME}", f"of {NAME} and {NAME}, which is {word}", f"between {NAME} and {NAME}, {who} is {word}",
            f"{who} {word}, {NAME} or {NAME}", f"{who} is the one that is {word}, {NAME} or {NAME}",
        )  # fmt: skip
        through, _ = self._through(frozenset(relation.subject)) if self.random.random() < 0.4 else (None, False)
        if through is None:
            return TrainingQuestion(_verbed(self.random.choice(forms), word), "choice", (), 0, None, relation.name, end)
        noun, role = self.random.choice(through.subject or ("one",)), self.random.choice((*through.labels[:2], *through.object[:1]))
        through_it = (
            f"which {noun} has the {role} who is {word}, {NAME} or {NAME}", f"which {noun} whose {role} is {word}, {NAME} or {NAME}",
            f"which {noun}'s {role} is {word}: {NAME} or {NAME}", f"the {role} of which {noun} is {word}, {NAME} or {NAME}",
            f"which {noun} has a {role} that is {word}, {NAME} or {NAME}", f"is the {role} of {NAME} or the {role} of {NAME} {word}",
        )  # fmt: skip
        return TrainingQuestion(
            _verbed(self.random.choice(through_it), word), "choice", (Step(through.name, False),), 0, None, relation.name, end
        )

    def _through(self, kinds: frozenset[str]) -> tuple[RelationPhrases | None, bool]:
        """A relation whose objects are of ``kinds``."""
        found = [one for one in self.relations if kinds & frozenset(one.object)]
        return (self.random.choice(found), False) if found else (None, False)

    def _order(self) -> TrainingQuestion:
        relation, word, end = self._compared()
        forms = _before_or_after(word)
        if not forms or self.random.random() < 0.4:
            forms = (f"is {NAME} {word} than {NAME}", f"was {NAME} {word} than {NAME}", f"{NAME} is {word} than {NAME}, right")
        return TrainingQuestion(_verbed(self.random.choice(forms), word), "order", (), 0, None, relation.name, end)

    def _difference(self) -> TrainingQuestion:
        known = {one.name for one in self.relations}
        spans = [pair for pair in DURATIONS if known.issuperset(pair)]
        if spans and self.random.random() < 0.4:
            first, last = self.random.choice(spans)
            text = self.random.choice(DURATIONS[first, last]).replace(SLOT, NAME)
            return TrainingQuestion(text, "difference", (), 0, None, first, None, last)
        relation, word, _ = self._compared()
        label = self.random.choice(_nouns(relation.labels) or [relation.name.replace("_", " ")])
        forms = (
            f"how much {word} is {NAME} than {NAME}", f"how many years {word} is {NAME} than {NAME}",
            f"by how much is {NAME} {word} than {NAME}", f"how many years lie between the {label} of {NAME} and of {NAME}",
            f"what is the difference in {label} between {NAME} and {NAME}",
            f"how many years passed between the {label} of {NAME} and the {label} of {NAME}",
            f"what is the difference between {NAME}'s {label} and {NAME}'s {label}",
            f"how far apart are the {label} of {NAME} and {NAME}",
        )  # fmt: skip
        return TrainingQuestion(_verbed(self.random.choice(forms), word), "difference", (), 0, None, relation.name)

    def _superlative(self) -> TrainingQuestion:
        relation = self.random.choice(self.ordered)
        word, direction = self.random.choice(list(relation.superlative.items()))
        noun = self.random.choice(relation.subject or ("thing",))
        plural = relation.subject_plural or noun + "s"
        smallest = direction == "min"
        if self.random.random() < 0.45:
            forms = (
                f"which {noun} is the {word}", f"what is the {word} {noun}", f"which of the {plural} is the {word}", f"the {word} {noun}",
                f"name the {word} {noun}", f"who is the {word} {noun}", f"which {noun} is {word}", f"of all {plural}, which is the {word}",
                f"what {noun} is the {word} one",
            )  # fmt: skip
            return TrainingQuestion(_verbed(self.random.choice(forms), word), "superlative", (), -1, noun, relation.name, smallest)
        within, inverse = self._relation_to(frozenset(relation.subject))
        phrases = (
            (within.inverse_np or self._labelled(within, True))
            if inverse
            else (within.np_plural or within.np or self._labelled(within, False))
        )
        inner = _filled(self.random.choice(phrases), NAME)
        bare = inner.removeprefix("the ")
        within_it = (
            f"which of {inner} is the {word}", f"what is the {word} of {inner}", f"who is the {word} of {inner}", f"the {word} of {inner}",
            f"which one of {inner} is {word}", f"among {inner}, which is the {word}", f"what is the {word} among {bare}",
        )  # fmt: skip
        return TrainingQuestion(
            _verbed(self.random.choice(within_it), word), "superlative", (Step(within.name, inverse),), 0, None, relation.name, smallest
        )

    def _connection(self) -> TrainingQuestion:
        form = self.random.choice(CONNECTIONS)
        return TrainingQuestion(form.replace(SLOT, NAME).replace(OTHER_SLOT, NAME), "connection", (), 0)

    def _compared(self) -> tuple[RelationPhrases, str, bool]:
        relation = self.random.choice(self.compared)
        word, direction = self.random.choice(list(relation.comparative.items()))
        return relation, word, direction == "min"

    def _relation_to(self, kinds: frozenset[str]) -> tuple[RelationPhrases, bool]:
        """A relation, and its direction, that leads to things of ``kinds``."""
        for _ in range(60):
            relation, inverse = self.random.choice(self.relations), self.random.random() < 0.7
            if kinds & frozenset(relation.subject if inverse else relation.object) and (not inverse or relation.inverse_np):
                return relation, inverse
        return relation, False

    def _one(self, wanted: Callable[[RelationPhrases], bool]) -> RelationPhrases:
        while True:
            relation = self.random.choice(self.relations)
            if wanted(relation):
                return relation

    def _dirtied(self, text: str) -> str:
        """As people write: a capital or none, a question mark or none, the apostrophe apart."""
        draw = self.random.random
        if draw() < 0.4:
            text = text[:1].upper() + text[1:]
        if draw() < 0.15:
            text = text.replace("'s", " 's").replace("  ", " ")
        if draw() < 0.08:
            text = text.replace("the ", "", 1)
        return text + ("?" if draw() < 0.5 else " ?" if draw() < 0.2 else "")


_NO_NOUN = re.compile(r"^(?:has|is|was|are|were|have)\b|\b(?:by|in|of|at|on|to|from|for|with|as)$|^\w+ed\b")
"""Labels that no noun phrase can be made with."""


_PRESENT = {"died": "die", "came": "come", "started": "start", "ended": "end", "happened": "happen", "opened": "open", "lived": "live"}
_FIRST_OR_LAST = re.compile(r"(?:was |were )?(\w+ed|born|made|built|begun|died|came|won)( out)? (earlier|first|sooner|later|last)")


def _before_or_after(comparative: str) -> tuple[str, ...]:
    """The questions whether one thing came before another, for a comparative such as "founded earlier".

    >>> _before_or_after("came out first"), _before_or_after("older")
    (('did [MASK] come out before [MASK]',), ())
    """
    parts = _FIRST_OR_LAST.fullmatch(comparative)
    if parts is None:
        return ()
    verb, particle, when = parts[1], parts[2] or "", "after" if parts[3] in ("later", "last") else "before"
    if verb in _PRESENT:
        return (f"did {NAME} {_PRESENT[verb]}{particle} {when} {NAME}",)
    return (f"was {NAME} {verb}{particle} {when} {NAME}", f"was {NAME} {verb}{particle} {when} {NAME} was")


def _nouns(labels: Sequence[str]) -> list[str]:
    return [label for label in labels if not _NO_NOUN.search(label)]


def _filled(phrase: str, inner: str) -> str:
    return phrase.replace(SLOT, inner)


_VERB = re.compile(
    r"\b(?:is|was)(?: the)? (?=(?:first )?(?:was|were|is|has|have|had|died|came|lived|won|earned|"
    r"lasted|weighs|costs|holds|started|ended|opened)\b)"
)


def _verbed(text: str, word: str) -> str:
    """``text`` without "is" before a phrase that brings its own verb."""
    return _VERB.sub("", text)
