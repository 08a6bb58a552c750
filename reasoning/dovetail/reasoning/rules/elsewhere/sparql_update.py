"""Rules as SPARQL Update, run to the end by a remote store: nothing but requests crosses the network.

    RULE { head } WHERE { body }   becomes   INSERT { GRAPH <inferred> { head } } USING <given> ... WHERE { body }

Patterns read the union of the given graphs and the inferred one; WHERE DATA and NOT DATA read the given ones.
What is being inferred stands in a graph of its own, which takes the place of the inferred one when all is done.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pyoxigraph as ox

from dovetail.kg.errors import GraphError, InputError, RuleError
from dovetail.kg.names import Layer
from dovetail.reasoning.rules.engine.clause import HELPER
from dovetail.reasoning.rules.language.expression import expression_text
from dovetail.reasoning.rules.language.strata import stratify
from dovetail.reasoning.rules.language.terms import XSD
from dovetail.reasoning.rules.language.wellformed import check_rules
from dovetail.reasoning.rules.rule import (
    Assign,
    Call,
    Expression,
    Filter,
    Fresh,
    Negation,
    Node,
    Pattern,
    Rule,
    RuleSet,
    TripleTerm,
    Variable,
    term_text,
    variables,
)


@dataclass(frozen=True, slots=True)
class RemoteGraphs:
    """The named graphs that rules read, and the one they write, as IRIs."""

    given: tuple[str, ...] = (str(Layer.VOCABULARY.value), str(Layer.STATED.value))
    inferred: str = str(Layer.INFERRED.value)


@dataclass(frozen=True, slots=True)
class RemoteStore:
    """A SPARQL 1.1 store: the addresses it takes queries and updates at."""

    query_url: str
    update_url: str
    timeout_seconds: float = 300.0


def rule_update(rule: Rule, *, graphs: RemoteGraphs | None = None, now: ox.Literal | None = None) -> str:
    """A rule as one update; ``now`` is what NOW() is, the store's own clock without it.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> rules = parse_rules("PREFIX : <urn:> RULE { ?x :b ?y } WHERE { ?x :a ?y NOT { ?y :c ?z } }").rules
    >>> print(rule_update(rules[0], graphs=RemoteGraphs(("urn:given",), "urn:inferred")))
    INSERT { GRAPH <urn:inferred> { ?x <urn:b> ?y . } }
    USING <urn:given> USING <urn:inferred> USING NAMED <urn:given>
    WHERE { ?x <urn:a> ?y . FILTER NOT EXISTS { ?y <urn:c> ?own1 . } }
    """
    if rule.weight < 1:
        raise RuleError(f"rule {rule.name}: a remote store carries no confidence, so WEIGHT {rule.weight} cannot be kept")
    graphs = RemoteGraphs() if graphs is None else graphs
    writer = _Writer(rule, now)
    body = writer.body()
    head = " ".join(writer.pattern(pattern) for pattern in rule.head)
    read = graphs.given if rule.stated_only else (*graphs.given, graphs.inferred)
    using = [f"USING <{graph}>" for graph in read] + [f"USING NAMED <{graph}>" for graph in graphs.given]
    return f"INSERT {{ GRAPH <{graphs.inferred}> {{ {head} }} }}\n{' '.join(using)}\nWHERE {{ {body} }}"


def saturate_remote(rules: RuleSet, store: RemoteStore, *, graphs: RemoteGraphs | None = None) -> int:
    """How many triples follow from the given graphs; the store's inferred graph then holds these and no others.

    Until then it holds what it held, even if the run is cut short. Rules that the store cannot run raise
    ``RuleError`` with their name, a store that does not answer ``GraphError``.
    """
    graphs = RemoteGraphs() if graphs is None else graphs
    if graphs.inferred in graphs.given:
        raise InputError(f"<{graphs.inferred}> cannot be both a given graph and the inferred one: it would be overwritten")
    check_rules(rules)
    now = ox.Literal(datetime.now(UTC).isoformat(), datatype=ox.NamedNode(f"{XSD}dateTime"))
    working = replace(graphs, inferred=f"{graphs.inferred}:unfinished")
    layers = [[(rule, rule_update(rule, graphs=working, now=now)) for rule in layer] for layer in stratify(rules)]
    facts = " ".join(f"{term_text(t.subject)} {t.predicate} {term_text(t.object)} ." for t in rules.facts)
    _update(store, f"DROP SILENT GRAPH <{working.inferred}> ; INSERT DATA {{ GRAPH <{working.inferred}> {{ {facts} }} }}")
    for layer in layers:
        general = [(rule, update) for rule, update in layer if not rule.runs_once]
        for rule, update in [(rule, update) for rule, update in layer if rule.runs_once] + general:
            try:
                _update(store, update)
            except InputError as refusal:
                raise RuleError(f"rule {rule.name}: {refusal}") from refusal
        everything = " ;\n".join(update for _, update in general)
        before, size = -1, _size(store, working.inferred)
        while everything and size != before:
            _update(store, everything)
            before, size = size, _size(store, working.inferred)
    return _finish(store, working, graphs.inferred)


def _finish(store: RemoteStore, working: RemoteGraphs, inferred: str) -> int:
    """Leaves out what was given and what is the rules' own, and puts the rest in its place."""
    here = f"GRAPH <{working.inferred}> {{ ?s ?p ?o }}"
    unwanted = [f"GRAPH <{graph}> {{ ?s ?p ?o }}" for graph in working.given] + [f'FILTER(STRSTARTS(STR(?p), "{HELPER}"))']
    _update(store, " ;\n".join(f"DELETE {{ {here} }} WHERE {{ {here} {condition} }}" for condition in unwanted))
    size = _size(store, working.inferred)
    # An empty graph may not exist, and what does not exist cannot be moved.
    move = f"MOVE <{working.inferred}> TO <{inferred}>" if size else f"DROP SILENT GRAPH <{inferred}>"
    _update(store, move)
    return size


class _Writer:
    """One rule in SPARQL. Variables of blank nodes, and those of a NOT that mean nothing outside, get names of their own."""

    def __init__(self, rule: Rule, now: ox.Literal | None) -> None:
        self._rule = rule
        self._now = now
        self._taken = {variable.name for part in rule.body for variable in variables(part)}
        self._names: dict[Variable, str] = {}

    def body(self) -> str:
        """The body as a group; what SET computes is closed off, because what it could not compute must not match anything."""
        text = ""
        for part in self._rule.body:
            for variable in () if isinstance(part, Negation) else variables(part):
                self._names.setdefault(variable, self._name("blank") if variable.name.startswith("_:") else variable.name)
            if isinstance(part, Pattern):
                text += f"{self.pattern(part)} "
            elif isinstance(part, Filter):
                text += f"FILTER({self._expression(part.expression)}) "
            elif isinstance(part, Assign):
                name = self._names[part.variable]
                text = f"{{ {text}BIND({self._expression(part.expression)} AS ?{name}) FILTER(BOUND(?{name})) }} "
            else:
                text += f"FILTER NOT EXISTS {{ {self._negation(part)}}} "
        return text.rstrip()

    def _negation(self, part: Negation) -> str:
        outside = dict(self._names)
        for variable in variables(part):
            if variable not in self._names:
                self._names[variable] = self._name("own")
        text = ""
        for inner in part.body:
            if isinstance(inner, Filter):
                text += f"FILTER({self._expression(inner.expression)}) "
            else:
                text += f"GRAPH ?{self._name('given')} {{ {self.pattern(inner)} }} " if part.stated_only else f"{self.pattern(inner)} "
        self._names = outside
        return text

    def _name(self, stem: str) -> str:
        number = 1
        while f"{stem}{number}" in self._taken:
            number += 1
        self._taken.add(f"{stem}{number}")
        return f"{stem}{number}"

    def pattern(self, pattern: Pattern) -> str:
        """A triple with its full stop."""
        return f"{' '.join(map(self._node, pattern.nodes))} ."

    def _node(self, node: Node) -> str:
        if isinstance(node, Variable):
            return f"?{self._names[node]}"
        if isinstance(node, TripleTerm):
            return f"<<( {' '.join(self._node(part) for part in (node.subject, node.predicate, node.object))} )>>"
        return f"_:{node.label}" if isinstance(node, Fresh) else term_text(node)

    def _expression(self, expression: Expression) -> str:
        return expression_text(self._renamed(expression))

    def _renamed(self, expression: Expression) -> Expression:
        if isinstance(expression, Variable):
            return Variable(self._names[expression])
        if isinstance(expression, TripleTerm):
            return TripleTerm(self._inside(expression.subject), self._inside(expression.predicate), self._inside(expression.object))
        if not isinstance(expression, Call):
            return expression
        if expression.function == "NOW" and self._now is not None:
            return self._now
        return Call(expression.function, tuple(map(self._renamed, expression.arguments)))

    def _inside(self, node: Node) -> Node:
        assert not isinstance(node, Fresh), "an expression holds no blank node of a head"
        renamed = self._renamed(node)
        assert not isinstance(renamed, Call), "renaming keeps the form"
        return renamed


def _update(store: RemoteStore, update: str) -> None:
    _post(store.update_url, update, kind="update", timeout=store.timeout_seconds)


def _size(store: RemoteStore, graph: str) -> int:
    query = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
    answer = _post(store.query_url, query, kind="query", timeout=store.timeout_seconds)
    return int(json.loads(answer)["results"]["bindings"][0]["n"]["value"])


def _post(url: str, text: str, *, kind: str, timeout: float) -> bytes:
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"{url!r} is not the address of a SPARQL store; it begins with http:// or https://")
    headers = {"Content-Type": f"application/sparql-{kind}", "Accept": "application/sparql-results+json"}
    try:
        with urlopen(Request(url, data=text.encode(), headers=headers), timeout=timeout) as answer:
            found: bytes = answer.read()
            return found
    except HTTPError as error:
        with error:
            said = error.read(500).decode(errors="replace").strip()
        problem = f"{url} answers {error.code}: {said}"
        raise (GraphError(problem) if error.code >= 500 else InputError(problem)) from error
    except (URLError, TimeoutError, ConnectionError) as error:
        raise GraphError(f"{url} does not answer: {error}") from error
