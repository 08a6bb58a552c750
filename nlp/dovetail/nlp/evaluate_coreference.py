"""How well coreference does on annotated mentions: CoNLL F1 of clusters, and GAP's F1 of single pronouns.

conll_f1   mean of MUC, B³ and CEAF-e F1 over a set's documents; every annotated mention that is in a cluster is given, its type is not
gap_f1     two decisions a row: is the pronoun name A, is it name B; names other than A and B are found by their capitals
"""

from __future__ import annotations

from collections.abc import Sequence

from dovetail.models.coreference import CoreferenceModel, CoreferenceNet, cluster, rank
from dovetail.models.coreference_words import PRONOUNS
from dovetail.models.extraction import Extractor
from dovetail.nlp.annotated import Row
from dovetail.nlp.coreference_data import RankingTask, annotated_task, gap_task, read_texts
from dovetail.nlp.coreference_measures import GapAnswer, conll, gap


def coreference_metrics(rows: Sequence[Row], extractor: Extractor, model: CoreferenceModel) -> dict[str, float]:
    """``gap_f1`` of rows with a pronoun and two names, ``conll_f1`` of other rows with clusters and no relations, with their parts.

    Nothing for rows without clusters.
    """
    if all([e["label"] for e in row["entities"]] == ["Pronoun", "A", "B"] for row in rows):
        tasks = [gap_task(text) for text in read_texts(rows, extractor)]
        return gap_figures(tasks, [gap_chances(model.net, t) for t in tasks], model.thresholds.gap)
    if any(row["relations"] for row in rows) or not all(row.get("clusters") for row in rows):
        return {}
    documents = []
    for text in read_texts(rows, extractor):
        task = annotated_task(text)
        gold: dict[int, list[int]] = {}
        for mention, owner in enumerate(task.owner.tolist()):
            gold.setdefault(owner, []).append(mention)
        documents.append((list(gold.values()), cluster(task.mentions, rank(model.net, task.mentions, task.vectors, task.candidates))))
    return conll(documents)


def gap_chances(net: CoreferenceNet, task: RankingTask) -> tuple[float, float]:
    """That the pronoun stands for A, and for B: the sum over the mentions of each."""
    ranked = rank(net, task.mentions, task.vectors, task.candidates)
    owners = task.owner[task.candidates[0]]
    chances = ranked.chances[0, :-1]
    return float(chances[owners == 0].sum()), float(chances[owners == 1].sum())


def gap_figures(tasks: Sequence[RankingTask], chances: Sequence[tuple[float, float]], threshold: float) -> dict[str, float]:
    """GAP's figures where the likelier of A and B is meant if its chance reaches ``threshold``."""
    answers = []
    for task, (a, b) in zip(tasks, chances, strict=True):
        feminine = PRONOUNS[task.mentions.words[task.mentions.first[0]]].group == "she"
        found = (a >= b and a >= threshold, b > a and b >= threshold)
        answers.append(GapAnswer(feminine, (bool(task.owner[0] == 0), bool(task.owner[0] == 1)), found))
    return gap(answers)
