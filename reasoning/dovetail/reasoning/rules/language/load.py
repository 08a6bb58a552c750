"""Rule files: read by their suffix, with the files they import."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox

from dovetail.kg.errors import RuleError
from dovetail.reasoning.rules.language.notation3 import parse_notation3
from dovetail.reasoning.rules.language.parse import parse_document
from dovetail.reasoning.rules.rule import Rule, RuleSet


def load_rules(path: Path | str) -> RuleSet:
    """The rules of a ``.srl`` or ``.n3`` file and of those it IMPORTS, each file once, the imported before the importing.

    Imports are local files, relative to the one that names them; an address on the network is refused.
    Rules without a name are called after their file when it was imported (``extra.srl:rule-2``), and blank nodes of
    different files stay different. Raises ``RuleError``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "base.srl").write_text("RULE { ?x a <urn:B> } WHERE { ?x a <urn:A> }")
    ...     _ = Path(folder, "main.srl").write_text("IMPORTS <base.srl> RULE <urn:r> { ?x a <urn:C> } WHERE { ?x a <urn:B> }")
    ...     [rule.name for rule in load_rules(Path(folder, "main.srl")).rules]
    ['base.srl:rule-1', 'urn:r']
    """
    main = Path(path)
    parts: list[RuleSet] = []
    _load(main, shown=str(main), parts=parts, seen=set())
    facts = dict.fromkeys(fact for part in parts for fact in part.facts)
    return RuleSet(tuple(rule for part in parts for rule in part.rules), tuple(facts), parts[-1].prefixes)


def _load(path: Path, *, shown: str, parts: list[RuleSet], seen: set[Path]) -> None:
    main = not seen
    real = path.resolve()
    seen.add(real)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise RuleError(f"{shown}: cannot read this rule file: {problem}") from problem
    if path.suffix == ".n3":
        rules = parse_notation3(text, source=shown)
    elif path.suffix == ".srl":
        document = parse_document(text, source=shown, base=real.as_uri())
        for iri, place in document.imports:
            imported = _local(iri, f"{shown}:{place}")
            if imported.resolve() not in seen:
                _load(imported, shown=f"{shown}:{place}: imported {imported.name}", parts=parts, seen=seen)
        rules = document.rules
    else:
        raise RuleError(f"{shown}: rule files end in .srl (SPARQL-RL) or .n3 (Notation3), not in {path.suffix or 'nothing'}")
    parts.append(rules if main else _apart(rules, path.name, len(parts) + 1))


def _local(iri: str, where: str) -> Path:
    address = urlsplit(iri)
    if address.scheme != "file" or address.netloc not in ("", "localhost"):
        raise RuleError(f"{where}: only local files are imported; download it and IMPORTS the copy: <{iri}>")
    return Path(unquote(address.path))


def _apart(rules: RuleSet, file: str, number: int) -> RuleSet:
    """The rules of an imported file, with names that those of other files cannot have."""

    def term(value: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple:
        if isinstance(value, ox.BlankNode):
            return ox.BlankNode(f"{value.value}.import{number}")
        return triple(value) if isinstance(value, ox.Triple) else value

    def triple(value: ox.Triple) -> ox.Triple:
        return ox.Triple(term(value.subject), value.predicate, term(value.object))  # type: ignore[arg-type]  # kinds are kept

    def named(rule: Rule, position: int) -> Rule:
        return replace(rule, name=f"{file}:{rule.name}") if rule.name == f"rule-{position}" else rule

    renamed = tuple(named(rule, position) for position, rule in enumerate(rules.rules, start=1))
    return replace(rules, rules=renamed, facts=tuple(triple(fact) for fact in rules.facts))
