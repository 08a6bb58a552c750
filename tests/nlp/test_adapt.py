"""Adapting to the user: examples as people write them, what texts call things, residuals on the heads, how far to go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dovetail.kg.errors import InputError
from dovetail.kg.statement import Document
from dovetail.models.adapter import AdaptedExtractor, Adapter, load_adapter, mention_size, save_adapter
from dovetail.models.adapter_fit import Evidence, fit_linear
from dovetail.models.candidates import choose, find_candidates
from dovetail.models.errors import ModelError
from dovetail.models.extraction import generic_bonus, label_text
from dovetail.models.windows import Window
from dovetail.nlp.adapt import (
    Example,
    Guess,
    annotate,
    catalogue_of,
    find_adapter,
    fit,
    propose_relations,
    propose_types,
    read_examples,
    sample,
    survey,
    write_guesses,
)
from dovetail.nlp.adapt.adapter import why_not
from dovetail.nlp.adapt.clusters import cluster
from dovetail.nlp.adapt.examples import example_of, unmarked
from dovetail.nlp.adapt.folds import best_step, cross_validate
from dovetail.nlp.adapt.hypernyms import namings
from dovetail.nlp.adapt.suggest_relations import wording_of
from dovetail.nlp.catalogue import Catalogue, load_catalogue
from dovetail.nlp.measures import Counts
from dovetail.nlp.mentions import shared_extractor

TABLES = Path(__file__).parent.parent / "tables"


def rows(name: str) -> list[tuple[str, str]]:
    lines = [line for line in (TABLES / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [
        (given.removesuffix(" ") if name != "wordings.txt" else given, wanted.strip())
        for given, _, wanted in (x.partition("=>") for x in lines)
    ]


# ---------------------------------------------------------------------- tables


@pytest.mark.parametrize(("marked", "wanted"), rows("hypernyms.txt"))
def test_what_a_text_calls_things(marked: str, wanted: str) -> None:
    text, mentions = unmarked(marked.replace("]", "|x]"))
    found = namings(text, [(start, end) for start, end, _ in mentions])
    shown = [f"{text[slice(*mentions[n.mention][:2])]} / {n.noun} ({n.pattern})" for n in found]
    assert shown == [part.strip() for part in wanted.split("·") if part.strip()]


@pytest.mark.parametrize(("between", "wanted"), rows("wordings.txt"))
def test_wordings_of_relations(between: str, wanted: str) -> None:
    found = wording_of(between)
    assert " | ".join(found or ()) == wanted


@pytest.mark.parametrize(("line", "wanted"), rows("example_mistakes.txt"))
def test_mistakes_in_examples_are_said(line: str, wanted: str, tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_examples(path)
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------------- examples


def test_examples_in_every_form(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    lines: list[dict[str, object]] = [
        {
            "marked": "[Marie Curie|person] was born in [Warsaw|city].",
            "relations": [{"head": "Marie Curie", "tail": 1, "label": "place_of_birth"}],
        },
        {"text": "Ah, Warsaw.", "entities": [{"text": "Warsaw", "start": 0, "end": 6, "label": "city"}]},  # offsets of an older text
        {"reviewed": False, "text": "Nobody looked.", "entities": []},
        {"reviewed": True, "text": "Nothing here.", "entities": [], "annotated": ["person"]},
    ]
    path.write_text("".join(json.dumps(line) + "\n\n" for line in lines), "utf-8")
    found = read_examples(path)
    assert found.unreviewed == 1
    assert [e.text for e in found.rows] == ["Marie Curie was born in Warsaw.", "Ah, Warsaw.", "Nothing here."]
    assert found.rows[0].relations == ((0, 1, "place_of_birth"),)
    assert found.rows[1].entities == ((4, 10, "city"),)
    assert found.rows[2].annotated == frozenset({"person"})


@given(st.lists(st.tuples(st.text("ab [", max_size=5), st.text("xyz", min_size=1, max_size=4)), max_size=4))
def test_marks_give_back_the_text(parts: list[tuple[str, str]]) -> None:
    parts = [(before.replace("[", ""), name) for before, name in parts]
    text, mentions = unmarked("".join(f"{before}[{name}|t]" for before, name in parts))
    assert text == "".join(before + name for before, name in parts)
    assert [text[start:end] for start, end, _ in mentions] == [name for _, name in parts]


def test_a_guess_is_read_back_as_an_example_when_reviewed() -> None:
    guess = Guess(
        "d.txt",
        10,
        "Anna met Anna in Paris.",
        ((0, 4, "person", 0.9), (9, 13, "person", 0.8), (17, 22, "city", 0.7)),
        ((0, 2, "residence", 0.5),),
        0.4,
    )
    row = guess.row()
    assert row["relations"][0]["head"] == 0  # two entities say "Anna"
    assert row["relations"][0]["tail"] == "Paris"
    found = example_of(row, "line 1")
    assert found.entities == tuple(entity[:3] for entity in guess.entities)
    assert found.relations == ((0, 2, "residence"),)


# ---------------------------------------------------------------------- how far to go


class Steps:
    """A task whose heads are numbers, and whose heads get ``right`` examples right at each step."""

    steps = 2
    columns = torch.zeros(0)

    def __init__(self, right: Sequence[float]) -> None:
        self.right = right
        self.fitted: list[list[int]] = []

    def fit(self, examples: Sequence[int]) -> list[int]:
        self.fitted.append(list(examples))
        return [1, 2]

    def counts(self, examples: Sequence[int], heads: int | None) -> Counts:
        assert heads is None or not set(examples) & set(self.fitted[-1]), "judged on what it was fitted to"
        return Counts(round(len(examples) * self.right[heads or 0]), len(examples), len(examples))


@pytest.mark.parametrize(("right", "step"), [((0.5, 0.7, 0.9), 2), ((0.5, 0.9, 0.7), 1), ((0.9, 0.5, 0.5), 0), ((0.5, 0.5, 0.5), 0)])
def test_the_best_step_on_held_out_examples_is_taken(right: Sequence[float], step: int) -> None:
    task = Steps(right)
    judged = cross_validate(task, 50, folds=5)
    assert (judged.step, judged.heads) == (step, step or None)
    assert judged.before.f1 == pytest.approx(right[0], abs=0.05)
    assert judged.after.f1 == pytest.approx(right[step], abs=0.05)
    assert judged.after.f1 >= judged.before.f1
    if step:
        assert task.fitted[-1] == list(range(50))  # in the end, all examples


def test_cautious_of_equals() -> None:
    assert best_step([[Counts(1, 2, 2), Counts(2, 2, 2), Counts(2, 2, 2)]]) == 1


# ---------------------------------------------------------------------- residuals


@given(st.integers(0, 1000), st.floats(0.1, 10))
def test_fitting_is_a_minimum(seed: int, strength: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(12, 3, generator=generator)
    evidence = Evidence(torch.randn(12, 2, generator=generator), torch.rand(12, 2, generator=generator).round(), torch.ones(12, 2))
    weights = fit_linear(features, evidence, strength=strength)

    def loss(w: Tensor) -> float:
        return float(evidence.loss(features @ w[:-1] + w[-1]) + strength / 2 * (w**2).sum())

    least = loss(weights)
    assert least <= loss(torch.zeros_like(weights)) + 1e-4
    for _ in range(5):
        assert least <= loss(weights + 0.1 * torch.randn(weights.shape, generator=generator)) + 1e-3


@given(st.integers(0, 1000), st.integers(1, 5))
def test_groups_are_those_of_their_nearest_centre(seed: int, groups: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(20, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = cluster(vectors, np.ones(20, dtype=np.float32), groups=groups)
    assert set(found.tolist()) == set(range(int(found.max()) + 1))
    assert len(set(found.tolist())) <= groups
    assert np.bincount(found).tolist() == sorted(np.bincount(found).tolist(), reverse=True)
    assert np.array_equal(found, cluster(vectors, np.ones(20, dtype=np.float32), groups=groups))


# ---------------------------------------------------------------------- with the trained extractor

TEXTS = [
    "Marie Curie, a physicist, was born in Warsaw.",
    "The novelist Jane Austen was born in Steventon.",
    "Nikola Tesla was an inventor who was born in Smiljan.",
    "Isaac Newton, a physicist, was born in Woolsthorpe.",
    "Max Planck, a physicist, was born in Kiel.",
    "The painter Jan Matejko was born in Krakow and worked in Vienna.",
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_choosing_among_candidates_is_what_the_extractor_does(catalogue: Catalogue) -> None:
    extractor = shared_extractor()
    labels = extractor.labels([(e.name, e.description) for e in catalogue.entities])
    read = extractor.read([Window.of(text) for text in TEXTS])
    candidates = find_candidates(extractor, read, floor=0.01)
    calibration = extractor.calibration
    types = extractor.type_logits(candidates.vectors.to(labels.vectors.dtype), labels) + generic_bonus(labels.names, calibration)
    chosen = choose(candidates, types, candidates.mention, least=calibration.entity_threshold, floor=calibration.span_floor)
    found = {(int(candidates.window[i]), *candidates.places[i], label) for i, label, _ in chosen}
    assert found == {(w, s.start, s.end, s.label) for w, spans in enumerate(extractor.entities(read, labels)) for s in spans}


def test_an_empty_adapter_changes_nothing_and_a_bias_does(catalogue: Catalogue, tmp_path: Path) -> None:
    extractor = shared_extractor()
    named = [(e.name, e.description) for e in catalogue.entities]
    read = extractor.read([Window.of(text) for text in TEXTS])
    plain = extractor.entities(read, extractor.labels(named))
    same = AdaptedExtractor(extractor, Adapter())
    assert same.entities(read, same.labels(named)) == plain
    language = next(e for e in catalogue.entities if e.key == "language")
    biased = torch.zeros(read.mean(0, 0, 1).shape[0] + 1)
    biased[-1] = 30.0
    adapter = Adapter({label_text(language.name, language.description): biased}, torch.zeros(mention_size(len(biased) - 1)))
    save_adapter(adapter, tmp_path / "heads.safetensors")
    adapted = AdaptedExtractor(extractor, load_adapter(tmp_path / "heads.safetensors"))
    keys = [catalogue.entities[s.label].key for spans in adapted.entities(read, adapted.labels(named)) for s in spans]
    assert keys
    assert set(keys) == {"language"}
    assert extractor.entities(read, extractor.labels(named)) == plain  # the one it was made from is as it was


def test_a_file_that_is_no_adapter_is_said(tmp_path: Path) -> None:
    (tmp_path / "heads.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="make it again with dovetail fit"):
        load_adapter(tmp_path / "heads.safetensors")
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter.json").write_text("{}")
    with pytest.raises(InputError, match="dovetail fit --reset"):
        find_adapter(tmp_path)


def lessons() -> list[Example]:
    """Sentences in which made-up gadgets are what is looked for, in lower case, so that no extractor knows them before it is told."""
    names = ["zorbex", "qualmit", "vintrel", "druxol", "plimter", "gorvane", "sneltor", "brixham", "kelvort", "tamplix"]
    found = []
    for i, name in enumerate(names):
        text = f"The crew fitted a {name} below deck before Marie Curie left Warsaw."
        found.append(Example(str(i), text, ((text.index(name), text.index(name) + len(name), "gadget"),)))
    return found


def test_fitting_learns_a_type_of_the_users_own_and_leaves_others_alone(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"person": "A human being, given by name.", "gadget": {"name": "qx"}}), "utf-8")
    own = load_catalogue(path)
    extractor = shared_extractor()
    adapter, report = fit(lessons(), extractor, own)
    assert report.entities is not None
    assert report.relations is None
    assert report.entities.labels == {"gadget": 10}
    assert adapter is not None
    assert report.entities.after > report.entities.before
    assert list(adapter.types) == ["qx"]
    adapted = AdaptedExtractor(extractor, adapter)
    named = [(e.name, e.description) for e in own.entities]
    text = "The crew fitted a frobnix below deck before Jane Austen left Steventon."
    read = extractor.read([Window.of(text)])
    found = {(text[s.start : s.end], own.entities[s.label].key) for s in adapted.entities(read, adapted.labels(named))[0]}
    assert ("frobnix", "gadget") in found
    again, same = fit(lessons(), extractor, own)
    assert again is not None
    assert torch.equal(again.types["qx"], adapter.types["qx"])
    assert replace(same, seconds=0.0) == replace(report, seconds=0.0)


def test_labels_must_be_those_of_the_catalogue(catalogue: Catalogue) -> None:
    examples = [Example("a", "Anna slept.", ((0, 4, "persn"),)), Example("b", "Bob slept.", ((0, 3, "person"),))]
    with pytest.raises(InputError, match="example a: the catalogue has no entity type 'persn'; did you mean 'person'"):
        fit(examples, shared_extractor(), catalogue)
    with pytest.raises(InputError, match="two examples at least"):
        fit(examples[1:], shared_extractor(), catalogue)


DOCUMENTS = [Document(f"d{i}.txt", "", text, f"d{i}.txt") for i, text in enumerate(TEXTS)]


def test_suggestions_are_a_catalogue_to_build_with(catalogue: Catalogue, tmp_path: Path) -> None:
    extractor = shared_extractor()
    found = survey(sample(reversed(DOCUMENTS)), extractor, catalogue)
    assert (found.documents, found.sentences) == (6, 6)
    types = propose_types(found, extractor, catalogue)
    assert "physicist" in {p.key for p in types.proposals}  # the text says it of three people
    physicist = next(p for p in types.proposals if p.key == "physicist")
    assert (physicist.kind, physicist.catalogue, physicist.names) == ("person", None, 3)
    for proposed in types.proposals:
        for example in proposed.examples:
            assert example.sentence[example.start : example.end] == example.text
    relations = propose_relations(found, types, extractor, catalogue)
    born = next(r for r in relations if "born in" in r.wordings[0])
    assert born.pairs >= 3
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(catalogue_of(types.proposals, relations, catalogue)), "utf-8")
    own = load_catalogue(path)
    assert {e.key for e in own.entities} == {p.key for p in types.proposals}
    kept = {e.key: e.iri for e in catalogue.entities}
    assert all(e.iri == kept[e.key] for e in own.entities if e.key in kept)
    assert propose_types(survey(sample(DOCUMENTS), extractor, catalogue), extractor, catalogue) == types


def test_a_sample_depends_on_the_documents_only() -> None:
    drawn = sample(DOCUMENTS, characters=100)
    assert drawn == sample(reversed(DOCUMENTS), characters=100)
    assert 0 < len(drawn) < len(DOCUMENTS)


def test_doubtful_sentences_come_with_guesses(catalogue: Catalogue, tmp_path: Path) -> None:
    guesses = annotate([*DOCUMENTS, *DOCUMENTS], shared_extractor(), catalogue, count=4)
    assert len({g.text for g in guesses}) == 4
    for guess in guesses:
        document = next(d for d in DOCUMENTS if d.id == guess.document)
        assert document.text[guess.start :].startswith(guess.text)
        assert 0.0 <= guess.doubt <= 1.0
    write_guesses(guesses, tmp_path / "examples.jsonl")
    assert read_examples(tmp_path / "examples.jsonl").unreviewed == 4


def test_an_adapter_of_other_weights_or_labels_is_not_used(catalogue: Catalogue, tmp_path: Path) -> None:
    from dovetail.nlp.adapt import FitReport, store_adapter

    adapter = Adapter({"gadget: Stuff.": torch.zeros(385)})
    stored = store_adapter(tmp_path, adapter, FitReport(2, "themselves", None, None, 0.0))
    assert find_adapter(tmp_path) == stored
    assert "other labels (gadget, ...)" in (why_not(stored, catalogue) or "")
    stored.record["weights"] = "0"
    assert "other weights" in (why_not(stored, catalogue) or "")
