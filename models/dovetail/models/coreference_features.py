"""What the words around mentions say about whether two of them are one thing: kinds, agreement, matching, distance, position.

    describe        text, sentences, mentions -> Described     facts of each mention, (mentions, OWN)
    pair_features   Described, pairs -> (pairs, PAIR)

Plain look-ups on word strings in the tradition of Soon, Ng & Lim (CL 2001) and Clark & Manning (ACL 2016); there is no parser, so
grammatical roles are guessed from the words next to a mention.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from dovetail.models.coreference_words import (
    AUXILIARIES,
    FEMALE,
    FUNCTION_WORDS,
    HONORIFIC_WORDS,
    LINKING_VERBS,
    MALE,
    PREPOSITIONS,
    PRONOUNS,
    WORD,
    Pronoun,
    verb_like,
)

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Span: TypeAlias = tuple[int, int]
"""Characters [start, end) of a text."""

PRONOUN, NAME, NOMINAL = 0, 1, 2
"""Kinds of mention."""

MASCULINE, FEMININE, NEUTER, UNKNOWN = 0, 1, 2, 3
"""Genders; a pronoun of the first or second person, or of the plural, has none that is known."""

SINGULAR, PLURAL, EITHER = 0, 1, 2
SUBJECT, OBJECT, POSSESSOR, OTHER = 0, 1, 2, 3
FORMS = ("subject", "object", "possessive", "reflexive", "relative", "demonstrative")
DETERMINERS = {"the": 0, "a": 1, "an": 1, "this": 2, "that": 2, "these": 2, "those": 2, "such": 2}
OWN_PRONOUNS = frozenset(word for word, p in PRONOUNS.items() if p.form == "possessive")
OWN, PAIR = 56, 61
"""Numbers of features of a mention and of a pair."""


@dataclass(frozen=True, slots=True)
class Described:
    """Mentions in the order given, by word: ``own`` (mentions, OWN), and per mention what pairs compare.

    ``key``, ``head``: equal where the whole strings, or the head words, are equal. ``content``: (mentions, words) counts of content words.
    ``quote``: the number of the quotation it stands in, 0 outside. ``name_part``: 1 where a name.
    """

    own: Floats
    first: Ints
    last: Ints
    sentence: Ints
    kind: Ints
    gender: Ints
    number: Ints
    person: Ints
    role: Ints
    quote: Ints
    key: Ints
    head: Ints
    content: csr_matrix
    size: Ints
    words: tuple[str, ...]
    order: Ints
    opens: npt.NDArray[np.bool_]
    form: Ints


@dataclass(frozen=True, slots=True)
class _Words:
    """A text's words with their places, sentences and quotations."""

    words: tuple[str, ...]
    lower: tuple[str, ...]
    starts: Ints
    ends: Ints
    sentence: Ints
    quote: Ints


def _words_of(text: str, sentences: Sequence[Span]) -> _Words:
    found = [(m.group(), m.start(), m.end()) for m in WORD.finditer(text)]
    words = tuple(w for w, _, _ in found)
    starts = np.array([s for _, s, _ in found], dtype=np.int64)
    sentence = np.searchsorted(np.array([s for s, _ in sentences], dtype=np.int64), starts, side="right") - 1
    quote, number, inside = np.zeros(len(words), dtype=np.int64), 0, False
    for i, word in enumerate(words):
        if word in '"“”' or (word == "`" and words[i - 1 : i] == ("`",)):
            opening = word == "“" or (word != "”" and not inside)
            number += opening
            inside = opening
        elif i and sentence[i] != sentence[i - 1] and "\n\n" in text[int(starts[i - 1]) : int(starts[i])]:
            inside = False  # a quotation ends with its paragraph
        quote[i] = number if inside else 0
    return _Words(words, tuple(w.lower() for w in words), starts, np.array([e for _, _, e in found], dtype=np.int64), sentence, quote)


def describe(text: str, sentences: Sequence[Span], mentions: Sequence[Span], *, annotated: bool = False) -> Described:
    """What is known of each mention. ``sentences`` are in order; a mention without a word takes the word that follows.

    ``annotated``: people marked the mentions, so that every one is a mention of something and none is left out.
    """
    text_words = _words_of(text, sentences)
    count = len(mentions)
    limit = max(len(text_words.words) - 1, 0)
    first = np.searchsorted(text_words.ends, np.array([s for s, _ in mentions], dtype=np.int64), side="right").clip(0, limit)
    last = (np.searchsorted(text_words.starts, np.array([e for _, e in mentions], dtype=np.int64), side="left") - 1).clip(first, limit)
    own = np.zeros((count, OWN), dtype=np.float32)
    columns = {name: np.zeros(count, dtype=np.int64) for name in ("kind", "gender", "number", "person", "role", "key", "head", "form")}
    keys: dict[str, int] = {}
    heads: dict[str, int] = {}
    vocabulary: dict[str, int] = {}
    rows: list[int] = []
    used: list[int] = []
    size = np.zeros(count, dtype=np.int64)
    for i in range(count):
        facts = _facts(text_words, int(first[i]), int(last[i]))
        for name in ("kind", "gender", "number", "person", "role", "form"):
            columns[name][i] = getattr(facts, name)
        columns["key"][i] = keys.setdefault(" ".join(facts.content) or facts.head, len(keys))
        columns["head"][i] = heads.setdefault(facts.head, len(heads))
        own[i, : len(facts.flags)] = facts.flags
        content = sorted(set(facts.content)) if facts.kind != PRONOUN else []
        size[i] = len(content)
        rows += [i] * len(content)
        used += [vocabulary.setdefault(w, len(vocabulary)) for w in content]
    sentence = text_words.sentence[first] if len(text_words.words) else np.zeros(count, dtype=np.int64)
    order = np.lexsort((-last, first))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    opens = np.zeros(count, dtype=bool)
    within = np.zeros(count)
    seen: dict[int, int] = {}
    for i in order:
        within[i] = seen.get(int(sentence[i]), 0)
        opens[i] = within[i] == 0
        seen[int(sentence[i])] = int(within[i]) + 1
    many = np.bincount(columns["head"], minlength=1)[columns["head"]] if count else np.zeros(0)
    quote = text_words.quote[first] if len(text_words.words) else np.zeros(count, dtype=np.int64)
    tail = [
        opens,
        within.clip(max=6) / 6,
        quote > 0,
        np.log1p(last - first),
        np.log1p(many),
        columns["kind"] != PRONOUN,
        np.full(count, annotated),
    ]
    own[:, OWN - len(tail) :] = np.stack([np.asarray(c, dtype=np.float32) for c in tail], axis=1)
    contents = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, used)), shape=(count, max(len(vocabulary), 1)))
    return Described(
        own=own, first=first, last=last, sentence=sentence, quote=quote, content=contents, size=size,
        words=text_words.lower, order=rank, opens=opens, **columns,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Facts:
    kind: int
    gender: int
    number: int
    person: int
    role: int
    form: int
    head: str
    content: tuple[str, ...]
    flags: list[float]


def kind_of(text: str) -> int:
    """PRONOUN, NAME or NOMINAL, by the words of a mention.

    >>> [kind_of(m) for m in ("herself", "Marie Curie", "the young queen")] == [PRONOUN, NAME, NOMINAL]
    True
    """
    words = WORD.findall(text)
    if not words:
        return NOMINAL
    if len(words) == 1 and words[0].lower() in PRONOUNS:
        return PRONOUN
    inner = [w for w in words[: _head_of([w.lower() for w in words]) + 1] if w.lower() not in FUNCTION_WORDS]
    return NAME if inner and inner[-1][:1].isupper() and words[0].lower() not in OWN_PRONOUNS else NOMINAL


def _head_of(lower: Sequence[str]) -> int:
    """Where a phrase's head word stands: the last word before a preposition, a relative pronoun or a comma."""
    for i, word in enumerate(lower):
        if i and (word in PREPOSITIONS or word in {",", "who", "which", "that", "whom", "whose", "where", "(", "-", "--"}):
            return i - 1
    return len(lower) - 1 - (len(lower) > 1 and lower[-1] in {"'s", "’s", "'", "’"})


def _facts(text: _Words, first: int, last: int) -> _Facts:
    words, lower = text.words[first : last + 1], text.lower[first : last + 1]
    if not words:
        return _Facts(NOMINAL, UNKNOWN, EITHER, 3, OTHER, len(FORMS), "", (), [])
    place = _head_of(lower)
    head = lower[place]
    kind = kind_of(" ".join(words))
    pronoun = PRONOUNS[head] if kind == PRONOUN else None
    before = text.lower[first - 1] if first and text.sentence[first - 1] == text.sentence[first] else ""
    after = text.lower[last + 1] if last + 1 < len(text.lower) and text.sentence[last + 1] == text.sentence[first] else ""
    gender, number = _agreement(kind, lower, head, pronoun)
    form = FORMS.index(pronoun.form) if pronoun else len(FORMS)
    if pronoun and head == "her" and (not after.isalpha() or after in PREPOSITIONS or after in FUNCTION_WORDS):
        form = FORMS.index("object")
    role = _role(form, before, after, lower[-1])
    content = tuple(w for w in lower if w[0].isalnum() and w not in FUNCTION_WORDS and w not in OWN_PRONOUNS)
    determiner = DETERMINERS.get(lower[0], 3 if lower[0] in OWN_PRONOUNS and kind != PRONOUN else 4)
    group = ("he", "she", "it", "they", "i", "you", "we", "who", "this")
    flags = [
        *_one_hot(kind, 3), *_one_hot(gender, 4), *_one_hot(number, 3), *_one_hot((pronoun.person if pronoun else 0), 4),
        *_one_hot(form, len(FORMS) + 1), *_one_hot(determiner, 5), *_one_hot(role, 4),
        *(float(pronoun is not None and pronoun.group == g) for g in group),
        float(before in PREPOSITIONS), float(before == "and"), float(before == ","), float(before == ""), float(after == ","),
        float(after == "and"), float(after in PREPOSITIONS), float(after in {"'s", "’s", "'"}), float(verb_like(after)),
        float("and" in lower),
    ]  # fmt: skip
    return _Facts(kind, gender, number, pronoun.person if pronoun else 3, role, form, head, content, flags)


def _one_hot(index: int, size: int) -> list[float]:
    return [float(i == index) for i in range(size)]


def _agreement(kind: int, lower: Sequence[str], head: str, pronoun: Pronoun | None) -> tuple[int, int]:
    """Gender and number."""
    if pronoun is not None:
        number = {"he": SINGULAR, "she": SINGULAR, "it": SINGULAR, "i": SINGULAR, "they": PLURAL, "we": PLURAL}.get(pronoun.group, EITHER)
        return {"he": MASCULINE, "she": FEMININE, "it": NEUTER}.get(pronoun.group, UNKNOWN), number
    number = SINGULAR if kind == NAME else (PLURAL if re.search(r"(?<![sui])s$|(?:people|men|children)$", head) else SINGULAR)
    if "and" in lower or lower[0] in {"these", "those", "both", "two", "three", "many", "several"}:
        number = PLURAL
    for word in lower if kind == NAME else [head]:
        if word in MALE or (kind == NAME and HONORIFIC_WORDS.get(word) == "m"):
            return MASCULINE, number
        if word in FEMALE or (kind == NAME and HONORIFIC_WORDS.get(word) == "f"):
            return FEMININE, number
    return UNKNOWN, number


def _role(form: int, before: str, after: str, final: str) -> int:
    if form == 2 or after in {"'s", "’s"} or final in {"'s", "’s"}:
        return POSSESSOR
    if form == 0 and before not in PREPOSITIONS and (verb_like(after) or after == ""):
        return SUBJECT
    if form == 1 or before in PREPOSITIONS:
        return OBJECT
    if verb_like(after) or after in AUXILIARIES:
        return SUBJECT
    return OBJECT if verb_like(before) else OTHER


def pair_features(mentions: Described, left: Ints, right: Ints) -> Floats:
    """What is known of pairs, (pairs, PAIR): ``left`` are candidates, ``right`` mentions that may refer back to them; indices (pairs,)."""
    m = mentions
    a, b = left, right
    both_lexical = (m.kind[a] != PRONOUN) & (m.kind[b] != PRONOUN)
    both_pronoun = (m.kind[a] == PRONOUN) & (m.kind[b] == PRONOUN)
    overlap = np.asarray(m.content[a].multiply(m.content[b]).sum(axis=1)).ravel() if len(a) else np.zeros(0)
    exact, head = (m.key[a] == m.key[b]), (m.head[a] == m.head[b])
    names = (m.kind[a] == NAME) & (m.kind[b] == NAME)
    known = (m.gender[a] != UNKNOWN) & (m.gender[b] != UNKNOWN)
    agree = known & (m.gender[a] == m.gender[b])
    counted = (m.number[a] != EITHER) & (m.number[b] != EITHER)
    same_number = counted & (m.number[a] == m.number[b])
    same_person = m.person[a] == m.person[b]
    sentences = m.sentence[b] - m.sentence[a]
    words = m.first[b] - m.last[a]
    steps = m.order[b] - m.order[a]
    nested = (m.first[a] <= m.last[b]) & (m.first[b] <= m.last[a])
    between = _rivals(m, a, b)
    size = len(m.words)
    following = np.array([m.words[i + 1] if i + 1 < size else "" for i in m.last], dtype=object)
    comma = (following == ",")[a] & (m.first[b] == m.last[a] + 2)
    linking = np.array([w in LINKING_VERBS for w in following], dtype=bool)[a] & (words > 1) & (words <= 3)
    conjoined = (following == "and")[a] & (m.first[b] == m.last[a] + 2)
    here = sentences == 0
    quoted = (m.quote[a] > 0, m.quote[b] > 0)
    later = words < 0
    columns = [
        exact & both_lexical, head & both_lexical, (overlap > 0) & both_lexical,
        overlap >= m.size[b].clip(min=1), overlap >= m.size[a].clip(min=1),
        names & exact, names & (overlap > 0), names & (overlap == 0), names & head, (m.kind[a] == NOMINAL) & (m.kind[b] == NOMINAL) & head,
        (m.kind[a] == NOMINAL) & (m.kind[b] == NOMINAL) & ~head, (m.kind[a] == NAME) & (m.kind[b] == NOMINAL),
        (m.kind[a] == NAME) & (m.kind[b] == PRONOUN), (m.kind[a] == NOMINAL) & (m.kind[b] == PRONOUN), both_pronoun,
        both_pronoun & head, agree, known & ~agree, ~known, same_number, counted & ~same_number, same_person,
        both_pronoun & same_person & agree, both_pronoun & ~same_person,
        quoted[0] & quoted[1] & (m.quote[a] == m.quote[b]), quoted[0] & ~quoted[1], ~quoted[0] & quoted[1],
        quoted[0] & quoted[1] & (m.quote[a] != m.quote[b]), both_pronoun & ~quoted[0] & ~quoted[1],
        here, sentences == 1, sentences == 2, (sentences > 2) & (sentences < 5), (sentences > 4) & (sentences < 9), sentences > 8,
        np.log1p(np.abs(sentences)) / 3, np.log1p(np.abs(words)) / 5, np.log1p(np.abs(steps)) / 4, steps == 1, steps == 2, steps == 3,
        between == 0, between == 1, between == 2, np.log1p(between) / 3, later, nested, m.role[a] == m.role[b],
        (m.role[a] == SUBJECT) & (m.role[b] == SUBJECT), (m.role[a] == OBJECT) & (m.role[b] == OBJECT), m.opens[a] & m.opens[b],
        m.opens[a] & here, m.opens[a] & (sentences == 1), comma, linking, conjoined, (m.form[b] == 3) & here,
        (m.role[b] == POSSESSOR) & here,
        here & (m.role[a] == SUBJECT), (sentences == 1) & (m.role[a] == SUBJECT), (m.role[b] == SUBJECT) & here & (m.role[a] == SUBJECT),
    ]  # fmt: skip
    return np.stack([np.asarray(c, dtype=np.float32) for c in columns], axis=1)


def _rivals(m: Described, a: Ints, b: Ints) -> Ints:
    """How many mentions between two agree with the later one in gender and number."""
    group = m.gender * 3 + m.number
    by_order = np.empty(len(group), dtype=np.int64)
    by_order[m.order] = group
    counts = np.zeros((len(group) + 1, 12), dtype=np.int64)
    np.cumsum(np.eye(12, dtype=np.int64)[by_order], axis=0, out=counts[1:])
    kinds = np.arange(12)
    genders, numbers = kinds // 3, kinds % 3
    fits = (genders[:, None] == genders) | (genders[:, None] == UNKNOWN) | (genders == UNKNOWN)
    fits &= (numbers[:, None] == numbers) | (numbers[:, None] == EITHER) | (numbers == EITHER)
    low, high = np.minimum(m.order[a], m.order[b]), np.maximum(m.order[a], m.order[b])
    inside: Ints = ((counts[high] - counts[low + 1]) * fits[group[b]]).sum(axis=1).clip(min=0)
    return inside
