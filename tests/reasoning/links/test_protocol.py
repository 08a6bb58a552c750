"""The protocol of link prediction against a ranking written out, and folders that are no tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dovetail.kg.errors import InputError
from dovetail.models.link_graph import Floats, Rows
from dovetail.reasoning.links.protocol import Answers, questions, ranks
from dovetail.reasoning.links.tasks import read_task


class Made:
    """Scores from a table, with many ties."""

    def __init__(self, seed: int, entities: int, labels: int) -> None:
        self.table = np.random.default_rng(seed).integers(0, 5, (entities, labels, entities)).astype(np.float32)

    def scores(self, heads: Rows, queries: Rows) -> Floats:
        return self.table[heads, queries]


@pytest.mark.parametrize("seed", range(5))
def test_ranks_are_those_of_counting(seed: int) -> None:
    generator = np.random.default_rng(seed)
    known = np.unique(np.stack([generator.integers(0, n, 60) for n in (12, 3, 12)], 1), axis=0)
    targets = known[generator.permutation(len(known))[:20]]
    made = Made(seed, 12, 6)
    found = ranks(made, targets, Answers(known, relations=3))
    true = {(h, r, t) for h, r, t in known.tolist()} | {(t, r + 3, h) for h, r, t in known.tolist()}
    wanted = []
    for head, query, answer in zip(*(column.tolist() for column in questions(targets, 3)), strict=True):
        own = made.table[head, query, answer]
        wanted.append(1 + sum(made.table[head, query, e] >= own for e in range(12) if (head, query, e) not in true))
    assert found.tolist() == wanted


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.tsv").write_text(text, "utf-8")
    return tmp_path


def test_candidates_are_the_entities_seen_and_asked_about(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, facts="a\tr\tb\n", test="b\tr\tc\n", known="a\tr\tc\nx\tr\ty\n", entities="a\tAnn\tpainter\nb\tBob\n")
    task = read_task(folder)
    assert task.entities == ("a", "b", "c")
    assert task.entity_texts == ("Ann, painter", "Bob", "")
    assert len(task.known) == 3  # x and y are no candidates
    assert len(task.graph.heads) == 1


def test_a_transductive_task_can_be_asked_for_its_valid_triples(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, train="a\tr\tb\nb\tr\tc\n", valid="a\tr\tc\n", test="c\tr\ta\n")
    assert read_task(folder, targets="valid").targets.tolist() == [[0, 0, 2]]
    assert len(read_task(folder).known) == 4


@pytest.mark.parametrize(
    ("files", "said"),
    [({}, "no train.tsv"), ({"facts": "a\tr\tb\n"}, "no test.tsv"), ({"facts": "a\tb\n", "test": "a\tr\tb\n"}, "no triple")],
)
def test_a_folder_that_is_no_task_is_one_line(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_task(folder_of(tmp_path, **files))
