"""In which order rules run: who may feed whom, and which of them must have finished before another starts.

A rule waits for those that feed a NOT of its body; one that makes terms (SET, blank nodes in its head) waits
for all that feed it, because it runs once. Where two rules wait for each other there is no answer.

The dependency graph is kept small by shape: patterns alike but for the names of their variables are one, so
ten thousand rules over a hundred predicates compare a few hundred shapes, not a hundred million pairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, pairwise, product
from typing import TypeAlias

import pyoxigraph as ox

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.rule import Fresh, Negation, Node, Pattern, Rule, RuleSet, TripleTerm, Variable, inner_nodes


@dataclass(frozen=True, slots=True)
class Dependency:
    """What a rule's body asks for; ``closed`` if it must be complete before the rule runs."""

    asks: Pattern
    closed: bool
    negated: bool


def stratify(rules: RuleSet) -> list[list[Rule]]:
    """The rules in layers: each layer may start when those before it have nothing more to say. Order is kept within one.

    Raises ``RuleError`` where a rule would have to wait for itself, and spells the circle.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> rules = parse_rules("PREFIX : <urn:> RULE :b { ?x a :B } WHERE { ?x a :A NOT { ?x a :C } } RULE :c { ?x a :C } WHERE { ?x a :D }")
    >>> [[rule.name for rule in layer] for layer in stratify(rules)]
    [['urn:c'], ['urn:b']]
    """
    graph = _Graph(rules.rules)
    components = graph.components()
    component_of = {node: number for number, component in enumerate(components) for node in component}
    layer_of = [0] * len(components)
    for number, component in enumerate(components):  # those a component depends on come before it
        for node in sorted(component):
            for needed, closed in graph.edges(node):
                if component_of[needed] == number:
                    if closed:
                        raise RuleError(graph.explain_circle(node, needed, set(component)))
                else:
                    layer_of[number] = max(layer_of[number], layer_of[component_of[needed]] + closed)
        if len(component) > 1:
            graph.refuse_nesting(component)
    layers: dict[int, list[Rule]] = defaultdict(list)
    for index, rule in enumerate(rules.rules):
        layers[layer_of[component_of[index]]].append(rule)
    return [layers[number] for number in sorted(layers)]


def dependencies(rule: Rule) -> Iterator[Dependency]:
    """What the rule's body asks of other rules; nothing of WHERE DATA and NOT DATA, which ask the base graph.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> rules = parse_rules("PREFIX : <urn:> RULE { ?x a :B } WHERE { ?x a :A NOT { ?x a :C } NOT DATA { ?x a :D } }")
    >>> [found.closed for found in dependencies(rules.rules[0])]
    [False, True]
    """
    if rule.stated_only:
        return
    once = rule.runs_once
    for part in rule.body:
        if isinstance(part, Pattern):
            yield Dependency(part, once, False)
        elif isinstance(part, Negation) and not part.stated_only:
            yield from (Dependency(inner, True, True) for inner in part.body if isinstance(inner, Pattern))


class _Graph:
    """Rules and shapes as numbered nodes: a rule -> a shape it asks for -> the shapes said that fit -> the rules that say them."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._asked: dict[Pattern, int] = {}
        self._edges: list[list[tuple[int, bool]]] = [[] for _ in rules]
        self._negated: set[tuple[int, int]] = set()
        said: dict[Pattern, int] = {}
        for index, rule in enumerate(rules):
            for pattern in rule.head:
                self._edges[self._node(_shape(pattern), said)].append((index, False))
        fitting = _Fitting(said)
        for index, rule in enumerate(rules):
            strongest: dict[int, bool] = {}
            for dependency in dependencies(rule):
                shape = _shape(dependency.asks)
                if shape not in self._asked:
                    self._edges[self._node(shape, self._asked)] = [(node, False) for node in fitting.those(shape)]
                asked = self._asked[shape]
                if not self._edges[asked]:
                    continue
                strongest[asked] = strongest.get(asked, False) or dependency.closed
                if dependency.negated:
                    self._negated.add((index, asked))
            self._edges[index] = list(strongest.items())

    def _node(self, shape: Pattern, known: dict[Pattern, int]) -> int:
        if shape not in known:
            known[shape] = len(self._edges)
            self._edges.append([])
        return known[shape]

    def edges(self, node: int) -> list[tuple[int, bool]]:
        """The nodes this one needs, and whether it waits for them."""
        return self._edges[node]

    def components(self) -> list[list[int]]:
        """The strongly connected components, each after all that it needs (Tarjan, without recursion)."""
        found: list[list[int]] = []
        order: dict[int, int] = {}
        low: dict[int, int] = {}
        stack: list[int] = []
        open_nodes: set[int] = set()
        for root in range(len(self._edges)):
            if root in order:
                continue
            work = [(root, iter(self._edges[root]))]
            order[root] = low[root] = len(order)
            stack.append(root)
            open_nodes.add(root)
            while work:
                node, pending = work[-1]
                for needed, _ in pending:
                    if needed not in order:
                        order[needed] = low[needed] = len(order)
                        stack.append(needed)
                        open_nodes.add(needed)
                        work.append((needed, iter(self._edges[needed])))
                        break
                    if needed in open_nodes:
                        low[node] = min(low[node], order[needed])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[node])
                    if low[node] == order[node]:
                        component = [stack.pop()]
                        while component[-1] != node:
                            component.append(stack.pop())
                        open_nodes.difference_update(component)
                        found.append(component)
        return found

    def explain_circle(self, start: int, first: int, inside: set[int]) -> str:
        """The message for a circle that begins with the closed edge from ``start`` to ``first``."""
        path = {first: start}
        queue = [first]
        for node in queue:
            for needed, _ in self._edges[node]:
                if needed in inside and needed not in path:
                    path[needed] = node
                    queue.append(needed)
        circle = [start]
        while circle[-1] != start or len(circle) == 1:
            circle.append(path[circle[-1]])
        circle.reverse()
        words = [self.rules[start].name]
        negations = 0
        for here, asked in pairwise(circle):
            if here < len(self.rules):
                negated = (here, asked) in self._negated
                negations += negated
                follower = next(node for node in [*circle[circle.index(asked) :], start] if node < len(self.rules))
                words.append(("NOT " if negated else "") + self.rules[follower].name)
        if negations:
            why = "each would have to wait for what it denies; make the condition under NOT independent of the conclusion, or say NOT DATA"
        else:
            why = f"{self.rules[start].name} makes terms (SET or a blank node in its head), so it runs once and cannot feed itself"
        lines = sorted({self.rules[node].line for node in circle if node < len(self.rules)} - {0})
        where = f"line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}: " if lines else ""
        return f"no order of running: {' -> '.join(words)} ({where}{why})"

    def refuse_nesting(self, component: Iterable[int]) -> None:
        """A rule in a circle may not build triple terms: it could nest them for ever."""
        for index in component:
            if index < len(self.rules) and _builds_triple_terms(self.rules[index]):
                raise RuleError(f"rule {self.rules[index].name} puts a new triple term into a circle of rules, which could nest for ever")


def _builds_triple_terms(rule: Rule) -> bool:
    """Whether its head has a triple term with variables that is not simply taken from its body."""
    taken = {node for part in rule.body if isinstance(part, Pattern) for node in inner_nodes(part)}
    return any(isinstance(node, TripleTerm) and node not in taken for pattern in rule.head for node in inner_nodes(pattern))


def _shape(pattern: Pattern) -> Pattern:
    """The pattern with its variables numbered, so that patterns alike but for names are equal."""
    names: dict[Node, Node] = {}

    def numbered(node: Node) -> Node:
        if isinstance(node, TripleTerm):
            return TripleTerm(numbered(node.subject), numbered(node.predicate), numbered(node.object))
        if isinstance(node, Variable):
            return names.setdefault(node, Variable(str(len(names))))
        return names.setdefault(node, Fresh(str(len(names)))) if isinstance(node, Fresh) else node

    return Pattern(numbered(pattern.subject), numbered(pattern.predicate), numbered(pattern.object))


class _Fitting:
    """Which of the shapes that heads say could be what a body asks for; found by predicate and object where both are terms."""

    def __init__(self, said: Mapping[Pattern, int]) -> None:
        self._all = said
        self._by_predicate: dict[Node | None, list[Pattern]] = defaultdict(list)
        self._by_both: dict[tuple[Node | None, Node | None], list[Pattern]] = defaultdict(list)
        for shape in said:
            predicate, value = _ground(shape.predicate), _ground(shape.object)
            self._by_predicate[predicate].append(shape)
            self._by_both[predicate, value].append(shape)

    def those(self, asked: Pattern) -> list[int]:
        """The nodes of the shapes that unify with ``asked``."""
        predicate, value = _ground(asked.predicate), _ground(asked.object)
        candidates: Iterable[Pattern] = self._all
        if predicate is not None and value is not None:
            keys = product((predicate, None), (value, None))
            candidates = chain.from_iterable(self._by_both.get(key, ()) for key in keys)
        elif predicate is not None:
            candidates = chain(self._by_predicate.get(predicate, ()), self._by_predicate.get(None, ()))
        return [self._all[shape] for shape in candidates if may_match(asked, shape)]


def _ground(node: Node) -> Node | None:
    return None if isinstance(node, Variable | Fresh | TripleTerm) else node


_Sided: TypeAlias = tuple[bool, Node]  # a node of the one pattern or of the other


def may_match(asked: Pattern, said: Pattern) -> bool:
    """Whether some triple fits a pattern of a body and is an instance of a pattern of a head; their variables are unrelated.

    >>> x, p, a, b = Variable("x"), ox.NamedNode("urn:p"), ox.Literal("a"), ox.Literal("b")
    >>> may_match(Pattern(x, p, x), Pattern(a, p, x)), may_match(Pattern(x, p, x), Pattern(a, p, b))
    (True, False)
    """
    bindings: dict[_Sided, _Sided] = {}

    def value(found: _Sided) -> _Sided:
        while found in bindings:
            found = bindings[found]
        return found

    def inside(variable: _Sided, term: _Sided) -> bool:
        side, node = value(term)
        if isinstance(node, TripleTerm):
            return any(inside(variable, (side, part)) for part in (node.subject, node.predicate, node.object))
        return (side, node) == variable

    def unify(left: _Sided, right: _Sided) -> bool:
        left, right = value(left), value(right)
        if left == right and isinstance(left[1], Variable):
            return True
        for variable, term in ((left, right), (right, left)):
            if isinstance(variable[1], Variable):
                if inside(variable, term):  # a term is never part of itself
                    return False
                bindings[variable] = term
                return True
        a, b = _opened(left[1]), _opened(right[1])
        if isinstance(a, TripleTerm) and isinstance(b, TripleTerm):
            parts = zip((a.subject, a.predicate, a.object), (b.subject, b.predicate, b.object), strict=True)
            return all(unify((left[0], mine), (right[0], other)) for mine, other in parts)
        return a == b

    return all(unify((False, mine), (True, other)) for mine, other in zip(asked.nodes, said.nodes, strict=True))


def _opened(node: Node) -> Node:
    return node if not isinstance(node, ox.Triple) else TripleTerm(node.subject, node.predicate, node.object)
