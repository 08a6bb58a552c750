"""Relations that a corpus speaks of: wordings that often stand between mentions of like types, with their nearest in the catalogue.

Open information extraction in the manner of ReVerb (Fader, Soderland & Etzioni, EMNLP 2011): a relation is a phrase with a verb or a noun
in it, seen with several different pairs. Wordings of like meaning between the same kinds are one relation, called by the commonest.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dovetail.kg.names import iri_part
from dovetail.models.extraction import Extractor
from dovetail.nlp.adapt.clusters import unit
from dovetail.nlp.adapt.suggest import Example, Types, example_of
from dovetail.nlp.adapt.survey import SeenPair, Survey
from dovetail.nlp.catalogue import Catalogue, RelationType

Vector = npt.NDArray[np.float32]

ALIKE = 0.8
"""Cosine from which two wordings between the same kinds are one relation."""

KNOWN = 0.5
"""Mean confidence of a relation of the catalogue from which it counts as the one that is meant."""

LONGEST = 5
"""Words of a wording."""

MOST = 3000
"""Wordings that are compared at most, each with the kinds of its ends."""

Kinds: TypeAlias = tuple[str, str]
"""The kinds of a head and of a tail."""

_DROPPED = frozenset("a an the also then later now still first both once again only just has have had been being his her its their".split())
_BEING = frozenset("is was are were be become became becomes".split())
_RELATIVE = re.compile(r"^\s*,?\s*(?:who|which|that)\s+")
_ASIDE = re.compile(r"^\s*,\s[^,.;:()]{1,80},\s")
_APPOSITION = re.compile(r"^\s*,\s*(?:an?|the)\s+")
_VERBS = frozenset(
    "beat became began bought broke brought built came chose drew fell fought found gave grew held knew led left lost made met ran rose "
    "sang saw sent sold sought spent spoke stood taught told took went won wrote".split()
)
"""Common verbs whose past has no ending."""

_FUNCTION = frozenset(
    "of in on at by to for from with as into and or but near between under over after before during until since through against within "
    "than via per about is was are were be it he she they s".split()
)
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class ProposedRelation:
    """A relation. ``pairs`` different pairs were seen ``times`` times; ``wordings``: the commonest first.

    ``domain`` and ``range``: keys of types. ``catalogue``: the key of the relation that the catalogue has for it, or None; ``nearest``: the
    key of the likest one and its mean ``likeness``, a confidence.
    """

    key: str
    name: str
    description: str
    domain: tuple[str, ...]
    range: tuple[str, ...]
    pairs: int
    times: int
    wordings: tuple[str, ...]
    catalogue: str | None
    nearest: str | None
    likeness: float
    examples: tuple[tuple[Example, Example], ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A pair with its wording as it stands in the text, as it is compared, and the types of its ends."""

    pair: SeenPair
    wording: str
    core: str
    types: tuple[int, int]


def wording_of(between: str) -> tuple[str, str] | None:
    """What stands between two mentions, as a wording and as the core that is compared; None where it is no relation.

    >>> wording_of(" was also born in the ")
    ('was born in', 'born in')
    >>> wording_of(", who is the founder of ")
    ('is founder of', 'founder of')
    >>> wording_of(" and ") is None
    True
    """
    text = _APPOSITION.sub(" is ", _RELATIVE.sub(" ", _ASIDE.sub(" ", between)))
    if not text.strip() or text.strip() != text.strip(" ,;:()[]\"'“”‘’-–—.?!"):
        return None
    words = text.split()
    if not all(_WORD.fullmatch(word) for word in words):  # a name, a number or a punctuation mark comes between
        return None
    kept = [word for word in words if word not in _DROPPED and not (word.endswith("ly") and len(word) > 4)]
    if not kept or not (kept[0] in _BEING | _FUNCTION | _VERBS or kept[0].endswith(("ed", "s"))):
        return None  # "French painter X": what comes first belongs to the second mention
    core = [word for word in kept if word not in _BEING]
    if not 0 < len(core) <= LONGEST or core[0] in {"and", "or", "but"} or all(word in _FUNCTION for word in core):
        return None
    if any(word in {"and", "or", "but", "who", "which", "that", "he", "she", "they", "it"} for word in core):
        return None
    return " ".join(kept), " ".join(core)


def propose_relations(
    found: Survey, types: Types, extractor: Extractor, catalogue: Catalogue, *, least: int = 3
) -> tuple[ProposedRelation, ...]:
    """Relations with ``least`` different pairs or more, the most frequent first."""
    kinds = [proposal.kind for proposal in types.proposals]
    groups: dict[tuple[Kinds, str], list[_Seen]] = defaultdict(list)
    for pair in found.pairs:
        head, tail = found.mentions[pair.head], found.mentions[pair.tail]
        words = wording_of(head.sentence[head.end : tail.start])
        ends = types.of_mention[pair.head], types.of_mention[pair.tail]
        if words is not None and min(ends) >= 0:
            groups[((kinds[ends[0]], kinds[ends[1]]), words[1])].append(_Seen(pair, *words, ends))
    order = sorted(groups, key=lambda key: (-len(groups[key]), key[1], key[0]))
    merged = _merge(order[:MOST], groups, extractor)
    by_core: dict[str, list[list[_Seen]]] = defaultdict(list)
    for group in merged:
        by_core[Counter(s.core for s in group).most_common(1)[0][0]].append(group)
    proposals = []
    for core, parts in by_core.items():
        seen = [s for part in parts for s in part]
        if len({_names(found, s) for s in seen}) >= least:
            proposals.append(_proposal(core, seen, found, types, catalogue))
    unique: dict[str, ProposedRelation] = {}
    for proposal in sorted(proposals, key=lambda p: (-p.pairs, p.name)):
        unique.setdefault(proposal.key, proposal)
    return tuple(unique.values())


def _merge(keys: Sequence[tuple[Kinds, str]], groups: dict[tuple[Kinds, str], list[_Seen]], extractor: Extractor) -> list[list[_Seen]]:
    """Groups of like wording between the same kinds joined to the most frequent one."""
    cores = sorted({core for _, core in keys})
    vectors = dict(zip(cores, extractor.text.encode(cores), strict=True)) if cores else {}
    leaders: dict[Kinds, list[tuple[Vector, list[_Seen]]]] = defaultdict(list)
    merged: list[list[_Seen]] = []
    for ends, core in keys:
        vector = unit(vectors[core])
        near = [(float(vector @ leader), members) for leader, members in leaders[ends]]
        best = max(near, key=lambda pair: pair[0], default=(0.0, []))
        if best[0] >= ALIKE:
            best[1].extend(groups[(ends, core)])
        else:
            merged.append(list(groups[(ends, core)]))
            leaders[ends].append((vector, merged[-1]))
    return merged


def _names(found: Survey, seen: _Seen) -> tuple[str, str]:
    return found.mentions[seen.pair.head].text, found.mentions[seen.pair.tail].text


def _proposal(core: str, seen: Sequence[_Seen], found: Survey, types: Types, catalogue: Catalogue) -> ProposedRelation:
    wordings = [wording for wording, _ in sorted(Counter(s.wording for s in seen).items(), key=lambda item: (-item[1], item[0]))]
    likely = np.mean([s.pair.relations for s in seen], axis=0)
    best = int(np.argmax(likely)) if len(likely) else -1
    nearest: RelationType | None = catalogue.relations[best] if best >= 0 else None
    likeness = float(likely[best]) if best >= 0 else 0.0
    known = nearest if nearest is not None and likeness >= KNOWN else None
    examples: dict[tuple[str, str], tuple[Example, Example]] = {}
    for s in seen:
        examples.setdefault(_names(found, s), (example_of(found.mentions[s.pair.head]), example_of(found.mentions[s.pair.tail])))
    domain, range_ = (_main([types.proposals[s.types[side]].key for s in seen]) for side in (0, 1))
    return ProposedRelation(
        key=iri_part(core),
        name=core,
        description=f"The head {wordings[0]} the tail.",
        domain=domain,
        range=range_,
        pairs=len(examples),
        times=len(seen),
        wordings=tuple(wordings[:5]),
        catalogue=known.key if known else None,
        nearest=nearest.key if nearest else None,
        likeness=round(likeness, 3),
        examples=tuple(examples.values())[:3],
    )


def _main(keys: Sequence[str]) -> tuple[str, ...]:
    """The commonest keys that together make four fifths."""
    kept: list[str] = []
    share = 0.0
    for key, count in sorted(Counter(keys).items(), key=lambda item: (-item[1], item[0])):
        kept.append(key)
        share += count / len(keys)
        if share >= 0.8:
            break
    return tuple(sorted(kept))
