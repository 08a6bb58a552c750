"""Chinese text: languages told apart, sentences, names, dates, relations, links."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import URIRef
from spacy.language import Language
from spacy.tokens import Span

from dovetail.models import ModelError
from dovetail.models.characters import load_tagger, save_tagger
from dovetail.models.chinese_words import fold, word_features, words_of
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.chinese import labels_for, shared_tagger
from dovetail.nlp.languages import language_of
from dovetail.nlp.link_ranking import Query
from dovetail.nlp.linking import link_all
from dovetail.nlp.literals_zh import find_literals_zh
from dovetail.nlp.mentions import LITERALS
from dovetail.nlp.pipeline import PipelineOptions, load_pipeline
from dovetail.nlp.vocabulary import Vocabulary, VocabularyName

TABLES = Path(__file__).parents[1] / "tables"


def rows(name: str) -> list[tuple[str, str]]:
    lines = (TABLES / name).read_text("utf-8").splitlines()
    pairs = (line.split("⇒") for line in lines if line and not line.startswith("#"))
    return [(text.strip(), expected.strip()) for text, expected in pairs]


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_pipeline(PipelineOptions(language="zh"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("北京是中国的首都。", "zh"),
        ("苹果公司（Apple Inc.）由 Steve Jobs、Steve Wozniak 和 Ronald Wayne 创立于1976年。", "zh"),
        ("Beijing (北京) is the capital of China.", "en"),
        ("東京は日本の首都であり、世界最大の都市です。", "en"),
        ("서울은 대한민국의 수도이다.", "en"),
        ("1234 !?", "en"),
        ("", "en"),
    ],
)
def test_the_script_decides_the_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(("text", "expected"), rows("literals_zh.txt"))
def test_literals(text: str, expected: str) -> None:
    found = []
    for m in find_literals_zh(text):
        datatype = str(m.value.datatype).replace("#", ":").rsplit(":", 1)[-1]
        found.append("|".join([text[m.start : m.end], m.kind, str(m.value), datatype, m.unit or ""]))
    assert " ; ".join(found) == expected


PIECES = st.sampled_from([*"一二十百千万亿〇零两年月日公元前民国第0159.,-%－（）代世纪元米个点", "公里", "1990年", "百分之", "美元"])


@settings(deadline=None)
@given(st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=14).map("".join)))
def test_literals_are_inside_the_text_in_order_and_apart(text: str) -> None:
    end = 0
    for mention in find_literals_zh(text):
        assert end <= mention.start < mention.end <= len(text)
        assert mention.value.ill_typed is not True
        end = mention.end


def test_hostile_text_is_read_in_linear_time() -> None:
    for text in ("一" * 50_000, "1," * 30_000, "百分之" * 20_000, "公元前" * 20_000, "1990年" * 10_000, "人民币" * 20_000):
        find_literals_zh(text)


@pytest.mark.parametrize(("text", "expected"), rows("sentences_zh.txt"))
def test_sentences(text: str, expected: str, nlp: Language) -> None:
    doc = nlp.get_pipe("dovetail_sentences_zh")(nlp.make_doc(text.replace("\\n", "\n")))
    assert " | ".join(s.text.strip() for s in doc.sents) == expected


def test_a_long_sentence_is_cut_where_it_pauses(nlp: Language) -> None:
    doc = nlp.get_pipe("dovetail_sentences_zh")(nlp.make_doc("我们走，" * 100 + "不停" * 200))
    lengths = [len(s) for s in doc.sents]
    assert max(lengths) <= 240 and lengths[0] == 120
    assert sum(lengths) == len(doc)


@settings(max_examples=50, deadline=None)  # the first loads the dictionary
@given(st.text(alphabet="中国北京大学马克思 Aé1，。·‧\n", max_size=30))
def test_words_and_features_cover_the_text(text: str) -> None:
    text = fold(text)
    assert "".join(word for word, _ in words_of(text)) == text
    features = word_features(text)
    assert len(features.tags) == len(features.lexicon) == len(text)


def test_the_dictionary_and_its_segmentation_are_seen() -> None:
    features = word_features("北京大学在中国")
    assert features.tags[0] % 4 == 0 and features.tags[3] % 4 == 2  # a word of four characters, begun and ended
    assert features.lexicon[0] and not features.lexicon[4]


def test_texts_are_tagged_the_same_alone_and_in_company() -> None:
    tagger = shared_tagger()
    texts = ["玛丽·居里出生于华沙。", "", "1949年，毛泽东在北京宣布中华人民共和国成立。", "今天天气很好。"]
    together = tagger.tag(texts, threshold=0.0)
    alone = [found for text in texts for found in tagger.tag([text], threshold=0.0)]
    assert [[(s.start, s.end, s.label) for s in found] for found in together] == [[(s.start, s.end, s.label) for s in f] for f in alone]
    for some, other in zip(itertools.chain(*together), itertools.chain(*alone), strict=True):
        assert some.confidence == pytest.approx(other.confidence, abs=1e-4)
        assert 0 < some.confidence <= 1


def test_a_tagger_written_and_read_is_the_same(tmp_path: Path) -> None:
    text = ["毛泽东在北京会见了法国总统戴高乐。"]
    save_tagger(shared_tagger(), tmp_path / "zh.safetensors")
    assert load_tagger(tmp_path / "zh.safetensors").tag(text) == shared_tagger().tag(text)
    (tmp_path / "other.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="holds no character tagger"):
        load_tagger(tmp_path / "other.safetensors")


def test_names_get_the_types_of_the_catalogue(tmp_path: Path) -> None:
    assert labels_for(load_catalogue()) == ["person", "organisation", "location"]
    own = tmp_path / "labels.json"
    own.write_text('{"scientist": {"kind": "person"}, "gene": "A gene.", "LOC": "A place."}', "utf-8")
    assert labels_for(load_catalogue(own)) == ["scientist", None, "LOC"]


TEXT = (
    "毛泽东（1893年12月26日－1976年9月9日），出生于湖南。1949年10月1日，毛泽东在北京宣布中华人民共和国成立。\n"
    "据说鲁迅出生于北京。周恩来和鲁迅都没有去过南京。"
)


def test_a_document_end_to_end(nlp: Language) -> None:
    doc = nlp(nlp.make_doc(TEXT))
    names = {(e.text, e.label_) for e in doc.ents}
    assert {("毛泽东", "person"), ("湖南", "location"), ("北京", "location"), ("周恩来", "person")} <= names
    dates = {str(s._.literal) for s in doc.spans[LITERALS]}
    assert {"1893-12-26", "1976-09-09", "1949-10-01"} <= dates
    stated = {(r.head.text, r.label, r.tail.text) for r in doc._.relations}
    assert ("毛泽东", "date_of_birth", "1893年12月26日") in stated
    assert ("毛泽东", "date_of_death", "1976年9月9日") in stated
    assert {head for head, _, _ in stated} == {"毛泽东"}  # hearsay and company state nothing
    [mao] = [c for c in doc._.clusters if c.name == "毛泽东"]
    assert len(mao.mentions) == 2
    for entity in doc.ents:
        assert TEXT[entity.start_char : entity.end_char] == entity.text
        assert 0 < entity._.confidence <= 1


def test_a_dotted_name_is_known_by_its_last_part_and_a_family_name_is_nobodys() -> None:
    nlp = load_pipeline(PipelineOptions(language="zh"))
    doc = nlp.make_doc("弗拉基米尔·列宁和列宁，毛泽东和毛。")
    doc.ents = [Span(doc, start, end, label="person") for start, end in ((0, 8), (9, 11), (12, 15), (16, 17))]  # tokens are characters
    clusters = nlp.get_pipe("dovetail_coreference_zh")(doc)._.clusters
    assert [[m.text for m in c.mentions] for c in clusters] == [["弗拉基米尔·列宁", "列宁"], ["毛泽东"], ["毛"]]


def test_names_are_linked_to_a_vocabulary_by_the_same_name() -> None:
    names = [VocabularyName(URIRef(f"urn:x:{iri}"), name) for iri, name in (("mao", "毛泽东"), ("beijing", "北京"), ("nanjing", "南京"))]
    nlp = load_pipeline(PipelineOptions(language="zh"), vocabulary=Vocabulary.of(names))
    doc = nlp(nlp.make_doc(TEXT))
    linked = {e.text: e.kb_id_ for e in doc.ents}
    assert linked["毛泽东"] == "urn:x:mao"
    assert linked["北京"] == "urn:x:beijing"
    assert linked["湖南"] == "urn:dovetail:entity:place:湖南"  # one character in common with 南京 is not the same name


@pytest.mark.parametrize(
    ("name", "linked"),
    [
        ("李明", "李明"), ("玛丽‧居里", "玛丽·居里"), ("上海交通大学", "上海交通大学"),
        ("李明明", None), ("毛泽民", None), ("周恩", None), ("河南省", None), ("北京大学", None), ("西安交通大学", None), ("毛泽東", None),
    ],
)  # fmt: skip
def test_a_name_of_few_characters_is_linked_to_the_same_name_only(name: str, linked: str | None) -> None:
    names = ["南京大学", "周恩来", "湖南省", "毛泽东", "上海交通大学", "玛丽·居里", "李明"]
    vocabulary = Vocabulary.of([VocabularyName(URIRef(f"urn:x:{n}"), n) for n in names])
    [link] = link_all([Query(name)], vocabulary)
    assert link.iri == (URIRef(f"urn:x:{linked}") if linked else None)
