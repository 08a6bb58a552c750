from __future__ import annotations

from pathlib import Path

import pytest

from dovetail.app.settings import load_settings
from dovetail.kg.errors import InputError


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GRAPH", "LABELS", "VOCABULARY", "WORKERS", "QUERY_SECONDS"):
        monkeypatch.delenv(f"DOVETAIL_{name}", raising=False)


def test_defaults() -> None:
    settings = load_settings()
    assert (settings.graph, settings.workers, settings.vocabulary) == (Path("graph.dovetail"), None, ())


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dovetail.toml").write_text('workers = 2\nvocabulary = ["a.ttl"]\n')
    assert load_settings().workers == 2
    monkeypatch.setenv("DOVETAIL_WORKERS", "3")
    monkeypatch.setenv("DOVETAIL_VOCABULARY", "b.ttl:c.ttl")
    assert load_settings().workers == 3
    assert load_settings().vocabulary == (Path("b.ttl"), Path("c.ttl"))


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("grahp = 'x'", "dovetail.toml: no setting is named 'grahp'; did you mean 'graph'?"),
        (
            "colour = 'x'",
            "llm_key, llm_model, llm_seconds, llm_url, min_confidence, query_seconds, threads, vocabulary, workers",
        ),
        ("workers = 'many'", "dovetail.toml: workers must be a whole number, not 'many'"),
        ("workers = 0", "dovetail.toml: workers must be at least 1, not 0"),
        ("encoder = 7", "dovetail.toml: encoder must be text, not 7"),
        ("graph = 7", "dovetail.toml: graph must be a path, as text, not 7"),
        ("vocabulary = 7", "dovetail.toml: vocabulary must be a list of paths, not 7"),
        ("llm_seconds = 0", "dovetail.toml: llm_seconds must be more than 0, not 0"),
        ("query_seconds = -1", "dovetail.toml: query_seconds must be more than 0, not -1"),
        ("graph = ", "dovetail.toml is not valid TOML"),
    ],
)
def test_a_wrong_setting_is_said_plainly(toml: str, words: str) -> None:
    Path("dovetail.toml").write_text(toml)
    with pytest.raises(InputError) as raised:
        load_settings()
    assert words in str(raised.value)


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOVETAIL_WORKERS", "many")
    with pytest.raises(InputError, match="environment variable DOVETAIL_WORKERS must be a whole number, not 'many'"):
        load_settings()


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOVETAIL_LLM_KEY", "secret")
    assert load_settings().llm_key.get_secret_value() == "secret"
    assert "secret" not in repr(load_settings())
    monkeypatch.delenv("DOVETAIL_LLM_KEY")
    Path("dovetail.toml").write_text("llm_key = [5551234]")
    with pytest.raises(InputError, match=r"dovetail\.toml: llm_key must be text") as raised:
        load_settings()
    assert "5551234" not in str(raised.value)
