"""Three opinions about a passage as one score, and then what it adds to the best of the others.

    Candidates (scores of three searches) -> fusion_features -> the score of each alone
                                          -> partner_features, beside the best by that -> the score

A sum with equal weights fails across corpora. The model sees each search's score and rank (the reciprocal: a first place
says more than a tenth). Its coefficients are a small JSON file that ``python -m dovetail.reasoning.questions.passages.train_fusion``
writes again. Signs of how far each search can be trusted for a question made no difference when tried as features.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dovetail.kg.errors import InputError
from dovetail.reasoning.questions.passages.hops import PAIR_FEATURES, Asked, Partners, partner_features
from dovetail.reasoning.questions.passages.structure import Ints, NameGraph
from dovetail.reasoning.questions.surfaces import Occurrence

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The passages any search brought up for a question, with each search's score (n,).

    ``bm25`` is 0 where no word matches, ``cosine`` is 0 for all without an encoder, ``walk`` is a probability;
    ``titled`` says whether the question has a name that heads the passage. ``seeds`` are the names found in the question,
    ``asked`` what it has of the names and words of ``graph``, in which ``places`` (n,) are those of the candidates.
    """

    ids: Ints
    places: Ints
    bm25: Floats
    cosine: Floats
    walk: Floats
    titled: Floats
    seeds: tuple[Occurrence, ...]
    asked: Asked
    graph: NameGraph


FUSION_FEATURES = ("bm25", "cosine", "walk", "titled", "bm25 rank", "cosine rank", "walk rank")


def fusion_features(found: Candidates) -> Floats:
    """What the fusion model sees of each candidate: (n, 7), relative to the best candidate of each search."""
    walk = np.log(found.walk + 1e-5)
    columns = (
        found.bm25 / max(float(found.bm25.max(initial=0.0)), 1e-9),
        found.cosine - found.cosine.max(initial=-1.0),
        walk - walk.max(initial=-12.0),
        found.titled,
        _rank(found.bm25),
        _rank(found.cosine),
        _rank(found.walk),
    )
    return np.stack(columns, axis=1)


def _rank(scores: Floats) -> Floats:
    """1 for the best, 1/2 for the second, and so on."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return 1.0 / ranks


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """A logistic regression: a weight per named feature, and an intercept."""

    features: tuple[str, ...]
    weights: Floats
    intercept: float

    def score(self, features: Floats) -> Floats:
        """The log-odds of each row: features (n, d) -> (n,)."""
        return features @ self.weights + self.intercept

    def probability(self, features: Floats) -> Floats:
        """The chance that each row is what was asked for: features (n, d) -> (n,)."""
        return 1.0 / (1.0 + np.exp(-np.clip(self.score(features), -40, 40)))


@dataclass(frozen=True, slots=True, eq=False)
class FusionModel:
    """Weights of what a passage is by itself, ``alone`` (7,) to choose partners by and ``together`` (7,) beside ``pair`` (10,),
    those of what it is to a partner.
    """

    alone: Floats
    together: Floats
    pair: Floats

    def score(self, found: Candidates) -> Floats:
        """The score of each candidate, (n,): by itself, and with the partners that make the most of it."""
        features = fusion_features(found)
        partners = partner_features(found.graph, found.asked, found.places, features @ self.alone)
        return features @ self.together + best_partner(partners, self.pair)


def best_partner(partners: Partners, weights: Floats) -> Floats:
    """What its partners, or none, do for each candidate: a smooth maximum, (n,)."""
    worth = np.where(partners.valid, partners.features @ weights, -np.inf)
    return np.asarray(np.logaddexp.reduce(np.concatenate([worth, np.zeros((len(worth), 1))], axis=1), axis=1))


def load_fusion(path: Path) -> FusionModel:
    """The model in a JSON file. Raises InputError."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        parts = {name: {str(k): float(v) for k, v in stored[name].items()} for name in ("alone", "together", "pair")}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise InputError(f"cannot read the weights in {path} ({error}): install Dovetail again") from error
    for name, features in (("alone", FUSION_FEATURES), ("together", FUSION_FEATURES), ("pair", PAIR_FEATURES)):
        if tuple(parts[name]) != features:
            raise InputError(f"the weights in {path} are for other features ({', '.join(parts[name])}): train them again")
    return FusionModel(*(np.array(list(parts[name].values())) for name in ("alone", "together", "pair")))


def save_fusion(model: FusionModel, path: Path, *, about: dict[str, object]) -> None:
    """Writes ``model`` with what should be known about it."""
    parts = (("alone", FUSION_FEATURES, model.alone), ("together", FUSION_FEATURES, model.together), ("pair", PAIR_FEATURES, model.pair))
    stored: dict[str, object] = {"about": about}
    for name, features, weights in parts:
        stored[name] = {feature: round(float(weight), 5) for feature, weight in zip(features, weights, strict=True)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def weights_path(name: str) -> Path:
    """Where the weights of this name are, or are to be written."""
    return Path(str(files("dovetail.data").joinpath("weights"))) / name


def load_model(path: Path, features: tuple[str, ...]) -> LinearModel:
    """The model in a JSON file, whose features must be ``features``. Raises InputError."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        weights = {str(name): float(weight) for name, weight in stored["weights"].items()}
        intercept = float(stored["intercept"])
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise InputError(f"cannot read the weights in {path} ({error}): install Dovetail again") from error
    if tuple(weights) != features:
        raise InputError(f"the weights in {path} are for other features ({', '.join(weights)}): train them again")
    return LinearModel(features, np.array(list(weights.values())), intercept)


def save_model(model: LinearModel, path: Path, *, about: dict[str, object]) -> None:
    """Writes ``model`` with what should be known about it."""
    weights = {name: round(float(weight), 5) for name, weight in zip(model.features, model.weights, strict=True)}
    stored = {"about": about, "intercept": round(model.intercept, 5), "weights": weights}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def fit_logistic(features: Floats, wanted: Floats, *, weights: Floats, ridge: float) -> tuple[Floats, float]:
    """Coefficients and intercept that make ``wanted`` (n,) of 0 and 1 most probable, by Newton's method.

    ``weights`` (n,) counts each row that many times; ``ridge`` keeps the coefficients of standardised features small.
    """
    centre, scale = features.mean(0), features.std(0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    x = np.hstack([(features - centre) / scale, np.ones((len(features), 1))])
    penalty = np.full(x.shape[1], ridge)
    penalty[-1] = 1e-6
    at = np.zeros(x.shape[1])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(x @ at, -40, 40)))
        slope = x.T @ (weights * (chance - wanted)) + penalty * at
        bend = (x * (weights * np.maximum(chance * (1 - chance), 1e-6))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        at = at - step
        if float(np.abs(step).max()) < 1e-8:
            break
    plain = at[:-1] / scale
    return plain, float(at[-1] - plain @ centre)
