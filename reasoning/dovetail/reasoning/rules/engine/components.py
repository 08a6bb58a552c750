"""The order in which clauses run: those together whose heads depend on each other, after all that they depend on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.engine.clause import Absence, Atom, Clause
from dovetail.reasoning.rules.engine.facts import ANY, PAIRS, Facts, Key

_Node: TypeAlias = Key | tuple[str, int]
_Graph: TypeAlias = dict[_Node, dict[_Node, None]]
_Any = TypeVar("_Any")


@dataclass(frozen=True, slots=True)
class Component:
    """Clauses whose heads depend on each other, or on nothing later.

    ``readers`` has, for each relation, the clauses that read it and the places of the atoms by which they do. ``keys`` are
    all relations that matter here, negated and written ones included.
    """

    clauses: tuple[Clause, ...]
    recursive: bool
    readers: Mapping[Key, Sequence[tuple[Clause, int]]]
    keys: frozenset[Key]

    def concerns(self, changed: Iterable[Key]) -> bool:
        """Whether changes of these relations may matter here."""
        return ANY in self.keys or not self.keys.isdisjoint(changed)


def components(clauses: Sequence[Clause], facts: Facts, parts: Sequence[Key], *, layered: bool) -> Iterator[Component]:
    """The components of one stratum; ``parts`` are the relations of triple terms.

    If the rules are ``layered``, nothing that the stratum derives is negated in it. If not, RuleError where a clause
    negates what depends on it, or makes terms from it.
    """
    graph: _Graph = {}
    own: defaultdict[_Node, list[Clause]] = defaultdict(list)
    keys: dict[Key, None] = {}
    for clause in clauses:
        head = _written(clause.head, facts)
        graph.setdefault(head, {})
        own[head].append(clause)
        if head[0] != "writes":
            keys[facts.key(clause.head)] = None
        for atom, stated_only in looked_up(clause):
            if not stated_only:
                keys[facts.key(atom)] = None
                graph.setdefault(facts.key(atom), {})[head] = None
        if clause.makes_triples:
            graph[head].update(dict.fromkeys(parts))
    _tie(graph, keys, facts)
    order = strongly_connected(graph)
    if not layered:
        _check_order(clauses, facts, {node: place for place, members in enumerate(order) for node in members})
    for members in order:
        found = [clause for node in members for clause in own.get(node, ())]
        if found:
            yield _component(found, facts, recursive=len(members) > 1 or members[0] in graph[members[0]])


def _check_order(clauses: Sequence[Clause], facts: Facts, place: Mapping[_Node, int]) -> None:
    for clause in clauses:
        head = place[_written(clause.head, facts)]
        closed = [] if clause.rule.stated_only else [atom for _, absence in absences_of(clause) for atom in absence.atoms]
        if clause.rule.runs_once and not clause.rule.stated_only:
            closed += clause.atoms
        if any(place[facts.key(atom)] == head for atom in closed):
            raise RuleError(
                f"rule {clause.rule.name} (line {clause.rule.line}) denies, or makes terms from, what depends on its own conclusion "
                "by way of a profile; look at stated facts only with NOT DATA or WHERE DATA"
            )


def _component(clauses: Sequence[Clause], facts: Facts, *, recursive: bool) -> Component:
    readers: defaultdict[Key, list[tuple[Clause, int]]] = defaultdict(list)
    keys: set[Key] = set()
    for clause in clauses:
        for place, atom in enumerate(clause.atoms if not clause.rule.stated_only else ()):
            readers[facts.key(atom)].append((clause, place))
        keys.update(facts.key(atom) for _, absence in absences_of(clause) for atom in absence.atoms)
        head = facts.key(clause.head)
        keys.add(ANY if head[1] == PAIRS and head[0] in facts.split else head)
    return Component(tuple(clauses), recursive, readers, frozenset(keys | readers.keys()))


def looked_up(clause: Clause) -> Iterator[tuple[Atom, bool]]:
    """The atoms that a clause looks up, and whether among stated facts only."""
    yield from ((atom, clause.rule.stated_only) for atom in clause.atoms)
    for absence in clause.absences:
        yield from ((atom, clause.rule.stated_only or absence.stated_only) for atom in absence.atoms)


def absences_of(clause: Clause) -> Iterator[tuple[int, Absence]]:
    """The negations of a clause that look at all facts, with their places."""
    return ((place, absence) for place, absence in enumerate(clause.absences) if not absence.stated_only)


def strongly_connected(successors: Mapping[_Any, Iterable[_Any]]) -> list[list[_Any]]:
    """The strongly connected components of a graph, each before those that it leads to (Tarjan 1972, without recursion).

    >>> strongly_connected({"a": ["b"], "b": ["c"], "c": ["b", "d"]})
    [['a'], ['b', 'c'], ['d']]
    """
    found: list[list[_Any]] = []
    place: dict[_Any, int] = {}
    lowest: dict[_Any, int] = {}
    path: list[_Any] = []  # nodes whose component is not known yet
    open_nodes: set[_Any] = set()
    for root in successors:
        waiting = [(root, iter(successors.get(root, ())))] if root not in place else []
        while waiting:
            node, rest = waiting[-1]
            if node not in place:
                place[node] = lowest[node] = len(place)
                path.append(node)
                open_nodes.add(node)
            for other in rest:
                if other not in place:
                    waiting.append((other, iter(successors.get(other, ()))))
                    break
                if other in open_nodes:
                    lowest[node] = min(lowest[node], place[other])
            else:
                waiting.pop()
                if waiting:
                    parent = waiting[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[node])
                if lowest[node] == place[node]:
                    start = path.index(node) if path[-1] != node else len(path) - 1
                    found.append(path[start:])
                    open_nodes.difference_update(found[-1])
                    del path[start:]
    return found[::-1]


def _written(head: Atom, facts: Facts) -> _Node:
    """The node of what a head writes: an open one is not the same as what reads all."""
    key = facts.key(head)
    return ("writes", key[0]) if key == ANY or (key[1] == PAIRS and key[0] in facts.split) else key


def _tie(graph: _Graph, keys: Iterable[Key], facts: Facts) -> None:
    """Edges between relations and the nodes that stand for many of them."""
    concrete = [key for key in keys if key != ANY and (key[1] != PAIRS or key[0] not in facts.split)]
    nodes = list(graph)
    for key in concrete:
        if ANY in graph and key[0] not in facts.private:
            graph.setdefault(key, {})[ANY] = None
        if (key[0], PAIRS) in graph and key[1] != PAIRS:
            graph.setdefault(key, {})[key[0], PAIRS] = None
    for node in nodes:
        if node[0] != "writes":
            continue
        for key in concrete:
            if node[1] in (ANY[0], key[0]):
                graph[node][key] = None
        for other in nodes:
            if other == ANY or (other[0] != "writes" and other[1] == PAIRS and node[1] in (ANY[0], other[0])):
                graph[node][other] = None
