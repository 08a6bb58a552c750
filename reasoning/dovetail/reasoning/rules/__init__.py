"""Rules over a graph: written in SPARQL-RL, run on integers, with a proof for every fact and exact undo."""

from __future__ import annotations

__all__ = []
