"""Blank nodes made by rules, named after what they are made from.

The name is a SHA-256 digest because every engine has it: SQL makes the same node from the same solution.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import pyoxigraph as ox

PREFIX = "r"
"""What the label of such a blank node begins with, before the digits of its digest."""

DIGITS = 32
"""How many hexadecimal digits of the digest the label keeps: 128 bits."""


def skolem(rule: str, label: str, binding: Mapping[str, str]) -> ox.BlankNode:
    """The blank node ``label`` of a rule's head for one solution: each variable's term as N-Triples writes it.

    >>> a = skolem("rule-1", "b", {"x": "<urn:a>", "y": "<urn:b>"})
    >>> a == skolem("rule-1", "b", {"y": "<urn:b>", "x": "<urn:a>"})
    True
    >>> a == skolem("rule-1", "c", {"x": "<urn:a>", "y": "<urn:b>"})
    False
    """
    # No name and no text holds a line break, so no two solutions are written alike.
    lines = [rule, label, *(line for name in sorted(binding) for line in (name, binding[name]))]
    return ox.BlankNode(PREFIX + sha256("\n".join(lines).encode()).hexdigest()[:DIGITS])
