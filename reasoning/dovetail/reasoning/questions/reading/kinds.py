"""What kind of answer a question wants, by its words.

"In what year did Curie die?" -> Wanted("date", choices=())
"Who is older, Ann or Bob?"   -> Wanted("choice", choices=("Ann", "Bob"))
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dovetail.reasoning.questions.surfaces import proper_spans

KINDS = ("person", "place", "organisation", "date", "number", "yes/no", "choice", "other")

_PERSON = frozenset(
    "actor actress architect artist astronaut author boxer brother captain character child coach comedian commander composer "
    "conductor daughter designer director drummer economist emperor explorer father founder general governor grandfather "
    "grandmother guitarist husband inventor journalist judge king leader lyricist man mathematician mayor minister monarch "
    "mother musician novelist owner painter performer person philosopher photographer physicist player playwright poet "
    "politician pope president prince princess producer queen quarterback rapper scientist senator singer sister skater "
    "soldier son songwriter spouse star swimmer teacher wife woman wrestler writer".split()
)
_PLACE = frozenset(
    "address area birthplace borough building canton capital church city community continent country county desert district "
    "hometown island lake location mountain municipality nation neighborhood neighbourhood ocean parish place province "
    "region river sea stadium state street suburb territory town township venue village".split()
)
_ORGANISATION = frozenset(
    "agency airline army association band broadcaster brand bureau channel club college committee company corporation "
    "employer firm franchise group institution institute label league manufacturer museum network newspaper organisation "
    "organization party publisher school society station studio team union university".split()
)
_DATE = frozenset("birthday century date day decade month season time year years".split())
_NUMBER = frozenset(
    "age amount area average capacity cost depth distance elevation enrollment fraction height length number percent "
    "percentage population price proportion rank rate ratio revenue salary score size speed temperature total value weight "
    "width".split()
)
_HEADS = (("person", _PERSON), ("date", _DATE), ("number", _NUMBER), ("place", _PLACE), ("organisation", _ORGANISATION))
_HOW_MUCH = re.compile(
    r"\bhow (?:many|much|long|old|far|tall|high|big|large|often|deep|fast|wide|hot|cold|heavy|common|close|late|early)\b"
)
_YES_NO = re.compile(r"^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|am)\b")
_OR = re.compile(r"(?:^|[,?]\s*|:\s+(?=[^,?]*$)|\bis\b|\bbetween\b)\s*(?:either\s+)?([^,?]+?),?\s+or\s+([^,?]+?)\s*\?*$", re.IGNORECASE)
_ASKS = re.compile(r"^(?:which|who|what|was|were|is|are|did|does|do|whi+ch)\b", re.IGNORECASE)
_COMPARED = re.compile(
    r"\b(?:older|younger|oldest|youngest|earlier|earliest|later|latest|first|last|newer|recent|recently|sooner|longer|shorter|"
    r"larger|bigger|smaller|greater|more|most|less|fewer|higher|lower|taller|farther|further|closer|before|after|born|died|"
    r"established|founded|released|published)\b"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The kind of answer, one of KINDS; for "choice", the two answers that the question offers."""

    kind: str
    choices: tuple[str, ...] = ()


def wanted(question: str) -> Wanted:
    """What ``question`` wants.

    >>> wanted("How many people live there?").kind, wanted("Which river joins the Rhine?").kind
    ('number', 'place')
    >>> wanted("Which was released first, Alien or Blade Runner?").choices
    ('Alien', 'Blade Runner')
    """
    text = " ".join(question.split())
    lower = text.lower()
    offered = _OR.search(text)
    if offered and (_COMPARED.search(lower) or lower.startswith(("which", "who", "what"))):
        first, second = offered.groups()
        return Wanted("choice", (_bare(_last_name(first)), _bare(_first_name(second))))
    if _YES_NO.match(lower):
        return Wanted("yes/no")
    if re.search(r"\bwhen\b", lower) and not re.search(r"\b(?:who|what|which|where|how)\b", lower.split("when")[0]):
        return Wanted("date")
    if _HOW_MUCH.search(lower):
        return Wanted("number")
    head = _head(lower)
    if head is not None:
        return Wanted(head)
    if re.search(r"\b(?:who|whom|whose)\b", lower):
        return Wanted("person")
    if re.search(r"\bwhere\b", lower):
        return Wanted("place")
    return Wanted("other")


def _head(lower: str) -> str | None:
    """The kind named by the noun that what or which asks for: the last of the words up to the verb."""
    asked = re.search(r"\b(?:what|which)\b(?:\s+(?:is|was|are|were)\s+the\b)?(?:\s+name\s+of\s+the\b)?((?:\s+[\w’'-]+){1,5})", lower)
    if asked is None:
        return None
    noun: str | None = None
    for word in asked.group(1).split():
        if word in _STOPS:
            break
        for kind, nouns in _HEADS:
            if word in nouns or word.removesuffix("s") in nouns or (word.endswith("ies") and word[:-3] + "y" in nouns):
                noun = kind
                break
        else:
            noun = None if noun is None else noun
    return noun


_STOPS = frozenset(
    "is was are were do does did has have had of in on at for from to by with that who which whose where when can could will "
    "would and or as the a an".split()
)


def _last_name(part: str) -> str:
    """What stands before "or", without the question before it where no comma parts them."""
    names = [part[start:end] for start, end in proper_spans(part) if end == len(part)]
    return names[-1] if names and _ASKS.match(part) else part


def _first_name(part: str) -> str:
    """What stands after "or", without the rest of the question."""
    names = [(start, end) for start, end in proper_spans("or " + part) if part[:1].isupper() and start == 3]
    return ("or " + part)[slice(*names[0])] if names and re.search(r"\s[a-z]+\s+(?:first|last|earlier|later)$", part) else part


def _bare(part: str) -> str:
    return re.sub(r"^(?:the|a|an)\s+", "", part.strip(" ?.,\"'"), flags=re.IGNORECASE)


def kind_of_type(label: str) -> str | None:
    """The kind of answer that something of a type with this label is; None where the label does not tell.

    >>> kind_of_type("human settlement"), kind_of_type("Person"), kind_of_type("business enterprise")
    ('place', 'person', 'organisation')
    """
    for word in reversed(re.findall(r"[a-z]+", label.lower())):
        for kind, words in _TYPES:
            if word in words:
                return kind
    return None


_TYPES = (
    ("person", _PERSON | frozenset("human people musician academic".split())),
    ("place", _PLACE | frozenset("settlement landform facility land location geographical water peninsula".split())),
    ("organisation", _ORGANISATION | frozenset("business enterprise government military political".split())),
    ("date", _DATE),
    ("number", _NUMBER | frozenset({"quantity", "money", "duration"})),
)
