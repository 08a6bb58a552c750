"""Which cues of a sentence reach the relation of two of its mentions.

A cue reaches what follows it, up to where its clause ends; what counts is the later mention, before which the predicate stands:

    clause    to the later mention, over lists, not into another clause; "not" and its like
    claim     the same, and into the clause that it opens with "that"
    embedded  only a clause that it opens: "said X founded Y", not "said X of Y"; also "X founded Y, Z said"
    noun      the noun phrase that it begins: "the alleged founder of X, Y"
    mention   the mention behind it, and those that "or" adds: "instead of X", ", not X,"
    before    two mentions joined before it: "X and Y ... is disputed", "the claim that X founded Y is false"
    sentence  all of the sentence: "if", "according to"
"""

from __future__ import annotations

from dataclasses import replace

from dovetail.nlp.clauses import LISTING, Mentioned, Sentence
from dovetail.nlp.cues import Cue, Cues

_ARTICLES = frozenset("the a an".split())
_LEAD = frozenset("the a an his her its their by in at to for with from of on at both either".split())
_RELATING = _ARTICLES | LISTING | frozenset("with to of between from for in on , 's both".split())
_BEFORE_CONTRAST = frozenset({",", "(", "-", "—", "–", "and", "but", "or"})
_PREPOSITIONS = frozenset("in on at by to for from of as with during after since that".split())
_RELATIONS = frozenset("with to between from for in on at by as than".split())
_COPULAS = frozenset("is was are were be been being became becomes remains".split())
_NONE_OF_ALL = frozenset("no nobody nothing none neither".split())
_NEAR_END = 8
"""Words between "X founded Y," and "said" or the end of the sentence, at most."""


def reaching(sentence: Sentence, cues: Cues, pair: tuple[Mentioned, Mentioned]) -> list[Cue]:
    """The cues that reach the relation of two mentions, in the order of the text; of one that stands alone in the
    sentence, with its other argument elsewhere, if both are the same.
    """
    found = [cue for cue in sentence.cues if _reaches(sentence, cues, cue, pair)]
    return [seen for cue in found if (seen := _through_complement(sentence, cues, cue, pair[1])) is not None]


def _reaches(s: Sentence, cues: Cues, cue: Cue, pair: tuple[Mentioned, Mentioned]) -> bool:
    first, second = pair
    if cue.scope == "sentence":
        asked = cue.effect == "hypothetical" and any(w in cues.words["asking"] for w in s.words[max(0, cue.start - 2) : cue.start])
        return cue.start < first.start or not asked
    if cue.scope == "mention" or _contrasts(s, cue):
        return any(m in (first, second) for m in _listed_after(s, cue))
    if cue.start >= second.end:
        return _reaches_back(s, cues, cue, pair)
    if cue.scope == "before" or cue.end > second.start:
        return False
    if cue.scope == "noun":
        between = range(first.end, cue.start) if first.end <= cue.start else range(0)
        attributive = s.words[cue.end] not in _PREPOSITIONS  # not "a zone proposed by X"
        settled = attributive and all(not s.verb[i] or s.words[i] in _COPULAS for i in between)
        return settled and not s.has_verb(cue.end, second.start) and s.lets_through(cue.start, second.start)
    if _alone(s, cue):
        return cue.start > first.start or s.part[cue.start] + 1 == s.part[first.start]
    ahead = cue.end <= first.start
    if ahead and first != second and _in_one_phrase(s, cues, pair):
        return False
    listed = not LISTING.isdisjoint(s.words[first.end : second.start])
    if ahead and not listed and "," in s.opens[s.part[first.start] + 1 : s.part[second.start] + 1]:
        return False
    if not s.lets_through(cue.start, second.start, listed=ahead):
        return False
    if cue.scope == "embedded":
        inverted = cue.start > 0 and s.words[cue.start - 1] in (",", '"', "”", "''")
        return not inverted and _opens_clause(s, cue.end, second.start)
    return True


def _reaches_back(s: Sentence, cues: Cues, cue: Cue, pair: tuple[Mentioned, Mentioned]) -> bool:
    """Whether a cue after both mentions reaches them."""
    first, second = pair
    part = s.part[cue.start]
    if first == second:
        return False
    if cue.scope == "embedded":  # "X founded Y, the company said."
        last = s.opens[part] == "," and s.part[second.start] < part and len(s.words) - s.first[part] <= _NEAR_END
        return last and not s.has_verb(cue.end, len(s.words)) and (cue.start == s.first[part] or not _word_at(s, cue.end))
    if _alone(s, cue):
        return s.part[second.start] + 1 == part and part + 1 == len(s.opens)
    if cue.scope in ("noun", "mention") or any(s.mention[i] >= 0 for i in range(second.end, cue.start)):
        return False
    if not s.lets_through(second.start, cue.start):
        return False
    gap = s.words[first.end : second.start]
    coordinated = bool(gap) and set(gap) <= _ARTICLES | LISTING | {","} and not LISTING.isdisjoint(gap)
    named = any(w in cues.words["proposition"] for w in s.words[: first.start])
    return coordinated or (named and (cue.scope == "before" or set(gap) <= _RELATING))


def _in_one_phrase(s: Sentence, cues: Cues, pair: tuple[Mentioned, Mentioned]) -> bool:
    """Whether a noun phrase joins the two, which a sentence presupposes: "did not meet X's founder Y", "Y, founder of X"."""
    first, second = pair
    gap = s.words[first.end : second.start]
    if s.has_verb(first.end, second.start) or not (LISTING | _RELATIONS).isdisjoint(gap):
        return False
    return not any(word in cues.words["proposition"] for word in s.words[: first.start])


def _contrasts(s: Sentence, cue: Cue) -> bool:
    """Whether a bare negation denies a mention and no clause: "X, not Y, founded Z"."""
    if cue.effect != "negated" or cue.scope != "clause" or s.words[cue.start] != "not":
        return False
    before = s.words[cue.start - 1] if cue.start else ","
    at = cue.end
    while at < len(s.words) and s.words[at] in _LEAD:
        at += 1
    return before in _BEFORE_CONTRAST and at < len(s.words) and s.mention[at] >= 0


def _listed_after(s: Sentence, cue: Cue) -> list[Mentioned]:
    """The mentions behind a cue up to the next verb or clause; behind a bare "not", the first and those that "or" adds."""
    found: list[Mentioned] = []
    at = cue.end
    while at < len(s.words) and not s.verb[at] and s.lets_through(cue.start, at):
        number = s.mention[at]
        if number >= 0:
            if found and cue.scope != "mention" and not any(w in ("or", "nor") for w in s.words[found[-1].end : at]):
                break
            found.append(s.mentions[number])
            at = s.mentions[number].end
        elif s.words[at] == "," and found and cue.scope == "mention":
            break
        else:
            at += 1
    return found


def _alone(s: Sentence, cue: Cue) -> bool:
    """Whether a cue is all of its part, between commas."""
    part = s.part[cue.start]
    rest = [i for i in range(s.first[part], s.part_end(part)) if not cue.start <= i < cue.end]
    return all(not s.words[i][0].isalnum() or s.words[i] in ("most", "very", "quite") for i in rest) and len(s.opens) > 1


def _word_at(s: Sentence, at: int) -> bool:
    return at < len(s.words) and s.words[at][0].isalnum()


def _opens_clause(s: Sentence, start: int, end: int) -> bool:
    return s.has_verb(start, end) or "that" in s.opens[s.part[start - 1] + 1 : s.part[end] + 1]


def _through_complement(s: Sentence, cues: Cues, cue: Cue, second: Mentioned) -> Cue | None:
    """What a bare negation makes of the clause that its verb opens.

    "Did not know that" leaves it as it is, "did not think that" denies it, "did not say that" leaves it open.
    """
    if cue.effect != "negated" or cue.scope != "clause" or cue.end > second.start:
        return cue
    if any(c.start - cue.end in (0, 1) and (c.effect == "implicative" or (c.effect, c.scope) == ("negated", "claim")) for c in s.cues):
        return cue  # the two undo each other
    for at in range(cue.end, second.start):
        word = s.words[at]
        factive, raising = word in cues.words["factive"], word in cues.words["raising"]
        told = any(c.start == at and c.scope == "embedded" for c in s.cues)
        if (factive or raising or told) and _opens_clause(s, at + 1, second.start):
            return cue if raising else None if factive else replace(cue, effect="possible")
    if "that" in s.opens[s.part[cue.start] + 1 : s.part[second.start] + 1] and s.words[cue.start] not in _NONE_OF_ALL:
        return None
    return cue
