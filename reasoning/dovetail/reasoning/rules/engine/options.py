"""How a graph is saturated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dovetail.kg.errors import DovetailError


class RuleLimit(DovetailError):
    """Rules derive more facts than allowed; nothing has been written."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a saturation is: components of rules done, of how many, and facts so far."""

    done: int
    components: int
    facts: int


@dataclass(frozen=True, slots=True)
class SaturationOptions:
    """Limits and semantics of a saturation.

    ``generalised``: literals may be subjects while rules run, as OWL 2 RL needs. ``equality``: where the rules
    are those of OWL 2 RL, owl:sameAs is worked out by union-find, with the same result. ``max_facts``: facts,
    stated ones included, above which RuleLimit is raised. ``min_confidence``: what is less sure is not
    derived, nor used further. ``on_progress`` is called after each component of rules.
    """

    generalised: bool = False
    equality: bool = True
    max_facts: int = 25_000_000
    min_confidence: float = 0.0
    on_progress: Callable[[Progress], None] | None = None
