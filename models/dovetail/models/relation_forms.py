"""How relations are asked for: by a relation's Wikidata property, forms of questions with ``{}`` for the thing asked about.

FORMS (``relation_forms.txt``) asks for the tail of "head relation tail", INVERSE for the head, NOUNS names the tail by the head
("the spouse of {}"). ``mined_forms`` adds wordings of real questions, with the words that only one of them has as ``{}``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from importlib.resources import files

from dovetail.models.reading_texts import SMALL

KNOWLEDGENET: Mapping[str, str] = {
    "CEO": "P169", "CHILD_OF": "P8810", "DATE_FOUNDED": "P571", "DATE_OF_BIRTH": "P569", "DATE_OF_DEATH": "P570", "EDUCATED_AT": "P69",
    "EMPLOYEE_OR_MEMBER_OF": "P108", "FOUNDED_BY": "P112", "HEADQUARTERS": "P159", "NATIONALITY": "P27", "PLACE_OF_BIRTH": "P19",
    "PLACE_OF_RESIDENCE": "P551", "POLITICAL_AFFILIATION": "P102", "SPOUSE": "P26", "SUBSIDIARY_OF": "P749",
}  # fmt: skip

NOUNS: Mapping[str, tuple[str, ...]] = {
    "P17": ("the country of {}", "the country where {} is located"), "P19": ("the birthplace of {}", "the city where {} was born"),
    "P20": ("the place where {} died",), "P22": ("the father of {}",), "P25": ("the mother of {}",),
    "P26": ("the spouse of {}", "{}'s spouse"),
    "P27": ("the country of citizenship of {}",), "P40": ("the child of {}",), "P50": ("the author of {}",), "P54": ("the team of {}",),
    "P57": ("the director of {}", "the man who directed {}"), "P69": ("the university that {} attended", "the alma mater of {}"),
    "P86": ("the composer of {}",), "P102": ("the party of {}",), "P108": ("the employer of {}",), "P112": ("the founder of {}",),
    "P123": ("the publisher of {}",), "P127": ("the owner of {}",), "P131": ("the area where {} is", "the county of {}"),
    "P159": ("the city where {} is based",), "P161": ("the star of {}", "an actor in {}"), "P162": ("the producer of {}",),
    "P169": ("the CEO of {}",), "P170": ("the creator of {}",), "P175": ("the performer of {}", "the singer of {}", "the band behind {}"),
    "P178": ("the developer of {}",), "P264": ("the record label of {}",), "P361": ("what {} is part of",),
    "P463": ("the group that {} belongs to",),
    "P495": ("the country where {} was made",), "P740": ("the city where {} was formed",), "P749": ("the parent company of {}",),
    "P800": ("the work that {} is known for",), "P3373": ("the sibling of {}",), "P8810": ("the parent of {}",),
}  # fmt: skip


def _read(side: int) -> dict[str, tuple[str, ...]]:
    found = {}
    for line in files("dovetail.models").joinpath("relation_forms.txt").read_text(encoding="utf-8").splitlines()[1:]:
        label, _, rest = line.partition(" ")
        forms = [form.strip() for form in rest.split(">")[side].split("|") if form.strip()]
        found[label] = tuple(forms)
    return found


FORMS: Mapping[str, tuple[str, ...]] = _read(0)
INVERSE: Mapping[str, tuple[str, ...]] = _read(1)


def mined_forms(questions: Iterable[tuple[str, str]], *, often: float = 0.02) -> dict[str, tuple[str, ...]]:
    """Forms by property of real questions, given as (property, question): the one run of words that are rare there is the slot.

    Properties are Wikidata's, or the same with R for P where the question asks for the head.

    >>> asked = [("P57", f"who is the director of {name}") for name in ("jaws", "alien", "the thing", "diva")]
    >>> mined_forms(asked, often=0.5)
    {'P57': ('who is the director of {}',)}
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for label, question in questions:
        groups[label].append(question.lower().strip(" ?."))
    found = {}
    for label, some in sorted(groups.items()):
        counts = Counter(word for question in some for word in set(question.split()))
        known = {word for word, count in counts.items() if count >= max(3, often * len(some))} | SMALL
        forms = Counter(form for question in some if (form := _slotted(question, known)))
        if forms:
            found[label] = tuple(form for form, _ in forms.most_common(60))
    return found


def _slotted(question: str, known: set[str]) -> str | None:
    words = [(word.removesuffix("'s"), word.endswith("'s")) for word in question.split()]
    rare = [i for i, (word, _) in enumerate(words) if word not in known]
    if not rare:
        return None
    first, last = rare[0], rare[-1]
    if any(words[i][0] in known and words[i][0] not in SMALL for i in range(first, last)):
        return None
    if first and words[first - 1][0] == "the" and first - 1 > 0 and words[first - 2][0] in ("of", "in", "by"):
        first -= 1
    tail = "'s" if words[last][1] else ""
    form = " ".join(
        [*(w + ("'s" if s else "") for w, s in words[:first]), "{}" + tail, *(w + ("'s" if s else "") for w, s in words[last + 1 :])]
    )
    return re.sub(r"\s+", " ", form) if len(form.split()) > 2 else None
