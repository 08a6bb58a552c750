"""The passage index: what is put is found, what is removed is gone, and no question is ever syntax."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dovetail.kg.errors import GraphDamaged, InputError
from dovetail.kg.passages import NewPassage, PassageIndex, search_terms

VECTOR_DIM = 384


def vector(seed: int = 0) -> npt.NDArray[np.float32]:
    values = np.random.default_rng(seed).normal(size=VECTOR_DIM).astype(np.float32)
    return values / np.float32(np.linalg.norm(values))


def passage(text: str, title: str = "") -> NewPassage:
    return NewPassage(title, 0, len(text), text, vector(len(text)))


def contents(index: PassageIndex, query: str) -> list[tuple[str, str, float]]:
    hits = index.search(query, 100)
    passages = index.get([found for found, _ in hits])
    return [(p.document, p.text, round(score, 9)) for p, (_, score) in zip(passages, hits, strict=True)]


def test_what_is_put_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "passages" / "passages.db"
    with PassageIndex(path) as index:
        index.put("a.txt", [passage("Marie Curie isolated radium.", "Radium"), passage("Paris is a city.")])
        index.put("b.txt", [passage("Émile Zola wrote novels.")])
    with PassageIndex(path) as index:
        assert len(index) == 3
        assert index.documents() == {"a.txt", "b.txt"}
        [(number, score)] = index.search("emile", 5)
        assert score > 0
        assert index.get([number])[0].text == "Émile Zola wrote novels."
        ids, vectors = index.vectors()
        assert ids.tolist() == sorted(ids.tolist())
        assert index.ids_of(["a.txt", "none.txt"]) == ids[:2].tolist() and index.ids_of([]) == []
        np.testing.assert_allclose(vectors[2], vector(24), atol=1e-3)
        assert index.at("a.txt", 5) is not None
        assert index.at("a.txt", 500) is None
        assert index.frequency(["radium", "nothing"]) == {"radium": 1, "nothing": 0}


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "radium AND",
        "title:radium",
        "radium*",
        "NEAR(radium, 2)",
        "(",
        "radium NOT curie",
        "^radium",
        "-radium",
        "{title}: radium",
        "'; DROP TABLE passage; --",
    ],
)
def test_a_question_is_never_syntax(query: str) -> None:
    with PassageIndex(None) as index:
        index.put("a.txt", [passage("Radium is a metal.")])
        assert len(index.search(query, 5)) == ("radium" in query)


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_any_text_can_be_searched_for(query: str) -> None:
    with PassageIndex(None) as index:
        index.put("a.txt", [passage("Radium is a metal.")])
        index.search(query, 5)


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("Who found the radium?", ["found", "radium"]),
        ("The Who", ["the", "who"]),
        ("", []),
        ("?!", []),
        ("of of OF", ["of"]),
        ("3 km", ["3", "km"]),
        ("居里夫人出生于哪里？", ["居里", "里夫", "夫人", "人出", "出生"]),
        ("谁发现了镭？", ["发现", "镭"]),
        ("Curie是谁", ["curie", "是谁"]),
        ("什么", ["什么"]),
    ],
)
def test_search_terms(query: str, terms: list[str]) -> None:
    assert search_terms(query) == terms


WORDS = st.lists(st.sampled_from(["radium", "curie", "paris", "metal", "city"]), min_size=1, max_size=4).map(" ".join)
STEPS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.none() | st.lists(WORDS, max_size=2)), max_size=8)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_put_and_remove_leave_what_building_anew_gives(steps: list[tuple[str, list[str] | None]]) -> None:
    final: dict[str, list[str]] = {}
    with PassageIndex(None) as changed, PassageIndex(None) as rebuilt:
        for document, texts in steps:
            if texts is None:
                changed.remove([document])
                final.pop(document, None)
            else:
                changed.put(document, [passage(text) for text in texts])
                final[document] = texts
        for document, texts in final.items():
            rebuilt.put(document, [passage(text) for text in texts])
        for query in ("radium", "curie paris", "metal city radium"):
            assert sorted(contents(changed, query)) == sorted(contents(rebuilt, query))
        assert changed.documents() == rebuilt.documents()


def test_the_revision_moves_with_every_change() -> None:
    with PassageIndex(None) as index, PassageIndex(None) as same:
        seen = [index.revision]
        index.put("a", [passage("Radium.")])
        seen.append(index.revision)
        index.remove(["a"])
        seen.append(index.revision)
        assert len(set(seen)) == 3
        same.put("a", [passage("Radium.")])
        assert same.revision == seen[1]


def test_without_commit_nothing_lasts(tmp_path: Path) -> None:
    index = PassageIndex(tmp_path / "p.db")
    index.put("a", [passage("Radium.")])
    index.close()
    with PassageIndex(tmp_path / "p.db") as again:
        assert len(again) == 0


def test_an_error_inside_with_keeps_the_index_as_it_was(tmp_path: Path) -> None:
    def fail() -> None:
        with PassageIndex(tmp_path / "p.db") as index:
            index.put("a", [passage("Radium.")])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with PassageIndex(tmp_path / "p.db") as again:
        assert len(again) == 0


def test_a_damaged_file_says_that_it_can_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    path.write_bytes(b"this is no database, but long enough to be taken for one" * 50)
    with pytest.raises(GraphDamaged, match="delete it, and the next build makes it again"):
        PassageIndex(path)


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    PassageIndex(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(GraphDamaged, match="format 99"):
        PassageIndex(path)


def test_vectors_of_another_length_are_refused() -> None:
    short = NewPassage("", 0, 1, "x", np.zeros(3, dtype=np.float32))
    with PassageIndex(None) as index:
        index.put("a", [passage("Radium.")])
        with pytest.raises(InputError, match="384"):
            index.put("b", [short])
        index.remove(["a"])
        index.put("b", [short])
        assert index.vectors()[1].shape == (1, 3)


def test_vectors_of_two_encoders_are_never_mixed(tmp_path: Path) -> None:
    with PassageIndex(tmp_path / "p.db") as index:
        index.bind("mine")
        index.put("a", [passage("Radium.")])
    with PassageIndex(tmp_path / "p.db") as index:
        assert index.encoder == "mine"
        index.bind("mine")
        with pytest.raises(InputError, match="read by mine, and this is the packaged encoder"):
            index.bind("")


CHINESE = ["玛丽·居里出生于华沙。", "北京是中华人民共和国的首都。", "Tesla于1856年7月10日出生。"]


@pytest.mark.parametrize(
    ("query", "first"), [("居里出生在哪里？", 0), ("中国的首都是哪里", 1), ("首都", 1), ("Tesla", 2), ("1856", 2), ("京", 1)]
)
def test_chinese_is_found_by_its_characters(query: str, first: int) -> None:
    with PassageIndex(None) as index:
        index.put("a.txt", [passage(text) for text in CHINESE])
        assert index.get([index.search(query, 1)[0][0]])[0].text == CHINESE[first]
        assert index.frequency(["出生", "生出", "tesla"]) == {"出生": 2, "生出": 0, "tesla": 1}
        index.remove(["a.txt"])
        assert index.search(query, 1) == []


@given(st.lists(st.sampled_from(CHINESE), max_size=3), st.sampled_from(CHINESE))
@settings(max_examples=30, deadline=None)
def test_chinese_put_twice_leaves_what_building_anew_gives(before: list[str], after: str) -> None:
    with PassageIndex(None) as changed, PassageIndex(None) as rebuilt:
        changed.put("a", [passage(text) for text in before])
        for index in (changed, rebuilt):
            index.put("a", [passage(after)])
        for query in CHINESE:
            assert contents(changed, query) == contents(rebuilt, query)


def test_an_unknown_id_is_an_error() -> None:
    with PassageIndex(None) as index, pytest.raises(InputError, match="7"):
        index.get([7])
