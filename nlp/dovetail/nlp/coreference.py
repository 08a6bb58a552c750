"""Mentions of one thing within a document: the spaCy component ``dovetail_coreference`` fills ``Doc._.clusters``.

First a cascade of precise rules on names, in the spirit of Lee et al., Deterministic coreference (CL 2013): the same name, where "Welsh"
is Wales; an acronym of a name; part of a person's name; the distinctive part of an organisation's name. A short name that fits two long
ones seen before it stays on its own. The title of the document counts as a name. Then pronouns and definite nominals join the clusters of
names that a trained scorer is sure of (``references.py``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from spacy.tokens import Doc, Span

import dovetail.nlp.mentions  # noqa: F401  # it registers Span._.confidence
from dovetail.models.demonyms import Place, demonyms

if not Doc.has_extension("clusters"):
    Doc.set_extension("clusters", default=None)

HONORIFICS = frozenset("mr mrs ms dr prof professor sir dame lord lady st saint king queen president general captain pope".split())
COMPANY_WORDS = frozenset("inc incorporated ltd limited corp corporation co company plc gmbh ag sa llc group".split())


@dataclass(frozen=True, slots=True)
class Cluster:
    """Mentions of one thing. ``name`` is its fullest name; ``label`` the type that its mentions together favour.

    ``mentions`` are names; ``references`` are pronouns and nominals that stand for it, which name nothing.
    """

    name: str
    label: str
    kind: str
    mentions: tuple[Span, ...]
    is_title: bool
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A pronoun or nominal, and the probability that it stands for its cluster."""

    span: Span
    confidence: float


def normal_name(name: str) -> str:
    """A name for comparison: no case, diacritics, leading article, possessive or surrounding punctuation.

    >>> normal_name("The Université  de Paris's")
    'universite de paris'
    """
    text = unicodedata.normalize("NFKD", name)
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    text = re.sub(r"['’]s$|^(the|a|an)\s+", "", re.sub(r"\s+", " ", text).strip())
    return re.sub(r"^(the|a|an)\s+", "", text).strip(" .,;:'\"()[]“”‘’")


def plain_title(title: str) -> str:
    """A title without the parenthesis that tells namesakes apart.

    >>> plain_title("Mercury (planet)")
    'Mercury'
    """
    return re.sub(r"\s*\([^()]*\)\s*$", "", title).strip() or title


def clusters_of(mentions: Sequence[Span], title: str, kinds: dict[str, str]) -> list[Cluster]:
    """Clusters in the order of their first mentions. ``kinds`` maps types to coarse kinds."""
    by_name: dict[str, list[Span]] = {}
    places: dict[str, Place] = {}
    for mention in mentions:
        place = _place_of(mention, kinds)
        name = normal_name(place.name if place else mention.text) or mention.text
        by_name.setdefault(name, []).append(mention)
        if place:
            places[name] = place
    votes = {name: _favoured(spans) for name, spans in by_name.items()}
    kind_of = {name: kinds.get(label, label) for name, label in votes.items()}
    title_name = normal_name(title)
    names = list(by_name)
    if title_name and title_name not in by_name:
        names.append(title_name)
    surfaces = {name: spans[0].text for name, spans in by_name.items()}
    surfaces.setdefault(title_name, title)
    first = {name: spans[0].start_char for name, spans in by_name.items()} | {title_name: -1}
    parent: dict[str, str] = {}
    alike = _Alike(names, surfaces)
    for name in by_name:
        kind = kind_of[name]
        same_kind = [o for o in alike.to(name) if kind_of.get(o, kind) == kind]
        for fits in RULES:
            longer = [o for o in same_kind if fits(name, o, kind, surfaces)]
            longer = [o for o in longer if not any(_within(o, other) for other in longer)]
            before = [o for o in longer if first[o] < first[name]]
            if len(before or longer) == 1:
                parent[name] = (before or longer)[0]
                break
    groups: dict[str, list[str]] = {}
    for name in by_name:
        groups.setdefault(_root(name, parent), []).append(name)
    clusters = []
    for root, members in groups.items():
        spans = sorted((s for m in members for s in by_name[m]), key=lambda s: s.start_char)
        place = places.get(root)
        fullest = title if root == title_name else place.name if place else _best_surface(by_name[root])
        label = place.type if place and place.type in kinds else _favoured(spans)
        clusters.append(Cluster(fullest, label, kinds.get(label, label), tuple(spans), root == title_name))
    return sorted(clusters, key=lambda c: c.mentions[0].start_char)


def _place_of(mention: Span, kinds: Mapping[str, str]) -> Place | None:
    """The place whose demonym a mention is, where it is taken for a place, or for a nationality of a country that could be named."""
    place = demonyms().get(clean_surface(mention.text))
    if place and (kinds.get(mention.label_) == "place" or (mention.label_ == "nationality" and place.type in kinds)):
        return place
    return None


def with_references(clusters: Sequence[Cluster], references: Mapping[int, Sequence[Reference]]) -> list[Cluster]:
    """The clusters with the references of each, by its index."""
    return [replace(cluster, references=tuple(references.get(i, ()))) for i, cluster in enumerate(clusters)]


class _Alike:
    """Names by their words and initials: whatever a rule joins shares one of them, so that not all pairs need be tried."""

    def __init__(self, names: Sequence[str], surfaces: Mapping[str, str]) -> None:
        self._surfaces = surfaces
        self._place = {name: i for i, name in enumerate(names)}
        self._by_word: dict[str, list[str]] = {}
        self._by_initials: dict[str, list[str]] = {}
        for name in names:
            for word in _words(name):
                self._by_word.setdefault(word, []).append(name)
            self._by_initials.setdefault(_initials_of(surfaces[name]), []).append(name)

    def to(self, name: str) -> list[str]:
        """The other names that share a word with ``name``, or are what it abbreviates, in their order."""
        found = {o for word in _words(name) for o in self._by_word[word]}
        found.update(self._by_initials.get(self._surfaces[name].replace(".", ""), ()))
        return sorted(found - {name}, key=self._place.__getitem__)


def _words(name: str) -> set[str]:
    return {w.strip(".,") for w in [*name.split(), *name.replace(".", " ").split()]}


def _initials_of(surface: str) -> str:
    return "".join(w[0] for w in re.split(r"[\s\-]+", surface) if w[:1].isupper())


def _favoured(spans: Sequence[Span]) -> str:
    """The type with the most confidence over all mentions; ties go to the name first in the alphabet."""
    weight: dict[str, float] = {}
    for span in spans:
        weight[span.label_] = weight.get(span.label_, 0.0) + float(span._.confidence)
    return min(weight, key=lambda label: (-round(weight[label], 6), label))


def _best_surface(spans: Sequence[Span]) -> str:
    """The commonest way the name is written, cleaned; the first in the alphabet among equals."""
    counts: dict[str, int] = {}
    for span in spans:
        surface = clean_surface(span.text)
        counts[surface] = counts.get(surface, 0) + 1
    return min(counts, key=lambda s: (-counts[s], s))


def clean_surface(text: str) -> str:
    """A name as it is shown: one line, no leading article, no possessive, no hyphen of a compound.

    >>> clean_surface("the Normans'")
    'Normans'
    """
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"^(?:[Tt]he|[Aa]n?)\s+(?=\S)|['’]s?$|[-–—]$", "", text).strip() or text


def _root(name: str, parent: dict[str, str]) -> str:
    seen = {name}
    while name in parent and parent[name] not in seen:
        name = parent[name]
        seen.add(name)
    return name


def _within(short: str, long: str) -> bool:
    """Whether the words of one name all stand in a longer one."""
    return len(short) < len(long) and set(short.split()) <= set(long.split())


def _acronym(short: str, long: str, kind: str, surfaces: dict[str, str]) -> bool:
    """WHO: World Health Organization."""
    letters = surfaces[short].replace(".", "")
    return letters.isupper() and 2 <= len(letters) <= 8 and _initials_of(surfaces[long]) == letters


def _part_of_person(short: str, long: str, kind: str, surfaces: dict[str, str]) -> bool:
    """Curie, M. Curie or Madame Curie: Marie Curie."""
    if kind != "person":
        return False
    few = [w for w in short.replace(".", " ").split() if w not in HONORIFICS]
    many = [w for w in long.replace(".", " ").split() if w not in HONORIFICS] or [""]
    if len(few) < 2:
        return bool(few) and few[0] in (many[0], many[-1])
    return few[-1] == many[-1] and len(few) <= len(many) and (few == many[-len(few) :] or few[0] == many[0] or _initials(few[0], many[0]))


def _initials(short: str, long: str) -> bool:
    return len(short) == 1 and long.startswith(short)


def _part_of_organisation(short: str, long: str, kind: str, surfaces: dict[str, str]) -> bool:
    """Apple: Apple Inc.; Broncos: Denver Broncos."""
    if kind != "organisation":
        return False
    few, many = short.split(), [w.strip(".,") for w in long.split()]
    if not few or len(few) >= len(many):
        return False
    return many[-len(few) :] == few or (many[: len(few)] == few and set(many[len(few) :]) <= COMPANY_WORDS)


RULES: tuple[Callable[[str, str, str, dict[str, str]], bool], ...] = (_acronym, _part_of_person, _part_of_organisation)
"""Tried in this order: (short name, long name, kind, how each name is written) -> whether the short one stands for the long one."""
