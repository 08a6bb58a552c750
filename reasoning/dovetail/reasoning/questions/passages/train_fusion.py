"""Trains the model that joins the searches: ``python -m dovetail.reasoning.questions.passages.train_fusion [GRAPHS]``.

    question sets -> Candidates and the passages that support the answer -> fit_ranking  -> the weights of a passage alone
                                                                         -> fit_together -> those beside partners
                                                                         -> data/weights/fusion.json

It reads ``questions/corpus/{hotpotqa-train,musique-train,xquad}`` below ``DOVETAIL_BENCH_DATA`` (``../shared/data``); of
xquad the first 150 odd-numbered questions. Each set is asked twice, with the titles of its documents and without. ``GRAPHS`` is a folder
with the graph directories ``NAME`` and ``NAME-without-titles`` for a set, as ``dovetail build`` makes them of the rows with their
titles and without; where one is missing, the documents alone are used. The same data gives the same file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from dovetail.kg.passages import PassageIndex
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.encoder import load_encoder
from dovetail.reasoning.questions.corpus import Question, plain_build, read_corpus, read_questions
from dovetail.reasoning.questions.passages.fusion import (
    FUSION_FEATURES,
    Candidates,
    FusionModel,
    fusion_features,
    save_fusion,
    weights_path,
)
from dovetail.reasoning.questions.passages.hops import PAIR_FEATURES, PARTNERS, partner_features
from dovetail.reasoning.questions.passages.retrieval import Encoder, Retriever

Floats = npt.NDArray[np.float64]
RankedList: TypeAlias = tuple[Floats, npt.NDArray[np.bool_]]

TRAINING_SETS = ("hotpotqa-train", "musique-train", "xquad")
ONE_PARAGRAPH = 150
"""How many questions of xquad: as many again as would drown the questions that need two passages."""
RIDGE = 0.01
TOGETHER_RIDGE = 0.02
"""Measured by cross-validation: .003 to .03 make no difference."""
WITHOUT_TITLES = "-without-titles"


def bench_data() -> Path:
    """Where the question sets are."""
    return Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "questions" / "corpus"


def training_questions(name: str) -> list[Question]:
    """The questions of a set that models that ship may learn from."""
    questions = read_questions(bench_data() / name / "questions.jsonl")
    return questions[1::2] if name == "xquad" else questions


def fit_ranking(lists: list[RankedList], *, any_of: bool = False, ridge: float = RIDGE) -> Floats:
    """Weights that put the wanted rows of each list before the others.

    Each list is features (n, d) and whether each row is wanted (n,). The loss is listwise: minus the log of the chance
    that a wanted row is drawn before all unwanted ones, by the softmax of the scores; for the mean of the wanted rows,
    or, with ``any_of``, for them together.
    """
    every = np.concatenate([features for features, _ in lists])
    scale = np.maximum(every.std(0), 1e-9)
    useful = [(torch.tensor(x / scale), torch.tensor(wanted)) for x, wanted in lists if wanted.any() and not wanted.all()]
    weights = torch.zeros(every.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        total = ridge * (weights**2).sum()
        for x, wanted in useful:
            scores = x @ weights
            against = torch.logsumexp(scores[~wanted], 0)
            good = torch.logsumexp(scores[wanted], 0) if any_of else scores[wanted]
            total = total + torch.nn.functional.softplus(against - good).mean() / len(useful)
        total.backward()  # type: ignore[no-untyped-call]  # torch does not type backward
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]  # torch does not type step
    return np.asarray(weights.detach().numpy() / scale)


def training_graph(name: str, encoder: Encoder, graphs: Path | None, *, titles: bool = True) -> tuple[KnowledgeGraph, PassageIndex]:
    """The graph directory of a set below ``graphs`` and its passages, or a graph of the set's documents only."""
    folder = graphs / (name if titles else name + WITHOUT_TITLES) if graphs else None
    if folder is None or not folder.is_dir():
        return plain_build(read_corpus(bench_data() / name, titles=titles), encoder)
    return KnowledgeGraph.open(folder, read_only=True), PassageIndex(folder / "passages" / "passages.db")


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A question's candidates, which of them support the answer (n,), and the document of each."""

    found: Candidates
    wanted: npt.NDArray[np.bool_]
    rows: tuple[str, ...]
    supporting: frozenset[str]


def examples(name: str, encoder: Encoder, graphs: Path | None, *, titles: bool) -> list[Example]:
    """The questions of a set, each with what the searches find."""
    graph, passages = training_graph(name, encoder, graphs, titles=titles)
    retriever = Retriever(graph, passages, encoder, titles=titles)
    return [example(retriever, question) for question in training_questions(name)[:ONE_PARAGRAPH]]


def example(retriever: Retriever, question: Question) -> Example:
    """What the searches find for a question."""
    found = retriever.candidates(question.question)
    rows = tuple(passage.document.rpartition("#")[2] for passage in retriever.passages.get(found.ids.tolist()))
    return Example(found, np.array([row in question.supporting for row in rows], dtype=bool), rows, question.supporting)


def fit_fusion(given: Sequence[Example], *, ridge: float = TOGETHER_RIDGE) -> FusionModel:
    """The model that puts the wanted candidates of each example before the others: first each alone, then beside the best by that."""
    alone = fit_ranking([(fusion_features(one.found), one.wanted) for one in given])
    batch = _batch([one for one in given if one.wanted.any() and not one.wanted.all()], alone)
    scales = batch.features[batch.there].std(0).clamp(min=1e-9), batch.pairs[batch.valid].std(0).clamp(min=1e-2)
    features, pairs = batch.features / scales[0], batch.pairs / scales[1]
    weights = torch.zeros(len(FUSION_FEATURES) + len(PAIR_FEATURES), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=150, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        together, pair = weights[: len(FUSION_FEATURES)], weights[len(FUSION_FEATURES) :]
        worth = (pairs @ pair).masked_fill(~batch.valid, -torch.inf)
        scores = features @ together + torch.logsumexp(torch.nn.functional.pad(worth, (0, 1)), -1)
        against = torch.logsumexp(scores.masked_fill(batch.wanted | ~batch.there, -torch.inf), 1)
        each = torch.nn.functional.softplus(against[:, None] - scores) * batch.wanted
        total = (each.sum(1) / batch.wanted.sum(1)).mean() + ridge * (weights**2).sum()
        total.backward()  # type: ignore[no-untyped-call]  # torch does not type backward
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]  # torch does not type step
    found = weights.detach()
    together, pair = found[: len(FUSION_FEATURES)], found[len(FUSION_FEATURES) :]
    return FusionModel(alone, (together / scales[0]).numpy(), (pair / scales[1]).numpy())


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Examples side by side, each with as many rows (n) as the longest has: ``there`` (b, n) is true for its own."""

    features: torch.Tensor
    pairs: torch.Tensor
    valid: torch.Tensor
    wanted: torch.Tensor
    there: torch.Tensor


def _batch(given: Sequence[Example], alone: Floats) -> _Batch:
    shape = len(given), max(len(one.wanted) for one in given)
    features, pairs = np.zeros((*shape, len(FUSION_FEATURES))), np.zeros((*shape, PARTNERS, len(PAIR_FEATURES)))
    valid, wanted, there = np.zeros((*shape, PARTNERS), dtype=bool), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for i, one in enumerate(given):
        own = fusion_features(one.found)
        partners = partner_features(one.found.graph, one.found.asked, one.found.places, own @ alone)
        rows, count = partners.valid.shape
        features[i, :rows], wanted[i, :rows], there[i, :rows] = own, one.wanted, True
        pairs[i, :rows, :count], valid[i, :rows, :count] = partners.features, partners.valid
    return _Batch(*map(torch.from_numpy, (features, pairs, valid, wanted, there)))


def main(graphs: Path | None) -> None:
    """Trains and writes the model."""
    encoder = load_encoder()
    given = [one for name in TRAINING_SETS for titles in (True, False) for one in examples(name, encoder, graphs, titles=titles)]
    path = weights_path("fusion.json")
    folders = [name + ending for name in TRAINING_SETS for ending in ("", WITHOUT_TITLES)]
    about: dict[str, object] = {
        "command": "python -m dovetail.reasoning.questions.passages.train_fusion" + (" GRAPHS" if graphs else ""),
        "questions": len(given),
        "sets": list(TRAINING_SETS),
        "graphs": [folder for folder in folders if graphs is not None and (graphs / folder).is_dir()],
    }
    save_fusion(fit_fusion(given), path, about=about)
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
