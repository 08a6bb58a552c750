"""owl:sameAs by union-find: one fact for all names of a thing while rules run, all of them afterwards.

The rules of OWL 2 RL for equality (table 4) say each fact once for every name of each of its terms, and prove every
pair of names in as many ways as there are names. Here each thing goes by one of its names (Motik, Nenov, Piro,
Horrocks: Handling owl:sameAs via Rewriting, AAAI 2015) until nothing new follows; then every fact is said in all names,
which is what the rules would have said.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray
from rdflib.namespace import OWL

from dovetail.reasoning.rules.engine.clause import PROFILE, Clause
from dovetail.reasoning.rules.engine.facts import PAIRS, Key
from dovetail.reasoning.rules.engine.fixpoint import Engine
from dovetail.reasoning.rules.engine.maintain import refit
from dovetail.reasoning.rules.engine.relation import Batch, Keys, batch, lefts, pack, rights, run_of, union
from dovetail.reasoning.rules.rule import Assign, Filter, Fresh, Negation, Rule, inner_nodes

SAME = ox.NamedNode(OWL.sameAs)

RULES = frozenset(f"{PROFILE}owl-rl:eq-{name}" for name in ("sym", "trans", "rep-s", "rep-p", "rep-o"))
"""The rules that say what owl:sameAs means."""


def saturate_by_names(engine: Engine, rules: Iterable[Rule]) -> bool:
    """Saturate an engine, each thing by one name; whether any thing had several.

    False, with nothing done, where that would not be the same as with the rules for equality: without them or
    without anything equal, with equality that is not certain, and with rules that look at names (FILTER, SET, NOT,
    new blank nodes) besides a pack's own.
    """
    given = list(rules)
    same = engine.numbering.find(SAME)
    if same is None or not {rule.name for rule in given} >= RULES or any(map(_sees_names, given)):
        return False
    engine.know_triple_terms()
    engine.fit()
    if not engine.program.allows((same, PAIRS)):
        return False
    every = engine.clauses
    engine.clauses = [clause for clause in every if clause.rule.name not in RULES]
    constants = _constants(engine.clauses)
    names = np.arange(len(engine.numbering))
    while True:
        fresh = _names(engine, (same, PAIRS), names, constants)
        if fresh is None:
            break
        if len(fresh) == len(names) and (fresh == names).all():
            engine.saturate()
            refit(engine)
            fresh = _names(engine, (same, PAIRS), names, constants)
            if fresh is None or (len(fresh) == len(names) and (fresh == names).all()):
                break
        names = fresh
        _rename(engine, names)
    engine.clauses = every
    if fresh is None or not (names != np.arange(len(names))).any():
        engine.restart()
        return False
    _say_in_all_names(engine, names, (same, PAIRS))
    return True


def _sees_names(rule: Rule) -> bool:
    if rule.name.startswith(PROFILE):
        return False
    made = any(isinstance(node, Fresh) for pattern in rule.head for node in inner_nodes(pattern))
    return made or rule.stated_only or any(isinstance(part, Filter | Assign | Negation) for part in rule.body)


def _constants(clauses: Iterable[Clause]) -> Keys:
    found = {slot for clause in clauses for atom in (clause.head, *clause.atoms) for slot in atom.slots if isinstance(slot, int)}
    return np.array(sorted(found), np.int64)


def _names(engine: Engine, same: Key, names: Keys, constants: Keys) -> Keys | None:
    """For each term the number of its thing's name, given what is equal so far; None where that cannot be said.

    A term that rules mention is its thing's name, so that they need no rewriting; otherwise the lowest number is.
    """
    from scipy.sparse import coo_matrix  # slow to import, and needed only where things are equal
    from scipy.sparse.csgraph import connected_components

    size = len(engine.numbering)
    names = np.concatenate((names, np.arange(len(names), size)))
    runs = engine.facts.runs(same)
    if any(run.values is not None and (run.values < 1.0).any() for run in runs):
        return None
    pairs = np.concatenate([np.empty(0, np.int64), *(run.keys for run in runs)])
    ones = np.ones(len(pairs) + size, np.bool_)
    left, right = np.concatenate((lefts(pairs), np.arange(size))), np.concatenate((rights(pairs), names))
    _, things = connected_components(coo_matrix((ones, (left, right)), (size, size)), directed=False)
    order = np.arange(size)
    order[constants] -= size  # before all others
    if len(np.unique(things[constants])) < len(constants):
        return None
    best: Keys = np.full(int(things.max()) + 1 if size else 0, size)
    np.minimum.at(best, things, order)
    best[best < 0] += size
    found: Keys = best[things]
    return found


def _rename(engine: Engine, names: Keys) -> None:
    """Say every fact, derived or stated, by the names of its terms."""
    renamed: dict[Key, list[Batch]] = {}
    for key in engine.facts.stored():
        new = int(names[key[0]]), key[1] if key[1] == PAIRS else int(names[key[1]])
        for run in engine.facts.relations[key].runs:
            keys = names[run.keys] if key[1] != PAIRS else pack(names[lefts(run.keys)], names[rights(run.keys)])
            renamed.setdefault(new, []).append(batch(keys, run.values))
    engine.facts.clear()
    for key, parts in renamed.items():
        engine.facts.load(key, [run_of(union(parts))])


def _say_in_all_names(engine: Engine, names: Keys, same: Key) -> None:
    size = np.bincount(names, minlength=len(names))
    by_name = np.argsort(names, kind="stable")
    starts = np.concatenate(([0], np.cumsum(size)))

    def spread(column: Keys) -> tuple[Keys, Keys]:
        """For each entry all names of its thing: the rows they are for, and the names."""
        counts = size[column]
        rows = np.repeat(np.arange(len(column)), counts)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, by_name[starts[column][rows] + offsets]

    said: dict[Key, list[Batch]] = {}
    for key in engine.facts.stored():
        for run in engine.facts.relations[key].runs:
            rows, left = spread(run.keys if key[1] != PAIRS else lefts(run.keys))
            values = None if run.values is None else run.values[rows]
            if key[1] == PAIRS:
                again, right = spread(rights(run.keys)[rows])
                facts = batch(pack(left[again], right), None if values is None else values[again])
            else:
                facts = batch(left, values)
            for predicate in _members(key[0], by_name, starts):
                objects = [PAIRS] if key[1] == PAIRS else _members(key[1], by_name, starts)
                for one in objects:
                    said.setdefault((predicate, one), []).append(facts)
    equal = np.flatnonzero(size[names] > 1)
    rows, other = spread(names[equal])
    said.setdefault(same, []).append(engine.valued(batch(pack(equal[rows], other))))
    engine.facts.clear()
    for key, parts in said.items():
        engine.facts.load(key, [run_of(union(parts))])


def _members(name: int, by_name: NDArray[np.int64], starts: Keys) -> list[int]:
    members: list[int] = by_name[starts[name] : starts[name + 1]].tolist()
    return members
