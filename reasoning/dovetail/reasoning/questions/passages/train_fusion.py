"""Trains the model that joins the three searches: ``python -m dovetail.reasoning.questions.passages.train_fusion [GRAPHS]``.

    question sets -> Candidates and the passages that support the answer -> fit_ranking -> data/weights/fusion.json

It reads ``questions/corpus/{hotpotqa-train,musique-train,xquad}`` below ``DOVETAIL_BENCH_DATA`` (``../shared/data``); of
xquad the first 150 odd-numbered questions. ``GRAPHS`` is a folder with a graph directory per set, as ``dovetail build``
makes them; for a set without one, the documents alone are used. The same data gives the same file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from dovetail.kg.passages import PassageIndex
from dovetail.kg.store import KnowledgeGraph
from dovetail.models.encoder import load_encoder
from dovetail.reasoning.questions.corpus import Question, plain_build, read_corpus, read_questions
from dovetail.reasoning.questions.passages.fusion import FUSION_FEATURES, LinearModel, fusion_features, save_model, weights_path
from dovetail.reasoning.questions.passages.retrieval import Encoder, Retriever

Floats = npt.NDArray[np.float64]
RankedList: TypeAlias = tuple[Floats, npt.NDArray[np.bool_]]

TRAINING_SETS = ("hotpotqa-train", "musique-train", "xquad")
ONE_PARAGRAPH = 150
"""How many questions of xquad: as many again as would drown the questions that need two passages."""
RIDGE = 0.01


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


def training_graph(name: str, encoder: Encoder, graphs: Path | None) -> tuple[KnowledgeGraph, PassageIndex]:
    """The graph directory ``graphs / name`` and its passages, or a graph of the set's documents only."""
    if graphs is None or not (graphs / name).is_dir():
        return plain_build(read_corpus(bench_data() / name), encoder)
    return KnowledgeGraph.open(graphs / name, read_only=True), PassageIndex(graphs / name / "passages" / "passages.db")


def training_lists(name: str, encoder: Encoder, graphs: Path | None) -> list[RankedList]:
    """For each question of a set, its candidates' features and whether each supports the answer."""
    graph, passages = training_graph(name, encoder, graphs)
    retriever = Retriever(graph, passages, encoder)
    lists = []
    for question in training_questions(name)[:ONE_PARAGRAPH]:
        found = retriever.candidates(question.question)
        rows = [passage.document.rpartition("#")[2] for passage in passages.get(found.ids.tolist())]
        lists.append((fusion_features(found), np.array([row in question.supporting for row in rows])))
    return lists


def main(graphs: Path | None) -> None:
    """Trains and writes the model."""
    encoder = load_encoder()
    lists = [some for name in TRAINING_SETS for some in training_lists(name, encoder, graphs)]
    model = LinearModel(FUSION_FEATURES, fit_ranking(lists), 0.0)
    path = weights_path("fusion.json")
    about: dict[str, object] = {
        "command": "python -m dovetail.reasoning.questions.passages.train_fusion" + (" GRAPHS" if graphs else ""),
        "questions": len(lists),
        "sets": list(TRAINING_SETS),
        "graphs": [name for name in TRAINING_SETS if graphs is not None and (graphs / name).is_dir()],
    }
    save_model(model, path, about=about)
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
