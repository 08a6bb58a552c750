"""Random paths, generalised: what often closes around a triple, or leads from it to a constant, is weighed first.

    triple h(x, y); x -a-> z, y -c-> w, z -b-> w        =>  h(X, Y) <- a(X, Z), b(Z, W), c(Y, W)
    triple h(x, c); x -a-> z -b-> d                     =>  h(X, c) <- a(X, Z), b(Z, d)   and with a variable for d

Source: Meilicke et al., Anytime Bottom-Up Rule Learning for Knowledge Graph Completion (IJCAI 2019). There a path is drawn
and its rule's confidence estimated from a sample; here its rule's counts are exact, and for every head of its body at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dovetail.reasoning.rules.mining.closed import weigh_path
from dovetail.reasoning.rules.mining.constants import Properties, properties, two_step_body, weigh_things
from dovetail.reasoning.rules.mining.relations import Ints, Relations
from dovetail.reasoning.rules.mining.search import Search

_BATCH = 4_096
_NEWS = 0.01
"""Sampling ends when fewer of the paths drawn than this are new."""


class Walker:
    """Draws random steps: an edge of a thing, in either direction, each as likely as the next."""

    def __init__(self, relations: Relations, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        ends = [(*relations.links(letter).ends(), letter) for letter in relations.path_letters]
        sources = np.concatenate([xs for xs, _, _ in ends])
        order = np.argsort(sources, kind="stable")
        self.sources: Ints = sources[order]
        self.targets: Ints = np.concatenate([ys for _, ys, _ in ends])[order]
        self.letters: Ints = np.repeat([letter for _, _, letter in ends], [len(xs) for xs, _, _ in ends])[order]
        self.starts: Ints = np.zeros(relations.things + 1, np.int64)
        np.cumsum(np.bincount(sources, minlength=relations.things), out=self.starts[1:])

    def triples(self, count: int) -> tuple[Ints, Ints, Ints]:
        """Random edges: from, letter, to."""
        at = self.random.integers(0, len(self.sources), count)
        return self.sources[at], self.letters[at], self.targets[at]

    def step(self, things: Ints) -> tuple[Ints, Ints]:
        """A random edge of each thing, all of which have one: letter, to."""
        first, last = self.starts[things], self.starts[things + 1]
        at = first + (self.random.random(len(things)) * (last - first)).astype(np.int64)
        return self.letters[at], self.targets[at]


def sampled_paths(search: Search) -> None:
    """Paths of three atoms between two things, the frequent ones first."""
    if search.options.max_body < 3:
        return
    for walker in _rounds(search):
        words = _cyclic(walker, search.relations)
        new = [word for word in words if word not in search.seen]
        for word in new:
            if search.out_of_time:
                return
            weigh_path(search, word)
        if len(new) <= _NEWS * len(words):
            return


def sampled_constants(search: Search) -> None:
    """Paths of two atoms from one thing, to a constant or to anything."""
    relations, options = search.relations, search.options
    if options.max_body < 2 or not options.constants:
        return
    heads = properties(relations, options.min_support)
    seen: set[tuple[int, int, int]] = set()
    for walker in _rounds(search):
        paths = [path for path in _acyclic(walker) if path[2] < relations.first_blank]
        new = [path for path in paths if path not in seen]
        for path in new:
            if search.out_of_time:
                return
            seen.add(path)
            _weigh_steps(search, heads, path)
        if len(new) <= _NEWS * len(paths):
            return


def _rounds(search: Search) -> Iterator[Walker]:
    """A walker, once for each batch of samples to draw."""
    if not len(search.relations.pairs.keys):
        return
    walker = Walker(search.relations, search.options.seed)
    drawn = 0
    while search.options.samples is None or drawn < search.options.samples:
        drawn += _BATCH
        search.samples += _BATCH
        yield walker


def _cyclic(walker: Walker, relations: Relations) -> list[tuple[int, ...]]:
    """The paths of three letters that close around a batch of triples, the frequent first, each in its main direction."""
    xs, _, ys = walker.triples(_BATCH)
    first, zs = walker.step(xs)
    last, ws = walker.step(ys)
    places, middle = relations.matches(zs, ws)
    found = np.stack((first[places], middle, last[places] ^ 1), axis=1)
    turned = found[:, ::-1] ^ 1
    codes = np.minimum(_code(found, relations.letters), _code(turned, relations.letters))
    return [_decode(code, relations.letters) for code in _frequent(codes)]


def _acyclic(walker: Walker) -> list[tuple[int, int, int]]:
    """Two steps from a random thing: their letters and where they end (or -1, for anywhere)."""
    xs, _, _ = walker.triples(_BATCH)
    first, zs = walker.step(xs)
    second, ends = walker.step(zs)
    paths = zip(first.tolist(), second.tolist(), ends.tolist(), strict=True)
    return list(dict.fromkeys(path for a, b, end in paths for path in ((a, b, -1), (a, b, end))))


def _weigh_steps(search: Search, heads: Properties, path: tuple[int, int, int]) -> None:
    """Weigh the rules whose body is these two steps."""
    relations = search.relations
    first, second, end = path
    middle = relations.links(second).rows if end < 0 else relations.targets(second ^ 1, end)
    if end >= 0 and len(middle) < 2:
        return  # by way of one thing only: a property of that thing says the same
    _, things = relations.fan(first ^ 1, middle)
    things.sort()
    things = things[np.diff(things, prepend=-1) > 0]
    weigh_things(search, heads, things, two_step_body(relations, first, second, None if end < 0 else end), (first, middle))


def _code(words: Ints, letters: int) -> Ints:
    return (words[:, 0] * letters + words[:, 1]) * letters + words[:, 2]


def _decode(code: int, letters: int) -> tuple[int, int, int]:
    return code // letters // letters, code // letters % letters, code % letters


def _frequent(codes: Ints) -> list[int]:
    """Each code once, those that occur most first."""
    codes = np.sort(codes)
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    sizes = np.diff(np.append(starts, len(codes)))
    found: list[int] = codes[starts][np.argsort(-sizes, kind="stable")].tolist()
    return found
