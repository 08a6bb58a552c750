from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Typed


@pytest.mark.usefixtures("curie")
def test_info_counts_what_is_there(typed: Typed) -> None:
    shown = json.loads(typed("info", "--json").out)
    assert shown["documents"] == 2
    assert shown["entities"] == 1
    assert shown["triples_by_layer"]["stated"] == 3
    assert shown["entities_by_type"] == {"http://www.wikidata.org/entity/Q5": 1}
    assert shown["relations"]["http://www.wikidata.org/prop/direct/P19"] == 1
    assert shown["documents_by_domain"] == {"science": 2}


@pytest.mark.usefixtures("curie")
def test_info_fits_the_screen(typed: Typed) -> None:
    outcome = typed("info")
    assert outcome.status == 0
    assert max(map(len, outcome.out.splitlines())) <= 80
    for words in ("documents  2", "stated", "science", "P19", "hand@1"):
        assert words in outcome.out
