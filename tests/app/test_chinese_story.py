"""Chinese documents from the folder to the answer, beside an English one, and another encoder for their passages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed

TEXTS = {
    "人物/毛泽东.txt": "毛泽东（1893年12月26日－1976年9月9日），出生于湖南。1949年10月1日，毛泽东在北京宣布中华人民共和国成立。",
    "人物/周恩来.txt": "周恩来（1898年3月5日－1976年1月8日），生于江苏。周恩来曾在法国学习。",
    "地点/北京.txt": "北京是中国的首都，面积16410平方公里。北京大学位于北京市海淀区。",
    "places/Warsaw.txt": "Warsaw is the capital of Poland.",
}

VOCABULARY = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<urn:x:beijing> rdfs:label "北京"@zh , "Beijing"@en .
<urn:x:mao> rdfs:label "毛泽东"@zh .
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "names.ttl").write_text(VOCABULARY, "utf-8")
    return tmp_path / "corpus"


def test_chinese_documents_are_read_queried_and_asked(typed: Typed, corpus: Path) -> None:
    built = typed("build", "corpus", "--vocabulary", "names.ttl", "--json")
    assert built.status == 0, built.err
    assert json.loads(built.out)["read"] == 4

    born = typed("query", "SELECT ?born WHERE { <urn:x:mao> wdt:P569 ?born FILTER (?born < '1900-01-01'^^xsd:date) }", "--format", "csv")
    assert born.out.split() == ["born", "1893-12-26"], born.err
    types = typed("query", "SELECT ?x WHERE { ?x a wd:Q5 ; rdfs:label '周恩来' }", "--format", "csv")
    assert types.out.split() == ["x", "urn:dovetail:entity:person:周恩来"]
    place = typed("query", "SELECT ?n WHERE { <urn:x:beijing> a wd:Q2221906 ; rdfs:label ?n } ORDER BY ?n", "--format", "csv")
    assert "北京" in place.out

    asked = typed("ask", "中国的首都是哪里？", "拿破仑死于哪一年？", "Where is Warsaw?", "周恩来在哪里学习？", "--json")
    capital, unknown, _, studied = (json.loads(line) for line in asked.out.splitlines())
    assert capital["answers"][0]["text"].startswith("北京是中国的首都")
    assert studied["answers"][0]["text"] == "周恩来曾在法国学习。"
    assert unknown["abstained"] and not unknown["answers"]
    for answer in (capital, studied):
        quote = answer["answers"][0]["evidence"][0]
        assert TEXTS[quote["document"].removeprefix("corpus/")][quote["start"] : quote["end"]] == quote["quote"]
    assert typed("ask", "中国的首都是哪里？").status == 0

    again = json.loads(typed("build", "corpus", "--json").out)
    assert (again["read"], again["unchanged"]) == (0, 4)
    assert typed("forget", "corpus/人物/周恩来.txt").status == 0
    assert typed("query", "SELECT ?x WHERE { ?x rdfs:label '周恩来' }", "--format", "csv").out.split() == ["x"]
