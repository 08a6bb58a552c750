"""`dovetail labels suggest`: types and relations that a corpus speaks of, as a catalogue to edit and build with.

Types come from two sides. Names with like vectors form a group, called by what the text itself calls its members (see hypernyms) where
it says so often enough, and by the nearest name of the catalogue or of a list of type names elsewhere. And what the text calls several
things is a type of its own. Relations are the wordings that stand between mentions of like types (see suggest_relations).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from dovetail.kg.names import iri_part
from dovetail.models.extraction import Extractor
from dovetail.nlp.adapt.clusters import cluster, unit
from dovetail.nlp.adapt.hypernyms import type_names
from dovetail.nlp.adapt.survey import Seen, Survey
from dovetail.nlp.catalogue import Catalogue, EntityType
from dovetail.nlp.coreference import normal_name

Vector = npt.NDArray[np.float32]

NAMES = 4000
"""Names that are grouped at most, the most frequent ones."""

SAID = 0.2
"""Share of a group's names that the text must call something for the group to be called so, among those that it calls anything."""

CATALOGUE_BONUS = 1.5
"""Logits by which another name must fit a group better than those of the catalogue, which have descriptions and are known to work."""

KNOWN_COSINE = 0.9
"""Likeness of two label texts from which they count as one."""


@dataclass(frozen=True, slots=True)
class Example:
    """A mention in its sentence: characters [start, end) of ``sentence``, which is of ``document``."""

    text: str
    sentence: str
    start: int
    end: int
    document: str


@dataclass(frozen=True, slots=True)
class ProposedType:
    """A type of entity. ``names`` different names were mentioned ``mentions`` times in ``documents`` documents.

    ``catalogue``: the key of the type that the catalogue has for it, or None; ``nearest``: the key of the likest one. ``said``: how many of
    the names the text calls so.
    """

    key: str
    name: str
    kind: str
    description: str
    names: int
    mentions: int
    documents: int
    said: int
    catalogue: str | None
    nearest: str | None
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class _Named:
    """A name of the corpus: where it is mentioned, its unit vector, and how often the text calls it what."""

    name: str
    mentions: tuple[int, ...]
    vector: Vector
    called: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Types:
    """Proposals, the most frequent first, and for every mention of the survey the proposal that it belongs to, or -1."""

    proposals: tuple[ProposedType, ...]
    of_mention: tuple[int, ...]


class LabelNames:
    """Names that types may have, as vectors: the catalogue's, the packaged list's, and what the text says."""

    def __init__(self, catalogue: Catalogue, said: Iterable[str], extractor: Extractor) -> None:
        self.catalogue = catalogue
        known: dict[str, tuple[str, str]] = {e.name: (e.description, e.kind) for e in catalogue.entities}
        for name, kind in type_names().items():
            known.setdefault(name, ("", kind))
        for name in sorted(set(said)):
            known.setdefault(name, ("", ""))
        self.names = list(known)
        self.kinds = [kind for _, kind in known.values()]
        self.index = {name: i for i, name in enumerate(self.names)}
        self.labels = extractor.labels([(name, description) for name, (description, _) in known.items()])
        self.plain: Vector = np.asarray(extractor.labels([(name, "") for name in known]).vectors.float().numpy())
        self.plain /= np.maximum(np.linalg.norm(self.plain, axis=1, keepdims=True), 1e-6)
        self.extractor = extractor
        self.entries = {e.name: e for e in catalogue.entities}
        self.positions = [self.index[e.name] for e in catalogue.entities]

    def fit(self, vectors: Vector) -> Vector:
        """How well each name fits unit type vectors (n, dim): logits (n, names)."""
        with torch.inference_mode():
            wanted = torch.from_numpy(vectors).to(self.labels.vectors.dtype)
            logits = self.extractor.type_logits(wanted, self.labels).float()
            logits[:, self.positions] += CATALOGUE_BONUS
            return np.asarray(logits.numpy())

    def nearest(self, name: str) -> tuple[EntityType | None, float]:
        """The catalogue's type with the likest name, and the cosine."""
        if not self.positions:
            return None, 0.0
        likeness = self.plain[self.positions] @ self.plain[self.index[name]]
        best = int(np.argmax(likeness))
        return self.catalogue.entities[best], float(likeness[best])


def propose_types(found: Survey, extractor: Extractor, catalogue: Catalogue, *, least: int = 3) -> Types:
    """Types with ``least`` different names or more."""
    named = _names_of(found)
    called = Counter(noun for each in named for noun in each.called)
    said = [noun for noun, count in called.items() if count >= least and (noun in type_names() or count >= 2 * least)]
    names = LabelNames(catalogue, said, extractor)
    frequent = named[:NAMES]
    vectors = np.stack([each.vector for each in frequent]) if frequent else np.zeros((0, 1), dtype=np.float32)
    weights = np.array([len(each.mentions) for each in frequent], dtype=np.float32)
    groups = cluster(vectors, np.log1p(weights), groups=int(min(48, max(6, len(frequent) ** 0.5))))
    members: dict[str, list[_Named]] = defaultdict(list)
    for group in range(int(groups.max()) + 1 if len(groups) else 0):
        inside = [frequent[i] for i in np.flatnonzero(groups == group).tolist()]
        members[_name_group(inside, names, least)] += inside
    of_text: dict[str, list[_Named]] = {
        noun: [each for each in named if _calls(each, noun)] for noun in sorted(said) if noun not in members
    }
    proposals = []
    owners: dict[str, str] = {}  # a name of the corpus -> the key of its type; groups first, those of the text for the names left over
    for name, group_members in members.items():
        if len(group_members) >= least:
            proposals.append(_proposal(name, group_members, found, names))
            owners.update((each.name, proposals[-1].key) for each in group_members)
    for noun, called_so in of_text.items():
        if len(called_so) >= least:
            proposals.append(_proposal(noun, called_so, found, names))
            for one in called_so:
                owners.setdefault(one.name, proposals[-1].key)
    unique: dict[str, ProposedType] = {}
    for proposal in sorted(proposals, key=lambda p: (-p.mentions, p.name)):
        unique.setdefault(proposal.key, proposal)
    rank = {key: i for i, key in enumerate(unique)}
    of_mention = [-1] * len(found.mentions)
    for each in named:
        for mention in each.mentions:
            of_mention[mention] = rank.get(owners.get(each.name, ""), -1)
    return Types(tuple(unique.values()), tuple(of_mention))


def _calls(named: _Named, noun: str) -> bool:
    """Whether the text calls it so, mostly."""
    return named.called.get(noun, 0) * 2 >= max(named.called.values(), default=1)


def _names_of(found: Survey) -> list[_Named]:
    """The names of a survey, the most frequent first."""
    at: dict[str, list[int]] = defaultdict(list)
    for i, mention in enumerate(found.mentions):
        at[normal_name(mention.text) or mention.text].append(i)
    called: dict[int, list[str]] = defaultdict(list)
    for naming in found.namings:
        called[naming.mention].append(naming.compound if naming.compound in type_names() else naming.noun)
    return [
        _Named(
            name,
            tuple(places),
            unit(np.mean([found.mentions[i].vector for i in places], axis=0)),
            Counter(n for i in places for n in called[i]),
        )
        for name, places in sorted(at.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _name_group(members: Sequence[_Named], names: LabelNames, least: int) -> str:
    """What the text calls most of a group, where it calls enough of them so; otherwise the name whose vector fits best."""
    fits = names.fit(unit(np.sum([m.vector for m in members], axis=0))[None, :])[0]
    counts = Counter(noun for m in members for noun in m.called)
    speaking = sum(1 for m in members if m.called)
    candidates = {noun: n / speaking for noun, n in counts.items() if n >= least and n / speaking >= SAID and noun in names.index}
    if candidates:
        return max(sorted(candidates), key=lambda noun: candidates[noun] * 4.0 + float(fits[names.index[noun]]))
    return names.names[int(np.argmax(fits))]


def _proposal(name: str, members: Sequence[_Named], found: Survey, names: LabelNames) -> ProposedType:
    mentions = sorted(i for m in members for i in m.mentions)
    nearest, cosine = names.nearest(name)
    same = names.entries.get(name) or (nearest if cosine >= KNOWN_COSINE else None)
    kinds = Counter(names.catalogue.entities[found.mentions[i].type].kind for i in mentions if found.mentions[i].type >= 0)
    listed = names.kinds[names.index[name]]
    kind = same.kind if same else listed or (kinds.most_common(1)[0][0] if kinds else iri_part(name))
    examples = _examples(members, found)
    description = same.description if same else described(name, [example.text for example in examples])
    return ProposedType(
        key=same.key if same else iri_part(name.lower().replace("-", " ")),
        name=same.name if same else name,
        kind=kind,
        description=description,
        names=len(members),
        mentions=len(mentions),
        documents=len({found.mentions[i].document for i in mentions}),
        said=sum(1 for m in members if name in m.called),
        catalogue=same.key if same else None,
        nearest=nearest.key if nearest else None,
        examples=examples,
    )


def described(name: str, examples: Sequence[str]) -> str:
    """A description to begin with, made of a name and examples.

    >>> described("ocean", ["Pacific", "Atlantic"])
    'An ocean, such as Pacific or Atlantic.'
    """
    article = "An" if name[:1].lower() in "aeiou" else "A"
    return f"{article} {name}, such as {' or '.join(examples[:2])}." if examples else f"{article} {name}."


def _examples(members: Sequence[_Named], found: Survey) -> tuple[Example, ...]:
    """A mention each of three members, the middle ones by likeness to all, so that they are typical."""
    centre = unit(np.sum([m.vector for m in members], axis=0))
    typical = sorted(members, key=lambda m: (-round(float(m.vector @ centre) * np.log1p(len(m.mentions)), 4), m.name))[:3]
    return tuple(example_of(found.mentions[min(m.mentions, key=lambda i: (-found.mentions[i].confidence, i))]) for m in typical)


def example_of(seen: Seen) -> Example:
    """A mention as an example."""
    return Example(seen.text, seen.sentence, seen.start, seen.end, seen.document)
