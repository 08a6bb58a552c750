"""Questions made of statements: answers stand where the examples say, and are not given away by the question."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from pathlib import Path

import pytest

from dovetail.models.cloze_questions import ClozeWriter
from dovetail.models.reading_examples import ReadingExample, ReadingExamples, Similar, real_questions
from dovetail.models.reading_texts import CORPORA, SETS, found_spans
from dovetail.models.relation_forms import FORMS, INVERSE, NOUNS

PEOPLE = (("Marie Curie", "Warsaw", "1867"), ("Ada Lovelace", "London", "1815"), ("Emmy Noether", "Erlangen", "1882"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world in the layout of the project's data: every set and corpus tells where three people were born."""
    root = tmp_path_factory.mktemp("data")
    rows = []
    for name, city, year in PEOPLE:
        text = f"{name} was born in {city} in {year} . She was a scientist , and {city} honoured {name} in later years ."
        entities = [{"start": text.index(one), "end": text.index(one) + len(one), "label": "entity"} for one in (name, city, year)]
        rows.append({"text": text, "entities": entities, "relations": [{"head": 0, "tail": 1, "label": "P19"}]})
    for name in SETS:
        _write(root / "extraction" / name / "train.jsonl", rows)
        (root / "extraction" / name / "relations.json").write_text(
            '{"P19": {"name": "place of birth", "description": ""}}', encoding="utf-8"
        )
    for name in CORPORA:
        corpus = [{"id": str(i), "title": person, "text": rows[i]["text"]} for i, (person, _, _) in enumerate(PEOPLE)]
        asked = [
            {"question": f"Where was {person} born?", "answers": [city], "supporting": [str(i)]}
            for i, (person, city, _) in enumerate(PEOPLE)
        ]
        _write(root / "questions" / "corpus" / name / "corpus.jsonl", corpus)
        _write(root / "questions" / "corpus" / name / "questions.jsonl", asked)
    _write(
        root / "questions" / "forms" / "simplequestions-wikidata.train.jsonl",
        [{"property": "P19", "question": f"what is the birthplace of {name}"} for name in ("ann", "bob", "cecil", "dora")],
    )
    return root


def _write(file: Path, rows: Sequence[Mapping[str, object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def drawn(data: Path) -> list[ReadingExample]:
    return list(islice(iter(ReadingExamples(data, None, seed=5)), 300))


def test_answers_stand_inside_their_passages(drawn: list[ReadingExample]) -> None:
    assert all(0 <= a < b <= len(one.text) and one.text[a:b].strip() for one in drawn for a, b in one.answers)
    assert 0.05 < sum(not one.answers for one in drawn) / len(drawn) < 0.5


def test_questions_of_birth_are_answered_by_the_place(drawn: list[ReadingExample]) -> None:
    asked = [one for one in drawn if one.question.startswith("what is the birthplace of") and one.answers]
    city = {name: place for name, place, _ in PEOPLE}
    named = [(one, name) for one in asked for name in city if name in one.question]
    assert named
    assert all({one.text[a:b] for a, b in one.answers} == {city[name]} for one, name in named)


def test_the_same_seed_draws_the_same(data: Path, drawn: list[ReadingExample]) -> None:
    assert list(islice(iter(ReadingExamples(data, None, seed=5)), 300)) == drawn


def test_real_questions_are_asked_of_their_passage_and_of_others_without_the_answer(data: Path) -> None:
    real = real_questions(data)
    assert [one.set for one in real].count("xquad") == 1  # the odd-numbered one of three
    for one in real:
        assert one.examples[0].answers and not any(example.answers for example in one.examples[1:])


def test_a_cloze_leaves_the_answer_out() -> None:
    sentence = "The committee met in Geneva for the first time."
    writer = ClozeWriter(None, seed=1)
    asked = [writer.write(sentence, 21, 27, "place") for _ in range(30)]
    assert all(one is None or ("Geneva" not in one and one.endswith("?")) for one in asked)
    assert any(one is not None and "committee" in one for one in asked)


def test_similar_texts_share_rare_words() -> None:
    similar = Similar(["radium glows", *(f"common words number {i}" for i in range(30))])
    assert similar.to("who saw radium?", 2) == [0]


def test_spans_found_do_not_overlap() -> None:
    spans = found_spans("In March 1990 about 20,000 people met Dr. Ann Smith at Yale University in New Haven.")
    assert all(one.end <= two.start for one, two in pairwise(spans))
    assert {"date", "number", "organisation", "place"} <= {span.kind for span in spans}


def test_every_form_has_one_place_for_a_name() -> None:
    forms = [form for table in (FORMS, INVERSE, NOUNS) for some in table.values() for form in some]
    assert all(form.count("{}") == 1 for form in forms)
