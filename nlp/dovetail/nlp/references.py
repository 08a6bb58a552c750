"""Which named thing a pronoun or nominal stands for: the spaCy component ``dovetail_coreference`` fills ``Doc._.clusters``.

    names -> clusters (coreference.py) ─┐
    pronouns, nominals (anaphora.py) ───┼─ candidates by kind ─ trained scorer ─ sure enough? -> Cluster.references
    vectors of the encoder pass ────────┘

A mention's chance of standing for a cluster is the sum over the cluster's members among its candidates. What is not sure stays
unresolved: a wrong reference makes a wrong fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from dovetail.models.coreference import CoreferenceModel, load_coreference, mention_vectors, rank
from dovetail.models.coreference_features import FEMININE, MASCULINE, Described, Floats, Ints, Span, describe
from dovetail.nlp.anaphora import Anaphor, find_anaphors, kind_names, refers_back
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.coreference import Cluster, Reference, clusters_of, normal_name, plain_title, with_references
from dovetail.nlp.coreference_candidates import Candidate, compatible_candidates
from dovetail.nlp.mentions import LITERALS, shared_catalogue

PACKAGED = "weights/coreference.safetensors"


@lru_cache(maxsize=2)
def shared_coreference(weights: str | None = None) -> CoreferenceModel:
    """The scorer, loaded once in a process; the packaged one unless ``weights`` names a file."""
    if weights is not None:
        return load_coreference(Path(weights))
    with as_file(files("dovetail.data").joinpath(PACKAGED)) as packaged:
        return load_coreference(packaged)


@Language.factory("dovetail_coreference", default_config={"labels": None, "weights": None, "encoder": None})
def create_coreference(nlp: Language, name: str, labels: str | None, weights: str | None, encoder: str | None) -> Coreference:
    """The component for ``nlp.add_pipe``.

    The scorer reads vectors of the encoder that it was trained with: with an extractor (``weights``) of one's own it is the
    coreference.safetensors beside it. Where there is none, with another ``encoder``, or in another language than English, only names
    are joined.
    """
    catalogue = shared_catalogue(labels)
    if encoder is not None or nlp.lang != "en":
        return Coreference(catalogue, None)
    own = Path(weights).with_name("coreference.safetensors") if weights is not None else None
    return Coreference(catalogue, shared_coreference(str(own) if own else None) if own is None or own.exists() else None)


class Coreference:
    """Clusters the names of a Doc, and the pronouns and nominals that stand for them where there is a ``model``."""

    def __init__(self, catalogue: Catalogue, model: CoreferenceModel | None) -> None:
        self.kinds = {e.key: e.kind for e in catalogue.entities}
        self.named = {e.name.lower(): e.key for e in catalogue.entities}
        self.nouns = {e.name.lower(): frozenset({e.kind}) | kind_names().get(e.name.lower(), frozenset()) for e in catalogue.entities}
        self.model = model

    def __call__(self, doc: Doc) -> Doc:
        """Fill ``Doc._.clusters``; an entity that is a pronoun or a nominal is none."""
        names = [e for e in doc.ents if not refers_back(e.text)]
        if len(names) < len(doc.ents):
            doc.ents = names
        clusters = clusters_of(names, plain_title(doc._.title), self.kinds)
        if self.model is not None and clusters:
            clusters = with_references(clusters, self._references(doc, clusters, self.model))
        doc._.clusters = clusters
        return doc

    def _references(self, doc: Doc, clusters: Sequence[Cluster], model: CoreferenceModel) -> dict[int, list[Reference]]:
        literals = [(s.start_char, s.end_char) for s in doc.spans.get(LITERALS, ())]
        names = [(m.start_char, m.end_char) for c in clusters for m in c.mentions]
        anaphors = find_anaphors(doc.text, [*names, *literals], nouns=self.nouns)
        if not anaphors:
            return {}
        shift = len(doc._.title) + 2 if doc._.title else 0
        titled = [i for i, c in enumerate(clusters) if c.is_title and shift]
        owner = [i for i, c in enumerate(clusters) for _ in c.mentions] + titled
        spans = [(start + shift, end + shift) for start, end in names] + [(0, len(plain_title(doc._.title))) for _ in titled]
        spans += [(a.start + shift, a.end + shift) for a in anaphors]
        known = [Candidate(frozenset((clusters[o].kind, clusters[o].label)), False) for o in owner]
        known += [Candidate(a.kinds, True, a.head) for a in anaphors]
        mentions, vectors = _read(doc, spans, shift)
        candidates = compatible_candidates(mentions, known, always=len(names) if titled else None)
        chances = rank(model.net, mentions, vectors, candidates).chances
        return self._decided(doc, clusters, anaphors, _Scored(owner, mentions, candidates, chances))

    def _decided(self, doc: Doc, clusters: Sequence[Cluster], anaphors: Sequence[Anaphor], scored: _Scored) -> dict[int, list[Reference]]:
        """In the order of the text: what an anaphor stands for is a candidate for those that follow."""
        assert self.model is not None
        owner: dict[int, int] = dict(enumerate(scored.owner))
        gender: dict[int, int] = {}
        found: dict[int, list[Reference]] = {}
        for index, anaphor in enumerate(anaphors, len(scored.owner)):
            chance: dict[int, float] = {}
            for j, p in zip(scored.candidates[index].tolist(), scored.chances[index].tolist(), strict=False):
                if j in owner and self._fits(anaphor, clusters[owner[j]]):
                    chance[owner[j]] = chance.get(owner[j], 0.0) + p
            sort = int(scored.mentions.gender[index])
            if sort in (MASCULINE, FEMININE):
                chance = {c: p for c, p in chance.items() if gender.get(c, sort) == sort}
            best = max(chance, key=lambda c: (chance[c], -c), default=-1)
            if best < 0 or chance[best] < _least(anaphor, self.model):
                continue
            span = doc.char_span(anaphor.start, anaphor.end, label=clusters[best].label)
            if span is None:
                continue
            owner[index] = best
            if sort in (MASCULINE, FEMININE):
                gender[best] = sort
            found.setdefault(best, []).append(Reference(span, round(chance[best], 3)))
        return found

    def _fits(self, anaphor: Anaphor, cluster: Cluster) -> bool:
        """Whether a nominal may be said of a cluster: its noun is the cluster's type, a person's occupation, or part of its name."""
        if anaphor.is_pronoun or self.named.get(anaphor.head) == cluster.label or anaphor.head in normal_name(cluster.name).split():
            return True
        return cluster.kind == "person" and "person" in anaphor.kinds and anaphor.head not in self.named


@dataclass(frozen=True, slots=True)
class _Scored:
    """``owner``: the cluster of each name; then, of all mentions, candidates and chances."""

    owner: Sequence[int]
    mentions: Described
    candidates: Ints
    chances: Floats


def _read(doc: Doc, spans: Sequence[Span], shift: int) -> tuple[Described, Floats]:
    """Mentions of a Doc behind its title: the text begins ``shift`` characters after the title does."""
    text, sentences, places = doc.text, [], [(i, start + shift) for i, (start, _) in enumerate(doc._.windows)]
    if shift:
        text = f"{doc._.title}\n\n{text}"
        sentences.append((0, shift - 2))
        places.insert(0, (len(doc._.windows), 0))
    sentences += [(s.start_char + shift, s.end_char + shift) for s in doc.sents]
    return describe(text, sentences, spans), mention_vectors(doc._.read, places, spans)


def _least(anaphor: Anaphor, model: CoreferenceModel) -> float:
    """The threshold of this sort of mention."""
    if not anaphor.is_pronoun:
        return model.thresholds.nominal
    return model.thresholds.person if anaphor.kinds == {"person"} else model.thresholds.thing
