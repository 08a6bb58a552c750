"""The demonstration corpus is whole, readable, and attributed."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parents[2] / "data" / "dovetail" / "data"
ARTICLES = sorted((DATA / "corpus").rglob("*"))


def test_articles_stand_in_one_folder_for_each_domain() -> None:
    files = [path for path in ARTICLES if path.is_file()]
    assert len(files) == 24
    assert all(path.suffix == ".txt" and path.parent.parent == DATA / "corpus" for path in files)
    assert 5 <= len({path.parent for path in files}) <= 8


def test_each_article_has_five_paragraphs() -> None:
    for path in ARTICLES:
        if path.is_file():
            text = path.read_text("utf-8")
            assert text.endswith("\n")
            assert len(text.strip().split("\n\n")) == 5, path.name


def test_the_authors_are_named() -> None:
    words = (DATA / "ATTRIBUTION.md").read_text("utf-8")
    assert all(name in words for name in ("Wikipedia", "SQuAD", "XQuAD", "CC BY-SA 4.0", "creativecommons.org/licenses/by-sa/4.0"))
