"""Questions that lean on the one before: pronouns, and questions cut short, made whole.

    "When was he born?", what was spoken of  -> with_names -> "When was Genghis Khan born?", and that "he" was read so
    "And in 1998?", the question before      -> made_whole -> the question before, with 1998 in the place of its year

Nothing is looked up here: what was spoken of comes in, newest first, with its kind and with the pronoun that suits it where that is
known. English; of Chinese, the pronouns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dovetail.reasoning.questions.reading.kinds import kind_of_type

HE, SHE = "he", "she"


@dataclass(frozen=True, slots=True)
class Referent:
    """Something that was spoken of. ``kind`` is empty where it is not known, ``gender`` is ``HE``, ``SHE`` or empty."""

    name: str
    kind: str = ""
    gender: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A referent and where it stands in a question."""

    referent: Referent
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Assumption:
    """What was said, and what it was taken to mean."""

    said: str
    meant: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A question that stands alone, what was assumed on the way, and the pronouns that nothing was found for."""

    question: str
    assumed: tuple[Assumption, ...] = ()
    unresolved: tuple[str, ...] = ()


_FORMS = {
    "he": ("he", "him", "his", "himself"),
    "she": ("she", "her", "hers", "herself"),
    "it": ("it", "its", "itself"),
    "they": ("they", "them", "their", "theirs", "themselves"),
    "there": ("there",),
}
_BASE = {form: base for base, forms in _FORMS.items() for form in forms}
_POSSESSIVE = frozenset({"his", "its", "their", "hers", "theirs"})
_OBJECT = frozenset({"him", "them", "it"})
_KINDS = {
    "he": frozenset({"person"}),
    "she": frozenset({"person"}),
    "it": frozenset({"place", "organisation", "other"}),
    "they": frozenset({"organisation", "person", "other"}),
    "there": frozenset({"place"}),
}
_OTHER_NOUNS = frozenset(
    "album award battle book event film game language movie novel painting play poem project song story thing treaty war work".split()
)
_GENDERED = {"man": HE, "boy": HE, "king": HE, "woman": SHE, "girl": SHE, "queen": SHE, "actress": SHE}
_PRONOUN = re.compile(
    r"(?<![\w'’-])(?:(?P<pronoun>"
    + "|".join(sorted(_BASE, key=len, reverse=True))
    + r")|(?P<pointing>this|that|the same)\s+(?P<noun>[a-z]+))(?![\w-])",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"\b(?:is|are|was|were|be|been)\s+there\b|\bthere\s+(?:is|are|was|were|been|be)\b"
    r"|\b(?:is|was)\s+it\s+(?:true|possible|the\s+case|raining|likely)\b|\bwhat\s+time\s+is\s+it\b",
    re.IGNORECASE,
)
_WHERE_FROM = re.compile(r"\b(?:from|to|in|near|around|over|through|out|at)\s+$", re.IGNORECASE)
_HAN_PRONOUN = re.compile(r"(?<!其)(?:他|她|它)(?!们)")


def with_names(question: str, spoken_of: Sequence[Sequence[Referent]], own: Sequence[Placed] = ()) -> Whole:
    """``question`` with names for its pronouns. ``spoken_of``: by question, the newest first; ``own``: names in the question itself.

    A pronoun after a name of the question that it suits is that name's, and stays. Where the kind of what was spoken of is known,
    that decides; what has no known kind is taken only from the question just before.

    >>> with_names("When did she die?", [[Referent("Pierre Curie", "person", "he"), Referent("Marie Curie", "person")]])
    Whole(question='When did Marie Curie die?', assumed=(Assumption(said='she', meant='Marie Curie'),), unresolved=())
    """
    found: dict[str, Referent | None] = {}
    pieces, at = [], 0
    empty = [match.span() for match in _EMPTY.finditer(question)]
    assumed: dict[Assumption, None] = {}
    unresolved: dict[str, None] = {}
    for match in (*_PRONOUN.finditer(question), *_han(question, own)):
        said = match.group()
        if any(start <= match.start() < end for start, end in empty) or _is_a_name(match, own):
            continue
        wants = _wants(match)
        if wants is None:
            continue
        kinds, gender = wants
        if _bound(match, own, kinds, gender):
            continue
        key = _BASE.get(said.lower(), said.lower())
        if key not in found:
            found[key] = _choose(spoken_of, kinds, gender)
        referent = found[key]
        if referent is None:
            unresolved[said] = None
            continue
        pieces += [question[at : match.start()], _in_its_place(match, question, referent.name)]
        at = match.end()
        assumed[Assumption(said, referent.name)] = None
    return Whole("".join(pieces) + question[at:], tuple(assumed), tuple(unresolved))


def _han(question: str, own: Sequence[Placed]) -> Iterator[re.Match[str]]:
    return iter(()) if own else _HAN_PRONOUN.finditer(question)


def _is_a_name(match: re.Match[str], own: Sequence[Placed]) -> bool:
    """Whether what looks like a pronoun is written with a capital inside the question, as the name of a film may be, or in a name."""
    inside = any(placed.start <= match.start() < placed.end and placed.end - placed.start > len(match.group()) for placed in own)
    return inside or (match.start() > 0 and match.group()[0].isupper())


def _wants(match: re.Match[str]) -> tuple[frozenset[str], str] | None:
    """The kinds that a pronoun may stand for, and its gender; None for what is none."""
    if _HAN_PRONOUN.fullmatch(match.group()):
        base = {"他": "he", "她": "she", "它": "it"}[match.group()]
        return (_KINDS[base] | _KINDS["they"] if base == "it" else _KINDS[base]), SHE if base == "she" else ""
    pronoun, noun = match.group("pronoun"), match.group("noun")
    if pronoun:
        base = _BASE[pronoun.lower()]
        return _KINDS[base], base if base in (HE, SHE) else ""
    noun = noun.lower()
    kind = "date" if noun == "year" else "other" if noun in _OTHER_NOUNS else kind_of_type(noun) or (_GENDERED.get(noun) and "person")
    return (frozenset({kind}), _GENDERED.get(noun, "")) if kind else None


def _fits(referent: Referent, gender: str) -> bool:
    return not gender or not referent.gender or referent.gender == gender


def _bound(match: re.Match[str], own: Sequence[Placed], kinds: frozenset[str], gender: str) -> bool:
    """Whether a name before the pronoun in its own question is what it stands for; an object is never the subject beside it."""
    if match.groupdict().get("noun") is None and match.group().lower() in _OBJECT:
        return False
    if match.group().lower() == "her" and not _owns(match):
        return False
    before = [placed.referent for placed in own if placed.end <= match.start()]
    return any((one.kind in kinds or not one.kind) and _fits(one, gender) for one in before)


def _owns(match: re.Match[str]) -> bool:
    """Whether "her" has a noun after it."""
    return bool(
        re.match(r"\s+(?!(?:in|at|on|to|for|from|by|with|when|and|or|before|after|as|the|a|an)\b)[A-Za-z]", match.string[match.end() :])
    )


def _choose(spoken_of: Sequence[Sequence[Referent]], kinds: frozenset[str], gender: str) -> Referent | None:
    for turn in spoken_of:
        fitting = [one for one in turn if one.kind in kinds and _fits(one, gender)]
        if fitting:
            return next((one for one in fitting if gender and one.gender == gender), fitting[0])
    return next((one for turn in spoken_of[:1] for one in turn if not one.kind and _fits(one, gender)), None)


def _in_its_place(match: re.Match[str], question: str, name: str) -> str:
    said = match.group().lower()
    if said in _POSSESSIVE or (said == "her" and _owns(match)):
        return f"{name}'s"
    if said == "there" and not _WHERE_FROM.search(question[: match.start()]):
        return f"in {name}"
    return name


# ---------------------------------------------------------------------- questions cut short

_CUT = re.compile(r"^(?:(?:and|but|so)\s+)?(?:(?:what|how)\s+about\s+)?(?P<rest>.+?)\s*[?.!]*$", re.IGNORECASE | re.DOTALL)
_LEADS = re.compile(r"^(?:and|but|so|what\s+about|how\s+about)\s", re.IGNORECASE)
_ASKS = re.compile(
    r"^(?:(?:in|at|on|to|from|for|by|with|of)\s+)?(?:who|whom|whose|what|when|where|which|why|how)\b"
    r"|^(?:did|does|do|is|are|was|were|has|have|had|can|could|will|would|name|list|give|tell|show)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
_POSSESSED = re.compile(r"^(?P<owner>.+)['’]s\s+(?P<noun>[a-z][\w-]*(?:\s+[a-z][\w-]*)?)$")
_QUALITY = re.compile(r"^the\s+(?P<noun>[a-z][\w-]*(?:\s+[a-z][\w-]*)?)$", re.IGNORECASE)


def made_whole(question: str, before: str, names: Sequence[Placed], own: Sequence[Placed] = ()) -> str | None:
    """A question cut short, filled up from the question ``before``, whose ``names`` are given; None where it is not one, or cannot be.

    ``own``: the names in the question itself, whose pronouns have been replaced.

    >>> curie = [Placed(Referent("Marie Curie", "person"), 9, 20)]
    >>> made_whole("And Pierre Curie?", "When was Marie Curie born?", curie, [Placed(Referent("Pierre Curie", "person"), 4, 16)])
    'When was Pierre Curie born?'
    >>> made_whole("And Marie Curie's husband?", "When was Marie Curie born?", curie)
    "When was Marie Curie's husband born?"
    >>> made_whole("and in 1998?", "Who won the cup in 1994?", [])
    'Who won the cup in 1998?'
    """
    match = _CUT.match(question.strip())
    if match is None or not _LEADS.match(question.strip()):
        return None
    rest = match.group("rest")
    if _ASKS.match(rest):
        return rest[0].upper() + rest[1:] + "?"
    year = re.fullmatch(rf"(?:in\s+)?({_YEAR.pattern})", rest)
    if year:
        return _in_year(before, year.group(1))
    owned = _POSSESSED.match(rest)
    if owned:
        return _of_owner(before, owned.group("owner"), owned.group("noun"))
    quality = _QUALITY.match(rest)
    if quality and not own:
        return _of_quality(before, quality.group("noun"), names)
    return _of_another(before, rest, names, own)


def _in_year(before: str, year: str) -> str:
    if _YEAR.search(before):
        return _YEAR.sub(year, before)
    return re.sub(r"\s*[?.!]*$", f" in {year}?", before, count=1)


def _of_owner(before: str, owner: str, noun: str) -> str:
    whole = f"{owner}'s {noun}"
    possessed = re.compile(rf"{re.escape(owner)}['’]s\s+[a-z][\w-]*")
    if possessed.search(before):
        return possessed.sub(lambda _: whole, before, count=1)
    if owner in before:
        return before.replace(owner, whole, 1)
    return f"{'Who' if kind_of_type(noun) == 'person' else 'What'} is {whole}?"


def _of_quality(before: str, noun: str, names: Sequence[Placed]) -> str | None:
    asked = re.search(r"\bthe\s+[a-z][\w-]*(?:\s+[a-z][\w-]*)?(?=\s+of\b)", before)
    if asked:
        return f"{before[: asked.start()]}the {noun}{before[asked.end() :]}"
    return f"What is the {noun} of {names[0].referent.name}?" if names else None


def _of_another(before: str, rest: str, names: Sequence[Placed], own: Sequence[Placed]) -> str | None:
    """The question before, about another thing: in the place of the name of the same kind, or else of its only one."""
    if not own or not names:
        return None
    kind = own[0].referent.kind
    same = [placed for placed in names if kind and placed.referent.kind == kind]
    chosen = same[0] if same else names[0] if len(names) == 1 else None
    if chosen is None:
        return None
    return before[: chosen.start] + rest + before[chosen.end :]
