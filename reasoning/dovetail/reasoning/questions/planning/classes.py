"""The nouns by which questions speak of a graph's classes: "companies" for business enterprises, "places" for cities and countries too.

KnowledgeGraph, classes -> ClassNouns -> .asked("Which companies are based in [MASK]?") -> (the class of companies,)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from rdflib import URIRef

from dovetail.kg.store import KnowledgeGraph
from dovetail.models.question_network import NAME
from dovetail.nlp.catalogue import load_catalogue
from dovetail.reasoning.questions.planning.vocabulary import plain_label

LONGEST_NOUN = 3
IRREGULAR = {"person": "people", "man": "men", "woman": "women", "child": "children"}
SPELT = {"organisation": "organization"}


class ClassNouns:
    """The classes of a graph by what they are called: their labels, the catalogue's other names, and the kind of thing they hold."""

    def __init__(self, graph: KnowledgeGraph, classes: Iterable[URIRef]) -> None:
        known = {str(entry.iri): entry for entry in load_catalogue().entities}
        found: dict[str, set[URIRef]] = defaultdict(set)
        kinds: dict[str, set[URIRef]] = defaultdict(set)
        for term in classes:
            entry = known.get(str(term))
            for name in (plain_label(graph.label(term)), *(entry.aliases if entry else ())):
                found[name].add(term)
            if entry is not None and entry.kind:
                kinds[entry.kind].add(term)
        self._classes: dict[str, tuple[URIRef, ...]] = {}
        for name, terms in (*found.items(), *kinds.items()):  # a kind holds the class of its name, and more
            for form in forms_of(name):
                self._classes[form] = tuple(sorted(terms))

    def asked(self, masked: str) -> tuple[URIRef, ...]:
        """The classes that the first noun of a question means; one that stands before a name tells what that name is and is passed over."""
        words = re.findall(re.escape(NAME) + r"|\w+", masked)
        for first in range(len(words)):
            for last in range(min(first + LONGEST_NOUN, len(words)), first, -1):
                classes = self._classes.get(" ".join(words[first:last]).lower())
                if classes and words[last : last + 1] != [NAME]:
                    return classes
        return ()


def forms_of(noun: str) -> tuple[str, ...]:
    """A noun in the singular and in the plural.

    >>> forms_of("city"), forms_of("person")
    (('city', 'cities'), ('person', 'persons', 'people'))
    """
    plural = noun[:-1] + "ies" if re.search(r"[^aeiou]y$", noun) else noun + ("es" if re.search(r"(?:s|x|ch|sh)$", noun) else "s")
    others = [IRREGULAR[noun]] if noun in IRREGULAR else []
    if noun in SPELT:
        others += forms_of(SPELT[noun])
    return (noun, plural, *others)
