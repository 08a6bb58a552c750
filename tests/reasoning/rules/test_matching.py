"""Filling blank nodes: as trying every term for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from dovetail.reasoning.rules.profiles.matching import Fact, Facts, blanks_of, filled, fits

NAMES = [ox.NamedNode(f"urn:{name}") for name in "ab"]
BLANKS = [ox.BlankNode(name) for name in "xyz"]


def facts(names: Sequence[ox.NamedNode | ox.BlankNode]) -> st.SearchStrategy[Fact]:
    terms = st.sampled_from(names)
    inner = st.builds(ox.Triple, terms, st.sampled_from(NAMES), terms)
    return st.tuples(terms, st.sampled_from(NAMES), terms | inner)


@given(st.lists(facts(NAMES), max_size=6), st.lists(facts([*NAMES, *BLANKS]), max_size=4))
def test_fits_if_some_filling_holds(known: list[Fact], patterns: list[Fact]) -> None:
    terms = sorted({term for fact in known for term in fact} | set(NAMES), key=str)
    blanks = sorted({blank for pattern in patterns for blank in blanks_of(pattern)}, key=str)
    fillings = (dict(zip(blanks, choice, strict=True)) for choice in product(terms, repeat=len(blanks)))
    assert fits(patterns, Facts(known)) == any(all(filled(pattern, filling) in set(known) for pattern in patterns) for filling in fillings)


def test_a_long_chain_of_blanks() -> None:
    p = NAMES[0]
    nodes = [ox.BlankNode(f"n{number}") for number in range(1500)]
    chain = [(left, p, right) for left, right in pairwise(nodes)]
    assert fits(chain, Facts([(NAMES[1], p, NAMES[1])]))
