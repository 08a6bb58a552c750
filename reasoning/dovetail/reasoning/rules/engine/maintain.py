"""Keeping a fixpoint true when facts or rules come and go, without starting again.

Delete and rederive, component by component (DRed; Gupta, Mumick, Subrahmanian, SIGMOD 1993): what used a fact
that went is taken out, what holds without it is put back, then what is new is propagated. A negated relation is
finished before the component that negates it, so its gains delete and its losses insert.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from dovetail.reasoning.rules.engine.clause import Clause
from dovetail.reasoning.rules.engine.components import Component, absences_of
from dovetail.reasoning.rules.engine.facts import ANY, PAIRS, Key
from dovetail.reasoning.rules.engine.fixpoint import Changes, Engine, Head, merge
from dovetail.reasoning.rules.engine.plan import Focus
from dovetail.reasoning.rules.engine.program import identities
from dovetail.reasoning.rules.engine.relation import Batch, batch, holds, run_of, select, union


class SchemaLost(Exception):
    """A fact that the program was fitted to may be gone: only a run from scratch is sure to be right."""


def update(engine: Engine, came: Changes, gone: Changes, *, added: Container[object] = (), removed: Iterable[Clause] = ()) -> None:
    """Make the facts follow again after stated ones came and went, or clauses did.

    ``came`` and ``gone`` are already in, and out of, ``engine.facts`` (the latter into its past).
    ``added`` are identities of clauses that never ran; ``removed`` are clauses that no longer hold.
    """
    engine.touched |= came.keys() | gone.keys()
    merge(gone, _taken_out(engine, [head for clause in removed for head in engine.heads(clause)]))
    if not engine.program.schema.isdisjoint(gone):
        raise SchemaLost
    for component in engine.program.components:
        fresh = [clause for clause in component.clauses if clause.identity in added] if added else []
        if not fresh and not component.concerns(came) and not component.concerns(gone):
            continue
        lost = _overdeleted(engine, component, came, gone)
        merge(gone, lost)
        if not engine.program.schema.isdisjoint(lost):
            raise SchemaLost
        new = _restated(engine, lost)
        found = [*_rederived(engine, component, gone), *engine.entered(component, came)]
        found += _by_absence(engine, component, gone, absences=True)
        found += (head for clause in fresh for head in engine.heads(clause))
        merge(new, engine.keep(found))
        _net(engine, came, gone, engine.fix_from(component, new))
    engine.facts.settle()
    refit(engine)


def refit(engine: Engine) -> None:
    """Fit the program to the schema again, and run what is new in it, where the schema has grown."""
    if not engine.is_fitting():
        before = identities(engine.program.clauses)
        engine.fit()
        update(engine, {}, {}, added=identities(engine.program.clauses).keys() - before.keys())


def _overdeleted(engine: Engine, component: Component, came: Changes, gone: Changes) -> Changes:
    """Take out everything of a component that one of its derivations may no longer support."""
    lost: Changes = {}
    engine.facts.with_past = True
    found = [*engine.entered(component, gone, absences=False), *_by_absence(engine, component, came, absences=False)]
    while found:
        fresh = _taken_out(engine, found)
        merge(lost, fresh)
        found = list(engine.entered(component, fresh, absences=False)) if component.recursive else []
    engine.facts.with_past = False
    return lost


def _taken_out(engine: Engine, found: Iterable[Head]) -> Changes:
    """Take out derived facts; stated ones stay, unless confidences are kept, since what is stated may have become surer."""
    taken: Changes = {}
    for key, facts in _by_relation(found):
        for one, part in engine.facts.parts(key, facts):
            stated = engine.base.relations.get(one)
            if stated is not None and not engine.weighted:
                part = select(part, ~holds(stated.runs, part.keys)[0])
            for which, out in engine.facts.remove(one, part.keys):
                taken.setdefault(which, []).append(run_of(out))
    return taken


def _restated(engine: Engine, lost: Changes) -> Changes:
    """Put stated facts back that were taken out for their confidence."""
    back: Changes = {}
    for key in [key for key in lost if engine.weighted and key in engine.base.relations]:
        for run in engine.base.relations[key].runs:
            for old in lost[key]:
                stated = select(Batch(run.keys, run.values), holds([old], run.keys)[0])
                for one, fresh in engine.facts.add(key, stated, 0):
                    back.setdefault(one, []).append(run_of(fresh))
    return back


def _by_relation(found: Iterable[Head]) -> Iterator[tuple[Key, Batch]]:
    heads: dict[Key, list[Batch]] = {}
    for _, key, facts in found:
        heads.setdefault(key, []).append(Batch(facts.keys))
    for key, parts in heads.items():
        yield key, union(parts)


def _by_absence(engine: Engine, component: Component, changes: Changes, *, absences: bool) -> Iterator[Head]:
    """What the clauses of a component derive for the bindings for which a negated fact changed."""
    for clause in component.clauses if changes else ():
        for place, absence in absences_of(clause):
            for inner, atom in enumerate(absence.atoms):
                key = engine.facts.key(atom)
                if key in changes or key == ANY:
                    focus = Focus(atom=inner, absence=place)
                    yield from ((clause, *head) for head in engine.solver.solve(clause, focus, changes, absences=absences))


def _rederived(engine: Engine, component: Component, gone: Changes) -> Iterator[Head]:
    """Which of the facts that went the component's clauses still derive."""
    if not gone:
        return
    missing = dict(gone)
    for clause in component.clauses:
        if not clause.rule.stated_only and _may_write(clause, missing, engine):
            for key, facts in engine.solver.solve(clause, Focus(), missing):
                yield clause, key, facts
                if not engine.weighted and key in missing:  # one derivation is enough
                    left = [select(Batch(run.keys), ~holds([run_of(facts)], run.keys)[0]) for run in missing[key]]
                    missing[key] = [run_of(part) for part in left if len(part)]
                    if not missing[key]:
                        del missing[key]


def _may_write(clause: Clause, gone: Changes, engine: Engine) -> bool:
    key = engine.facts.key(clause.head)
    if key == ANY:
        return True
    if key[1] == PAIRS and key[0] in engine.facts.split:
        return any(one[0] == key[0] for one in gone)
    return key in gone


def _net(engine: Engine, came: Changes, gone: Changes, new: Changes) -> None:
    """Settle what a component changed: a fact that went and came back did neither, unless its confidence moved."""
    for key, runs in new.items():
        facts = union([Batch(run.keys, run.values) for run in runs])
        before = gone.get(key, [])
        if before:
            again, _ = holds(before, facts.keys)
            left = [batch(run.keys[~holds([run_of(facts)], run.keys)[0]]) for run in before]
            if not engine.weighted:
                gone[key] = [run_of(part) for part in left if len(part)]
                facts = select(facts, ~again)
                if not gone[key]:
                    del gone[key]
        if len(facts):
            came.setdefault(key, []).append(run_of(facts))
