"""A proof as lines for people: each fact in words, the rule that gives it, and below it what the rule needed.

    Ada → ancestor of → Carl · 0.72
    │ by rule-2: { ?x :ancestorOf ?z } WHERE { ?x :parentOf ?y . ?y :ancestorOf ?z }
    ├─ Ada → parent of → Bea · 0.9
    │    “Ada is the mother of Bea.”
    │    family.txt, characters 0–25 · 0.9
    └─ Bea → ancestor of → Carl · 0.8
       ...
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace

import pyoxigraph as ox

from dovetail.kg.inference import read_inference
from dovetail.kg.names import PREFIXES
from dovetail.kg.store import KnowledgeGraph
from dovetail.reasoning.rules.engine.clause import HELPER, PROFILE
from dovetail.reasoning.rules.language.parse import parse_rules
from dovetail.reasoning.rules.language.write import write_rules
from dovetail.reasoning.rules.proofs.background import Background, Source
from dovetail.reasoning.rules.proofs.proof import Fact, Proof, parts
from dovetail.reasoning.rules.rule import Rule, RuleSet, Variable

DEEPEST = 12
"""Steps below the fact that are printed; what lies deeper is only counted."""

_QUOTES = 2
_NARROWEST = 30  # columns that text gets even where the tree leaves none
_LONGEST = 160  # characters of a term, more of which is cut
_WORDS = {"asserted": "asserted by a person", "vocabulary": "in the vocabulary"}


def proof_lines(proof: Proof, graph: KnowledgeGraph, *, width: int = 80) -> Iterator[str]:
    """A proof as an indented tree, with the sentences of ``graph`` that state what it rests on.

    What was proved further up is not proved again. Facts of helper predicates are left out: what they
    rest on takes their place. Ends below ``DEEPEST`` steps, saying how many more there are.

    >>> from dovetail.reasoning.rules.language.parse import parse_rules
    >>> from dovetail.reasoning.rules.infer import InferenceOptions, explain, infer
    >>> from dovetail.kg import KnowledgeGraph, Statement
    >>> from rdflib import URIRef
    >>> ada, knows, bob = (URIRef(f"urn:{name}") for name in ("Ada", "knows", "Bob"))
    >>> graph = KnowledgeGraph()
    >>> added = graph.add([Statement(ada, knows, bob)])
    >>> report = infer(graph, options=InferenceOptions(rules=parse_rules("RULE { ?y <urn:knows> ?x } WHERE { ?x <urn:knows> ?y }")))
    >>> print(*proof_lines(explain(graph, bob, knows, ada), graph), sep="\\n")
    Bob → knows → Ada
    │ by rule-1: { ?y <urn:knows> ?x } WHERE { ?x <urn:knows> ?y }
    └─ Ada → knows → Bob
         asserted by a person
    """
    background, rules = Background(graph), _Rules(graph)
    proof = without_helpers(proof)
    below = _heights(proof)
    said: set[Fact] = set()
    waiting = [(proof, "", "", 0)]  # a part, what its first line begins with, what the others do, how deep it is
    while waiting:
        part, lead, rest, depth = waiting.pop()
        again = part.fact in said
        too_deep = depth >= DEEPEST and bool(part.premises)
        words = _fact(part, background) + (" (as above)" if again else "")
        yield from _wrapped(words, width, lead, rest)
        if again:
            continue
        if too_deep:
            yield from _wrapped(f"… proved in {below[part]:,} more steps", width, f"{rest}  ", f"{rest}  ")
            continue
        said.add(part.fact)
        guide = f"{rest}│ " if part.premises else f"{rest}  "
        for line in _reasons(part, background, rules):
            yield from _wrapped(line, width, guide, guide + "  ")
        for place in range(len(part.premises) - 1, -1, -1):
            last = place == len(part.premises) - 1
            waiting.append((part.premises[place], rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "), depth + 1))


def without_helpers(proof: Proof) -> Proof:
    """The proof with the premises of helper facts in the place of these; a helper fact that is itself asked for stays.

    >>> a, b = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    >>> stated = Proof((a, b, a), 1.0)
    >>> helper = Proof((a, ox.NamedNode("urn:dovetail:helper:cell"), a), 1.0, "rule-1", (stated,))
    >>> without_helpers(Proof((a, b, b), 1.0, "rule-2", (helper, stated))).premises == (stated,)
    True
    """
    made: dict[Proof, Proof] = {}
    for part in parts(proof):
        if not _is_helper(part) or part is proof:
            premises = tuple(made[premise] for premise in _visible(part))
            made[part] = part if premises == part.premises else replace(part, premises=premises)
    return made[proof]


def _visible(part: Proof) -> Iterator[Proof]:
    """The premises of a fact, left to right, and of those that are helpers their premises; each fact once."""
    seen: set[Fact] = set()
    waiting = list(reversed(part.premises))
    while waiting:
        premise = waiting.pop()
        if premise.fact not in seen:
            seen.add(premise.fact)
            if _is_helper(premise):
                waiting += reversed(premise.premises)
            else:
                yield premise


def _is_helper(part: Proof) -> bool:
    predicate = part.fact[1]
    return isinstance(predicate, ox.NamedNode) and predicate.value.startswith(HELPER)


def _heights(proof: Proof) -> dict[Proof, int]:
    """For each part the length of the longest way down to what is stated."""
    heights: dict[Proof, int] = {}
    for part in parts(proof):
        heights[part] = 1 + max((heights[premise] for premise in part.premises), default=-1)
    return heights


# ---------------------------------------------------------------------- words


def _fact(part: Proof, background: Background) -> str:
    words = " → ".join(_cut(background.label(term)) for term in part.fact)
    return words + _sureness(part.confidence)


def _reasons(part: Proof, background: Background, rules: _Rules) -> Iterator[str]:
    """Why a fact holds, in lines."""
    if part.rule == "DATA" and not part.premises:
        yield "stated by the rules"
    elif part.rule is not None:
        yield f"by {rules.text(part)}"
    else:
        yield from _source_lines(background.source(part.fact))


def _source_lines(source: Source) -> Iterator[str]:
    sentences = {(e.document, e.start, e.end): e for e in reversed(source.evidence)}  # of each sentence the surest extractor
    shown = [e for e in source.evidence if sentences[e.document, e.start, e.end] is e]
    for evidence in shown[:_QUOTES]:
        yield f"“{' '.join(evidence.quote.split())}”"
        yield f"{evidence.document}, characters {evidence.start}–{evidence.end}{_sureness(evidence.confidence)}"
    if len(shown) > _QUOTES:
        yield f"and {len(shown) - _QUOTES:,} more"
    for who in source.stated_by:
        if who in _WORDS:
            yield f"{_WORDS[who]}"
    if not source.stated_by:
        yield "given"


def _sureness(confidence: float) -> str:
    return "" if confidence > 1.0 - 1e-9 else f" · {min(confidence, 0.999):.3g}"


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _wrapped(text: str, width: int, first: str, others: str) -> list[str]:
    """Lines of at most ``width``, each after what it begins with; a word is never broken."""
    room = max(width - max(len(first), len(others)), _NARROWEST)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return [(others if place else first) + line for place, line in enumerate(lines)]


class _Rules:
    """Names rules, and knows the text of a graph's own."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        inference = read_inference(graph)
        self._own = RuleSet() if inference is None else parse_rules(inference.rules, source="the graph's rules")
        spaces = {**PREFIXES, **self._own.prefixes}
        self._namespaces = sorted(((iri, f"{prefix}:") for prefix, iri in spaces.items()), key=lambda pair: -len(pair[0]))
        self._told: set[Rule] = set()

    def text(self, part: Proof) -> str:
        """The name of the rule that gives a fact, and the first time what it says, if it is the graph's own."""
        assert part.rule is not None
        name = self._short(part.rule)
        own = next((rule for rule in self._own.rules if rule.name == part.rule and _gives(rule, part)), None)
        if own is None or own in self._told:
            return name
        self._told.add(own)
        written = write_rules(RuleSet((replace(own, name="rule-1"),), (), self._own.prefixes))
        said = " ".join(written[written.index("RULE ") + len("RULE ") :].split())
        return f"{name}: {said.removesuffix(' . }')} }}" if said.endswith(" . }") else f"{name}: {said}"

    def _short(self, name: str) -> str:
        if name.startswith(PROFILE):
            return name.removeprefix(PROFILE)
        return next((prefix + name.removeprefix(iri) for iri, prefix in self._namespaces if name.startswith(iri)), name)


def _gives(rule: Rule, part: Proof) -> bool:
    """Whether a rule with the solution of a proof has the fact in its head: several rules may share a name."""
    binding = dict(part.binding)

    def fits(node: object, term: object) -> bool:
        value = binding.get(node.name, term) if isinstance(node, Variable) else node
        return value == term or not isinstance(value, ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple)

    return any(all(map(fits, pattern.nodes, part.fact)) for pattern in rule.head)
